"""A masked distribution over several choices, each depending on those before it."""

import math
from collections.abc import Iterable, Sequence
from itertools import accumulate
from operator import mul

import torch
from torch import Tensor

from masked_envs.torch import _checks, _numerics
from masked_envs.torch.categorical import MaskedCategorical, checked_log_probs
from masked_envs.torch.distribution import NO_SHAPE, Mask, MaskedDistribution
from masked_envs.torch.joint import MaskedJoint


def widths(nvec: Sequence[int]) -> list[int]:
    """Logits of each head: nvec[0], nvec[0] * nvec[1], ..., prod(nvec): one for each choice after each prefix."""
    return list(accumulate(nvec, mul))


class MaskedConditional(MaskedJoint):
    """MultiDiscrete(nvec) by the chain rule: p(i, j, ...) = p(i) p(j | i) ...

    Each factor is a softmax over the choices that the mask allows after the choices before it; the first head may take
    what some legal action begins with. Log-probability, entropy and KL divergence are those of the whole action,
    exactly. `sample` draws head by head. Otherwise as `MaskedJoint`.

    Args:
        logits: floating point (..., n + n * m + ...): n of the first choice, then for each first choice m of the
            second, then for each pair those of the third, and so on.
        mask: bool or int8 of 0 and 1, (..., *nvec): which actions are legal, such as `ConditionalMask.dense` gives;
            leading dimensions may be missing or 1.
        nvec: number of choices of each head, two heads or more.
        validate_args: see `MaskedDistribution`.

    Raises:
        ValueError: as `MaskedCategorical`, and for fewer than two heads.
    """

    def __init__(self, logits: Tensor, mask: Mask, nvec: Iterable[int], validate_args: bool | None = None) -> None:
        owner = type(self).__name__
        validate = validate_args is None or validate_args
        self._nvec = _checks.check_nvec(nvec, owner)
        if len(self._nvec) < 2:
            raise ValueError(f"{owner}: two heads or more are served, got nvec={self._nvec}")
        logits = self._read_logits(logits, width=sum(widths(self._nvec)))
        self._mask = _checks.check_mask(mask, logits, self._nvec, owner, validate)
        self._heads: list[MaskedCategorical] = []
        batch = logits.shape[:-1]
        cells, reached = torch.zeros(batch, dtype=logits.dtype, device=logits.device), None
        for k, part in enumerate(torch.split(logits, widths(self._nvec), -1)):
            later = tuple(range(k + 1 - len(self._nvec), 0))
            completed = self._mask.any(dim=later) if later else self._mask
            head_mask, head_logits = completed, part.reshape(*batch, *self._nvec[: k + 1])
            if reached is not None:
                # A prefix that no legal action begins with is never chosen; a full mask keeps its softmax finite.
                head_mask = completed | ~reached.unsqueeze(-1)
                head_logits = torch.where(reached.unsqueeze(-1), head_logits, 0.0)
            log_probs = checked_log_probs(
                head_logits, head_mask, owner, validate, "earlier choice" if k else "", terms=len(self._nvec)
            )
            self._heads.append(MaskedCategorical._unchecked(log_probs, head_mask, validate_args))
            cells, reached = cells.unsqueeze(-1) + log_probs, completed
        cells = torch.where(self._mask, cells, -math.inf).flatten(-len(self._nvec))
        self._cells = MaskedCategorical._unchecked(cells, self._mask.flatten(-len(self._nvec)), validate_args)
        MaskedDistribution.__init__(self, batch, torch.Size([len(self._nvec)]), validate_args)

    def sample(self, sample_shape: Sequence[int] = NO_SHAPE) -> Tensor:
        chosen: list[Tensor] = [self._heads[0].sample(sample_shape)]
        shape, prefix, size = chosen[0].shape, chosen[0], self._nvec[0]
        for head, n in zip(self._heads[1:], self._nvec[1:], strict=True):
            index = prefix.unsqueeze(-1).unsqueeze(-1).expand(*shape, 1, n)

            def given(table: Tensor, index: Tensor = index, size: int = size, n: int = n) -> Tensor:
                rows = table.reshape(*self.batch_shape, size, n)
                return rows.expand(*shape, size, n).gather(-2, index).squeeze(-2)

            choice = _numerics.gumbel_argmax(given(head._log_probs), given(head._mask), torch.Size())
            chosen.append(choice)
            prefix, size = prefix * n + choice, size * n
        return torch.stack(chosen, -1)

    def expand(self, batch_shape: Sequence[int], _instance: object = None) -> "MaskedConditional":
        new: MaskedConditional = self._blank(MaskedConditional, _instance)
        new._nvec = self._nvec
        new._mask = self._mask.expand(*batch_shape, *self._nvec)
        new._heads = [head.expand((*batch_shape, *self._nvec[:k])) for k, head in enumerate(self._heads)]
        new._cells = self._cells.expand(batch_shape)
        MaskedDistribution.__init__(new, torch.Size(batch_shape), self.event_shape, self._validates_data)
        return new
