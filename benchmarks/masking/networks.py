"""Networks of many seeds side by side: one multiplication serves all of them, and none sees another's numbers.

Sizes: S seeds, B rows of each, I inputs, N actions.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

HIDDEN = 64


class SeedsMLP(nn.Module):
    """Two hidden layers of tanh for each of S seeds: (S, B, I) to (S, B, outputs). Orthogonal weights, biases 0."""

    def __init__(self, seeds: list[int], inputs: int, outputs: int, last_gain: float) -> None:
        super().__init__()
        sizes = [(inputs, HIDDEN, 2**0.5), (HIDDEN, HIDDEN, 2**0.5), (HIDDEN, outputs, last_gain)]
        generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()
        for rows, columns, gain in sizes:
            weights = [orthogonal(rows, columns, gain, generator) for generator in generators]
            self.weights.append(nn.Parameter(torch.stack(weights)))
            self.biases.append(nn.Parameter(torch.zeros(len(seeds), 1, columns)))

    def forward(self, inputs: Tensor) -> Tensor:
        hidden = inputs
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            hidden = torch.baddbmm(bias, hidden if layer == 0 else hidden.tanh(), weight)
        return hidden


def orthogonal(rows: int, columns: int, gain: float, generator: torch.Generator) -> Tensor:
    weight = torch.empty(rows, columns)
    nn.init.orthogonal_(weight, gain, generator=generator)
    return weight


class Policy(nn.Module):
    """An actor and a critic for each seed.

    With embeddings the actor gives an intent of d + 1 numbers, and the logit of a candidate is its dot product with
    the embedding and the mark of a legal one: RLlib's parametric actions. Otherwise it gives N logits.
    """

    def __init__(self, seeds: list[int], space: Any) -> None:
        super().__init__()
        inputs, actions = space["observation"].shape[0], space["action_mask"].shape[0]
        self.has_embeddings = "action_embeddings" in space.spaces
        outputs = space["action_embeddings"].shape[1] + 1 if self.has_embeddings else actions
        self.actor = SeedsMLP(seeds, inputs, outputs, 0.01)
        self.critic = SeedsMLP([seed + 500_000 for seed in seeds], inputs, 1, 1.0)

    def logits(self, obs: dict[str, Tensor], mask: Tensor) -> Tensor:
        """(S, B, N) from observations (S, B, ...) and the mask as it is shown to the network (S, B, N)."""
        scores: Tensor = self.actor(obs["observation"])
        if not self.has_embeddings:
            return scores
        features = (*obs["action_embeddings"].unbind(-1), mask)
        # Part by part: a product of matrices with so few columns takes several times as long.
        logits = scores[..., 0, None] * features[0]
        for k, feature in enumerate(features[1:], 1):
            logits = torch.addcmul(logits, scores[..., k, None], feature.float())
        return logits

    def value(self, obs: dict[str, Tensor]) -> Tensor:
        """(S, B)."""
        value: Tensor = self.critic(obs["observation"])
        return value.squeeze(-1)


def clip_gradients(parameters: Iterator[nn.Parameter], limit: float) -> None:
    """Scale the gradient of each seed to at most `limit`, as `clip_grad_norm_` does for one network."""
    grads = [parameter.grad for parameter in parameters if parameter.grad is not None]
    norms = torch.stack([grad.flatten(1).square().sum(1) for grad in grads]).sum(0).sqrt()
    scale = (limit / (norms + 1e-6)).clamp(max=1.0)
    for grad in grads:
        grad.mul_(scale.view(-1, *(1 for _ in grad.shape[1:])))
