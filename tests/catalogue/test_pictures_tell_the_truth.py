"""What a picture says of the mask is what the mask says in the state that is drawn, and nothing after the end."""

from __future__ import annotations

import itertools

import gymnasium
import numpy as np
import pytest

import masked_envs
from masked_envs.catalogue import CATALOGUE
from masked_envs.cli.demo import RandomPlayer
from masked_envs.registration import declaration

SHORT = 12  # steps; each id ends by its time limit at the latest


def player(env_id, render_mode="ansi", **parameters):
    declared = declaration(env_id)
    return RandomPlayer(declared, declared.resolve({"time_limit": SHORT, **parameters}), 1, render_mode)


def places_of(scene, view):
    """Every place in the picture where an action lives, as (agent, entry)."""
    yield from ((mark.agent, mark.path) for mark in scene.marks)
    yield from ((strip.agent, strip.path(i)) for strip in view.strips for i in range(strip.size))


def masks_of(env):
    """The mask of each agent of the scene, by the environment's own interface; None for one that has left."""
    if not hasattr(env, "possible_agents"):
        return [env.action_mask]
    return [mask if agent in env.agents else None for agent, mask in env.action_mask.items()]


def entry_of(mask, path):
    for part in path:
        mask = mask[part]
    return mask


@pytest.mark.parametrize("env_id", CATALOGUE)
def test_every_frame_shows_the_mask_of_its_own_state_and_none_after_the_end(env_id):
    played = player(env_id)
    picture, ends = played.env.picture, 0
    for goes_on in played.play(SHORT, 1):
        scene, view, status = picture.scene(0), picture.view(0), picture.status(0)
        places = list(places_of(scene, view))
        shown = [view.legal(*place) for place in places]
        bounds = [view.bounds(bars) for bars in view.ranges]
        words = played.env.render()
        if goes_on:
            assert places or view.ranges
            masks = masks_of(played.env)
            assert shown == [masks[a] if masks[a] is None else bool(entry_of(masks[a], path)) for a, path in places]
            assert all(limits is not None for limits in bounds) and "legal: " in words and not status.over
        else:
            ends += 1
            assert set(shown) <= {None} and bounds == [None] * len(bounds) and view.totals() is None
            assert not view.has_chosen() and "legal: " not in words and status.over
            assert status.message in ("terminated", "truncated")
    assert ends == 1


@pytest.mark.parametrize("env_id", CATALOGUE)
def test_the_action_chosen_is_drawn_where_it_is_chosen_and_the_last_one_is_words(env_id):
    """Random legal play: what is ringed is legal in the same frame, whatever the mask of the frame after it says."""
    played = player(env_id)
    picture, before = played.env.picture, None
    for goes_on in itertools.islice(played.play(SHORT, 1), SHORT):
        view, status = picture.view(0), picture.status(0)
        rings = [(agent, path) for agent in range(view.agents) for path in view.chosen_paths(agent)]
        assert all(view.legal(*ring) for ring in rings) and view.has_chosen() == goes_on
        assert bool(status.last) == (before is not None)
        played.env.render()
        before = picture.action
        if goes_on:
            assert before is not None
        else:
            assert before is None  # the step cleared it


@pytest.mark.parametrize("env_id", CATALOGUE)
def test_the_end_of_an_episode_is_drawn_in_a_frame_of_the_same_shape(env_id):
    """Whatever is left to choose from there: no place on a full board, no unit that has not fallen."""
    declared = declaration(env_id)
    for seed in (1, 6, 8):
        sizes = set()
        for _ in (played := RandomPlayer(declared, declared.resolve({}), seed, "svg")).play(60, 1):
            if played.steps == 0 or played.env.picture.status(0).over:
                sizes.add(played.env.picture.canvas(0).size)
        assert len(sizes) == 1


def test_the_last_action_has_the_label_of_the_frame_it_was_taken_in():
    env = gymnasium.make("MaskedTaxi-v0", render_mode="ansi").unwrapped
    env.reset(seed=3)
    env.render()
    labels = [strip.labels for strip in env.picture.scene(0).strips] or [
        [mark.label for mark in env.picture.scene(0).marks]
    ]
    action = int(np.flatnonzero(env.action_mask)[0])
    env.step(action)
    for _ in range(2):  # a window shows a state more than once
        assert env.render().splitlines()[0].startswith(f"step 1   reward -1   last: {labels[0][action]}")
    other = int(np.flatnonzero(env.action_mask)[0])
    env.step(other)
    env.step(int(np.flatnonzero(env.action_mask)[0]))  # the state between was not drawn: the number, not a guess
    assert "last: " in env.render() and env.picture.status(0).last.isdecimal()


def test_a_step_clears_the_action_that_was_chosen():
    env = masked_envs.make("MaskedTaxi-v0")
    env.reset(seed=3)
    action = int(np.flatnonzero(env.action_mask)[0])
    env.picture.action = action
    assert env.picture.view(0).chosen_paths(0) == {(action,)}
    env.step(action)
    assert env.picture.action is None and not env.picture.view(0).has_chosen()


def test_an_action_that_was_refused_is_not_the_last_action():
    env = masked_envs.make("MaskedTaxi-v0", on_invalid="noop")
    env.reset(seed=3)
    env.step(int(np.flatnonzero(env.action_mask == 0)[0]))
    assert env.picture.status(0).last == ""


@pytest.mark.parametrize("mode", ["NextStep", "SameStep", "Disabled"])
def test_rows_of_a_vector_environment_are_over_until_they_are_reset(mode):
    mode = gymnasium.vector.AutoresetMode(mode)
    envs = masked_envs.make_vec("MaskedTaxi-v0", 2, time_limit=2, autoreset_mode=mode, render_mode="ansi")
    envs.reset(seed=0)
    rng, over = np.random.default_rng(0), []
    for _ in range(2):
        envs.step(envs.mask_spec.sample(envs.action_mask, rng))
        over.append([envs.picture.status(row).over for row in range(2)])
    ends_here = mode is not gymnasium.vector.AutoresetMode.SAME_STEP
    assert over == [[False, False], [ends_here, ends_here]]
    assert all(("legal: " in words) != ends_here for words in envs.render())
