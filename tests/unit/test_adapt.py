"""`masked_envs.adapt` and what it stands on: where masks are found, which place is believed, the wrappers."""

from __future__ import annotations

import ast
import functools
import importlib
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from own_envs import Jobs
from own_games import Chairs, Race

import masked_envs
from masked_envs import InvalidActionError, adapt
from masked_envs.adaptation import NoMaskFoundError, choose_source, find_masks, parse_place
from masked_envs.adaptation.find import CLEAR_NAMES, NAMES, VAGUE_NAMES
from masked_envs.wrappers import ActionMask

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
def test_every_usual_place_is_found(place: str) -> None:
    env = adapt(PLACES[place]())
    assert isinstance(env, ActionMask)
    observed, info = env.reset(seed=0)
    assert observed["action_mask"].tolist() == info["action_mask"].tolist() == [1] * 5
    observed, *_ = env.step(3)
    assert observed["action_mask"].tolist() == [1, 1, 1, 0, 1] and observed["action_mask"].dtype == np.int8
    assert "valid_actions" not in observed and env.observation_space.contains(observed)
    with pytest.raises(InvalidActionError):
        env.step(3)
    assert env.invalid_actions == 1


ONE_OF_EACH = ("info action_mask", "info legal_moves", "info mask", "observation", "method", "attribute")


@pytest.mark.parametrize("place", ONE_OF_EACH)
def test_what_is_adapted_obeys_every_law(place: str) -> None:
    report = masked_envs.check_masked_env(lambda: adapt(PLACES[place]()), steps=10, raise_on_failure=False)
    assert report.passed, report


@pytest.mark.parametrize("place", ONE_OF_EACH)
def test_the_checker_finds_them_without_adapting(place: str) -> None:
    report = masked_envs.check_masked_env(PLACES[place], steps=10, raise_on_failure=False)
    assert report.places and not report.failures, report
    assert "raises KeyError (found by trying" in report.behaviour


# --- which place is believed ------------------------------------------------------------------------------------------


class Many(Jobs):
    """An environment with whatever is put into its observation, its info and its attributes."""

    def __init__(self, seen: Any = None, told: Any = None, **attributes: Any) -> None:
        super().__init__()
        self.has_seen, self.has_told = seen or {}, told or {}
        for name, value in attributes.items():
            setattr(self, name, value)
        if self.has_seen:
            parts = {key: spaces.Box(-9, 9, np.shape(value), np.float32) for key, value in self.has_seen.items()}
            self.observation_space = spaces.Dict({"jobs": self.observation_space, **parts})

    def seen(self) -> Any:
        return {"jobs": super().seen(), **self.has_seen} if self.has_seen else super().seen()

    def told(self) -> dict[str, Any]:
        return dict(self.has_told)


A, B, ONES = [True, False, True, True, False], [False, True, True, False, True], [1] * 5
PADDING, EMBEDDINGS = np.array([1, 1, 1, 0, 0]), np.ones((5, 3))


def found_in(seen: Any = None, told: Any = None, **attributes: Any) -> Any:
    env = Many(seen, told, **attributes)
    observation, info = env.reset(seed=0)
    return choose_source(env.action_space, find_masks(observation, info, lambda name: getattr(env, name, None)))


ORDER = {
    'observation["action_mask"]': {"seen": {"action_mask": A}},
    'observation["legal_moves"]': {"seen": {"legal_moves": A}},
    'info["action_mask"]': {"told": {"action_mask": A}},
    "env.action_masks()": {"action_masks": lambda: A},
    "env.legal_actions()": {"legal_actions": lambda: {0, 2, 3}},
    "env.get_action_mask()": {"get_action_mask": lambda: A},
    "env.valid_actions": {"valid_actions": A},
    'observation["mask"]': {"seen": {"mask": A}},
    'info["avail_actions"]': {"told": {"avail_actions": A}},
    "env.mask": {"mask": A},
}


@pytest.mark.parametrize("place", ORDER)
def test_the_places_are_believed_in_order(place: str) -> None:
    """Each place alone, and before all that come after it."""
    assert found_in(**ORDER[place]).place.code == place
    after = list(ORDER)[list(ORDER).index(place) :]
    merged: dict[str, Any] = {"seen": {}, "told": {}}
    for other in after:
        for where, what in ORDER[other].items():
            merged[where] = {**merged[where], **what} if where in ("seen", "told") else what
    source = found_in(**merged)
    assert source.place.code == place and source.mask.tolist() == [1, 0, 1, 1, 0]
    assert {other.place for other in source.others} == set(after) - {place}
    assert not source.disagreements


@pytest.mark.parametrize(
    ("case", "place", "says"),
    [
        ({"seen": {"mask": PADDING}, "action_masks": lambda: A}, "env.action_masks()", ["not asked"]),
        ({"told": {"avail_actions": EMBEDDINGS, "action_mask": A}}, 'info["action_mask"]', ["not asked"]),
        ({"told": {"avail_actions": EMBEDDINGS, "mask": A}}, 'info["mask"]', ["no mask"]),
        ({"seen": {"mask": np.ones(5)}, "told": {"mask": A}}, 'info["mask"]', ["no mask"]),
        ({"told": {"available_actions": EMBEDDINGS, "legal_actions": [0, 2, 3]}}, 'info["legal_actions"]', ["no mask"]),
        ({"told": {"action_mask": np.packbits(A), "legal_moves": {0, 2, 3}}}, 'info["legal_moves"]', ["no mask"]),
        ({"told": {"action_mask": A, "legal_moves": [0, 2, 3]}}, 'info["action_mask"]', ["same"]),
        ({"told": {"action_mask": A}, "action_mask": B}, 'info["action_mask"]', ["different"]),
        ({"told": {"mask": A, "valid_mask": B}}, 'info["mask"]', ["different"]),
        ({"told": {"action_mask": A, "mask": B}}, 'info["action_mask"]', ["not asked"]),
        ({"told": {"legal_moves": [0, 2]}, "action_masks": lambda: 1 / 0}, 'info["legal_moves"]', ["no mask"]),
        ({"legal_actions": [0, 2], "action_masks": lambda: [][0]}, "env.legal_actions", ["no mask"]),
        ({"told": {"action_mask": np.ones(5)}, "action_masks": lambda: A}, 'info["action_mask"]', ["different"]),
    ],
)
def test_what_the_other_places_say_is_reported(case: Any, place: str, says: list[str]) -> None:
    source = found_in(**case)
    assert source.place.code == place and [other.says for other in source.others] == says


def test_a_stale_attribute_is_not_believed_where_there_is_a_method() -> None:
    """As in a public bin-packing environment: `action_mask` is set in reset alone."""

    class Stale(Jobs):
        def reset(self, **arguments: Any) -> Any:
            given = super().reset(**arguments)
            self.action_mask = self.left.astype(np.int32)
            return given

        def action_masks(self) -> Any:
            return self.left.copy()

    env = adapt(Stale(answer="ignore"))
    env.reset(seed=0)
    for job in range(4):
        env.step(job)
        with pytest.raises(InvalidActionError):
            env.step(job)
    assert env.invalid_actions == 4 and env.unwrapped.left.tolist() == [False] * 4 + [True]


DISAGREE = [
    {"told": {"action_mask": A}, "action_masks": lambda: B},
    {"seen": {"action_mask": A}, "told": {"action_mask": B}},
    {"action_masks": lambda: A, "legal_actions": [1, 2, 4]},
    {"told": {"mask": A}, "seen": {"valid_mask": B}},
]


@pytest.mark.parametrize("case", DISAGREE)
def test_adapt_refuses_where_places_disagree_and_takes_the_right_one(case: Any) -> None:
    with pytest.raises(ValueError, match=r"has different masks in .*Say which one is right: mask_at=") as error:
        adapt(Many(**case))
    first, second = [place for place in ORDER_OF_CODES if place in str(error.value)][:2]
    for place in (first, second):
        env = adapt(Many(**case), mask_at=place)
        assert env.reset(seed=0)[1]["action_mask"].tolist() in ([1, 0, 1, 1, 0], [0, 1, 1, 0, 1])
    assert adapt(Many(**case), mask_fn=lambda env: {4}).reset()[1]["action_mask"].tolist() == [0, 0, 0, 0, 1]


ORDER_OF_CODES = [
    *(f'{where}["{name}"]' for where in ("observation", "info") for name in NAMES),
    "env.action_masks()",
    "env.legal_actions",
]


@pytest.mark.parametrize("name", VAGUE_NAMES)
def test_ones_under_a_vague_name_are_not_taken_for_a_mask(name: str) -> None:
    """They would forbid nothing: every illegal action would be carried out, and none counted."""
    for ones in (np.ones(5, np.int8), [1.0] * 5, np.ones(5, bool)):
        with pytest.raises(NoMaskFoundError, match="all ones under a vague name, which may be padding"):
            adapt(Many(told={name: ones}))
    env = adapt(Many(told={name: np.ones(5)}), mask_at=f'info["{name}"]')
    assert env.reset()[1]["action_mask"].tolist() == ONES
    assert adapt(Many(told={name: {0, 1, 2, 3, 4}})).reset()[1]["action_mask"].tolist() == ONES


@pytest.mark.parametrize("rows", [0, 2])
def test_the_name_decides_what_a_list_of_two_means(rows: int) -> None:
    """[0, 1] of two actions: both of them, or a mask that forbids the first."""
    for told, expected in (
        (lambda env: {"legal_actions": env.free()}, [1, 1]),
        (lambda env: {"legal_moves": (0, 1)}, [1, 1]),
        (lambda env: {"action_mask": [0, 1]}, [0, 1]),
    ):
        made = functools.partial(type("Two", (Jobs,), {"told": told}), jobs=2, answer="ignore")
        env = adapt(SyncVectorEnv([made] * rows) if rows else made())
        env.reset(seed=0)
        assert env.action_mask.tolist() == ([expected] * rows if rows else expected)


@pytest.mark.parametrize("name", CLEAR_NAMES)
def test_ones_under_a_clear_name_are_a_mask(name: str) -> None:
    assert adapt(Many(told={name: np.ones(5, bool)})).reset()[1]["action_mask"].tolist() == ONES


# --- where nothing is found -------------------------------------------------------------------------------------------

NOTHING = {
    "an unusual name": ({"told": {"available_moves": [0], "turn": 1}}, r"info has the keys 'available_moves', 'turn'"),
    "no info": ({}, "observation is a ndarray; info is empty"),
    "keys of the observation": ({"seen": {"board": A}}, "observation has the keys 'jobs', 'board'"),
    "the forbidden ones": ({"told": {"invalid_actions": [0]}}, "info has the keys 'invalid_actions'"),
    "packed bits": ({"told": {"action_mask": np.packbits(A)}}, r"expected .*\(5,\).* got ndarray of shape \(1,\)"),
}


@pytest.mark.parametrize("case", NOTHING)
def test_where_nothing_is_found_the_message_lists_what_there_is(case: str) -> None:
    arguments, words = NOTHING[case]
    with pytest.raises(TypeError, match=rf"(?s)no mask in a usual place.*{words}.*mask_at="):
        adapt(Many(**arguments))


# --- mask_at ----------------------------------------------------------------------------------------------------------


class Odd(Jobs):
    """A mask in places that nobody would guess."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.observation_space = spaces.Box(0, 10, (3 * self.jobs,), np.float32)

    def seen(self) -> Any:
        return np.concatenate([super().seen().ravel(), self.left]).astype(np.float32)

    def told(self) -> dict[str, Any]:
        return {"game": {"moves": self.free()}, "lazily": lambda: self.left.copy()}

    @property
    def game(self) -> Any:
        return self

    def legal(self) -> Any:
        return set(self.free())


@pytest.mark.parametrize(
    "place",
    ["observation[10:15]", "observation[-5:]", 'info["game"]["moves"]', 'info["lazily"]', "env.game.legal()"]
    + ["env.left", "env.unwrapped.game.left", 'info["lazily"]()', "env.free()"],
)
def test_a_place_is_written_as_code(place: str) -> None:
    for env in (adapt(Odd(), mask_at=place), ActionMask(Odd(), mask_at=place)):
        env.reset(seed=0)
        env.step(1)
        assert env.action_mask.tolist() == [1, 0, 1, 1, 1]


def test_a_name_that_is_in_one_place_alone_is_enough() -> None:
    assert adapt(Odd(), mask_at="lazily").mask_fn == 'info["lazily"]'
    assert adapt(Odd(), mask_at="legal").mask_fn == "env.legal()"
    assert adapt(SyncVectorEnv([Odd] * 2), mask_at="legal").mask_fn == "env.legal()"
    with pytest.raises(ValueError, match=r'in several places: info\["left"\], env.left'):
        adapt(type("Two", (Jobs,), {"told": lambda self: {"left": self.left}})(), mask_at="left")
    with pytest.raises(ValueError, match="'lefts' is nowhere; observation is a ndarray; info has the keys 'game'"):
        adapt(Odd(), mask_at="lefts")


@pytest.mark.parametrize(
    "code",
    ["", "1 + 1", "state['mask']", "info", "info.mask", "env", "env[0]", "info['a'](1)", "env.legal(1)", "info[x]"]
    + ["env.legal(agent=1)", "import os", "env.f().g(", "info['a']().b", "lambda: 1", "info[f'{x}']"],
)
def test_other_code_is_no_place(code: str) -> None:
    with pytest.raises(ValueError, match="is no place of a mask; write it as"):
        parse_place(code)
    with pytest.raises(TypeError, match="mask_at is code in a string"):
        parse_place(3)


def test_one_of_function_and_place_is_needed() -> None:
    for arguments in ({}, {"mask_fn": lambda env: {0}, "mask_at": "env.left"}):
        with pytest.raises(TypeError, match="give one of mask_fn=.*and mask_at="):
            ActionMask(Jobs(), **arguments)


def test_a_place_that_is_empty_later_is_an_error_and_not_left_for_another() -> None:
    class OnlyAtFirst(InInfo):
        def told(self) -> Any:
            return super().told() if self.left.all() else {"legal_moves": self.free()}

    env = adapt(OnlyAtFirst())
    env.reset(seed=0)
    with pytest.raises(ValueError, match=r'there is no mask in info\["action_mask"\]'):
        env.step(0)


# --- other objects ----------------------------------------------------------------------------------------------------


def test_an_environment_with_our_interface_stays_as_it_is() -> None:
    env = gym.make("MaskedConnectFour-v0")
    assert adapt(env) is env
    aec = masked_envs.make_aec("MaskedConnectFour-v0")
    assert adapt(aec) is aec


@pytest.mark.parametrize("target", [3, None, "CartPole-v1"])
def test_what_is_no_environment_is_refused(target: Any) -> None:
    with pytest.raises(TypeError, match="expected a Gymnasium or PettingZoo environment"):
        adapt(target)


def relative_imports(room: str) -> set[str]:
    """The rooms of the package that the files of one import."""
    folder = Path(masked_envs.__file__).parent / room
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in folder.glob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level == 2]
    return {name for node in nodes for name in ([node.module] if node.module else [part.name for part in node.names])}


def test_no_room_imports_one_that_imports_it() -> None:
    """The wrappers stand on this room, and the checker on both."""
    below = {name.partition(".")[0] for name in relative_imports("adaptation")}
    assert {"mask_spec", "api", "trees"} <= below and not below & {"wrappers", "conformance", "rllib", "cli"}
    assert "conformance" not in relative_imports("wrappers")


def test_the_wrappers_are_listed_and_come_when_asked_for() -> None:
    room = importlib.import_module("masked_envs.wrappers")
    assert {"ActionMask", "VectorActionMask", "AECActionMask", "ParallelActionMask", "SingleAgent"} <= set(dir(room))
    for name in room.__all__:
        assert getattr(room, name).__name__ == name and name in dir(room)
    with pytest.raises(AttributeError, match="no attribute 'ActionMasks'"):
        _ = room.ActionMasks


@pytest.mark.parametrize("library", ["gym", "stable_baselines3", "torchrl", "rl4co", "jumanji", "dm_env", "pyspiel"])
def test_environments_of_other_interfaces_are_told_what_to_do(library: str) -> None:
    """By the module of their class, so that none of these libraries is needed."""
    theirs = type("Env", (), {"__module__": f"{library}.envs.some"})
    with pytest.raises(TypeError, match=r"not Own, which is .*: (give|wrap|port)"):
        adapt(type("Own", (theirs,), {})())


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
    report = masked_envs.check_masked_env(lambda: adapt(connect_four()), steps=60, seed=2, raise_on_failure=False)
    assert report.passed, report  # where no column was full, the mask would not have forbidden anything
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
    assert theirs.invalid_actions == len(seen)  # all are judged before anybody moves
