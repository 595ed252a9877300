"""A spec is a frozen value, made from sizes or from an action space, or refused."""

import copy
import pickle

import numpy as np
import pytest
from gymnasium import spaces
from mask_oracle import SPECS, actions_of, same

from masked_envs.mask_spec import MaskSpec

pytestmark = pytest.mark.core

INTERVAL = MaskSpec.interval([-1.0, 0.0], [1.0, 4.0])

each_spec = pytest.mark.parametrize("spec", [*SPECS.values(), INTERVAL], ids=[*SPECS.keys(), "interval"])

IMPOSSIBLE = {
    "flat": [0, -1, 2.0, True, "3", None],
    "candidates": [0, -1, 1.5],
    "per_head": [[], [2, 0], [2, 1.5], [True], 5, None, "23"],
    "joint": [[], [2, -1], [[2, 3]]],
    "conditional": [[], [4], [2, 0], 4],
    "binary": [0, None, 2.5],
    "dict": [{}, [], {"a": 3}, {"": MaskSpec.flat(2)}, {1: MaskSpec.flat(2)}, [MaskSpec.conditional([2, 2, 2])]],
}
IMPOSSIBLE_BOUNDS = [(1, 0), (0, np.inf), (np.nan, 1), ([[0]], [[1]]), ([], []), ("a", "b"), (0, 1e300), (None, 1)]


@pytest.mark.parametrize(("kind", "size"), [(kind, size) for kind, sizes in IMPOSSIBLE.items() for size in sizes])
def test_impossible_sizes_are_refused(kind, size):
    with pytest.raises(ValueError, match=" must be | is made of | are non-empty | has two heads | cannot ask "):
        getattr(MaskSpec, kind)(size)


@pytest.mark.parametrize(("low", "high"), IMPOSSIBLE_BOUNDS)
def test_impossible_bounds_are_refused(low, high):
    with pytest.raises(ValueError, match="bounds"):
        MaskSpec.interval(low, high)


def test_impossible_details_are_refused():
    for start in (0.5, None, True, 2**63):
        with pytest.raises(ValueError, match="start must be"):
            MaskSpec.flat(2, start=start)
    with pytest.raises(ValueError, match="meaning must be one of 'legal', 'useful', 'safe', not 'maybe'"):
        MaskSpec.flat(2, meaning="maybe")
    with pytest.raises(ValueError, match="float dtype .*, not 'int64'"):
        MaskSpec.interval(0, 1, dtype=np.int64)


@each_spec
def test_a_spec_is_a_value(spec):
    spec.sample(spec.full(70), np.random.default_rng(0))  # fills what it caches
    twins = [pickle.loads(pickle.dumps(spec)), copy.deepcopy(spec)]
    for twin in twins:
        assert twin == spec and hash(twin) == hash(spec) and repr(twin) == repr(spec) and twin.kind == spec.kind
        assert same(twin.full(), spec.full()) and twin.action_space == spec.action_space
    assert len({spec, *twins}) == 1
    with pytest.raises(AttributeError):
        spec.meaning = "safe"


def test_different_specs_differ():
    near = [MaskSpec.flat(4, meaning="safe"), MaskSpec.candidates(4), MaskSpec.joint([2, 1, 3])]
    specs = [*SPECS.values(), INTERVAL, *near]
    assert len(set(specs)) == len(specs)
    assert MaskSpec.dict({"b": near[0], "a": INTERVAL}) == MaskSpec.dict({"a": INTERVAL, "b": near[0]})
    assert MaskSpec.per_head(np.array([2, 1, 3])) == SPECS["per_head"] and MaskSpec.flat(np.int64(4)) == SPECS["flat"]


@each_spec
def test_a_spec_is_read_off_its_action_space(spec):
    def kinds(part):
        if part.kind != "dict":
            return part.kind
        return [kinds(inner) for inner in part.parts] if part.is_tuple else {k: kinds(p) for k, p in part.items()}

    assert MaskSpec.from_space(spec.action_space, kinds(spec)) == spec
    if spec.kind in ("flat", "binary", "interval"):
        assert MaskSpec.from_space(spec.action_space) == spec
    safe = MaskSpec.from_space(spec.action_space, kinds(spec), meaning="safe")
    assert safe != spec and safe.meaning == "safe"


@pytest.mark.parametrize(
    ("space", "kind", "message"),
    [
        (spaces.MultiDiscrete([2, 3]), None, "kind= one of 'per_head', 'joint', 'conditional'"),
        (spaces.MultiDiscrete([2, 3]), "flat", "is of kind 'per_head' or"),
        (spaces.MultiDiscrete([[2, 3]]), "joint", "one axis"),
        (spaces.MultiDiscrete([2, 3], start=[1, 0]), "joint", "numbered from 0"),
        (spaces.Discrete(3), "binary", "is of kind 'flat' or"),
        (spaces.Discrete(3, start=1), "candidates", "numbered from 0"),
        (spaces.MultiBinary((2, 2)), None, "one axis"),
        (spaces.Box(0, 1, (2, 2)), None, "one axis"),
        (spaces.Box(0, 9, (2,), np.int64), None, "float dtype"),
        (spaces.Box(-np.inf, 1, (2,)), None, "finite"),
        (spaces.Text(3), None, "no kind of mask for"),
        (spaces.Dict(a=spaces.Discrete(2)), {"b": "flat"}, "must map keys"),
        (spaces.Dict(a=spaces.Discrete(2)), "flat", "must map keys"),
        (spaces.Tuple([spaces.Discrete(2)]), ["flat", "flat"], "sequence of 1 kinds"),
    ],
)
def test_a_space_without_a_mask_is_refused(space, kind, message):
    with pytest.raises(ValueError, match=message):
        MaskSpec.from_space(space, kind)


def test_the_action_space_is_a_new_one_every_time():
    spec = SPECS["flat"]
    first, second = spec.action_space, spec.action_space
    first.seed(1)
    assert first is not second and len(actions_of(spec)) == first.n
