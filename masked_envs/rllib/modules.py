"""RLlib's default modules with the mask applied: PPO's (for IMPALA too), APPO's and DQN's.

Each needs its own constant for a forbidden action. The policy-gradient losses add up the log-probabilities of all
heads, multiply them by advantages, and multiply those of padded rows by zero: all of this must stay finite. DQN's
learner takes exactly minus infinity for an action that is not there.
"""

from __future__ import annotations

from typing import Any

import torch
from ray.rllib.algorithms.appo.torch.default_appo_torch_rl_module import DefaultAPPOTorchRLModule
from ray.rllib.algorithms.dqn.default_dqn_rl_module import QF_PREDS
from ray.rllib.algorithms.dqn.torch.default_dqn_torch_rl_module import DefaultDQNTorchRLModule
from ray.rllib.algorithms.ppo.torch.default_ppo_torch_rl_module import DefaultPPOTorchRLModule
from ray.rllib.core.columns import Columns
from ray.rllib.core.learner.utils import make_target_network
from ray.rllib.core.rl_module.apis import TARGET_NETWORK_ACTION_DIST_INPUTS
from torch import Tensor, nn

from ..torch.features import ACTION_MASK, Features
from .catalogs import MaskedDQNCatalog, MaskedPPOCatalog
from .distributions import IN_LOGITS
from .features import FORBIDDEN, legal_choices
from .scores import ActionScores
from .structured import MaskColumns

OPTIONS = ("action_key_size", "learned_action_embeddings", "mask_actions")
"""Entries of `model_config` beside RLlib's own."""

Batch = dict[str, Any]


class MaskedObservations:
    """Shared by both families: takes the mask out of the observation; the batch of the caller stays as it was.

    `model_config["mask_actions"] = False` lets the module choose as if everything were legal, for a negative control.
    """

    features: Features
    scores: ActionScores
    model_config: Any
    catalog: Any
    _catalog_ctor_error: Exception | None

    def setup(self) -> None:
        """Build the networks.

        Raises:
            ValueError: spaces that no module serves; see `mask_spec_of`.
        """
        if self.catalog is None and self._catalog_ctor_error is not None:
            raise self._catalog_ctor_error
        self.features, self.scores = self.catalog.features, self.catalog.scores
        super().setup()  # type: ignore[misc]

    def eval(self) -> Any:
        """As torch's; RLlib calls it in every step, which walks through all submodules each time."""
        return super().eval() if self.training else self  # type: ignore[misc,attr-defined]

    @property
    def masks(self) -> bool:
        return bool(self.catalog._model_config_dict.get("mask_actions", True))

    def without_mask(self, batch: Batch) -> Batch:
        """The same batch with features (..., F) for its observations."""
        return {**batch, Columns.OBS: self.features(batch[Columns.OBS])}

    def legal(self, batch: Batch) -> Tensor:
        """Bool (..., choices), where the mask goes into logits."""
        legal = legal_choices(batch[Columns.OBS], self.scores.num_choices)
        return legal if self.masks else torch.ones_like(legal)


class MaskedLogits(MaskedObservations):
    """Mixin over a default module whose heads give logits: a forbidden choice has `FORBIDDEN` for its logit.

    Masks that are no mask of logits (joint, interval, dict) stand beside the parameters of their distribution.
    """

    def __init__(self, *args: Any, catalog_class: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, catalog_class=catalog_class or MaskedPPOCatalog, **kwargs)  # type: ignore[call-arg]

    def _forward(self, batch: Batch, **kwargs: Any) -> Batch:
        return self._masked(super()._forward(self.without_mask(batch), **kwargs), batch)  # type: ignore[misc]

    def _forward_train(self, batch: Batch, **kwargs: Any) -> Batch:
        return self._masked(super()._forward_train(self.without_mask(batch), **kwargs), batch)  # type: ignore[misc]

    def compute_values(self, batch: Batch, embeddings: Any = None) -> Tensor:
        """Values of the states, float32 (...); the mask plays no part in them."""
        values: Tensor = super().compute_values(self.without_mask(batch), embeddings)  # type: ignore[misc]
        return values

    def _masked(self, outputs: Batch, batch: Batch, scores: Any = None, key: str = Columns.ACTION_DIST_INPUTS) -> Batch:
        logits = (scores or self.scores)(outputs[key], batch[Columns.OBS]).float()
        if self.scores.spec.kind in IN_LOGITS:
            return {**outputs, key: torch.where(self.legal(batch), logits, FORBIDDEN)}
        columns = MaskColumns(self.scores.spec)
        mask = columns.write(batch[Columns.OBS][ACTION_MASK]) if self.masks else columns.full().to(logits.device)
        return {**outputs, key: torch.cat([logits, mask.expand(*logits.shape[:-1], -1)], -1)}


class MaskedPPOModule(MaskedLogits, DefaultPPOTorchRLModule):  # type: ignore[misc]
    """The default module of PPO and IMPALA, masked.

    Observations are `Dict(observation, action_mask[, action_embeddings])`, actions Discrete, MultiDiscrete (one mask
    per head, or a joint one), MultiBinary, Box, or a Dict or Tuple of these; encoders fully connected or LSTM.
    `model_config` takes RLlib's own entries and: "action_key_size" and "learned_action_embeddings" (see
    `ActionScores`), "mask_actions" (False: a negative control).
    """


class MaskedAPPOModule(MaskedLogits, DefaultAPPOTorchRLModule):  # type: ignore[misc]
    """The default module of APPO, masked in the target network too; see `MaskedPPOModule`."""

    def make_target_networks(self) -> None:
        super().make_target_networks()
        self._old_scores = make_target_network(self.scores)

    def get_target_network_pairs(self) -> list[tuple[nn.Module, nn.Module]]:
        return [*super().get_target_network_pairs(), (self.scores, self._old_scores)]

    def get_non_inference_attributes(self) -> list[str]:
        return [*super().get_non_inference_attributes(), "_old_scores"]

    def forward_target(self, batch: Batch) -> Batch:
        outputs = super().forward_target(self.without_mask(batch))
        return self._masked(outputs, batch, self._old_scores, TARGET_NETWORK_ACTION_DIST_INPUTS)


class MaskedDQNModule(MaskedObservations, DefaultDQNTorchRLModule):  # type: ignore[misc]
    """The default module of DQN, masked: Q-values of forbidden actions are minus infinity, in targets too.

    Observations as for `MaskedPPOModule`, actions Discrete; double, dueling and distributional heads.
    """

    def __init__(self, *args: Any, catalog_class: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, catalog_class=catalog_class or MaskedDQNCatalog, **kwargs)

    def make_target_networks(self) -> None:
        super().make_target_networks()
        self._target_scores = make_target_network(self.scores)

    def get_target_network_pairs(self) -> list[tuple[nn.Module, nn.Module]]:
        return [*super().get_target_network_pairs(), (self.scores, self._target_scores)]

    def get_non_inference_attributes(self) -> list[str]:
        return [*super().get_non_inference_attributes(), "_target_scores"]

    def legal(self, batch: Batch) -> Tensor:
        """Bool (..., choices); a row that allows nothing (padding, or the end of a foreign episode) counts as free."""
        legal = super().legal(batch)
        return legal | ~legal.any(-1, keepdim=True)

    def _qf_forward_helper(self, batch: Batch, encoder: nn.Module, head: Any) -> Batch:
        observations, legal = batch[Columns.OBS], self.legal(batch)
        scores = self.scores if encoder is self.encoder else self._target_scores
        network = head["af"] if self.uses_dueling else head
        # RLlib centres dueling advantages over the actions that are there, which it knows by their not being -inf.
        centred = self.uses_dueling and self.num_atoms == 1

        def advantages(latent: Tensor) -> Tensor:
            outputs: Tensor = scores(network(latent), observations, self.num_atoms)
            return torch.where(legal, outputs, -torch.inf) if centred else outputs

        masked = {**head, "af": advantages} if self.uses_dueling else advantages
        outputs: Batch = super()._qf_forward_helper(self.without_mask(batch), encoder, masked)
        return {**outputs, QF_PREDS: torch.where(legal, outputs[QF_PREDS].float(), -torch.inf)}

    def _forward_exploration(self, batch: Batch, t: int, **kwargs: Any) -> Batch:
        """Epsilon-greedy, uniform over the legal actions; RLlib's own never explores an action whose Q-value is 0."""
        outputs = self._forward_inference(batch)
        greedy, legal = outputs[Columns.ACTIONS], self.legal(batch)
        self.epsilon_schedule.update(t)
        explores = torch.rand(greedy.shape, device=greedy.device) < self.epsilon_schedule.get_current_value()
        random = torch.where(legal, torch.rand(legal.shape, device=legal.device), -1.0).argmax(-1)
        return {**outputs, Columns.ACTIONS: torch.where(explores, random, greedy)}
