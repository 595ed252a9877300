"""From a mask specification to the distribution that serves it."""

import math
from typing import Any, Protocol

import torch
from torch import Tensor

from masked_envs.torch import _checks
from masked_envs.torch.categorical import MaskedCategorical, MaskedDistribution
from masked_envs.torch.conditional import MaskedConditional, widths
from masked_envs.torch.factored import MaskedBinary, MaskedJoint, MaskedPerHead
from masked_envs.torch.interval import MaskedTruncatedNormal
from masked_envs.torch.product import MaskedDict

LOG_SCALE_RANGE = (-5.0, 2.0)
"""Of an interval's standard deviation, in halves of the action space: from 1/150 of it to seven times as much."""


class MaskSpecLike(Protocol):
    """What is read of a `MaskSpec`: its kind; `n` (flat, candidates, binary), `nvec` (per_head, joint, conditional),
    `low` and `high` (interval), or `parts`, `pack` and `unpack` (dict).
    """

    @property
    def kind(self) -> str:
        """The form of the mask."""


def num_logits(mask_spec: MaskSpecLike) -> int:
    """Return how many numbers a policy head must give for this kind of mask.

    flat, candidates and binary: n; per_head: sum(nvec); joint: prod(nvec); conditional: n + n * m + ...;
    interval: 2 d; dict: the sum over its parts.

    Raises:
        ValueError: an unknown kind.
    """
    spec: Any = mask_spec
    if spec.kind in ("flat", "candidates", "binary"):
        return int(spec.n)
    if spec.kind == "dict":
        return sum(num_logits(part) for part in spec.parts)
    if spec.kind == "interval":
        return 2 * len(spec.low)
    if spec.kind not in ("per_head", "joint", "conditional"):
        raise ValueError(f"no masked distribution for masks of kind {spec.kind!r}")
    nvec = _checks.check_nvec(spec.nvec, "num_logits")
    if spec.kind == "conditional":
        return sum(widths(nvec))
    return math.prod(nvec) if spec.kind == "joint" else sum(nvec)


def distribution_for(
    mask_spec: MaskSpecLike, logits: Tensor, mask: Any, validate_args: bool | None = None
) -> MaskedDistribution:
    """Return the masked distribution for a mask in the canonical form of `mask_spec`.

    Actions are positions in the mask: of `Discrete(n, start=s)`, add s before `step` and subtract it before `log_prob`.

    An interval has a `MaskedTruncatedNormal`, whose parameters are read in halves of the action space, so that 0 is
    its middle whatever its unit: loc = middle + half * logits[..., :d], scale = half * exp(logits[..., d:]), the
    exponent kept between -5 and 2.

    Args:
        mask_spec: the environment's `mask_spec`.
        logits: floating point (..., num_logits(mask_spec)); for a dict those of its parts, one after the other.
        mask: bool or int8, or bounds, leading dimensions and then the canonical shape of the kind; of a conditional
            mask with more than two heads what its `dense` gives, (..., *nvec); for a dict, a dict (tuple) of these.
        validate_args: see `MaskedDistribution`.

    Raises:
        ValueError: the kind has no distribution here, or logits and mask do not fit the specification.
    """
    logits = _checks.check_logits(logits, f"mask_spec of kind {mask_spec.kind!r}", width=num_logits(mask_spec))
    spec: Any = mask_spec
    if spec.kind == "dict":
        return _product(spec, logits, mask, validate_args)
    if spec.kind == "interval":
        return _truncated_normal(spec, logits, mask, validate_args)
    if spec.kind == "per_head":
        return MaskedPerHead(logits, mask, spec.nvec, validate_args)
    if spec.kind == "joint":
        return MaskedJoint(logits, mask, spec.nvec, validate_args)
    if spec.kind == "conditional":
        return MaskedConditional(logits, mask, spec.nvec, validate_args)
    if spec.kind == "binary":
        return MaskedBinary(logits, mask, validate_args)
    return MaskedCategorical(logits, mask, validate_args)


def _product(spec: Any, logits: Tensor, mask: Any, validate_args: bool | None) -> MaskedDict:
    widths = [num_logits(part) for part in spec.parts]
    columns = zip(spec.parts, torch.split(logits, widths, -1), spec.unpack(mask, "the mask"), strict=True)
    parts = [distribution_for(part, own, masked, validate_args) for part, own, masked in columns]
    return MaskedDict(spec.pack(parts))


def _truncated_normal(spec: Any, logits: Tensor, mask: Any, validate_args: bool | None) -> MaskedTruncatedNormal:
    low, high = (torch.tensor(bound, dtype=logits.dtype, device=logits.device) for bound in (spec.low, spec.high))
    half = torch.where(high > low, (high - low) / 2, 1.0)
    loc, log_scale = logits.chunk(2, -1)
    scale = half * log_scale.clamp(*LOG_SCALE_RANGE).exp()
    return MaskedTruncatedNormal((low + high) / 2 + half * loc, scale, mask, validate_args)
