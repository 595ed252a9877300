"""Random inputs for every masked distribution, and their probabilities by definition alone."""

import itertools
import math

import torch

from masked_envs.torch import MaskedBinary, MaskedCategorical, MaskedConditional, MaskedJoint, MaskedPerHead

KINDS = ("categorical", "per_head", "joint", "binary", "conditional")
NVEC = (2, 3, 3, 4)  # heads alone and heads beside one of equal size
PAIR = (3, 4)  # of conditional choices
F64 = torch.float64


def random_mask(*shape):
    """Bool, with at least one legal entry along the last dimension."""
    return (torch.rand(shape) < 0.5).scatter(-1, torch.randint(shape[-1], (*shape[:-1], 1)), True)


def random_inputs(kind, *batch):
    """Logits (float64) and mask for a batch shape."""
    if kind == "per_head":
        return torch.randn(*batch, sum(NVEC), dtype=F64), torch.cat([random_mask(*batch, n) for n in NVEC], -1)
    if kind == "joint":
        cells = math.prod(NVEC)
        return torch.randn(*batch, cells, dtype=F64), random_mask(*batch, cells).view(*batch, *NVEC)
    if kind == "conditional":  # now and then a first choice that nothing completes
        return torch.randn(*batch, 3 + 12, dtype=F64), random_mask(*batch, 12).view(*batch, *PAIR)
    if kind == "binary":
        return torch.randn(*batch, 5, dtype=F64), random_mask(*batch, 5, 2)
    return torch.randn(*batch, 9, dtype=F64), random_mask(*batch, 9)


def build(kind, logits, mask, validate_args=None):
    if kind == "per_head":
        return MaskedPerHead(logits, mask, NVEC, validate_args)
    if kind == "joint":
        return MaskedJoint(logits, mask, NVEC, validate_args)
    if kind == "conditional":
        return MaskedConditional(logits, mask, PAIR, validate_args)
    cls = MaskedBinary if kind == "binary" else MaskedCategorical
    return cls(logits, mask, validate_args)


def every_action(distribution):
    """All actions in order of enumeration, int64 (count, *event_shape)."""
    actions = torch.tensor(list(itertools.product(*map(range, distribution.nvec))))
    return actions if distribution.event_shape else actions.squeeze(-1)


def masked_softmax(logits, mask):
    weights = [math.exp(z) if legal else 0.0 for z, legal in zip(logits, mask, strict=True)]
    return [weight / sum(weights) for weight in weights]


def defined_probs(kind, logits, mask):
    """Probability of every action of one row, in order of enumeration, from the definition alone."""
    logits, mask = logits.tolist(), mask.flatten().tolist()
    if kind in ("categorical", "joint"):
        heads = [masked_softmax(logits, mask)]
    elif kind == "conditional":
        rows = [mask[4 * i : 4 * i + 4] for i in range(3)]
        first = masked_softmax(logits[:3], [any(row) for row in rows])
        second = [
            masked_softmax(logits[3 + 4 * i : 7 + 4 * i], row) if any(row) else [0.0] * 4 for i, row in enumerate(rows)
        ]
        heads = [[p * q for p, given in zip(first, second, strict=True) for q in given]]
    elif kind == "binary":
        heads = [masked_softmax((0.0, z), mask[2 * i : 2 * i + 2]) for i, z in enumerate(logits)]
    else:
        parts = [slice(end - n, end) for n, end in zip(NVEC, itertools.accumulate(NVEC), strict=True)]
        heads = [masked_softmax(logits[part], mask[part]) for part in parts]
    return torch.tensor([math.prod(choice) for choice in itertools.product(*heads)], dtype=F64)
