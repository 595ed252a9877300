"""The spaces of a batch: those of Gymnasium, without the memory."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.vector.utils import batch_space

from masked_envs.api.observations import batched

pytestmark = pytest.mark.core

LOW, HIGH = np.array([[0.0, -np.inf, 2.0]], np.float32), np.array([[1.0, 3.0, np.inf]], np.float32)
SPACES = {
    "zeros and ones": spaces.Box(0, 1, (5,), np.int8),
    "bounds that differ": spaces.Box(LOW, HIGH, dtype=np.float32),
    "integers": spaces.Box(-3, 9, (2, 3), np.int64),
    "discrete": spaces.Discrete(4, start=2),
    "several": spaces.MultiDiscrete([3, 4]),
    "bits": spaces.MultiBinary(6),
    "dict": spaces.Dict(a=spaces.Box(0, 1, (5,), np.int8), b=spaces.Dict(c=spaces.Discrete(3))),
    "tuple": spaces.Tuple([spaces.Box(0, 1, (5,), np.int8), spaces.MultiBinary(2)]),
}


@pytest.mark.parametrize("name", SPACES)
def test_a_batch_is_that_of_gymnasium(name: str) -> None:
    ours, theirs = batched(SPACES[name], 3), batch_space(SPACES[name], 3)
    assert type(ours) is type(theirs) and ours == theirs and theirs == ours and repr(ours) == repr(theirs)
    assert ours != batched(SPACES[name], 4)
    for seed in (0, 1):
        ours.seed(seed)
        theirs.seed(seed)
        one, other = ours.sample(), theirs.sample()
        assert repr(one) == repr(other) and ours.contains(other) and theirs.contains(one)
    again = pickle.loads(pickle.dumps(ours))
    assert again == ours and repr(again.sample()) == repr(ours.sample())


def test_bounds_of_a_batch_take_the_memory_of_one_row() -> None:
    space = spaces.Box(0, 1, (1000,), np.int8)
    ours, theirs = batched(space, 500), batch_space(space, 500)
    for name in ("low", "high", "bounded_below", "bounded_above"):
        bounds, copies = getattr(ours, name), getattr(theirs, name)
        np.testing.assert_array_equal(bounds, copies)
        assert bounds.base is not None and bounds.strides[0] == 0 and copies.strides[0] > 0
        assert not bounds.flags.writeable, "one row's bounds are every row's"
