"""RLlib, over `masked_envs.rllib`; its proofs are tests/adapters/test_rllib_*.py."""

from . import KINDS, NO, YES, Served


class RLlib(Served):
    """PPO, APPO and IMPALA; DQN takes the first two kinds."""

    title, page = "`masked_envs.rllib`", "rllib.md"
    kinds = {**dict.fromkeys(KINDS, YES), "conditional, more": NO}
    plays = {"single": YES, "turns": YES, "simultaneous": YES}


ADAPTER = RLlib()
