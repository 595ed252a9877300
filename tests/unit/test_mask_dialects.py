"""Masks in the form of other libraries: the forms, the round trips, the refusals, and what Gymnasium makes of them.

What the training libraries make of them is in tests/unit/test_mask_dialects_peers.py.
"""

import itertools
from pathlib import Path

import numpy as np
import pytest
from gymnasium.vector.utils import batch_space, iterate
from hypothesis import given
from hypothesis import strategies as st
from mask_oracle import LEAVES, SPECS, batch_of, hashable, legal_actions, random_mask, same

from masked_envs.mask_spec import DIALECTS, KINDS, MaskSpec

pytestmark = pytest.mark.core

HYBRID = MaskSpec.dict(
    {
        "aim": MaskSpec.interval([-1.0], [1.0]),
        "fire": MaskSpec.flat(2, start=1),
        "gear": MaskSpec.per_head([2, 3]),
        "keys": MaskSpec.dict([MaskSpec.binary(2), MaskSpec.flat(3)]),
    }
)
PAIRS = [(name, dialect) for name, spec in LEAVES.items() for dialect in DIALECTS if spec.can_convert(dialect)]
each_pair = pytest.mark.parametrize(("name", "dialect"), PAIRS)

EXAMPLES = {  # kind: (spec, mask, what each dialect writes)
    "flat": (
        MaskSpec.flat(3),
        np.array([1, 0, 1], np.int8),
        {
            "gymnasium": np.array([1, 0, 1], np.int8),
            "pettingzoo": np.array([1, 0, 1], np.int8),
            "sb3": np.array([True, False, True]),
            "torchrl": np.array([True, False, True]),
            "tianshou": np.array([True, False, True]),
            "rllib": np.array([1, 0, 1], np.float32),
        },
    ),
    "per_head": (
        MaskSpec.per_head([2, 3]),
        np.array([1, 1, 0, 1, 1], np.int8),
        {
            "gymnasium": (np.array([1, 1], np.int8), np.array([0, 1, 1], np.int8)),
            "pettingzoo": (np.array([1, 1], np.int8), np.array([0, 1, 1], np.int8)),
            "sb3": np.array([True, True, False, True, True]),
            "torchrl": np.array([[False, True, True], [False, True, True]]),
            "rllib": np.array([1, 1, 0, 1, 1], np.float32),
        },
    ),
    "joint": (
        MaskSpec.joint([2, 3]),
        np.array([[1, 0, 0], [0, 1, 1]], np.int8),
        {"torchrl": np.array([[True, False, False], [False, True, True]])},
    ),
    "conditional": (
        MaskSpec.conditional([2, 2]),
        np.array([[1, 0], [0, 0]], np.int8),
        {"torchrl": np.array([[True, False], [False, False]])},
    ),
    "binary": (
        MaskSpec.binary(3),
        np.array([[1, 0], [0, 1], [1, 1]], np.int8),
        {
            "gymnasium": np.array([0, 1, 2], np.int8),
            "pettingzoo": np.array([0, 1, 2], np.int8),
            "sb3": np.array([True, False, False, True, True, True]),
        },
    ),
    "interval": (MaskSpec.interval([0.0], [1.0]), np.array([[0.0], [1.0]], np.float32), {}),
    "dict": (
        MaskSpec.dict([MaskSpec.flat(2), MaskSpec.interval([0.0], [1.0])]),
        (np.array([0, 1], np.int8), np.array([[0.0], [1.0]], np.float32)),
        {"gymnasium": (np.array([0, 1], np.int8), None), "pettingzoo": (np.array([0, 1], np.int8), None)},
    ),
}
EXAMPLES["candidates"] = (MaskSpec.candidates(3), *EXAMPLES["flat"][1:])


# --- forms and round trips -----------------------------------------------------------------------------------------


def test_there_is_an_example_of_every_kind():
    assert set(EXAMPLES) == set(KINDS)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("kind", KINDS)
def test_each_dialect_writes_each_kind_as_documented_or_says_what_to_do_instead(kind, dialect):
    spec, mask, written = EXAMPLES[kind]
    if dialect in written:
        assert same(spec.convert(mask, to=dialect), written[dialect])
        assert same(spec.parse(written[dialect], from_=dialect), mask)
        return
    for operation in (lambda: spec.convert(mask, to=dialect), lambda: spec.parse(mask, from_=dialect)):
        with pytest.raises(ValueError, match=rf"^{dialect} cannot express {kind} masks: .*\. Instead, "):
            operation()


def documented():
    """The table of docs/masks.md: kind, dialect, what stands there."""
    page = Path(__file__).parents[2] / "docs" / "masks.md"
    rows = [
        line.strip("| ").split(" | ") for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("| ")
    ]
    start = next(i for i, row in enumerate(rows) if "`gymnasium`" in row)
    dialects = [cell.strip("`") for cell in rows[start][1:]]
    for kind, *cells in rows[start + 1 : start + 1 + len(KINDS)]:
        yield from ((kind.strip("`"), dialect, cell) for dialect, cell in zip(dialects, cells, strict=True))


def test_the_documented_table_is_the_one_in_the_code():
    table = list(documented())
    assert {(kind, dialect) for kind, dialect, _ in table} == set(itertools.product(KINDS, DIALECTS))
    for kind, dialect, cell in table:
        written = EXAMPLES[kind][2].get(dialect)
        if written is None:
            assert cell.startswith("cannot: ")
        else:
            first = written[0] if isinstance(written, tuple) else written
            assert str(first.dtype) in cell and ("tuple" in cell) == isinstance(written, tuple)


@given(pair=st.sampled_from(PAIRS), seed=st.integers(0, 2**32), rows=st.sampled_from([None, 0, 1, 5]))
def test_parse_undoes_convert(pair, seed, rows):
    spec, dialect, rng = LEAVES[pair[0]], pair[1], np.random.default_rng(seed)
    mask = random_mask(spec, rng)
    if rows is not None:
        mask = batch_of([random_mask(spec, rng) for _ in range(rows)]) if rows else spec.full(0)
    if rows is not None and dialect == "gymnasium" and spec.kind in ("per_head", "binary"):
        with pytest.raises(
            ValueError, match="gymnasium cannot express a batch of .* the batched action space is a Box"
        ):
            spec.convert(mask, to=dialect)
        return
    written = spec.convert(mask, to=dialect)
    assert same(spec.parse(written, from_=dialect), mask)
    if spec.kind != "interval":
        assert same(spec.convert(mask.astype(np.bool_), to=dialect), written)


@pytest.mark.parametrize("dialect", ["gymnasium", "pettingzoo"])
@pytest.mark.parametrize("rows", [None, 3])
def test_a_hybrid_mask_goes_part_by_part(dialect, rows):
    rng = np.random.default_rng(0)
    one = {
        "aim": HYBRID.full()["aim"],
        "fire": np.array([0, 1], np.int8),
        "gear": np.array([1, 0, 0, 1, 1], np.int8),
        "keys": (np.array([[0, 1], [1, 1]], np.int8), np.array([1, 0, 0], np.int8)),
    }
    mask = one if rows is None else batch_of([one] * rows)
    if rows and dialect == "gymnasium":
        with pytest.raises(
            ValueError, match="part 'gear': Space.sample takes no mask for a Box, and this per_head mask"
        ):
            HYBRID.convert(mask, to=dialect)
        mask["gear"], mask["keys"] = HYBRID.parts[2].full(rows), (HYBRID.parts[3].parts[0].full(rows), mask["keys"][1])
    written = HYBRID.convert(mask, to=dialect)
    assert same(HYBRID.parse(written, from_=dialect), mask)
    space = batch_space(HYBRID.action_space, rows) if rows and dialect == "gymnasium" else HYBRID.action_space
    space.seed(0)
    for _ in range(20):
        if rows and dialect == "pettingzoo":
            assert all(HYBRID.allows(one, space.sample(mask=part)) for part in written)
        else:
            assert np.all(HYBRID.allows(mask, space.sample(mask=written)))
    mask["aim"] = mask["aim"] / 2
    with pytest.raises(ValueError, match="part 'aim': Space.sample takes no mask for a Box"):
        HYBRID.convert(mask, to=dialect)
    assert HYBRID.allows(mask, HYBRID.sample(mask, rng)) is not False


@each_pair
def test_what_is_converted_or_parsed_shares_no_memory(name, dialect):
    spec = LEAVES[name]
    for mask in (spec.full(), spec.full().astype(np.bool_)):
        written = spec.convert(mask, to=dialect)
        parsed = spec.parse(written, from_=dialect)
        for array in written if isinstance(written, tuple) else [written]:
            array[...] = 0
        assert mask.all() and same(parsed, spec.full())


# --- refusals ------------------------------------------------------------------------------------------------------


@each_pair
def test_parse_takes_no_other_form(name, dialect):
    spec = LEAVES[name]
    good = spec.convert(spec.full(), to=dialect)
    vector = good[0] if isinstance(good, tuple) else good
    wrong = [None, 1, "mask", {"mask": good}, (vector,) * 7 + (vector[:0],), [good, None]]
    wrong += [vector[..., None, None], np.concatenate([vector, vector[:1]]), vector.tolist()]
    wrong += [vector.astype(dtype) for dtype in (np.int8, np.bool_, np.float32, np.int64) if dtype != vector.dtype]
    if vector.dtype != np.bool_:
        wrong += [vector + vector.dtype.type(2), vector - vector.dtype.type(9)]
    for value in wrong:
        with pytest.raises(ValueError, match="expected"):
            spec.parse(value, from_=dialect)


def test_an_unknown_dialect_is_refused_with_the_known_ones():
    for operation in (MaskSpec.flat(3).convert, MaskSpec.flat(3).parse):
        with pytest.raises(
            ValueError, match="unknown dialect 'numpy'; the dialects are gymnasium, pettingzoo, rllib, sb3,"
        ):
            operation(np.ones(3, np.int8), "numpy")


@pytest.mark.parametrize("dialect", ["sb3", "torchrl", "tianshou", "rllib"])
def test_dialects_that_count_from_zero_refuse_a_start(dialect):
    with pytest.raises(ValueError, match=rf"{dialect} cannot .* Discrete\(3, start=-2\): .* ignores start"):
        SPECS["flat from -2"].convert(np.ones(3, np.int8), to=dialect)


def test_a_joint_mask_that_is_no_product_is_no_mask_per_head():
    spec = MaskSpec.per_head([2, 2])
    with pytest.raises(ValueError, match="no product of one mask per head"):
        spec.parse(np.eye(2, dtype=np.bool_), from_="torchrl")
    assert same(spec.parse(np.zeros((2, 2), np.bool_), from_="torchrl"), np.zeros(4, np.int8))


def test_a_bit_that_may_be_nothing_has_no_mask_in_gymnasium():
    for dialect in ("gymnasium", "pettingzoo"):
        with pytest.raises(ValueError, match="neither 0 nor 1: bit 1"):
            MaskSpec.binary(2).convert(np.array([[1, 0], [0, 0]], np.int8), to=dialect)


def test_dependent_heads_are_not_in_a_joint_mask():
    spec = MaskSpec.conditional([2, 2, 3])
    for operation in (spec.convert, spec.parse):
        with pytest.raises(ValueError, match="two heads"):
            operation(spec.full() if operation == spec.convert else spec.full().astype(np.bool_), "torchrl")


# --- what Gymnasium and PettingZoo make of it ----------------------------------------------------------------------


def reached(space, mask, legal):
    """What `Space.sample(mask)` gives, drawn often enough to give everything it can."""
    return {hashable(space.sample(mask=mask)) for _ in range(60 * max(3, len(legal)))}


SAMPLED = [name for name, spec in SPECS.items() if spec.kind not in ("joint", "conditional") and name != "tuple"]


@pytest.mark.parametrize("dialect", ["gymnasium", "pettingzoo"])
@pytest.mark.parametrize("name", SAMPLED)
def test_space_sample_reaches_the_legal_actions_and_no_other(name, dialect):
    spec, rng = SPECS[name], np.random.default_rng(5)
    space = spec.action_space
    space.seed(5)
    for density in (0.3, 0.5, 0.9):
        mask = random_mask(spec, rng, density)
        legal = legal_actions(spec, mask)
        assert reached(space, spec.convert(mask, to=dialect), legal) == set(legal)


@pytest.mark.parametrize("name", ["flat", "flat from -2", "candidates"])
def test_the_batched_action_space_takes_a_batch(name):
    spec, rng = SPECS[name], np.random.default_rng(6)
    masks = [random_mask(spec, rng) for _ in range(4)]
    space = batch_space(spec.action_space, 4)
    space.seed(6)
    written = spec.convert(batch_of(masks), to="gymnasium")
    drawn = [[hashable(one) for one in iterate(space, space.sample(mask=written))] for _ in range(300)]
    assert [set(column) for column in zip(*drawn, strict=True)] == [set(legal_actions(spec, mask)) for mask in masks]


def test_a_wrong_mask_is_noticed_by_what_is_reached():
    """The negative control of the two tests above."""
    heads, flat = SPECS["per_head"], SPECS["flat"]
    mask = np.array([1, 0, 0, 1], np.int8)
    legal = set(legal_actions(flat, mask))
    for wrong in (1 - mask, np.roll(mask, 1), np.ones_like(mask)):
        assert reached(flat.action_space, wrong, legal) != legal
    first, second, third = heads.convert(np.array([0, 1, 1, 0, 0, 1], np.int8), to="gymnasium")
    legal = set(legal_actions(heads, np.concatenate([first, second, third])))
    assert reached(heads.action_space, (first, second, third), legal) == legal
    assert reached(heads.action_space, (first[::-1].copy(), second, third), legal) != legal
    assert reached(heads.action_space, (first, second, third[::-1].copy()), legal) != legal


def test_a_pettingzoo_game_is_played_by_its_own_masks():
    tictactoe = pytest.importorskip("pettingzoo.classic.tictactoe_v3")
    spec, rng = MaskSpec.flat(9), np.random.default_rng(0)
    env = tictactoe.raw_env()  # without the wrapper that answers illegal moves
    env.reset()
    moves = 0
    while not any(env.terminations.values()):
        theirs = env.observe(env.agent_selection)["action_mask"]
        mask = spec.parse(theirs, from_="pettingzoo")
        assert same(spec.convert(mask, to="pettingzoo"), theirs) and spec.count(mask) == 9 - moves
        env.step(spec.sample(mask, rng))
        moves += 1
    assert moves >= 5
