"""Checks of your own agent: does it learn from the policy that acts, and never beyond its mask?

    from masked_envs.torch.testing import check_learner

    report = check_learner(observations, masks, act=agent.act, evaluate=agent.evaluate)
    print(report)
    assert report.passed

The checks are those that the common wrong implementations fail (docs/masking.md): the mask in sampling only, the mask
forgotten in the update, logits times the mask, a finite number in place of minus infinity, Q-learning targets over all
actions, masks that are one step old. They serve one action out of n: flat masks, and others that are numbered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

__all__ = ["LearnerCheck", "LearnerReport", "check_learner"]

Act = Callable[[Any, Tensor], tuple[Any, Any]]
Evaluate = Callable[[Any, Tensor, Tensor], Any]
FromLogits = Callable[[Tensor, Tensor, Tensor], Any]
Targets = Callable[[Tensor, Tensor, Tensor, Tensor], Any]
Verdict = Literal["passed", "failed", "not judged"]

TOLERANCE = 1e-4  # of log-probabilities in float32
TRIES = 32  # actions sampled of each row
LARGE = 1e4  # a logit far beyond what a network of the usual start gives, and within float16
HOW = {
    "legal actions": "act=",
    "ratio is 1": "act= and evaluate=",
    "one distribution": "evaluate=",
    "forbidden logits": "from_logits=",
    "legal targets": "targets=",
    "fresh masks": "stored_masks=",
}


@dataclass(frozen=True)
class LearnerCheck:
    """One check.

    Attributes:
        name: a key of `HOW`.
        verdict: "passed", "failed" or "not judged".
        evidence: what was tried and what came out.
    """

    name: str
    verdict: Verdict
    evidence: str


@dataclass(frozen=True)
class LearnerReport:
    """All checks. A check whose function was not given is not judged, and says how to have it judged."""

    checks: tuple[LearnerCheck, ...]

    @property
    def passed(self) -> bool:
        """Whether no check failed and at least one passed."""
        verdicts = {check.verdict for check in self.checks}
        return "failed" not in verdicts and "passed" in verdicts

    def __getitem__(self, name: str) -> LearnerCheck:
        return next(check for check in self.checks if check.name == name)

    def __str__(self) -> str:
        return "\n".join(f"{check.name:17s}{check.verdict.upper():12s}{check.evidence}" for check in self.checks)


def check_learner(
    observations: Any,
    masks: Any,
    *,
    act: Act | None = None,
    evaluate: Evaluate | None = None,
    from_logits: FromLogits | None = None,
    targets: Targets | None = None,
    stored_masks: Any = None,
) -> LearnerReport:
    """Check an agent's use of its masks on a batch of B observations.

    Args:
        observations: a batch as your functions take it; it is only passed on.
        masks: bool or 0 and 1, (B, n), the masks of these observations; at least one row must forbid something.
        act: (observations, masks) -> actions (B,) and the log-probabilities (B,) that your rollout stores.
        evaluate: (observations, masks, actions) -> log-probabilities (B,) as your update computes them, before any
            gradient step.
        from_logits: (logits (B, n), masks, actions (B,)) -> a tensor that your loss is made of, such as
            log-probabilities or entropies (B,).
        targets: (next values (B, n), next masks (B, n), rewards (B,), terminated (B,)) -> Q-learning targets (B,).
        stored_masks: (B, n), what your rollout buffer holds as the masks of these observations.

    Returns:
        A report with six checks: *legal actions*, *ratio is 1* (the probability ratio of the first minibatch, so the
        KL divergence is 0), *one distribution* (the probabilities of the update sum to 1 over the legal actions),
        *forbidden logits* (they change nothing and get the gradient 0), *legal targets* (values of forbidden actions
        change nothing, and a terminated row without a legal action has its reward) and *fresh masks*.

    Raises:
        ValueError: masks that are not (B, n) of 0 and 1, that forbid nothing, or that allow nothing in a row.
    """
    mask = checked(masks)
    found: dict[str, tuple[bool, str]] = {}
    if act is not None:
        found["legal actions"] = legal_actions(observations, mask, act)
    if act is not None and evaluate is not None:
        found["ratio is 1"] = ratio_is_1(observations, mask, act, evaluate)
    if evaluate is not None:
        found["one distribution"] = one_distribution(observations, mask, evaluate)
    if from_logits is not None:
        found["forbidden logits"] = forbidden_logits(mask, from_logits)
    if targets is not None:
        found["legal targets"] = legal_targets(mask, targets)
    if stored_masks is not None:
        found["fresh masks"] = fresh_masks(mask, torch.as_tensor(stored_masks).bool())
    checks = []
    for name, how in HOW.items():
        good, evidence = found.get(name, (None, f"pass {how}"))
        checks.append(LearnerCheck(name, {None: "not judged", True: "passed", False: "failed"}[good], evidence))  # type: ignore[arg-type]
    return LearnerReport(tuple(checks))


def checked(masks: Any) -> Tensor:
    """The masks as bool (B, n), refused where they could show nothing."""
    tensor = torch.as_tensor(masks)
    if tensor.ndim != 2 or not bool(((tensor == 0) | (tensor == 1)).all()):
        raise ValueError(f"masks must be (B, n) of 0 and 1, not {tuple(tensor.shape)} of {tensor.dtype}")
    mask = tensor.bool()
    if bool(mask.all()):
        raise ValueError("no mask forbids anything, so nothing could be found; pass observations with other masks")
    if not bool(mask.any(1).all()):
        raise ValueError(f"row {int((~mask.any(1)).nonzero()[0])} of masks allows nothing")
    return mask


# --- the checks: whether it is right, and what was seen ------------------------------------------------------------


@torch.no_grad()
def legal_actions(observations: Any, mask: Tensor, act: Act) -> tuple[bool, str]:
    """Sample TRIES actions of each row."""
    wrong = 0
    for _ in range(TRIES):
        actions = torch.as_tensor(act(observations, mask)[0]).long()
        wrong += int((~chosen(mask, actions)).sum())
    return wrong == 0, f"{wrong} of {TRIES * len(mask)} sampled actions are forbidden"


@torch.no_grad()
def ratio_is_1(observations: Any, mask: Tensor, act: Act, evaluate: Evaluate) -> tuple[bool, str]:
    """Compare the stored log-probabilities with those of the update before any gradient step."""
    actions, stored = (torch.as_tensor(part) for part in act(observations, mask))
    again = torch.as_tensor(evaluate(observations, mask, actions.long()))
    error = (again - stored).exp().sub(1).abs().nan_to_num(torch.inf).max()
    return bool(error < TOLERANCE), f"the ratio is at most {float(error):.2g} from 1 in {len(mask)} rows"


@torch.no_grad()
def one_distribution(observations: Any, mask: Tensor, evaluate: Evaluate) -> tuple[bool, str]:
    """Add the probabilities of all legal actions."""
    total = torch.zeros(len(mask), dtype=torch.float64)
    for action in range(mask.shape[1]):
        rows = mask[:, action]
        # Where the action is forbidden, another stands in for it: its probability need not be defined.
        asked = torch.where(rows, action, mask.int().argmax(1))
        total += torch.as_tensor(evaluate(observations, mask, asked)).double().exp().where(rows, 0.0)
    error = (total - 1).abs().nan_to_num(torch.inf).max()
    return bool(error < 1e-3), f"the probabilities of the legal actions sum to {float(total.min()):.4g} at the least"


def forbidden_logits(mask: Tensor, from_logits: FromLogits) -> tuple[bool, str]:
    """Change forbidden logits, beside legal ones of three sizes, and look at the outcome and its gradient."""
    generator = torch.Generator().manual_seed(0)
    plain = torch.randn(mask.shape, generator=generator)
    actions = torch.where(mask, plain, -torch.inf).argmax(1)
    worst, gradient = 0.0, 0.0
    for scale in (1.0, 100.0, LARGE):
        outcomes = []
        for size in (0.0, LARGE, -LARGE):
            logits = torch.where(mask, plain * scale, size).requires_grad_()
            outcome = torch.as_tensor(from_logits(logits, mask, actions))
            outcome.sum().backward()  # type: ignore[no-untyped-call]
            outcomes.append(outcome.detach())
            slope = torch.zeros_like(logits) if logits.grad is None else logits.grad
            gradient = max(gradient, float(slope[~mask].abs().nan_to_num(torch.inf).max()))
        differences = [(other - outcomes[0]).abs().nan_to_num(torch.inf).max() for other in outcomes[1:]]
        worst = max(worst, *map(float, differences))
    right = worst < TOLERANCE and gradient == 0.0
    return right, f"forbidden logits change it by up to {worst:.2g} and get gradients of up to {gradient:.2g}"


@torch.no_grad()
def legal_targets(mask: Tensor, targets: Targets) -> tuple[bool, str]:
    """Raise the values of forbidden actions, and end episodes in states without a legal action."""
    generator = torch.Generator().manual_seed(0)
    values, rewards = torch.randn(mask.shape, generator=generator), torch.randn(len(mask), generator=generator)
    going, over = torch.zeros(len(mask), dtype=torch.bool), torch.ones(len(mask), dtype=torch.bool)
    plain = torch.as_tensor(targets(values, mask, rewards, going))
    raised = torch.as_tensor(targets(values.where(mask, 1000.0), mask, rewards, going))
    ended = torch.as_tensor(targets(values, torch.zeros_like(mask), rewards, over))
    change = float((raised - plain).abs().nan_to_num(torch.inf).max())
    miss = float((ended - rewards).abs().nan_to_num(torch.inf).max())
    return max(change, miss) < TOLERANCE, (
        f"values of forbidden actions change the targets by up to {change:.2g}; after an end they miss the reward by "
        f"up to {miss:.2g}"
    )


def fresh_masks(mask: Tensor, stored: Tensor) -> tuple[bool, str]:
    """Compare the masks of a buffer with those of their observations."""
    if stored.shape != mask.shape:
        return False, f"the stored masks have the shape {tuple(stored.shape)}, not {tuple(mask.shape)}"
    wrong = int((stored != mask).any(1).sum())
    return wrong == 0, f"{wrong} of {len(mask)} stored masks differ from those of their observations"


def chosen(mask: Tensor, actions: Tensor) -> Tensor:
    """Whether each action (B,) is allowed; one that is no action at all is not."""
    inside = (actions >= 0) & (actions < mask.shape[1])
    return inside & mask.gather(1, actions.clamp(0, mask.shape[1] - 1).unsqueeze(1)).squeeze(1)
