"""Ways to turn logits and a mask into a distribution: the right one, none, and wrong ones that people write.

`masked_envs.torch.testing.check_learner` finds each of the wrong ones (tests/unit/test_check_learner.py), and E8 shows
what they cost. Three more wrong implementations are not distributions: `rollout-only` (arms.py), masks that are old
(noise.py), and Q-learning targets over all actions (tabular.py).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from masked_envs.torch import MaskedCategorical


def over_all(logits: Tensor) -> MaskedCategorical:
    return MaskedCategorical(logits, torch.ones(logits.shape[-1:], dtype=torch.bool), validate_args=False)


def legal(logits: Tensor, mask: Tensor) -> MaskedCategorical:
    """Right: a softmax over the legal actions."""
    return MaskedCategorical(logits, mask, validate_args=False)


def whole(logits: Tensor, mask: Tensor) -> MaskedCategorical:
    """No mask."""
    return over_all(logits)


def multiplied(logits: Tensor, mask: Tensor) -> MaskedCategorical:
    """Logits times the mask: a forbidden action gets the logit 0, which may be the largest."""
    return over_all(logits * mask)


def renormalised(logits: Tensor, mask: Tensor) -> MaskedCategorical:
    """Probabilities times the mask, divided by their sum: where that is tiny, the small constant decides."""
    probs = logits.softmax(-1) * mask
    return over_all((probs / (probs.sum(-1, keepdim=True) + 1e-8) + 1e-8).log())


def minus_20(logits: Tensor, mask: Tensor) -> MaskedCategorical:
    """Forbidden logits less 20: enough until logits differ by more."""
    return over_all(logits - 20.0 * ~mask)


WAYS: dict[str, Callable[[Tensor, Tensor], MaskedCategorical]] = {
    "legal": legal,
    "all": whole,
    "multiplied": multiplied,
    "renormalised": renormalised,
    "minus-20": minus_20,
}
