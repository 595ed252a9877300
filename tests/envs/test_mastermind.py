"""MaskedMastermind: the codes that agree with the answers, by a scoring that counts colours with Counter."""

from __future__ import annotations

from collections import Counter
from itertools import product

import numpy as np
import pytest
from positions import changed

from masked_envs import make
from masked_envs.render.contrast import contrast
from masked_envs.render.shapes import Disc
from masked_envs.render.theme import DARK, LIGHT

ENV_ID = "MaskedMastermind-v0"
CODES = tuple(product(range(6), repeat=4))
Code = tuple[int, ...]


def score(guess: Code, secret: Code) -> tuple[int, int]:
    """Black and white of a guess: colours in common are the intersection of two multisets."""
    black = sum(a == b for a, b in zip(guess, secret, strict=True))
    return black, (Counter(guess) & Counter(secret)).total() - black


def test_as_many_codes_remain_after_1122_as_published() -> None:
    """Knuth's table of the guess 1122: its 13 answers, each with a few of the secrets that give it."""
    guess = (0, 0, 1, 1)
    answers = Counter(score(guess, secret) for secret in CODES)
    assert sorted(answers.values(), reverse=True) == [256, 256, 256, 208, 114, 96, 36, 32, 20, 16, 4, 1, 1]
    env = make(ENV_ID)
    env.reset(seed=0)
    start, seen = env.get_state(), Counter()
    few = {secret for each in answers for secret in [c for c in CODES if score(guess, c) == each][::50]}
    for secret in sorted(few):
        env.set_state(changed(start, secret=secret))
        assert env.action_mask.sum() == 6**4
        observed, reward, terminated, _, _ = env.step(np.array(guess))
        given = tuple(observed["observation"][0, 4:].tolist())
        assert observed["observation"][0, :4].tolist() == list(guess) and (observed["observation"][1:] == -1).all()
        assert given == score(guess, secret) and reward == -1 and terminated == (secret == guess)
        seen[given] += 1
        assert terminated or env.action_mask.sum() == answers[given]
    assert set(seen) == set(answers)


def play(env, seed: int, rng: np.random.Generator) -> tuple[list[Code], list[tuple[int, int]]]:
    """A game of random legal guesses whose every mask is the set of codes that agree; the guesses and the answers."""
    env.reset(seed=seed)
    guesses: list[Code] = []
    answers: list[tuple[int, int]] = []
    terminated = False
    while not terminated:
        legal = set(env.mask_spec.list_legal(env.action_mask))
        assert legal == {c for c in CODES if [score(guess, c) for guess in guesses] == answers}
        guesses.append(sorted(legal)[rng.integers(len(legal))])
        observed, _, terminated, _, _ = env.step(np.array(guesses[-1]))
        black, white = observed["observation"][len(guesses) - 1, 4:].tolist()
        answers.append((black, white))
    return guesses, answers


def test_the_mask_is_what_agrees_with_every_answer() -> None:
    env, rng, lengths = make(ENV_ID), np.random.default_rng(0), []
    for seed in range(15):
        guesses, answers = play(env, seed, rng)
        assert answers[-1] == (4, 0) and all(black < 4 for black, _ in answers[:-1])
        assert answers == [score(guess, guesses[-1]) for guess in guesses]
        lengths.append(len(guesses))
    assert max(lengths) > 4


def test_the_mask_is_no_product_of_sets() -> None:
    env = make(ENV_ID)
    env.reset(seed=0)
    env.set_state(changed(env.get_state(), secret=(0, 2, 3, 4)))
    env.step(np.array((0, 0, 1, 1)))
    mask = env.action_mask
    heads = [mask.any(axis=tuple(other for other in range(4) if other != peg)) for peg in range(4)]
    assert np.prod([int(head.sum()) for head in heads]) > mask.sum() > 0


def test_the_game_is_lost_after_the_last_guess() -> None:
    env = make(ENV_ID, num_guesses=2)
    env.reset(seed=0)
    env.set_state(changed(env.get_state(), secret=(5, 5, 5, 5)))
    assert not env.step(np.array((0, 0, 1, 1)))[2]
    observed, reward, terminated, truncated, _ = env.step(np.array((2, 3, 4, 2)))
    assert (reward, terminated, truncated) == (-1.0, True, False)
    assert observed["observation"].tolist() == [[0, 0, 1, 1, 0, 0], [2, 3, 4, 2, 0, 0]]


def test_more_codes_than_a_mask_holds_are_refused() -> None:
    with pytest.raises(ValueError, match="num_pegs=9 and num_colors=6 have 10077696 codes"):
        make(ENV_ID, num_pegs=9)


def test_pegs_stand_out_and_answers_stand_two_by_two() -> None:
    env = make(ENV_ID)
    env.reset(seed=0)
    env.set_state(changed(env.get_state(), secret=(0, 1, 2, 3)))
    env.step(np.array((1, 0, 3, 2)))
    scene = env.picture.scene(0)
    first = [disc for disc in scene.shapes if isinstance(disc, Disc) and disc.y < 1]
    for theme in (LIGHT, DARK):
        rings = [disc for disc in first if disc.ink == "outline"]
        assert len(rings) >= 8 and all(contrast(theme[ring.ink], theme["cell"]) >= 3 for ring in rings)
    answers = {(round(disc.x, 3), round(disc.y, 3)) for disc in first if disc.ink == "piece_light" and disc.x < 5}
    assert len(answers) == 4 and len({x for x, _ in answers}) == len({y for _, y in answers}) == 2
