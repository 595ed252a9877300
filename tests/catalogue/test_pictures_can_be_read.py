"""Every word of a picture can be read, and every legal action is drawn where it lives, in one style, with a name."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from sheet import Sheet, Wordless, layout_of, paint

import masked_envs
from masked_envs.catalogue import CATALOGUE
from masked_envs.cli.demo import RandomPlayer
from masked_envs.registration import declaration
from masked_envs.render.naming import MOST_NAMED
from masked_envs.render.theme import DARK, LIGHT

SHORT = 12  # steps
MANY = 20_000  # entries of a mask that is not gone through one by one
LEAST_CONTRAST = 3.0  # WCAG 2.1, 1.4.11, and 1.4.3 for large words


def pictures(env_id):
    """The pictures of the states of a short random play in which somebody acts."""
    declared = declaration(env_id)
    player = RandomPlayer(declared, declared.resolve({"time_limit": SHORT}), 1, "ansi")
    for goes_on in itertools.islice(player.play(SHORT, 1), SHORT):
        if goes_on:
            yield player.env.picture


def luminance(color):
    """WCAG 2.1, "relative luminance"."""
    shares = np.asarray(color, float) / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def contrast(first, second):
    """WCAG 2.1, "contrast ratio"."""
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def inside(part, whole):
    """Whether the middle of a box lies in another."""
    x, y = part[0] + part[2] / 2, part[1] + part[3] / 2
    return whole[0] <= x <= whole[0] + whole[2] and whole[1] <= y <= whole[1] + whole[3]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("env_id", CATALOGUE)
def test_every_word_stands_out_from_what_is_under_it(env_id, theme):
    seen = 0
    for picture in itertools.islice(pictures(env_id), 0, None, 5):
        layout = layout_of(picture)
        canvas = Wordless(layout.width, layout.height, theme["page"])
        paint(picture, theme, canvas)
        for word, ground in canvas.grounds():
            assert contrast(word.color, ground) >= LEAST_CONTRAST, (word, ground)
            seen += 1
    assert seen


@pytest.mark.parametrize("env_id", CATALOGUE)
def test_every_legal_action_is_painted_where_it_lives_and_counted_in_the_legend(env_id):
    for picture in pictures(env_id):
        layout, view = layout_of(picture), picture.view(0)
        sheet = Sheet(layout.width, layout.height)
        paint(picture, LIGHT, sheet)
        green = [painted.box for painted in sheet.painted if painted.color == LIGHT["legal"]]
        places = {(mark.agent, mark.path): layout.to_pixels((mark.x, mark.y, mark.w, mark.h))
                  for mark in layout.scene.marks}  # fmt: skip
        for strip in layout.strips:
            agent, n = strip.strip.agent, strip.strip.size
            places |= {(agent, strip.strip.path(i)): strip.box(i // strip.per_cell) for i in range(min(n, MANY))}
        legal = 0
        for agent in range(view.agents):
            for key, leaf in view.entries(agent):
                legal += int(np.count_nonzero(leaf))
                for place in np.argwhere(leaf != 0)[:MANY].tolist() if leaf.size < MANY else ():
                    box = places[agent, (*key, *place)]
                    assert any(inside(part, box) for part in green), (agent, place)
        for bars in layout.ranges:
            for i in range(bars.shown):
                assert any(inside(part, bars.box(i)) for part in green)
        samples = [box for box in green if box[1] + box[3] <= layout.picture[1]]  # above the picture
        words = {painted.words for painted in sheet.painted if painted.what == "text"}
        assert len(samples) == 1 and (f"{legal} legal" in words or (not legal and "legal" in words))


@pytest.mark.parametrize("env_id", CATALOGUE)
def test_every_legal_action_has_a_name_of_its_own_which_the_mouse_finds(env_id):
    for picture in pictures(env_id):
        layout, view = layout_of(picture), picture.view(0)
        sheet = Sheet(layout.width, layout.height)
        paint(picture, LIGHT, sheet)
        titles = [(painted.box, painted.words) for painted in sheet.painted if painted.what == "name"]
        for agent in range(view.agents):
            masks = [(key, leaf) for key, leaf in view.entries(agent) if leaf.size < MANY]
            paths = [(*key, *place) for key, leaf in masks for place in np.argwhere(leaf != 0).tolist()]
            names = [layout.scene.label(path, agent) for path in paths]
            assert all(names) and len(set(names)) == len(names)
            for mark in layout.scene.marks if len(layout.scene.marks) <= MOST_NAMED else ():
                box = layout.to_pixels((mark.x, mark.y, mark.w, mark.h))
                word = "legal" if view.legal(mark.agent, mark.path) else "forbidden"
                name = layout.scene.label(mark.path, mark.agent) or ",".join(map(str, mark.path))
                assert (box, f"{name}: {word}") in titles


SIMULTANEOUS = [env_id for env_id in CATALOGUE if declaration(env_id).play == "simultaneous"]


@pytest.mark.parametrize("env_id", SIMULTANEOUS)
def test_where_agents_choose_one_by_one_the_one_that_chooses_alone_is_drawn_and_counted(env_id):
    env, rng = masked_envs.make_aec(env_id, render_mode="ansi"), np.random.default_rng(0)
    env.reset(seed=1)
    for _ in range(2 * len(env.possible_agents) + 1):
        agent = env.possible_agents.index(env.agent_selection)
        view, status, mask = env.picture.view(0), env.picture.status(0), env.action_mask
        assert view.totals() == (int(mask.sum()), int(mask.size - mask.sum()))
        assert status.turn == env.agent_selection and status.agent == agent
        assert [list(leaf) for _, leaf in view.entries(agent)] == [list(mask)]
        assert not any(list(view.entries(other)) for other in range(view.agents) if other != agent)
        seat = env.picture.scene(0).seats.get(agent)
        layout = layout_of(env.picture)
        sheet = Sheet(layout.width, layout.height)
        paint(env.picture, LIGHT, sheet)
        rings = [painted.box for painted in sheet.painted if painted[::2] == ("disc", LIGHT["chosen"])]
        assert len(rings) == (seat is not None)
        env.step(env.sample_legal(env.agent_selection, rng))
    together = masked_envs.make_parallel(env_id, render_mode="ansi")
    together.reset(seed=1)
    assert sum(together.picture.view(0).totals()) == sum(mask.size for mask in together.action_mask.values())
    person = masked_envs.make(env_id, opponent="random", agent=1, render_mode="ansi").unwrapped
    person.reset(seed=1)
    assert person.picture.view(0).totals()[0] == int(person.action_mask.sum())


@pytest.mark.parametrize("env_id", CATALOGUE)
def test_every_picture_uses_the_width_of_its_frame(env_id):
    layout = layout_of(next(pictures(env_id)))
    assert layout.picture[2] >= 0.75 * (layout.width - 28)
