"""Scenes, and what their renderers make of them."""

from __future__ import annotations

import math

import numpy as np

from masked_envs.render import Scene, agent_ink

DISCS = [(5, 0, 0), (5, 1, 1), (5, 2, 0), (4, 2, 1), (5, 4, 0), (5, 5, 1), (4, 4, 0), (4, 5, 1), (3, 2, 0)]


def connect_four() -> tuple[Scene, np.ndarray]:
    """A 7x6 rack whose columns 3 and 6 are full."""
    board = np.full((6, 7), -1)
    for row, column, player in DISCS:
        board[row, column] = player
    for row in range(6):
        board[row, 3], board[row, 6] = row // 2 % 2, (row + 1) // 2 % 2
    scene = Scene(7, 7)
    scene.rect(0, 1, 7, 6, "frame", radius=0.12)
    for row in range(6):
        for column in range(7):
            ink = {-1: "hole", 0: "player_0", 1: "player_1"}[int(board[row, column])]
            scene.disc(column + 0.5, row + 1.5, 0.4, ink)
    for column in range(7):
        scene.action(
            column, column + 0.04, 0.06, 0.92, 0.84, str(column), icon="down", covers=(column, 1, 1, 6)
        )
    scene.glyph_rows = ["".join(".XO"[v + 1] for v in row) for row in board]
    return scene, (board[0] == -1).astype(np.int8)


def cart_pole(actions: int = 6, x: float = 0.4, angle: float = 0.12) -> Scene:
    """A cart, a pole, and a strip of actions."""
    scene = Scene(4.8, 2.2)
    scene.line([(0, 1.75), (4.8, 1.75)], 0.02, "track")
    centre = x + 2.4
    scene.rect(centre - 0.3, 1.5, 0.6, 0.34, "cart", radius=0.05)
    scene.line([(centre, 1.55), (centre + 1.1 * math.sin(angle), 1.55 - 1.1 * math.cos(angle))], 0.1, "pole")
    scene.disc(centre, 1.55, 0.06, "axle")
    names = (
        [f"{'left' if i % 2 == 0 else 'right'} {i // 2}" for i in range(actions)]
        if actions <= 20
        else actions
    )
    scene.strip(names, title="push")
    scene.glyph_rows = [f"x {x:+.2f}  angle {angle:+.2f}"]
    return scene


def warehouse() -> tuple[Scene, np.ndarray]:
    """Three robots on a grid with walls; robots 0 and 1 are neighbours, robot 2 stands in a corner."""
    walls, robots, goals = (
        {(2, 1), (2, 2), (5, 3), (6, 3), (4, 1)},
        [(3, 2), (4, 2), (7, 4)],
        [(0, 0), (7, 0), (1, 4)],
    )
    scene = Scene(8, 5, agents=3, background="floor")
    for i in range(1, 8):
        scene.line([(i, 0), (i, 5)], 0.015, "grid")
    for i in range(1, 5):
        scene.line([(0, i), (8, i)], 0.015, "grid")
    for x, y in walls:
        scene.rect(x + 0.03, y + 0.03, 0.94, 0.94, "wall", radius=0.08)
    moves = [("stay", 0, 0), ("up", 0, -1), ("down", 0, 1), ("left", -1, 0), ("right", 1, 0)]
    mask = np.zeros((3, 5), np.int8)
    for k, (x, y) in enumerate(robots):
        gx, gy = goals[k]
        scene.rect(gx + 0.15, gy + 0.15, 0.7, 0.7, agent_ink(k), outline=0.06, radius=0.1)
        scene.text(gx + 0.5, gy + 0.5, str(k), 0.3, agent_ink(k))
        scene.disc(x + 0.5, y + 0.5, 0.23, agent_ink(k))
        scene.text(x + 0.5, y + 0.5, str(k), 0.3, "inverse")
        for a, (name, dx, dy) in enumerate(moves):
            corner = 0.37 if name == "stay" else 0.0
            cx, cy, size = x + 0.5 + 0.37 * dx + corner, y + 0.5 + 0.37 * dy + corner, 0.26
            scene.action(
                a, cx - size / 2, cy - size / 2, size, size, name, agent=k, icon=name, ink=agent_ink(k)
            )
            to = (x + dx, y + dy)
            free = 0 <= to[0] < 8 and 0 <= to[1] < 5 and to not in walls and to not in robots
            mask[k, a] = free or name == "stay"
    scene.glyph_rows = ["." * 8 for _ in range(5)]
    return scene, mask
