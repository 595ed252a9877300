"""Frames as a GIF small enough for a README."""

from __future__ import annotations

import os
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

SHORTEST_DELAY = 2
"""Hundredths of a second: viewers slow down GIFs that ask for less."""
PALETTE_FRAMES = 16


def write_gif(
    frames: Iterable[NDArray[np.uint8]], path: str | os.PathLike[str], fps: float = 20, *, colors: int = 96
) -> None:
    """Write uint8 (height, width, 3) frames as an endless GIF.

    One palette of `colors` for all frames and no dithering, so that still parts stay equal from frame to
    frame and cost nothing. Delays are whole hundredths of a second, so `fps` is met to within that.

    Raises:
        ImportError: Pillow is not installed.
        ValueError: no frames, frames of different or wrong shapes, fps outside 0.1 to 50, colors outside 2
            to 256.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError("writing a GIF needs Pillow: pip install pillow") from error
    if not 0.1 <= fps <= 100 / SHORTEST_DELAY:
        raise ValueError(f"fps must lie between 0.1 and {100 // SHORTEST_DELAY}, got {fps}")
    if not 2 <= colors <= 256:
        raise ValueError(f"colors must lie between 2 and 256, got {colors}")
    images = [Image.fromarray(frame) for frame in _checked(frames)]
    step = max(1, len(images) // PALETTE_FRAMES)
    sample = np.concatenate([np.asarray(image) for image in images[::step]])
    palette = Image.fromarray(sample).quantize(colors, method=Image.Quantize.MEDIANCUT)
    first, *rest = [image.quantize(palette=palette, dither=Image.Dither.NONE) for image in images]
    first.save(
        path,
        format="GIF",
        save_all=True,
        append_images=rest,
        duration=10 * max(SHORTEST_DELAY, round(100 / fps)),
        loop=0,
        optimize=False,
    )


def _checked(frames: Iterable[NDArray[np.uint8]]) -> list[NDArray[np.uint8]]:
    arrays = [np.asarray(frame) for frame in frames]
    if not arrays:
        raise ValueError("a GIF needs at least one frame")
    for i, array in enumerate(arrays):
        if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or array.shape != arrays[0].shape:
            raise ValueError(
                f"frame {i} has dtype {array.dtype} and shape {array.shape}; expected uint8 and "
                f"(height, width, 3), the same for all (frame 0 has {arrays[0].shape})"
            )
    return arrays
