"""Sets of actions and probabilities in words: short, and exact unless cut."""

from __future__ import annotations

from collections.abc import Iterable


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
