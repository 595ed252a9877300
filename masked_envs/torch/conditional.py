"""A masked distribution over two choices, the second depending on the first."""

import math
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from masked_envs.torch import _checks, _numerics
from masked_envs.torch.categorical import NO_SHAPE, Mask, MaskedCategorical, MaskedDistribution
from masked_envs.torch.factored import MaskedJoint


class MaskedConditional(MaskedJoint):
    """MultiDiscrete([n, m]): the first choice among those that some second one completes, the second given the first.

    p(i, j) = p(i) p(j | i), each a softmax over what the mask allows there (the chain rule); log-probability,
    entropy and KL divergence are those of the pair, exactly. `sample` draws head by head. Otherwise as `MaskedJoint`.

    Args:
        logits: floating point (..., n + n * m): n of the first choice, then for each first choice m of the second.
        mask: bool or int8 of 0 and 1, (..., n, m): which pairs are legal; leading dimensions may be missing or 1.
        nvec: [n, m].
        validate_args: see `MaskedDistribution`.

    Raises:
        ValueError: as `MaskedCategorical`, and for other than two heads.
    """

    def __init__(self, logits: Tensor, mask: Mask, nvec: Iterable[int], validate_args: bool | None = None) -> None:
        owner = type(self).__name__
        validate = validate_args is None or validate_args
        self._nvec = _checks.check_nvec(nvec, owner)
        if len(self._nvec) != 2:
            raise ValueError(f"{owner}: two heads are served, got nvec={self._nvec}")
        n, m = self._nvec
        logits = _checks.check_logits(logits, owner, width=n + n * m)
        self._mask = _checks.check_mask(mask, logits, self._nvec, owner, validate)
        first_mask = self._mask.any(-1)
        first, row_max = _numerics.masked_log_softmax(logits[..., :n], first_mask)
        if validate:
            _checks.check_rows(row_max, logits[..., :n], first_mask, owner, "")
        # A first choice that nothing completes is never made; its row gets a full mask to have a softmax at all.
        second_mask = self._mask | ~first_mask.unsqueeze(-1)
        second_logits = logits[..., n:].reshape(*logits.shape[:-1], n, m)
        second_logits = torch.where(first_mask.unsqueeze(-1), second_logits, 0.0)
        second, row_max = _numerics.masked_log_softmax(second_logits, second_mask)
        if validate:
            _checks.check_rows(row_max, second_logits, second_mask, owner, "first choice")
        self._first = MaskedCategorical._unchecked(first, first_mask, validate_args)
        self._second = MaskedCategorical._unchecked(second, second_mask, validate_args)
        cells = torch.where(self._mask, first.unsqueeze(-1) + second, -math.inf).flatten(-2)
        self._cells = MaskedCategorical._unchecked(cells, self._mask.flatten(-2), validate_args)
        MaskedDistribution.__init__(self, logits.shape[:-1], torch.Size([2]), validate_args)

    def sample(self, sample_shape: Sequence[int] = NO_SHAPE) -> Tensor:
        first = self._first.sample(sample_shape)
        index = first.unsqueeze(-1).unsqueeze(-1)

        def given(table: Tensor) -> Tensor:
            whole = table.expand(*first.shape, *self._nvec)
            return whole.gather(-2, index.expand(*first.shape, 1, self._nvec[1])).squeeze(-2)

        second = _numerics.gumbel_argmax(given(self._second._log_probs), given(self._second._mask), torch.Size())
        return torch.stack((first, second), -1)

    def expand(self, batch_shape: Sequence[int], _instance: object = None) -> "MaskedConditional":
        new: MaskedConditional = self._blank(MaskedConditional, _instance)
        new._nvec = self._nvec
        new._mask = self._mask.expand(*batch_shape, *self._nvec)
        new._first, new._cells = self._first.expand(batch_shape), self._cells.expand(batch_shape)
        new._second = self._second.expand((*batch_shape, self._nvec[0]))
        MaskedDistribution.__init__(new, torch.Size(batch_shape), self.event_shape, self._validates_data)
        return new
