"""Independent masked distributions side by side, for Dict and Tuple actions."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from masked_envs.torch.distribution import NO_SHAPE, LegalActions, MaskedDistribution

from ..mask_spec.checks import shown


class MaskedDict(MaskedDistribution):
    """Dict or Tuple actions: the product of one masked distribution per part, for hybrid actions.

    Samples, modes and masks are dicts (tuples) of those of the parts; `log_prob`, `entropy` and the KL divergence are
    sums over the parts. Between a part's density and another's probability the sum is a log-density with respect to
    the product of counting and Lebesgue measure.

    Args:
        parts: masked distributions of one batch shape, by name in a mapping or in order in a sequence.

    Raises:
        ValueError: no parts, or parts of different batch shapes; in `log_prob`, other names or another number of parts,
            or what a part refuses, by the name of the part.
    """

    def __init__(self, parts: Mapping[str, MaskedDistribution] | Sequence[MaskedDistribution]) -> None:
        self.is_tuple = not isinstance(parts, Mapping)
        named = {str(i): part for i, part in enumerate(parts)} if not isinstance(parts, Mapping) else dict(parts)
        shapes = [tuple(part.batch_shape) for part in named.values()]  # no set: a traced size has no hash
        if not shapes or any(shape != shapes[0] for shape in shapes):
            raise ValueError(f"MaskedDict: the parts need one batch shape, got {sorted(set(shapes))} of {list(named)}")
        self._parts = named
        validate = all(part._validates_data for part in named.values())
        super().__init__(torch.Size(shapes[0]), torch.Size(), validate)

    @property
    def has_rsample(self) -> bool:  # type: ignore[override]
        """Whether every part has; with `rsample` the samples of discrete parts have no gradient."""
        return all(part.has_rsample for part in self._parts.values())

    @property
    def support(self) -> LegalActions:
        return LegalActions(self, is_discrete=any(part.support.is_discrete for part in self._parts.values()))

    @property
    def parts(self) -> dict[str, MaskedDistribution]:
        """The parts by name; "0", "1", ... of a tuple."""
        return dict(self._parts)

    @property
    def mask(self) -> Any:
        return self._pack([part.mask for part in self._parts.values()])

    @property
    def nvec(self) -> tuple[int, ...]:
        return tuple(n for part in self._parts.values() for n in part.nvec)

    @property
    def mean(self) -> Any:
        """The mean of every part."""
        return self._pack([part.mean for part in self._parts.values()])

    @property
    def variance(self) -> Any:
        """The variance of every part."""
        return self._pack([part.variance for part in self._parts.values()])

    @property
    def stddev(self) -> Any:
        """The standard deviation of every part."""
        return self._pack([part.stddev for part in self._parts.values()])

    @property
    def mode(self) -> Any:
        """The mode of every part."""
        return self._pack([part.mode for part in self._parts.values()])

    def sample(self, sample_shape: Sequence[int] = NO_SHAPE) -> Any:
        return self._pack([part.sample(torch.Size(sample_shape)) for part in self._parts.values()])

    def rsample(self, sample_shape: Sequence[int] = NO_SHAPE) -> Any:
        """As `sample`, differentiable in the parts that are continuous."""
        shape = torch.Size(sample_shape)
        draws = [part.rsample if part.has_rsample else part.sample for part in self._parts.values()]
        return self._pack([draw(shape) for draw in draws])

    def log_prob(self, value: Any) -> Tensor:
        """Of a dict (tuple) with the value of every part."""
        terms = []
        for (name, part), of_part in zip(self._parts.items(), self._unpack(value), strict=True):
            try:
                terms.append(part.log_prob(of_part))
            except ValueError as error:
                raise ValueError(f"part {shown(name)}: {error}") from None
        return self._fitting(_total(terms))

    def entropy(self) -> Tensor:
        """The sum of the parts' entropies in nats; shape batch_shape."""
        return self._fitting(_total([part.entropy() for part in self._parts.values()]))

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> "MaskedDict":
        parts = [part.expand(torch.Size(batch_shape)) for part in self._parts.values()]
        new = MaskedDict(parts if self.is_tuple else dict(zip(self._parts, parts, strict=True)))
        new._widened = self._widened
        return new

    def _kl_to(self, other: "MaskedDict") -> Tensor:
        if self._parts.keys() != other._parts.keys():
            raise ValueError(f"kl_divergence needs equal parts, got {list(self._parts)} and {list(other._parts)}")
        pairs = zip(self._parts.values(), other._parts.values(), strict=True)
        return _total([torch.distributions.kl_divergence(*pair) for pair in pairs])

    def _is_legal(self, value: Any) -> Tensor:
        legal = [part._is_legal(of) for part, of in zip(self._parts.values(), self._unpack(value), strict=True)]
        return torch.stack(legal).all(0)

    def _pack(self, values: list[Any]) -> Any:
        return tuple(values) if self.is_tuple else dict(zip(self._parts, values, strict=True))

    def _unpack(self, value: Any) -> list[Any]:
        if self.is_tuple:
            if isinstance(value, (tuple, list)) and len(value) == len(self._parts):
                return list(value)
            raise ValueError(f"MaskedDict: expected a tuple of {len(self._parts)} parts, got {type(value).__name__}")
        if isinstance(value, Mapping) and value.keys() == self._parts.keys():
            return [value[name] for name in self._parts]
        given = f"keys {sorted(value)}" if isinstance(value, Mapping) else type(value).__name__
        raise ValueError(f"MaskedDict: expected a dict with keys {sorted(self._parts)}, got {given}")

    def __repr__(self) -> str:
        return f"MaskedDict({self._pack(list(self._parts.values()))})"


def _total(terms: list[Tensor]) -> Tensor:
    """The sum; the largest number of the dtype where it overflows though every term is finite."""
    stacked = torch.stack(terms)
    total, limit = stacked.sum(0), torch.finfo(stacked.dtype).max
    return torch.where(torch.isfinite(stacked).all(0), total.clamp(-limit, limit), total)
