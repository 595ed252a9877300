"""Random numbers that live in the state and are the same bits in Python, NumPy and numba.

The generator is sfc32 (Doty-Humphrey, PractRand, 2010) on four 32-bit words held in int64, so that no operation
overflows on any backend. Streams are seeded by splitmix64 (Steele, Lea and Flood, OOPSLA 2014).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .rules import rule

LOW_32 = 0xFFFFFFFF
LOW_64 = 0xFFFFFFFFFFFFFFFF
TWO_TO_32 = 4294967296.0
TWO_TO_53 = 9007199254740992.0


@rule
def sfc32(a: int, b: int, c: int, counter: int) -> tuple[int, int, int, int, int]:
    """One step of sfc32: the output word and the four words of the next state."""
    word = (a + b + counter) & LOW_32
    turned = ((c << 21) | (c >> 11)) & LOW_32
    return word, b ^ (b >> 9), (c + (c << 3)) & LOW_32, (turned + word) & LOW_32, (counter + 1) & LOW_32


@rule
def random_word(rng: Any) -> int:
    """The next 32 random bits of the stream `rng` (4,) int64, which moves on."""
    word, a, b, c, counter = sfc32(int(rng[0]), int(rng[1]), int(rng[2]), int(rng[3]))
    rng[0] = a
    rng[1] = b
    rng[2] = c
    rng[3] = counter
    return word


@rule
def random_below(rng: Any, n: int) -> int:
    """A random integer in [0, n), n at most 2**31; uniform to within n / 2**32."""
    return (random_word(rng) * n) >> 32


@rule
def random_below_large(rng: Any, n: int) -> int:
    """A random integer in [0, n), n at most 2**53, from two words; uniform to within n / 2**53."""
    high = random_word(rng)
    return int((high * 2097152 + (random_word(rng) >> 11)) / TWO_TO_53 * n)


@rule
def random_uniform(rng: Any, low: float, high: float) -> float:
    """A random float64 in [low, high) on a grid of 2**-32 of the width."""
    return low + (high - low) * (random_word(rng) / TWO_TO_32)


@rule
def shuffle(rng: Any, array: Any) -> None:
    """Permute a one-dimensional array in place, every order equally likely (Fisher and Yates)."""
    for i in range(array.size - 1, 0, -1):
        j = random_below(rng, i + 1)
        kept = array[i]
        array[i] = array[j]
        array[j] = kept


@rule
def random_subset(rng: Any, size: int, out: Any) -> None:
    """Mark a uniformly random subset of `size` positions of `out` with 1, the rest with 0 (Floyd, CACM 1987)."""
    for i in range(out.size):
        out[i] = 0
    for last in range(out.size - size, out.size):
        position = random_below(rng, last + 1)
        if out[position] != 0:
            position = last
        out[position] = 1


@rule
def stream_words(rng: Any) -> tuple[int, int, int, int]:
    """The four words of a stream, for `restore_stream`."""
    return int(rng[0]), int(rng[1]), int(rng[2]), int(rng[3])


@rule
def restore_stream(rng: Any, a: int, b: int, c: int, counter: int) -> None:
    """Set a stream to the words that `stream_words` gave."""
    rng[0] = a
    rng[1] = b
    rng[2] = c
    rng[3] = counter


@rule
def seed_stream(rng: Any, seed: int) -> None:
    """Seed a stream inside a rule, from an integer in [0, 2**31), for layouts that do not follow the episode.

    A rule that needs such a stream borrows s["rng"]: it keeps `stream_words`, seeds, draws, and calls `restore_stream`.
    """
    rng[0] = seed & LOW_32
    rng[1] = (seed ^ 0x9E3779B9) & LOW_32
    rng[2] = 0x243F6A88
    rng[3] = 1
    for _ in range(12):  # the warm-up that PractRand's own seeding uses
        random_word(rng)


def seed_words(seeds: Sequence[int] | npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.int64]:
    """Four 32-bit words for each seed.

    Args:
        seeds: integers (rows,), each in [0, 2**64).

    Returns:
        int64 (rows, 4), a stream for each seed.

    Raises:
        ValueError: a seed out of range, which would give the stream of another.
    """
    if len(seeds) == 1:  # an environment of one row is seeded often; Python's integers are several times faster
        return np.array([splitmix64(_checked_seed(int(seeds[0])))], np.int64)
    states = np.array([_checked_seed(int(seed)) for seed in seeds], np.uint64)
    return np.stack(splitmix64(states), axis=-1).astype(np.int64)


def _checked_seed(seed: int) -> int:
    if not 0 <= seed <= LOW_64:
        raise ValueError(f"a seed is an integer of at least 0 and below 2**64, not {seed}")
    return seed


def splitmix64(state: Any) -> list[Any]:
    """Four 32-bit words from a seed, or an array of seeds in uint64."""
    words = []
    for _ in range(2):
        state = (state + 0x9E3779B97F4A7C15) & LOW_64
        z = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & LOW_64
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & LOW_64
        z = z ^ (z >> 31)
        words += [z & LOW_32, z >> 32]
    return words
