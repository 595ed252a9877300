"""masked_envs.open_spiel: OpenSpiel's own tests, its own games beside ours, and its algorithms."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest

pyspiel = pytest.importorskip("pyspiel", reason="masked_envs.open_spiel needs open_spiel")

from open_spiel.python import policy as policies  # noqa: E402
from open_spiel.python import rl_environment  # noqa: E402
from open_spiel.python.algorithms import expected_game_score, exploitability, mcts  # noqa: E402

from masked_envs import wrappers  # noqa: E402
from masked_envs.open_spiel import make_game  # noqa: E402
from tests.adapters.contract import KINDS, NUMBERED, PLAYS, YES, columns  # noqa: E402

FOUR, KUHN, WAREHOUSE = "MaskedConnectFour-v0", "MaskedKuhn-v0", "MaskedWarehouse-v0"
SERVED = columns()["open_spiel"]


def single(case):
    return gym.make(case.env_id, backend="python", **{**case.parameters, "time_limit": 12})


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_are_served_as_the_table_says(kind):
    """OpenSpiel's own test plays games at random, and copies, saves and loads their states."""
    env, served = single(KINDS[kind]), SERVED.kinds[kind]
    if served not in (YES, NUMBERED):
        with pytest.raises(TypeError, match=rf"wrappers\.{served}"):
            make_game(env)
        wrapper = getattr(wrappers, served)
        env = wrapper(env, bins=2) if served == "FlatActions" else wrapper(env)
    game = make_game(env, seeds=2)
    pyspiel.random_sim_test(game, num_sims=2, serialize=True, verbose=False)
    assert env.unwrapped.invalid_actions == 0 and game.num_players() == 1


@pytest.mark.parametrize("play", PLAYS)
def test_plays_are_served_as_the_table_says(play):
    case = PLAYS[play]
    parameters = {key: value for key, value in case.parameters.items() if key not in ("flat", "opponent")}
    if play == "simultaneous":
        with pytest.raises(TypeError, match='opponent="random"'):
            make_game(case.env_id, **parameters)
        parameters["opponent"] = "random"
    game = make_game(case.env_id, time_limit=30, **parameters)
    pyspiel.random_sim_test(game, num_sims=2, serialize=True, verbose=False)
    assert game.num_players() == (2 if SERVED.plays[play] == YES and play == "turns" else 1)


def test_connect_four_is_that_of_openspiel():
    """Legal moves, players, returns and the ends of games, along random play."""
    ours, theirs = make_game(FOUR), pyspiel.load_game("connect_four")
    rng, lengths = np.random.default_rng(0), []
    for _ in range(10):
        one, other = ours.new_initial_state(), theirs.new_initial_state()
        while not other.is_terminal():
            assert one.legal_actions() == other.legal_actions()
            assert one.current_player() == other.current_player() and not one.is_terminal()
            action = rng.choice(other.legal_actions())
            one.apply_action(action), other.apply_action(action)
        assert one.is_terminal() and one.returns() == other.returns() == one.rewards()
        lengths.append(len(other.history()))
    assert len(set(lengths)) > 3


def deals():
    """A seed for each of the six deals of Kuhn poker."""
    found = {}
    for seed in range(200):
        state = make_game(KUHN, seeds=[seed]).new_initial_state()
        found.setdefault(tuple(map(state.information_state_string, (0, 1))), seed)
    return list(found.values())


def test_kuhn_poker_is_that_of_openspiel():
    """The value of uniform play, and how far it can be exploited: both walk through the whole tree."""
    seeds = deals()
    assert len(seeds) == 6
    games = make_game(KUHN, seeds=seeds), pyspiel.load_game("kuhn_poker")
    uniform = [policies.UniformRandomPolicy(game) for game in games]
    values = [
        expected_game_score.policy_value(g.new_initial_state(), [u, u]) for g, u in zip(games, uniform, strict=True)
    ]
    np.testing.assert_allclose(*values, atol=1e-12)
    one, other = (exploitability.exploitability(g, u) for g, u in zip(games, uniform, strict=True))
    assert one == pytest.approx(other, abs=1e-12) and other > 0


def test_a_search_of_openspiel_wins_at_once():
    game = make_game(FOUR)
    state = game.new_initial_state()
    for action in (3, 0, 3, 0, 3, 0):
        state.apply_action(action)
    bot = mcts.MCTSBot(game, 1.4, 40, mcts.RandomRolloutEvaluator(1, np.random.RandomState(0)), solve=False,
                       random_state=np.random.RandomState(0))  # fmt: skip
    assert bot.step(state) == 3


def test_learners_see_observations_and_legal_actions():
    env = rl_environment.Environment(make_game("MaskedTaxi-v0", seeds=3, time_limit=5))
    plain = gym.make("MaskedTaxi-v0", flat=True, time_limit=5, mask_in="info")
    step = env.reset()
    seed = env.get_state.history()[0]
    shown, info = plain.reset(seed=seed)
    while not step.last():
        assert step.observations["legal_actions"][0] == np.flatnonzero(info["action_mask"]).tolist()
        np.testing.assert_array_equal(step.observations["info_state"][0], shown)
        action = step.observations["legal_actions"][0][-1]
        step = env.step([action])
        shown, reward, *_, info = plain.step(action)
        assert step.rewards == [reward]


def test_copies_go_their_own_way_and_histories_lead_back():
    game = make_game("MaskedCartPole-v0", seeds=[7, 8])
    state = game.new_initial_state()
    assert state.is_chance_node() and state.chance_outcomes() == [(0, 0.5), (1, 0.5)]
    state.apply_action(1)
    copy = state.clone()
    for _ in range(5):
        copy.apply_action(copy.legal_actions()[0])
    assert len(state.history()) == 1 and state.returns() == [0.0] and copy.returns() == [5.0]
    again = game.deserialize_state(copy.serialize())
    np.testing.assert_array_equal(again.observation_tensor(0), copy.observation_tensor(0))
    assert again.legal_actions() == copy.legal_actions()


def test_what_cannot_be_served_is_refused():
    with pytest.raises(TypeError, match="make the environment with time_limit instead"):
        make_game(gym.make(FOUR), time_limit=3)
    with pytest.raises(TypeError, match="SequentialActions"):
        make_game("MaskedMicroRTS-v0")
    for seeds, problem in ((0, "at least 1"), ([], "at least 1"), (None, "at least 1"), ([1, 1], "another one")):
        with pytest.raises(ValueError, match=problem):
            make_game(FOUR, seeds=seeds)
    for seeds in ("ab", [1.5]):
        with pytest.raises(TypeError, match="seed must be a non-negative integer"):
            make_game(FOUR, seeds=seeds)
    for changed in ({"flat": False}, {"mask_in": "observation"}):
        with pytest.raises(TypeError, match="observations are vectors"):
            make_game(FOUR, **changed)
    with pytest.raises(TypeError, match="no mask"):
        make_game("CartPole-v1")
    for target in (None, gym.make_vec(FOUR, 2)):
        with pytest.raises(TypeError, match="takes an id or a gymnasium.Env"):
            make_game(target)


class Nim(gym.Env):
    """Take 1 to 3 of the matches; what has `action_masks()` and positions, and knows nothing of this package."""

    observation_space, action_space = gym.spaces.Box(0, 5, (1,), np.float32), gym.spaces.Discrete(3)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.left = 5
        return np.array([self.left], np.float32), {}

    def step(self, action):
        self.left -= int(action) + 1
        return np.array([self.left], np.float32), 1.0, self.left == 0, False, {}

    def action_masks(self):
        return np.arange(1, 4) <= self.left

    def get_state(self):
        return self.left

    def set_state(self, state):
        self.left = state


def test_an_environment_of_ones_own_is_a_game_if_it_goes_back_to_positions():
    state = make_game(Nim()).new_initial_state()
    copied = state.clone()
    for action in (2, 0):
        state.apply_action(action)
    assert state.legal_actions() == [0] and copied.legal_actions() == [0, 1, 2]
    state.apply_action(0)
    assert state.is_terminal() and state.returns() == [3]
    with pytest.raises(TypeError, match="get_state"):
        make_game(wrappers.ActionMask(gym.make("Taxi-v3"), lambda env: [True] * 6))


def test_a_player_remembers_what_it_did_where_the_observation_does_not_show_it():
    states = [make_game(FOUR).new_initial_state() for _ in range(2)]
    for state, actions in zip(states, [(0, 1, 2, 3), (2, 1, 0, 3)], strict=True):
        for action in actions:
            state.apply_action(action)
    for player in (0, 1):
        one, other = (state.observation_tensor(player) for state in states)
        assert one == other
        one, other = (state.information_state_string(player) for state in states)
        assert one != other
