"""`masked_envs.adapt` and what it stands on: every usual place and form of a mask gives the same canonical one."""

from __future__ import annotations

import importlib
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from own_envs import Jobs
from own_games import Chairs, Race

import masked_envs
from masked_envs import InvalidActionError, MaskSpec, adapt
from masked_envs.adaptation import UnknownFormError, read_mask, spec_for
from masked_envs.adaptation.find import NAMES
from masked_envs.wrappers import ActionMask

pytestmark = pytest.mark.core

BITS = np.array([1, 0, 0, 1, 1])
FORMS = {
    "int8": BITS.astype(np.int8),
    "int64": BITS.astype(np.int64),
    "bool": BITS.astype(bool),
    "float32": BITS.astype(np.float32),
    "list of bits": BITS.tolist(),
    "list of bools": BITS.astype(bool).tolist(),
    "tuple": tuple(BITS.tolist()),
    "a row": BITS[None],
    "a column": BITS[:, None].astype(np.float64),
    "minus infinity": np.where(BITS, 0.0, -np.inf),
    "minus 1e9": np.where(BITS, 0.0, -1e9).astype(np.float32),
    "numbers": [0, 3, 4],
    "numbers in an array": np.array([0, 3, 4]),
    "numbers in a set": {0, 3, 4},
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["action_mask", "legal_actions"])
def test_every_usual_form_is_read(form: str, name: str) -> None:
    mask = read_mask(MaskSpec.flat(5), FORMS[form], name)
    assert mask.dtype == np.int8 and mask.tolist() == BITS.tolist()


def test_what_may_be_both_is_decided_by_its_name() -> None:
    assert read_mask(MaskSpec.flat(2), [0, 1], "legal_actions").tolist() == [1, 1]
    assert read_mask(MaskSpec.flat(2), [0, 1], "action_mask").tolist() == [0, 1]
    assert read_mask(MaskSpec.flat(2), np.array([0, 1], np.int8), "legal_actions").tolist() == [0, 1]


def test_numbers_count_from_the_start_of_the_space() -> None:
    assert read_mask(MaskSpec.flat(3, start=5), [5, 7], "legal_actions").tolist() == [1, 0, 1]


def test_heads_pairs_and_bounds_are_read() -> None:
    heads = MaskSpec.per_head([2, 3])
    assert read_mask(heads, (np.array([1, 0]), [1, 1, 0])).tolist() == [1, 0, 1, 1, 0]
    assert read_mask(MaskSpec.binary(2), [True, True, True, False]).tolist() == [[1, 1], [1, 0]]
    assert read_mask(MaskSpec.interval([0.0], [1.0]), [[0.25], [0.5]]).tolist() == [[0.25], [0.5]]
    whole = MaskSpec.dict({"a": MaskSpec.flat(2), "b": MaskSpec.binary(1)})
    assert read_mask(whole, {"a": [1], "b": [1, 0]}, "legal_actions")["a"].tolist() == [0, 1]
    assert spec_for(spaces.MultiDiscrete([2, 3]), np.ones(5)).kind == "per_head"
    assert spec_for(spaces.MultiDiscrete([2, 3]), np.ones((2, 3))).kind == "joint"
    assert spec_for(spaces.MultiDiscrete([2, 3]), np.ones((2, 3), bool)).kind == "joint"  # a product, but a table


@pytest.mark.parametrize(
    "value", ["00101", 7, None, [0, 5], [1, 1], np.full(5, 2.0), np.full(5, 0.5), [[0, 1], [2]], object()]
)
def test_what_is_no_mask_is_refused(value: Any) -> None:
    with pytest.raises(UnknownFormError):
        read_mask(MaskSpec.flat(5), value, "legal_actions")


# --- places ---------------------------------------------------------------------------------------------------------


class InInfo(Jobs):
    key = "action_mask"

    def told(self) -> Any:
        return {self.key: self.free()}


class InObservation(Jobs):
    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.observation_space = spaces.Dict(
            obs=self.observation_space, valid_actions=spaces.Box(0, 1, (self.jobs,), np.float32)
        )

    def seen(self) -> Any:
        return {"obs": super().seen(), "valid_actions": self.left.astype(np.float32)}


class ByMethod(Jobs):
    def action_masks(self) -> Any:
        return self.left.tolist()


class ByAttribute(Jobs):
    @property
    def legal_action_mask(self) -> Any:
        return self.left


def keyed(name: str) -> type[Jobs]:
    return type("Keyed", (InInfo,), {"key": name})


PLACES: dict[str, Any] = {
    **{f"info {name}": keyed(name) for name in NAMES},
    "observation": InObservation,
    "method": ByMethod,
    "attribute": ByAttribute,
}


@pytest.mark.parametrize("place", PLACES)
def test_every_usual_place_is_found_and_obeys_every_law_once_adapted(place: str) -> None:
    env = adapt(PLACES[place]())
    assert isinstance(env, ActionMask)
    observed, info = env.reset(seed=0)
    assert observed["action_mask"].tolist() == info["action_mask"].tolist() == [1] * 5
    observed, *_ = env.step(3)
    assert observed["action_mask"].tolist() == [1, 1, 1, 0, 1] and observed["action_mask"].dtype == np.int8
    assert "valid_actions" not in observed and env.observation_space.contains(observed)
    with pytest.raises(InvalidActionError):
        env.step(3)
    report = masked_envs.check_masked_env(lambda: adapt(PLACES[place]()), steps=10, raise_on_failure=False)
    assert report.passed, report


@pytest.mark.parametrize("place", PLACES)
def test_the_checker_finds_them_without_adapting(place: str) -> None:
    report = masked_envs.check_masked_env(PLACES[place], steps=10, raise_on_failure=False)
    assert report.places and {finding.law for finding in report.failures} <= {"L6"}, report
    assert "raises an exception" in report.behaviour


def test_an_environment_with_our_interface_stays_as_it_is() -> None:
    env = gym.make("MaskedConnectFour-v0")
    assert adapt(env) is env
    aec = masked_envs.make_aec("MaskedConnectFour-v0")
    assert adapt(aec) is aec


@pytest.mark.parametrize("target", [3, None, "CartPole-v1"])
def test_what_is_no_environment_is_refused(target: Any) -> None:
    with pytest.raises(TypeError, match="expected a Gymnasium or PettingZoo environment"):
        adapt(target)


def test_an_environment_without_a_mask_is_told_where_to_say_it() -> None:
    with pytest.raises(TypeError, match=r"(?s)no mask in a usual place.*ActionMask\(env, mask_fn\)"):
        adapt(gym.make("CartPole-v1"))
    with pytest.raises(TypeError, match="garbage"):
        adapt(type("Garbage", (InInfo,), {"free": lambda self: "garbage"})())


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.DISABLED])
@pytest.mark.parametrize("place", ["info action_mask", "info legal_moves", "observation", "method"])
def test_vector_environments_are_adapted_row_by_row(place: str, mode: AutoresetMode) -> None:
    if place == "info legal_moves":  # lists of different lengths are not put into one array by Gymnasium
        pytest.importorskip("gymnasium")
    envs = adapt(SyncVectorEnv([PLACES[place]] * 3, autoreset_mode=mode))
    observed, _ = envs.reset(seed=0)
    assert observed["action_mask"].shape == (3, 5)
    observed, *_ = envs.step(np.array([0, 1, 2]))
    assert observed["action_mask"].tolist() == [[0, 1, 1, 1, 1], [1, 0, 1, 1, 1], [1, 1, 0, 1, 1]]
    with pytest.raises(InvalidActionError, match="row 1"):
        envs.step(np.array([1, 1, 1]))


# --- PettingZoo -----------------------------------------------------------------------------------------------------


def connect_four() -> Any:
    return pytest.importorskip("pettingzoo.classic").connect_four_v3.raw_env()


def test_pettingzoos_connect_four_obeys_every_law_once_adapted() -> None:
    report = masked_envs.check_masked_env(lambda: adapt(connect_four()), steps=30, raise_on_failure=False)
    assert report.passed, report
    env = adapt(connect_four())
    env.reset(seed=0)
    for _ in range(6):
        env.step(0)
    assert env.action_mask.tolist() == [0, 1, 1, 1, 1, 1, 1]
    for wrong in (0, -1, 7, 0.5):
        with pytest.raises(InvalidActionError):
            env.step(wrong)
    assert env.invalid_actions == 4


@pytest.mark.parametrize("on_invalid", ["raise", "resample"])
@pytest.mark.parametrize("game", [Chairs, Race])
def test_games_whose_agents_leave_one_by_one_are_adapted(game: Any, on_invalid: str) -> None:
    """By our laws, and by PettingZoo's own tests."""
    test = importlib.import_module("pettingzoo.test")
    report = masked_envs.check_masked_env(
        lambda: adapt(game(), on_invalid=on_invalid), steps=120, raise_on_failure=False
    )
    assert report.passed, report
    (test.api_test if game is Chairs else test.parallel_api_test)(adapt(game(), on_invalid=on_invalid), num_cycles=60)


def test_a_replaced_action_is_flagged_for_its_agent_alone() -> None:
    env = adapt(Chairs(), on_invalid="resample")
    env.reset(seed=0)
    env.step(0)  # of every third chair, which is not for the first player
    assert {agent: info["invalid_action"] for agent, info in env.infos.items()} == {"a": True, "b": False, "c": False}
    env.step(env.mask_spec(env.agent_selection).sample(env.action_mask, np.random.default_rng(0)))
    assert not any(info["invalid_action"] for info in env.infos.values()) and env.invalid_actions == 1


def test_parallel_environments_are_adapted() -> None:

    def foreign() -> Any:
        from pettingzoo.utils import BaseParallelWrapper

        class Foreign(BaseParallelWrapper):
            mask_spec = None

            def reset(self, seed=None, options=None):
                observations, infos = self.env.reset(seed=seed, options=options)
                return self._shown(observations), infos

            def step(self, actions):
                observations, *given, infos = self.env.step(actions)
                return self._shown(observations), *given, {agent: {} for agent in infos}

            def _shown(self, observations):
                return {
                    agent: {"observation": seen["observation"], "legal_moves": np.flatnonzero(seen["action_mask"])}
                    for agent, seen in observations.items()
                }

            def observation_space(self, agent):
                inner = self.env.observation_space(agent)
                return spaces.Dict(observation=inner["observation"], legal_moves=spaces.Sequence(spaces.Discrete(5)))

        return Foreign(masked_envs.make_parallel("MaskedWarehouse-v0"))

    ours, theirs = masked_envs.make_parallel("MaskedWarehouse-v0"), adapt(foreign())
    mine, _ = ours.reset(seed=3)
    seen, infos = theirs.reset(seed=3)
    rng = np.random.default_rng(0)
    for _ in range(20):
        for agent in mine:
            assert np.array_equal(mine[agent]["action_mask"], seen[agent]["action_mask"])
            assert np.array_equal(infos[agent]["action_mask"], seen[agent]["action_mask"])
        actions = {agent: int(rng.choice(np.flatnonzero(view["action_mask"]))) for agent, view in mine.items()}
        mine, *_ = ours.step(actions)
        seen, *_, infos = theirs.step(actions)
    with pytest.raises(InvalidActionError):
        theirs.step(dict.fromkeys(seen, 99))
    assert theirs.invalid_actions == 1
