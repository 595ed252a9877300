"""Actors and critics whose weights are shared over the places of a board, or over the items of a set.

A board of planes (C, H, W) goes through convolutions of 3 x 3; a set of n items with C numbers each through the same
layers for every item, which also see the mean over all (Zaheer et al. 2017, "Deep Sets", arXiv:1703.06114). Where there
is one action for each place or item, its logit comes from that place alone; else from all of them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor, nn

MOST_VALUES = 16  # of integers that are shown as one plane for each value
LAYERS = 3
FLAT_CHANNELS = 16  # before a layer over all places


class Planes(nn.Module):
    """Makes planes (B, C, H, W) of the features (B, F) of one Box; a set has H = 1 and W items.

    Args:
        space: Box, of shape (C, H, W) or (H, W) for "board"; for "set" with one entry for each action in the axes after
            the first, or along the first axis.
        network: "board" or "set".
        actions: number of logits.

    Raises:
        ValueError: an observation of another form.
    """

    scale: Tensor

    def __init__(self, space: spaces.Space[Any] | None, network: str, actions: int) -> None:
        super().__init__()
        shape = space.shape if isinstance(space, spaces.Box) else None
        self.by_item = False
        if network == "board" and shape is not None and len(shape) in (2, 3):
            self.shape = (1, *shape) if len(shape) == 2 else shape
        elif network == "set" and shape is not None and len(shape) > 1 and math.prod(shape[1:]) == actions:
            self.shape = (shape[0], 1, actions)
        elif network == "set" and shape is not None and len(shape) == 2 and shape[0] == actions:
            self.shape, self.by_item = (shape[1], 1, actions), True
        else:
            wanted = "planes (C, H, W) or (H, W)" if network == "board" else f"one entry for each of {actions} actions"
            raise ValueError(f"network={network!r} needs a Box observation with {wanted}, not {space}; use 'mlp'")
        assert isinstance(space, spaces.Box)
        low, high = float(space.low.min()), float(space.high.max())
        self.low, self.values = int(low) if np.isfinite(low) else 0, 0
        if np.issubdtype(space.dtype, np.integer) and self.shape[0] == 1 and 1 < high - low < MOST_VALUES:
            self.values = int(high - low) + 1
        largest = max(abs(low), abs(high))
        self.register_buffer("scale", torch.tensor(largest if 1 < largest < math.inf else 1.0))
        self.channels = self.values or self.shape[0]

    def forward(self, features: Tensor) -> Tensor:
        channels, height, width = self.shape
        if self.by_item:
            planes = features.reshape(-1, width, channels).movedim(1, 2).unsqueeze(2)
        else:
            planes = features.reshape(-1, channels, height, width)
        if self.values:
            numbers = (planes[:, 0] - self.low).round().long().clamp(0, self.values - 1)
            return nn.functional.one_hot(numbers, self.values).movedim(-1, 1).float()
        scaled: Tensor = planes / self.scale
        return scaled


class Body(nn.Module):
    """Planes (B, C, H, W) to features (B, hidden, H, W) of every place, each layer seeing the mean of all places."""

    def __init__(self, channels: int, hidden: int, kernel: int) -> None:
        super().__init__()
        self.near, self.mean = nn.ModuleList(), nn.ModuleList()
        for inputs in (channels, *[hidden] * (LAYERS - 1)):
            near = nn.Conv2d(inputs, hidden, kernel, padding=kernel // 2)
            mean = nn.Linear(inputs, hidden, bias=False)
            for weight in (near.weight, mean.weight):
                nn.init.orthogonal_(weight)
            if near.bias is not None:
                nn.init.zeros_(near.bias)
            self.near.append(near)
            self.mean.append(mean)

    def forward(self, planes: Tensor) -> Tensor:
        for near, mean in zip(self.near, self.mean, strict=True):
            planes = torch.relu(near(planes) + mean(planes.mean(dim=(2, 3)))[:, :, None, None])
        return planes


class SharedNetwork(nn.Module):
    """Features (..., F) of observations to `outputs` numbers, through a `Body`.

    Args:
        gain: of the last layer.
        pooled: whether the numbers come from the mean over all places, as a value does.
    """

    def __init__(self, planes: Planes, network: str, hidden: int, outputs: int, gain: float, pooled: bool) -> None:
        super().__init__()
        self.planes, (_, height, width) = planes, planes.shape
        self.body = Body(planes.channels, hidden, 3 if network == "board" else 1)
        if pooled:
            self.head: nn.Module = Pooled(nn.Linear(hidden, outputs))
        elif outputs == height * width:
            self.head = nn.Sequential(nn.Conv2d(hidden, 1, 1), nn.Flatten())
        else:
            few = nn.Conv2d(hidden, FLAT_CHANNELS, 1)
            self.head = nn.Sequential(few, nn.ReLU(), nn.Flatten(), nn.Linear(FLAT_CHANNELS * height * width, outputs))
        last = [module for module in self.head.modules() if isinstance(module, (nn.Linear, nn.Conv2d))][-1]
        nn.init.orthogonal_(last.weight, gain)
        if last.bias is not None:
            nn.init.zeros_(last.bias)

    def forward(self, features: Tensor) -> Tensor:
        made: Tensor = self.head(self.body(self.planes(features.flatten(end_dim=-2))))
        return made.reshape(*features.shape[:-1], made.shape[-1])


class Pooled(nn.Module):
    """A layer on the mean over all places."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, places: Tensor) -> Tensor:
        found: Tensor = self.layer(places.mean(dim=(2, 3)))
        return found
