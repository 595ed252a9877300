"""Which parts of an observation are images, and how RLlib's convolutional network takes them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from ray.rllib.models.utils import get_filter_config
from torch import Tensor

from ..mask_spec.checks import shown
from ..torch.features import Path, parts_of

CHANNELS_FIRST = "channels_first"
"""Entry of `model_config`: whether the channels of an image are its first axis; found by its shape by default."""


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
                    f"the observation {shown('/'.join(map(str, path)))} is an image of {height} x {width} pixels with "
                    f"{channels} channels, and RLlib has layers for squares of 10, 42, 64, 84 and 96 pixels only: give "
                    "model_config={'conv_filters': [[channels, kernel, stride], ...]}, or change its size with "
                    "gymnasium.wrappers.ResizeObservation"
                )
    if filters and not found:
        found = {path: Image.of(box, first) for path, box in boxes.items() if len(box.shape) == 2}
    return found
