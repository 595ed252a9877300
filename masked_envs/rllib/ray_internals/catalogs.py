"""RLlib's catalogs with encoders for what stands beside the mask, and heads as wide as the scores need."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import gymnasium as gym
from ray.rllib.algorithms.dqn.dqn_catalog import DQNCatalog
from ray.rllib.algorithms.ppo.ppo_catalog import PPOCatalog
from ray.rllib.core.models.configs import MLPHeadConfig

from ..encoders import EncoderClass, JoinedConfig, MemoryConfig, OwnConfig, Streams, Whole, check_options
from ..features import mask_spec_of
from ..scores import ActionScores
from .distributions import distribution_class


class MaskedCatalog:
    """What both families share: takes spaces with a mask, and builds the base catalog's components.

    Args:
        encoder_class: of the user's own, see `MaskedObservations.encoder_class`; RLlib's encoders if None.

    Attributes:
        features: makes of observations what the encoder takes.
        scores: makes scores of the head's outputs.
        mask_actions: `model_config["mask_actions"]`, True by default.

    Raises:
        ValueError: spaces that no module supports, or entries of the model config that would have no effect.
    """

    _model_config_dict: dict[str, Any]

    def __init__(
        self,
        observation_space: gym.spaces.Dict,
        action_space: gym.Space[Any],
        model_config_dict: Any,
        encoder_class: EncoderClass | None = None,
        **kwargs: Any,
    ) -> None:
        if dataclasses.is_dataclass(model_config_dict) and not isinstance(model_config_dict, type):
            model_config_dict = dataclasses.asdict(model_config_dict)
        spec = mask_spec_of(observation_space, action_space)
        self.encoder_class = encoder_class
        self.features: Any = (
            Whole(observation_space) if encoder_class else Streams(observation_space, model_config_dict)
        )
        check_options(model_config_dict, self.features)
        self.scores = ActionScores(spec, observation_space, model_config_dict)
        self.mask_actions = bool(model_config_dict.get("mask_actions", True))
        super().__init__(self.features.space, action_space, model_config_dict, **kwargs)  # type: ignore[call-arg]

    def _determine_components_hook(self) -> None:
        """As RLlib's, which serves one Box, and also for several streams and encoders of the user's own."""
        encoder: Any
        if self.encoder_class is not None:
            encoder = OwnConfig(
                encoder_class=self.encoder_class,
                observation_space=self.features.space,
                model_config=self._model_config_dict,
            )
        elif isinstance(self.features.space, gym.spaces.Dict):
            encoder = self._joined()
        else:
            super()._determine_components_hook()  # type: ignore[misc]
            return
        options = self._model_config_dict
        self._encoder_config = self._with_memory(encoder) if options["use_lstm"] else encoder
        self.latent_dims = self._encoder_config.output_dims

    def _joined(self) -> JoinedConfig:
        options, streams = self._model_config_dict, self.features.space
        alone = {**options, "use_lstm": False}
        encoders = {
            # RLlib writes the layers it chose for an image into the options.
            name: self._get_encoder_config(observation_space=stream, model_config_dict=dict(alone))  # type: ignore[attr-defined]
            for name, stream in streams.items()
        }
        kernel, bias = options["fusionnet_kernel_initializer"], options["fusionnet_bias_initializer"]
        return JoinedConfig(
            base_encoder_configs=encoders,
            hidden_layer_dims=options["fusionnet_hiddens"],
            hidden_layer_activation=options["fusionnet_activation"],
            hidden_layer_weights_initializer=kernel,
            hidden_layer_weights_initializer_config=options["fusionnet_kernel_initializer_kwargs"],
            hidden_layer_bias_initializer=bias,
            hidden_layer_bias_initializer_config=options["fusionnet_bias_initializer_kwargs"],
        )

    def _with_memory(self, encoder: Any) -> MemoryConfig:
        options = self._model_config_dict
        return MemoryConfig(
            recurrent_layer_type="lstm",
            hidden_dim=options["lstm_cell_size"],
            num_layers=1,
            batch_major=True,
            hidden_weights_initializer=options["lstm_kernel_initializer"],
            hidden_weights_initializer_config=options["lstm_kernel_initializer_kwargs"],
            hidden_bias_initializer=options["lstm_bias_initializer"],
            hidden_bias_initializer_config=options["lstm_bias_initializer_kwargs"],
            tokenizer_config=encoder,
        )


def catalog_for(module_class: Any, catalog_class: Any) -> Any:
    """The catalog class, told of the module's own encoder if it has one."""
    own = getattr(module_class, "encoder_class", None)
    return functools.partial(catalog_class, encoder_class=own) if own is not None else catalog_class


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
