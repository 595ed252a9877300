"""The implementations, each as a function that makes every move on every board.

Boards are int (N, 4, 4) with exponents, 0 for an empty cell; moves are 0 up, 1 right, 2 down, 3 left.
"""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Boards = npt.NDArray[np.int64]
MOVES = 4


@dataclass
class Played:
    """What an implementation says of every move (N, 4) on every board.

    Attributes:
        boards: int (N, 4, 4, 4), after the move, with the new tile.
        scores: int (N, 4), the sum of what came from merging.
        ended: bool (N, 4), whether the game is over after the move.
        masks: bool (N, 4, 4), the mask beside the board after the move; None where it gives none.
        moved: bool (N, 4), whether it let the move change the board; None where it carries out every move.
    """

    boards: Boards
    scores: npt.NDArray[np.int64]
    ended: npt.NDArray[np.bool_]
    masks: npt.NDArray[np.bool_] | None
    moved: npt.NDArray[np.bool_] | None


def original(boards: Boards, checkout: str) -> tuple[Played, dict[str, str]]:
    """Gabriele Cirulli's game; it has no mask, but does nothing at a move that changes nothing."""
    tiles = np.where(boards > 0, 2**boards, 0)
    script = Path(__file__).with_name("original.js")
    done = subprocess.run(
        ["node", str(script), checkout], input=json.dumps(tiles.tolist()), capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)

    def numbers(key: str) -> Any:
        return np.array([[move[key] for move in moves] for moves in found])

    after = numbers("board")
    exponents = np.where(after > 0, np.log2(np.maximum(after, 1)), 0).astype(np.int64)
    commit = subprocess.run(["git", "-C", checkout, "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
    versions = {"gabrielecirulli/2048": commit.stdout.strip(), "node": node.stdout.strip()}
    return Played(exponents, numbers("score"), numbers("over"), None, numbers("moved")), versions


def pgx(boards: Boards) -> tuple[Played, dict[str, str]]:
    """pgx.make("2048"); actions are 0 left, 1 up, 2 right, 3 down."""
    import jax
    import jax.numpy as jnp
    import pgx as library

    env = library.make("2048")
    start = env.init(jax.random.PRNGKey(0))
    everything = jnp.ones(MOVES, bool)  # that no move is refused: which ones are legal is asked after a move

    def play(board: Any, action: Any, key: Any) -> Any:
        here = start.replace(_board=board.ravel(), legal_action_mask=everything)
        after = env.step(here, action, key)
        return after._board.reshape(4, 4), after.rewards[0], after.terminated, after.legal_action_mask

    played = each(jax, play, boards, order=(1, 2, 3, 0))
    masks = played[3][:, :, [1, 2, 3, 0]]
    return Played(*played[:3], masks, None), versions_of("pgx", "jax")


def jumanji(boards: Boards) -> tuple[Played, dict[str, str]]:
    """jumanji's Game2048-v1; the numbers of the actions are ours."""
    import jax
    import jax.numpy as jnp
    import jumanji as library

    env = library.make("Game2048-v1")
    start, _ = env.reset(jax.random.PRNGKey(0))
    everything = jnp.ones(MOVES, bool)  # see `pgx`

    def play(board: Any, action: Any, key: Any) -> Any:
        after, step = env.step(start.replace(board=board, key=key, action_mask=everything), action)
        return after.board, step.reward, step.last(), step.observation.action_mask

    played = each(jax, play, boards, order=(0, 1, 2, 3))
    return Played(*played, None), versions_of("jumanji", "jax")


def each(jax: Any, play: Callable[..., Any], boards: Boards, order: tuple[int, ...]) -> list[Any]:
    """`play` for every board and move as arrays (N, 4, ...); `order` has the action for each of our moves."""
    batch, actions = np.asarray(boards, np.int32), np.array(order, np.int32)
    keys = jax.random.split(jax.random.PRNGKey(1), (len(batch), MOVES))
    every_move = jax.vmap(play, in_axes=(None, 0, 0))
    found = jax.jit(jax.vmap(every_move, in_axes=(0, None, 0)))(batch, actions, keys)
    after, scores, ended, masks = (np.asarray(part) for part in found)
    return [after.astype(np.int64), scores.astype(np.int64), ended.astype(bool), masks.astype(bool)]


def versions_of(*names: str) -> dict[str, str]:
    return {name: importlib.metadata.version(name) for name in names}


IMPLEMENTATIONS: dict[str, Callable[..., tuple[Played, dict[str, str]]]] = {
    "original": original,
    "pgx": pgx,
    "jumanji": jumanji,
}
