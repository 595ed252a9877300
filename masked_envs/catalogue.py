"""The environments of this package: one line per id.

How the game is played stands here as well as in the declaration, because registering must not import the rules;
tests/catalogue/test_catalogue.py holds the two together.
"""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """Where an environment is written, below `masked_envs.envs`, and how it is played."""

    module: str
    play: str


CATALOGUE = {
    "MaskedBinPack-v0": Entry("packing.bin_pack", "single"),
    "MaskedCartPole-v0": Entry("classic_control.cartpole", "single"),
    "MaskedConnectFour-v0": Entry("board.connect_four", "turns"),
    "MaskedHuge-v0": Entry("bandit.huge", "single"),
    "MaskedKnapsack-v0": Entry("packing.knapsack", "single"),
    "MaskedMastermind-v0": Entry("puzzle.mastermind", "single"),
    "MaskedMicroRTS-v0": Entry("strategy.micro_rts", "turns"),
    "MaskedMinesweeper-v0": Entry("puzzle.minesweeper", "single"),
    "MaskedPairs-v0": Entry("puzzle.pairs", "single"),
    "MaskedPendulum-v0": Entry("classic_control.pendulum", "single"),
    "MaskedSeeker-v0": Entry("navigation.seeker", "single"),
    "MaskedTaxi-v0": Entry("gridworld.taxi", "single"),
    "MaskedTetris-v0": Entry("puzzle.tetris", "single"),
    "MaskedUnitCommitment-v0": Entry("energy.unit_commitment", "single"),
    "MaskedWarehouse-v0": Entry("logistics.warehouse", "simultaneous"),
    "ParametricCartPole-v0": Entry("classic_control.parametric_cartpole", "single"),
}
