"""Checks of the arguments of masked distributions. Each raises a ValueError that names what was expected and found.

They are plain `if` statements: neither ``python -O`` nor
`torch.distributions.Distribution.set_default_validate_args` (which some libraries switch off on import)
removes them.
"""

import math
import operator
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..mask_spec.checks import shown

_LISTED_ROWS = 10
HOW_POLICIES_DIVERGE = (
    "the policy has diverged (a nan or infinite loss, too high a learning rate, or a nan observation)"
)


def check_logits(logits: Tensor, owner: str, width: int | None = None) -> Tensor:
    """Return the logits (..., n) in float32, or in float64 if they are; n is at least 1, and `width` if given."""
    if not isinstance(logits, Tensor) or not logits.is_floating_point():
        raise ValueError(f"{owner}: logits must be a floating-point torch.Tensor, got {_describe(logits)}")
    if logits.ndim == 0 or logits.shape[-1] == 0 or logits.shape[-1] != (width or logits.shape[-1]):
        last = f"{width}" if width else "n), n >= 1"
        raise ValueError(f"{owner}: logits must have shape (..., {last}), got {tuple(logits.shape)}")
    return logits if logits.dtype == torch.float64 else logits.float()


def check_mask(
    mask: Tensor | npt.NDArray[np.int8] | npt.NDArray[np.bool_],
    logits: Tensor,
    event_shape: Sequence[int],
    owner: str,
    validate: bool,
) -> Tensor:
    """Return the mask as bool of shape logits.shape[:-1] + event_shape, on the logits' device, sharing no memory.

    Leading dimensions may be missing or 1; the trailing `event_shape` must match exactly.
    """
    if isinstance(mask, np.ndarray) and mask.dtype in (np.bool_, np.int8):
        mask = torch.from_numpy(np.array(mask)).to(logits.device)
    if not isinstance(mask, Tensor) or mask.dtype not in (torch.bool, torch.int8):
        raise ValueError(
            f"{owner}: the mask must be a bool or int8 (0 or 1) tensor or array, 1 where the action is legal; "
            f"got {_describe(mask)}"
        )
    if mask.device != logits.device:
        raise ValueError(f"{owner}: the mask is on {mask.device}, the logits are on {logits.device}")
    shape = logits.shape[:-1] + torch.Size(event_shape)
    if mask.shape != shape and not _expands_to(mask.shape, shape, len(event_shape)):
        raise ValueError(
            f"{owner}: for logits of shape {tuple(logits.shape)} the mask must have shape {tuple(shape)}; "
            f"only dimensions before the last {len(event_shape)} may be missing or 1; got {tuple(mask.shape)}"
        )
    if validate and mask.dtype == torch.int8 and mask.numel() and int(mask.view(torch.uint8).max()) > 1:
        wrong = sorted(set(mask[(mask != 0) & (mask != 1)].tolist()))
        raise ValueError(f"{owner}: an int8 mask must hold 0 and 1 only, got {wrong}")
    legal = mask.to(torch.bool, copy=True)
    return legal if legal.shape == shape else legal.expand(shape)


def check_rows(row_max: Tensor, logits: Tensor, mask: Tensor, owner: str, part: str = "", first_part: int = 0) -> None:
    """Raise if a row of logits (..., n) has no legal entry, or legal entries that no softmax can take.

    Args:
        row_max: the largest legal logit of each row, (...): finite exactly where the row is in order.
        logits: (..., n).
        mask: bool (..., n).
        owner: the class to name in the error.
        part: what the last index of a row counts, as "head", if it is not a row of the batch.
        first_part: the number of the first part.
    """
    # A finite sum has finite terms and costs one small operation; finite terms may still overflow their sum.
    if math.isfinite(row_max.sum().item()) or bool(torch.isfinite(row_max).all()):
        return
    empty = ~mask.any(-1)
    if bool(empty.any()):
        raise ValueError(
            f"{owner}: the mask allows no action in {_list_rows(empty, part, first_part)}; at least one must be "
            "legal. Leave out rows of finished episodes and agents that do not act, or give them a mask of ones"
        )
    bad = ~torch.isfinite(row_max)
    first = tuple(bad.nonzero()[0].tolist())
    legal_logits = logits[first][mask[first]].tolist()
    raise ValueError(
        f"{owner}: logits at legal actions must be finite (or -inf beside a finite one) but are not in "
        f"{_list_rows(bad, part, first_part)}; the first has legal logits {legal_logits[:_LISTED_ROWS]}: "
        + HOW_POLICIES_DIVERGE
    )


def check_action_shape(value: Tensor, batch_shape: torch.Size, event_shape: torch.Size, owner: str) -> None:
    """Raise unless `value` is a tensor of real numbers of shape sample_shape + batch_shape + event_shape."""
    if not isinstance(value, Tensor) or value.is_complex():
        raise ValueError(f"{owner}: actions must be an integer torch.Tensor, got {_describe(value)}")
    expected = batch_shape + event_shape
    if value.shape[max(value.ndim - len(expected), 0) :] != expected:
        raise ValueError(
            f"{owner}: actions must have shape sample_shape + {tuple(expected)}, got {tuple(value.shape)} (they are "
            "not broadcast: (B, 1) against (B,) would silently give (B, B))"
        )


def check_action_range(value: Tensor, nvec: Sequence[int], owner: str) -> None:
    """Raise unless every entry of value (..., len(nvec)) is a whole number in 0, ..., nvec[head] - 1."""
    if value.dtype == torch.bool:
        raise ValueError(f"{owner}: actions must be integers, got torch.bool (is this a mask?)")
    if not value.numel():
        return
    lows, highs = value.reshape(-1, len(nvec)).aminmax(dim=0)
    for head, (low, high, n) in enumerate(zip(lows.tolist(), highs.tolist(), nvec, strict=True)):
        if not (low >= 0 and high < n):
            where = f" of head {head}" if len(nvec) > 1 else ""
            raise ValueError(f"{owner}: actions{where} must be in 0..{n - 1}, got values from {low} to {high}")
    if value.is_floating_point() and bool((value != value.trunc()).any()):
        raise ValueError(f"{owner}: actions must be whole numbers, got {value[value != value.trunc()][0].item()}")


def check_nvec(nvec: Iterable[int], owner: str) -> tuple[int, ...]:
    """Return `nvec` as a tuple of Python ints, each at least 1."""
    try:
        sizes = tuple(operator.index(n) for n in nvec)
    except TypeError:
        raise ValueError(f"{owner}: nvec must be a sequence of integers, got {shown(nvec)}") from None
    if not sizes or min(sizes) < 1:
        raise ValueError(f"{owner}: nvec must hold one or more sizes of at least 1, got {sizes}")
    return sizes


def _expands_to(given: torch.Size, wanted: torch.Size, fixed: int) -> bool:
    """Whether the shape `given` expands to `wanted` without a change of its last `fixed` dimensions."""
    if not fixed <= len(given) <= len(wanted):
        return False
    pairs = list(zip(reversed(given), reversed(wanted), strict=False))
    return all(a == b for a, b in pairs[:fixed]) and all(a in (1, b) for a, b in pairs[fixed:])


def _list_rows(selected: Tensor, part: str, first_part: int) -> str:
    """Name the True entries of a bool tensor (...): "row 3", "row (1, 3)", "row 3 head 0"."""
    names = []
    for index in selected.nonzero()[:_LISTED_ROWS].tolist():
        row = index[:-1] if part else index
        name = [f"row {row[0] if len(row) == 1 else tuple(row)}"] if row else []
        names.append(" ".join(name + ([f"{part} {first_part + index[-1]}"] if part else [])))
    unlisted = int(selected.sum()) - len(names)
    more = f" and {unlisted} more" if unlisted else ""
    return ", ".join(name or "its only row" for name in names) + more


def _describe(given: object) -> str:
    if isinstance(given, (Tensor, np.ndarray)):
        return f"{type(given).__name__} of {given.dtype} and shape {tuple(given.shape)}"
    return f"{type(given).__name__} ({given!r})"


def check_bounds(bounds: Tensor | npt.NDArray[np.floating[Any]], loc: Tensor, owner: str, validate: bool) -> Tensor:
    """Return bounds of shape loc.shape[:-1] + (2, d), on loc's device, sharing no memory; low <= high, finite."""
    if isinstance(bounds, np.ndarray) and np.issubdtype(bounds.dtype, np.floating):
        bounds = torch.from_numpy(np.array(bounds)).to(loc.device)
    if not isinstance(bounds, Tensor) or not bounds.is_floating_point():
        raise ValueError(f"{owner}: the bounds must be a floating-point tensor or array, got {_describe(bounds)}")
    if bounds.device != loc.device:
        raise ValueError(f"{owner}: the bounds are on {bounds.device}, loc is on {loc.device}")
    shape = loc.shape[:-1] + torch.Size([2, loc.shape[-1]])
    if bounds.shape != shape and not _expands_to(bounds.shape, shape, 2):
        raise ValueError(
            f"{owner}: for loc of shape {tuple(loc.shape)} the bounds must have shape {tuple(shape)}; only "
            f"dimensions before the last 2 may be missing or 1; got {tuple(bounds.shape)}"
        )
    if validate:
        wrong = ~(torch.isfinite(bounds).all(-2) & (bounds[..., 0, :] <= bounds[..., 1, :])).all(-1)
        if bool(wrong.any()):
            raise ValueError(
                f"{owner}: bounds must be finite and low <= high, but are not in {_list_rows(wrong, '', 0)}"
            )
    copied = bounds.clone()
    return copied if copied.shape == shape else copied.expand(shape)
