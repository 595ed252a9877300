"""How other libraries write the same masks, both ways; docs/masks.md shows the table.

A dialect is a writer and a reader for each kind of mask. What is missing from the table is what the library cannot
express exactly, and the error says so. `parse` takes the form that `convert` gives, and no other.

gymnasium    what `Space.sample(mask)` takes: int8; a tuple of vectors for MultiDiscrete; 0, 1 or 2 (free) for
             MultiBinary. A batch is what the batched space takes (gymnasium/spaces, vector/utils/space_utils.py, 1.2.2)
pettingzoo   the same for each agent, whose spaces are Gymnasium's; a batch is a list of them
sb3          bool, flat; MultiBinary as 2n (sb3_contrib/common/maskable/distributions.py, 2.9)
torchrl      bool, one entry per choice; MultiDiscrete as one joint mask of shape nvec
             (torchrl/envs/libs/gym.py, modules/distributions/discrete.py `MaskedCategorical`, 0.14)
tianshou     bool (n,), Discrete only (tianshou/algorithm/modelfree/dqn.py, random.py, 2.0)
rllib        float32, flat; heads one after another (rllib/examples/rl_modules/classes/action_masking_rlm.py, 2.60);
             no distribution for MultiBinary (rllib/core/models/catalog.py)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .array_dialects import array_codec, heads_to_joint, joint_to_heads, only_two_heads, pairs_to_row, row_to_pairs
from .base import MaskSpec
from .codec import Codec
from .sample_dialects import (
    list_codec,
    read_bits,
    read_heads,
    read_vector,
    single_codec,
    tuple_codec,
    write_bits,
    write_heads,
    write_vector,
)

DIALECTS = ("gymnasium", "sb3", "torchrl", "pettingzoo", "tianshou", "rllib")


def convert(spec: MaskSpec, mask: Any, to: str) -> Any:
    """See `MaskSpec.convert`."""
    codec = codec_of(spec, to)
    _, batch = spec.check(mask)
    return codec.write(spec, mask, batch)


def parse(spec: MaskSpec, mask: Any, from_: str) -> Any:
    """See `MaskSpec.parse`."""
    canonical = codec_of(spec, from_).read(spec, mask)
    spec.check(canonical)
    return canonical


def codec_of(spec: MaskSpec, dialect: str) -> Codec:
    """The writer and reader for this kind of mask.

    Raises:
        ValueError: an unknown dialect, or one that cannot express this mask.
    """
    if dialect not in DIALECTS:
        raise ValueError(f"unknown dialect {dialect!r}; the dialects are {', '.join(DIALECTS)}")
    codec = TABLE.get(spec.kind, {}).get(dialect)
    if codec is None:
        why = f"{LIMITS[dialect]}. Instead, {INSTEAD[spec.kind]}"
        raise ValueError(f"{dialect} cannot express {spec.kind} masks: {why}")
    start = getattr(spec, "start", 0)
    if start != 0 and dialect in COUNTS_FROM_0:
        why = "it chooses from 0 and ignores start. Instead, declare the actions from 0 and add start inside"
        raise ValueError(f"{dialect} cannot express the mask of {spec.action_space}: {why}")
    return codec


# --- a dict of masks, part by part ---------------------------------------------------------------------------------


def _write_parts(spec: Any, mask: Any, batch: bool) -> Any:
    masks = spec.unpack(mask, "the mask")
    return spec.pack(spec.each(lambda part, value: _write_part(part, value, batch), masks))


def _write_part(part: MaskSpec, mask: Any, batch: bool) -> Any:
    """In a Dict or Tuple, None stands for the mask of a space that takes none."""
    is_box = part.kind == "interval" or (batch and part.kind in ("per_head", "binary"))
    if not is_box:
        return convert(part, mask, "gymnasium")
    if np.array_equal(mask, part.full(len(mask) if batch else None)):
        return None
    raise ValueError(f"Space.sample takes no mask for a Box, and this {part.kind} mask forbids something")


def _read_parts(spec: Any, value: Any) -> Any:
    return _read_part(spec, value, _batch_size(spec, value))


def _batch_size(part: Any, value: Any) -> int | None:
    """The number of rows, which only the masks of Discrete parts tell; None for one mask."""
    if value is None:
        return None
    if part.kind == "dict":
        sizes = part.each(_batch_size, part.unpack(value, "the mask"))
        return next((size for size in sizes if size is not None), None)
    return len(value) if isinstance(value, tuple) and part.kind in ("flat", "candidates") else None


def _read_part(part: Any, value: Any, rows: int | None) -> Any:
    if value is None:
        return part.full(rows)
    if part.kind == "dict":
        values = part.unpack(value, "the mask")
        return part.pack(part.each(lambda inner, one: _read_part(inner, one, rows), values))
    return parse(part, value, "gymnasium")


def _write_parts_of_one(spec: Any, mask: Any) -> Any:
    return _write_parts(spec, mask, batch=False)


# --- the table -----------------------------------------------------------------------------------------------------

BOOL, FLOAT = array_codec(np.bool_), array_codec(np.float32)

ONE_HEAD = {
    "gymnasium": tuple_codec(write_vector, read_vector),
    "pettingzoo": list_codec(write_vector, read_vector),
    "sb3": BOOL,
    "torchrl": BOOL,
    "tianshou": BOOL,
    "rllib": FLOAT,
}

TABLE: dict[str, dict[str, Codec]] = {
    "flat": ONE_HEAD,
    "candidates": ONE_HEAD,
    "per_head": {
        "gymnasium": single_codec(write_heads, read_heads),
        "pettingzoo": list_codec(write_heads, read_heads),
        "sb3": BOOL,
        "torchrl": array_codec(np.bool_, lambda spec: spec.nvec, heads_to_joint, joint_to_heads),
        "rllib": FLOAT,
    },
    "joint": {"torchrl": BOOL},
    "conditional": {"torchrl": array_codec(np.bool_, write=only_two_heads, read=only_two_heads)},
    "binary": {
        "gymnasium": single_codec(write_bits, read_bits),
        "pettingzoo": list_codec(write_bits, read_bits),
        "sb3": array_codec(np.bool_, lambda spec: (2 * spec.n,), pairs_to_row, row_to_pairs),
    },
    "dict": {
        "gymnasium": Codec(_write_parts, _read_parts),
        "pettingzoo": list_codec(_write_parts_of_one, _read_parts),
    },
}

COUNTS_FROM_0 = ("sb3", "torchrl", "tianshou", "rllib")

LIMITS = {
    "gymnasium": "Space.sample masks Discrete, MultiDiscrete and MultiBinary actions, each choice by itself",
    "pettingzoo": "Space.sample masks Discrete, MultiDiscrete and MultiBinary actions, each choice by itself",
    "sb3": "MaskablePPO masks Discrete, MultiDiscrete and MultiBinary actions, each choice by itself",
    "torchrl": "MaskedCategorical and ActionMask take one mask over all the choices of Discrete or MultiDiscrete",
    "tianshou": "it masks Discrete actions only",
    "rllib": "it masks Discrete and MultiDiscrete actions, each choice by itself",
}

_FLATTEN = "declare the action as Discrete over all combinations, whose flat mask every dialect has"
INSTEAD = {
    "per_head": _FLATTEN,
    "joint": f"{_FLATTEN}: mask.reshape(-1)",
    "conditional": f"{_FLATTEN}: with two heads, mask.reshape(-1)",
    "binary": f"declare it as MultiDiscrete([2] * n), whose per_head mask is mask.reshape(-1), or {_FLATTEN}",
    "interval": "scale the action of the agent from [-1, 1] into the bounds of the mask",
    "dict": "convert its parts one by one",
}
"""What to do about a kind that a dialect cannot express; flat and candidates have all dialects."""
