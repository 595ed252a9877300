"""Every environment against a second implementation, written from its card alone (reference/), in random legal play.

Mask, observation, reward and flags of every step are compared. Chance is not: where it enters, the reference takes what
was drawn from the state record and checks that the card allows it. Numbers are equal bit for bit, except where a
reference states a tolerance. A new id is under test as soon as it is in the catalogue: without a reference it fails.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
from reference.comparison import Expected, LegalPlay, assert_same, has_reference, module_name, reference_module

import masked_envs
from masked_envs.catalogue import CATALOGUE
from masked_envs.core.backends import numba_is_available
from masked_envs.registration import declaration

STEPS, LONG = 100, 20_000  # of each case
ROWS = 3
IDS = list(CATALOGUE)
AT_ONCE = [env_id for env_id in IDS if CATALOGUE[env_id].play == "simultaneous"]
GAMES = [env_id for env_id in IDS if CATALOGUE[env_id].play != "single"]


def choices_of(env_id: str) -> list[dict[str, Any]]:
    """The defaults, and every other choice of every parameter that has choices."""
    parameters = declaration(env_id).parameters.items()
    return [{}, *({name: choice} for name, each in parameters for choice in each.choices if choice != each.default)]


def sizes_of(env_id: str) -> list[dict[str, Any]]:
    """Smaller and larger ones than the default, and other settings."""
    return list(reference_module(env_id).PARAMETERS) if has_reference(env_id) else []


def cases(*groups: Any, ids: list[str] = IDS) -> Any:
    chosen = [(env_id, parameters) for env_id in ids for group in groups for parameters in group(env_id)]
    names = ["-".join([env_id, *(f"{key}={value}" for key, value in given.items())]) for env_id, given in chosen]
    return pytest.mark.parametrize(("env_id", "parameters"), chosen, ids=names)


LENGTHS = pytest.mark.parametrize("length", ["short", pytest.param("long", marks=pytest.mark.long)])


def steps_of(env_id: str, length: str) -> int:
    return LONG if length == "long" else getattr(reference_module(env_id), "STEPS", STEPS)


needs_numba = pytest.mark.skipif(not numba_is_available(), reason="numba has no build for this Python")


@pytest.mark.parametrize("env_id", IDS)
def test_an_id_has_a_reference(env_id: str) -> None:
    assert has_reference(env_id), f"write tests/envs/{module_name(env_id).replace('.', '/')}.py from the card"


# --- Gymnasium --------------------------------------------------------------------------------------------------------


@LENGTHS
@cases(choices_of, sizes_of)
def test_single_play(env_id: str, parameters: dict[str, Any], length: str) -> None:
    env = masked_envs.make(env_id, backend="python", **parameters)
    player = LegalPlay(env.mask_spec, 1)
    expected = Expected(env_id, parameters, env.mask_spec.full(), env_id in AT_ONCE)
    seed, steps = 0, steps_of(env_id, length)
    while steps > 0:
        observation, info = env.reset(seed=seed)
        expected.reset(env.get_state())
        seed, steps = seed + 1, steps - 1  # a game that is over before the seat acts counts too
        while True:
            agent = expected.to_move
            assert info.get("agent", 0) == agent
            assert env.observation_space.contains(observation)
            expected.check(agent, observation)
            if expected.over or steps <= 0:
                break
            action = player.choose(info["action_mask"], expected.later_head(agent, env.head_mask))
            observation, reward, terminated, truncated, info = env.step(action)
            rewards = expected.step(action, env.get_state())
            expected.check_reward(agent, reward, rewards)
            expected.check_rewards(info.get("rewards", [reward]), rewards)
            expected.check_ends(terminated, truncated)
            steps -= 1


def play_rows(env_id: str, parameters: dict[str, Any], steps: int) -> None:
    """Rows of one compiled vector environment, each with its own reference; the step after an end resets the row."""
    envs = masked_envs.make_vec(env_id, ROWS, backend="numba", **parameters)
    player = LegalPlay(envs.mask_spec, 2)
    rows = [Expected(env_id, parameters, envs.mask_spec.full(), env_id in AT_ONCE) for _ in range(ROWS)]
    observations, info = envs.reset(seed=5)
    for row, state in zip(rows, envs.get_state(), strict=True):
        row.reset(state)
    for _ in range(0, steps, ROWS):
        agents, actions = [row.to_move for row in rows], []
        for i, row in enumerate(rows):
            row.check(agents[i], row_of(observations, i))
            later = row.later_head(agents[i], functools.partial(envs.head_mask, i))
            actions.append(player.choose(row_of(info["action_mask"], i), later))
        observations, rewards, terminated, truncated, info = envs.step(stacked(actions))
        for i, (row, state) in enumerate(zip(rows, envs.get_state(), strict=True)):
            if row.over:
                row.reset(state)
                assert rewards[i] == 0
            else:
                row.check_reward(agents[i], rewards[i], row.step(actions[i], state))
            row.check_ends(terminated[i], truncated[i])


def row_of(batch: Any, row: int) -> Any:
    return {key: row_of(part, row) for key, part in batch.items()} if isinstance(batch, dict) else batch[row]


def stacked(actions: list[Any]) -> Any:
    if isinstance(actions[0], dict):
        return {key: np.stack([action[key] for action in actions]) for key in actions[0]}
    return np.stack(actions)


@needs_numba
@LENGTHS
@cases(choices_of)
def test_vector_play(env_id: str, parameters: dict[str, Any], length: str) -> None:
    play_rows(env_id, parameters, steps_of(env_id, length))


@needs_numba
@pytest.mark.long
@cases(sizes_of)
def test_vector_play_at_other_sizes(env_id: str, parameters: dict[str, Any]) -> None:
    """Only when asked for: every size compiles anew, for seconds."""
    play_rows(env_id, parameters, LONG)


# --- games, agent by agent --------------------------------------------------------------------------------------------


def nothing_legal(mask: Any) -> bool:
    """Whether a mask is all zeros, in each of its parts."""
    return all(map(nothing_legal, mask.values())) if isinstance(mask, dict) else not mask.any()


@LENGTHS
@cases(choices_of, sizes_of, ids=GAMES)
def test_aec_play(env_id: str, parameters: dict[str, Any], length: str) -> None:
    aec = masked_envs.make_aec(env_id, backend="python", **parameters)
    agents = aec.possible_agents
    spec = aec.mask_spec(agents[0])
    player, expected, at_once = LegalPlay(spec, 3), Expected(env_id, parameters, spec.full()), env_id in AT_ONCE
    seed, steps = 0, steps_of(env_id, length) // 4
    while steps > 0:
        aec.reset(seed=seed)
        expected.reset(aec.get_state().position)
        seed, chosen = seed + 1, {}
        while True:
            waiting = [agent for agent in expected.there() if agent not in chosen] if at_once else [expected.to_move]
            acting = waiting[0] if waiting else 0
            assert expected.over or aec.agent_selection == agents[acting]
            for index, agent in enumerate(agents):
                observation = aec.observe(agent)
                waits = expected.waits(index, at_once) if expected.over else index != acting
                waits = waits and not expected.has_left(index)
                assert not waits or nothing_legal(observation["action_mask"])
                expected.check(index, observation, masked=not waits)
            if expected.over or steps <= 0:
                break
            mask, playing = aec.observe(agents[acting])["action_mask"], list(aec.agents)
            chosen[acting] = player.choose(mask, expected.later_head(acting, aec.head_mask))
            aec.step(chosen[acting])
            rewards = [0.0] * len(agents)
            if not at_once or len(chosen) == len(expected.there()):
                action = [chosen.get(agent, 0) for agent in expected.agents] if at_once else chosen[acting]
                rewards, chosen = expected.step(action, aec.get_state().position), {}
            assert list(aec.rewards) == playing
            expected.check_rewards(
                [aec.rewards[agent] for agent in playing], [rewards[agents.index(a)] for a in playing]
            )
            for agent in playing:
                expected.check_ends(aec.terminations[agent], aec.truncations[agent], agents.index(agent))
            while not expected.over and aec.terminations[aec.agent_selection]:
                aec.step(None)
            steps -= 1


@LENGTHS
@cases(choices_of, sizes_of, ids=AT_ONCE)
def test_parallel_play(env_id: str, parameters: dict[str, Any], length: str) -> None:
    env = masked_envs.make_parallel(env_id, backend="python", **parameters)
    agents = env.possible_agents
    spec = env.mask_spec(agents[0])
    player, expected = LegalPlay(spec, 4), Expected(env_id, parameters, spec.full())
    seed, steps = 0, steps_of(env_id, length) // 4
    while steps > 0:
        observations, _ = env.reset(seed=seed)
        expected.reset(env.get_state())
        seed, steps = seed + 1, steps - 1  # a game that is over before the seat acts counts too
        while True:
            for agent, observation in observations.items():
                expected.check(agents.index(agent), observation)
            if expected.over or steps <= 0:
                break
            playing = [agents[index] for index in expected.there()]
            assert env.agents == playing
            actions = {agent: player.choose(observations[agent]["action_mask"]) for agent in playing}
            given = observations, rewards, terminations, truncations, infos = env.step(actions)
            assert all(list(each) == playing for each in given)
            earned = expected.step([actions.get(agent, 0) for agent in agents], env.get_state())
            expected.check_rewards(list(rewards.values()), [earned[agents.index(agent)] for agent in playing])
            for agent in playing:
                expected.check_ends(terminations[agent], truncations[agent], agents.index(agent))
            steps -= len(playing)


class Opponent:
    """Plays what the caller does not, and lets the reference follow move by move.

    Attributes:
        earned: the rewards of all agents since `earned` was last emptied.
    """

    def __init__(self, env_id: str, parameters: dict[str, Any], seat: int) -> None:
        self.env = masked_envs.make(env_id, backend="python", opponent=self, agent=seat, **parameters)
        self.player = LegalPlay(self.env.mask_spec, 6)
        self.expected = Expected(env_id, parameters, self.env.mask_spec.full())
        self.seat, self.at_once = seat, env_id in AT_ONCE
        self.expected.followed = seat
        self.others = [agent for agent in self.expected.agents if agent != seat]

    def reset(self, seed: int) -> Any:
        self.chosen: list[Any] = []  # not yet carried out by the reference
        self.begun, self.earned = False, []
        given = self.env.reset(seed=seed)
        self.follow()
        return given

    def follow(self) -> None:
        """Carry out what has been chosen."""
        state = self.env.get_state()
        if not self.begun:
            self.expected.reset(state)
            self.begun = True
        if self.at_once and self.chosen:
            mine, *theirs = self.chosen
            self.earned.append(self.expected.step([*theirs[: self.seat], mine, *theirs[self.seat :]], state))
        elif self.chosen:
            self.earned.append(self.expected.step(self.chosen[0], state))
        self.chosen = []

    def __call__(self, observation: Any, mask: Any, head_mask: Any = None) -> Any:
        if self.at_once:
            agent = self.others[len(self.chosen) - 1]
        else:
            self.follow()
            agent = self.expected.to_move
        beside = observation if isinstance(observation, dict) else {"observation": observation}
        left = self.expected.has_left(agent)  # it is asked all the same, and has one action
        self.expected.check(agent, {**beside, "action_mask": mask}, masked=not left)
        assert not left or mask.tolist() == self.expected.reference.mask(agent).tolist()
        self.chosen.append(self.player.choose(mask, self.expected.later_head(agent, head_mask)))
        return self.chosen[-1]


@LENGTHS
@pytest.mark.parametrize("last_seat", [False, True], ids=["first", "last"])
@cases(choices_of, sizes_of, ids=GAMES)
def test_play_beside_an_opponent(env_id: str, parameters: dict[str, Any], last_seat: bool, length: str) -> None:
    """One agent of a game as a single-agent environment, from the first and from the last seat."""
    seats = declaration(env_id).agents(declaration(env_id).resolve(parameters))
    seat = len(seats) - 1 if last_seat else 0
    opponent = Opponent(env_id, parameters, seat)
    env, expected, player = opponent.env, opponent.expected, LegalPlay(opponent.env.mask_spec, 5)
    seed, steps = 0, steps_of(env_id, length) // 4
    while steps > 0:
        observation, info = opponent.reset(seed)
        seed, steps = seed + 1, steps - 1  # a game that is over before the seat acts counts too
        while True:
            waits = expected.waits(seat, env_id in AT_ONCE)
            expected.check(seat, observation, masked=not waits)
            if waits:
                assert_same(info["action_mask"], expected.full_mask, "mask of an agent that waits at the end")
            assert info["agent"] == seat
            if expected.over or steps <= 0:
                break
            action = player.choose(info["action_mask"], expected.later_head(seat, env.head_mask))
            opponent.chosen, opponent.earned = [action], []
            observation, reward, terminated, truncated, info = env.step(action)
            opponent.follow()
            expected.check_rewards(reward, sum(rewards[seat] for rewards in opponent.earned))
            expected.check_rewards(info["rewards"], np.sum(opponent.earned, axis=0))
            expected.check_ends(terminated, truncated)
            steps -= 1


# --- the test can fail ------------------------------------------------------------------------------------------------


def test_a_difference_is_seen() -> None:
    """Dtype, shape, numbers, keys; and a number within the tolerance is none."""
    a = np.zeros((2, 2), np.int8)
    assert_same({"x": a}, {"x": a.copy()}, "x")
    for other in (a.astype(np.int64), a.ravel(), a + np.int8(1), {"y": a}):
        with pytest.raises(AssertionError):
            assert_same({"x": a}, other if isinstance(other, dict) else {"x": other}, "x")
    assert_same(np.float64(1e3), np.float64(1e3 + 1e-4), "x", 1e-6)
    with pytest.raises(AssertionError):
        assert_same(np.float64(1e3), np.float64(1e3 + 1e-2), "x", 1e-6)
