"""dm_env, over `masked_envs.dm_env`; held to dm_env's own test in tests/adapters/test_dm_env.py."""

from . import KINDS, ONE_SEAT, YES, Served


class DmEnv(Served):
    """An interface for agents of one's own, which has a spec for every action space."""

    title, page = "`masked_envs.dm_env`", "dm_env.md"
    kinds, plays = dict.fromkeys(KINDS, YES), ONE_SEAT


ADAPTER = DmEnv()
