"""Every operation of every kind of mask against plain enumeration (tests/mask_oracle.py)."""

import itertools
import math

import numpy as np
import pytest
from gymnasium.vector.utils import batch_space
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from mask_oracle import (
    LEAVES,
    SPECS,
    actions_of,
    as_action,
    batch_of,
    every_mask,
    hashable,
    legal_actions,
    random_mask,
    row_of,
    same,
)
from scipy.stats import chisquare

from masked_envs.core import mask_rules
from masked_envs.core.backends import BACKENDS, numba_is_available
from masked_envs.mask_spec import KINDS, MaskSpec
from masked_envs.mask_spec.dense import COMPILE_FROM, bound_loops

pytestmark = pytest.mark.core

INTERVAL = MaskSpec.interval([-1.0, 0.0], [1.0, 4.0])
DEPENDENT = MaskSpec.conditional([2, 2, 3, 2])
LONG = [MaskSpec.flat(3 * mask_rules.SHORT), MaskSpec.joint([7, mask_rules.SHORT]), MaskSpec.per_head([2, 99])]

each_spec = pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS.keys())
each_leaf = pytest.mark.parametrize("spec", [*LEAVES.values(), INTERVAL], ids=[*LEAVES.keys(), "interval"])
needs_numba = pytest.mark.skipif(not numba_is_available(), reason="numba has no build for this Python")


def some_head_mask(k, prefix):
    """Some rule for heads 2 and 3 that depends on every earlier choice, and can leave a prefix without any."""
    n = DEPENDENT.nvec[k]
    return np.array([(sum(prefix) + choice * prefix[0] + k) % 3 != 0 for choice in range(n)], np.int8)


def dependent_legal(table, head_mask=some_head_mask):
    def is_legal(action):
        completed = all(head_mask(k, action[:k])[action[k]] for k in range(2, len(action)))
        return bool(table[action[0], action[1]]) and completed

    return [action for action in itertools.product(*map(range, DEPENDENT.nvec)) if is_legal(action)]


def uniform(counts):
    return len(counts) == 1 or chisquare(counts).pvalue > 1e-4


# --- what is allowed -----------------------------------------------------------------------------------------------


def test_the_specs_under_test_cover_every_kind():
    assert {spec.kind for spec in SPECS.values()} | {INTERVAL.kind} == set(KINDS)


@each_spec
def test_full_is_a_mask_that_allows_every_action(spec):
    full = spec.full()
    assert spec.contains(full) and spec.space.contains(full)
    assert all(spec.allows(full, as_action(spec, action)) for action in actions_of(spec))
    assert all(spec.action_space.contains(as_action(spec, action)) for action in actions_of(spec))
    assert same(spec.full(3), batch_of([full] * 3)) and spec.contains(spec.full(0))


@each_leaf
def test_full_is_a_new_array_every_time(spec):
    spec.full()[...] = 0
    assert same(spec.full(), spec.full(1)[0])


@each_spec
def test_allows_list_legal_and_count_agree_with_enumeration(spec):
    masks = list(itertools.islice(every_mask(spec), 2**9))
    assert len(masks) > 1
    for mask in masks:
        legal = legal_actions(spec, mask)
        allowed = [action for action in actions_of(spec) if spec.allows(mask, as_action(spec, action)) is True]
        assert allowed == legal
        assert [hashable(action) for action in spec.list_legal(mask)] == legal
        assert [hashable(action) for action in spec.list_legal(mask, limit=2)] == legal[:2]
        assert spec.count(mask) == len(legal) and type(spec.count(mask)) is int


@pytest.mark.parametrize("spec", LEAVES.values(), ids=LEAVES.keys())
def test_bool_masks_mean_the_same_but_are_not_canonical(spec):
    mask = random_mask(spec, np.random.default_rng(0))
    as_bool = mask.astype(np.bool_)
    assert spec.list_legal(as_bool) == spec.list_legal(mask) and spec.count(as_bool) == spec.count(mask)
    assert spec.contains(mask) and not spec.contains(as_bool)


@given(st.data())
def test_contains_is_membership_in_the_space_and_its_batch(data):
    spec = data.draw(st.sampled_from([*LEAVES.values(), INTERVAL]))
    dtype = data.draw(st.sampled_from([spec.space.dtype, np.dtype(np.int8), np.dtype(np.float32), np.dtype(np.int64)]))
    shape = data.draw(
        st.sampled_from([spec.space.shape, (3, *spec.space.shape)]) | array_shapes(max_dims=3, max_side=5)
    )
    numbers = st.integers(-1, 2) if dtype.kind == "i" else st.sampled_from([-1.0, 0.0, 0.5, 1.0, 5.0, math.nan])
    mask = data.draw(arrays(dtype, shape, elements=numbers))
    space = batch_space(spec.space, len(mask)) if mask.ndim > len(spec.space.shape) else spec.space
    expected = mask.dtype == space.dtype and space.contains(mask)
    if expected and spec.kind == "interval":
        expected = bool((mask[..., 0, :] <= mask[..., 1, :]).all())
    assert spec.contains(mask) == expected


@pytest.mark.parametrize("nvec", [(2, 3), (3, 2), (1, 4)])
def test_two_conditional_heads_are_the_joint_mask(nvec):
    conditional, joint = MaskSpec.conditional(nvec), MaskSpec.joint(nvec)
    for mask in every_mask(joint):
        assert conditional.list_legal(mask) == joint.list_legal(mask)
        heads = [conditional.head_mask(mask, 1, [i]) for i in np.flatnonzero(conditional.head_mask(mask, 0, []))]
        assert sum(head.sum() for head in heads) == conditional.count(mask) == joint.count(mask)


def test_dependent_heads_agree_with_enumeration():
    for table in every_mask(DEPENDENT):
        legal = dependent_legal(table)
        assert DEPENDENT.list_legal(table, head_mask=some_head_mask) == legal
        assert DEPENDENT.count(table, head_mask=some_head_mask) == len(legal)
        allowed = {
            a for a in itertools.product(*map(range, DEPENDENT.nvec)) if DEPENDENT.allows(table, a, some_head_mask)
        }
        assert allowed == set(legal)
        whole = DEPENDENT.dense(table, some_head_mask)
        assert (whole.dtype, whole.shape) == (np.int8, DEPENDENT.nvec)
        assert [tuple(action) for action in np.argwhere(whole == 1).tolist()] == legal
        assert same(DEPENDENT.dense(np.stack([table] * 2), [some_head_mask] * 2), np.stack([whole] * 2))


def test_head_mask_says_what_comes_next():
    table = np.array([[0, 0], [1, 1]], np.int8)
    assert DEPENDENT.head_mask(table, 0, []).tolist() == [0, 1]
    assert DEPENDENT.head_mask(table, 1, [1]).tolist() == [1, 1]
    assert same(DEPENDENT.head_mask(table, 2, np.array([1, 1]), some_head_mask), some_head_mask(2, (1, 1)))


# --- sampling ------------------------------------------------------------------------------------------------------


@each_spec
def test_samples_are_uniform_over_the_legal_actions(spec):
    rng = np.random.default_rng(7)
    for density in (0.3, 0.6, 0.9):
        mask = random_mask(spec, rng, density)
        legal = legal_actions(spec, mask)
        batch = spec.sample(batch_of([mask] * 200 * len(legal)), rng)
        drawn = [hashable(row_of(batch, i)) for i in range(200 * len(legal))]
        assert set(drawn) == set(legal)
        assert uniform([drawn.count(action) for action in legal])


@each_spec
def test_a_sample_has_the_form_of_the_action_space(spec):
    rng = np.random.default_rng(0)
    action, actions = spec.sample(spec.full(), rng), spec.sample(spec.full(70), rng)
    assert spec.action_space.contains(action)
    if spec.kind in ("flat", "candidates"):
        assert type(action) is int and actions.dtype == np.int64
    else:
        assert same(spec.decode(spec.encode(action), batch=False), action)
        assert batch_space(spec.action_space, 70).contains(actions)


def test_samples_from_a_long_mask_are_uniform_too():
    spec, rng = LONG[0], np.random.default_rng(2)
    mask = (rng.random(spec.n) < 0.3).astype(np.int8)
    legal = np.flatnonzero(mask)
    for rows in (COMPILE_FROM - 1, 2 * COMPILE_FROM):
        batch = np.stack([mask] * rows)
        drawn = np.concatenate([spec.sample(batch, rng) for _ in range(200 * len(legal) // rows)])
        assert set(drawn) == set(legal) and uniform([(drawn == action).sum() for action in legal])


def test_samples_of_dependent_heads_are_uniform_over_the_actions():
    table, rng = np.ones((2, 2), np.int8), np.random.default_rng(3)
    legal = dependent_legal(table)
    drawn = [tuple(row) for row in DEPENDENT.sample(np.stack([table] * 4000), rng, [some_head_mask] * 4000).tolist()]
    assert uniform([drawn.count(action) for action in legal]) and set(drawn) == set(legal)

    def head_by_head():  # each head uniform by itself: legal, but not uniform over the actions
        while True:
            prefix = ()
            for k in range(len(DEPENDENT.nvec)):
                choices = np.flatnonzero(some_head_mask(k, prefix) if k > 1 else np.ones(2))
                if not len(choices):
                    break
                prefix = (*prefix, int(rng.choice(choices)))
            else:
                return prefix

    biased = [head_by_head() for _ in range(4000)]
    assert set(biased) <= set(legal) and not uniform([biased.count(action) for action in legal])


@given(spec=st.sampled_from(list(SPECS.values())), seed=st.integers(0, 2**32), density=st.floats(0.05, 1))
def test_every_sample_is_allowed_and_listed(spec, seed, density):
    rng = np.random.default_rng(seed)
    mask = random_mask(spec, rng, density)
    action = spec.sample(mask, rng)
    assert spec.allows(mask, action)
    assert hashable(action) in legal_actions(spec, mask)


def test_sampling_reads_no_other_random_stream():
    np.random.seed(0)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    first = [MaskSpec.flat(9).sample(np.ones(9, np.int8), np.random.default_rng(5)) for _ in range(2)]
    assert first[0] == first[1]
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


# --- batches and backends ------------------------------------------------------------------------------------------


@each_spec
@pytest.mark.parametrize("rows", [1, 3, COMPILE_FROM + 6])
def test_a_batch_is_its_rows_one_by_one(spec, rows):
    rng = np.random.default_rng(rows)
    masks = [random_mask(spec, rng) for _ in range(rows)]
    batch = batch_of(masks)
    actions = spec.action_space
    actions.seed(1)
    given_actions = [actions.sample() for _ in masks]
    as_batch = np.array(given_actions) if isinstance(given_actions[0], np.int64) else batch_of(given_actions)
    answers = spec.allows(batch, as_batch)
    assert answers.dtype == np.bool_
    if rows > COMPILE_FROM and len(actions_of(spec)) > 1:
        assert answers.any() and not answers.all()
    assert answers.tolist() == [spec.allows(*row) for row in zip(masks, given_actions, strict=True)]
    assert spec.count(batch).tolist() == [spec.count(mask) for mask in masks]
    if spec.kind != "dict":  # its parts draw one after another, a batch at a time
        drawn = spec.sample(batch, np.random.default_rng(2))
        rng = np.random.default_rng(2)
        assert drawn.tolist() == [np.array(spec.sample(mask, rng)).tolist() for mask in masks]


@needs_numba
@pytest.mark.parametrize("spec", [*LEAVES.values(), INTERVAL, *LONG], ids=lambda spec: repr(spec)[:40])
def test_compiled_loops_give_the_bytes_of_plain_python(spec):
    rng, rows = np.random.default_rng(11), 300
    masks = rng.integers(0, 2, (rows, *spec.shape)).astype(np.int8)
    if spec.kind == "interval":
        masks = np.sort(rng.uniform(spec.full()[0], spec.full()[1], (rows, *spec.shape)), axis=1).astype(spec.dtype)
    masks[17] = masks[17][::-1]  # an interval that is empty
    masks[:5] = spec.full()
    draws = rng.random((rows, spec.num_draws))
    buffer = spec.action_buffer
    guesses = rng.integers(-1, 4, (rows, *buffer.shape)).astype(buffer.base)
    results = []
    for backend in BACKENDS.values():
        loops = bound_loops(spec.rules, backend)
        picked, allowed = np.zeros((rows, *buffer.shape), buffer.base), np.zeros(rows, np.bool_)
        firsts = [loops.pick_rows(masks[i:], draws[i:], spec.heads, picked[i:]) for i in range(rows)]
        loops.allows_rows(masks, guesses, spec.heads, allowed)
        results.append((firsts, picked.tobytes(), allowed.tobytes()))
    assert results[0] == results[1]
    assert 0 < np.frombuffer(results[0][2], np.bool_).sum() < rows


@given(
    arrays(np.int8, array_shapes(max_dims=3, max_side=6), elements=st.integers(0, 1)), st.floats(0, 1, exclude_max=True)
)
def test_the_two_bodies_of_pick_flat_agree(mask, u):
    expected = np.flatnonzero(mask)
    expected = int(expected[math.floor(u * len(expected))]) if len(expected) else -1
    assert mask_rules.pick_flat(mask, u) == mask_rules.pick_flat.python_body(mask, u) == expected


@pytest.mark.parametrize("size", [1, 31, 32, 33, 63, 64, 65, 127, 128, 129, 200])
def test_a_flat_mask_of_any_length_is_drawn_from_to_its_last_element(size):
    """It is counted in blocks: one element near each end of a block, all elements, and every other one."""
    for k in {0, 1, 30, 31, 32, 62, 63, 64, 65, 126, 127, 128, 129, size - 1} & set(range(size)):
        alone = np.zeros(size, np.int8)
        alone[k] = 1
        assert mask_rules.pick_flat(alone, 0.0) == mask_rules.pick_flat(alone, 0.999) == k
        assert mask_rules.pick_flat(np.ones(size, np.int8), (k + 0.5) / size) == k
    other = np.arange(size) % 2 == (size - 1) % 2
    places = np.flatnonzero(other)
    for i in {0, 1, 15, 16, 31, 32, 33, 63, 64, len(places) - 1} & set(range(len(places))):
        assert mask_rules.pick_flat(other, (i + 0.5) / len(places)) == places[i]
    assert mask_rules.pick_flat(np.zeros(size, np.int8), 0.5) == -1


@each_leaf
def test_engine_rows_come_back_as_canonical_masks(spec):
    buffer = np.zeros((5, *spec.mask_buffer.shape), spec.mask_buffer.base)
    buffer[:] = spec.full()
    masks = spec.canonical(buffer)
    assert same(masks, spec.full(5)) and same(spec.canonical(buffer[2]), spec.full())
    buffer[:] = 0
    assert same(masks, spec.full(5)), "a mask that was handed out may not change"


def test_a_dict_of_masks_is_one_record_in_the_engine():
    spec = SPECS["dict"]
    masks, action = np.zeros(2, spec.mask_buffer), {"move": np.array([1, 0]), "target": 3}
    assert same(spec.canonical(masks)["move"], np.zeros((2, 4), np.int8))
    assert same(spec.decode(spec.encode(action), batch=False), action)
    assert len(spec.heads) == spec.num_draws == 3
