"""How other libraries write the same masks, both ways; docs/masks.md shows the table.

A dialect is a pair of functions per kind. What is missing from the table is what the library cannot express, and the
error says so.

gymnasium    what `Space.sample(mask)` takes: int8, a tuple of vectors per MultiDiscrete head, 0/1/2 for MultiBinary;
             a batch is what the batched space takes (gymnasium/spaces, 1.2.2)
pettingzoo   the same, for one agent
sb3          flat bool; MultiBinary as 2n (sb3_contrib/common/maskable/distributions.py, 2.9)
torchrl      bool, of the shape of the logits; MultiDiscrete only as one joint mask of shape nvec
             (torchrl/envs/transforms/_action.py `ActionMask`, 0.14)
tianshou     bool (n,), Discrete only (tianshou/algorithm/modelfree/dqn.py, 2.0)
rllib        float32, flat; heads one after another, MultiBinary as 2n (rllib action_masking_rlm.py, 2.60)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from .base import MaskSpec

DIALECTS = ("gymnasium", "sb3", "torchrl", "pettingzoo", "tianshou", "rllib")

Array = npt.NDArray[Any]
Codec = tuple[Callable[[Any, Array], Any], Callable[[Any, Any], Array]]

INSTEAD = {
    "joint": "flatten the action to Discrete, whose flat mask every dialect has",
    "conditional": "flatten the action to Discrete, whose flat mask every dialect has",
    "interval": "no library in the list masks Box actions; scale the action into the bounds instead",
    "dict": "convert its parts one by one",
}


def convert(spec: MaskSpec, mask: Any, to: str) -> Any:
    """See `MaskSpec.convert`."""
    if spec.kind == "dict":
        return _over_parts(spec, mask, to, convert)
    write, _ = _codec(spec, to)
    rows, batch = spec.check(mask)
    if batch and to == "gymnasium":
        return tuple(write(spec, row[None])[0] if not isinstance(write(spec, row[None]), tuple) else
                     tuple(part[0] for part in write(spec, row[None])) for row in rows)  # fmt: skip
    written = write(spec, rows)
    if batch:
        return written
    return tuple(part[0] for part in written) if isinstance(written, tuple) else written[0]


def parse(spec: MaskSpec, mask: Any, from_: str) -> Any:
    """See `MaskSpec.parse`."""
    if spec.kind == "dict":
        return _over_parts(spec, mask, from_, parse)
    raise NotImplementedError


def _over_parts(spec: Any, mask: Any, dialect: str, one: Callable[..., Any]) -> Any:
    raise NotImplementedError


def _codec(spec: MaskSpec, dialect: str) -> Codec:
    raise NotImplementedError
