"""How environments write a mask, read into the canonical form of a `MaskSpec`.

The forms of the libraries that have a dialect are read by `MaskSpec.parse`. Beside these there are three more that no
library takes but many environments give: numbers of the legal actions, scores to add to logits (0 and minus infinity),
and zeros and ones of any dtype and shape with as many entries as there are actions.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from ..mask_spec import MaskSpec

NAMES_OF_LISTS = ("legal_actions", "legal_moves", "valid_actions", "available_actions")
"""What is called so may list the numbers of the legal actions, or be a mask."""
FORBIDDING_SCORE = -1e6  # added to a logit, it forbids


class UnknownFormError(ValueError):
    """A value that is no mask of the action space in any form that is known."""


def read_mask(spec: MaskSpec, value: Any, name: str = "") -> Any:
    """A mask in its canonical form.

    Args:
        spec: of the mask.
        value: what the environment gave.
        name: what it calls it; of two meanings it decides which one is meant.

    Raises:
        UnknownFormError: no form that is known.
    """
    space: Any = spec.space
    if isinstance(value, np.ndarray) and spec.kind != "dict" and value.dtype == space.dtype and space.contains(value):
        return value  # the array itself, so that whoever writes into it later is found out
    for read in _readers(spec, name):
        try:
            mask = read(value)
            if mask is not None and space.contains(mask):
                return mask
        except (ValueError, TypeError, IndexError, KeyError, AttributeError):
            continue
    raise UnknownFormError(f"no mask of {spec.action_space} in a form that is known: {_short(value)}")


def spec_for(action_space: spaces.Space[Any], value: Any, name: str = "") -> MaskSpec:
    """The spec of an action space under which a value can be read; for MultiDiscrete the value decides the kind.

    Raises:
        UnknownFormError: none.
    """
    tried = []
    action_space = as_choices(action_space)
    kinds: tuple[str | None, ...] = (None,)
    if isinstance(action_space, spaces.MultiDiscrete):  # a table that looks like a product now need not do so later
        is_table = hasattr(value, "shape") and tuple(value.shape) == tuple(action_space.nvec)
        kinds = ("joint",) if is_table else ("per_head", "joint")
    for kind in kinds:
        try:
            spec = MaskSpec.from_space(action_space, kind)
            read_mask(spec, value, name)
            return spec
        except ValueError as error:
            tried.append(str(error))
    raise UnknownFormError("; ".join(tried))


def as_choices(space: spaces.Space[Any]) -> spaces.Space[Any]:
    """A Box of whole numbers from 0 as the MultiDiscrete that it is; every other space as it is.

    Jumanji and EnvPool write several choices at once in such boxes.
    """
    if (
        not isinstance(space, spaces.Box)
        or not np.issubdtype(space.low.dtype, np.integer)
        or space.low.ndim != 1
        or space.low.any()
    ):
        return space
    return spaces.MultiDiscrete(space.high.astype(np.int64) + 1)


def _readers(spec: Any, name: str) -> Iterator[Callable[[Any], Any]]:
    if spec.kind == "dict":
        yield lambda value: _read_parts(spec, value, name)
        return
    if spec.kind in ("flat", "candidates") and name in NAMES_OF_LISTS:
        yield lambda value: None if _is_array(value) else _numbers(spec, value)
    if spec.kind == "interval":
        yield lambda value: np.asarray(value, spec.dtype)
        return
    yield lambda value: _zeros_and_ones(spec, value)
    for dialect in ("sb3", "gymnasium", "rllib", "torchrl"):
        yield functools.partial(spec.parse, from_=dialect)
    yield lambda value: _scores(spec, value)
    if spec.kind in ("flat", "candidates"):
        yield lambda value: _numbers(spec, value)


def _read_parts(spec: Any, value: Any, name: str) -> Any:
    values = spec.unpack(value, "the mask") if not isinstance(value, Mapping) else [value[key] for key in spec.keys]
    # None, as in Gymnasium, for a part without a mask
    pairs = zip(spec.parts, values, strict=True)
    return spec.pack([part.full() if own is None else read_mask(part, own, name) for part, own in pairs])


def _is_array(value: Any) -> bool:
    return hasattr(value, "dtype") or (isinstance(value, (list, tuple)) and any(isinstance(v, bool) for v in value))


def _entries(spec: Any, value: Any) -> npt.NDArray[Any]:
    """A value as an array of the mask's shape; other shapes with as many entries are read in order."""
    if spec.kind == "per_head" and isinstance(value, (list, tuple)) and len(value) == len(spec.nvec):
        value = np.concatenate([np.ravel(head) for head in value])
    array = np.asarray(value)
    if array.dtype == object or array.size != math.prod(spec.space.shape):
        raise UnknownFormError("another number of entries")
    entries: npt.NDArray[Any] = array.reshape(spec.space.shape)
    return entries


def _zeros_and_ones(spec: Any, value: Any) -> npt.NDArray[np.int8] | None:
    array = _entries(spec, value)
    return array.astype(np.int8) if np.isin(array, (0, 1)).all() else None


def _scores(spec: Any, value: Any) -> npt.NDArray[np.int8] | None:
    array = _entries(spec, value).astype(np.float64)
    forbids = array <= FORBIDDING_SCORE
    return (~forbids).astype(np.int8) if forbids.any() and (array[~forbids] == 0).all() else None


def _numbers(spec: Any, value: Any) -> npt.NDArray[np.int8] | None:
    numbers = np.asarray(sorted(value) if isinstance(value, (set, frozenset, range)) else value)
    if numbers.ndim != 1 or (numbers.size and numbers.dtype.kind not in "iu"):
        return None
    places = numbers.astype(np.int64) - getattr(spec, "start", 0)
    if len(set(places.tolist())) != len(places) or ((places < 0) | (places >= spec.n)).any():
        return None
    mask = np.zeros(spec.n, np.int8)
    mask[places] = 1
    return mask


def _short(value: Any, most: int = 120) -> str:
    text = repr(value).replace("\n", " ")
    return text if len(text) <= most else text[:most] + "..."
