"""The act of an env runner as one row of torch operations, for masked policies with categorical actions.

RLlib's way is a forward pass (of modules within modules), a dict, a distribution of a class that is looked up, its
sample and its log-probability. Here what these would look up in every step is looked up once per fragment, and the
noise of many steps is drawn at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from ray.rllib.core.columns import Columns
from ray.rllib.core.models.base import ACTOR, ENCODER_OUT
from ray.rllib.core.models.torch.encoder import TorchActorCriticEncoder, TorchCNNEncoder, TorchMLPEncoder
from ray.rllib.core.models.torch.heads import TorchMLPHead
from ray.rllib.core.models.torch.primitives import TorchMLP
from torch import Tensor, nn

from ... import trees
from ...torch._numerics import negative_gumbel
from ...torch.features import ACTION_MASK, part_at
from ..encoders import Streams
from ..features import FORBIDDEN
from ..modules import LARGEST, MaskedAPPOModule, MaskedPPOModule
from ..scores import ActionScores, check_finite
from .distributions import LegalCategorical

Operation = Callable[[Any], Any]

WRITTEN_BY_PYTHON = "abstractmethods annotations doc firstlineno module qualname static_attributes".split()

MOST_NOISE = 2**17
"""Most numbers of noise drawn at once: 1 MiB of float64."""

OWN = {"encoder_class", "_abc_impl"} | {f"__{name}__" for name in WRITTEN_BY_PYTHON}
"""What a subclass may define and still be acted for here."""


class FusedAct:
    """Acts for a `MaskedPPOModule` or `MaskedAPPOModule` without memory, of flat masks or candidates.

    Actions, log-probabilities and logits are those of the module and of RLlib's `GetActions`, bit for bit, from the
    same draws of torch's random stream. It is made for one fragment: it keeps the module's parameters, not its layers.
    """

    def __init__(self, module: Any, device: Any) -> None:
        self._device = device
        self._observations: Operation = _features_of(module.features)
        self._layers = [*_actor_of(module.encoder), *operations_of(module.pi)]
        self._scores: ActionScores = module.scores
        self._masks = bool(module.masks)
        self._noise: list[Tensor] = []

    @classmethod
    def of(cls, module: Any, device: Any) -> FusedAct | None:
        """For this module; None where only the module itself knows how it acts."""
        base = next((known for known in (MaskedAPPOModule, MaskedPPOModule) if isinstance(module, known)), None)
        if base is None or module.training or module.is_stateful() or module.action_dist_cls is not LegalCategorical:
            return None
        subclasses = type(module).__mro__[: type(module).__mro__.index(base)]
        changed = {name for subclass in subclasses for name in vars(subclass)} - OWN
        changed |= {name for name in vars(module) if callable(getattr(type(module), name, None))}
        if changed or not is_plain(module):
            return None
        return cls(module, device)

    def __call__(self, observations: Mapping[str, Any], explore: bool, ahead: int = 1) -> tuple[Tensor, Tensor, Tensor]:
        """Act once.

        Args:
            observations: arrays (rows, ...), which are copied.
            explore: draw the actions, or take the likeliest.
            ahead: how many calls are sure to come, this one included, with as many rows.

        Returns:
            Actions int64 (rows,), their log-probabilities (rows,), 0 of greedy ones, and the masked logits (rows, n).

        Raises:
            ValueError: logits that are not finite.
        """
        with torch.inference_mode():
            seen = trees.map(self._tensor, observations)
            values = self._observations(seen)
            for layer in self._layers:
                values = layer(values)
            scores = self._scores
            logits = scores(values, seen) if scores.from_observation or scores.learned else check_finite(values)
            illegal = seen[ACTION_MASK] == 0
            if not self._masks:
                illegal = torch.zeros_like(illegal)
            logits = logits.float().clamp(-LARGEST, LARGEST).masked_fill_(illegal, FORBIDDEN)
            log_probs = torch.log_softmax(logits, -1)
            if not explore:
                actions = log_probs.masked_fill(illegal, -math.inf).argmax(-1)
                return actions, torch.zeros_like(actions), logits
            score = torch.sub(log_probs, self._negative_gumbel(log_probs, ahead)).clamp_(min=LOWEST)
            actions = score.masked_fill_(illegal, -math.inf).argmax(-1)
            return actions, log_probs.gather(-1, actions.unsqueeze(-1)).squeeze(-1), logits

    def _negative_gumbel(self, log_probs: Tensor, ahead: int) -> Tensor:
        if not self._noise:
            steps = max(1, min(ahead, MOST_NOISE // log_probs.numel()))
            self._noise = list(negative_gumbel(torch.Size([steps]) + log_probs.shape, log_probs))[::-1]
        return self._noise.pop()

    def _tensor(self, array: Any) -> Tensor:
        return torch.from_numpy(np.array(array)).to(self._device)


LOWEST = torch.finfo(torch.float32).min

HOOKS = {
    "_forward_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_hooks_always_called",
    "_forward_pre_hooks",
    "_forward_pre_hooks_with_kwargs",
}


def is_plain(network: nn.Module) -> bool:
    """Whether a call of the network is a call of its class's `forward` and nothing else."""
    own = vars(network)
    return not any(own.get(name) for name in HOOKS) and "forward" not in own and own.get("_compiled_call_impl") is None


def operations_of(network: Any) -> list[Operation]:
    """What a network does, one after the other; layers that are not known here stay as they are."""
    kind: Any = type(network)
    if is_plain(network):
        if kind is nn.Sequential:
            return [operation for part in network for operation in operations_of(part)]
        if kind is TorchMLP:
            return operations_of(network.mlp)
        if kind is TorchMLPHead and not network.clip_log_std:
            return operations_of(network.net)
        if kind is nn.Linear:
            return [_linear(network.weight, network.bias)]
        if kind in (nn.ReLU, nn.Tanh):
            return [torch.relu if kind is nn.ReLU else torch.tanh]
    return [network]


def _linear(weight: Any, bias: Any) -> Operation:
    function = nn.functional.linear
    return lambda values: function(values, weight, bias)


def _actor_of(encoder: Any) -> list[Operation]:
    """From features to what the policy's head gets, leaving out an encoder of the critic's own."""
    if type(encoder) is not TorchActorCriticEncoder or not is_plain(encoder):
        return [lambda values: encoder({Columns.OBS: values})[ENCODER_OUT][ACTOR]]
    inner: Any = encoder.encoder if encoder.config.shared else encoder.actor_encoder
    if type(inner) in (TorchMLPEncoder, TorchCNNEncoder) and is_plain(inner):
        return operations_of(inner.net)
    return [lambda values: inner({Columns.OBS: values})[ENCODER_OUT]]


def _features_of(features: Any) -> Operation:
    """What makes the encoder's input of observations: one vector of numbers is that already."""
    if type(features) is Streams and not (features.images or features.pixels) and len(features.vector.parts) == 1:
        ((path, space),) = features.vector.parts.items()
        if isinstance(space, spaces.Box) and len(space.shape) == 1:
            return lambda observations: part_at(observations, path).float()
    operation: Operation = features
    return operation
