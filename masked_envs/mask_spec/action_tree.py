"""The legal actions of heads that depend on each other, as a tree that is explored only as far as needed.

A node is a legal prefix: choices of the first heads. Its children are what the next head may take, and its leaves are
legal actions. The function that lists the children is expensive (a call into an environment) and says nothing about
how many leaves a child has, so each operation asks for as few nodes as it can.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import numpy as np

from .checks import Array

Prefix = tuple[int, ...]

EXACT_NODES = 20_000
"""Nodes that one draw may explore before it stops being exactly uniform; see `ActionTree.sample`."""
PROPOSALS = 256
"""Actions that are proposed when one of them is drawn by its weight; see `ActionTree.sample`."""


class ActionTree:
    """The legal actions of one mask.

    Args:
        sizes: how many choices each head has, nvec.
        choices: (legal prefix) -> what the next head may take, bool or int8 (sizes[len(prefix)],).
    """

    def __init__(self, sizes: Sequence[int], choices: Callable[[Prefix], Array]) -> None:
        self.sizes, self.choices = tuple(sizes), choices
        self._below = [math.prod(self.sizes[k + 1 :]) for k in range(len(self.sizes))]  # most leaves below a choice
        self._nodes = 0

    def leaves(self, prefix: Prefix = ()) -> Iterator[Prefix]:
        """Every legal action that begins with a prefix, in order; asks for each node once, when it is reached."""
        is_last = len(prefix) == len(self.sizes) - 1
        for choice in np.flatnonzero(self.choices(prefix)).tolist():
            if is_last:
                yield (*prefix, choice)
            else:
                yield from self.leaves((*prefix, choice))

    def first(self, number: int | None = None) -> list[Prefix]:
        """The first legal actions in order, at most `number` of them."""
        return list(islice(self.leaves(), number))

    def count(self, prefix: Prefix = ()) -> int:
        """The number of legal actions. It asks for every node: there is no other way to know."""
        choices = np.flatnonzero(self.choices(prefix)).tolist()
        if len(prefix) == len(self.sizes) - 1:
            return len(choices)
        return sum(self.count((*prefix, choice)) for choice in choices)

    def contains(self, action: Sequence[int]) -> bool:
        """Whether the action is legal; asks for one node per head at most."""
        prefix = tuple(action)
        return all(
            0 <= choice < self.sizes[k] and bool(self.choices(prefix[:k])[choice]) for k, choice in enumerate(prefix)
        )

    def dead_ends(self, limit: int) -> list[Prefix]:
        """Legal prefixes after which nothing is legal, level by level; looks at `limit` prefixes of each length."""
        found: list[Prefix] = []
        level: list[Prefix] = [()]
        for k in range(len(self.sizes)):
            following: list[Prefix] = []
            for prefix in level[:limit]:
                choices = np.flatnonzero(self.choices(prefix)).tolist()
                if not choices:
                    found.append(prefix)
                following += [(*prefix, choice) for choice in choices[: limit - len(following)]]
            level = following if k < len(self.sizes) - 1 else []
        return found

    def sample(self, rng: np.random.Generator) -> Prefix | None:
        """One legal action; None where there is none.

        Every legal action is equally likely, without a list of them: rejection sampling under an upper bound on the
        leaves of each node, which starts at the product of the sizes of the later heads and shrinks with every node
        that is explored (Dymetman, Bouchard and Carter, The OS* algorithm, 2012). A draw explores at least one node
        per later head and, at worst, every node once; it is exact however often it rejects.

        A draw that explores `EXACT_NODES` nodes without success (thousands of prefixes whose subtrees differ widely)
        ends approximately: of `PROPOSALS` random actions one is drawn with the weights that importance sampling gives
        them. Every legal action can still come up; each by almost the same probability.
        """
        root = _Node(math.prod(self.sizes))
        self._nodes = 0
        while root.bound:
            if self._nodes > EXACT_NODES:
                return self._resample(root, rng)
            action, _ = self._descend(root, rng, exact=True)
            if action is not None:
                return action
        return None

    def _descend(self, root: _Node, rng: np.random.Generator, exact: bool) -> tuple[Prefix | None, float]:
        """Propose an action; None where the proposal is rejected (`exact`) or ends in a node without leaves.

        Returns:
            the action, and the logarithm of its importance weight, one over the probability of the proposal.
        """
        path: list[_Node] = []
        prefix: list[int] = []
        node, ticket, log_weight = root, random_below(rng, root.bound), 0.0
        for k, below in enumerate(self._below):
            path.append(node)
            if node.choices is None:
                self._expand(path, prefix, below)
            if not node.bound or (exact and ticket >= node.bound):
                return None, -math.inf
            if not exact:
                ticket = random_below(rng, node.bound)
            i, rest = node.find(ticket, below)
            log_weight += math.log(node.bound) - math.log(node.bound_of(i, below))
            assert node.choices is not None
            prefix.append(node.choices[i])
            if k < len(self._below) - 1:
                node, ticket = node.child(i, below), rest
        return tuple(prefix), log_weight

    def _expand(self, path: list[_Node], prefix: list[int], below: int) -> None:
        """Ask for the children of the last node of a path, and lower the bounds of all nodes above it."""
        self._nodes += 1
        node = path[-1]
        node.choices = np.flatnonzero(self.choices(tuple(prefix))).tolist()
        surplus = node.bound - len(node.choices) * below
        for above in path:
            above.bound -= surplus

    def _resample(self, root: _Node, rng: np.random.Generator) -> Prefix | None:
        """One of many proposed actions, by their importance weights; by search where all proposals fail."""
        proposals = [self._descend(root, rng, exact=False) for _ in range(PROPOSALS) if root.bound]
        found = [(action, log_weight) for action, log_weight in proposals if action is not None]
        if not found:
            return next(self.leaves(), None)
        weights = np.exp(np.array([log_weight for _, log_weight in found]) - max(weight for _, weight in found))
        return found[int(rng.choice(len(found), p=weights / weights.sum()))][0]


class _Node:
    """A legal prefix in a draw.

    Attributes:
        bound: the most leaves that it can have, by what is known; 0 once it is known to have none.
        choices: what the next head may take; None while the node is not explored.
        children: the nodes below, by their place in `choices`, as far as the draw has come across them.
    """

    __slots__ = ("bound", "children", "choices")

    def __init__(self, bound: int) -> None:
        self.bound = bound
        self.choices: list[int] | None = None
        self.children: dict[int, _Node] = {}

    def child(self, i: int, bound: int) -> _Node:
        """The node of a child, made with this bound when it is new."""
        return self.children.setdefault(i, _Node(bound))

    def bound_of(self, i: int, otherwise: int) -> int:
        """The bound of a child, whether it has a node or not."""
        return self.children[i].bound if i in self.children else otherwise

    def find(self, ticket: int, otherwise: int) -> tuple[int, int]:
        """The child that a number below `bound` falls on, and the number's place among the leaves of that child."""
        if not self.children:
            return divmod(ticket, otherwise)
        assert self.choices is not None
        for i in range(len(self.choices)):
            bound = self.bound_of(i, otherwise)
            if ticket < bound:
                return i, ticket
            ticket -= bound
        raise AssertionError("the bounds of the children do not add up to that of their node")


def random_below(rng: np.random.Generator, number: int) -> int:
    """A uniformly random integer in [0, number), however large the number is."""
    if number <= 2**63 - 1:
        return int(rng.integers(number))
    bits = number.bit_length()
    while True:
        drawn = int.from_bytes(rng.bytes((bits + 7) // 8), "little") >> (-bits % 8)
        if drawn < number:
            return drawn
