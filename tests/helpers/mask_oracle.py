"""What the tests of masks compare `MaskSpec` with: every kind by plain enumeration, straight from its definition."""

import itertools
import math

import numpy as np

from masked_envs.mask_spec import MaskSpec

SPECS = {
    "flat": MaskSpec.flat(4),
    "flat of one": MaskSpec.flat(1),
    "flat from -2": MaskSpec.flat(3, start=-2),
    "candidates": MaskSpec.candidates(5),
    "per_head": MaskSpec.per_head([2, 1, 3]),
    "joint": MaskSpec.joint([2, 3]),
    "joint of three": MaskSpec.joint([2, 1, 2]),
    "conditional": MaskSpec.conditional([3, 2]),
    "binary": MaskSpec.binary(3),
    "dict": MaskSpec.dict({"move": MaskSpec.per_head([2, 2]), "target": MaskSpec.flat(3, start=1)}),
    "tuple": MaskSpec.dict([MaskSpec.binary(2), MaskSpec.dict({"x": MaskSpec.joint([2, 2])})]),
}
"""One small spec, or more, of every kind whose actions can be listed."""

LEAVES = {name: spec for name, spec in SPECS.items() if spec.kind != "dict"}


def values_of(tree):
    """The parts of a dict (in the order of its keys) or of a tuple."""
    return tuple(tree[key] for key in sorted(tree)) if isinstance(tree, dict) else tuple(tree)


def actions_of(spec):
    """Every action of the action space, hashable."""
    if spec.kind in ("flat", "candidates"):
        return list(range(spec.start, spec.start + spec.n))
    if spec.kind == "binary":
        return list(itertools.product((0, 1), repeat=spec.n))
    if spec.kind == "dict":
        return list(itertools.product(*(actions_of(part) for part in spec.parts)))
    return list(itertools.product(*(range(n) for n in spec.nvec)))


def is_legal(spec, mask, action):
    """The definition of each kind, word for word."""
    if spec.kind in ("flat", "candidates"):
        return bool(mask[action - spec.start])
    if spec.kind == "per_head":
        offsets = [sum(spec.nvec[:k]) for k in range(len(spec.nvec))]
        return all(mask[offset + choice] for offset, choice in zip(offsets, action, strict=True))
    if spec.kind in ("joint", "conditional"):
        return bool(mask[tuple(action)])
    if spec.kind == "binary":
        return all(mask[i, bit] for i, bit in enumerate(action))
    parts = zip(spec.parts, values_of(mask), values_of(action), strict=True)
    return all(is_legal(*part) for part in parts)


def legal_actions(spec, mask):
    return [action for action in actions_of(spec) if is_legal(spec, mask, action)]


def hashable(action):
    """An action as `MaskSpec` and Gymnasium give it, in the form of `actions_of`."""
    if isinstance(action, dict | tuple):
        return tuple(hashable(part) for part in values_of(action))
    return tuple(action.tolist()) if isinstance(action, np.ndarray) and action.ndim else int(action)


def as_action(spec, action):
    """The reverse of `hashable`, in the dtypes of the action space."""
    if spec.kind == "dict":
        parts = [as_action(*pair) for pair in zip(spec.parts, action, strict=True)]
        return tuple(parts) if spec.is_tuple else dict(zip(spec.keys, parts, strict=True))
    return action if isinstance(action, int) else np.array(action, spec.action_space.dtype)


def mask_from(spec, bits):
    """A mask from an iterator of zeros and ones."""
    if spec.kind == "dict":
        parts = [mask_from(part, bits) for part in spec.parts]
        return tuple(parts) if spec.is_tuple else dict(zip(spec.keys, parts, strict=True))
    cells = list(itertools.islice(bits, math.prod(spec.shape)))
    return np.array(cells, np.int8).reshape(spec.shape)


def cells_of(spec):
    """How many bits make a mask."""
    return sum(cells_of(part) for part in spec.parts) if spec.kind == "dict" else math.prod(spec.shape)


def every_mask(spec):
    for bits in itertools.product((0, 1), repeat=cells_of(spec)):
        yield mask_from(spec, iter(bits))


def random_mask(spec, rng, density=0.6):
    """A random mask that allows something."""
    while True:
        mask = mask_from(spec, iter((rng.random(cells_of(spec)) < density).astype(int).tolist()))
        if legal_actions(spec, mask):
            return mask


def batch_of(masks):
    """Masks of one spec as a batch."""
    if isinstance(masks[0], dict):
        return {key: batch_of([mask[key] for mask in masks]) for key in masks[0]}
    if isinstance(masks[0], tuple):
        return tuple(batch_of(list(column)) for column in zip(*masks, strict=True))
    return np.stack(masks)


def row_of(batch, i):
    if isinstance(batch, dict):
        return {key: row_of(part, i) for key, part in batch.items()}
    if isinstance(batch, tuple):
        return tuple(row_of(part, i) for part in batch)
    return batch[i]


def same(a, b):
    """Equal in structure, shape, dtype and values."""
    if isinstance(a, dict):
        return isinstance(b, dict) and set(a) == set(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, tuple | list):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.dtype == b.dtype and np.array_equal(a, b)
    return type(a) is type(b) and a == b
