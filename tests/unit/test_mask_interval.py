"""Masks over Box actions, and counts beyond int64: what enumeration cannot reach."""

import math

import numpy as np
import pytest
from scipy.stats import chisquare, kstest

from masked_envs.mask_spec import MaskSpec

WIDER = {np.dtype(np.longdouble)} - {np.dtype(np.float64)}  # on some machines they are one
INTERVAL = MaskSpec.interval([-1.0, 0.0], [1.0, 4.0])


def test_counts_are_exact_however_large():
    bits, heads = MaskSpec.binary(200), MaskSpec.per_head([10] * 30)
    assert bits.count(bits.full()) == 2**200 and bits.count(bits.full(2)).tolist() == [2**200] * 2
    assert heads.count(heads.full()) == 10**30
    both = MaskSpec.dict({"a": bits, "b": MaskSpec.flat(3)})
    assert both.count(both.full(2)).tolist() == [3 * 2**200] * 2
    assert MaskSpec.binary(62).count(MaskSpec.binary(62).full(1)).dtype == np.int64


def test_an_interval_allows_its_bounds_and_nothing_beyond():
    mask = np.array([[-0.5, 1.0], [0.25, 1.0]], np.float32)
    inside = [mask[0], mask[1], mask.mean(axis=0), [-0.5, 1.0], [0, 1]]
    up, down = np.nextafter(mask[1], np.float32(9)), np.nextafter(mask[0], np.float32(-9))
    outside = [[up[0], 1.0], [down[0], 1.0], [0.0, up[1]], [0.0, down[1]], [math.nan, 1.0], [0.0, math.inf], [-1, 1]]
    assert all(INTERVAL.allows(mask, np.array(a, np.float32)) for a in inside)
    assert not any(INTERVAL.allows(mask, np.array(a, np.float32)) for a in outside)
    assert INTERVAL.allows(mask, [-0.5, 1.0]) and not INTERVAL.allows(mask, [-0.6, 1.0])


def test_bounds_that_cross_are_in_the_space_and_no_mask_of_a_running_episode():
    crossed = np.array([[0.5, 1.0], [0.2, 3.0]], np.float32)
    assert INTERVAL.space.contains(crossed) and not INTERVAL.contains(crossed)
    assert INTERVAL.contains(np.sort(crossed, axis=0))


def test_interval_samples_are_uniform_between_the_bounds():
    mask = np.array([[-0.5, 1.0], [0.25, 1.0]], np.float32)
    drawn = INTERVAL.sample(np.stack([mask] * 4000), np.random.default_rng(0))
    assert drawn.dtype == np.float32 and (drawn[:, 1] == 1.0).all()
    assert INTERVAL.allows(np.stack([mask] * 4000), drawn).all()
    assert kstest(drawn[:, 0], "uniform", (-0.5, 0.75)).pvalue > 1e-4
    assert kstest(drawn[:, 0], "uniform", (-0.5, 0.80)).pvalue < 1e-4


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_interval_samples_stay_inside_the_widest_and_the_narrowest_bounds(dtype):
    largest = np.finfo(dtype).max
    spec = MaskSpec.interval([-largest], [largest], dtype=dtype)
    narrow = np.array([[1.0], [np.nextafter(dtype(1), dtype(2))]], dtype)
    for mask in (spec.full(), narrow, np.array([[0.1], [0.1]], dtype)):
        masks = np.stack([mask] * 500)
        drawn = spec.sample(masks, np.random.default_rng(1))
        assert np.isfinite(drawn).all() and spec.allows(masks, drawn).all()
    wide = spec.sample(spec.full(500), np.random.default_rng(1))
    assert chisquare(np.histogram(wide / largest, 5, (-1, 1))[0]).pvalue > 1e-4


def test_an_interval_counts_by_the_room_between_its_bounds():
    one, none = [[0.5, 1.0], [0.5, 1.0]], [[0.5, 2.0], [0.5, 1.0]]
    masks = np.array([[[-1, 0], [1, 4]], one, none], np.float32)
    assert INTERVAL.count(masks).tolist() == [math.inf, 1, 0]
    assert [INTERVAL.count(mask) for mask in masks] == [math.inf, 1, 0]
    hybrid = MaskSpec.dict([INTERVAL, MaskSpec.flat(2)])
    assert hybrid.count((masks, np.array([[1, 1], [1, 1], [1, 1]], np.int8))).tolist() == [math.inf, 2, 0]
    assert hybrid.count((masks[0], np.zeros(2, np.int8))) == 0
    large = MaskSpec.dict([INTERVAL, MaskSpec.binary(2000)])
    assert large.count((masks, large.parts[1].full(3))).tolist() == [math.inf, 2**2000, 0]


# --- float16, which numba does not have ----------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 63, 64, 2000])
def test_float16_is_served_at_any_size_of_the_batch(rows):
    spec, rng = MaskSpec.interval([-1, 0], [1, 4], dtype=np.float16), np.random.default_rng(0)
    mask = np.array([[-0.5, 1.0], [0.25, 1.0]], np.float16)
    masks = np.stack([mask] * rows)
    drawn = spec.sample(masks, rng)
    assert drawn.dtype == np.float16 and drawn.shape == (rows, 2) and spec.allows(masks, drawn).all()
    assert (drawn >= mask[0]).all() and (drawn <= mask[1]).all()
    up = np.nextafter(mask[1], np.float16(9))
    assert not spec.allows(masks, np.stack([up] * rows)).any() and not spec.allows(mask, up)
    assert spec.count(masks).tolist() == [math.inf] * rows and spec.legal_fraction(mask) == 0.0
    if rows == 2000:
        assert kstest(drawn[:, 0].astype(float), "uniform", (-0.5, 0.75)).pvalue > 1e-4
    with pytest.raises(ValueError, match=f"allows no action in row {rows - 1}"):
        spec.sample(np.concatenate([masks[:-1], spec.empty(1)]), rng)


@pytest.mark.parametrize("dtype", [*WIDER, np.int32, np.bool_, np.complex64])
def test_other_dtypes_are_refused_by_name(dtype):
    with pytest.raises(ValueError, match=rf"float dtype \(float16, float32, float64\), not {np.dtype(dtype).name!r}"):
        MaskSpec.interval(0, 1, dtype=dtype)
