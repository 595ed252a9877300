"""RLlib's default module of DQN with the mask applied.

DQN's learner takes exactly minus infinity for an action that is not there, so that is the Q-value of a forbidden one.
"""

from __future__ import annotations

from typing import Any

import torch
from ray.rllib.algorithms.dqn.default_dqn_rl_module import QF_PREDS
from ray.rllib.algorithms.dqn.torch.default_dqn_torch_rl_module import DefaultDQNTorchRLModule
from ray.rllib.core.columns import Columns
from ray.rllib.core.learner.utils import make_target_network
from torch import Tensor, nn

from ..modules import Batch, MaskedObservations
from ..scores import check_finite
from .catalogs import MaskedDQNCatalog


class MaskedDQNModule(MaskedObservations, DefaultDQNTorchRLModule):  # type: ignore[misc]
    """The default module of DQN, masked: Q-values of forbidden actions are minus infinity, in targets too.

    Observations as for `MaskedPPOModule`, actions Discrete; double, dueling and distributional heads.
    """

    default_catalog = MaskedDQNCatalog

    def make_target_networks(self) -> None:
        super().make_target_networks()
        self._target_scores = make_target_network(self.scores)

    def get_target_network_pairs(self) -> list[tuple[nn.Module, nn.Module]]:
        return [*super().get_target_network_pairs(), (self.scores, self._target_scores)]

    def get_non_inference_attributes(self) -> list[str]:
        return [*super().get_non_inference_attributes(), "_target_scores"]

    def legal(self, batch: Batch) -> Tensor:
        """Bool (..., choices); a row that allows nothing (padding, or the end of a third-party episode) has ones."""
        legal = super().legal(batch)
        return legal | ~legal.any(-1, keepdim=True)

    def _qf_forward_helper(self, batch: Batch, encoder: nn.Module, head: Any) -> Batch:
        observations, legal = batch[Columns.OBS], self.legal(batch)
        scores = self.scores if encoder is self.encoder else self._target_scores
        network = head["af"] if self.uses_dueling else head
        # RLlib centres dueling advantages over the actions whose advantage is not -inf.
        centred = self.uses_dueling and self.num_atoms == 1

        def advantages(latent: Tensor) -> Tensor:
            outputs: Tensor = scores(network(latent), observations, self.num_atoms)
            return torch.where(legal, outputs, -torch.inf) if centred else outputs

        masked = {**head, "af": advantages} if self.uses_dueling else advantages
        outputs: Batch = super()._qf_forward_helper(self.without_mask(batch), encoder, masked)
        values = outputs[QF_PREDS].float()
        check_finite(torch.where(legal, values, 0.0))
        return {**outputs, QF_PREDS: torch.where(legal, values, -torch.inf)}

    def _forward_exploration(self, batch: Batch, t: int, **kwargs: Any) -> Batch:
        """Epsilon-greedy, uniform over the legal actions; RLlib's own never explores an action whose Q-value is 0."""
        outputs = self._forward_inference(batch)
        greedy, legal = outputs[Columns.ACTIONS], self.legal(batch)
        self.epsilon_schedule.update(t)
        explores = torch.rand(greedy.shape, device=greedy.device) < self.epsilon_schedule.get_current_value()
        random = torch.where(legal, torch.rand(legal.shape, device=legal.device), -1.0).argmax(-1)
        return {**outputs, Columns.ACTIONS: torch.where(explores, random, greedy)}
