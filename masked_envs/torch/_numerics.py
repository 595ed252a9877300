"""The arithmetic every masked distribution shares: log-softmax, entropy, KL divergence and sampling over a support.

Masking is the map "identity on legal logits, a constant elsewhere". It is differentiable, with gradient
exactly zero at every illegal logit (Huang and Ontañón 2020, arXiv:2006.14171, Proposition 1). The constant
here is -inf, put in by `torch.where` before the softmax, so that no legal logit, however negative, falls
below an illegal one.

Two spellings are deliberate. `exp` is ``exp2(x * log2(e))``, because `torch.exp` on a CPU is several times
slower at -inf, which every illegal entry holds. A row is summed by `sum`, which adds pairwise: the fused
`log_softmax` adds in sequence, and at 10^5 actions in float32 its log-probabilities can miss a sum of one by
7e-5.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

_LOG2_E = 1.0 / math.log(2.0)
# exp(-10_000) is exactly 0 in float32 and float64, so raising a log-probability to this floor before it is multiplied
# by its own probability changes nothing but 0 * -inf from nan to 0, as a second `where` would, in less time.
_LOG_PROB_FLOOR = -10_000.0


SAFE = 1e30
"""Logits below this in size have differences, and sums of a few of them, that float32 can hold."""
LARGEST_HALF = 65_000.0
"""Just below the largest float16, 65,504, to which rounding may add a little."""


def exp(log_probs: Tensor) -> Tensor:
    """Probabilities of log-probabilities; exactly 0 at -inf, in value and in gradient."""
    probs: Tensor = (log_probs * _LOG2_E).exp2_()
    return probs


class _MaskedLogSoftmax(torch.autograd.Function):
    """Log-softmax over the legal entries: logits and mask (..., n) -> log-probabilities (..., n), row maxima (...).

    The gradient is the log-softmax's own, grad - probs * sum(grad). At an illegal logit it is exactly zero without
    a look at the mask: its probability is zero, and everything computed from the result here (entropy, KL, chosen
    log-probabilities) sends zero back to its -inf. Both steps can be differentiated again.
    """

    @staticmethod
    def forward(ctx: Any, logits: Tensor, mask: Tensor, terms: int) -> tuple[Tensor, Tensor]:
        shifted = torch.where(mask, logits, -math.inf)
        row_max = shifted.amax(-1, keepdim=True)
        if terms:
            lowest = 0.9 * torch.finfo(shifted.dtype).min / terms
            lifted = torch.maximum(shifted / 2, row_max / 2 + lowest / 2) - row_max / 2
            shifted = torch.where(shifted > -math.inf, lifted * 2, shifted)
        else:
            shifted.sub_(row_max)
        log_total = (shifted * _LOG2_E).exp2_().sum(-1, keepdim=True).log_()
        log_probs = shifted.sub_(log_total)
        row_max.squeeze_(-1)
        ctx.mark_non_differentiable(row_max)
        ctx.save_for_backward(log_probs)
        return log_probs, row_max

    @staticmethod
    def backward(ctx: Any, grad: Tensor, _: Tensor) -> tuple[Tensor, None, None]:
        (log_probs,) = ctx.saved_tensors
        return torch.addcmul(grad, exp(log_probs), grad.sum(-1, keepdim=True), value=-1), None, None


class _Entropy(torch.autograd.Function):
    """Entropy in nats over the support of normalised log-probabilities: (..., n) -> (...).

    The gradient leaves out the term -probs, since the log-softmax, which comes before, turns every multiple of probs
    into zero.
    """

    @staticmethod
    def forward(ctx: Any, log_probs: Tensor) -> Tensor:
        ctx.save_for_backward(log_probs)
        mean_log_prob = exp(log_probs).mul_(log_probs.clamp(min=_LOG_PROB_FLOOR)).sum(-1)
        entropy: Tensor = 0.0 - mean_log_prob  # not a negation, which would give -0.0 for one legal action
        return entropy

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        log_probs: Tensor = ctx.saved_tensors[0]
        slope: Tensor = exp(log_probs) * log_probs.clamp(min=_LOG_PROB_FLOOR)
        return slope * -grad.unsqueeze(-1)


def masked_log_softmax(logits: Tensor, mask: Tensor, terms: int = 0) -> tuple[Tensor, Tensor]:
    """Return the log-probabilities over the legal entries, and the largest legal logit of each row.

    Args:
        logits: float32 or float64 (..., n). Illegal entries may hold anything, inf and nan included.
        mask: bool (..., n), True where legal.
        terms: 0 leaves the log-probability of a legal entry -inf where the difference to the largest logit overflows;
            a number keeps it, of finite logits, so high that the sum of `terms` of them is finite.

    Returns:
        log_probs (..., n), -inf exactly where illegal, and row_max (...). A row_max that is not finite marks
        a row without a distribution: -inf where nothing is legal, nan or inf where a legal logit is.
    """
    log_probs, row_max = _MaskedLogSoftmax.apply(logits, mask, terms)  # type: ignore[no-untyped-call]
    return log_probs, row_max


def masked_entropy(log_probs: Tensor) -> Tensor:
    """Entropy in nats, (...) from normalised log-probabilities (..., n) with -inf where illegal."""
    entropy: Tensor = _Entropy.apply(log_probs)  # type: ignore[no-untyped-call]
    return entropy


def masked_kl(log_p: Tensor, mask_p: Tensor, log_q: Tensor, mask_q: Tensor) -> Tensor:
    """KL(p || q) in nats over p's support, (...) from log-probabilities (..., n) and their masks.

    +inf, with zero gradient, in the rows where p allows an action that q forbids; elsewhere finite in value
    and gradient as far as the logits are.
    """
    p = exp(log_p)
    q_is_zero = log_q == -math.inf
    outside = (mask_p & ~mask_q) | ((p > 0) & q_is_zero)
    log_ratio = torch.where((p > 0) & ~q_is_zero, log_p - log_q, 0.0)
    return torch.where(outside.any(-1), math.inf, (p * log_ratio).sum(-1))


class _ScaledGradient(torch.autograd.Function):
    """A result (...) as it is, and its gradient times `share` (...)."""

    @staticmethod
    def forward(ctx: Any, result: Tensor, share: Tensor) -> Tensor:
        ctx.save_for_backward(share)
        return result.view_as(result)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (share,) = ctx.saved_tensors
        return grad * share, None


def with_gradient_that_fits(result: Tensor, widened: Sequence[Tensor]) -> Tensor:
    """`result` (..., *batch), whose gradient by float16 logits is finite.

    A row whose gradient has an entry beyond 65,504 has all of it scaled down, so that the direction stays. Only the
    gradient of the result itself is: one that a scaled loss makes too large is inf as before, by which torch's
    `GradScaler` notices it.

    Args:
        widened: float16 logits (*batch, n) after the conversion to float32.
    """
    asked = [logits for logits in widened if logits.requires_grad]
    if not asked or not result.requires_grad:
        return result
    grads = torch.autograd.grad(result.sum(), asked, retain_graph=True, allow_unused=True)
    largest = [grad.abs().amax(-1) for grad in grads if grad is not None]
    share = torch.stack([(LARGEST_HALF / part).clamp(max=1.0) for part in largest]).amin(0) if largest else None
    if share is None or bool((share == 1.0).all()):
        return result
    scaled: Tensor = _ScaledGradient.apply(result, share.to(result.dtype))  # type: ignore[no-untyped-call]
    return scaled


def gumbel_argmax(log_probs: Tensor, mask: Tensor, sample_shape: torch.Size) -> Tensor:
    """Draw from the masked categorical: int64 sample_shape + (...), always at a True of the mask.

    The Gumbel-max trick: argmax of log p_i + g_i, with g_i independent standard Gumbel, has distribution p
    (Gumbel 1954; Maddison, Tarlow and Minka 2014, arXiv:1411.0030). `torch.multinomial` is not used because
    it has been reported to return indices of probability zero (pytorch#91863).

    Every legal score is held at or above the smallest finite number and every illegal one is -inf, so that
    the argmax is legal whatever the noise, and whatever the logits if a row's log-probabilities are nan.
    """
    with torch.no_grad():
        noise = negative_gumbel(sample_shape + log_probs.shape, log_probs)
        score = torch.sub(log_probs, noise, out=noise)
        score.clamp_(min=torch.finfo(score.dtype).min)
        return torch.where(mask, score, -math.inf).argmax(-1)


def negative_gumbel(shape: torch.Size, like: Tensor) -> Tensor:
    """Independent standard Gumbel noise times -1, of a dtype and on a device as `like`.

    The noise of several draws at once is that of the same draws one after the other.
    """
    # Drawn in float64, then rounded: noise near zero, which lets rare actions win, keeps all its digits so.
    precise = torch.float32 if like.device.type == "mps" else torch.float64  # MPS has no float64
    uniform = torch.rand(shape, dtype=precise, device=like.device)
    return uniform.to(like.dtype).neg_().log1p_().neg_().log_()
