"""From the output of a network's head to one score per choice."""

from __future__ import annotations

import math

import torch
from gymnasium import spaces
from torch import Tensor, nn

from ..mask_spec import MaskSpec
from ..torch import num_logits
from ..torch._checks import HOW_POLICIES_DIVERGE
from ..torch.candidates import match_scores
from ..torch.features import CANDIDATES
from .features import Observation

IN_LOGITS = ("flat", "candidates", "per_head", "binary")
"""Kinds whose mask goes into logits, as RLlib's own categorical distributions take them; others go beside them."""

KEY_SIZE = 64
"""Components of the vector that stands for an action in dot products: `model_config["action_key_size"]`."""


class ActionScores(nn.Module):
    """One score per choice: the head's own outputs, or the match of its output with a vector for each action.

    The second form is the parametric-actions model of RLlib's examples (Liang et al., "RLlib: Abstractions for
    Distributed Reinforcement Learning", ICML 2018), scaled as attention is (Vaswani et al., "Attention Is All You
    Need", NeurIPS 2017): score of action a = query . key(a) / sqrt(size). Keys are a linear map of the embeddings in
    the observation, so that permuting the candidates permutes the scores; or, with `learned`, a parameter per action.

    Args:
        spec: of the mask.
        observation_space: with `action_embeddings` (n, d) for candidates.
        model_config: "action_key_size", and "learned_action_embeddings" for a flat mask.

    Attributes:
        num_choices: scores per row; where the mask goes into logits, one for each of its entries.
        width: outputs that the head must have.
    """

    def __init__(self, spec: MaskSpec, observation_space: spaces.Dict, model_config: dict[str, object]) -> None:
        super().__init__()
        self.spec = spec
        self.num_choices = math.prod(spec.space.shape or ()) if spec.kind in IN_LOGITS else num_logits(spec)
        self.from_observation = spec.kind == "candidates"
        self.learned = bool(model_config.get("learned_action_embeddings", False))
        size = int(model_config.get("action_key_size", KEY_SIZE))  # type: ignore[call-overload]
        if self.learned and spec.kind != "flat":
            raise ValueError(f"learned_action_embeddings is for flat masks; this one is of kind {spec.kind}")
        if size < 1:
            raise ValueError(f"action_key_size must be at least 1, not {size}")
        if self.from_observation:
            self.keys = nn.Linear(observation_space[CANDIDATES].shape[1], size)  # type: ignore[index]
        elif self.learned:
            self.keys = nn.Embedding(self.num_choices, size)  # type: ignore[assignment]
        self.width = size if self.from_observation or self.learned else self.num_choices

    def forward(self, outputs: Tensor, observations: Observation, atoms: int = 1) -> Tensor:
        """Scores (..., num_choices * atoms) of head outputs (..., width * atoms), an action's atoms side by side.

        Raises:
            ValueError: scores that are not finite.
        """
        if self.from_observation:
            keys = self.keys(observations[CANDIDATES].float())
        elif self.learned:
            keys = self.keys.weight
        else:
            return check_finite(outputs)
        queries = outputs.reshape(*outputs.shape[:-1], self.width, atoms)
        return check_finite(match_scores(queries, keys).flatten(-2))


def check_finite(scores: Tensor) -> Tensor:
    """The scores, unless some are nan or infinite: under such a policy no action is better than another.

    A module that is exported or compiled looks at no values.

    Raises:
        ValueError: they are not finite.
    """
    if torch.compiler.is_compiling():
        return scores
    if not math.isfinite(scores.detach().sum().item()) and not bool(torch.isfinite(scores).all()):
        raise ValueError(f"the module's outputs are not finite: {HOW_POLICIES_DIVERGE}")
    return scores
