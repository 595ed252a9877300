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
    "Masked2048-v0": Entry("puzzle.twenty_forty_eight", "single"),
    "MaskedBandit-v0": Entry("bandit.bandit", "single"),
    "MaskedBinPack-v0": Entry("packing.bin_pack", "single"),
    "MaskedBreakthrough-v0": Entry("board.breakthrough", "turns"),
    "MaskedCVRP-v0": Entry("routing.cvrp", "single"),
    "MaskedCartPole-v0": Entry("classic_control.cartpole", "single"),
    "MaskedCharging-v0": Entry("energy.charging", "single"),
    "MaskedCheckers-v0": Entry("board.checkers", "turns"),
    "MaskedChess-v0": Entry("board.chess", "turns"),
    "MaskedConnectFour-v0": Entry("board.connect_four", "turns"),
    "MaskedDispatch-v0": Entry("logistics.dispatch", "single"),
    "MaskedFlexibleJobShop-v0": Entry("scheduling.flexible_job_shop", "single"),
    "MaskedGo-v0": Entry("board.go", "turns"),
    "MaskedGraphColoring-v0": Entry("graph.graph_coloring", "single"),
    "MaskedHex-v0": Entry("board.hex", "turns"),
    "MaskedHuge-v0": Entry("bandit.huge", "single"),
    "MaskedIndependentSet-v0": Entry("graph.independent_set", "single"),
    "MaskedInventory-v0": Entry("logistics.inventory", "single"),
    "MaskedJobShop-v0": Entry("scheduling.job_shop", "single"),
    "MaskedKnapsack-v0": Entry("packing.knapsack", "single"),
    "MaskedKnightsTour-v0": Entry("puzzle.knights_tour", "single"),
    "MaskedKuhn-v0": Entry("cards.kuhn", "turns"),
    "MaskedLeduc-v0": Entry("cards.leduc", "turns"),
    "MaskedLiarsDice-v0": Entry("dice.liars_dice", "turns"),
    "MaskedLock-v0": Entry("bandit.lock", "single"),
    "MaskedMastermind-v0": Entry("puzzle.mastermind", "single"),
    "MaskedMaze-v0": Entry("gridworld.maze", "single"),
    "MaskedMicroRTS-v0": Entry("strategy.micro_rts", "turns"),
    "MaskedMinesweeper-v0": Entry("puzzle.minesweeper", "single"),
    "MaskedNQueens-v0": Entry("puzzle.n_queens", "single"),
    "MaskedOthello-v0": Entry("board.othello", "turns"),
    "MaskedPairs-v0": Entry("puzzle.pairs", "single"),
    "MaskedPegSolitaire-v0": Entry("puzzle.peg_solitaire", "single"),
    "MaskedPendulum-v0": Entry("classic_control.pendulum", "single"),
    "MaskedQueues-v0": Entry("scheduling.queues", "single"),
    "MaskedSeeker-v0": Entry("navigation.seeker", "single"),
    "MaskedSkirmish-v0": Entry("strategy.skirmish", "simultaneous"),
    "MaskedSlidingPuzzle-v0": Entry("puzzle.sliding_puzzle", "single"),
    "MaskedSnake-v0": Entry("gridworld.snake", "single"),
    "MaskedSokoban-v0": Entry("puzzle.sokoban", "single"),
    "MaskedSudoku-v0": Entry("puzzle.sudoku", "single"),
    "MaskedTSP-v0": Entry("routing.tsp", "single"),
    "MaskedTaxi-v0": Entry("gridworld.taxi", "single"),
    "MaskedTetris-v0": Entry("puzzle.tetris", "single"),
    "MaskedTicTacToe-v0": Entry("board.tic_tac_toe", "turns"),
    "MaskedTrading-v0": Entry("finance.trading", "single"),
    "MaskedTraffic-v0": Entry("logistics.traffic", "simultaneous"),
    "MaskedTrickTaking-v0": Entry("cards.trick_taking", "turns"),
    "MaskedUnitCommitment-v0": Entry("energy.unit_commitment", "single"),
    "MaskedWarehouse-v0": Entry("logistics.warehouse", "simultaneous"),
    "MaskedYahtzee-v0": Entry("dice.yahtzee", "turns"),
    "ParametricCartPole-v0": Entry("classic_control.parametric_cartpole", "single"),
}
