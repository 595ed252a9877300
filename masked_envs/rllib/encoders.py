"""What RLlib's encoders get of an observation: a vector, an image, or both; and encoders of the user's own."""

from __future__ import annotations

import copy
import dataclasses
import functools
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from gymnasium.vector.utils import create_empty_array
from ray.rllib.core.columns import Columns
from ray.rllib.core.models.base import ENCODER_OUT, Encoder
from ray.rllib.core.models.configs import ModelConfig, MultiStreamEncoderConfig, RecurrentEncoderConfig
from ray.rllib.core.models.torch.base import TorchModel
from ray.rllib.core.models.torch.encoder import TorchLSTMEncoder, TorchMultiStreamEncoder
from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig
from torch import Tensor, nn

from .. import trees
from ..mask_spec.checks import shown
from ..torch.features import Features, Path, part_at, parts_of
from .images import CHANNELS_FIRST, images_of, is_picture

VECTOR = "vector"
"""Name of the stream of everything that is no image."""

DEFAULTS = DefaultModelConfig()


# --- from observations to streams -------------------------------------------------------------------------------------


class Streams(nn.Module):
    """Makes of observations what RLlib's encoders take: a vector, an image, or a dict of one vector and images.

    Args:
        observation_space: as `Features` takes it.
        model_config: "conv_filters" and "channels_first" say which parts are images, see `images_of`.

    Attributes:
        space: Box float32 (F,), Box float32 (height, width, channels), or a Dict of these, by stream.

    Raises:
        ValueError: a part of a space that is not served, or an image without layers.
    """

    def __init__(self, observation_space: spaces.Space[Any], model_config: Mapping[str, Any]) -> None:
        super().__init__()
        self.images = images_of(observation_space, model_config)
        parts = parts_of(observation_space)
        self.pixels = [path for path, part in parts.items() if path not in self.images and is_picture(part)]
        self.vector = Features(observation_space, only=parts.keys() - self.images.keys())
        made: dict[str, spaces.Space[Any]] = {f"image_{k}": one.space for k, one in enumerate(self.images.values())}
        if self.vector.parts or not made:
            made[VECTOR] = self.vector.space
        self.space: Any = spaces.Dict(made) if len(made) > 1 else next(iter(made.values()))

    def forward(self, observations: Any) -> Any:
        """Float32 (..., F) or (..., height, width, channels), or a dict of these.

        Args:
            observations: tensors with any leading dimensions, nested as the space is. They are not changed.
        """
        made = {f"image_{k}": one(part_at(observations, path)) for k, (path, one) in enumerate(self.images.items())}
        if self.vector.parts or not made:
            made[VECTOR] = self.vector(_scaled(observations, self.pixels))
        return made if len(made) > 1 else next(iter(made.values()))


def _scaled(observations: Any, paths: list[Path]) -> Any:
    """The same observations with the parts at these paths divided by 255."""
    for path in paths:
        if not path:
            return observations / 255
        key: Any = path[0]
        new = _scaled(observations[key], [path[1:]])
        if isinstance(observations, Mapping):
            observations = {**observations, key: new}
        else:
            observations = (*observations[:key], new, *observations[key + 1 :])
    return observations


class Whole(nn.Module):
    """Leaves observations as they are, for an encoder of the user's own."""

    def __init__(self, observation_space: spaces.Space[Any]) -> None:
        super().__init__()
        self.space = observation_space

    def forward(self, observations: Any) -> Any:
        """The observations, mask and all."""
        return observations


# --- options that would do nothing ------------------------------------------------------------------------------------

_UNUSED = {
    "lstm_use_prev_action": "RLlib's new API stack does not read it; put the action into the observation",
    "lstm_use_prev_reward": "RLlib's new API stack does not read it; put the reward into the observation",
    "free_log_std": "it is for RLlib's own normal distribution, which knows no mask",
}


def check_options(model_config: Mapping[str, Any], streams: Any) -> None:
    """Refuse entries of `model_config` that would do nothing for these streams, or warn of them once.

    Raises:
        ValueError: an entry that differs from RLlib's default and has no effect.
    """
    given = {
        name: value
        for name, value in model_config.items()
        if hasattr(DEFAULTS, name) and value != getattr(DEFAULTS, name)
    }
    given |= {CHANNELS_FIRST: True} if model_config.get(CHANNELS_FIRST) is not None else {}
    for name in given:
        if name in _UNUSED:
            raise ValueError(f"model_config[{shown(name)}] has no effect: {_UNUSED[name]}")
        if isinstance(streams, Whole):
            continue  # an encoder of the user's own may read it
        if name.startswith(("conv_", CHANNELS_FIRST)) and not streams.images:
            raise ValueError(
                f"model_config[{shown(name)}] has no effect: it is for images, Boxes of three axes (or of two, if "
                f"there is nothing else), and this observation has none: {list(streams.vector.parts.values())}"
            )
        if name.startswith("fusionnet_") and not isinstance(streams.space, spaces.Dict):
            raise ValueError(
                f"model_config[{shown(name)}] has no effect: it is for what follows several encoders, and this "
                f"observation has one, of {streams.space}"
            )
        if name.startswith("fcnet_") and not isinstance(streams, Whole) and len(streams.space.shape or ()) == 3:
            _warn_once(
                f"model_config[{shown(name)}] has no effect on an image alone: head_fcnet_hiddens follow its encoder"
            )


@functools.cache
def _warn_once(words: str) -> None:
    warnings.warn(words, stacklevel=4)


# --- encoders ---------------------------------------------------------------------------------------------------------


@dataclasses.dataclass
class JoinedConfig(MultiStreamEncoderConfig):  # type: ignore[misc]
    """RLlib's encoder of several streams, for observations that are a dict of these streams."""

    def build(self, framework: str = "torch") -> Any:
        """The `Joined` encoder."""
        return Joined(self)


class Joined(TorchMultiStreamEncoder):  # type: ignore[misc]
    """Encodes each stream, and the outputs together by RLlib's fusion network; any leading dimensions."""

    def _forward(self, inputs: Any, **kwargs: Any) -> Any:
        streams, configs = inputs[Columns.OBS], self.config.base_encoder_configs
        axes = {name: len(config.input_dims) for name, config in configs.items()}
        lead = next(streams[name].shape[: streams[name].ndim - count] for name, count in axes.items())
        folded = {name: stream.reshape(-1, *stream.shape[len(lead) :]) for name, stream in streams.items()}
        outputs = super()._forward(folded, **kwargs)
        return {**outputs, ENCODER_OUT: outputs[ENCODER_OUT].reshape(*lead, -1)}


@dataclasses.dataclass
class MemoryConfig(RecurrentEncoderConfig):  # type: ignore[misc]
    """RLlib's LSTM behind an encoder whose input is no single tensor."""

    def build(self, framework: str = "torch") -> Any:
        """The `Memory` encoder."""
        return Memory(self)


class Memory(TorchModel, Encoder):  # type: ignore[misc]
    """An encoder, and RLlib's LSTM over what it makes of each step (rows, steps, ...)."""

    def __init__(self, config: MemoryConfig) -> None:
        TorchModel.__init__(self, config)
        self.tokenizer = config.tokenizer_config.build(framework="torch")
        bare: Any = copy.copy(config)
        bare.input_dims, bare.tokenizer_config = config.tokenizer_config.output_dims, None
        self.memory = TorchLSTMEncoder(bare)

    def get_initial_state(self) -> Any:
        """The LSTM's."""
        return self.memory.get_initial_state()

    def _forward(self, inputs: Any, **kwargs: Any) -> Any:
        return self.memory({**inputs, Columns.OBS: self.tokenizer(inputs, **kwargs)[ENCODER_OUT]})


EncoderClass = Callable[[spaces.Space[Any], Mapping[str, Any]], nn.Module]
"""Makes a network of the observation space and the model config; see `MaskedObservations.encoder_class`."""


@dataclasses.dataclass
class OwnConfig(ModelConfig):  # type: ignore[misc]
    """An encoder of the user's own.

    Args:
        encoder_class: see `EncoderClass`.
        observation_space: mask and candidates included.
        model_config: RLlib's, with its defaults.

    Raises:
        ValueError: a network whose output for two observations of zeros is not (2, width).
    """

    encoder_class: EncoderClass | None = None
    observation_space: spaces.Space[Any] | None = None
    model_config: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @functools.cached_property
    def output_dims(self) -> tuple[int, ...]:
        """(width,), found by encoding two observations of zeros."""
        assert self.observation_space is not None
        zeros = create_empty_array(self.observation_space, n=2, fn=np.zeros)
        batch = trees.map(torch.as_tensor, zeros)
        with torch.no_grad():
            made = self.make().eval()(batch)
        if not isinstance(made, Tensor) or made.ndim != 2 or len(made) != 2:
            shape = tuple(made.shape) if isinstance(made, Tensor) else type(made).__name__
            raise ValueError(f"the encoder {self.encoder_class} must make (rows, width) of a batch, not {shape}")
        return (made.shape[-1],)

    def make(self) -> nn.Module:
        """A new network."""
        assert self.encoder_class is not None and self.observation_space is not None
        return self.encoder_class(self.observation_space, self.model_config)

    def build(self, framework: str = "torch") -> Any:
        """The `Own` encoder."""
        return Own(self)


class Own(TorchModel, Encoder):  # type: ignore[misc]
    """The user's network under RLlib's interface, for any leading dimensions."""

    def __init__(self, config: OwnConfig) -> None:
        TorchModel.__init__(self, config)
        assert config.observation_space is not None
        self.net = config.make()
        path, space = next(iter(parts_of(config.observation_space, whole=True).items()))
        self._first, self._axes = path, len(space.shape or ())

    def _forward(self, inputs: Any, **kwargs: Any) -> Any:
        observations = inputs[Columns.OBS]
        first = part_at(observations, self._first)
        lead = first.shape[: first.ndim - self._axes]
        folded = trees.map(lambda part: part.reshape(-1, *part.shape[len(lead) :]), observations)
        return {ENCODER_OUT: self.net(folded).reshape(*lead, -1)}
