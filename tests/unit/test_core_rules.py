"""What rules are made of: verbs with their two bodies, random numbers, parameters, state records, and binding."""

from __future__ import annotations

import copy
import importlib
import itertools
import linecache
import math
import pickle
import subprocess
import sys
import traceback
import types
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masked_envs.api.gymnasium_env import MaskedEnv
from masked_envs.catalogue import CATALOGUE
from masked_envs.core import Declaration, Parameter, mask_rules, random, rules, state_record
from masked_envs.core.backends import named, numba_is_available
from masked_envs.core.binding import digest, generated_rule
from masked_envs.core.parameters import as_record, resolve
from masked_envs.core.random import (
    random_below,
    random_subset,
    random_uniform,
    random_word,
    seed_stream,
    seed_words,
    shuffle,
)
from masked_envs.core.rules import round_down, round_up, rule
from masked_envs.registration import declaration

BACKENDS = [
    pytest.param("python"),
    pytest.param("numba", marks=pytest.mark.skipif(not numba_is_available(), reason="no numba")),
]


def bind(owner, entries, given, backend):
    return named(backend).bind(owner, entries, given)


# --- verbs ------------------------------------------------------------------------------------------------------------

VERBS = {
    name: function
    for module in (rules, mask_rules)
    for name, function in vars(module).items()
    if hasattr(function, "python_body") and function.__module__ == module.__name__
}


@st.composite
def boards(draw):
    """int8 arrays of one or two dimensions, whole or every second element of a larger one, with few values."""
    shape = draw(st.sampled_from([(1,), (5,), (40,), (3, 4), (6, 7)]))
    strided = draw(st.booleans())
    size = math.prod(shape) * (2 if strided else 1)
    cells = np.array(draw(st.lists(st.integers(-2, 2), min_size=size, max_size=size)), np.int8)
    return cells.reshape(*shape[:-1], -1)[..., ::2] if strided else cells.reshape(shape)


ARGUMENTS = {
    "equal_to": lambda board, value, u: (board, value, np.ones(board.shape, bool)),
    "copy_to": lambda board, value, u: (board, np.ones(board.shape, bool)),
    "fill": lambda board, value, u: (board, value),
    "count_nonzero": lambda board, value, u: (board,),
    "nth_nonzero": lambda board, value, u: (board, abs(value) * 3),
    "pick_flat": lambda board, value, u: (board, u),
}


def test_every_verb_is_held_together():
    assert set(VERBS) == set(ARGUMENTS)


@pytest.mark.skipif(not numba_is_available(), reason="no numba")
@pytest.mark.parametrize("name", ARGUMENTS)
@settings(max_examples=60)
@given(board=boards(), value=st.integers(-2, 2), u=st.floats(0, 1, exclude_max=True))
def test_the_two_bodies_of_a_verb_are_equal(name, board, value, u):
    verb = VERBS[name]
    given_arrays = ARGUMENTS[name](board, value, u)
    results = []
    for backend in ("python", "numba"):
        arguments = [a.copy(order="K") if isinstance(a, np.ndarray) else a for a in given_arrays]
        returned = getattr(bind("test", [verb], {}, backend), name)(*arguments)
        results.append([returned, *(a.tolist() for a in arguments if isinstance(a, np.ndarray))])
    loop = [a.copy() if isinstance(a, np.ndarray) else a for a in given_arrays]
    results.append([verb(*loop), *(a.tolist() for a in loop if isinstance(a, np.ndarray))])
    assert results[0] == results[1] == results[2]


# What each verb does, in NumPy: the value returned, and what the last array holds afterwards.
ORACLES = {
    "equal_to": lambda array, value, out: (None, np.equal(array, value)),
    "copy_to": lambda array, out: (None, array.astype(out.dtype)),
    "fill": lambda out, value: (None, np.full_like(out, value)),
    "count_nonzero": lambda array: (int((array != 0).sum()), array),
    "nth_nonzero": lambda array, n: (dict(enumerate(np.argwhere(array.ravel() != 0)[:, 0].tolist())).get(n, -1), array),
    "pick_flat": lambda array, u: (nonzero[int(u * len(nonzero))] if (nonzero := nonzeros(array)) else -1, array),
}
LAYOUTS = [  # one machine code for each dtype and number of dimensions; every size, the empty ones too, shares it
    (np.int8, [(3, 4), (1, 1), (7, 1), (1, 50), (0, 3), (4, 0)]),
    (np.int64, [(1,), (33,), (100,), (0,)]),
    (np.float64, [(2, 3, 4), (1, 1, 5), (2, 0, 4)]),
    (np.bool_, [(5,), (32,), (40,), (0,)]),
]


def nonzeros(array):
    return [i for i, cell in enumerate(array.ravel().tolist()) if cell != 0]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("dtype", "shapes"), LAYOUTS, ids=lambda part: getattr(part, "__name__", ""))
@pytest.mark.parametrize("name", ARGUMENTS)
def test_a_verb_does_what_numpy_does(name, dtype, shapes, backend):
    rng, bound = np.random.default_rng(11), getattr(bind("test", [VERBS[name]], {}, backend), name)
    cells = np.array([0, 0, 1, 2, -1] + [-0.0, 0.5, np.nan, np.inf] * (dtype is np.float64)).astype(dtype)
    for shape, density, _ in itertools.product(shapes, (0.0, 0.3, 1.0), range(4)):
        array = np.where(rng.random(shape) < density, rng.choice(cells, shape), cells[0])
        arguments = ARGUMENTS[name](array, int(rng.integers(-1, 3)), rng.random())
        value, written = ORACLES[name](*(a.copy() if isinstance(a, np.ndarray) else a for a in arguments))
        assert bound(*arguments) == value
        last = [a for a in arguments if isinstance(a, np.ndarray)][-1]
        np.testing.assert_array_equal(last, written, strict=True)
        assert last is array or name == "fill" or array.dtype == dtype


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_verb_converts_and_compares_beyond_a_narrow_dtype(backend):
    bound = bind("test", [rules.equal_to, rules.copy_to], {}, backend)
    board, wide, equal = np.array([[-128, 127], [44, 0]], np.int8), np.full((2, 2), 9.0), np.ones((2, 2), bool)
    bound.copy_to(board, wide)
    assert wide.tolist() == [[-128.0, 127.0], [44.0, 0.0]]
    bound.equal_to(board, 300, equal)  # 300 is 44 in the eight bits of the board
    assert not equal.any()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("n", [-1, -3, -4, 2, 2**40])
def test_there_is_no_nonzero_element_of_an_impossible_number(n, backend):
    assert bind("test", [rules.nth_nonzero], {}, backend).nth_nonzero(np.array([0, 1, 0, 1], np.int8), n) == -1


@given(st.lists(st.integers(0, 1), min_size=1, max_size=60), st.integers(0, 59))
def test_counting_and_finding_ones(cells, n):
    array = np.array(cells, np.int8)
    python = bind("test", [rules.count_nonzero, rules.nth_nonzero], {}, "python")
    assert python.count_nonzero(array) == sum(cells)
    ones = [i for i, cell in enumerate(cells) if cell]
    assert python.nth_nonzero(array, n) == (ones[n] if n < len(ones) else -1)


@given(st.lists(st.integers(0, 1), min_size=1, max_size=100), st.floats(0, 1, exclude_max=True))
def test_a_picked_index_is_the_one_that_u_points_at(cells, u):
    """On both sides of the length at which the loop changes its way."""
    ones = [i for i, cell in enumerate(cells) if cell]
    picked = VERBS["pick_flat"](np.array(cells, np.int8), u)
    assert picked == (ones[int(u * len(ones))] if ones else -1)


# --- random numbers ---------------------------------------------------------------------------------------------------


def independent_sfc32(words, number):
    """sfc32 of PractRand (sfc.cpp), in arithmetic modulo 2**32 by the width of the type."""
    a, b, c, counter = np.asarray(words, np.uint32)
    out = []
    with np.errstate(over="ignore"):
        for _ in range(number):
            word = a + b + counter
            counter = counter + np.uint32(1)
            a = b ^ (b >> np.uint32(9))
            b = c + (c << np.uint32(3))
            c = ((c << np.uint32(21)) | (c >> np.uint32(11))) + word
            out.append(int(word))
    return out, [int(x) for x in (a, b, c, counter)]


@rule
def many_words(rng, out):
    for i in range(out.size):
        out[i] = random_word(rng)


@rule
def many_of_each(rng, below, uniform, subset, order, stream):
    seed_stream(stream, 12345)
    for i in range(below.size):
        below[i] = random_below(rng, i + 1)
        uniform[i] = random_uniform(rng, -3.0, 5.0)
    random_subset(rng, 4, subset)
    shuffle(rng, order)


@pytest.mark.parametrize("backend", BACKENDS)
@settings(max_examples=30)
@given(words=st.lists(st.integers(0, 2**32 - 1), min_size=4, max_size=4))
def test_sfc32_equals_an_independent_one(backend, words):
    rng, out = np.array(words, np.int64), np.zeros(50, np.int64)
    bind("test", [many_words], {}, backend).many_words(rng, out)
    expected, state = independent_sfc32(words, 50)
    assert out.tolist() == expected and rng.tolist() == state


@pytest.mark.skipif(not numba_is_available(), reason="no numba")
def test_random_functions_are_equal_on_both_backends():
    results = []
    for backend in ("python", "numba"):
        buffers = [seed_words([99])[0], np.zeros(40, np.int64), np.zeros(40), np.zeros(9, np.int8), np.arange(8)]
        stream = np.zeros(4, np.int64)
        bind("test", [many_of_each], {}, backend).many_of_each(*buffers, stream)
        results.append([array.tobytes() for array in (*buffers, stream)])
    assert results[0] == results[1]


def test_seeds_go_through_splitmix64():
    """The first outputs for seed 1234567 as published with the reference implementation (Vigna, splitmix64.c)."""
    low, high = 2**32 - 1, 32
    first, second = 6457827717110365317, 3203168211198807973
    assert seed_words([1234567])[0].tolist() == [first & low, first >> high, second & low, second >> high]
    first, second = 0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4
    assert seed_words([0])[0].tolist() == [first & low, first >> high, second & low, second >> high]


def independent_splitmix64(seed):
    """splitmix64.c, word for word, in arithmetic modulo 2**64 by the width of the type; two outputs."""
    x, outputs = np.array([seed], np.uint64), []
    for _ in range(2):
        x = x + np.uint64(0x9E3779B97F4A7C15)
        z = x
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        outputs.append(z ^ (z >> np.uint64(31)))
    return np.concatenate(outputs).astype("<u8").view("<u4").tolist()  # the low half of each output first


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=4))
def test_every_seed_of_64_bits_goes_through_splitmix64(seeds):
    """One seed takes a way of its own through the code, and must not be another stream than among several."""
    words = seed_words(np.array(seeds, np.uint64))
    assert words.dtype == np.int64 and words.shape == (len(seeds), 4)
    assert words.tolist() == [independent_splitmix64(seed) for seed in seeds]
    assert [seed_words([seed])[0].tolist() for seed in seeds] == words.tolist()


def next_word_is(word):
    """A stream whose next word is known, since the generator adds its first, second and last word."""
    return np.array([word, 0, 5, 0], np.int64)


@pytest.mark.parametrize("backend", BACKENDS)
@given(word=st.integers(0, 2**32 - 1), n=st.integers(1, 2**31))
@settings(max_examples=60)
def test_a_number_below_n_is_the_word_scaled(backend, word, n):
    bound = bind("test", [random_below, random_uniform], {}, backend)
    for w in (word, 0, 2**32 - 1):
        assert bound.random_below(next_word_is(w), n) == w * n // 2**32 < n
        assert bound.random_uniform(next_word_is(w), 0.0, float(n)) == w * n / 2**32 < n


@pytest.mark.parametrize("backend", BACKENDS)
@given(seed=st.integers(0, 2**31 - 1))
@settings(max_examples=30)
def test_a_stream_seeded_in_a_rule_starts_after_twelve_words(backend, seed):
    rng, before = np.zeros(4, np.int64), np.full(4, 77)  # what the stream held does not matter
    for stream in (rng, before):
        bind("test", [seed_stream], {}, backend).seed_stream(stream, seed)
    assert rng.tolist() == before.tolist() == independent_sfc32([seed, seed ^ 0x9E3779B9, 0x243F6A88, 1], 12)[1]


def test_neighbouring_seeds_of_a_rule_give_unrelated_streams():
    streams = np.zeros((2000, 4), np.int64)
    for seed, stream in enumerate(streams):
        seed_stream(stream, seed)
    words = np.array([random_word(stream) for stream in streams])
    assert len({tuple(stream) for stream in streams.tolist()}) == len(set(words.tolist())) == 2000
    bits = (words[:, None] >> np.arange(32)) & 1
    assert (np.abs(bits.mean(axis=0) - 0.5) < 0.05).all()
    assert (np.abs((bits[1:] ^ bits[:-1]).mean(axis=0) - 0.5) < 0.05).all()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("size", [0, 1])
def test_nothing_to_shuffle_draws_nothing(size, backend):
    rng, cards = seed_words([5])[0], np.full(size, 3)
    before = rng.copy()
    bind("test", [shuffle], {}, backend).shuffle(rng, cards)
    assert cards.tolist() == [3] * size and rng.tolist() == before.tolist()


def test_seeds_of_neighbouring_rows_are_unrelated():
    words = seed_words(np.arange(2000))
    assert len({tuple(row) for row in words.tolist()}) == 2000
    assert ((words >= 0) & (words < 2**32)).all()
    bits = (words[:, 0, None] >> np.arange(32)) & 1
    assert (np.abs(bits.mean(axis=0) - 0.5) < 0.05).all()


def unlikely(counts, cells):
    """Whether Pearson's statistic of equally likely cells lies six standard deviations above its mean."""
    expected = sum(counts.values()) / cells
    statistic = sum((counts.get(cell, 0) - expected) ** 2 for cell in counts) / expected
    statistic += (cells - len(counts)) * expected
    return statistic > cells - 1 + 6 * math.sqrt(2 * (cells - 1))


def test_numbers_below_n_are_uniform():
    rng = seed_words([1])[0]
    for n in (2, 3, 7, 100):
        draws = Counter(random_below(rng, n) for _ in range(400 * n // 2 + 2000))
        assert set(draws) <= set(range(n)) and not unlikely(draws, n)


def test_uniform_numbers_fill_their_range():
    rng = seed_words([2])[0]
    draws = np.array([random_uniform(rng, -3.0, 5.0) for _ in range(20_000)])
    assert draws.min() >= -3.0 and draws.max() < 5.0
    assert not unlikely(Counter(((draws + 3.0) // 0.5).astype(int).tolist()), 16)
    assert abs(draws.mean() - 1.0) < 0.1


@pytest.mark.parametrize("size", [0, 1, 2, 5])
def test_every_subset_is_equally_likely(size):
    rng, out, draws = seed_words([3])[0], np.full(5, 7, np.int8), Counter()
    for _ in range(4000):
        random_subset(rng, size, out)
        assert out.sum() == size and set(out.tolist()) <= {0, 1}
        draws[tuple(out.tolist())] += 1
    assert not unlikely(draws, math.comb(5, size)) if math.comb(5, size) > 1 else len(draws) == 1


def test_every_order_is_equally_likely():
    rng, draws = seed_words([4])[0], Counter()
    for _ in range(9600):
        cards = np.arange(4)
        shuffle(rng, cards)
        draws[tuple(cards.tolist())] += 1
    assert not unlikely(draws, math.factorial(4))


def test_a_biased_shuffle_would_be_seen():
    """Negative control: swapping each card with any card is the classical mistake."""
    rng, draws = seed_words([4])[0], Counter()
    for _ in range(9600):
        cards = np.arange(4)
        for i in range(4):
            j = random_below(rng, 4)
            cards[i], cards[j] = cards[j], cards[i]
        draws[tuple(cards.tolist())] += 1
    assert unlikely(draws, math.factorial(4))


# --- state records ----------------------------------------------------------------------------------------------------


def test_records_are_packed_and_carry_the_common_fields():
    dtype = state_record(x=np.float64, board=(np.int8, (2, 3)))
    assert dtype.names == ("rng", "elapsed_steps", "to_move", "x", "board")
    assert dtype.itemsize == 4 * 8 + 8 + 8 + 8 + 6


@pytest.mark.parametrize(
    ("fields", "error", "message"),
    [
        ({"rng": np.int64}, ValueError, "'rng' is in every state record already"),
        ({"elapsed_steps": np.int64}, ValueError, "'elapsed_steps' is in every state record already"),
        ({"to_move": (np.int8, (2,))}, ValueError, "'to_move' is in every state record already"),
        ({"x": np.bool_}, TypeError, "scalar field 'x' must be int64 or float64, not bool"),
        ({"x": bool}, TypeError, "scalar field 'x' must be int64 or float64, not bool"),
        ({"x": np.uint64}, TypeError, "scalar field 'x' must be int64 or float64, not uint64"),
        ({"x": (np.int32, ())}, TypeError, "scalar field 'x' must be int64 or float64, not int32"),
        ({"x": ">i8"}, TypeError, "scalar field 'x' must be int64 or float64, not >i8"),
        ({"x": np.int8}, TypeError, "scalar field 'x' must be int64 or float64, not int8"),
        ({"x": np.float32}, TypeError, "scalar field 'x' must be int64 or float64, not float32"),
        ({"m": (np.bool_, (3,))}, TypeError, "numba has no bool arrays in records; use int8"),
    ],
)
def test_records_that_the_backends_would_read_differently_are_refused(fields, error, message):
    with pytest.raises(error, match=message):
        state_record(**fields)


# --- parameters -------------------------------------------------------------------------------------------------------

DECLARED = {
    "size": Parameter(6, "cells", low=2, high=10),
    "slope": Parameter(0.5, "m per m", low=0.0),
    "windy": Parameter(False, "whether the wind blows"),
    "layout": Parameter("open", "walls", choices=("open", "maze")),
    "free": Parameter(0, "any integer"),
}


@pytest.mark.parametrize(
    ("given_values", "error", "message"),
    [
        (
            {"sice": 3},
            TypeError,
            r"Toy got an unexpected keyword argument 'sice'; did you mean 'size'\? Its parameters: size, slope",
        ),
        ({"qqq": 3}, TypeError, r"Toy got an unexpected keyword argument 'qqq'. Its parameters: size, slope"),
        ({"size": 1}, ValueError, "Toy: size must be at least 2 and at most 10, not 1"),
        ({"size": 11}, ValueError, "Toy: size must be at least 2 and at most 10, not 11"),
        ({"size": 3.0}, TypeError, "Toy: size must be an integer, not 3.0"),
        ({"size": True}, TypeError, "Toy: size must be an integer, not True"),
        ({"size": "3"}, TypeError, "Toy: size must be an integer, not '3'"),
        ({"size": None}, TypeError, "Toy: size must be an integer, not None"),
        ({"slope": math.nan}, ValueError, "Toy: slope must be finite, not nan"),
        ({"slope": math.inf}, ValueError, "Toy: slope must be finite, not inf"),
        ({"slope": -1}, ValueError, "Toy: slope must be at least 0, not -1"),
        ({"slope": "up"}, TypeError, "Toy: slope must be a number, not 'up'"),
        ({"windy": 1}, TypeError, "Toy: windy must be True or False, not 1"),
        ({"layout": "hall"}, ValueError, "Toy: layout must be one of 'open', 'maze', not 'hall'"),
        ({"layout": 0}, ValueError, "Toy: layout must be one of 'open', 'maze', not 0"),
        ({"layout": ["open"]}, ValueError, r"Toy: layout must be one of 'open', 'maze', not \['open'\]"),
        ({"free": 2**63}, ValueError, f"Toy: free must be .*, not {2**63}"),
        ({"free": 10**400}, ValueError, "Toy: free must be .*, not 1000"),
        ({"slope": 10**400}, ValueError, "Toy: slope must be .*, not 1000"),
    ],
)
def test_impossible_parameters_are_explained(given_values, error, message):
    with pytest.raises(error, match=message):
        resolve("Toy", DECLARED, given_values)


def test_parameters_keep_their_types():
    values = resolve("Toy", DECLARED, {"size": np.int32(4), "slope": 2, "windy": np.True_, "layout": "maze"})
    assert values == {"size": 4, "slope": 2.0, "windy": True, "layout": "maze", "free": 0}
    assert [type(value) for value in values.values()] == [int, float, bool, str, int]
    record = as_record(DECLARED, values)
    assert record.dtype.names == tuple(DECLARED)
    assert record.tolist() == (4, 2.0, 1, 1, 0)
    assert record.dtype["slope"] == np.float64 and record.dtype["layout"] == np.int64


def test_declarations_check_values_together():
    def validate(values):
        if values["size"] > 8 and values["windy"]:
            raise ValueError("too much wind")

    declared = Declaration("Toy-v0", __name__, None, None, None, parameters=DECLARED, validate=validate, time_limit=9)
    assert declared.resolve({})["time_limit"] == 9
    with pytest.raises(ValueError, match="too much wind"):
        declared.resolve({"size": 9, "windy": True})
    with pytest.raises(ValueError, match="time_limit must be at least 0, not -1"):
        declared.resolve({"time_limit": -1})


@pytest.mark.parametrize("env_id", CATALOGUE)
def test_a_declaration_pickles_by_reference(env_id):
    declared = declaration(env_id)
    data = pickle.dumps(declared)
    assert pickle.loads(data) is declared and copy.deepcopy(declared) is declared
    assert declared.module.encode() in data and len(data) < 200  # a name, no functions and no tables


def test_a_declaration_is_found_again_in_another_process():
    every = [declaration(env_id) for env_id in CATALOGUE]
    script = "import pickle, sys; print(*(d.id for d in pickle.loads(sys.stdin.buffer.read())))"
    found = subprocess.run([sys.executable, "-c", script], input=pickle.dumps(every), capture_output=True, check=True)
    assert found.stdout.decode().split() == list(CATALOGUE)


# --- binding ----------------------------------------------------------------------------------------------------------


@rule
def placeholder(x):
    raise NotImplementedError


@rule
def loop(x):
    return placeholder(x) + 1


@rule
def twice(x):
    return 2 * x


@rule
def thrice(x):
    return 3 * x


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_loop_is_bound_to_rules_without_touching_others(backend):
    doubled, tripled = (bind("test", [loop], {placeholder: f}, backend) for f in (twice, thrice))
    assert (doubled.loop(5), tripled.loop(5), doubled.loop(5)) == (11, 16, 11)
    assert doubled.placeholder(4) == 8
    with pytest.raises(NotImplementedError):
        loop(5)


FRAGILE = """
import numpy as np
from gymnasium.spaces import Box
from masked_envs.core import Declaration, rule, state_record
from masked_envs.mask_spec import MaskSpec

@rule
def reset(s, p):
    s["fuel"] = 2

@rule
def action_mask(s, p, agent, out):
    out[0] = True
    out[1] = True

@rule
def step(s, p, action, rewards):
    if action == 1:
        burn(s)
    return False

@rule
def burn(s):
    s["fuel"] = 8 // (s["fuel"] - 2)  # the mistake

@rule
def observe(s, p, agent, out):
    out[0] = s["fuel"]

ENV = Declaration(
    id="ToyFragile-v0", module=__name__, state=lambda values: state_record(fuel=np.int64),
    mask=lambda values: MaskSpec.flat(2), observation=lambda values: Box(-10, 10, (1,), np.int64),
)
"""


@pytest.fixture
def fragile(tmp_path, monkeypatch):
    """A module like an environment file, with a rule that fails."""
    (tmp_path / "toy_fragile.py").write_text(FRAGILE)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("toy_fragile")
    del sys.modules["toy_fragile"]


def test_a_mistake_in_a_rule_is_shown_where_it_stands(fragile):
    """In plain Python: the file, the line and the text of every rule on the way, for people and for debuggers."""
    env = MaskedEnv(fragile.ENV, backend="python")
    env.reset(seed=0)
    env.step(0)
    with pytest.raises(ZeroDivisionError) as failure:
        env.step(1)
    frames = [frame for frame in traceback.extract_tb(failure.tb) if frame.filename == fragile.__file__]
    assert [frame.name for frame in frames] == ["step", "burn"]
    last = traceback.extract_tb(failure.tb)[-1]
    assert last == frames[-1] and last.line == 's["fuel"] = 8 // (s["fuel"] - 2)  # the mistake'
    assert linecache.getline(fragile.__file__, frames[0].lineno).strip() == "burn(s)"


@pytest.mark.parametrize("backend", BACKENDS)
def test_binding_leaves_the_rules_of_a_module_as_they_are(backend):
    before = {name: value for name, value in globals().items() if callable(value)}
    bound = bind("test", [loop], {placeholder: twice}, backend)
    assert bound.loop is not loop and bound.loop(1) == 3
    assert all(globals()[name] is value for name, value in before.items())


def key_of(functions, given=()):
    return digest(functions, dict(given), "masked_envs.core.backends.numba")


def test_the_cache_key_sees_constants_from_files_without_rules(monkeypatch):
    module = types.ModuleType("tables")
    module.LIMIT, module.TABLE = 3, np.arange(4)
    source = "def limited(x):\n    return min(x, LIMIT) + TABLE[0]\n"
    keys = []
    for limit, table in ((3, np.arange(4)), (4, np.arange(4)), (3, np.arange(4) + 1), (3, np.arange(4))):
        function = generated_rule("limited", source, twice)
        function.__globals__.update(LIMIT=limit, TABLE=table)
        keys.append(key_of([function]))
    assert keys[0] == keys[3] and len(set(keys)) == 3


def test_the_cache_key_sees_what_stands_for_what():
    reached = [loop, placeholder, twice, thrice]
    assert key_of(reached, {placeholder: twice}) != key_of(reached, {placeholder: thrice})


def test_the_cache_key_sees_generated_sources():
    sources = [f"def grown(x):\n    return x + {n}\n" for n in (1, 2)]
    assert key_of([generated_rule("grown", sources[0], twice)]) != key_of([generated_rule("grown", sources[1], twice)])


def test_every_rule_of_every_environment_is_marked():
    """A function that a rule calls and that is no rule would be compiled without its own bound scope, or not at all."""
    for entry in CATALOGUE.values():
        module = importlib.import_module(f"masked_envs.envs.{entry.module}")
        named = [getattr(module, name) for name in ("reset", "action_mask", "step", "observe")]
        for function in itertools.chain(named, (f for f in vars(module).values() if getattr(f, "is_rule", False))):
            assert getattr(function, "is_rule", False), function
            for name in function.__code__.co_names:
                called = function.__globals__.get(name)
                if isinstance(called, types.FunctionType):
                    assert getattr(called, "is_rule", False), f"{entry.module}.{function.__name__} calls {name}"


def test_random_module_is_not_pythons():
    assert random.__name__ == "masked_envs.core.random"


@given(st.one_of(st.floats(-1e38, 1e38), st.floats(-1e-37, 1e-37), st.integers(-(2**30), 2**30).map(lambda n: n * 0.1)))
def test_numbers_are_rounded_to_float32_in_one_direction(number):
    """Against the neighbours that NumPy names."""
    low, high = round_down(number), round_up(number)
    assert np.float32(low) == low and np.float32(high) == high and low <= number <= high
    assert float(np.nextafter(np.float32(low), np.float32(np.inf))) > number
    assert float(np.nextafter(np.float32(high), np.float32(-np.inf))) < number
