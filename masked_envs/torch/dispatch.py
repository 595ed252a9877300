"""From a mask specification to the distribution that serves it."""

import math
from typing import Any, Protocol

from torch import Tensor

from masked_envs.torch import _checks
from masked_envs.torch.categorical import Mask, MaskedCategorical, MaskedDistribution
from masked_envs.torch.factored import MaskedBinary, MaskedJoint, MaskedPerHead

_KINDS = ("flat", "candidates", "per_head", "joint", "binary")


class MaskSpecLike(Protocol):
    """What is read of a `MaskSpec`: its kind, and `n` (flat, candidates, binary) or `nvec` (per_head, joint)."""

    @property
    def kind(self) -> str:
        """The form of the mask."""


def num_logits(mask_spec: MaskSpecLike) -> int:
    """Return how many logits a policy head must give for this kind of mask.

    flat, candidates and binary: n; per_head: sum(nvec); joint: prod(nvec).

    Raises:
        ValueError: the kind has no distribution here.
    """
    spec: Any = mask_spec
    if spec.kind in ("flat", "candidates", "binary"):
        return int(spec.n)
    if spec.kind == "per_head":
        return sum(_checks.check_nvec(spec.nvec, "num_logits"))
    if spec.kind == "joint":
        return math.prod(_checks.check_nvec(spec.nvec, "num_logits"))
    raise ValueError(
        f"no masked distribution for masks of kind {spec.kind!r}: served are {', '.join(_KINDS)}. For others build one "
        "distribution per choice (conditional: one MaskedCategorical per head, given the choices before it)"
    )


def distribution_for(
    mask_spec: MaskSpecLike, logits: Tensor, mask: Mask, validate_args: bool | None = None
) -> MaskedDistribution:
    """Return the masked distribution for a mask in the canonical form of `mask_spec`.

    Actions are positions in the mask: of `Discrete(n, start=s)`, add s before `step` and subtract it before `log_prob`.

    Args:
        mask_spec: the environment's `mask_spec`.
        logits: floating point (..., num_logits(mask_spec)).
        mask: bool or int8, leading dimensions and then the canonical shape of the kind.
        validate_args: see `MaskedDistribution`.

    Raises:
        ValueError: the kind has no distribution here, or logits and mask do not fit the specification.
    """
    _checks.check_logits(logits, f"mask_spec of kind {mask_spec.kind!r}", width=num_logits(mask_spec))
    spec: Any = mask_spec
    if spec.kind == "per_head":
        return MaskedPerHead(logits, mask, spec.nvec, validate_args)
    if spec.kind == "joint":
        return MaskedJoint(logits, mask, spec.nvec, validate_args)
    if spec.kind == "binary":
        return MaskedBinary(logits, mask, validate_args)
    return MaskedCategorical(logits, mask, validate_args)
