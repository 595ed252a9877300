"""Lists, tuples, dicts, arrays and numbers of a subclass that says what is not so: what they hold is what counts.

Each answer is that of the plain container with the same content; objects that only claim to be one are no actions.
"""

from __future__ import annotations

import functools
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.vector import SyncVectorEnv
from own_envs import Nim
from pettingzoo import AECEnv, ParallelEnv
from toy_rules import NAMES, TOYS

import masked_envs
from masked_envs import MaskSpec, trees, wrappers
from masked_envs.api import MaskedAECEnv, MaskedEnv, MaskedParallelEnv, MaskedVectorEnv
from masked_envs.mask_spec.checks import held

ROWS = 3
ALONE = [name for name in NAMES if TOYS[name].play != "simultaneous" or name == "race"]


def fails(*given: Any, **named: Any) -> Any:
    raise RuntimeError("on purpose")


# What a method or property of the subclass says; every other one is that of its base.
LIES: dict[str, dict[str, Any]] = {
    "is empty": {"__len__": lambda self: 0},
    "has as many as asked for": {"__len__": lambda self: ROWS},
    "is endless": {"__len__": lambda self: 2**62},
    "holds nothing": {"__iter__": lambda self: iter(())},
    "holds other things": {"__iter__": lambda self: iter((0, 0)), "__getitem__": lambda self, key: 0},
    "has no entries": {name: lambda self: () for name in ("keys", "items", "values")},
    "fails": dict.fromkeys(
        ("__len__", "__iter__", "__getitem__", "__eq__", "__contains__", "__bool__", "__repr__", "keys", "items",
         "__int__", "__float__", "__index__", "__lt__", "__ge__", "__sub__", "__array__", "astype", "tolist", "view"),
        fails,
    ) | {"__hash__": None},
    "has another shape": {
        name: property(lambda self, s=said: s) for name, said in {"shape": (), "ndim": 0, "size": 1}.items()
    },
    "has no shape": {name: property(fails) for name in ("shape", "ndim", "size", "dtype")},
    "is an array of others": {"__array__": lambda self, *_, **__: np.zeros(2, np.int64)},
    "is another number": {"__int__": lambda self: 0, "__float__": lambda self: 0.0, "__index__": lambda self: 0},
}  # fmt: skip
BASES: tuple[type, ...] = (list, tuple, dict, np.ndarray, int, float)


@functools.cache
def liar(base: type, lie: str) -> type:
    return type(f"Lying{base.__name__}", (base,), dict(LIES[lie]))


def disguised(value: Any, lie: str, leaves: bool) -> Any:
    """The value in lying containers, or, with `leaves`, in honest ones that hold lying numbers."""
    base = next((base for base in BASES if type(value) is base), None)
    if base is np.ndarray:
        return np.asarray(value).view(liar(base, lie)) if not leaves else disguised(value.tolist(), lie, True)
    if base is None or (leaves and base in (list, tuple, dict)):
        if isinstance(value, dict):
            return {key: disguised(part, lie, leaves) for key, part in value.items()}
        return (
            type(value)(disguised(part, lie, leaves) for part in value) if isinstance(value, (list, tuple)) else value
        )
    inner = value
    if base is dict:
        inner = {key: disguised(part, lie, leaves) for key, part in value.items()}
    elif base in (list, tuple):
        inner = base(disguised(part, lie, leaves) for part in value)
    elif not leaves:
        return value
    return liar(base, lie)(inner)


def outcome(env: Any, step: Any, action: Any) -> Any:
    """What a step does: what it gives, what it counts, where it leads."""
    before = env.get_state()
    counted = np.array(env.invalid_actions)
    try:
        given = step(action)
        said: Any = trees.map(lambda leaf: np.asarray(leaf).tolist(), given) if given is not None else None
    except masked_envs.InvalidActionError:
        said = "refused"
    except ValueError:
        said = "no batch"
    end = env.get_state()
    env.set_state(before)
    return str(said), np.subtract(env.invalid_actions, counted).tolist(), end


def examples(legal: Any) -> list[Any]:
    """A legal action and one out of range, as arrays and as lists."""
    wrong = trees.map(lambda leaf: leaf + 99, legal)
    plain = [trees.map(lambda leaf: leaf if np.ndim(leaf) == 0 else leaf.tolist(), one) for one in (legal, wrong)]
    return [legal, wrong, *plain]


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("name", ALONE)
def test_a_single_environment_goes_by_what_it_holds(name: str, lie: str) -> None:
    env = single(name)
    for action in examples(env.sample_legal(np.random.default_rng(0))):
        expected = outcome(env, env.step, action)
        for leaves in (False, True):
            assert outcome(env, env.step, disguised(action, lie, leaves)) == expected


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("name", ALONE)
def test_a_vector_environment_goes_by_what_it_holds(name: str, lie: str) -> None:
    envs = vector(name)
    legal = envs.sample_legal(np.random.default_rng(1))
    columns = [examples(row) for row in trees.rows(legal)]
    batches = [legal]
    if envs.mask_spec.kind != "dict":
        batches += [[column[k] for column in columns][:rows] for k in range(4) for rows in (ROWS, ROWS - 1, 1)]
        batches += [tuple(batch) for batch in batches[1:]]
    for batch in batches:
        expected = outcome(envs, envs.step, batch)
        for leaves in (False, True):
            assert outcome(envs, envs.step, disguised(batch, lie, leaves)) == expected


@pytest.mark.parametrize("lie", LIES)
def test_agents_go_by_what_they_are_given(lie: str) -> None:
    parallel, aec = MaskedParallelEnv(TOYS["convoy"]), MaskedAECEnv(TOYS["convoy"])
    parallel.reset(seed=0)
    aec.reset(seed=0)
    agent = aec.agent_selection
    others = {each: parallel.sample_legal(each, np.random.default_rng(0)) for each in parallel.possible_agents[1:]}
    for action in examples(parallel.sample_legal(agent, np.random.default_rng(0))):
        for leaves in (False, True):
            lying = disguised(action, lie, leaves)
            expected = outcome(parallel, parallel.step, {agent: action, **others})
            assert outcome(parallel, parallel.step, {agent: lying, **others}) == expected
            assert outcome(aec, aec.step, lying) == outcome(aec, aec.step, action)


@pytest.mark.parametrize("lie", LIES)
def test_a_mask_goes_by_what_it_holds(lie: str) -> None:
    for spec in (
        MaskSpec.joint([2, 3]),
        MaskSpec.binary(2),
        MaskSpec.dict([MaskSpec.flat(2), MaskSpec.per_head([2, 2])]),
    ):
        for mask in (spec.full(), spec.full(2)):
            lying = disguised(mask, lie, False)
            assert spec.contains(lying) and np.array_equal(spec.count(lying), spec.count(mask))
    with pytest.raises(ValueError, match="expected a flat mask of shape"):
        MaskSpec.flat(3).check(disguised(np.ones(2, np.int8), lie, False))
    env = wrappers.ActionMask(Nim(), lambda env: disguised(env.unwrapped.free(), lie, False))
    env.reset(seed=0)
    assert env.action_mask.tolist() == [1, 1, 1]


@pytest.mark.parametrize("lie", LIES)
def test_wrappers_of_anyone_s_environments_judge_what_it_holds(lie: str) -> None:
    envs = wrappers.VectorActionMask(SyncVectorEnv([Nim] * ROWS), lambda envs: [e.unwrapped.free() for e in envs.envs])
    envs.reset(seed=0)
    for batch in ([0, 1, 99], [0, 99], (99, 99, 99)):
        with pytest.raises(ValueError, match="99|expected 3 actions"):
            envs.step(disguised(batch, lie, False))
    assert envs.invalid_actions.tolist() == [1, 1, 2]


class Receives(gym.Env):
    """Keeps the actions that it is given."""

    observation_space = spaces.Box(0, 1, (1,), np.float32)

    def __init__(self, action_space: Any) -> None:
        self.action_space, self.received = action_space, []

    def reset(self, *, seed: Any = None, options: Any = None) -> Any:
        return np.zeros(1, np.float32), {}

    def step(self, action: Any) -> Any:
        self.received.append(action)
        return np.zeros(1, np.float32), 0.0, False, False, {}


SPACES = {
    "flat": spaces.Discrete(3),
    "per head": spaces.MultiDiscrete([2, 3]),
    "binary": spaces.MultiBinary(2),
    "interval": spaces.Box(-1, 1, (2,), np.float32),
    "dict": spaces.Dict(side=spaces.Discrete(2), size=spaces.MultiBinary(2)),
    "tuple": spaces.Tuple((spaces.Discrete(2), spaces.Box(0, 1, (1,), np.float64))),
}


def honest(value: Any) -> bool:
    """Whether everything in a value is of a plain class."""
    if type(value) in (list, tuple, dict):
        return all(map(honest, value.values() if type(value) is dict else value))
    return type(value) in (int, float, np.ndarray) or type(value).__module__ == "numpy"


def spec_of(space: Any) -> MaskSpec:
    return (
        MaskSpec.from_space(space, "per_head")
        if isinstance(space, spaces.MultiDiscrete)
        else MaskSpec.from_space(space)
    )


def forms(space: Any) -> list[Any]:
    """An action as the space samples it, and with lists for arrays."""
    space.seed(0)
    action = space.sample()
    return [action, trees.map(lambda leaf: np.asarray(leaf).tolist(), action)]


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("kind", SPACES)
def test_the_environment_inside_gets_what_was_judged(kind: str, lie: str) -> None:
    spec = spec_of(SPACES[kind])
    env = wrappers.ActionMask(Receives(SPACES[kind]), lambda env: spec.full(), mask_spec=spec)
    env.reset(seed=0)
    for action in forms(SPACES[kind]):
        for leaves in (False, True):
            if spec.encode(disguised(action, lie, leaves)) is None:
                continue  # such as a list of floats for float32
            env.step(disguised(action, lie, leaves))
            (given,) = env.unwrapped.received
            env.unwrapped.received.clear()
            assert honest(given) and trees.equal(spec.encode(given), spec.encode(action)), given


@pytest.mark.parametrize("lie", LIES)
def test_rows_inside_get_what_was_judged(lie: str) -> None:
    space = spaces.Discrete(3)
    envs = wrappers.VectorActionMask(
        SyncVectorEnv([lambda: Receives(space)] * ROWS), lambda envs: np.ones((ROWS, 3), np.int8)
    )
    envs.reset(seed=0)
    for batch in ([0, 1, 2], (2, 1, 0), np.array([1, 0, 2])):
        for leaves in (False, True):
            envs.step(disguised(batch, lie, leaves))
            given = [one.unwrapped.received.pop() for one in envs.env.envs]
            assert all(map(honest, given)) and [int(one) for one in given] == list(batch)


class ReceivesInTurn(AECEnv):
    """A game of two that take turns without end, and that keeps the actions that it is given."""

    metadata = {"name": "receives_in_turn"}

    def __init__(self, action_space: Any) -> None:
        self.possible_agents, self.received, self._space = ["a", "b"], [], action_space

    def action_space(self, agent: str) -> Any:
        return self._space

    def observation_space(self, agent: str) -> Any:
        return Receives.observation_space

    def observe(self, agent: str) -> Any:
        return np.zeros(1, np.float32)

    def reset(self, seed: Any = None, options: Any = None) -> None:
        self.agents, self.agent_selection = self.possible_agents[:], "a"
        self.rewards = self._cumulative_rewards = dict.fromkeys(self.agents, 0.0)
        self.terminations, self.truncations = dict.fromkeys(self.agents, False), dict.fromkeys(self.agents, False)
        self.infos: Any = {agent: {} for agent in self.agents}

    def step(self, action: Any) -> None:
        self.received.append(action)
        self.agent_selection = {"a": "b", "b": "a"}[self.agent_selection]


class ReceivesAtOnce(ParallelEnv):
    """The same, with the two at once; "c" has left already."""

    metadata = {"name": "receives_at_once"}
    action_space, observation_space = ReceivesInTurn.action_space, ReceivesInTurn.observation_space

    def __init__(self, action_space: Any) -> None:
        self.possible_agents, self.received, self._space = ["a", "b", "c"], [], action_space

    def reset(self, seed: Any = None, options: Any = None) -> Any:
        self.agents = ["a", "b"]
        return {agent: np.zeros(1, np.float32) for agent in self.agents}, {agent: {} for agent in self.agents}

    def step(self, actions: Any) -> Any:
        self.received.append(actions)
        nothing = dict.fromkeys(self.agents, False)
        observations, infos = self.reset()
        return observations, dict.fromkeys(self.agents, 0.0), nothing, nothing, infos


@pytest.mark.parametrize("on_invalid", ["raise", "resample"])
@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("kind", SPACES)
def test_games_inside_get_what_was_judged(kind: str, lie: str, on_invalid: str) -> None:
    """Wrapped for all agents, and for one with the other as its opponent."""
    spec = spec_of(SPACES[kind])
    arguments = {"mask_fn": lambda env, agent: spec.full(), "mask_spec": spec, "on_invalid": on_invalid}
    turns = wrappers.AECActionMask(ReceivesInTurn(SPACES[kind]), **arguments)
    at_once = wrappers.ParallelActionMask(ReceivesAtOnce(SPACES[kind]), **arguments)
    turns.reset(seed=0)
    at_once.reset(seed=0)
    for action in forms(SPACES[kind]):
        for leaves in (False, True):
            lying = disguised(action, lie, leaves)
            if spec.encode(lying) is None:
                continue  # such as a list of floats for float32
            turns.step(lying)
            at_once.step({"a": lying, "b": action, "c": 7})
            one, both = turns.unwrapped.received.pop(), at_once.unwrapped.received.pop()
            assert both.keys() == {"a", "b", "c"} and both["c"] == 7
            for given in (one, both["a"], both["b"]):
                assert honest(given) and trees.equal(spec.encode(given), spec.encode(action)), given
            alone = wrappers.SingleAgent(at_once, lambda seen, mask, lying=lying: lying, agent="b")
            alone.reset(seed=0)
            alone.step(lying)
            both = at_once.unwrapped.received.pop()
            for given in both.values():
                assert honest(given) and trees.equal(spec.encode(given), spec.encode(action)), given
    assert turns.invalid_actions == at_once.invalid_actions == 0


@pytest.mark.parametrize("lie", LIES)
def test_a_dict_of_actions_is_what_it_holds(lie: str) -> None:
    """What it says of its entries would let some pass unjudged."""
    space = spaces.Discrete(3)
    game = wrappers.ParallelActionMask(ReceivesAtOnce(space), lambda env, agent: np.array([1, 1, 0], np.int8))
    game.reset(seed=0)
    for count, actions in enumerate(({"a": 0, "b": 2}, {"a": 9, "b": 0}), 1):
        with pytest.raises(masked_envs.InvalidActionError):
            game.step(disguised(actions, lie, False))
        assert game.invalid_actions == count and game.unwrapped.received == []
    game.step(disguised({"a": 0, "b": 1}, lie, False))
    (given,) = game.unwrapped.received
    assert type(given) is dict and given == {"a": 0, "b": 1}
    ours = MaskedParallelEnv(TOYS["convoy"])
    ours.reset(seed=0)
    rng = np.random.default_rng(0)
    legal = {agent: ours.sample_legal(agent, rng) for agent in ours.agents}
    for actions in (legal, {**legal, ours.agents[0]: 99}):
        assert outcome(ours, ours.step, disguised(actions, lie, False)) == outcome(ours, ours.step, actions)


def test_what_is_no_dict_of_actions_is_refused_with_words() -> None:
    game = wrappers.ParallelActionMask(ReceivesAtOnce(spaces.Discrete(3)), lambda env, agent: np.ones(3, np.int8))
    game.reset(seed=0)
    for actions in ([0, 1], None, 3, Claims(dict)):
        with pytest.raises(ValueError, match="expected a dict of actions by agent, got "):
            game.step(actions)
    assert game.unwrapped.received == [] and game.invalid_actions == 0


def test_an_action_that_says_nothing_else_is_passed_on_itself() -> None:
    for action in (1, np.int64(1), [0, 1], np.array([0, 1]), (0, np.array([0.5])), {"side": 0, "size": [1, 1]}, None):
        assert held(action) is action
    hidden = np.ma.MaskedArray([0, 1], [True, False])
    assert held(hidden) is hidden and held([hidden])[0] is hidden


class Claims:
    """Says that it is of another class."""

    def __init__(self, claimed: type) -> None:
        self.claimed = claimed

    @property
    def __class__(self) -> Any:
        return self.claimed


@pytest.mark.parametrize("name", ALONE)
@pytest.mark.parametrize(
    "claimed", [int, float, list, tuple, dict, np.ndarray, np.int64, np.float64, np.ma.MaskedArray]
)
def test_what_claims_to_be_one_is_no_action(name: str, claimed: type) -> None:
    env, envs = single(name), vector(name)
    assert isinstance(Claims(claimed), claimed)
    assert outcome(env, env.step, Claims(claimed))[:2] == ("refused", 1)
    assert outcome(envs, envs.step, Claims(claimed))[0] == "no batch"
    if envs.mask_spec.kind != "dict":
        said, counted, _ = outcome(envs, envs.step, [*[Claims(claimed)] * (ROWS - 1), Claims(claimed)])
        assert (said, counted) == ("refused", [1] * ROWS)


@functools.cache
def single(name: str) -> Any:
    env = MaskedEnv(TOYS[name])
    env.reset(seed=0)
    return env


@functools.cache
def vector(name: str) -> Any:
    envs = MaskedVectorEnv(TOYS[name], ROWS, backend="python")
    envs.reset(seed=0)
    return envs


def test_seeds_rows_and_sizes_go_by_what_they_hold() -> None:
    envs = vector("joint")
    for lie in LIES:
        envs.reset(seed=disguised([3, 4, 5], lie, False))
        expected = envs.get_state()
        envs.reset(seed=[3, 4, 5])
        assert envs.get_state() == expected
        assert MaskSpec.joint(disguised([2, 3], lie, False)).nvec == (2, 3)
        chosen = disguised(np.array([True, False, False]), lie, False)
        envs.reset(seed=1, options={"reset_mask": chosen})
        with pytest.raises(ValueError, match="expected one seed per row"):
            envs.reset(seed=disguised([3], lie, False))
