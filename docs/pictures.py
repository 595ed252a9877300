"""The moving pictures of README.md and docs/: random legal play, drawn by the environments themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from episodes import SEED, SEEDS
from numpy.typing import NDArray
from PIL import Image

from masked_envs.cli.demo import RandomPlayer, frames_of
from masked_envs.core.declaration import Declaration
from masked_envs.registration import declaration
from masked_envs.render import write_gif

Frames = list[NDArray[np.uint8]]

STEPS, FPS = 24, 4.0
PAGE_WIDTH = 420  # pixels
MOST_BYTES = 300_000

# Ids, parameters and seeds. The game of Connect Four is one whose columns fill up.
OVERVIEW: tuple[tuple[str, dict[str, Any], int], ...] = (
    ("MaskedCartPole-v0", {"availability": "step"}, 9),
    ("MaskedConnectFour-v0", {}, 38),
    ("MaskedWarehouse-v0", {"rows": 5, "cols": 7, "num_robots": 3}, 3),
)
OVERVIEW_FRAMES = 25  # the last ones
OVERVIEW_HEIGHT = 270  # pixels
OVERVIEW_COLORS = 64
GAP = 12  # pixels


def write_page_picture(declared: Declaration, path: Path) -> None:
    """The picture of one environment's page: as many frames as fit in `MOST_BYTES`."""
    frames = random_frames(declared, seed=SEEDS.get(declared.id, SEED))
    height, width, _ = frames[0].shape
    frames = resized(frames, PAGE_WIDTH, round(height * PAGE_WIDTH / width))
    write_gif(frames, path, FPS)
    while path.stat().st_size >= MOST_BYTES:
        frames.pop()
        write_gif(frames, path, FPS)


def write_overview(path: Path) -> None:
    """The picture that README.md opens with: several environments side by side."""
    columns = []
    for env_id, parameters, seed in OVERVIEW:
        frames = random_frames(declaration(env_id), parameters, seed, steps=2 * OVERVIEW_FRAMES, episodes=1)
        frames = [frames[0]] * (OVERVIEW_FRAMES - len(frames)) + frames[-OVERVIEW_FRAMES:]
        height, width, _ = frames[0].shape
        columns.append(resized(frames, round(width * OVERVIEW_HEIGHT / height), OVERVIEW_HEIGHT))
    write_gif([side_by_side(row) for row in zip(*columns, strict=True)], path, FPS, colors=OVERVIEW_COLORS)


def random_frames(
    declared: Declaration,
    parameters: Mapping[str, Any] | None = None,
    seed: int = SEED,
    steps: int = STEPS,
    episodes: int = STEPS,
) -> Frames:
    player = RandomPlayer(declared, declared.resolve(parameters or {}), seed, "rgb_array")
    return frames_of(player, steps, episodes, FPS)


def resized(frames: Frames, width: int, height: int) -> Frames:
    images = (Image.fromarray(frame).resize((width, height), Image.Resampling.LANCZOS) for frame in frames)
    return [np.asarray(image) for image in images]


def side_by_side(frames: Iterable[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """One frame of several of the same height, on the colour of their own page."""
    parts: Frames = []
    for frame in frames:
        gap = np.broadcast_to(frame[0, 0], (frame.shape[0], GAP, 3))
        parts += [gap, frame] if parts else [frame]
    return np.concatenate(parts, axis=1)
