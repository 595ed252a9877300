"""The compiled loops of actions as numbers and as choices, against their NumPy forms, byte by byte."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from masked_envs import MaskSpec, trees
from masked_envs.core.backends import BACKENDS, COMPILED, PLAIN
from masked_envs.mask_spec import dense
from masked_envs.wrappers import numbering
from masked_envs.wrappers.numbering import base, numbering_of, product

pytestmark = [
    pytest.mark.core,
    pytest.mark.skipif(not COMPILED.is_available(), reason="needs numba"),
]

ROWS, BINS = 70, 4
SPECS = {
    "flat": MaskSpec.flat(9, start=-2),
    "candidates": MaskSpec.candidates(5),
    "per_head": MaskSpec.per_head([2, 3, 1, 4]),
    "joint": MaskSpec.joint([2, 3, 4]),
    "one head": MaskSpec.joint([6]),
    "conditional": MaskSpec.conditional([3, 5]),
    "binary": MaskSpec.binary(5),
    "interval": MaskSpec.interval([-1.0, 0.1, 0.0], [2.0, 0.3, 1e30]),
    "wide interval": MaskSpec.interval([-1e200, 0.1], [1e200, 0.7], dtype=np.float64),
    "dict": MaskSpec.dict({"a": MaskSpec.joint([2, 3]), "b": MaskSpec.interval(0, 1), "c": MaskSpec.binary(2)}),
}
EVERY_KIND = pytest.mark.parametrize("kind", SPECS)


def masks_of(spec: MaskSpec, rng: np.random.Generator):
    """Random masks, the empty one and the full one among them; bounds that are equal, and bounds that cross."""
    if spec.kind == "dict":
        return spec.pack([masks_of(part, rng) for part in spec.parts])
    if spec.kind != "interval":
        masks = rng.integers(0, 2, (ROWS, *spec.space.shape)).astype(np.int8)
        masks[0], masks[1] = 0, 1
        return masks
    bounds = rng.uniform(spec.low, spec.high, (ROWS, 2, len(spec.low))).astype(spec.dtype)
    bounds.sort(axis=1)
    equal = rng.random((ROWS, len(spec.low))) < 0.3
    bounds[:, 1] = np.where(equal, bounds[:, 0], bounds[:, 1])
    bounds[0] = bounds[0, ::-1]
    bounds[1] = [spec.low, spec.high]
    return bounds


@pytest.fixture
def with_backend(monkeypatch):
    """A function that has all loops of numbers run on one backend, whatever the number of rows."""

    def choose(backend):
        for module in (base, product, dense):
            monkeypatch.setattr(module, "choose", lambda *_: backend)

    return choose


def on_both(with_backend, function):
    found = []
    for backend in (PLAIN, COMPILED):
        with_backend(backend)
        found.append(function())
    return found


def assert_same_bytes(plain, compiled):
    equal = trees.map(lambda a, b: (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes()), plain, compiled)
    trees.map(lambda same: pytest.fail("not the same bytes") if not same else None, equal)


@EVERY_KIND
def test_masks_and_actions_of_numbers(kind, with_backend):
    rng = np.random.default_rng(0)
    forms = numbering_of(SPECS[kind], BINS)
    masks = masks_of(SPECS[kind], rng)
    assert_same_bytes(*on_both(with_backend, lambda: forms.mask(masks)))
    numbers = rng.integers(-2, forms.size + 2, ROWS)
    numbers[:4] = (-1, forms.size, np.iinfo(np.int64).max, np.iinfo(np.int64).min)
    assert_same_bytes(*on_both(with_backend, lambda: forms.actions(numbers, masks)))
    every = np.resize(np.arange(forms.size), ROWS)
    with_backend(COMPILED)
    alone = [forms.action(int(number), trees.row(masks, i)) for i, number in enumerate(every)]
    batch = forms.actions(every, masks)
    for i, action in enumerate(alone):
        assert_same_bytes(trees.map(np.asarray, action), trees.map(np.asarray, SPECS[kind].action_of_row(batch, i)))


def chosen_by(forms, legal, chosen, active, made, count):
    after = made.copy(), count.copy()
    return (forms.choose(legal, chosen, active, *after), *after)


@EVERY_KIND
def test_choices(kind, with_backend):
    """Rows at different places of their actions, each after choices of its own."""
    rng = np.random.default_rng(1)
    forms = numbering_of(SPECS[kind], BINS)
    masks = masks_of(SPECS[kind], rng)
    made, count = np.zeros((ROWS, forms.most), np.int64), np.zeros(ROWS, np.int64)
    for _ in range(forms.most):
        legal, compiled = on_both(with_backend, functools.partial(forms.next_masks, masks, made, count))
        assert_same_bytes(legal, compiled)
        chosen = (legal * rng.random(legal.shape)).argmax(axis=1)
        chosen[rng.random(ROWS) < 0.2] = forms.width + 1  # of no legal choice
        active = (rng.random(ROWS) < 0.7) & (forms.lengths(made, count) == 0)

        given = (legal, chosen, active, made, count)
        plain, compiled = on_both(with_backend, functools.partial(chosen_by, forms, *given))
        assert_same_bytes(plain, compiled)
        wrong, made, count = plain
        expected = active & ~np.array([bool(row[k : k + 1].any()) for row, k in zip(legal, chosen, strict=True)])
        np.testing.assert_array_equal(wrong, expected)
    assert_same_bytes(*on_both(with_backend, lambda: forms.actions_of(made, masks)))


@pytest.mark.parametrize("kind", ["flat", "per_head", "joint", "conditional"])
def test_head_masks_of_a_specification(kind, with_backend):
    spec, rng = SPECS[kind], np.random.default_rng(2)
    masks = masks_of(spec, rng)
    legal = np.zeros((ROWS, 0), np.int64)
    keep = ~spec.is_empty(masks)
    masks, legal = masks[keep], legal[keep]
    for k in range(len(spec.heads)):
        plain, compiled = on_both(with_backend, lambda k=k, legal=legal: spec.head_mask(masks, k, legal))
        assert_same_bytes(plain, compiled)
        alone = [spec.head_mask(mask, k, prefix) for mask, prefix in zip(masks, legal.tolist(), strict=True)]
        np.testing.assert_array_equal(compiled, alone)
        legal = np.column_stack([legal, compiled.argmax(axis=1)])


def test_float16_is_left_to_numpy():
    """numba has no float16."""
    spec = MaskSpec.interval([0, 0], [1, 2], dtype=np.float16)
    forms, masks = numbering_of(spec, BINS), spec.full(ROWS)
    assert forms.actions(np.full(ROWS, forms.size - 1), masks).tolist() == [[1, 2]] * ROWS
    assert forms.mask(masks).all()


def test_what_is_given_stays_writable():
    spec = MaskSpec.interval([0, 0], [1, 2])
    masks = spec.full(ROWS)
    numbering_of(spec, BINS).mask(masks)
    assert masks.flags.writeable


def test_the_compared_backends_are_two():
    """Negative control: the loops that are compared are other functions."""
    assert set(BACKENDS.values()) == {PLAIN, COMPILED}
    loops = [base.bound_numbers(backend).grid_rows for backend in (PLAIN, COMPILED)]
    assert not hasattr(loops[0], "py_func") and hasattr(loops[1], "py_func")
    assert numbering.NUMBERINGS.keys() == {SPECS[kind].kind for kind in SPECS}
