"""PettingZoo: each agent's mask as Gymnasium writes it, since its spaces are Gymnasium's; a batch is a list of them."""

from __future__ import annotations

from functools import partial

from ._dialect import Dialect
from .gymnasium import (
    LIMIT,
    read_bits,
    read_heads,
    read_parts,
    read_vector,
    sequence_codec,
    write_bits,
    write_heads,
    write_parts,
    write_vector,
)

VECTOR = sequence_codec(list, write_vector, read_vector)

DIALECT = Dialect(
    "pettingzoo",
    LIMIT,
    {
        "flat": VECTOR,
        "candidates": VECTOR,
        "per_head": sequence_codec(list, write_heads, read_heads),
        "binary": sequence_codec(list, write_bits, read_bits),
        "dict": sequence_codec(list, partial(write_parts, batch=False), read_parts),
    },
    counts_from_0=False,
)
