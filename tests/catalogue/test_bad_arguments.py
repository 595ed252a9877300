"""Wrong arguments, seeds, options and positions are refused with words on every surface; nothing is half done."""

from __future__ import annotations

import dataclasses
import math

import gymnasium as gym
import numpy as np
import pytest
from players import player
from surfaces import ALL_SURFACES, GAMES, IDS, ONE_OF_EACH_PLAY, ROWS, make, pairs, some_and_long

import masked_envs
from masked_envs.catalogue import CATALOGUE
from masked_envs.registration import declaration

SOME_SURFACES = pairs(ONE_OF_EACH_PLAY)
SURFACES = some_and_long(SOME_SURFACES, [pair for pair in ALL_SURFACES if pair not in SOME_SURFACES])
EVERY_SURFACE = pytest.mark.parametrize(("env_id", "surface"), SURFACES)
EVERY_ID = pytest.mark.parametrize("env_id", IDS)
SINGLES = tuple(env_id for env_id in IDS if env_id not in GAMES)


# --- arguments -------------------------------------------------------------------------------------------------------


@EVERY_SURFACE
@pytest.mark.parametrize(
    ("name", "values", "error", "words"),
    [
        ("on_invalid", ("ignore", "RAISE", None, 0, []), ValueError, "must be one of 'raise', 'terminate', 'noop', "),
        ("invalid_reward", (math.nan, math.inf), ValueError, "must be finite, not "),
        ("invalid_reward", ("1", None, True, [1.0]), TypeError, "must be a number, not "),
        ("mask_in", ("obs", None, 0, [], np.array(["info"])), ValueError, "must be 'observation' or 'info', not "),
        ("backend", ("cuda", "NUMBA", None, 1, []), ValueError, "must be one of 'auto', 'python', 'numba', not "),
        ("render_mode", ("video", 3, []), ValueError, "must be None or one of .*'rgb_array', 'ansi', 'svg', not "),
        ("time_limit", (-1,), ValueError, "must be at least 0, not -1"),
        ("time_limit", (1.5, "9", None, True, math.nan), TypeError, "must be an integer, not "),
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning")  # Gymnasium warns of the render mode before the environment refuses
def test_wrong_arguments_are_refused_with_words(env_id, surface, name, values, error, words):
    for value in values:
        with pytest.raises(error, match=f"{name} {words}"):
            make(env_id, surface, **{name: value})


@EVERY_ID
def test_what_is_none_of_the_choices_is_refused(env_id):
    declared = declaration(env_id)
    for name, parameter in declared.parameters.items():
        values = (
            np.array(parameter.choices),
            np.array(parameter.choices[:1]),
            [],
            None,
            0,
            "",
            b"x",
            *parameter.choices,
        )
        for value in values if parameter.choices else ():
            if isinstance(value, str) and value:
                assert declared.resolve({name: np.str_(value)})[name] == value
                continue
            with pytest.raises(ValueError, match=f"{name} must be one of '"):
                declared.resolve({name: value})


@EVERY_ID
def test_bounds_are_named_exactly(env_id):
    declared = declaration(env_id)
    for name, parameter in declared.parameters.items():
        for bound, words, beyond in ((parameter.low, "at least", -1), (parameter.high, "at most", 1)):
            if bound is None:
                continue
            with pytest.raises(ValueError) as refusal:
                declared.resolve({name: type(parameter.default)(bound) + beyond})
            assert float(str(refusal.value).partition(words)[2].split()[0].rstrip(",")) == bound


@EVERY_SURFACE
def test_an_unknown_parameter_is_refused_and_the_nearest_suggested(env_id, surface):
    with pytest.raises(
        TypeError, match=rf"{env_id} got an unexpected keyword argument 'time_limmit'; did you mean 'time_limit'\?"
    ):
        make(env_id, surface, time_limmit=3)
    with pytest.raises(
        TypeError, match=rf"{env_id} got an unexpected keyword argument 'qqq'\. Its parameters: .*time_limit"
    ):
        make(env_id, surface, qqq=3)


@EVERY_SURFACE
def test_impossible_values_of_its_own_are_refused(env_id, surface):
    """One past each declared bound. What is impossible together is in the tests of the environments that can tell."""
    for name, parameter in declaration(env_id).parameters.items():
        kind = type(parameter.default)
        for bound, away, word in ((parameter.low, -1, "at least"), (parameter.high, 1, "at most")):
            if bound is not None:
                with pytest.raises(ValueError, match=f"{env_id}: {name} must be .*{word} "):
                    make(env_id, surface, **{name: kind(bound) + away})


@EVERY_ID
def test_arguments_of_batches(env_id):
    for number in (0, -1, 1.5, True, "3", math.nan, None):
        with pytest.raises(ValueError, match="num_envs must be an integer of at least 1, not "):
            gym.make_vec(env_id, num_envs=number)
    for number in (0, -1, 1.5, True, "2", None):
        with pytest.raises(ValueError, match="num_threads must be an integer of at least 1, not "):
            gym.make_vec(env_id, num_envs=2, num_threads=number)
    for mode in ("next", "", 0, None, []):
        with pytest.raises(ValueError, match="autoreset_mode must be one of .*NEXT_STEP.*SAME_STEP.*DISABLED, not "):
            gym.make_vec(env_id, num_envs=2, autoreset_mode=mode)
    with pytest.raises(ValueError, match="render_mode must be None or one of 'rgb_array', 'ansi', 'svg', not 'human'"):
        masked_envs.make_vec(env_id, 2, render_mode="human")


MAKERS = pytest.mark.parametrize("maker", [gym.make, gym.make_vec, masked_envs.make, masked_envs.make_vec])


@MAKERS
@pytest.mark.parametrize("env_id", GAMES)
def test_opponents_and_seats_of_games(env_id, maker):
    agents = declaration(env_id).agents(declaration(env_id).resolve({}))
    for opponent in ("rando", 3, [], "", True):
        with pytest.raises(ValueError, match="opponent must be None, 'random' or a callable .observation, mask., not "):
            maker(env_id, opponent=opponent)
    for agent in (len(agents), -1, "nobody", True, 1.5, None, []):
        with pytest.raises(ValueError, match=f"agent must be one of '{agents[0]}', .*or 0..{len(agents) - 1}.*, not "):
            maker(env_id, opponent="random", agent=agent)
    with pytest.raises(ValueError, match="agent=1 needs opponent=, such as 'random'"):
        maker(env_id, agent=1)


@MAKERS
@pytest.mark.parametrize("env_id", SINGLES)
def test_one_agent_has_no_opponents(env_id, maker):
    for arguments in ({"opponent": "random"}, {"agent": 1}, {"opponent": lambda o, m: 0, "agent": 0}):
        with pytest.raises(TypeError, match=f"{env_id} has one agent: it takes neither opponent= nor agent="):
            maker(env_id, **arguments)


# --- ids -------------------------------------------------------------------------------------------------------------


@EVERY_ID
def test_an_unknown_id_suggests_the_nearest(env_id):
    misspelt = env_id.replace("-v0", "x-v0")
    for maker in (masked_envs.make, masked_envs.make_vec, masked_envs.make_aec, masked_envs.make_parallel):
        with pytest.raises(masked_envs.UnknownEnvironmentError, match=rf"'{misspelt}'\. Did you mean '{env_id}'\?"):
            maker(misspelt)
    for maker in (gym.make, gym.make_vec):
        with pytest.raises(gym.error.NameNotFound, match=f"Did you mean: `{env_id.removesuffix('-v0')}`"):
            maker(misspelt)


@pytest.mark.parametrize("name", ["", "?", 3, None])
def test_what_is_no_id_at_all(name):
    with pytest.raises(masked_envs.UnknownEnvironmentError, match="`masked-envs list` shows all ids"):
        masked_envs.make(name)


@EVERY_ID
def test_a_surface_that_the_game_has_not_is_refused_with_the_right_one(env_id):
    play = CATALOGUE[env_id].play
    if play == "single":
        for maker in (masked_envs.make_aec, masked_envs.make_parallel):
            with pytest.raises(TypeError, match=rf"{env_id} has one agent: use gymnasium.make\('{env_id}'\)"):
                maker(env_id)
    elif play == "turns":
        with pytest.raises(TypeError, match=f"agents of {env_id} do not act at once: use masked_envs.make_aec"):
            masked_envs.make_parallel(env_id)


# --- seeds, options and positions ------------------------------------------------------------------------------------


@EVERY_SURFACE
def test_wrong_seeds_are_refused_and_nothing_begins(env_id, surface):
    each, twin = player(env_id, surface), player(env_id, surface)
    each.begin(3)
    twin.begin(3)
    whole = each.whole()
    wrong = [(-1, ValueError), (1.5, TypeError), (True, TypeError), ("0", TypeError), (math.nan, TypeError)]
    wrong.append((np.array(3), TypeError))
    if "vector" in surface:
        for seeds in ([1] * (ROWS - 1), (1,) * (ROWS + 1), [], np.arange(ROWS + 1)):
            with pytest.raises(ValueError, match=f"expected one seed per row .{ROWS}., got {len(seeds)}"):
                each.env.reset(seed=seeds)
        wrong += [([1, 2, -3], ValueError), ([1, 2.5, 3], TypeError), (np.ones((ROWS, 1), int), TypeError)]
    for seed, error in wrong:
        with pytest.raises(error, match="seed must be a non-negative integer or None, not "):
            each.env.reset(seed=seed)
        assert each.whole() == whole
    each.env.reset()
    twin.env.reset()
    assert each.position() == twin.position()


@pytest.mark.parametrize(
    ("env_id", "surface"), [pair for pair in SURFACES if getattr(pair, "values", pair)[1].startswith("vector")]
)
def test_wrong_reset_masks_are_refused_and_nothing_begins(env_id, surface):
    each = player(env_id, surface)
    each.begin(3)
    whole = each.whole()
    right = np.ones(ROWS, np.bool_)
    for mask in (right[:-1], np.append(right, True), right[None], right.astype(int), right.tolist(), True, 0, "all"):
        with pytest.raises(ValueError, match=rf'options\["reset_mask"\] must be a bool array of shape \({ROWS},\)'):
            each.env.reset(options={"reset_mask": mask}, seed=5)
    with pytest.raises(ValueError, match="chooses no row"):
        each.env.reset(options={"reset_mask": ~right}, seed=5)
    for options in (3, "reset_mask", [right], right):
        with pytest.raises(TypeError, match="options must be a dict, such as .*, or None, not "):
            each.env.reset(options=options, seed=5)
    assert each.whole() == whole


@EVERY_SURFACE
def test_foreign_positions_are_refused_and_nothing_moves(env_id, surface):
    each = player(env_id, surface)
    each.begin(3)
    whole, state = each.whole(), each.position()
    stranger = next(other for other in IDS if other != env_id)
    shorter = dataclasses.replace(state, record=state.record[:-1])
    elsewhere = dataclasses.replace(state, parameters=(*state.parameters, ("more", 1)))
    for wrong, words in (
        (dataclasses.replace(state, id=stranger), f"state of {stranger!r}; set_state here takes a state of {env_id}"),
        (elsewhere, "with the parameters .*more.*; expected one with "),
        (shorter, "with the parameters .*; expected one with "),
    ):
        with pytest.raises(ValueError, match=words):
            each.restore_position(wrong)
        assert each.whole() == whole
    for nothing in (None, 0, b"", "state", {}, state.record, object()):
        with pytest.raises(TypeError, match="set_state takes .*get_state .*gave"):
            each.inner.set_state(nothing)
    if "vector" in surface:
        for states in ([], whole[:-1], (*whole, state)):
            with pytest.raises(ValueError, match=f"expected {ROWS} states, one per row, got {len(states)}"):
                each.inner.set_state(states)
        with pytest.raises(TypeError, match="set_state takes what get_state gave, not NoneType"):
            each.inner.set_state([*whole[:-1], None])
    assert each.whole() == whole


@pytest.mark.parametrize("env_id", GAMES)
def test_positions_of_another_surface_are_refused(env_id):
    aec, single = player(env_id, "aec"), player(env_id, "seat")
    aec.begin(0)
    single.begin(0)
    with pytest.raises(TypeError, match="set_state takes what get_state of an AEC environment gave, not State"):
        aec.inner.set_state(single.whole())
    with pytest.raises(TypeError, match="set_state takes what get_state gave, not AECState"):
        single.inner.set_state(aec.whole())
