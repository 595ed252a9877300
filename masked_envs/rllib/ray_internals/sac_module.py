"""RLlib's module and learner of SAC with Discrete actions, with the mask applied.

Christodoulou, "Soft Actor-Critic for Discrete Action Settings", 2019: expectations over the actions replace samples, so
an action of probability 0 has no part in them, whatever its Q-value.
"""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import torch
from ray.rllib.algorithms.sac.sac_catalog import SACCatalog
from ray.rllib.algorithms.sac.sac_learner import (
    ACTION_LOG_PROBS,
    ACTION_LOG_PROBS_NEXT,
    ACTION_PROBS,
    ACTION_PROBS_NEXT,
    QF_PREDS,
    QF_TARGET_NEXT,
    QF_TWIN_PREDS,
)
from ray.rllib.algorithms.sac.torch.default_sac_torch_rl_module import DefaultSACTorchRLModule
from ray.rllib.algorithms.sac.torch.sac_torch_learner import SACTorchLearner
from ray.rllib.core.columns import Columns
from ray.rllib.core.models.base import ENCODER_OUT
from torch import Tensor

from ..features import FORBIDDEN
from ..modules import Batch, MaskedObservations
from ..scores import check_finite
from .catalogs import MaskedCatalog
from .distributions import distribution_class

MOST_ENTROPY = "most_entropy"
"""Output of the module: the entropy of a uniform choice among the legal actions, float32 (rows,)."""

SHARE_OF_ENTROPY = 0.98
"""The target entropy as a share of the most there can be (Christodoulou 2019, appendix)."""


class MaskedSACCatalog(MaskedCatalog, SACCatalog):  # type: ignore[misc]
    """For SAC with Discrete actions, without embeddings of actions."""

    def __init__(
        self, observation_space: gym.spaces.Dict, action_space: gym.Space[Any], model_config_dict: Any, **kwargs: Any
    ) -> None:
        if not isinstance(action_space, gym.spaces.Discrete):
            raise ValueError(f"masked SAC is for Discrete(n), not {action_space}: use PPO")
        super().__init__(observation_space, action_space, model_config_dict, **kwargs)
        if self.scores.from_observation or self.scores.learned:
            raise ValueError("masked SAC takes no embeddings of actions: use PPO or DQN, or leave them out")

    def get_action_dist_cls(self, framework: str) -> Any:
        return distribution_class(self.scores.spec, self.action_space)


class MaskedSACModule(MaskedObservations, DefaultSACTorchRLModule):  # type: ignore[misc]
    """The default module of SAC for Discrete actions, masked: forbidden ones have probability 0 and no part in values.

    Observations as for `MaskedPPOModule`. RLlib's SAC has no LSTM.
    """

    default_catalog = MaskedSACCatalog

    def legal(self, batch: Batch) -> Tensor:
        """Bool (rows, n); a row that allows nothing (the end of a third-party episode) has ones."""
        legal = super().legal(batch)
        return legal | ~legal.any(-1, keepdim=True)

    def _forward_inference(self, batch: Batch, **kwargs: Any) -> Batch:
        outputs = super()._forward_inference(self.without_mask(batch))
        key = Columns.ACTION_DIST_INPUTS
        return {**outputs, key: torch.where(self.legal(batch), check_finite(outputs[key].float()), FORBIDDEN)}

    def _forward_train_discrete(self, batch: Batch) -> Batch:
        following = {Columns.OBS: batch[Columns.NEXT_OBS]}
        now, then = self.without_mask({Columns.OBS: batch[Columns.OBS]}), self.without_mask(following)
        legal = self.legal(batch)
        probs, log_probs = self._probabilities(now, legal)
        next_probs, next_log_probs = self._probabilities(then, self.legal(following))
        outputs = {
            ACTION_PROBS: probs,
            ACTION_LOG_PROBS: log_probs,
            ACTION_PROBS_NEXT: next_probs,
            ACTION_LOG_PROBS_NEXT: next_log_probs,
            MOST_ENTROPY: legal.sum(-1).float().log(),
            QF_TARGET_NEXT: self.forward_target(then, squeeze=False),
            QF_PREDS: self._qf_forward_train_helper(now, self.qf_encoder, self.qf, squeeze=False),
        }
        if self.twin_q:
            twin = self._qf_forward_train_helper(now, self.qf_twin_encoder, self.qf_twin, squeeze=False)
            outputs[QF_TWIN_PREDS] = twin
        else:  # RLlib's loss of Discrete actions takes the lower of two values even so (ray 2.60), and fails without
            outputs[QF_TWIN_PREDS] = outputs[QF_PREDS]
        return outputs

    def _probabilities(self, features: Batch, legal: Tensor) -> tuple[Tensor, Tensor]:
        """Probabilities and their logarithms, float32 (rows, n): 0 and 0 for a forbidden action."""
        logits = check_finite(self.pi(self.pi_encoder(features)[ENCODER_OUT]).float())
        log_probs = torch.log_softmax(torch.where(legal, logits, FORBIDDEN), -1)
        return log_probs.exp(), torch.where(legal, log_probs, 0.0)


class MaskedSACLearner(SACTorchLearner):  # type: ignore[misc]
    """RLlib's learner of SAC; `target_entropy="auto"` is 0.98 of the entropy of a uniform choice of legal actions.

    RLlib's own "auto" is -1 for any number of Discrete actions (ray 2.60, `SACLearner._get_target_entropy`).
    """

    def compute_loss_for_module(self, *, module_id: str, config: Any, fwd_out: Batch, **kwargs: Any) -> Any:
        if config.target_entropy in (None, "auto"):
            # The loss of the temperature is linear in the target, so that the mean of the rows' targets will do.
            self.target_entropy[module_id] = SHARE_OF_ENTROPY * fwd_out[MOST_ENTROPY].mean()
        return super().compute_loss_for_module(module_id=module_id, config=config, fwd_out=fwd_out, **kwargs)
