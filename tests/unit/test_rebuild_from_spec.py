"""`gymnasium.make(env.spec)` makes an environment with its wrappers again, and so does what Minari stores of it."""

from __future__ import annotations

import functools
import json
import pickle
from collections.abc import Iterator
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec
from own_envs import LATE, Jobs, mask_of

from masked_envs import MaskSpec, adapt
from masked_envs.wrappers import (
    ActionMask,
    Delay,
    FlatActions,
    Flatten,
    FrameStack,
    Normalize,
    OnObservation,
    RecordInvalidActions,
    SequentialActions,
    StickyAction,
)

pytestmark = pytest.mark.core

PAIRS, CART = "MaskedPairs-v0", "MaskedCartPole-v0"


def speeds(env: Any, k: int, prefix: Any) -> Any:
    return env.unwrapped.speeds(*prefix)


def as_floats(env: gym.Env) -> gym.Env:
    return gym.wrappers.DtypeObservation(env, np.float64)


NAMES = ("Jobs", "Nim", "Late", "Machine", "Pairs")


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    """The environments under ids of their own, and some whose entry point has the wrapper in it."""
    for name in NAMES:
        gym.register(f"Rebuilt{name}-v0", entry_point=f"own_envs:{name}")
    gym.register("RebuiltInside-v0", entry_point=lambda: ActionMask(Jobs(), lambda env: env.unwrapped.free()))
    gym.register("RebuiltPartial-v0", entry_point=lambda: ActionMask(Jobs(), functools.partial(nth, n=1)))
    yield
    for env_id in [env_id for env_id in gym.registry if env_id.startswith("Rebuilt")]:
        del gym.registry[env_id]


def nth(env: Any, n: int) -> Any:
    return env.unwrapped.free()[-n:]


# How each is made, and whether its spec can be written as JSON: a lambda cannot.
MADE: dict[str, tuple[Any, bool]] = {
    "FlatActions": (lambda: FlatActions(gym.make(PAIRS), max_actions=999), True),
    "SequentialActions": (lambda: SequentialActions(gym.make(PAIRS), bins=5), True),
    "FrameStack": (lambda: FrameStack(gym.make(CART), 3, padding_type="zero"), True),
    "Delay": (lambda: Delay(gym.make(CART), 2), True),
    "Flatten": (lambda: Flatten(gym.make("ParametricCartPole-v0")), True),
    "Normalize": (lambda: Normalize(gym.make(CART), epsilon=1e-6), True),
    "OnObservation": (lambda: OnObservation(gym.make(CART), as_floats), True),
    "StickyAction": (lambda: StickyAction(gym.make(CART), 0.25), True),
    "RecordInvalidActions": (lambda: RecordInvalidActions(gym.make(CART), most=3), True),
    "several": (lambda: FrameStack(StickyAction(FlatActions(gym.make(PAIRS)), 0.1), 2), True),
    "below a wrapper of Gymnasium": (lambda: gym.wrappers.RecordEpisodeStatistics(FlatActions(gym.make(PAIRS))), True),
    "a function": (lambda: ActionMask(gym.make("RebuiltJobs-v0"), mask_of, on_invalid="noop"), True),
    "a name": (lambda: ActionMask(gym.make("RebuiltJobs-v0"), "free", invalid_reward=-1.0, mask_in="info"), True),
    "a place": (lambda: ActionMask(gym.make("RebuiltNim-v0"), mask_at="env.unwrapped.free()"), True),
    "parts": (lambda: ActionMask(gym.make("RebuiltMachine-v0"), mask_of), True),
    "a kind": (lambda: ActionMask(gym.make("RebuiltPairs-v0"), mask_of, mask_spec="joint"), True),
    "adapt": (lambda: adapt(gym.make("RebuiltNim-v0"), mask_at="few"), True),
    "a spec": (lambda: ActionMask(gym.make("RebuiltJobs-v0"), mask_of, mask_spec=MaskSpec.flat(5)), False),
    "heads": (lambda: ActionMask(gym.make("RebuiltLate-v0"), mask_of, mask_spec=LATE, head_mask=speeds), False),
    "a lambda": (lambda: ActionMask(gym.make("RebuiltJobs-v0"), lambda env: env.unwrapped.free()), False),
    "in the entry point": (lambda: gym.make("RebuiltInside-v0"), False),
    "partial in the entry point": (lambda: gym.make("RebuiltPartial-v0"), False),
    "around one in the entry point": (lambda: FlatActions(gym.make("RebuiltInside-v0")), False),
}


def trace(env: Any, steps: int = 6) -> bytes:
    """What an environment shows on a walk of random legal actions."""
    env.reset(seed=3)
    rng, shown = np.random.default_rng(0), []
    for _ in range(steps):
        spec, mask = env.get_wrapper_attr("mask_spec"), env.get_wrapper_attr("action_mask")
        heads = (env.get_wrapper_attr("head_mask"),) if spec.needs_head_mask else ()
        given = env.step(spec.sample(mask, rng, *heads))
        shown.append([str(part) for part in given[:4]] + [str(given[4]["action_mask"])])
        if given[2] or given[3]:
            env.reset()
    return pickle.dumps(shown)


def names(env: Any) -> list[str]:
    layers = []
    while env is not env.unwrapped:
        layers.append(type(env).__name__)
        env = env.env
    return layers


@pytest.mark.parametrize("made", MADE)
def test_an_environment_is_made_again_from_its_spec(made: str) -> None:
    env = MADE[made][0]()
    again = gym.make(env.spec)
    assert names(again) == names(env) and again.spec == env.spec
    assert (again.observation_space, again.action_space) == (env.observation_space, env.action_space)
    assert trace(again) == trace(env)
    assert names(gym.make(again.spec)) == names(env)


@pytest.mark.parametrize("made", MADE)
def test_so_it_is_from_json(made: str) -> None:
    make, can_be_written = MADE[made]
    env = make()
    if not can_be_written:
        return
    written = env.spec.to_json()
    json.loads(written)
    again = gym.make(EnvSpec.from_json(written))
    assert names(again) == names(env)
    assert again.observation_space == env.observation_space


def test_another_function_in_the_entry_point_is_found_out() -> None:
    """Negative control: specs of functions with other code, or that closed over something else, differ."""

    def closed_over(value: int) -> Any:
        return lambda env: [value]

    def spec_of(mask_fn: Any) -> EnvSpec:
        return ActionMask(gym.make("RebuiltJobs-v0"), mask_fn).spec

    assert spec_of(closed_over(1)) == spec_of(closed_over(1)) != spec_of(closed_over(2))
    assert spec_of(lambda env: [1]) != spec_of(lambda env: [2])
    assert spec_of(functools.partial(nth, n=1)) == spec_of(functools.partial(nth, n=1))
    assert spec_of(functools.partial(nth, n=1)) != spec_of(functools.partial(nth, n=2))
    assert spec_of(Jobs().free) != spec_of(Jobs().free)  # bound to other objects


@pytest.mark.parametrize("text", ["nowhere_to_be_found:f", "own_envs:not_there", "own_envs:LATE"])
def test_a_reference_that_leads_nowhere_is_refused(text: str) -> None:
    with pytest.raises(TypeError, match=text):
        ActionMask(Jobs(), text)
    assert ActionMask(Jobs(), "own_envs:mask_of").reset(seed=0)[1]["action_mask"].all()
