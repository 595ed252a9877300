"""How third-party environments write a mask, read into the canonical form of a `MaskSpec`.

Nothing is reshaped and nothing is guessed: a value of another shape is an error that names both shapes, and a value
that can be read in two ways is an error that says how to write it.

flat, candidates   zeros and ones of shape (n,); the numbers of the legal actions as a set, range or list (in rising
                   order if it could be zeros and ones too); scores to add to logits: 0, and -inf or at most -1e6
per_head           zeros and ones, head after head; a tuple or list of one vector for each head; of heads of one size
                   an array with a row for each head, unless it could be a table of all combinations too
joint, conditional a table of zeros and ones
binary             (n, 2): bit i may be 0, may be 1; sb3-contrib's row of 2n; Gymnasium's (n,) of 0, 1 and 2 (free)
interval           two arrays, low and high
dict               a dict, or for a Tuple a tuple or list, of masks; None for a part that nothing is forbidden of
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from .. import trees
from ..mask_spec import MaskSpec
from ..mask_spec.checks import items_of
from .forms import UnknownFormError, array_of, bits, bounds, expect, integers, legal_numbers, shape_of, short

NAMES_OF_LISTS = ("legal_actions", "legal_moves", "valid_actions", "valid_moves")
"""A list of integers that is called so holds the numbers of the legal actions."""
FORBIDDING_SCORE = -1e6  # added to a logit, it forbids


def read_mask(spec: MaskSpec, value: Any, name: str = "") -> Any:
    """A mask in its canonical form.

    Args:
        spec: of the mask.
        value: what the environment gave; see the module for the known forms.
        name: what the environment calls it, "" where it has no name. It matters for a list of integers that can be read
            in two ways: `legal_actions` and its kin list numbers, a name with "mask" in it holds zeros and ones.

    Returns:
        the mask; an array that is canonical already is returned itself, not a copy.

    Raises:
        UnknownFormError: no form that is known, or two of them; the message names what was expected and what was given.
    """
    try:
        return _read(spec, value, name)
    except UnknownFormError as error:
        raise UnknownFormError(f"no mask of {spec.action_space}: {error}") from None


def _read(spec: Any, value: Any, name: str) -> Any:
    if isinstance(value, np.ndarray) and value.dtype == np.int8 and spec.kind not in ("dict", "interval"):
        if value.shape == spec.shape and spec.contains(value):
            return value  # the array itself, so that whoever writes into it later is found out
    return READERS[spec.kind](spec, value, name)


def _flat(spec: Any, value: Any, name: str) -> npt.NDArray[np.int8]:
    if isinstance(value, (range, Set)):
        return _found(spec, value, legal_numbers(spec, value))
    as_bits, listed = bits(value, spec.shape), integers(value)
    if as_bits is None and not hasattr(value, "dtype"):
        as_bits = _scores(spec, value)
    is_named = name.removeprefix("get_") in NAMES_OF_LISTS
    if listed is None or (hasattr(value, "dtype") and not is_named):  # arrays are zeros and ones
        return _found(spec, value, as_bits if as_bits is not None else _scores(spec, value))
    numbers = legal_numbers(spec, listed)
    if as_bits is not None and listed != sorted(listed):
        numbers = None  # nobody lists numbers so
    if as_bits is None or numbers is None:
        return _found(spec, value, numbers if as_bits is None else as_bits)
    if hasattr(value, "dtype") or not (is_named or "mask" in name):
        raise UnknownFormError(
            f"{short(value)} can be read as the numbers of the legal actions and as zeros and ones: give a set of "
            "numbers, such as {0, 1}, or an array of bool, such as np.array([False, True])"
        )
    return numbers if is_named else as_bits


def _scores(spec: Any, value: Any) -> npt.NDArray[np.int8] | None:
    """Scores to add to the logits, as zeros and ones."""
    array = array_of(value)
    if array is None or array.shape != spec.shape or array.dtype.kind not in "fiu":
        return None
    forbids = array <= FORBIDDING_SCORE
    return (~forbids).astype(np.int8) if forbids.any() and (array[~forbids] == 0).all() else None


def _found(spec: Any, value: Any, mask: npt.NDArray[np.int8] | None) -> npt.NDArray[np.int8]:
    if mask is None:
        raise UnknownFormError(expect(spec, value))
    return mask


def _per_head(spec: Any, value: Any, name: str) -> npt.NDArray[np.int8]:
    items = items_of(value)
    if items is not None and len(items) == len(spec.nvec):
        heads = [bits(head, (n,)) for head, n in zip(items, spec.nvec, strict=True)]
        if not any(head is None for head in heads):
            return np.concatenate(heads)  # type: ignore[arg-type]
    rows = (len(spec.nvec), spec.nvec[0])
    if set(spec.nvec) == {rows[1]} and rows != tuple(spec.nvec) and (table := bits(value, rows)) is not None:
        return table.ravel()
    return _found(spec, value, bits(value, spec.shape))


def _table(spec: Any, value: Any, name: str) -> npt.NDArray[np.int8]:
    return _found(spec, value, bits(value, spec.shape))


def _binary(spec: Any, value: Any, name: str) -> npt.NDArray[np.int8]:
    pairs = bits(value, (spec.n, 2))
    if pairs is not None:
        return pairs
    row = bits(value, (2 * spec.n,))
    if row is not None:
        return row.reshape(spec.n, 2)
    choices = bits(value, (spec.n,), most=2)
    if choices is None:
        raise UnknownFormError(expect(spec, value))
    if not (choices == 2).any():
        raise UnknownFormError(
            f"{short(value)} can be read as the bits that may be 1, and as Gymnasium's form, in which 0 and 1 force a "
            f"bit and 2 leaves it free: give an array of shape ({spec.n}, 2), bit i may be 0, bit i may be 1"
        )
    return np.stack([choices != 1, choices != 0], axis=-1).astype(np.int8)


def _interval(spec: Any, value: Any, name: str) -> npt.NDArray[Any]:
    mask = bounds(spec, value)
    if mask is None:
        raise UnknownFormError(expect(spec, value))
    return mask


def _parts(spec: Any, value: Any, name: str) -> Any:
    values = parts_of(spec, value)
    if values is None:
        raise UnknownFormError(expect(spec, value))
    masks, errors = [], []
    for (key, part), one in zip(spec.items(), values, strict=True):
        try:
            masks.append(part.full() if one is None else _read(part, one, name))
        except UnknownFormError as error:
            errors.append(f"{key}: {error}")
    if errors:
        raise UnknownFormError("; ".join(errors))
    return spec.pack(masks)


def parts_of(spec: Any, value: Any) -> list[Any] | None:
    """The masks of the parts in the order of the spec; None where the structure is another one."""
    if spec.is_tuple:
        items = items_of(value)
        return list(items) if items is not None and len(items) == len(spec.parts) else None
    if isinstance(value, Mapping) and set(value) == set(spec.keys):
        return [value[key] for key in spec.keys]
    return None


READERS: dict[str, Callable[[Any, Any, str], Any]] = {
    "flat": _flat,
    "candidates": _flat,
    "per_head": _per_head,
    "joint": _table,
    "conditional": _table,
    "binary": _binary,
    "interval": _interval,
    "dict": _parts,
}


# --- batches ----------------------------------------------------------------------------------------------------------


def read_masks(spec: Any, value: Any, rows: int, where: npt.NDArray[np.bool_], name: str = "") -> Any:
    """The masks of all rows of a vector environment as one canonical batch.

    Args:
        spec: of one mask.
        value: an array with one more leading axis, or a list or tuple of one mask for each row; of a Dict or Tuple
            action a dict or tuple of these, or a list of one mask for each row.
        rows: how many.
        where: bool (rows,), the rows to read; the others forbid nothing.
        name: see `read_mask`.

    Raises:
        UnknownFormError: no form that is known; the message names the part and the row.
    """
    if spec.kind == "dict" and not (isinstance(value, list) and all(isinstance(v, (Mapping, tuple)) for v in value)):
        return _read_parts(spec, value, rows, where, name)
    if spec.kind != "dict" and isinstance(value, np.ndarray) and value.shape == (rows, *spec.shape):
        some = value[where]
        batch = bounds(spec, some, some.shape[:1]) if spec.kind == "interval" else bits(some, some.shape)
        if batch is not None:
            masks = spec.full(rows)
            masks[where] = batch
            return masks
    if shape_of(value)[:1] != (rows,):
        raise UnknownFormError(f"expected a batch of {rows} masks, got {short(value)}")
    return read_rows(spec, value, where, name)


def read_rows(spec: MaskSpec, values: Any, where: npt.NDArray[np.bool_], name: str = "") -> Any:
    """The masks of rows, given one by one, as one canonical batch.

    Args:
        spec, where, name: see `read_masks`.
        values: what each row has.

    Raises:
        UnknownFormError: as in `read_masks`.
    """
    return trees.stack([_read_row(spec, values[i], i, name) if some else spec.full() for i, some in enumerate(where)])


def _read_parts(spec: Any, value: Any, rows: int, where: npt.NDArray[np.bool_], name: str) -> Any:
    values = parts_of(spec, value)
    if values is None:
        raise UnknownFormError(expect(spec, value))
    batches = []
    for (key, part), one in zip(spec.items(), values, strict=True):
        try:
            batches.append(part.full(rows) if one is None else read_masks(part, one, rows, where, name))
        except UnknownFormError as error:
            raise UnknownFormError(f"{key}: {error}") from None
    return spec.pack(batches)


def _read_row(spec: MaskSpec, value: Any, row: int, name: str) -> Any:
    try:
        return read_mask(spec, value, name)
    except UnknownFormError as error:
        raise UnknownFormError(f"row {row}: {error}") from None


# --- the spec that a first mask implies -------------------------------------------------------------------------------


def spec_for(action_space: spaces.Space[Any], value: Any, name: str = "") -> MaskSpec:
    """The spec of an action space under which a value can be read; of MultiDiscrete the value decides the kind.

    Raises:
        UnknownFormError: none, or two kinds of mask.
    """
    try:
        spec = _spec(as_choices(action_space), value)
    except UnknownFormError:
        raise
    except ValueError as error:  # a space without parts
        raise UnknownFormError(f"no mask of {action_space}: {error}") from None
    read_mask(spec, value, name)
    return spec


def _spec(space: spaces.Space[Any], value: Any) -> MaskSpec:
    if isinstance(space, spaces.Dict):
        known = value if isinstance(value, Mapping) else {}
        return MaskSpec.dict({key: _spec(as_choices(part), known.get(key)) for key, part in space.spaces.items()})
    if isinstance(space, spaces.Tuple):
        items = items_of(value)
        values = items if items is not None and len(items) == len(space.spaces) else [None] * len(space)
        return MaskSpec.dict([_spec(as_choices(part), one) for part, one in zip(space.spaces, values, strict=True)])
    if isinstance(space, spaces.MultiDiscrete):
        return _spec_of_heads(space, value)
    try:
        return MaskSpec.from_space(space)
    except ValueError as error:
        raise UnknownFormError(str(error)) from None


def _spec_of_heads(space: spaces.MultiDiscrete, value: Any) -> MaskSpec:
    """The kind under which a mask over MultiDiscrete can be read: a table is joint, even where it is a product now."""
    readable = []
    for kind in ("per_head", "joint"):
        try:
            spec = MaskSpec.from_space(space, kind)
            if value is None:
                return spec
            _read(spec, value, "")
            readable.append(spec)
        except UnknownFormError:
            continue
        except ValueError as error:
            raise UnknownFormError(str(error)) from None
    if len(readable) == 2 and len(space.nvec) > 1 and isinstance(value, list):
        raise UnknownFormError(
            f"{short(value)} can be read as one vector for each head and as a table of all combinations: give a tuple "
            "of vectors or an array, or say mask_spec='per_head' or 'joint'"
        )
    if readable:
        return readable[0]
    nvec = tuple(map(int, space.nvec))
    raise UnknownFormError(
        f"no mask of {space}: expected zeros and ones of shape ({sum(nvec)},), a tuple of one vector for each head, or "
        f"a table of shape {nvec}; got {short(value)}"
    )


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
