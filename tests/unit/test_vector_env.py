"""The vector environment: held against Gymnasium's own over the same single environments, and what only it has."""

from __future__ import annotations

import copy
import functools

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers.vector import DictInfoToList, RecordEpisodeStatistics
from players import spoilt
from streams import fingerprint, legal_action, row_of
from surfaces import GAMES, IDS, MODES, ONE_OF_EACH_PLAY, has_sb3_form, some_and_long

import masked_envs
from masked_envs import trees
from masked_envs.catalogue import CATALOGUE

pytestmark = pytest.mark.core

CART, BOARD = "MaskedCartPole-v0", "MaskedConnectFour-v0"
SEAT = {"opponent": "random", "agent": 1}
SOME = (CART, *ONE_OF_EACH_PLAY)
PAIRS = some_and_long(
    [*((env_id, {}) for env_id in SOME), *((env_id, SEAT) for env_id in SOME if env_id in GAMES)],
    [*((i, {}) for i in IDS if i not in SOME), *((i, SEAT) for i in GAMES if i not in SOME)],
)
SOME_IDS = pytest.mark.parametrize("env_id", some_and_long(SOME, [env_id for env_id in IDS if env_id not in SOME]))


def legal(envs, info, rng):
    return legal_action(envs, info["action_mask"], rng)


@functools.cache
def early(env_id, most):
    """A time limit of at most `most` steps that cuts episodes: fewer than a random episode has."""
    if "single" != CATALOGUE[env_id].play:
        return most
    env = gym.make(env_id)
    (_, info), rng, steps, over = env.reset(seed=0), np.random.default_rng(0), 0, False
    while not over and steps <= most:
        _, _, terminated, truncated, info = env.step(legal(env, info, rng))
        steps, over = steps + 1, terminated or truncated
    return max(1, steps - 1)


# --- against Gymnasium's SyncVectorEnv --------------------------------------------------------------------------------


@pytest.mark.parametrize("on_invalid", ["raise", "noop"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("env_id", "game"), PAIRS)
def test_equals_gymnasiums_vector_environment(env_id, game, mode, on_invalid):
    arguments = {"time_limit": early(env_id, 9), **game, "on_invalid": on_invalid, "invalid_reward": -0.5}
    ours = gym.make_vec(env_id, num_envs=4, autoreset_mode=mode, **arguments)
    theirs = SyncVectorEnv([lambda: gym.make(env_id, **arguments)] * 4, autoreset_mode=mode)
    assert ours.observation_space == theirs.observation_space and ours.action_space == theirs.action_space
    assert ours.metadata["autoreset_mode"] is mode is theirs.metadata["autoreset_mode"]
    rng, ended = np.random.default_rng(2), np.zeros(4, bool)
    assert_same_start(ours.reset(seed=8), theirs.reset(seed=8))
    seen = {"terminated": 0, "truncated": 0, "invalid": 0}
    for _ in range(60):
        if mode is AutoresetMode.DISABLED and ended.any():
            options = [{"options": {"reset_mask": ended.copy()}} for _ in range(2)]
            assert_same_start(ours.reset(**options[0]), theirs.reset(**options[1]), ended)
        actions = legal_action(ours, ours.unwrapped.action_mask, rng)
        if on_invalid == "noop" and rng.random() < 0.3:
            actions = spoilt(ours.unwrapped.mask_spec, actions, [rng.integers(4)])
        (*a, a_info), (*b, b_info) = ours.step(actions), theirs.step(actions)
        for one, other in zip(a, b, strict=True):
            assert fingerprint(one) == fingerprint(other)
        assert_same_info(a_info, b_info)
        terminated, truncated = a[2], a[3]
        ended = terminated | truncated
        seen["terminated"] += terminated.sum()
        seen["truncated"] += truncated.sum()
        seen["invalid"] += a_info.get("invalid_action", np.zeros(4, bool)).sum()
    assert seen["truncated"] > 0 and (seen["invalid"] > 0) == (on_invalid == "noop")
    assert ours.unwrapped.invalid_actions.tolist() == list(theirs.get_attr("invalid_actions"))


def assert_same_start(ours, theirs, rows=None):
    assert fingerprint(ours[0]) == fingerprint(theirs[0])
    assert_same_info(ours[1], theirs[1], rows)


def assert_same_info(ours, theirs, rows=None):
    """Gymnasium's `_name` says which rows have `name`; only there does it say something.

    What is about the step, Gymnasium has in `final_info` where it has reset the row since.
    """
    names = {name for name in theirs if not name.startswith("_")}
    assert set(ours) - {f"_{name}" for name in names} == names
    for name in names:
        has = theirs[f"_{name}"] if rows is None else rows
        if name in ("rewards", "invalid_action") and "final_info" in theirs:
            has = has & ~theirs["_final_info"]
            assert (ours[name] == np.where(ours["_final_info"], ours["final_info"][name].T, ours[name].T).T).all()
        if isinstance(theirs[name], dict):
            assert ours.get(f"_{name}", has).tolist() == has.tolist()  # a mask that is a dict is in every row
            assert_same_info(ours[name], theirs[name])
            continue
        for row in np.flatnonzero(has):
            assert fingerprint(row_of(ours[name], row)) == fingerprint(row_of(theirs[name], row)), name
        if name.startswith("final_"):
            assert ours[f"_{name}"].tolist() == has.tolist()
            assert all(ours[name][row] is None for row in np.flatnonzero(~has))


@SOME_IDS
def test_masks_of_ended_and_first_steps(env_id):
    """NEXT_STEP: all ones for a terminated row, the true mask for a truncated one, and a fresh one after the reset."""
    envs = gym.make_vec(env_id, num_envs=30, time_limit=early(env_id, 25))
    _, info = envs.reset(seed=0)
    spec = envs.unwrapped.mask_spec
    fixed, rng, ended = info["action_mask"], np.random.default_rng(0), np.zeros(30, bool)
    seen = {"terminated": 0, "truncated": 0}
    for _ in range(90):
        _, _, terminated, truncated, info = envs.step(legal(envs, info, rng))
        assert not (terminated & truncated).any() and not (ended & (terminated | truncated)).any()
        for row in np.flatnonzero(terminated):
            assert fingerprint(row_of(info["action_mask"], row)) == fingerprint(spec.full())
        assert (spec.count(info["action_mask"], envs.unwrapped.head_mask) > 0).all()
        if env_id == CART:  # whose mask never changes: the true one is known
            np.testing.assert_array_equal(info["action_mask"][~terminated], fixed[~terminated])
        seen["terminated"] += terminated.sum()
        seen["truncated"] += truncated.sum()
        ended = terminated | truncated
    assert seen["truncated"] > 0
    if env_id in (CART, BOARD):
        assert seen["terminated"] > 0


# --- seeds and partial resets -----------------------------------------------------------------------------------------


def test_one_seed_per_row_and_none_for_going_on():
    envs = gym.make_vec(CART, num_envs=3)
    first, _ = envs.reset(seed=[5, 6, 7])
    assert fingerprint(first) == fingerprint(envs.reset(seed=5)[0])
    going_on = [gym.make(CART) for _ in range(3)]
    for i, single in enumerate(going_on):
        single.reset(seed=5 + i)
    mixed, _ = envs.reset(seed=[None, 100, None])
    for i, (single, seed) in enumerate(zip(going_on, (None, 100, None), strict=True)):
        assert fingerprint(single.reset(seed=seed)[0]) == fingerprint(row_of(mixed, i))


def test_rows_without_a_seed_differ():
    envs = gym.make_vec(CART, num_envs=4)
    observations, _ = envs.reset()
    assert len({row.tobytes() for row in observations["observation"]}) == 4
    envs.reset(seed=[3, None, None, 4])
    again = gym.make_vec(CART, num_envs=4)
    observations, _ = again.reset(seed=[3, None, None, 4])
    assert len({row.tobytes() for row in observations["observation"]}) == 4


def test_a_partial_reset_touches_the_chosen_rows_only():
    envs = gym.make_vec(CART, num_envs=4, autoreset_mode=AutoresetMode.DISABLED, availability="step")
    _, info = envs.reset(seed=0)
    _, _, _, _, info = envs.step(legal(envs, info, np.random.default_rng(0)))
    before = envs.unwrapped.get_state()
    chosen = np.array([False, True, False, True])
    observations, info = envs.reset(seed=[1, 2, 3, 4], options={"reset_mask": chosen})
    after = envs.unwrapped.get_state()
    for row in range(4):
        assert (before[row] == after[row]) != chosen[row]
        if chosen[row]:
            assert fingerprint(gym.make(CART, availability="step").reset(seed=row + 1)[0]) == fingerprint(
                row_of(observations, row)
            )


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (np.ones(3, bool), r"must be a bool array of shape \(2,\)"),
        (np.ones(2, np.int8), r"must be a bool array of shape \(2,\)"),
        ([True, False], r"must be a bool array of shape \(2,\)"),
        (np.zeros(2, bool), "chooses no row"),
    ],
)
def test_reset_masks_are_checked(mask, message):
    envs = gym.make_vec(CART, num_envs=2, autoreset_mode=AutoresetMode.DISABLED)
    envs.reset(seed=0)
    before = envs.unwrapped.get_state()
    with pytest.raises(ValueError, match=message):
        envs.reset(options={"reset_mask": mask})
    assert envs.unwrapped.get_state() == before


def test_disabled_refuses_a_step_of_ended_rows():
    envs = gym.make_vec(CART, num_envs=2, autoreset_mode=AutoresetMode.DISABLED, time_limit=1)
    _, info = envs.reset(seed=0)
    actions = legal(envs, info, np.random.default_rng(0))
    _, _, _, truncated, _ = envs.step(actions)
    assert truncated.all()
    with pytest.raises(gym.error.ResetNeeded, match="rows 0, 1 have ended: call reset"):
        envs.step(actions)


# --- games and opponents ----------------------------------------------------------------------------------------------


def test_an_opponent_plays_the_other_side():
    """Against "the first free column", stacking the fourth wins in four moves."""
    asked = []

    def first_free(observation, mask):
        asked.append((observation.copy(), mask.copy()))
        return int(np.flatnonzero(mask)[0])

    envs = gym.make_vec(BOARD, num_envs=2, opponent=first_free, autoreset_mode=AutoresetMode.DISABLED)
    observations, info = envs.reset(seed=0)
    assert not observations["observation"].any() and info["agent"].tolist() == [0, 0]
    total = np.zeros(2)
    for move in range(4):
        observations, rewards, terminated, _, info = envs.step(np.array([3, 3]))
        total += rewards
        assert terminated.all() == (move == 3)
    seen = observations["observation"]  # at the end, too, the caller is shown its own side
    assert (seen[:, 0].sum(axis=(1, 2)) == 4).all() and (seen[:, 1].sum(axis=(1, 2)) == 3).all()
    assert total.tolist() == [1.0, 1.0] and info["rewards"].tolist() == [[1.0, -1.0]] * 2
    assert len(asked) == 6
    assert asked[0][0][1].sum() == 1 and asked[0][0][0].sum() == 0  # it sees the caller's disc as the other's
    np.testing.assert_array_equal(asked[-1][1], np.ones(7))


def test_the_second_seat_moves_second():
    envs = gym.make_vec(BOARD, num_envs=3, opponent=lambda observation, mask: 6, agent="player_1")
    observations, info = envs.reset(seed=0)
    assert (observations["observation"][:, 1].sum(axis=(1, 2)) == 1).all()
    assert info["agent"].tolist() == [1, 1, 1]
    _, rewards, *_ = envs.step(np.array([0, 1, 2]))
    assert not rewards.any()


def test_losing_to_an_opponent_costs_the_caller():
    envs = gym.make_vec(BOARD, num_envs=1, opponent=lambda observation, mask: 6)
    envs.reset(seed=0)
    for column in (0, 1, 0):
        _, rewards, terminated, _, _ = envs.step(np.array([column]))
        assert rewards == [0.0] and not terminated[0]
    _, rewards, terminated, _, info = envs.step(np.array([1]))
    assert rewards == [-1.0] and terminated[0] and info["rewards"].tolist() == [[-1.0, 1.0]]
    assert info["action_mask"].all()


@pytest.mark.parametrize("play", [lambda o, m: 9, lambda o, m: None, lambda o, m: 0.5])
def test_an_illegal_opponent_is_named_and_nothing_is_half_done(play):
    envs = gym.make_vec(BOARD, num_envs=2, opponent=play)
    envs.reset(seed=0)
    before = envs.unwrapped.get_state()
    with pytest.raises(masked_envs.InvalidActionError, match="the opponent chose .*, which is not legal"):
        envs.step(np.array([0, 1]))
    assert envs.unwrapped.get_state() == before
    assert not envs.unwrapped.invalid_actions.any()  # it was not the caller


@pytest.mark.parametrize("rows", [None, 3])
def test_an_opponent_that_fails_leaves_every_row_where_it_was(rows):
    """The caller's disc would have filled a column: state, mask and observation are those of before."""
    asked_last = []

    def failing(observation, mask):
        discs = int(observation.sum())  # with the one that the caller has just dropped
        if discs < 7:
            return (0, 0, 1)[discs // 2]
        asked_last.append(1)
        if len(asked_last) == (rows or 2) - 1:  # of three rows the second one fails
            raise KeyError("its own mistake")
        return 2

    env = gym.make(BOARD, opponent=failing) if rows is None else gym.make_vec(BOARD, num_envs=rows, opponent=failing)
    column = 0 if rows is None else np.zeros(rows, np.int64)
    env.reset(seed=0)
    for _ in range(3):
        env.step(column)
    before, mask = env.unwrapped.get_state(), env.unwrapped.action_mask
    assert mask[..., 0].all()
    with pytest.raises(KeyError, match="its own mistake"):
        env.step(column)
    assert env.unwrapped.get_state() == before
    np.testing.assert_array_equal(env.unwrapped.action_mask, mask)


def test_a_replaced_action_is_reported_after_the_opponents_reply():
    envs = gym.make_vec(BOARD, num_envs=2, opponent="random", on_invalid="resample", invalid_reward=-3.0)
    envs.reset(seed=0)
    _, rewards, _, _, info = envs.step(np.array([7, 0]))
    assert info["invalid_action"].tolist() == [True, False] and rewards.tolist() == [-3.0, 0.0]


# --- time limits ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "length"),
    [
        ({"time_limit": 4}, 4),
        ({"max_episode_steps": 5}, 5),
        ({"time_limit": 4, "max_episode_steps": 5}, 4),
        ({"time_limit": 6, "max_episode_steps": 5}, 5),
        ({"time_limit": 0, "max_episode_steps": 5}, 5),
    ],
)
def test_the_shorter_limit_holds(arguments, length):
    envs = gym.make_vec(CART, num_envs=2, **arguments)
    _, info = envs.reset(seed=0)
    rng = np.random.default_rng(0)
    for step in range(1, 3 * (length + 1)):  # of three episodes, each followed by a step that resets
        _, _, terminated, truncated, info = envs.step(legal(envs, info, rng))
        assert not terminated.any() and truncated.all() == (step % (length + 1) == length)


@pytest.mark.parametrize("limit", [2**63 - 1, 2**63, 10**400])
def test_a_limit_that_is_never_reached_is_none(limit):
    envs = gym.make_vec(CART, num_envs=2, max_episode_steps=limit, time_limit=0)
    _, info = envs.reset(seed=0)
    _, _, _, truncated, _ = envs.step(legal(envs, info, np.random.default_rng(0)))
    assert not truncated.any()


@pytest.mark.parametrize("make", [gym.make, functools.partial(gym.make_vec, num_envs=2)])
def test_seeds_of_more_than_64_bits_are_refused(make):
    """2**64 would be the stream of 0; of two rows seeded 2**64 - 1 and on, the second would be."""
    env = make(CART)
    env.reset(seed=2**64 - 2)
    before = env.unwrapped.get_state()
    seeds = [2**64, 10**400, *([2**64 - 1, [0, 2**64]] if hasattr(env, "num_envs") else [])]
    for seed in seeds:
        with pytest.raises(ValueError, match=r"seed must be below 2\*\*64, not 1"):
            env.reset(seed=seed)
    assert env.unwrapped.get_state() == before


@pytest.mark.parametrize("limit", [0, -1, 2.5, True, "9"])
def test_an_impossible_limit_is_refused(limit):
    with pytest.raises(ValueError, match="max_episode_steps must be an integer of at least 1"):
        gym.make_vec(CART, num_envs=2, max_episode_steps=limit)


# --- what it hands out ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
@SOME_IDS
def test_arrays_keep_their_values(env_id, mode):
    """Nothing that was handed out changes when the environment goes on."""
    envs = gym.make_vec(env_id, num_envs=3, autoreset_mode=mode, time_limit=5)
    handed, info = [envs.reset(seed=0)], {"action_mask": envs.unwrapped.action_mask}
    before, rng = [fingerprint(handed[0])], np.random.default_rng(0)
    for _ in range(4):
        handed.append(envs.step(legal(envs, info, rng)))
        info = handed[-1][-1]
        before.append(fingerprint(handed[-1]))
        ended = handed[-1][2] | handed[-1][3]
        if mode is AutoresetMode.DISABLED and ended.any():
            handed.append(envs.reset(options={"reset_mask": ended.copy()}))
            info = handed[-1][-1]
            before.append(fingerprint(handed[-1]))
        handed.append((envs.unwrapped.action_mask, envs.unwrapped.invalid_actions))
        before.append(fingerprint(handed[-1]))
        if has_sb3_form(envs.unwrapped.mask_spec):
            handed.append(envs.unwrapped.action_masks())
            before.append(fingerprint(handed[-1]))
    envs.step(legal(envs, info, rng))
    envs.reset(seed=1)
    assert [fingerprint(each) for each in handed] == before


def test_writing_into_what_was_handed_out_changes_nothing():
    envs = gym.make_vec(CART, num_envs=2)
    observations, info = envs.reset(seed=0)
    before, mask = envs.unwrapped.get_state(), envs.unwrapped.action_mask.copy()
    info["action_mask"][...] = 0
    observations["observation"][...] = 9
    envs.unwrapped.invalid_actions[...] = 7
    np.testing.assert_array_equal(envs.unwrapped.action_mask, mask)
    assert envs.unwrapped.get_state() == before and not envs.unwrapped.invalid_actions.any()


@pytest.mark.parametrize("mode", MODES)
@SOME_IDS
def test_what_a_step_handed_out_is_the_callers(env_id, mode):
    """A caller who overwrites all of it is given the same as another, also by what shows rows that did not move."""
    ours, theirs = (gym.make_vec(env_id, num_envs=3, autoreset_mode=mode, time_limit=12) for _ in range(2))
    (last, info), _ = ours.reset(seed=0), theirs.reset(seed=0)
    rng, ended = np.random.default_rng(0), np.zeros(3, np.bool_)
    for step in range(40):
        if (mode is AutoresetMode.DISABLED and ended.any()) or step % 10 == 5:
            rows = ended if ended.any() else np.arange(3) == 1
            (*a, info), (*b, others) = (e.reset(options={"reset_mask": rows.copy()}) for e in (ours, theirs))
            assert fingerprint((*a, info)) == fingerprint((*b, others))
            for row in np.flatnonzero(~rows):  # these are where they were
                assert fingerprint(row_of(a[0], row)) == fingerprint(row_of(last, row))
            overwrite(*b, others)
            ended = np.zeros(3, np.bool_)
        if step % 10 == 7:
            theirs = copy.deepcopy(theirs)
        actions = legal(ours, info, rng)
        (*a, info), (*b, others) = ours.step(actions), theirs.step(actions)
        assert fingerprint((*a, info)) == fingerprint((*b, others))
        last, ended = a[0], a[2] | a[3]
        overwrite(*b, others)
    assert ours.unwrapped.get_state() == theirs.unwrapped.get_state()


def overwrite(*handed):
    for array in trees.leaves(handed):
        if array.dtype == object:
            overwrite(*(each for each in array if each is not None))
        else:
            array[...] = 1


@SOME_IDS
def test_a_refused_batch_has_moved_no_row(env_id):
    envs = gym.make_vec(env_id, num_envs=6, on_invalid="raise", autoreset_mode=AutoresetMode.SAME_STEP)
    _, info = envs.reset(seed=0)
    spec = envs.unwrapped.mask_spec
    rng = np.random.default_rng(0)
    for _ in range(20):
        actions = legal(envs, info, rng)
        before, masks = envs.unwrapped.get_state(), fingerprint(envs.unwrapped.action_mask)
        wrong = spoilt(spec, actions, [2, 5])
        with pytest.raises(
            masked_envs.InvalidActionError, match=r"row 2 \(and 1 more\): the action .* is out of range"
        ):
            envs.step(wrong)
        assert envs.unwrapped.get_state() == before
        assert fingerprint(envs.unwrapped.action_mask) == masks
        *_, info = envs.step(actions)
    assert envs.unwrapped.invalid_actions.tolist() == [0, 0, 20, 0, 0, 20]


def test_only_rows_that_act_are_counted():
    envs = gym.make_vec(CART, num_envs=3, time_limit=2, on_invalid="noop")
    envs.reset(seed=0)
    nothing = np.array([-1, -1, -1])
    for counted in (1, 2, 2, 3, 4, 4):  # every third step resets all rows and discards the actions
        _, rewards, _, _, info = envs.step(nothing)
        assert envs.unwrapped.invalid_actions.tolist() == [counted] * 3
    assert not info["invalid_action"].any()


def test_on_invalid_terminate_resets_the_row():
    envs = gym.make_vec(CART, num_envs=2, on_invalid="terminate", invalid_reward=-5.0, autoreset_mode="SameStep")
    _, info = envs.reset(seed=0)
    actions = legal(envs, info, np.random.default_rng(0))
    actions[1] = -1
    _, rewards, terminated, truncated, info = envs.step(actions)
    assert rewards.tolist() == [1.0, -5.0] and terminated.tolist() == [False, True] and not truncated.any()
    assert info["final_info"]["invalid_action"].tolist() == [False, True]
    assert info["final_info"]["action_mask"][1].all() and not info["final_info"]["action_mask"][0].any()
    assert info["final_obs"][0] is None and info["final_obs"][1]["action_mask"].all()


# --- Gymnasium's vector wrappers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
def test_episode_statistics_of_gymnasium(mode):
    """Each episode of MaskedCartPole earns 1 per step, so that its return is its length."""
    envs = RecordEpisodeStatistics(gym.make_vec(CART, num_envs=4, autoreset_mode=mode, time_limit=30))
    _, info = envs.reset(seed=0)
    rng, recorded = np.random.default_rng(0), []
    for _ in range(100):
        _, _, terminated, truncated, info = envs.step(legal(envs, info, rng))
        if "episode" in info:
            ended = info["_episode"]
            assert ended.tolist() == (terminated | truncated).tolist()
            recorded += zip(info["episode"]["r"][ended], info["episode"]["l"][ended], strict=True)
    assert len(recorded) > 8 and all(earned == length <= 30 for earned, length in recorded)


def test_infos_become_lists():
    envs = DictInfoToList(gym.make_vec(BOARD, num_envs=2))
    _, infos = envs.reset(seed=0)
    assert infos[1]["action_mask"].tolist() == [1] * 7 and infos[1]["agent"] == 0
    *_, infos = envs.step(np.array([0, 1]))
    assert infos[0]["agent"] == 1 and infos[0]["rewards"].tolist() == [0.0, 0.0]


def test_make_vec_knows_its_specification():
    envs = gym.make_vec(CART, num_envs=2, num_actions=4)
    assert envs.spec.id == CART and envs.spec.kwargs["num_actions"] == 4
    assert envs.single_action_space.n == 4 and envs.num_envs == 2
    envs.close()
    envs.close()
