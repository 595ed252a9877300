"""What is not a mask, an action or a spec: refused, with the expected form and the given one in the message."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from mask_oracle import LEAVES, SPECS, batch_of

from masked_envs import trees
from masked_envs.adaptation.forms import UnknownFormError
from masked_envs.adaptation.read import read_mask
from masked_envs.mask_spec import MaskSpec
from masked_envs.mask_spec.dense import COMPILE_FROM
from masked_envs.mask_spec.dialects import DIALECTS

INTERVAL = MaskSpec.interval([-1.0, 0.0], [1.0, 4.0])
DEPENDENT = MaskSpec.conditional([2, 2, 3])
RNG = np.random.default_rng(0)

each_spec = pytest.mark.parametrize("spec", [*SPECS.values(), INTERVAL], ids=[*SPECS.keys(), "interval"])
each_leaf = pytest.mark.parametrize("spec", [*LEAVES.values(), INTERVAL], ids=[*LEAVES.keys(), "interval"])


def operations(spec, mask):
    """Every operation that takes a mask, on this one."""
    yield lambda: spec.check(mask)
    yield lambda: spec.allows(mask, spec.sample(spec.full(), RNG))
    yield lambda: spec.sample(mask, RNG)
    yield lambda: spec.count(mask)
    if spec.kind != "interval":
        yield lambda: spec.list_legal(mask)
        yield lambda: spec.convert(mask, to="torchrl" if spec.kind in ("joint", "conditional") else "gymnasium")


def operations_with_heads(spec, of_one=True):
    """Every operation that asks `head_mask`, on (mask, head_mask)."""
    actions = [0] * len(spec.heads) if of_one else [[0] * len(spec.heads)] * 2
    yield lambda mask, heads: spec.allows(mask, actions, heads)
    yield lambda mask, heads: spec.sample(mask, RNG, heads)
    yield from (spec.count, spec.is_empty, spec.is_forced, spec.legal_fraction, spec.dense, spec.complete)
    if of_one:
        yield lambda mask, heads: spec.list_legal(mask, head_mask=heads)
        yield lambda mask, heads: spec.describe_legal(mask, head_mask=heads)
        yield spec.empty_choices
        yield lambda mask, heads: spec.head_mask(mask, 2, [0, 0], heads)


# --- masks ---------------------------------------------------------------------------------------------------------


@each_spec
def test_a_masked_array_is_no_mask(spec):
    """Its hidden entries have no value, whatever is written below them."""
    for hidden in (False, True):
        mask = trees.map(lambda part, hidden=hidden: np.ma.array(part, mask=hidden), spec.full())
        assert not spec.contains(mask)
        with pytest.raises(ValueError, match="got MaskedArray of shape"):
            spec.check(mask)
        with pytest.raises(UnknownFormError, match="MaskedArray"):
            read_mask(spec, mask)
        for name in filter(spec.can_convert, DIALECTS):
            given = spec.convert(spec.full(), to=name)
            if isinstance(given, np.ndarray):
                with pytest.raises(ValueError, match="got MaskedArray of shape"):
                    spec.parse(np.ma.array(given, mask=hidden), from_=name)


@each_leaf
def test_a_wrong_shape_or_dtype_is_named_with_the_expected_one(spec):
    full = spec.full()
    wrong = {
        "one more": np.concatenate([full, full[:1]]),
        "two batch axes": spec.full(2)[None],
        "flattened": spec.full(3).reshape(-1),
        "wider": full.astype(np.int64 if full.dtype == np.int8 else np.float64),
        "narrower": full.astype(np.uint8 if full.dtype == np.int8 else np.float16),
        "list": full.tolist(),
        "None": None,
        "objects": full.astype(object),
        "number": 1,
    }
    if full.T.shape != full.shape:
        wrong["transposed"] = full.T.copy()
    for name, mask in wrong.items():
        assert not spec.contains(mask), name
        given = mask.dtype.name if isinstance(mask, np.ndarray) else type(mask).__name__
        for operation in operations(spec, mask):
            with pytest.raises(ValueError, match=f"expected an? {spec.kind} mask .*{given}") as caught:
                operation()
            assert f"of shape {spec.shape} (or a batch of them) and dtype" in str(caught.value), name


@each_leaf
@pytest.mark.parametrize("rows", [None, COMPILE_FROM + 1])
def test_a_wrong_value_is_named_with_the_expected_ones(spec, rows):
    for value in (np.nan, np.inf, -2.0, 9.0) if spec.kind == "interval" else (2, -1, 127, -128):
        mask = spec.full(rows)
        mask.flat[-1] = value
        assert not spec.contains(mask)
        for operation in operations(spec, mask):
            with pytest.raises(ValueError, match=f"(with values 0 and 1 only|within .*), got .*{value}"):
                operation()


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS.keys())
def test_actions_are_listed_for_one_mask_only(spec):
    with pytest.raises(ValueError, match="expected one .* mask.*, got a batch of 2"):
        spec.list_legal(spec.full(2))
    with pytest.raises(ValueError, match="continuum"):
        INTERVAL.list_legal(INTERVAL.full())


@given(st.data())
def test_no_array_is_ever_taken_for_a_mask_of_another_shape(data):
    spec = data.draw(st.sampled_from(list(LEAVES.values())))
    mask = data.draw(arrays(np.int8, array_shapes(max_dims=4, max_side=6), elements=st.integers(0, 1)))
    fits = mask.shape == spec.space.shape or mask.shape[1:] == spec.space.shape
    assert spec.contains(mask) == fits
    if not fits:
        with pytest.raises(ValueError, match="expected"):
            spec.count(mask)


def test_the_parts_of_a_dict_mask_must_fit_together():
    spec = SPECS["dict"]
    full = spec.full()
    for mask, message in [
        ({"move": full["move"]}, r"keys \['move', 'target'\], got keys \['move'\]"),
        ({**full, "other": 1}, "got keys"),
        (tuple(full.values()), "expected the mask as a dict"),
        ({**full, "target": np.ones(4, np.int8)}, r"part 'target': expected a flat mask of shape \(3,\)"),
        ({**full, "target": np.ones((2, 3), np.int8)}, "one mask each, or batches of one length"),
        ({"move": np.ones((3, 4), np.int8), "target": np.ones((2, 3), np.int8)}, "batches of one length"),
    ]:
        assert not spec.contains(mask)
        for operation in operations(spec, mask):
            with pytest.raises(ValueError, match=message):
                operation()
    with pytest.raises(ValueError, match="expected the mask as a tuple of 2 parts"):
        SPECS["tuple"].check(list(SPECS["tuple"].full()))


def nothing_allowed(mask):
    if isinstance(mask, dict):
        return {key: nothing_allowed(part) for key, part in mask.items()}
    if isinstance(mask, tuple):
        return tuple(map(nothing_allowed, mask))
    return np.zeros_like(mask) if mask.dtype == np.int8 else mask[::-1].copy()


@each_spec
def test_a_mask_that_allows_nothing_is_named_by_its_row(spec):
    full, empty = spec.full(), nothing_allowed(spec.full())
    assert spec.count(empty) == 0
    assert not any(spec.allows(empty, spec.sample(full, RNG)) for _ in range(20))
    with pytest.raises(ValueError, match="allows no action: there is nothing to sample"):
        spec.sample(empty, RNG)
    for rows in (9, COMPILE_FROM + 1):
        masks = batch_of([full] * 3 + [empty] + [full] * (rows - 5) + [empty])
        assert spec.allows(masks, spec.sample(batch_of([full] * rows), RNG)).sum() == rows - 2
        with pytest.raises(ValueError, match=f"allows no action in rows 3, {rows - 1}: there is nothing to sample"):
            spec.sample(masks, RNG)


@each_leaf
def test_an_empty_batch_is_a_batch(spec):
    nothing = spec.full(0)
    assert spec.sample(nothing, RNG).shape[0] == len(spec.count(nothing)) == len(spec.allows(nothing, [])) == 0


@pytest.mark.parametrize("rng", [None, 0, np.random.RandomState(0), np.random])
def test_sampling_needs_a_generator(rng):
    with pytest.raises(TypeError, match=r"numpy.random.Generator, such as env.np_random"):
        MaskSpec.flat(3).sample(np.ones(3, np.int8), rng)


# --- actions -------------------------------------------------------------------------------------------------------

# No spec under test has an action of five numbers, or one beyond 90.
NOT_ACTIONS = [
    None, True, np.True_, 0.0, 1.5, np.float64(0), float("nan"), float("inf"), -90, 90, 2**63 - 1, -(2**63), 2**63,
    2**200, "0", b"0", 1j, np.uint64(0), np.timedelta64(0), np.array(0.0), np.array(True), np.array(90), np.array([]),
    [], [[]], [None], [0, None], [0, [0]], [[0], [0, 0]], ["a", 0], {}, {"move": 0}, set(), object(), lambda: 0,
    [True, 0], [True, 0, 0], (0, 0, False), [np.True_, 0, 0], [2**70] * 2, [2**70] * 3, [0] * 5, np.zeros(5, int),
    np.zeros((2, 2), int), np.array([90, 0]), np.array([0, 90, 0]), np.array([-90, 0, 0]), np.array([np.nan] * 3),
    np.array([np.nan] * 2, np.float32), np.zeros(3, np.uint64), np.zeros(3), np.zeros(3, bool), np.zeros(2, object),
    np.zeros(3, object), np.array(["0"] * 3), [np.ones(2), np.ones(3)],
]  # fmt: skip


@each_leaf
def test_a_malformed_action_is_not_allowed(spec):
    for action in NOT_ACTIONS:
        assert spec.allows(spec.full(), action) is False, action


@each_leaf
def test_malformed_rows_of_a_batch_are_not_allowed_and_the_others_are(spec):
    good = spec.sample(spec.full(), RNG)
    bad = [action for action in NOT_ACTIONS if spec.allows(spec.full(), action) is False]
    actions = [x for action in bad for x in (action, good)]
    assert spec.allows(spec.full(len(actions)), actions).tolist() == [False, True] * len(bad)


@given(st.data())
def test_allows_everything_is_membership_in_the_action_space(data):
    spec = data.draw(st.sampled_from(list(LEAVES.values())))
    shape = spec.action_space.shape
    dtype = data.draw(st.sampled_from([np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint32]))
    bounds = np.iinfo(dtype)
    numbers = st.integers(max(bounds.min, -3), 5) | st.integers(bounds.min, bounds.max)
    action = data.draw(arrays(dtype, st.just(shape) | array_shapes(max_dims=2, max_side=3), elements=numbers))
    for given_action in (action, action.tolist(), tuple(action.tolist()) if action.ndim else action):
        listed = given_action if isinstance(given_action, int) else np.array(given_action)
        assert spec.allows(spec.full(), given_action) == spec.action_space.contains(listed)


def test_every_way_to_write_an_integer_is_one_action():
    spec = MaskSpec.flat(3, start=-2)
    mask = np.array([1, 0, 1], np.int8)
    for write in (int, np.int8, np.int64, np.int32, lambda x: np.array(x, np.int16), np.asarray):
        assert [spec.allows(mask, write(action)) for action in (-3, -2, -1, 0, 1)] == [False, True, False, True, False]
    heads, bits = MaskSpec.joint([2, 2]), MaskSpec.binary(2)
    for write in (list, tuple, np.array, lambda x: np.array(x, np.uint8), lambda x: [np.int64(i) for i in x]):
        assert heads.allows(np.array([[0, 1], [0, 0]], np.int8), write((0, 1)))
        assert bits.allows(np.array([[1, 0], [0, 1]], np.int8), write((0, 1)))


def test_no_start_makes_a_number_wrap_around_into_the_legal_ones():
    for start in (-5, 2**62, -(2**62)):
        spec = MaskSpec.flat(4, start=start)
        extremes = [-(2**63), 2**63 - 1, start - 1, start + 4]
        assert not any(spec.allows(spec.full(), action) for action in extremes)
        assert not spec.allows(spec.full(4), np.array(extremes)).any()
        assert not spec.allows(spec.full(2), np.array([2**64 - 5, 2**64 - 2], np.uint64)).any()
        assert spec.allows(spec.full(2), np.array([start, start + 3])).all()


@pytest.mark.parametrize("action", [0.0, None, [0.0], [0.0, 9.0], [True, False], np.zeros(2), np.zeros(2, int), "ab"])
def test_an_interval_takes_floats_that_its_dtype_holds(action):
    assert INTERVAL.allows(INTERVAL.full(), action) is False  # float64 arrays too, as in Box.contains
    assert INTERVAL.allows(INTERVAL.full(), np.zeros(2, np.float16)) is True
    assert INTERVAL.allows(INTERVAL.full(3), [action, [0, 1], (0.5, np.nan)]).tolist() == [False, True, False]


@each_leaf
def test_a_batch_of_actions_of_another_length_is_an_error(spec):
    masks, good = spec.full(3), spec.sample(spec.full(4), RNG)
    for actions in (good, good[:2], list(good), good[:3][..., None], None, 0, "abc", {}):
        with pytest.raises(ValueError, match="expected a batch of "):
            spec.allows(masks, actions)


def test_a_dict_action_of_another_structure_is_not_allowed():
    spec = SPECS["dict"]
    move = np.array([0, 1])
    good = {"move": move, "target": 2}
    assert spec.allows(spec.full(), good)
    for action in ({"move": move}, {**good, "x": 0}, (move, 2), None, {**good, "target": 0}, {**good, "move": 0}):
        assert spec.allows(spec.full(), action) is False
    with pytest.raises(ValueError, match="expected the action as a dict with keys .*got .*list"):
        spec.allows(spec.full(2), [good, good])


# --- dependent heads -----------------------------------------------------------------------------------------------


def test_dependent_heads_need_a_head_mask_of_the_right_form():
    table = DEPENDENT.full()
    for operation in operations_with_heads(DEPENDENT):
        with pytest.raises(ValueError, match=r"3 conditional heads needs head_mask=, a function \(k, prefix\) such as"):
            operation(table, None)
    for operation in operations_with_heads(DEPENDENT, of_one=False):
        message = r"needs head_mask=, a function \(row, k, prefix\) such as envs.*, or a sequence of one function"
        with pytest.raises(ValueError, match=message):
            operation(DEPENDENT.full(2), None)
    form = r"head_mask\(2, \[\d, \d\]\) must give int8 or bool zeros and ones of shape \(3,\)"
    for wrong in (np.ones(2, np.int8), np.ones(3), np.full(3, 2, np.int8), [1, 1, 1], None):
        for operation in operations_with_heads(DEPENDENT):
            with pytest.raises(ValueError, match=form):
                operation(table, lambda k, prefix, wrong=wrong: wrong)
    with pytest.raises(ValueError, match="expected one head_mask function for each of 3 rows, got 2"):
        DEPENDENT.count(DEPENDENT.full(3), head_mask=[lambda k, prefix: np.ones(3, np.int8)] * 2)


@pytest.mark.parametrize(
    ("k", "prefix", "message"),
    [(3, [0, 0, 0], "head 3 is not in 0..2"), (-1, [], "head -1 is not"), (1, [], "needs the 1 choices before it"),
     (1, [1], "head 0 may not take 1"), (1, [2], "head 0 may not take 2"), (2, [0, 1], "head 1 may not take 1"),
     (1, [-2], "head 0 may not take -2"),
     (0.5, [], "head 0.5 is not in"), (True, [0], "head True is not in"), ("0", [], "head '0' is not in"),
     (1, [0.0], "needs the 1 choices before it"), (1, [True], "needs the 1 choices"), (1, 0, "needs the 1 choices"),
     (1, None, "needs the 1 choices"), (2, [[0, 0]], "needs the 2 choices"), (2, [0, 0], "needs head_mask=")],
)  # fmt: skip
def test_head_mask_refuses_what_is_no_legal_prefix(k, prefix, message):
    with pytest.raises(ValueError, match=message):
        DEPENDENT.head_mask(np.array([[1, 0], [0, 0]], np.int8), k, prefix)


def test_a_dead_end_of_dependent_heads_has_nothing_to_sample():
    with pytest.raises(ValueError, match="the conditional mask allows no action: there is nothing to sample"):
        DEPENDENT.sample(DEPENDENT.full(), RNG, head_mask=lambda k, prefix: np.zeros(3, np.int8))
    with pytest.raises(ValueError, match="allows no action in row 1: there is nothing to sample"):
        DEPENDENT.sample(DEPENDENT.full(2), RNG, head_mask=lambda row, k, prefix: np.full(3, row == 0, np.int8))
