"""The fewest guesses that Mastermind takes on average, every guess being consistent with all answers so far."""

from __future__ import annotations

import argparse
from collections import Counter
from fractions import Fraction
from itertools import permutations, product

Code = tuple[int, ...]


def answer(guess: Code, secret: Code) -> tuple[int, int]:
    """Pegs of the right colour in the right place, and further ones of a right colour in a wrong place."""
    black = sum(a == b for a, b in zip(guess, secret, strict=True))
    return black, sum((Counter(guess) & Counter(secret)).values()) - black


def canonical(code: Code) -> Code:
    """The first of the codes that become this one by exchanging colours and pegs."""
    renamed = []
    for order in permutations(code):
        names: dict[int, int] = {}
        renamed.append(tuple(names.setdefault(colour, len(names)) for colour in order))
    return min(renamed)


class Mastermind:
    """Branch and bound over the sets of codes that the secret may be.

    A set is solved by the guess, out of the set, with the least sum of guesses over all secrets in it: one for each
    secret, and what the sets need that the answers leave. Guesses are tried in the order of a lower bound, and given up
    as soon as they cannot be better than the best so far.
    """

    def __init__(self, pegs: int = 4, colors: int = 6) -> None:
        self.codes = list(product(range(colors), repeat=pegs))
        numbers = {pair: i for i, pair in enumerate(sorted({answer(self.codes[0], c) for c in self.codes}))}
        for a in self.codes:
            for b in {canonical(code) for code in self.codes}:
                numbers.setdefault(answer(a, b), len(numbers))
        self.answers = [bytes(numbers[answer(a, b)] for b in self.codes) for a in self.codes]
        self.wrong_answers = len(numbers) - 1  # but (pegs, 0), after which nothing is left
        self.solved: dict[tuple[int, ...], int] = {}
        self.bounds: list[int] = [0]

    def bound(self, size: int) -> int:
        """A lower bound for a set of this size: one secret after one guess, one per wrong answer after two, and on."""
        while len(self.bounds) <= size:
            left, total, guesses, at_most = len(self.bounds), 0, 1, 1
            while left > 0:
                now = min(left, at_most)
                total, left, guesses, at_most = (
                    total + now * guesses,
                    left - now,
                    guesses + 1,
                    at_most * self.wrong_answers,
                )
            self.bounds.append(total)
        return self.bounds[size]

    def parts(self, guess: int, codes: tuple[int, ...]) -> list[tuple[int, ...]]:
        """What the answers to a guess leave, the guess itself being gone."""
        row, parts = self.answers[guess], {}
        for code in codes:
            if code != guess:
                parts.setdefault(row[code], []).append(code)
        return [tuple(part) for part in parts.values()]

    def total(self, codes: tuple[int, ...]) -> int:
        """The least sum of guesses over all secrets of a set."""
        if len(codes) < 3:
            return 2 * len(codes) - 1
        if codes not in self.solved:
            self.solved[codes] = min(self.best(codes, codes))[0]
        return self.solved[codes]

    def best(self, codes: tuple[int, ...], guesses: tuple[int, ...]) -> list[tuple[int, int]]:
        """(sum, guess) for the guesses that were best when they were tried; the last is the best."""
        ordered = []
        for guess in guesses:
            parts = self.parts(guess, codes)
            ordered.append((len(codes) + sum(self.bound(len(part)) for part in parts), guess, parts))
        ordered.sort(key=lambda each: each[:2])
        found: list[tuple[int, int]] = []
        for bound, guess, parts in ordered:
            total = bound
            for part in sorted(parts, key=len):
                if found and total >= found[-1][0]:
                    break
                total += self.total(part) - self.bound(len(part))
            if not found or total < found[-1][0]:
                found.append((total, guess))
        return found

    def optimum(self) -> tuple[Fraction, Code]:
        """The least expected number of guesses, and the first guess that reaches it, up to colours and pegs."""
        firsts = tuple(i for i, code in enumerate(self.codes) if canonical(code) == code)
        total, first = self.best(tuple(range(len(self.codes))), firsts)[-1]
        return Fraction(total, len(self.codes)), self.codes[first]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pegs", type=int, default=4)
    parser.add_argument("--colors", type=int, default=6)
    given = parser.parse_args()
    guesses, first = Mastermind(given.pegs, given.colors).optimum()
    print(f"{guesses} = {float(guesses):.4f} guesses, beginning with {first}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
