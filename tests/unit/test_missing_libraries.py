"""What needs a library that is not installed says which, and the command that installs it."""

import sys

import pytest

import masked_envs

LIBRARIES = ("torch", "rllib", "sb3", "tianshou", "torchrl", "skrl", "jax", "dm_env", "open_spiel", "rl_games")
ROOMS = tuple(f"masked_envs.{room}" for room in LIBRARIES)


@pytest.mark.parametrize(
    ("library", "use", "words"),
    [
        ("torch", lambda: __import__("masked_envs.torch"), r"masked_envs\.torch needs PyTorch .*masked-envs\[torch\]"),
        ("ray", lambda: __import__("masked_envs.rllib"), r"masked_envs\.rllib needs RLlib .*masked-envs\[rllib\]"),
        (
            "stable_baselines3",
            lambda: __import__("masked_envs.sb3"),
            r"masked_envs\.sb3 needs Stable.*masked-envs\[sb3\]",
        ),
        (
            "tianshou",
            lambda: __import__("masked_envs.tianshou"),
            r"masked_envs\.tianshou needs.*masked-envs\[tianshou\]",
        ),
        ("torchrl", lambda: __import__("masked_envs.torchrl"), r"masked_envs\.torchrl needs.*masked-envs\[torchrl\]"),
        ("skrl", lambda: __import__("masked_envs.skrl"), r"masked_envs\.skrl needs.*masked-envs\[skrl\]"),
        ("jax", lambda: __import__("masked_envs.jax"), r"masked_envs\.jax needs.*masked-envs\[jax\]"),
        ("dm_env", lambda: __import__("masked_envs.dm_env"), r"masked_envs\.dm_env needs.*masked-envs\[dm-env\]"),
        (
            "pyspiel",
            lambda: __import__("masked_envs.open_spiel"),
            r"masked_envs\.open_spiel needs.*masked-envs\[open-spiel\]",
        ),
        (
            "rl_games",
            lambda: __import__("masked_envs.rl_games"),
            r"masked_envs\.rl_games needs.*masked-envs\[rl-games\]",
        ),
        ("pettingzoo", lambda: masked_envs.make_aec("MaskedConnectFour-v0"), "make_aec needs PettingZoo .*pettingzoo"),
        ("pettingzoo", lambda: masked_envs.make_parallel("MaskedWarehouse-v0"), "make_parallel needs PettingZoo"),
    ],
)
def test_a_missing_library_is_named_with_its_command(library, use, words, monkeypatch):
    for name in [name for name in sys.modules if name.startswith(ROOMS)]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ImportError, match=words) as caught:
        use()
    assert "pip install" in str(caught.value) and caught.value.name.partition(".")[0] == library
