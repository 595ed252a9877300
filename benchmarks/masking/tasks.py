"""What is played: three families of CartPole with N actions, which differ in what decides which of them are legal.

- `static`: the same actions are legal for ever; everything else is a dummy.
- `contextual`: N / 2 contexts, one drawn at each step and shown in the observation; two actions are legal in each.
- `parametric`: the action is known by its embedding alone; two candidates, drawn at each step, are legal. The network
  sees beside each embedding whether the candidate is legal, so that agents without a mask could learn it too.

After an invalid action nothing is pushed for one step, which earns 0 in place of 1 (`on_invalid="noop"`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import masked_envs


@dataclass(frozen=True)
class Task:
    """An environment with its parameters.

    Attributes:
        family: "static", "contextual" or "parametric".
        num_actions: N.
        num_available: how many of them are legal at a time.
    """

    family: str
    num_actions: int
    num_available: int = 2

    @property
    def name(self) -> str:
        return f"{self.family}-{self.num_actions}-{self.num_available}"

    def make(self, num_envs: int, **refusal: Any) -> Any:
        """A vector environment of `num_envs` rows; `refusal` holds `on_invalid` and `invalid_reward`."""
        env_id, availability = FAMILIES[self.family]
        return masked_envs.make_vec(
            env_id, num_envs, num_actions=self.num_actions, num_available=self.num_available,
            availability=availability, **refusal,
        )  # fmt: skip


FAMILIES = {
    "static": ("MaskedCartPole-v0", "fixed"),
    "contextual": ("MaskedCartPole-v0", "context"),
    "parametric": ("ParametricCartPole-v0", "step"),
}
