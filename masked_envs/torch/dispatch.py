"""From a mask specification to the distribution over its actions."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from masked_envs.torch import _checks
from masked_envs.torch.binary import MaskedBinary
from masked_envs.torch.categorical import MaskedCategorical
from masked_envs.torch.conditional import MaskedConditional, widths
from masked_envs.torch.distribution import MaskedDistribution
from masked_envs.torch.joint import MaskedJoint
from masked_envs.torch.per_head import MaskedPerHead
from masked_envs.torch.product import MaskedDict
from masked_envs.torch.truncated_normal import MaskedTruncatedNormal

from ..mask_spec.checks import shown

LOG_SCALE_RANGE = (-5.0, 2.0)
"""Of an interval's standard deviation, in halves of the action space: from 1/150 of it to seven times as much."""


class MaskSpecLike(Protocol):
    """What is read of a `MaskSpec`: its kind; `n` (flat, candidates, binary), `nvec` (per_head, joint, conditional),
    `low` and `high` (interval), or `parts`, `pack` and `unpack` (dict).
    """

    @property
    def kind(self) -> str:
        """The form of the mask."""


class Form(NamedTuple):
    """How a policy gives a distribution over the actions of one kind of mask.

    Attributes:
        width: spec -> how many numbers the policy gives.
        build: (spec, logits (..., width), mask, validate_args) -> the distribution.
    """

    width: Callable[[Any], int]
    build: Callable[[Any, Tensor, Any, bool | None], MaskedDistribution]


def num_logits(mask_spec: MaskSpecLike) -> int:
    """Return how many outputs a policy head needs for this kind of mask.

    flat, candidates and binary: n; per_head: sum(nvec); joint: prod(nvec); conditional: n + n * m + ...;
    interval: 2 d; dict: the sum over its parts.

    Raises:
        ValueError: an unknown kind.
    """
    return _form(mask_spec).width(mask_spec)


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
    form = _form(mask_spec)
    wide = _checks.check_logits(logits, f"mask_spec of kind {shown(mask_spec.kind)}", width=form.width(mask_spec))
    distribution = form.build(mask_spec, wide, mask, validate_args)
    if logits.dtype == torch.float16:
        distribution._widened = (wide,)
    return distribution


def _form(mask_spec: MaskSpecLike) -> Form:
    if mask_spec.kind not in FORMS:
        raise ValueError(f"no masked distribution for masks of kind {shown(mask_spec.kind)}")
    return FORMS[mask_spec.kind]


def _product(spec: Any, logits: Tensor, mask: Any, validate_args: bool | None) -> MaskedDict:
    columns = torch.split(logits, [num_logits(part) for part in spec.parts], -1)
    masks = spec.unpack(mask, "the mask")
    parts = [distribution_for(*part, validate_args) for part in zip(spec.parts, columns, masks, strict=True)]
    return MaskedDict(spec.pack(parts))


def _truncated_normal(spec: Any, logits: Tensor, mask: Any, validate_args: bool | None) -> MaskedTruncatedNormal:
    # In float64, in which the product of any float32 logit and any float32 bound is finite.
    low, high = (torch.tensor(bound, dtype=torch.float64, device=logits.device) for bound in (spec.low, spec.high))
    half = torch.where(high > low, (high - low) / 2, 1.0)
    loc, log_scale = logits.double().chunk(2, -1)
    unless_infinite = 0.0 * log_scale.detach()  # nan, which is refused: the limits would hide that the policy diverged
    scale = half * (log_scale.clamp(*LOG_SCALE_RANGE) + unless_infinite).exp()
    return MaskedTruncatedNormal((low + high) / 2 + half * loc, scale, mask, validate_args, dtype=logits.dtype)


_FLAT = Form(lambda spec: int(spec.n), lambda spec, *given: MaskedCategorical(*given))

FORMS: dict[str, Form] = {
    "flat": _FLAT,
    "candidates": _FLAT,
    "per_head": Form(
        lambda spec: sum(spec.nvec),
        lambda spec, logits, mask, validate: MaskedPerHead(logits, mask, spec.nvec, validate),
    ),
    "joint": Form(
        lambda spec: math.prod(spec.nvec),
        lambda spec, logits, mask, validate: MaskedJoint(logits, mask, spec.nvec, validate),
    ),
    "conditional": Form(
        lambda spec: sum(widths(spec.nvec)),
        lambda spec, logits, mask, validate: MaskedConditional(logits, mask, spec.nvec, validate),
    ),
    "binary": Form(lambda spec: int(spec.n), lambda spec, *given: MaskedBinary(*given)),
    "interval": Form(lambda spec: 2 * len(spec.low), _truncated_normal),
    "dict": Form(lambda spec: sum(map(num_logits, spec.parts)), _product),
}
"""By kind of mask."""
