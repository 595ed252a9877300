"""PettingZoo games of anyone's: masks by a function, agents that leave, and one agent as a Gymnasium environment."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from multi_agent_toys import Knockout, Leavers, Unequal
from own_games import BareChairs, BareRace, Chairs, Race

import masked_envs
from masked_envs import EmptyMaskError, InvalidActionError, MaskSpec, adapt
from masked_envs.wrappers import AECActionMask, ParallelActionMask, SingleAgent

pytestmark = pytest.mark.core


def allowed(env: Any, agent: str) -> Any:
    return env.unwrapped.allowed(agent)


# --- masks by a function ----------------------------------------------------------------------------------------------

SAID: dict[str, Any] = {
    "a function": {"mask_fn": allowed},
    "a module's function": {"mask_fn": f"{__name__}:allowed"},
    "a place": {"mask_at": "env.unwrapped.allowed(agent)"},
}


def play(aec: Any, rng: np.random.Generator) -> list[Any]:
    """Everything that is shown in a game of random legal moves."""
    shown = []
    for agent in aec.agent_iter():
        observation, reward, terminated, truncated, info = aec.last()
        shown.append((agent, observation["action_mask"].tolist(), reward, terminated, truncated))
        assert observation["action_mask"].tolist() == info["action_mask"].tolist()
        over = terminated or truncated
        aec.step(None if over else int(rng.choice(np.flatnonzero(observation["action_mask"]))))
    return shown


@pytest.mark.parametrize("said", SAID)
def test_a_game_that_shows_no_mask_is_played_as_one_that_does(said: str) -> None:
    games = []
    for game in (AECActionMask(BareChairs(), **SAID[said]), adapt(BareChairs(), **SAID[said]), adapt(Chairs())):
        game.reset(seed=5)
        games.append(play(game, np.random.default_rng(1)))
        assert game.invalid_actions == 0
    assert games[0] == games[1] == games[2] and len(games[0]) > 5


@pytest.mark.parametrize("said", SAID)
def test_so_is_a_parallel_one(said: str) -> None:
    games = []
    for game in (ParallelActionMask(BareRace(), **SAID[said]), adapt(BareRace(), **SAID[said]), adapt(Race())):
        rng, shown = np.random.default_rng(1), []
        observed, _ = game.reset(seed=5)
        while game.agents:
            actions = {a: int(rng.choice(np.flatnonzero(observed[a]["action_mask"]))) + 1 for a in game.agents}
            observed, rewards, terminated, truncated, infos = game.step(actions)
            shown.append((pickle.dumps(observed), rewards, terminated, truncated, pickle.dumps(infos)))
        games.append(shown)
    assert games[0] == games[1] == games[2] and len(games[0]) > 2


@pytest.mark.parametrize("on_invalid", ["raise", "resample"])
@pytest.mark.parametrize("kind", ["aec", "parallel"])
def test_masks_by_a_function_obey_every_law(kind: str, on_invalid: str) -> None:
    wrap, game = (AECActionMask, BareChairs) if kind == "aec" else (ParallelActionMask, BareRace)
    report = masked_envs.check_masked_env(
        lambda: wrap(game(), allowed, on_invalid=on_invalid), steps=30, raise_on_failure=False
    )
    assert report.passed, report


def test_the_wrong_mask_is_found_out() -> None:
    """Negative control: a mask that allows everything lets through what the game raises on."""
    for wrap, game, size in ((AECActionMask, BareChairs, 10), (ParallelActionMask, BareRace, 3)):
        make = lambda wrap=wrap, game=game, n=size: wrap(game(), lambda env, agent: np.ones(n))  # noqa: E731
        report = masked_envs.check_masked_env(make, steps=20, raise_on_failure=False)
        assert "L7" in {finding.law for finding in report.failures}


def test_masks_are_asked_for_anew() -> None:
    game = AECActionMask(BareChairs(), allowed)
    game.reset(seed=0)
    agent, before = game.agent_selection, game.action_mask.tolist()
    game.unwrapped.free[:] = 0
    game.unwrapped.free[8] = 1
    assert game.action_mask.tolist() == game.infos[agent]["action_mask"].tolist() != before
    with pytest.raises(InvalidActionError):
        game.step(1)
    race = ParallelActionMask(BareRace(), allowed)
    race.reset(seed=0)
    race.unwrapped.at["b"][1] = 2
    assert {agent: mask.tolist() for agent, mask in race.action_mask.items()} == {"a": [1, 1, 1], "b": [1, 0, 1]}
    with pytest.raises(InvalidActionError, match=r", b: the action 2 .* Sample a legal action with env.sample_legal\("):
        race.step({"a": 1, "b": 2})
    assert race.invalid_actions == 1 and race.unwrapped.at["a"].tolist() == [0, 0]


def test_sampled_actions_are_legal_for_their_agent() -> None:
    game = AECActionMask(BareChairs(), allowed)
    game.reset(seed=0)
    drawn = {game.sample_legal("a") for _ in range(200)}
    assert drawn == set(np.flatnonzero(game.unwrapped.allowed("a")).tolist())
    with pytest.raises(ValueError, match="allows no action"):
        game.sample_legal("b")  # who waits
    race = ParallelActionMask(BareRace(), allowed)
    race.reset(seed=0)
    race.unwrapped.holes[:] = False
    race.step({"a": 1, "b": 3})
    assert [{race.sample_legal(agent) for _ in range(60)} for agent in "ab"] == [{2, 3}, {1, 2}]
    race.unwrapped.holes[3] = True
    race.step({"a": 2, "b": 1})  # a falls into it
    with pytest.raises(ValueError, match="'a' does not act; the agents that act are 'b'"):
        race.sample_legal("a")
    streams = []
    for _ in range(2):
        race.reset(seed=4)
        streams.append([race.sample_legal("a") for _ in range(20)])
    assert streams[0] == streams[1]


def test_what_is_wrong_in_a_mask_is_named_with_the_agent() -> None:
    for wrap, game in ((AECActionMask, BareChairs), (ParallelActionMask, BareRace)):
        with pytest.raises(ValueError, match=r"expected zeros and ones of shape .* with the value 0\.9"):
            wrap(game(), lambda env, agent: env.unwrapped.allowed(agent) * 0.9)
        with pytest.raises(EmptyMaskError, match="a: the agent is to act and its mask allows nothing"):
            wrap(game(), lambda env, agent: []).reset(seed=0)
        with pytest.raises(TypeError, match="has no mask in a usual place.*mask_fn="):
            wrap(game())
        with pytest.raises(TypeError, match="give one of mask_fn="):
            wrap(game(), allowed, mask_at='info["mask"]')
        with pytest.raises(ValueError, match="on_invalid must be one of 'raise', 'resample', not 'noop'"):
            wrap(game(), allowed, on_invalid="noop")
        with pytest.raises(ValueError, match="a: a mask of Discrete"):
            wrap(game(), allowed, mask_spec=MaskSpec.flat(7))


def test_agents_may_have_different_masks_and_say_so_one_by_one() -> None:
    game = adapt(Unequal())
    assert [game.action_space(agent).n for agent in game.possible_agents] == [4, 4, 5]
    assert [game.mask_spec(agent).n for agent in game.possible_agents] == [4, 4, 5]
    specs = {"a": MaskSpec.flat(3, start=1, meaning="useful"), "b": MaskSpec.flat(3, start=1)}
    race = ParallelActionMask(BareRace(), allowed, mask_spec=specs)
    assert [race.mask_spec(agent).meaning for agent in "ab"] == ["useful", "legal"]


class Couples(BareRace):
    """Race in which an agent chooses three things, the last by the first two."""

    def __init__(self) -> None:
        super().__init__()
        self.choices = {agent: spaces.MultiDiscrete([2, 2, 2]) for agent in self.possible_agents}

    def step(self, actions: Any) -> Any:
        assert all(sum(action) != 3 for action in actions.values())
        return super().step({agent: 1 + (self.at[agent][1] == 1) for agent in actions})


def test_dependent_heads_of_agents() -> None:
    game = ParallelActionMask(
        Couples(),
        lambda env, agent: np.ones((2, 2)),
        mask_spec="conditional",
        head_mask=lambda env, agent, k, prefix: np.array([True, sum(prefix) < 2]),
    )
    game.reset(seed=0)
    assert game.head_mask("a", 2, (1, 1)).tolist() == [1, 0]
    with pytest.raises(InvalidActionError, match=", b:"):
        game.step({"a": np.array([1, 1, 0]), "b": np.array([1, 1, 1])})
    game.step({agent: game.sample_legal(agent) for agent in "ab"})
    with pytest.raises(ValueError, match="needs head_mask="):
        ParallelActionMask(Couples(), lambda env, agent: np.ones((2, 2)), mask_spec="conditional")


# --- agents that have left, or come later -----------------------------------------------------------------------------


class Patient(Leavers):
    """Leavers that takes actions of agents that have left, and does nothing with them."""

    def step(self, actions: Any) -> Any:
        self.given = dict(actions)
        return super().step({agent: action for agent, action in actions.items() if agent in self.agents})


@pytest.mark.parametrize("on_invalid", ["raise", "resample"])
@pytest.mark.parametrize("action", [0, 99, None, -1, "nothing"])
def test_actions_of_agents_that_have_left_are_not_judged(action: Any, on_invalid: str) -> None:
    game = adapt(Patient(), on_invalid=on_invalid)
    game.reset(seed=0)
    for _ in range(3):
        game.step({agent: game.sample_legal(agent) for agent in game.agents})
    assert "first" not in game.agents
    game.step({"first": action, **{agent: game.sample_legal(agent) for agent in game.agents}})
    assert game.invalid_actions == 0 and game.unwrapped.given["first"] == action


def test_neither_are_those_of_the_dead_in_a_game_by_turns() -> None:
    game = adapt(Knockout())
    game.reset(seed=0)
    game.step(game.sample_legal("first"))
    assert game.agent_selection == "first" and game.terminations["first"]
    game.step(None)
    game.step(game.sample_legal(game.agent_selection))
    assert game.invalid_actions == 0 and len(game.unwrapped.moves) == 2


class Later(Leavers):
    """The third agent comes after two rounds."""

    def reset(self, seed: Any = None, options: Any = None) -> Any:
        observations, infos = super().reset(seed)
        self.agents = ["first", "second"]
        return {a: observations[a] for a in self.agents}, {a: {} for a in self.agents}

    def step(self, actions: Any) -> Any:
        given = super().step(actions)
        if self.round == 2:
            self.agents = [*self.agents, "third"]
            given[0]["third"] = self._observations()["third"]
        return given


def test_an_agent_that_comes_later_has_its_mask_where_the_others_have_theirs() -> None:
    game = adapt(Later())
    game.reset(seed=0)
    for _ in range(2):
        observed, *_ = game.step({agent: game.sample_legal(agent) for agent in game.agents})
    assert observed["third"]["action_mask"].tolist() == [1, 1, 0, 0]
    with pytest.raises(InvalidActionError, match="third"):
        game.step({agent: 2 if agent == "third" else game.sample_legal(agent) for agent in game.agents})
    game.step({agent: game.sample_legal(agent) for agent in game.agents})


# --- one agent of a game ----------------------------------------------------------------------------------------------


def lowest(observation: Any, mask: Any) -> int:
    return int(np.flatnonzero(mask)[0])


@pytest.mark.parametrize("agent", ["player_0", "player_1"])
@pytest.mark.parametrize("on_invalid", ["raise", "terminate", "resample"])
def test_it_is_the_single_agent_environment_of_this_package(agent: str, on_invalid: str) -> None:
    """Step for step the same as `gym.make(id, opponent=..., agent=...)`, which is written without this wrapper."""
    env_id = "MaskedConnectFour-v0"
    theirs = gym.make(env_id, opponent=lowest, agent=agent, on_invalid=on_invalid, invalid_reward=-3.0)
    aec = masked_envs.make_aec(env_id)
    ours = SingleAgent(aec, lowest, agent, on_invalid=on_invalid, invalid_reward=-3.0)
    rng, ends = np.random.default_rng(0), 0
    for seed in range(4):
        mine, _ = ours.reset(seed=seed)
        other, _ = theirs.reset(seed=seed)
        over = False
        while not over:
            assert np.array_equal(mine["observation"], other["observation"])
            assert np.array_equal(mine["action_mask"], other["action_mask"])
            action = int(rng.choice(np.flatnonzero(mine["action_mask"])))
            mine, reward, *flags, _ = ours.step(action)
            other, their_reward, *their_flags, _ = theirs.step(action)
            assert (reward, flags) == (their_reward, their_flags)
            over = any(flags)
        ends += 1
    ours.reset(seed=0)
    if on_invalid == "raise":
        with pytest.raises(InvalidActionError, match=f"MaskedConnectFour-v0, {agent}: "):
            ours.step(99)
    else:
        assert ours.step(99)[-1]["invalid_action"]
    assert ours.invalid_actions == 1 and ends == 4


@pytest.mark.parametrize("agent", ["robot_0", "robot_1"])
def test_so_it_is_of_a_simultaneous_game(agent: str) -> None:
    env_id = "MaskedWarehouse-v0"
    theirs = gym.make(env_id, opponent=lowest, agent=agent)
    ours = SingleAgent(masked_envs.make_parallel(env_id), lowest, agent)
    mine, _ = ours.reset(seed=3)
    other, _ = theirs.reset(seed=3)
    rng = np.random.default_rng(0)
    for _ in range(60):
        assert pickle.dumps(mine["action_mask"]) == pickle.dumps(other["action_mask"])
        assert np.array_equal(mine["observation"], other["observation"])
        action = int(rng.choice(np.flatnonzero(mine["action_mask"])))
        mine, reward, *flags, _ = ours.step(action)
        other, their_reward, *their_flags, _ = theirs.step(action)
        assert (reward, flags) == (their_reward, their_flags)
        if any(flags):
            break


GAMES: dict[str, Any] = {
    "turns": lambda **a: SingleAgent(Chairs(), agent="b", **a),
    "turns, by a function": lambda **a: SingleAgent(BareChairs(), mask_fn=allowed, **a),
    "turns, knocked out": lambda **a: SingleAgent(Knockout(), agent="first", **a),
    "at once": lambda **a: SingleAgent(Race(), agent="b", **a),
    "at once, by a place": lambda **a: SingleAgent(BareRace(), mask_at="env.unwrapped.allowed(agent)", **a),
    "at once, leaving": lambda **a: SingleAgent(Leavers(), agent="third", **a),
}


@pytest.mark.parametrize("game", GAMES)
def test_anyones_game_is_played_to_its_end(game: str) -> None:
    env, ends = GAMES[game](), set()
    for seed in range(6):
        observed, _ = env.reset(seed=seed)
        total, over = 0.0, False
        while not over:
            assert env.observation_space.contains(observed)
            observed, reward, terminated, truncated, info = env.step(env.sample_legal())
            total, over = total + reward, terminated or truncated
        assert info["action_mask"].all() or truncated
        ends.add(total)
        with pytest.raises(gym.error.ResetNeeded):
            env.step(env.action_space.sample())
    assert env.invalid_actions == 0 and getattr(env.unwrapped.game.unwrapped, "refused", 0) == 0
    expected = {"turns, knocked out": {-5.0}, "at once, leaving": {9.0}}  # by the rules of these games
    assert ends == expected.get(game, ends)


def test_rewards_are_those_since_the_last_action() -> None:
    """Of Knockout: 1 for the own move, -0.25 for each move of another agent while one lives."""
    env = SingleAgent(Knockout(ends="terminated"), agent="second")
    env.reset(seed=0)
    rewards, ended = [], False
    while not ended:
        _, reward, ended, _, _ = env.step(env.sample_legal())
        rewards.append(reward)
    moves = [agent for agent, _ in env.unwrapped.game.unwrapped.moves]
    own = [i for i, agent in enumerate(moves) if agent == "second"]
    between = np.diff([*own, len(moves)])
    assert rewards == [1.0 - 0.25 * (n - 1) for n in between]


@pytest.mark.parametrize("game", ["turns", "at once, by a place"])
def test_one_agent_obeys_every_law(game: str) -> None:
    for on_invalid in ("raise", "resample"):
        make = lambda on_invalid=on_invalid: GAMES[game](on_invalid=on_invalid)  # noqa: E731
        report = masked_envs.check_masked_env(make, steps=12, raise_on_failure=False)
        assert report.passed, report


def test_opponents_may_differ_and_their_invalid_actions_are_theirs() -> None:
    seen: dict[str, set[Any]] = {"b": set(), "c": set()}

    def watched(agent: str) -> Any:
        def choose(observation: Any, mask: Any) -> int:
            seen[agent].add(tuple(np.flatnonzero(mask) % 3))
            assert isinstance(observation, dict) is False or "action_mask" not in observation
            return lowest(observation, mask)

        return choose

    env = SingleAgent(Chairs(), {"b": watched("b"), "c": watched("c")})
    env.reset(seed=0)
    env.step(env.sample_legal())
    assert seen["b"] and seen["c"] and seen["b"] != seen["c"]
    env = SingleAgent(Chairs(), {"b": "random", "c": lambda observation, mask: 2})
    env.reset(seed=1)
    with pytest.raises(InvalidActionError, match=", c: the action 2 "):
        env.step(env.sample_legal())
    assert env.invalid_actions == 0


def test_random_opponents_repeat_with_the_seed_and_copies_go_their_own_way() -> None:
    played = []
    for _ in range(2):
        env = SingleAgent(Chairs())
        env.reset(seed=7)
        twin = copy.deepcopy(env)
        twin.step(twin.sample_legal())
        played.append([pickle.dumps(env.step(lowest(None, env.action_mask))[0]) for _ in range(2)])
    assert played[0] == played[1]


class SoonOver(Knockout):
    """The first move ends the game of all, two times out of three."""

    games = 0

    def reset(self, seed: Any = None, options: Any = None) -> None:
        super().reset(seed, options)
        self.games += 1

    def step(self, action: Any) -> None:
        super().step(action)
        if len(self.moves) == 1 and self.games % 3:
            self.terminations = dict.fromkeys(self.terminations, True)


def test_a_game_that_is_over_before_the_first_turn_is_begun_again() -> None:
    game = SoonOver()
    env = SingleAgent(game, agent="second")
    env.reset(seed=0)
    assert game.games % 3 == 0 and not env.step(env.sample_legal())[2]
    always = type("Always", (SoonOver,), {"games": property(lambda self: 1, lambda self, value: None)})
    with pytest.raises(RuntimeError, match="100 games were over before the first turn of 'second'"):
        SingleAgent(always(), agent="second").reset(seed=0)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"agent": "z"}, ValueError, "agent must be one of 'a', 'b', 'c', not 'z'"),
        ({"opponent": "best"}, ValueError, "b: opponent must be 'random' or a function"),
        ({"opponent": {"b": "random"}}, ValueError, r"opponent must name \['b', 'c'\]"),
        ({"on_invalid": "clip"}, ValueError, "on_invalid must be one of"),
    ],
)
def test_wrong_arguments_are_refused(arguments: Any, error: type, words: str) -> None:
    with pytest.raises(error, match=words):
        SingleAgent(Chairs(), **arguments)


def test_other_environments_are_refused() -> None:
    with pytest.raises(TypeError, match="expected a PettingZoo environment"):
        SingleAgent(gym.make("MaskedCartPole-v0"))
    with pytest.raises(TypeError, match="has no mask in a usual place"):
        SingleAgent(BareChairs())


def strict(game: Any, agent: str) -> Any:
    """The mask of the game, with one legal action less where there are two."""
    mask = np.array(game.unwrapped.allowed(agent))
    if mask.sum() > 1:
        mask[np.flatnonzero(mask)[-1]] = 0
    return mask


@pytest.mark.parametrize("game", [BareChairs, BareRace])
def test_a_mask_that_forbids_too_much_is_found_below_the_wrapper_of_the_game(game: Any) -> None:
    """The wrapper of the game refuses by this very mask, so the checker must see the answer of the game itself."""
    report = masked_envs.check_masked_env(lambda: SingleAgent(game(), mask_fn=strict), steps=30, raise_on_failure=False)
    assert "L7" in {failure.law for failure in report.failures}
    right = masked_envs.check_masked_env(lambda: SingleAgent(game(), mask_fn=allowed), steps=30, raise_on_failure=False)
    assert right.passed, right
