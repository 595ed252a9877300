"""The distributions of `masked_envs.torch`, for a training loop of one's own; tested in tests/unit/test_torch_*.py."""

from . import KINDS, PLAYS, YES, Served


class Torch(Served):
    """A loop of one's own."""

    title, page = "`masked_envs.torch`", "action_kinds.md"
    kinds, plays = dict.fromkeys(KINDS, YES), dict.fromkeys(PLAYS, YES)


ADAPTER = Torch()
