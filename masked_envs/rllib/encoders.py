"""What RLlib's encoders get of an observation: a vector, an image, or both; and encoders of the user's own."""

from __future__ import annotations

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
from ray.rllib.models.utils import get_filter_config
from torch import Tensor, nn

from .. import trees
from ..torch.features import Features, Path, part_at, parts_of

VECTOR = "vector"
"""Name of the stream of everything that is no image."""

CHANNELS_FIRST = "channels_first"
"""Entry of `model_config`: whether the channels of an image are its first axis; found by its shape by default."""

DEFAULTS = DefaultModelConfig()


# --- which parts are images -------------------------------------------------------------------------------------------


def is_picture(space: spaces.Space[Any]) -> bool:
    """Whether these are pixels: uint8 from 0 to 255, in two axes or more. They are divided by 255."""
    if not isinstance(space, spaces.Box) or space.dtype != np.uint8 or len(space.shape) < 2:
        return False
    return bool((space.low == 0).all() and (space.high == 255).all())


def channels_first(shape: tuple[int, ...]) -> bool:
    """Whether the first of three axes is that of the channels, judged by the shape.

    Two equal neighbours are height and width; where that does not decide, the smaller of the first and last axis is the
    channels, and the last (as RLlib reads images) if they are equal.
    """
    first, middle, last = shape
    if (first == middle) != (middle == last):
        return middle == last
    return first < last


@dataclasses.dataclass(frozen=True)
class Image:
    """One part of an observation, as RLlib's convolutional network takes it: (height, width, channels), float32.

    Args:
        shape: of the part: (height, width), (height, width, channels), (channels, height, width), or a stack of frames
            (frames, ...) of the latter two, whose channels follow each other.
        scaled: whether to divide by 255.
        first: whether the channels are the first of the last three axes.
    """

    shape: tuple[int, ...]
    scaled: bool
    first: bool

    @classmethod
    def of(cls, space: spaces.Box, first: bool | None) -> Image:
        """Of a Box with two to four axes; `first` is found by the shape if it is None."""
        shape = space.shape
        found = len(shape) > 2 and (channels_first(shape[-3:]) if first is None else first)
        return cls(shape, is_picture(space), found)

    @property
    def space(self) -> spaces.Box:
        """Box float32 (height, width, channels)."""
        with torch.no_grad():
            shape = tuple(self(torch.zeros(self.shape)).shape)
        return spaces.Box(-np.inf, np.inf, shape, np.float32)

    def __call__(self, values: Tensor) -> Tensor:
        """Float32 (..., height, width, channels) of values (..., *shape)."""
        values = values.float() / 255 if self.scaled else values.float()
        if len(self.shape) == 2:
            return values.unsqueeze(-1)
        if len(self.shape) == 4:  # frames beside the channels
            values = values.flatten(-4, -3) if self.first else values.movedim(-4, -2).flatten(-2)
        return values.movedim(-3, -1) if self.first else values


def _has_default(image: Image) -> bool:
    try:
        get_filter_config(image.space.shape)
    except ValueError:
        return False
    return True


def images_of(observation_space: spaces.Space[Any], model_config: Mapping[str, Any]) -> dict[Path, Image]:
    """The parts of an observation that go through a convolutional network.

    These are pixels (see `is_picture`) in three axes, or in four, a stack of frames; any other Box of three axes, and
    pixels in two, if RLlib has layers for its size or `conv_filters` are given; and with `conv_filters` any Box of two
    axes, if there is nothing else.

    Raises:
        ValueError: pixels for whose size RLlib has no layers, without `conv_filters`.
    """
    boxes = {path: part for path, part in parts_of(observation_space).items() if isinstance(part, spaces.Box)}
    filters, first = model_config.get("conv_filters"), model_config.get(CHANNELS_FIRST)
    found = {}
    for path, box in boxes.items():
        pixels, axes = is_picture(box), len(box.shape)
        if axes == 3 or (pixels and axes in (2, 4)):
            image = Image.of(box, first)
            if filters or _has_default(image):
                found[path] = image
            elif pixels and axes > 2:
                height, width, channels = image.space.shape
                raise ValueError(
                    f"the observation {'/'.join(map(str, path))!r} is an image of {height} x {width} pixels with "
                    f"{channels} channels, and RLlib has layers for squares of 10, 42, 64, 84 and 96 pixels only: give "
                    "model_config={'conv_filters': [[channels, kernel, stride], ...]}, or change its size with "
                    "gymnasium.wrappers.ResizeObservation"
                )
    if filters and not found:
        found = {path: Image.of(box, first) for path, box in boxes.items() if len(box.shape) == 2}
    return found


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
        key = path[0]
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
            raise ValueError(f"model_config[{name!r}] has no effect: {_UNUSED[name]}")
        if isinstance(streams, Whole):
            continue  # an encoder of the user's own may read it
        if name.startswith(("conv_", CHANNELS_FIRST)) and not streams.images:
            raise ValueError(
                f"model_config[{name!r}] has no effect: it is for images, Boxes of three axes (or of two, if there is "
                f"nothing else), and this observation has none: {list(streams.vector.parts.values())}"
            )
        if name.startswith("fusionnet_") and not isinstance(streams.space, spaces.Dict):
            raise ValueError(
                f"model_config[{name!r}] has no effect: it is for what follows several encoders, and this "
                f"observation has one, of {streams.space}"
            )
        if name.startswith("fcnet_") and not isinstance(streams, Whole) and len(streams.space.shape or ()) == 3:
            _warn_once(f"model_config[{name!r}] has no effect on an image alone: head_fcnet_hiddens follow its encoder")


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
        bare = dataclasses.replace(config, input_dims=config.tokenizer_config.output_dims, tokenizer_config=None)
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
    def output_dims(self) -> tuple[int, ...]:  # type: ignore[override]
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
        self.net = config.make()
        path, space = next(iter(parts_of(config.observation_space, whole=True).items()))
        self._first, self._axes = path, len(space.shape or ())

    def _forward(self, inputs: Any, **kwargs: Any) -> Any:
        observations = inputs[Columns.OBS]
        first = part_at(observations, self._first)
        lead = first.shape[: first.ndim - self._axes]
        folded = trees.map(lambda part: part.reshape(-1, *part.shape[len(lead) :]), observations)
        return {ENCODER_OUT: self.net(folded).reshape(*lead, -1)}
