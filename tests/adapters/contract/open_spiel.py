"""OpenSpiel's games, over `masked_envs.open_spiel`; held to its own tests in tests/adapters/test_open_spiel.py."""

from . import FLAT_SINGLE, NUMBERED, OF_NUMBERS, ONE_SEAT, SEQUENTIAL_SINGLE, YES, Served


class OpenSpiel(Served):
    """Games of numbered actions, for searches and learners."""

    title, page = "`masked_envs.open_spiel`", "open_spiel.md"
    kinds = {
        **OF_NUMBERS,
        "binary": NUMBERED,
        "interval": FLAT_SINGLE,
        "dict": FLAT_SINGLE,
        "conditional, more": SEQUENTIAL_SINGLE,
    }
    plays = {**ONE_SEAT, "turns": YES}


ADAPTER = OpenSpiel()
