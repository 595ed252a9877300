"""What an agent does with the mask: the right way, and ways that are tried in its place.

An arm says by which of the ways of `gallery` it samples, and by which the learner takes log-probabilities, entropy and
ratio ("legal": of the masked distribution, "all": of the whole one), and how the environment answers an invalid action.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Arm:
    """One way to treat the mask.

    Attributes:
        sampled: the distribution that actions are drawn from, one of `gallery.WAYS`.
        stored: the distribution of the log-probabilities stored with them.
        learnt: the distribution that the update takes them from again, with the entropy.
        on_invalid, invalid_reward: what the environment answers in training.
    """

    name: str
    says: str
    sampled: str = "legal"
    stored: str = "legal"
    learnt: str = "legal"
    on_invalid: str = "noop"
    invalid_reward: float = 0.0

    @property
    def refusal(self) -> dict[str, object]:
        return {"on_invalid": self.on_invalid, "invalid_reward": self.invalid_reward}


def unmasked(name: str, says: str, on_invalid: str = "noop", invalid_reward: float = 0.0) -> Arm:
    return Arm(name, says, "all", "all", "all", on_invalid, invalid_reward)


ARMS = {
    arm.name: arm
    for arm in (
        Arm("mask", "sampled, stored and learnt from the masked distribution"),
        Arm("naive", "the mask in sampling only: log-probabilities of the whole distribution", "legal", "all", "all"),
        Arm("rollout-only", "the mask forgotten in the update, while the stored log-probability has it", learnt="all"),
        unmasked("replacement", "no mask; the environment carries out a random legal action instead", "resample"),
        unmasked("penalty-0", "no mask; an invalid action does nothing and earns 0"),
        unmasked("penalty-0.01", "no mask; an invalid action does nothing and earns -0.01", "noop", -0.01),
        unmasked("penalty-0.1", "no mask; an invalid action does nothing and earns -0.1", "noop", -0.1),
        unmasked("penalty-1", "no mask; an invalid action does nothing and earns -1", "noop", -1.0),
        unmasked("termination", "no mask; an invalid action ends the episode", "terminate"),
    )
}
"""The arms that are compared; the first is the right one."""

WITH_WRONG_MASKS = Arm(
    "mask-replaced", "as mask; a random legal action takes the place of an invalid one", on_invalid="resample"
)
"""For masks that are wrong: an invalid action must not stop the task, or it would hide that the mask was old."""

WRONG_WAYS = tuple(
    Arm(way, says, way, way, way)
    for way, says in (
        ("multiplied", "logits times the mask"),
        ("renormalised", "probabilities times the mask, divided by their sum"),
        ("minus-20", "20 taken from forbidden logits"),
    )
)
ALL_ARMS = {**ARMS, **{arm.name: arm for arm in (WITH_WRONG_MASKS, *WRONG_WAYS)}}
