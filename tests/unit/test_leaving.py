"""Agents that leave one by one: ends, rewards and masks per agent in every interface.

`elimination` moves all at once and `knockout` in turns (tests/helpers/toys). Who leaves when, and who earns what, is
computed here a second time. PettingZoo's own tests say what it expects of an agent that is done while others play on.
"""

from __future__ import annotations

import copy
import dataclasses
import pickle

import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode
from positions import changed, read
from toy_rules import TOYS

import masked_envs
from masked_envs.api import MaskedAECEnv, MaskedEnv, MaskedParallelEnv, MaskedVectorEnv
from masked_envs.core import RuleError
from masked_envs.core.backends import numba_is_available
from masked_envs.core.engine import Engine

pytestmark = pytest.mark.core

FIGHT, ROLL = TOYS["elimination"], TOYS["knockout"]
FIGHTERS = FIGHT.agents({})
SHORT = {FIGHT.id: {"lives": 1}, ROLL.id: {"calm": 0}}  # parameters with which agents leave soon
BACKENDS = ["python", pytest.param("numba", marks=pytest.mark.skipif(not numba_is_available(), reason="no numba"))]
IDLE, ALL = [1, 0, 0, 0, 0], [1, 1, 1, 1, 1]  # the masks of who has left: in one action for all; in PettingZoo


class Fight:
    """`elimination` once more: the lives of who is left, by name."""

    def __init__(self, state):
        self.lives = dict(zip(FIGHTERS, read(state)["lives"].tolist(), strict=True))

    def round(self, actions):
        """What everybody earns and who falls in this round; `actions` of those who are left."""
        targets = [FIGHTERS[action - 1] for action in actions.values() if action != 0]
        hit = {agent: targets.count(agent) for agent in self.lives if targets.count(agent)}
        falls = {agent for agent, hits in hit.items() if hits >= self.lives[agent]}
        self.lives = {agent: n - hit.get(agent, 0) for agent, n in self.lives.items() if agent not in falls}
        earned = {agent: -1.0 for agent in hit}
        if len(self.lives) == 1:
            (winner,) = self.lives
            earned[winner] = earned.get(winner, 0.0) + 5.0
        return {agent: earned.get(agent, 0.0) for agent in FIGHTERS}, falls, len(self.lives) <= 1


def play(env, rng):
    """A random legal action of each agent that is left."""
    return {
        agent: int(rng.choice(np.flatnonzero(mask))) for agent, mask in env.action_mask.items() if agent in env.agents
    }


# --- all at once ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", BACKENDS)
def test_who_falls_leaves_and_the_others_play_on(backend):
    env, rng = MaskedParallelEnv(FIGHT, backend=backend, lives=1, time_limit=6), np.random.default_rng(0)
    left_early, ends = 0, {"terminated": 0, "truncated": 0}
    for seed in range(40):
        observations, infos = env.reset(seed=seed)
        fight = Fight(env.get_state())
        assert set(observations) == set(infos) == set(env.agents) == set(fight.lives)
        for t in range(1, 7):
            acting = env.agents
            actions = play(env, rng)
            earned, falls, over = fight.round(actions)
            observations, rewards, terminations, truncations, infos = env.step(actions)
            for given in (observations, rewards, terminations, truncations, infos):
                assert list(given) == acting
            assert rewards == {agent: earned[agent] for agent in acting}
            assert terminations == {agent: over or agent in falls for agent in acting}
            assert truncations == {agent: t == 6 and not terminations[agent] for agent in acting}
            assert env.agents == ([] if over or t == 6 else [agent for agent in acting if agent not in falls])
            for agent in acting:
                mask = infos[agent]["action_mask"].tolist()
                assert mask == observations[agent]["action_mask"].tolist() == env.action_mask[agent].tolist()
                assert terminations[agent] == (mask == ALL)
            if not over:
                assert all((env.action_mask[agent] == 1).all() for agent in set(FIGHTERS) - set(fight.lives))
            left_early += bool(falls) and not over
            if not env.agents:
                ends["terminated" if over else "truncated"] += 1
                break
    assert left_early > 20 and min(ends.values()) > 0


def test_only_the_actions_of_who_is_left_are_taken():
    env = MaskedParallelEnv(FIGHT)
    env.reset(seed=0)
    env.set_state(changed(env.get_state(), lives=[1, 0, 2, 0], hot=[0, 1, 0, 1]))
    assert env.agents == ["fighter_0", "fighter_2"]
    for actions in ({"fighter_0": 0}, dict.fromkeys(FIGHTERS, 0)):
        with pytest.raises(ValueError, match="one action for each of"):
            env.step(actions)
    with pytest.raises(masked_envs.InvalidActionError, match="fighter_0"):
        env.step({"fighter_0": 2, "fighter_2": 0})  # at one who has fallen
    assert env.invalid_actions == 1 and env.agents == ["fighter_0", "fighter_2"]
    _, rewards, terminations, *_ = env.step({"fighter_0": 3, "fighter_2": 0})
    assert rewards == {"fighter_0": 0.0, "fighter_2": -1.0} and not any(terminations.values())
    _, rewards, terminations, *_ = env.step({"fighter_0": 0, "fighter_2": 1})
    assert rewards == {"fighter_0": -1.0, "fighter_2": 5.0} and all(terminations.values())
    with pytest.raises(ResetNeeded):
        env.step({})


@pytest.mark.parametrize("mode", list(AutoresetMode))
@pytest.mark.parametrize("backend", BACKENDS)
def test_one_action_for_all_says_who_has_left(mode, backend):
    """The rows of a vector environment are the games of a parallel one, byte for byte; who has left does nothing."""
    rows, rng = 3, np.random.default_rng(1)
    envs = MaskedVectorEnv(FIGHT, rows, lives=1, backend=backend, autoreset_mode=mode)
    games = [MaskedParallelEnv(FIGHT, lives=1) for _ in range(rows)]
    _, info = envs.reset(seed=7)
    for row, game in enumerate(games):
        game.reset(seed=7 + row)
    assert not info["terminations"].any()
    over = np.zeros(rows, bool)
    for _ in range(90):
        if mode is AutoresetMode.DISABLED and over.any():
            _, info = envs.reset(options={"reset_mask": over})
            for row in np.flatnonzero(over):
                games[row].reset()
                assert not info["terminations"][row].any()
            over[:] = False
        masks, actions = info["action_mask"].reshape(rows, 4, 5), np.zeros((rows, 4), np.int64)
        given = [play(game, rng) for game in games]
        for row, game in enumerate(games):
            for agent, name in enumerate(FIGHTERS):
                if name in game.agents:
                    actions[row, agent] = given[row][name]
                elif game.agents:
                    assert masks[row, agent].tolist() == IDLE
        _, rewards, terminated, truncated, info = envs.step(actions)
        for row, game in enumerate(games):
            if not game.agents:  # NEXT_STEP has reset it
                game.reset()
                assert rewards[row] == 0 and not info["terminations"][row].any()
            else:
                _, earned, *_ = game.step(given[row])
                assert rewards[row] == sum(earned.values())
                assert info["rewards"][row].tolist() == [earned.get(agent, 0.0) for agent in FIGHTERS]
                ended = bool(terminated[row] or truncated[row])
                assert ended == (not game.agents)
                if not ended:
                    assert info["terminations"][row].tolist() == [agent not in game.agents for agent in FIGHTERS]
                elif mode is AutoresetMode.SAME_STEP:
                    fallen = np.array(read(game.get_state())["lives"]) == 0
                    assert (info["final_info"]["terminations"][row] == (terminated[row] | fallen)).all()
                    game.reset()
                    assert not info["terminations"][row].any()
            assert envs.get_state()[row] == game.get_state()
        over = terminated | truncated


def test_a_step_that_refuses_one_action_for_all_tells_of_who_has_left():
    env = MaskedEnv(FIGHT, on_invalid="noop", invalid_reward=-3.0)
    env.reset(seed=0)
    env.set_state(changed(env.get_state(), lives=[1, 0, 2, 0], hot=[0, 0, 0, 0]))
    _, reward, *_, info = env.step([0, 1, 0, 0])  # fighter_1 has fallen and fires
    assert reward == -3.0 and info["invalid_action"] and info["terminations"].tolist() == [False, True, False, True]
    _, reward, *_, info = env.step([3, 0, 0, 0])
    assert reward == -1.0 and not info["invalid_action"] and env.invalid_actions == 1


# --- one agent beside others ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("declared", [FIGHT, ROLL], ids=["at once", "turns"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_the_episode_of_an_agent_ends_when_it_leaves(declared, backend):
    """Whatever the others do then; and a vector environment of seats gives the same."""
    rows, rng, early = 4, np.random.default_rng(2), 0
    seat = {"opponent": "random", "agent": declared.agents({})[1], **SHORT[declared.id]}
    envs = MaskedVectorEnv(declared, rows, backend=backend, autoreset_mode=AutoresetMode.SAME_STEP, **seat)
    singles = [MaskedEnv(declared, **seat) for _ in range(rows)]
    _, info = envs.reset(seed=3)
    for row, env in enumerate(singles):
        env.reset(seed=3 + row)
    for _ in range(60):
        actions = envs.sample_legal(rng)
        _, rewards, terminated, truncated, info = envs.step(actions)
        for row, env in enumerate(singles):
            if env._over:  # the others had finished before the agent moved: this step has reset the row
                env.reset()
                assert rewards[row] == 0 and not terminated[row]
                continue
            _, reward, ended, cut, said = env.step(actions[row])
            assert (reward, ended, cut) == (rewards[row], terminated[row], truncated[row])
            assert has_left(env, 1) <= ended and not (ended and cut)
            if ended:
                assert env.action_mask.all() and said["terminations"][1]
                early += sum(has_left(env, agent) for agent in range(len(env.agents))) < len(env.agents) - 1
                with pytest.raises(ResetNeeded):
                    env.step(actions[row])
            if ended or cut:
                assert info["final_info"]["terminations"][row].tolist() == said["terminations"].tolist()
                env.reset()
            assert env.get_state() == envs.get_state()[row]
    assert early > 5


def has_left(env, agent):
    record = read(env.get_state())
    return bool(record["lives"][agent] == 0 if "lives" in record.dtype.names else record["out"][agent])


# --- one after another ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", BACKENDS)
def test_who_is_out_of_a_game_of_turns_is_stepped_with_none(backend):
    """A copy taken at any moment goes on with the same; so does a state, pickled, in another environment."""
    aec, other, rng, early = (
        MaskedAECEnv(ROLL, backend=backend, calm=0),
        MaskedAECEnv(ROLL, calm=0),
        np.random.default_rng(0),
        0,
    )
    for seed in range(12):
        aec.reset(seed=seed)
        out, earned = set(), dict.fromkeys(aec.possible_agents, 0.0)
        while aec.agents:
            agent = aec.agent_selection
            other.set_state(pickle.loads(pickle.dumps(aec.get_state())))
            twin = copy.deepcopy(aec)
            observation, reward, terminated, truncated, info = aec.last()
            mask = observation["action_mask"]
            assert mask.tolist() == info["action_mask"].tolist() and reward == earned.pop(agent)
            for waiting in set(aec.agents) - {agent}:
                if not (aec.terminations[waiting] or aec.truncations[waiting]):
                    assert not aec.observe(waiting)["action_mask"].any() and not aec.infos[waiting]["action_mask"].any()
            if terminated or truncated:
                assert mask.all() or truncated
                early += len(out) < 2 and terminated
                with pytest.raises(ValueError, match="None"):
                    aec.step(1)
                action = None
            else:
                assert agent not in out
                earned[agent] = 0.0
                action = int(1 + rng.choice(np.flatnonzero(mask)))
            for env in (aec, other, twin):
                env.step(action)
            assert aec.get_state() == other.get_state() == twin.get_state()
            if action is not None:
                paid = {True: -2.0, False: float(action)}[bool(read(aec.get_state().position)["out"][int(agent[-1])])]
                assert aec.rewards == {each: paid if each == agent else 0.0 for each in aec.agents}
                earned[agent] += paid
                if paid < 0:
                    out.add(agent)
                    assert aec.agent_selection == agent or len(out) == 2  # before anybody else
                assert {each for each in aec.agents if aec.terminations[each]} == (
                    set(aec.agents) if len(out) == 2 else out & set(aec.agents)
                )
    assert early > 5


def test_a_fallen_fighter_leaves_before_the_next_round():
    aec = MaskedAECEnv(FIGHT)
    aec.reset(seed=0)
    position = aec.get_state()
    aec.set_state(
        type(position)(**{**vars(position), "position": changed(position.position, lives=[1, 2, 1, 2])}).sealed()
    )
    for action in (3, 1, 0, 0):  # fighter_0 fires at fighter_2, fighter_1 at fighter_0
        aec.step(action)
    seen = []
    while aec.terminations[aec.agent_selection]:
        seen.append(aec.agent_selection)
        assert aec.last()[0]["action_mask"].all() and aec.last()[1:3] == (-1.0, True)
        aec.step(None)
    assert seen == ["fighter_0", "fighter_2"] and aec.agents == ["fighter_1", "fighter_3"]
    assert aec.agent_selection == "fighter_1" and aec.last()[0]["action_mask"].tolist() == IDLE  # hot
    aec.step(0)
    assert aec.agent_selection == "fighter_3" and aec.last()[0]["action_mask"].tolist() == [1, 0, 1, 0, 0]


@pytest.mark.parametrize("backend", BACKENDS)
def test_who_falls_as_the_game_is_cut_off_has_terminated_and_the_others_are_truncated(backend):
    """fighter_1 fires at fighter_0, who has one life; in every interface."""
    arguments = {"backend": backend, "time_limit": 1}
    parallel, aec = MaskedParallelEnv(FIGHT, **arguments), MaskedAECEnv(FIGHT, **arguments)
    parallel.reset(seed=0)
    start = changed(parallel.get_state(), lives=[1, 5, 5, 5])
    parallel.set_state(start)
    ends = parallel.step(dict(zip(FIGHTERS, (0, 1, 0, 0), strict=True)))[2:4]
    falls = {agent: agent == "fighter_0" for agent in FIGHTERS}
    assert ends == (falls, {agent: not fallen for agent, fallen in falls.items()}) and parallel.agents == []
    aec.reset(seed=0)
    aec.set_state(dataclasses.replace(aec.get_state(), position=start).sealed())
    for action in (0, 1, 0, 0):
        aec.step(action)
    assert (aec.terminations, aec.truncations) == ends
    for agent, mask in parallel.action_mask.items():
        assert mask.tolist() == aec.observe(agent)["action_mask"].tolist() == (ALL if falls[agent] else mask.tolist())
    for agent, mine in enumerate((0, 1)):
        seat = MaskedEnv(FIGHT, opponent=lambda _, mask: int(mask[1]), agent=agent, **arguments)
        seat.reset(seed=0)
        seat.set_state(start)
        *_, terminated, truncated, info = seat.step(mine)
        assert (terminated, truncated) == ((True, False) if agent == 0 else (False, True))
        assert (info["action_mask"] == 1).all() == (agent == 0)


# --- PettingZoo's own tests, and ours ---------------------------------------------------------------------------------


@pytest.mark.parametrize("declared", [FIGHT, ROLL], ids=["at once", "turns"])
def test_pettingzoo_finds_nothing(declared, recwarn):
    from pettingzoo.test import api_test, parallel_api_test, seed_test

    def make():
        return MaskedAECEnv(declared, **SHORT[declared.id])

    api_test(make(), num_cycles=400, verbose_progress=False)
    seed_test(make, num_cycles=60)
    if declared is FIGHT:
        parallel_api_test(MaskedParallelEnv(declared, lives=1), num_cycles=400)
    about_dicts = {  # which every AEC environment gets whose observation is a Dict
        "Observation is not a NumPy array",
        "Observation space for each agent probably should be gymnasium.spaces.box or gymnasium.spaces.discrete",
    }
    kept = (str(each.message) for each in recwarn if issubclass(each.category, UserWarning))
    complaints = set(kept) - about_dicts
    assert complaints <= {"Observation numpy array is all zeros."}, complaints


@pytest.mark.parametrize("make", [MaskedAECEnv, MaskedParallelEnv])
def test_the_checker_finds_an_agent_that_has_left_with_another_mask(make, monkeypatch):
    """Negative control of the catalogue's conformance tests, which play both toys: L6 also holds of who has left."""

    class Wrong(make):
        def __init__(self, **arguments):
            super().__init__(FIGHT, lives=1, **arguments)
            self._views.agents_leave = True
            views, right = self._views, self._views.mask

            def mask(agent):
                if views.has_left(agent):
                    return views.mask_spec.canonical(views.engine.by_row.masks[0][agent])
                return right(agent)

            views.mask = mask

    report = masked_envs.check_masked_env(Wrong, steps=30, raise_on_failure=False)
    assert "has terminated" in str(report) and not report.passed


def test_has_left_is_a_rule_of_games(monkeypatch):
    assert not Engine(TOYS["race"], TOYS["race"].resolve({}), backend="python").agents_leave
    monkeypatch.setattr(FIGHT.rules, "has_left", lambda s, p, agent: False)
    with pytest.raises(RuleError, match="has_left is no rule"):
        MaskedParallelEnv(FIGHT)
