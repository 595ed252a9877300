"""Actions, sets of actions and probabilities in words: short, and exact unless cut."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from .places import Path


def runs(numbers: Iterable[int]) -> list[str]:
    """Ascending numbers as words, with runs of three or more joined: 0, 1, 4, 5, 6 is "0", "1", "4-6"."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    words: list[str] = []
    for first, last in spans:
        words += [f"{first}-{last}"] if last - first >= 2 else [str(n) for n in range(first, last + 1)]
    return words


def shorten(words: list[str], most: int, total: int) -> str:
    """The first `most` words; where that cuts, how many actions there are in all."""
    if not words:
        return "none"
    return " ".join(words) if len(words) <= most else f"{' '.join(words[:most])} ... ({total} in all)"


def percentage(probability: float | None) -> str:
    """The probability in whole percent; "<1%" is more than nothing."""
    if probability is None:
        return ""
    return "<1%" if 0 < probability < 0.005 else f"{100 * probability:.0f}%"


def action_words(action: Any, label: Callable[[Path], str]) -> str:
    """An action in few words: its label, else its numbers.

    Args:
        action: in the form of the action space.
        label: the label of a mask entry, "" for none.
    """
    if isinstance(action, Mapping):
        return ", ".join(f"{key} {action_words(part, lambda path: '')}" for key, part in action.items())
    if isinstance(action, tuple):
        return ", ".join(action_words(part, lambda path: "") for part in action)
    numbers = np.asarray(action).reshape(-1).tolist()
    words = [f"{number:.3g}" if isinstance(number, float) else str(number) for number in numbers]
    named = label(tuple(numbers)) if all(isinstance(number, int) for number in numbers) else ""
    return named or (words[0] if len(words) == 1 else f"({', '.join(words)})")
