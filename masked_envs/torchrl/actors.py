"""Actors of TorchRL that obey the masks of `MaskedEnv` and `MaskedParallelEnv`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tensordict.nn import TensorDictModule
from tensordict.utils import NestedKey
from torch import nn
from torchrl.envs import EnvBase
from torchrl.modules import MaskedCategorical, ProbabilisticActor, QValueActor


def masked_actor(
    network: nn.Module, in_keys: Sequence[NestedKey] = ("observation",), group: str | None = None
) -> ProbabilisticActor:
    """A stochastic actor over the legal actions: for PPO, A2C, Reinforce, IMPALA and discrete SAC.

    A `ProbabilisticActor` with TorchRL's `MaskedCategorical`; it writes "action" and its log-probability, and plays the
    most probable legal action under `set_exploration_type(ExplorationType.DETERMINISTIC)`. The mask is stored with the
    rollout, so that the loss reads the mask that the action was drawn under.

    Args:
        network: gives logits (..., n) for the tensors of `in_keys`.
        in_keys: of the observation; within the group, if there is one.
        group: of a multi-agent environment, such as "agents".
    """
    logits, mask, action = (within(group, key) for key in ("logits", "action_mask", "action"))
    module = TensorDictModule(network, in_keys=[within(group, key) for key in in_keys], out_keys=[logits])
    return ProbabilisticActor(
        module,
        in_keys={"logits": logits, "mask": mask},
        out_keys=[action],
        distribution_class=MaskedCategorical,
        return_log_prob=True,
    )


def masked_q(
    network: nn.Module, env: EnvBase, in_keys: Sequence[NestedKey] = ("observation",), **parameters: Any
) -> QValueActor:
    """A greedy actor over the values of the legal actions: for DQN, whose target is then over legal actions too.

    Exploration is TorchRL's `EGreedyModule(env.action_spec, action_mask_key="action_mask")`.

    Args:
        network: gives values (..., n) for the tensors of `in_keys`.
        env: whose actions these are.
        in_keys: of the observation.
        parameters: of `QValueActor`.
    """
    return QValueActor(
        network,
        in_keys=list(in_keys),
        spec=env.action_spec_unbatched,
        action_space="categorical",
        action_mask_key="action_mask",
        **parameters,
    )


def within(group: str | None, key: Any) -> Any:
    """The key, within a group if there is one."""
    if group is None:
        return key
    return (group, *key) if isinstance(key, tuple) else (group, key)
