"""The same games in pgx, EnvPool and Jumanji, with the sizes that their packages give them, for environments.py.

Left out, since a step is not the same thing there: Jumanji's JobShop (one action for all machines), BinPack (boxes in
three dimensions) and Sokoban, and EnvPool's of these names; EnvPool's Sudoku, whose wheel 1.2.5 lacks the puzzles.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from measure import Side, require
from vector_step import stepping

MOST_DRAWING = 10  # times the seconds of a side that may pass off the clock


@dataclass(frozen=True)
class Peer:
    """A game of another package.

    Attributes:
        name: of the package and how it is run.
        make: prepares `rows` rows; gives a step (actions to mask) and the first mask.
        parameters: of ours, so that both play boards of one size.
    """

    name: str
    make: Callable[[int], tuple[Callable[[Any], Any], Any]]
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def shown(self) -> str:
        return "".join(f", {name}={value!r}" for name, value in self.parameters.items())

    def side(self, rows: int, seconds: float) -> Side:
        step, mask = self.make(rows)
        return filling(stepping(step, Legal(), np.asarray(mask), rows), rows, seconds)


def filling(run: Callable[[int], float], rows: int, seconds: float) -> Side:
    """A side of about so many seconds; `run` does n steps and returns the seconds that count.

    Where drawing the actions takes much longer than the steps, which alone count, there are fewer steps.
    """
    warm = 4 * rows
    run(warm)  # compiles
    began = time.perf_counter()
    counted, whole = run(warm), time.perf_counter() - began
    batches = min(seconds / counted, MOST_DRAWING * seconds / whole)
    count = max(warm, int(4 * batches) * rows)
    return lambda: count / run(count)


class Legal:
    """Random legal actions for a batch of masks of any shape; 0 where nothing is legal, in rows that have ended."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(0)

    def __call__(self, mask: Any) -> Any:
        mask = np.asarray(mask)
        flat = mask.reshape(len(mask), -1)
        chosen = (flat * self.rng.random(flat.shape, np.float32)).argmax(axis=1).astype(np.int32)
        if mask.ndim == 2:
            return chosen
        return np.stack(np.unravel_index(chosen, mask.shape[1:]), axis=1).astype(np.int32)


def of_pgx(name: str, **parameters: Any) -> Peer:
    """As its users call it from Python: `jit`, `vmap`, `auto_reset`."""

    def make(rows: int) -> tuple[Callable[[Any], Any], Any]:
        require("pgx")
        import jax
        import pgx
        from pgx.experimental import auto_reset

        game = pgx.make(name)
        step = jax.jit(jax.vmap(auto_reset(game.step, game.init)))
        keys = jax.random.split(jax.random.key(0), rows)
        state = jax.jit(jax.vmap(game.init))(keys)

        def move(actions: Any) -> Any:
            nonlocal state
            state = jax.block_until_ready(step(state, actions, keys))
            return state.legal_action_mask

        return move, state.legal_action_mask

    return Peer("pgx (jit, vmap)", make, parameters)


def of_jumanji(name: str, **parameters: Any) -> Peer:
    """With its own wrapper that steps a batch and resets ended rows, compiled."""

    def make(rows: int) -> tuple[Callable[[Any], Any], Any]:
        require("jumanji")
        import jax
        import jumanji
        from jumanji.wrappers import VmapAutoResetWrapper

        envs = VmapAutoResetWrapper(jumanji.make(name))
        step = jax.jit(envs.step)
        state, first = jax.jit(envs.reset)(jax.random.split(jax.random.key(0), rows))

        def move(actions: Any) -> Any:
            nonlocal state
            state, found = jax.block_until_ready(step(state, actions))
            return found.observation.action_mask

        return move, first.observation.action_mask

    return Peer("Jumanji (jit, vmap)", make, parameters)


def of_envpool(name: str, mask_of: Callable[[Any, Any], Any] = lambda seen, info: seen["action_mask"],
               **parameters: Any) -> Peer:  # fmt: skip
    """With a thread for each core."""

    def make(rows: int) -> tuple[Callable[[Any], Any], Any]:
        require("envpool")
        import envpool

        envs = envpool.make(name, env_type="gymnasium", num_envs=rows, num_threads=os.cpu_count(), seed=0)

        def move(actions: Any) -> Any:
            seen, _, _, _, info = envs.step(actions)
            return mask_of(seen, info)

        return move, mask_of(*envs.reset())

    return Peer("EnvPool", make, parameters)


def of_both(name: str, **parameters: Any) -> tuple[Peer, ...]:
    """Jumanji's environment, and EnvPool's of the same name in C++."""
    return of_jumanji(name, **parameters), of_envpool(name, **parameters)


PEERS: dict[str, tuple[Peer, ...]] = {
    "Masked2048-v0": (of_pgx("2048"), *of_both("Game2048-v1")),
    "MaskedCVRP-v0": of_both("CVRP-v1", num_customers=20),
    "MaskedChess-v0": (of_pgx("chess"),),
    "MaskedConnectFour-v0": (
        of_pgx("connect_four"),
        of_envpool("ConnectFour-v1", lambda seen, info: info["legal_action_mask"]),
    ),
    "MaskedGo-v0": (of_pgx("go_9x9", size=9),),
    "MaskedGraphColoring-v0": of_both("GraphColoring-v1", num_nodes=20, edge_probability=0.8, num_colors=20),
    "MaskedHex-v0": (of_pgx("hex", size=11),),
    "MaskedKnapsack-v0": of_both("Knapsack-v1", num_items=50),
    "MaskedKuhn-v0": (of_pgx("kuhn_poker"),),
    "MaskedLeduc-v0": (of_pgx("leduc_holdem"),),
    "MaskedMaze-v0": of_both("Maze-v0", rows=10, columns=10),
    "MaskedMinesweeper-v0": of_both("Minesweeper-v0", rows=10, cols=10, num_mines=10),
    "MaskedOthello-v0": (of_pgx("othello", size=8),),
    "MaskedSlidingPuzzle-v0": of_both("SlidingTilePuzzle-v0", rows=5, columns=5),
    "MaskedSnake-v0": of_both("Snake-v1", rows=12, columns=12),
    "MaskedSudoku-v0": (of_jumanji("Sudoku-very-easy-v0"),),
    "MaskedTSP-v0": of_both("TSP-v1", num_customers=19),
    "MaskedTetris-v0": of_both("Tetris-v0", width=10, height=10),
    "MaskedTicTacToe-v0": (of_pgx("tic_tac_toe"),),
}
"""By id of ours."""
