"""Random inputs for every masked distribution, and their probabilities by definition alone."""

import itertools
import math

import torch

from masked_envs.torch import MaskedBinary, MaskedCategorical, MaskedConditional, MaskedJoint, MaskedPerHead

KINDS = ("categorical", "per_head", "joint", "binary", "conditional", "three heads")
NVEC = (2, 3, 3, 4)  # heads alone and heads beside one of equal size
CHAINS = {"conditional": (3, 4), "three heads": (2, 3, 4)}  # choices, each depending on those before it
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
    if kind in CHAINS:  # now and then a first choice that nothing completes
        nvec = CHAINS[kind]
        width = sum(math.prod(nvec[: k + 1]) for k in range(len(nvec)))
        return torch.randn(*batch, width, dtype=F64), random_mask(*batch, math.prod(nvec)).view(*batch, *nvec)
    if kind == "binary":
        return torch.randn(*batch, 5, dtype=F64), random_mask(*batch, 5, 2)
    return torch.randn(*batch, 9, dtype=F64), random_mask(*batch, 9)


def build(kind, logits, mask, validate_args=None):
    if kind == "per_head":
        return MaskedPerHead(logits, mask, NVEC, validate_args)
    if kind == "joint":
        return MaskedJoint(logits, mask, NVEC, validate_args)
    if kind in CHAINS:
        return MaskedConditional(logits, mask, CHAINS[kind], validate_args)
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
    elif kind in CHAINS:
        heads = [chain_probs(logits, mask, CHAINS[kind])]
    elif kind == "binary":
        heads = [masked_softmax((0.0, z), mask[2 * i : 2 * i + 2]) for i, z in enumerate(logits)]
    else:
        parts = [slice(end - n, end) for n, end in zip(NVEC, itertools.accumulate(NVEC), strict=True)]
        heads = [masked_softmax(logits[part], mask[part]) for part in parts]
    return torch.tensor([math.prod(choice) for choice in itertools.product(*heads)], dtype=F64)


def chain_probs(logits, mask, nvec):
    """The chain rule, one prefix at a time: `logits` hold those of every head after every prefix, head by head."""
    legal = dict(zip(itertools.product(*map(range, nvec)), mask, strict=True))
    numbers = iter(logits)
    given = {
        prefix: [next(numbers) for _ in range(n)]
        for k, n in enumerate(nvec)
        for prefix in itertools.product(*map(range, nvec[:k]))
    }

    def possible(prefix):
        return any(allowed for action, allowed in legal.items() if action[: len(prefix)] == prefix)

    def probability(action):
        product = 1.0
        for k, choice in enumerate(action):
            prefix = action[:k]
            if not possible(prefix):
                return 0.0
            product *= masked_softmax(given[prefix], [possible((*prefix, c)) for c in range(nvec[k])])[choice]
        return product

    return [probability(action) for action in legal]
