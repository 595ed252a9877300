"""RLlib's default modules of PPO (for IMPALA too) and APPO, with the mask applied.

The policy-gradient losses add up the log-probabilities of all heads, multiply them by advantages, and multiply those of
padded rows by zero. All of this must stay finite, so a forbidden logit is a large negative number and not -inf.
"""

from __future__ import annotations

from typing import Any

import torch
from ray.rllib.algorithms.appo.torch.default_appo_torch_rl_module import DefaultAPPOTorchRLModule
from ray.rllib.algorithms.ppo.torch.default_ppo_torch_rl_module import DefaultPPOTorchRLModule
from ray.rllib.core.columns import Columns
from ray.rllib.core.learner.utils import make_target_network
from ray.rllib.core.rl_module.apis import TARGET_NETWORK_ACTION_DIST_INPUTS
from torch import Tensor, nn

from ..torch.features import ACTION_MASK
from .empty_masks import refuse_empty
from .encoders import EncoderClass
from .features import FORBIDDEN, legal_choices
from .images import CHANNELS_FIRST
from .ray_internals.catalogs import MaskedPPOCatalog, catalog_for, catalog_of
from .ray_internals.structured import MaskColumns
from .scores import IN_LOGITS, ActionScores

OPTIONS = ("action_key_size", CHANNELS_FIRST, "learned_action_embeddings", "mask_actions")
"""Entries of `model_config` beside RLlib's own."""

LARGEST = 1e15
"""Size of the largest logit: a legal one stays above `FORBIDDEN` by more than any noise that samples are drawn with."""

Batch = dict[str, Any]


class MaskedObservations:
    """Mixin of all masked modules: takes the mask out of the observation, without changing the caller's batch.

    `model_config["mask_actions"] = False` lets the module choose as if everything were legal, for a negative control.

    Attributes:
        allows_empty_masks: rows that allow nothing are not refused outside of training. Env runners set it while they
            sample: they know which rows are of an episode that has ended, where the action is discarded.
        encoder_class: set it in a subclass to replace RLlib's encoder by a network of your own and keep everything
            else. It is called with the observation space, mask included, and the model config (a dict with RLlib's
            defaults), and must make a `torch.nn.Module` that maps a batch of observations, nested as the space is, of
            tensors (rows, ...), to one float32 tensor (rows, width). RLlib's heads, and its LSTM with `use_lstm`, come
            after it. Observations of zeros, with which RLlib fills up sequences, must not fail.
    """

    allows_empty_masks = False
    encoder_class: EncoderClass | None = None
    features: Any
    scores: ActionScores
    model_config: Any
    catalog: Any
    default_catalog: Any = MaskedPPOCatalog

    def __init__(self, *args: Any, catalog_class: Any = None, **kwargs: Any) -> None:
        catalog = catalog_for(type(self), catalog_class or self.default_catalog)
        super().__init__(*args, catalog_class=catalog, **kwargs)  # type: ignore[call-arg]

    def setup(self) -> None:
        """Build the networks.

        Raises:
            ValueError: spaces that no module supports; see `mask_spec_of`.
        """
        catalog = catalog_of(self)
        self.features, self.scores = catalog.features, catalog.scores
        super().setup()  # type: ignore[misc]

    def eval(self) -> Any:
        """As torch's; RLlib calls it in every step, which walks through all submodules each time."""
        return super().eval() if self.training else self  # type: ignore[misc,attr-defined]

    def forward_inference(self, batch: Batch, **kwargs: Any) -> Batch:
        """As RLlib's. Raises EmptyMaskError: a row allows nothing; see `allows_empty_masks`."""
        self._refuse_empty(batch)
        return super().forward_inference(batch, **kwargs)  # type: ignore[misc,no-any-return]

    def forward_exploration(self, batch: Batch, **kwargs: Any) -> Batch:
        """As RLlib's. Raises EmptyMaskError: a row allows nothing; see `allows_empty_masks`."""
        self._refuse_empty(batch)
        return super().forward_exploration(batch, **kwargs)  # type: ignore[misc,no-any-return]

    def _refuse_empty(self, batch: Batch) -> None:
        # What torch traces or compiles cannot depend on the values of a mask.
        traced = torch.compiler.is_compiling() or torch.jit.is_tracing()  # type: ignore[attr-defined,no-untyped-call]
        if self.masks and not self.allows_empty_masks and not traced:
            refuse_empty(self.scores.spec, batch[Columns.OBS][ACTION_MASK])

    @property
    def masks(self) -> bool:
        """Whether the mask is applied."""
        return bool(self.catalog.mask_actions)

    def without_mask(self, batch: Batch) -> Batch:
        """The same batch with what the encoder takes for its observations."""
        return {**batch, Columns.OBS: self.features(batch[Columns.OBS])}

    def legal(self, batch: Batch) -> Tensor:
        """Bool (..., choices), where the mask goes into logits."""
        legal = legal_choices(batch[Columns.OBS], self.scores.num_choices)
        return legal if self.masks else torch.ones_like(legal)


class MaskedLogits(MaskedObservations):
    """Mixin over a default module whose heads give logits: a forbidden choice has `FORBIDDEN` for its logit.

    Masks of other kinds (joint, interval, dict) are columns beside the parameters of their distribution.
    """

    def _forward(self, batch: Batch, **kwargs: Any) -> Batch:
        return self._masked(super()._forward(self.without_mask(batch), **kwargs), batch)  # type: ignore[misc]

    def _forward_train(self, batch: Batch, **kwargs: Any) -> Batch:
        return self._masked(super()._forward_train(self.without_mask(batch), **kwargs), batch)  # type: ignore[misc]

    def compute_values(self, batch: Batch, embeddings: Any = None) -> Tensor:
        """Values of the states, float32 (...); the mask plays no part in them."""
        values: Tensor = super().compute_values(self.without_mask(batch), embeddings)  # type: ignore[misc]
        return values

    def _masked(self, outputs: Batch, batch: Batch, scores: Any = None, key: str = Columns.ACTION_DIST_INPUTS) -> Batch:
        logits = (scores or self.scores)(outputs[key], batch[Columns.OBS]).float().clamp(-LARGEST, LARGEST)
        if self.scores.spec.kind in IN_LOGITS:
            return {**outputs, key: torch.where(self.legal(batch), logits, FORBIDDEN)}
        columns = MaskColumns(self.scores.spec)
        mask = columns.write(batch[Columns.OBS][ACTION_MASK]) if self.masks else columns.full().to(logits.device)
        return {**outputs, key: torch.cat([logits, mask.expand(*logits.shape[:-1], -1)], -1)}


class MaskedPPOModule(MaskedLogits, DefaultPPOTorchRLModule):  # type: ignore[misc]
    """The default module of PPO and IMPALA with a mask.

    Observations are `Dict(observation, action_mask[, action_embeddings])`, actions Discrete, MultiDiscrete (one mask
    per head, or a joint one), MultiBinary, Box, or a Dict or Tuple of these; encoders fully connected, convolutional
    for images, or both joined, each with an LSTM on request; or `encoder_class`, your own.
    `model_config` takes RLlib's own entries and: "action_key_size" and "learned_action_embeddings" (see
    `ActionScores`), "mask_actions" (False: a negative control).
    """


class MaskedAPPOModule(MaskedLogits, DefaultAPPOTorchRLModule):  # type: ignore[misc]
    """The default module of APPO with a mask, also in the target network; see `MaskedPPOModule`."""

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
