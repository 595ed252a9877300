"""RLlib's catalogs with encoders for the features beside the mask, and heads as wide as the scores need."""

from __future__ import annotations

import dataclasses
from typing import Any

import gymnasium as gym
from ray.rllib.algorithms.dqn.dqn_catalog import DQNCatalog
from ray.rllib.algorithms.ppo.ppo_catalog import PPOCatalog
from ray.rllib.core.models.configs import MLPHeadConfig

from ...torch import Features
from ..features import mask_spec_of
from ..scores import ActionScores
from .distributions import distribution_class


class MaskedCatalog:
    """What both families share: takes spaces with a mask, and builds the base catalog's components.

    Attributes:
        features: splits observations.
        scores: makes scores of the head's outputs.
        mask_actions: `model_config["mask_actions"]`, True by default.
    """

    def __init__(
        self, observation_space: gym.spaces.Dict, action_space: gym.Space[Any], model_config_dict: Any, **kwargs: Any
    ) -> None:
        if dataclasses.is_dataclass(model_config_dict) and not isinstance(model_config_dict, type):
            model_config_dict = dataclasses.asdict(model_config_dict)
        spec = mask_spec_of(observation_space, action_space)
        self.features = Features(observation_space)
        self.scores = ActionScores(spec, observation_space, model_config_dict)
        self.mask_actions = bool(model_config_dict.get("mask_actions", True))
        super().__init__(self.features.space, action_space, model_config_dict, **kwargs)  # type: ignore[call-arg]


def catalog_of(module: Any) -> Any:
    """The catalog of a module of RLlib, which keeps the error of a catalog that could not be made.

    Raises:
        ValueError: that error, of spaces that no module supports.
    """
    if module.catalog is None and module._catalog_ctor_error is not None:
        raise module._catalog_ctor_error
    return module.catalog


class MaskedPPOCatalog(MaskedCatalog, PPOCatalog):  # type: ignore[misc]
    """For PPO, IMPALA and APPO."""

    def build_pi_head(self, framework: str) -> Any:
        self.pi_head_config = MLPHeadConfig(
            input_dims=self.latent_dims,
            hidden_layer_dims=self.pi_and_vf_head_hiddens,
            hidden_layer_activation=self.pi_and_vf_head_activation,
            hidden_layer_use_layernorm=self._model_config_dict.get("head_fcnet_use_layernorm", False),
            output_layer_dim=self.scores.width,
            output_layer_activation="linear",
        )
        return self.pi_head_config.build(framework=framework)

    def get_action_dist_cls(self, framework: str) -> Any:
        return distribution_class(self.scores.spec, self.action_space)


class MaskedDQNCatalog(MaskedCatalog, DQNCatalog):  # type: ignore[misc]
    """For DQN with double, dueling and distributional heads, the last without an LSTM."""

    def __init__(
        self, observation_space: gym.spaces.Dict, action_space: gym.Space[Any], model_config_dict: Any, **kwargs: Any
    ) -> None:
        if not isinstance(action_space, gym.spaces.Discrete):
            raise ValueError(f"DQN has a Q-value for every action, so it needs Discrete(n), not {action_space}")
        super().__init__(observation_space, action_space, model_config_dict, **kwargs)
        if self.num_atoms > 1 and self._model_config_dict.get("use_lstm"):
            raise ValueError(
                "RLlib's distributional heads do not take the sequences of an LSTM "
                "(DefaultDQNTorchRLModule._qf_forward_helper, ray 2.60): use num_atoms=1, or no LSTM"
            )

    def build_af_head(self, framework: str) -> Any:
        self.af_head_config = self._get_head_config(output_layer_dim=self.scores.width * self.num_atoms)
        return self.af_head_config.build(framework=framework)
