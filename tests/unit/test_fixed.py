"""What is chosen when an environment is made cannot be assigned afterwards, where it would have no effect."""

from __future__ import annotations

import copy
from typing import Any

import gymnasium as gym
import pytest
from surfaces import MODES, TOY_SURFACES, make

import masked_envs
from masked_envs.wrappers import ActionMask, AECActionMask, ParallelActionMask, VectorActionMask

pytestmark = [pytest.mark.core, pytest.mark.once]

VALUES = {"on_invalid": "noop", "invalid_reward": -1.0, "mask_in": "info"}
ONE_OF_EACH = list({surface: toy for toy, surface in TOY_SURFACES}.items())


def refuses(env: Any) -> None:
    """Every attribute that is chosen at the beginning raises, also when it is given the value that it has."""
    for name, value in VALUES.items():
        if name == "invalid_reward" and isinstance(env, (AECActionMask, ParallelActionMask)):
            continue  # they have none
        held = getattr(env, name)
        for given in (value, held):
            with pytest.raises(AttributeError, match=rf"{name} is chosen when .* is made .* with {name}="):
                setattr(env, name, given)
        with pytest.raises(AttributeError, match="cannot be deleted"):
            delattr(env, name)
        assert getattr(env, name) == held


@pytest.mark.parametrize(("surface", "toy"), ONE_OF_EACH)
def test_every_surface_refuses(surface: str, toy: str) -> None:
    refuses(make(toy, surface, backend="python"))


def test_adapted_environments_refuse() -> None:
    def mask_fn(env: Any, *agent: str) -> Any:
        return env.unwrapped.action_mask if not agent else env.action_mask(*agent)

    plain = {"mask_in": "info", "on_invalid": "noop"}
    refuses(ActionMask(masked_envs.make("MaskedTaxi-v0", **plain), mask_fn, on_invalid="noop"))
    vector = gym.make_vec("MaskedTaxi-v0", num_envs=2, autoreset_mode=MODES[0], **plain)
    refuses(VectorActionMask(vector, mask_fn))
    aec = masked_envs.make_aec("MaskedWarehouse-v0", mask_in="info")
    parallel = masked_envs.make_parallel("MaskedWarehouse-v0", mask_in="info")
    refuses(AECActionMask(aec, lambda env, agent: aec.mask_spec(agent).full(), mask_spec=aec.mask_spec("robot_0")))
    refuses(
        ParallelActionMask(
            parallel, lambda env, agent: parallel.mask_spec(agent).full(), mask_spec=parallel.mask_spec("robot_0")
        )
    )


def test_wrappers_refuse_too_and_copies_keep_the_value() -> None:
    env = gym.make("MaskedTaxi-v0", on_invalid="terminate")
    with pytest.raises(AttributeError, match="make another one with on_invalid='noop'"):
        env.set_wrapper_attr("on_invalid", "noop")
    for copied in (copy.deepcopy(env), copy.copy(env)):
        assert copied.get_wrapper_attr("on_invalid") == "terminate"
        refuses(copied.unwrapped)
    assert type(env.unwrapped).on_invalid.name == "on_invalid"  # from the class, the descriptor itself
