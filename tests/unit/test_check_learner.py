"""`check_learner` passes right agents and finds each of the common wrong implementations by its own check."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from benchmarks.masking.gallery import WAYS  # noqa: E402
from masked_envs.torch import MaskedCategorical  # noqa: E402
from masked_envs.torch.testing import HOW, LearnerReport, check_learner  # noqa: E402

B, N = 64, 9


def batch() -> tuple[Any, Any]:
    generator = torch.Generator().manual_seed(3)
    mask = torch.rand((B, N), generator=generator) < 0.4
    mask[:, 4] |= ~mask.any(1)
    return 3 * torch.randn((B, N), generator=generator), mask  # the observation stands for its own logits


def agent(sampled: str, stored: str, learnt: str) -> dict[str, Callable[..., Any]]:
    """Functions of an agent that takes its distributions in these ways."""

    def act(observations: Any, mask: Any) -> Any:
        action = WAYS[sampled](observations, mask).sample()
        return action, WAYS[stored](observations, mask).log_prob(action)

    def evaluate(observations: Any, mask: Any, action: Any) -> Any:
        return WAYS[learnt](observations, mask).log_prob(action)

    def from_logits(logits: Any, mask: Any, action: Any) -> Any:
        distribution = WAYS[learnt](logits, mask)
        return distribution.log_prob(action) + distribution.entropy()

    return {"act": act, "evaluate": evaluate, "from_logits": from_logits}


def failed(report: LearnerReport) -> set[str]:
    return {check.name for check in report.checks if check.verdict == "failed"}


def masked_targets(values: Any, mask: Any, rewards: Any, terminated: Any) -> Any:
    best = values.where(mask, -torch.inf).amax(1)
    return rewards + 0.99 * torch.where(terminated, 0.0, best)


def unmasked_targets(values: Any, mask: Any, rewards: Any, terminated: Any) -> Any:
    return rewards + 0.99 * ~terminated * values.amax(1)


def targets_of_nothing(values: Any, mask: Any, rewards: Any, terminated: Any) -> Any:
    """0 times minus infinity is nan."""
    return rewards + 0.99 * ~terminated * values.where(mask, -torch.inf).amax(1)


def test_a_right_agent_passes_every_check() -> None:
    observations, mask = batch()
    report = check_learner(
        observations, mask, **agent("legal", "legal", "legal"), targets=masked_targets, stored_masks=mask.clone()
    )
    assert report.passed and {check.verdict for check in report.checks} == {"passed"}, report
    assert f"0 of {32 * B} sampled actions" in str(report)


@pytest.mark.parametrize(
    ("ways", "found"),
    [
        (("all", "all", "all"), {"legal actions", "one distribution", "forbidden logits"}),
        (("legal", "all", "all"), {"one distribution", "forbidden logits"}),  # naive
        (("legal", "legal", "all"), {"ratio is 1", "one distribution", "forbidden logits"}),  # rollout-only
        (("multiplied",) * 3, {"legal actions", "one distribution"}),
        (("renormalised",) * 3, {"forbidden logits"}),
        (("minus-20",) * 3, {"forbidden logits"}),
    ],
)
def test_wrong_distributions_are_found(ways: tuple[str, str, str], found: set[str]) -> None:
    observations, mask = batch()
    assert failed(check_learner(observations, mask, **agent(*ways))) == found


@pytest.mark.parametrize(
    ("targets", "right"), [(masked_targets, True), (unmasked_targets, False), (targets_of_nothing, False)]
)
def test_targets_over_all_actions_and_of_nothing_are_found(targets: Callable[..., Any], right: bool) -> None:
    observations, mask = batch()
    report = check_learner(observations, mask, targets=targets)
    assert report["legal targets"].verdict == ("passed" if right else "failed")
    assert report.passed is right


def test_old_masks_are_found() -> None:
    observations, mask = batch()
    report = check_learner(observations, mask, stored_masks=mask.roll(1, 0))
    assert failed(report) == {"fresh masks"} and "stored masks differ" in str(report)
    assert failed(check_learner(observations, mask, stored_masks=mask[:, :-1])) == {"fresh masks"}


def test_what_was_not_given_is_not_judged_and_nothing_is_no_pass() -> None:
    report = check_learner(*batch())
    assert not report.passed and {check.verdict for check in report.checks} == {"not judged"}
    assert all(report[name].evidence == f"pass {how}" for name, how in HOW.items())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda mask: torch.ones_like(mask), "no mask forbids anything"),
        (lambda mask: torch.zeros_like(mask), "row 0 of masks allows nothing"),
        (lambda mask: mask * 0.5, "0 and 1"),
        (lambda mask: mask[0], r"\(B, n\)"),
    ],
)
def test_masks_that_could_show_nothing_are_refused(change: Callable[[Any], Any], words: str) -> None:
    observations, mask = batch()
    with pytest.raises(ValueError, match=words):
        check_learner(observations, change(mask))


def test_the_reference_agents_pass() -> None:
    import masked_envs
    from agents import ppo_minimal

    envs = masked_envs.make_vec("MaskedCartPole-v0", 32, availability="episode")
    observations, mask = ppo_minimal.tensors(envs.reset(seed=0)[0])
    policy = ppo_minimal.Policy(envs, hidden=16)

    def act(obs: Any, mask: Any) -> Any:
        distribution = policy.distribution(obs, mask)
        action = distribution.sample()
        return action, distribution.log_prob(action)

    report = check_learner(
        observations,
        mask,
        act=act,
        evaluate=lambda obs, mask, action: policy.distribution(obs, mask).log_prob(action),
        from_logits=lambda logits, mask, action: MaskedCategorical(logits, mask).log_prob(action),
    )
    assert report.passed and not failed(report), report
