"""Networks and a policy of Tianshou for observations `Batch(obs=..., mask=...)`."""

from __future__ import annotations

from typing import Any

import torch
from tianshou.algorithm.random import MARLRandomDiscreteMaskedOffPolicyAlgorithm
from tianshou.data import Batch
from tianshou.utils.net.common import AbstractDiscreteActor, ModuleWithVectorOutput
from torch import Tensor, nn

from ..mask_spec.checks import shown


class MaskedActor(AbstractDiscreteActor):
    """An actor whose policy takes legal actions only: for PPO, A2C, Reinforce, discrete SAC and similar algorithms.

    Its logits are those of the wrapped actor where the mask allows an action, and the smallest number of their dtype
    where it forbids it: probability 0, entropy over the legal actions, and gradient exactly 0 at forbidden ones. The
    mask is stored with the observation, so that the update reads the mask that the action was drawn under.

    Tianshou's Q-learning policies (DQN and its family) read the mask themselves and need no such actor.

    Args:
        actor: gives logits (rows, n) for `batch.obs.obs`, such as `DiscreteActor(..., softmax_output=False)`.

    Raises:
        ValueError: an actor that gives probabilities.
    """

    def __init__(self, actor: AbstractDiscreteActor) -> None:
        if getattr(actor, "softmax_output", False):
            raise ValueError("MaskedActor masks logits, not probabilities: DiscreteActor(..., softmax_output=False)")
        if not isinstance(actor, ModuleWithVectorOutput):
            raise TypeError(f"MaskedActor takes an actor of Tianshou, such as DiscreteActor, not {shown(actor)}")
        super().__init__(actor.get_output_dim())
        self.actor = actor

    def get_preprocess_net(self) -> Any:
        return self.actor.get_preprocess_net()

    def forward(self, obs: Any, state: Any = None, info: Any = None) -> tuple[Tensor, Any]:
        """Masked logits (rows, n) and the hidden state.

        Args:
            obs: Batch(obs, mask), the mask bool (rows, n).
            state, info: for the wrapped actor.
        """
        logits, state = self.actor(bare(obs), state=state, info=info)
        mask = torch.as_tensor(obs.mask, dtype=torch.bool, device=logits.device)
        return torch.where(mask, logits, torch.finfo(logits.dtype).min), state


class ObservationOnly(nn.Module):
    """Passes only `batch.obs.obs`, without the mask, to a network: a critic of PPO, A2C or discrete SAC.

    Args:
        network: any, such as `DiscreteCritic`.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, obs: Any, *args: Any, **kwargs: Any) -> Any:
        """The output of the network for `obs.obs`; other arguments are passed on."""
        return self.network(bare(obs), *args, **kwargs)


def bare(batch: Any) -> Any:
    """The observations of `Batch(obs, mask)`.

    Raises:
        TypeError: something else, such as what other vector environments give.
    """
    if not isinstance(batch, Batch) or "mask" not in batch or "obs" not in batch:
        raise TypeError(
            f"masked networks read Batch(obs, mask), as MaskedVectorEnv gives it, not {shown(type(batch).__name__)}"
            + (f" with {', '.join(batch.keys())}" if isinstance(batch, Batch) else "")
        )
    return batch.obs


class MaskedRandomPolicy(MARLRandomDiscreteMaskedOffPolicyAlgorithm.Policy):
    """Uniformly random legal actions: to fill a replay buffer before training.

    `Collector.collect(random=True)` draws from the action space, without the mask. Instead,
    `Collector(MaskedRandomPolicy(env.action_space[0]), env, buffer)`.

    Args:
        action_space: `Discrete`.
    """
