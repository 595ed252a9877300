"""A module that plays at random and obeys masks: an opponent, or a baseline."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module.torch import TorchRLModule

from .. import trees
from ..mask_spec import DictMask, MaskSpec
from ..torch.features import ACTION_MASK
from .features import mask_spec_of


class MaskedRandomModule(TorchRLModule):  # type: ignore[misc]
    """Draws uniformly over the legal actions, of every kind of mask; RLlib's `RandomRLModule` ignores masks.

    It learns nothing and cannot be trained: leave its name out of `config.multi_agent(policies_to_train=...)`. Its
    random stream is its own, seeded from torch's when it is made, so `config.debugging(seed=...)` repeats it.

    Attributes:
        mask_spec: the `MaskSpec` of its observations.
    """

    def setup(self) -> None:
        """Raises ValueError: spaces without a mask, or of which no module knows the kind; see `mask_spec_of`."""
        self.mask_spec: MaskSpec = mask_spec_of(self.observation_space, self.action_space)
        self._rng = np.random.default_rng(int(torch.randint(2**31, ())))
        # RLlib makes an optimizer for every module, and torch makes none for no parameters.
        self.unused = torch.nn.Parameter(torch.zeros(()), requires_grad=False)

    def _forward(self, batch: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        masks = _rows(self.mask_spec, batch[Columns.OBS][ACTION_MASK])
        return {Columns.ACTIONS: trees.map(torch.as_tensor, self.mask_spec.sample(masks, self._rng))}

    def _forward_train(self, batch: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        raise NotImplementedError(
            "MaskedRandomModule has nothing to train: name the other policies in "
            "config.multi_agent(policies_to_train=[...])"
        )

    def get_initial_state(self) -> dict[str, Any]:
        """No state."""
        return {}


def _rows(spec: MaskSpec, masks: Any) -> Any:
    """Masks (rows, ...) of tensors as `spec` takes them."""
    if isinstance(spec, DictMask):
        parts = zip(spec.parts, spec.unpack(masks, "the mask"), strict=True)
        return spec.pack([_rows(part, mask) for part, mask in parts])
    return masks.numpy(force=True).astype(spec.mask_buffer.base, copy=False)
