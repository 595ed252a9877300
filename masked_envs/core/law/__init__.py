"""The law of rules: what a rule may contain, so that every backend, today's and later ones, can carry it.

1. Statements: assignment (one target, or a tuple of names), augmented assignment, if, while, for over `range` with a
   constant step or over a constant or an array, break, continue, return, and calls.
2. One kind per name and per result (bool, int and float join). Every name is set on every path before it is read. No
   recursion, keywords, defaults, `in`, try, comprehensions; strings only as constant names of fields.
3. Calls of rules, verbs, `math`, len, int, float, bool, abs, min, max, np.float32, and np.zeros of a constant size
   (better none: a field of the state record serves). No call in the target of an augmented assignment.
4. Arrays offer index, one-dimensional slice, size, shape, ndim and flat; whole arrays are for verbs. An index is an
   int, and counts from the front unless it is a constant.
5. Indexed constants are tables of numbers of one kind and one shape; `**` has a constant exponent from 1 to 8.
6. No integer overflow, no division by zero, no NaN made an int: where numbers may come near, the rule guards.
7. No contraction of a * b + c: bytes are part of the contract.

`check_rules` checks what can be known without running: points 1 to 5, and of the others constants that do not fit or
divide by zero, and math.fma. What numbers come to be is not known before: that an index is in bounds and not negative,
that no integer overflows, that nothing is divided by zero and no NaN made an int is the author's part, and so are the
widths of array elements (in plain Python the sum of two int8 is an int8: use int(...) where it may not fit).
tests/catalogue/test_parity.py runs compiled rules with bounds checks, and holds the backends together byte for byte.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

import numpy as np

from ..binding import Rule
from .judgement import Judgement, Violation
from .kinds import BOOL, FLOAT, INT, UNKNOWN, Array, Kind, Number, kind_of, record_of, state_of
from .source import definition
from .statements import Body

__all__ = ["RuleError", "Violation", "check_rules", "violations"]


FLAGS = {"step": "the episode has terminated", "has_left": "the agent has left"}  # what rules return


class RuleError(TypeError):
    """Rules that break the law of rules; the message lists every violation with its file, line, text and reason.

    Attributes:
        owner: the id of the environment.
        violations: all of them.
    """

    def __init__(self, owner: str, violations: tuple[Violation, ...]) -> None:
        self.owner, self.violations = owner, violations
        number = f"{len(violations)} violation{'s' if len(violations) > 1 else ''}"
        listed = "\n".join(map(str, violations))
        super().__init__(f"{owner}: {number} of the law of rules (see docs/new_environment.md)\n{listed}")

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.owner, self.violations)


def check_rules(
    owner: str,
    rules: Mapping[str, Rule],
    simultaneous: bool,
    *,
    state: np.dtype[np.void],
    parameters: np.dtype[np.void],
    mask: np.dtype[np.generic],
    action: np.dtype[np.generic],
    observation: np.dtype[np.generic],
) -> None:
    """Check the rules of an environment, once for each form that its states, masks, actions and observations have.

    Args:
        owner: the id of the environment.
        rules: by their names: reset, action_mask, update_mask, step, observe, head_mask, has_left.
        simultaneous: whether `step` is given the actions of several agents.
        state, parameters, mask, action, observation: dtypes of one record or buffer entry.

    Raises:
        RuleError: some rule breaks the law.
    """
    found = _violations_of(tuple(rules.items()), simultaneous, state, parameters, mask, action, observation)
    if found:
        raise RuleError(owner, found)


@functools.lru_cache(maxsize=256)
def _violations_of(
    rules: tuple[tuple[str, Rule], ...],
    simultaneous: bool,
    state: np.dtype[np.void],
    parameters: np.dtype[np.void],
    mask: np.dtype[np.generic],
    action: np.dtype[np.generic],
    observation: np.dtype[np.generic],
) -> tuple[Violation, ...]:
    forms: dict[str, Kind] = {
        "state": state_of(state),
        "parameters": record_of(parameters, "record of parameters", constant=True),
        "mask": kind_of(mask, "mask"),
        "action": kind_of(action, "action", extra=1 if simultaneous else 0),
        "observation": kind_of(observation, "observation"),
    }
    return violations(rules, tuple(forms.items()))


@functools.lru_cache(maxsize=256)
def violations(rules: tuple[tuple[str, Rule], ...], forms: tuple[tuple[str, Kind], ...]) -> tuple[Violation, ...]:
    """All violations in these rules and in the rules that they call; sizes of arrays make no difference."""
    law, kind = Law(), dict(forms)
    s, p, mask = kind["state"], kind["parameters"], kind["mask"]
    arguments: dict[str, tuple[Kind, ...]] = {
        "reset": (s, p),
        "action_mask": (s, p, INT, mask),
        "update_mask": (s, p, INT, mask),
        "step": (s, p, kind["action"], Array(FLOAT, 1)),
        "observe": (s, p, INT, kind["observation"]),
        "head_mask": (s, p, INT, INT, Array(INT, 1), Array(BOOL, 1)),
        "has_left": (s, p, INT),
    }
    found: dict[Violation, None] = {}
    for name, rule in rules:
        found.update(dict.fromkeys(law.judge_entry(name, rule, arguments[name])))
    return tuple(found)


class Law:
    """Judges rules, each once for the kinds of its arguments.

    Args:
        given: the rules in the place of placeholders, for judging the loop itself.
    """

    def __init__(self, given: Mapping[Rule, Rule] | None = None) -> None:
        self._given = given or {}
        self._judged: dict[tuple[Rule, tuple[Kind, ...]], Judgement] = {}
        self._calls: list[Rule] = []  # from the entry to the rule that is judged now

    def judge_entry(self, name: str, rule: Rule, kinds: tuple[Kind, ...]) -> tuple[Violation, ...]:
        """The violations in a rule that the loop calls by this name, and in those that it calls."""
        number = rule.__code__.co_argcount
        if not getattr(rule, "is_rule", False):
            return (self._at_definition(rule, f"{name} is no rule: mark it with @rule"),)
        if number != len(kinds):
            return (self._at_definition(rule, f"{name} takes {len(kinds)} arguments, not {number}"),)
        judgement = self.judge(rule, kinds)
        if name in FLAGS and not isinstance(judgement.result, Number) and judgement.result != UNKNOWN:
            reason = f"{name} returns whether {FLAGS[name]}, and this returns {judgement.result}"
            return (*judgement.violations, self._at_definition(rule, reason))
        return judgement.violations

    def judge(self, rule: Rule, kinds: tuple[Kind, ...]) -> Judgement:
        """The judgement of a rule whose arguments are of these kinds."""
        rule = self._given.get(rule, rule)
        known = self._judged.get((rule, kinds))
        if known is not None:
            return known
        if rule in self._calls:
            way = " calls ".join(each.__name__ for each in [*self._calls[self._calls.index(rule) :], rule])
            return Judgement(UNKNOWN, (self._at_definition(rule, f"no recursion: {way}"),))
        found = definition(rule)
        if found is None:  # nothing to read, so nothing to judge
            return Judgement(UNKNOWN)
        self._calls.append(rule)
        try:
            judgement = Body(rule, found, kinds, self.judge).judgement()
        finally:
            self._calls.pop()
        self._judged[rule, kinds] = judgement
        return judgement

    def _at_definition(self, rule: Rule, reason: str) -> Violation:
        found = definition(rule)
        line = rule.__code__.co_firstlineno if found is None else found.node.lineno
        text = "" if found is None else found.text(line)
        return Violation(rule.__code__.co_filename, line, rule.__name__, text, reason)
