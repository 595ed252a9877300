"""Frames as a GIF small enough for a README."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ..files import atomic_write

SHORTEST_DELAY = 2
"""Hundredths of a second: viewers slow down GIFs that ask for less."""
COUNTED_FRAMES = 16
"""How many frames decide which colours are frequent."""


def write_gif(
    frames: Iterable[NDArray[np.uint8]], path: str | os.PathLike[str], fps: float = 20, *, colors: int = 96
) -> None:
    """Write uint8 (height, width, 3) frames as an endless GIF.

    All frames have one palette of `colors` and no dithering: flat areas keep their exact colours, and pixels that do
    not change take no space. Delays are whole hundredths of a second, so `fps` is exact to that. Equal frames in a row
    become one that is shown longer. The file is whole or, after an error, as it was before.

    Raises:
        ImportError: Pillow is not installed.
        NotWrittenError: the file cannot be written; an older one stays as it is.
        ValueError: no frames, frames of different or wrong shapes, fps outside 0.1 to 50, colors outside 2
            to 255.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError("writing a GIF needs Pillow: pip install pillow") from error
    if not 0.1 <= fps <= 100 / SHORTEST_DELAY:
        raise ValueError(f"fps must lie between 0.1 and {100 // SHORTEST_DELAY}, got {fps}")
    if not 2 <= colors <= 255:
        raise ValueError(f"colors must lie between 2 and 255, got {colors}")
    palette, pictures, repeats = _compressed(_checked(frames), colors)
    images = [Image.fromarray(picture) for picture in pictures]
    for image in images:
        image.putpalette(palette.tobytes() + bytes(3))
    delay = 10 * max(SHORTEST_DELAY, round(100 / fps))
    with atomic_write(path) as file:
        images[0].save(
            file,
            format="GIF",
            save_all=True,
            append_images=images[1:],
            duration=[delay * count for count in repeats],
            loop=0,
            transparency=len(palette),
            disposal=1,  # leave each frame in place for the next
            optimize=False,
        )


def write_png(frame: NDArray[np.uint8], file: IO[bytes]) -> None:
    """Write one uint8 (height, width, 3) frame as a PNG.

    Raises:
        ImportError: Pillow is not installed.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError("writing a PNG needs Pillow: pip install pillow") from error
    Image.fromarray(frame).save(file, format="PNG")


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


def _compressed(
    arrays: list[NDArray[np.uint8]], colors: int
) -> tuple[NDArray[np.uint8], list[NDArray[np.uint8]], list[int]]:
    """A palette (colours, 3), frames of its entries without repetitions, and how often each is repeated.

    Pixels equal to those of the frame before have the entry after the last, which is transparent and takes no space.
    """
    palette, nearest = _palette([_packed(array) for array in arrays], colors)
    pictures: list[NDArray[np.uint8]] = []
    repeats: list[int] = []
    shown = np.full(arrays[0].shape[:2], -1)
    for array in arrays:
        entries = nearest[_packed(array)]
        if np.array_equal(entries, shown):
            repeats[-1] += 1
            continue
        pictures.append(np.where(entries == shown, len(palette), entries).astype(np.uint8))
        repeats.append(1)
        shown = entries
    return palette, pictures, repeats


def _packed(array: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """(height, width): each colour as one number."""
    packed = np.zeros(array.shape[:2], np.uint32)
    for i in range(3):
        packed = (packed << np.uint32(8)) | array[..., i]
    return packed


def _unpacked(colors: NDArray[np.integer[Any]]) -> NDArray[np.int32]:
    return np.stack([(colors >> shift) & 255 for shift in (16, 8, 0)], axis=-1).astype(np.int32)


def _palette(frames: list[NDArray[np.uint32]], size: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """A palette (size, 3), and for every packed colour of the frames its nearest entry.

    Half of the entries are the most frequent colours; the others are chosen one by one, each the colour farthest from
    all before it (Gonzalez, "Clustering to minimize the maximum intercluster distance", 1985), so that a small mark in
    a rare colour keeps it.
    """
    counted = np.concatenate([frame.ravel() for frame in frames[:: max(1, len(frames) // COUNTED_FRAMES)]])
    common, counts = np.unique(counted, return_counts=True)
    chosen = list(_unpacked(common[np.argsort(-counts, kind="stable")[: max(1, size // 2)]]))
    present = np.zeros(1 << 24, np.bool_)
    for frame in frames:
        present[frame] = True
    colors = np.flatnonzero(present)
    points = _unpacked(colors)
    distance = np.full(len(points), np.iinfo(np.int32).max, np.int32)
    entry = np.zeros(len(points), np.uint8)
    for i in range(size):
        if i == len(chosen):
            chosen.append(points[np.argmax(distance)])
        to_this = ((points - chosen[i]) ** 2).sum(axis=1, dtype=np.int32)
        entry[to_this < distance] = i
        np.minimum(distance, to_this, out=distance)
        if not distance.any():
            break
    nearest = np.zeros(1 << 24, np.uint8)
    nearest[colors] = entry
    return np.array(chosen[: i + 1], np.uint8), nearest
