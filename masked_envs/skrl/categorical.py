"""`MaskedCategoricalMixin`: skrl's categorical model over legal actions."""

from __future__ import annotations

from typing import Any

import torch
from skrl.models.torch import CategoricalMixin
from skrl.utils.spaces.torch import unflatten_tensorized_space
from torch import Tensor
from torch.distributions import Categorical

from .env import check_space


class MaskedCategoricalMixin(CategoricalMixin):  # type: ignore[misc]
    """skrl's `CategoricalMixin`, whose actions are legal ones: for PPO, A2C, RPO and the other agents of its kind.

    `compute` gives logits as without masks. Here the mask is read from the observation: probability 0 where it forbids
    an action, entropy over the legal ones, and gradient exactly 0 at forbidden ones. The mask is in the memory with the
    observation, so that the update reads the mask that the action was drawn under. `trainer.eval()` plays greedily, the
    most probable legal action ("mean_actions"), unless its `stochastic_evaluation` is set. Random actions
    (`random_timesteps`) are legal too.

    Observations must come unchanged to the policy: an `observation_preprocessor` would scale the mask.

    Args:
        role: see `CategoricalMixin`.
    """

    observation_space: Any
    action_space: Any

    def __init__(self, *, role: str = "") -> None:
        super().__init__(unnormalized_log_prob=True, role=role)
        check_space(self.observation_space)

    def act(self, inputs: dict[str, Any], *, role: str = "") -> tuple[Tensor, dict[str, Any]]:
        """Legal actions (rows, 1), with "log_prob" (rows, 1), "mean_actions" (rows, 1) and "net_output" (rows, n).

        Raises:
            ValueError: a mask that holds other numbers than 0 and 1.
        """
        logits, outputs = self.compute(inputs, role)
        _, mask = split(self.observation_space, inputs["observations"])
        logits = torch.where(mask, logits, torch.finfo(logits.dtype).min)
        distribution: Any = Categorical(logits=logits)
        self._c_distribution = distribution
        actions = distribution.sample()
        taken = inputs.get("taken_actions")
        log_prob = distribution.log_prob(actions if taken is None else taken.view(-1))
        outputs |= {
            "log_prob": log_prob.unsqueeze(-1),
            "mean_actions": logits.argmax(dim=-1, keepdim=True),
            "net_output": logits,
        }
        return actions.unsqueeze(-1), outputs

    def random_act(self, inputs: dict[str, Any], *, role: str = "") -> tuple[Tensor, dict[str, Any]]:
        """Uniformly random legal actions (rows, 1)."""
        _, mask = split(self.observation_space, inputs["observations"])
        distribution: Any = Categorical(probs=mask.float())
        return distribution.sample().unsqueeze(-1), {}


def split(space: Any, observations: Tensor) -> tuple[Any, Tensor]:
    """The observations of a flat batch as skrl hands it to a model, and their masks.

    Args:
        space: of one observation, a Dict with "action_mask".
        observations: (rows, size), all parts in one row.

    Returns:
        What is under "observation", or a dict of all parts but the mask; and the masks, bool (rows, n).

    Raises:
        ValueError: masks that hold other numbers than 0 and 1.
    """
    parts = unflatten_tensorized_space(space, observations)
    shown = parts.pop("action_mask")
    mask = shown == 1
    if not (mask | (shown == 0)).all():
        raise ValueError(
            "the mask holds other numbers than 0 and 1: masked models need observations as the environment gives them, "
            "without an observation_preprocessor (scale the rest inside of your network)"
        )
    return (parts["observation"] if set(parts) == {"observation"} else parts), mask
