"""Learners of IMPALA and APPO whose V-trace targets keep the value at the end of a chunk of an episode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from ray.rllib.algorithms.appo.torch.appo_torch_learner import APPOTorchLearner
from ray.rllib.algorithms.impala.torch.impala_torch_learner import IMPALATorchLearner
from ray.rllib.core.columns import Columns

LOG_PROB_OF_NO_STEP = 1e4
"""A behaviour log-probability under which the importance weight of a step, `exp(target - behaviour)`, is exactly 0."""


class KeepsBootstrap:
    """Mixin over a learner of RLlib's that computes V-trace targets.

    RLlib appends one step to each chunk of an episode, from whose value the last real step bootstraps. The appended
    step has reward 0, discount 0, and no part in the loss. V-trace (Espeholt et al., "IMPALA", 2018, equation 1) treats
    it as the end of an episode: it corrects the appended value to 0 and the target of the last real step by as much, so
    the bootstrap cancels and the return beyond a chunk counts as 0 (ray 2.60, `impala_torch_learner.py`). An importance
    weight of 0 makes the correction 0.
    """

    def compute_loss_for_module(self, *, batch: Mapping[str, Any], **kwargs: Any) -> Any:
        """The loss of RLlib's learner, for a batch in which no importance weight reaches the appended steps."""
        log_probs = torch.where(batch[Columns.LOSS_MASK].bool(), batch[Columns.ACTION_LOGP], LOG_PROB_OF_NO_STEP)
        batch = {**batch, Columns.ACTION_LOGP: log_probs}
        return super().compute_loss_for_module(batch=batch, **kwargs)  # type: ignore[misc]


class BootstrappedIMPALALearner(KeepsBootstrap, IMPALATorchLearner):  # type: ignore[misc]
    """RLlib's learner of IMPALA with `KeepsBootstrap`."""


class BootstrappedAPPOLearner(KeepsBootstrap, APPOTorchLearner):  # type: ignore[misc]
    """RLlib's learner of APPO with `KeepsBootstrap`."""


LEARNERS = {IMPALATorchLearner: BootstrappedIMPALALearner, APPOTorchLearner: BootstrappedAPPOLearner}
"""RLlib's learner class -> the one that `configure` uses instead."""
