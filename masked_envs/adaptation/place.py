"""`mask_at=`: where an environment keeps its mask, written as code."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from ..mask_spec.checks import shown

Attribute = Callable[[str], Any]
Step = tuple[Literal["item", "attribute", "call"], Any]

ROOTS = ("observation", "info", "env")
FORMS = """'observation["action_mask"]', 'info["legal_moves"]', 'observation["board"]["mask"]', 'observation[10:20]', \
'env.action_masks()', 'env.legal_moves'; of a PettingZoo environment also 'env.legal_moves(agent)'"""


@dataclass(frozen=True)
class Place:
    """Where a mask is.

    Attributes:
        code: as it was written.
        root: "observation", "info" or "env".
        steps: the items, attributes and calls that lead from there to the mask.
    """

    code: str
    root: str
    steps: tuple[Step, ...]

    @property
    def can_be_asked(self) -> bool:
        """Whether the environment can be asked for the mask at any time, and not only once after each step."""
        return self.root == "env"

    @property
    def name(self) -> str:
        """The last key or attribute, which may say how the mask is written; "" where it is not a name."""
        names = [name for kind, name in self.steps if kind != "call"]
        return names[-1] if isinstance(names[-1], str) else ""

    @property
    def observation_key(self) -> str | None:
        """The key of the observation that holds the mask and nothing else; None where there is none."""
        if self.root == "observation" and len(self.steps) == 1 and isinstance(self.steps[0][1], str):
            return self.steps[0][1]
        return None

    def value(self, observation: Any, info: Any, attribute: Attribute, agent: Any = None) -> Any:
        """What is there now, functions called; None where there is nothing.

        Args:
            observation, info: of one agent, as the environment gave them last.
            attribute: name -> the attribute of the environment, None where it has none.
            agent: the agent, for a call that takes it.
        """
        steps = list(self.steps)
        if self.root == "env":
            value = attribute(steps.pop(0)[1])
        else:
            value = observation if self.root == "observation" else info
        for kind, by in steps:
            if value is None:
                return None
            value = _step(value, kind, by, agent)
        return value() if callable(value) else value


def _step(value: Any, kind: str, by: Any, agent: Any) -> Any:
    if kind == "call":
        return value(agent) if by else value()
    if kind == "attribute":
        return getattr(value, by, None)
    try:
        return value[by]
    except (KeyError, IndexError):
        return None


def check_code(code: Any) -> None:
    """Raise a TypeError for anything but a string."""
    if not isinstance(code, str):
        raise TypeError(f"mask_at is code in a string, such as {FORMS}; not {shown(code)}")


def parse_place(code: Any) -> Place:
    """Read `mask_at=`.

    Raises:
        ValueError: other code; the message shows the known forms. TypeError: not a string.
    """
    check_code(code)
    try:
        tree = ast.parse(code.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # what ast raises, of nesting and zero bytes too
        raise _unknown(code) from None
    steps: list[Step] = []
    while not isinstance(tree, ast.Name):
        step, tree = _read(tree, code)
        steps.insert(0, step)
    kinds = [kind for kind, _ in steps]
    begins = kinds[:1] == (["attribute"] if tree.id == "env" else ["item"])
    if tree.id not in ROOTS or not begins or (tree.id != "env" and "call" in kinds[:-1]):
        raise _unknown(code)
    return Place(code.strip(), tree.id, tuple(steps))


def _read(tree: ast.expr, code: str) -> tuple[Step, ast.expr]:
    """The last step of an expression, and what stands before it."""
    if isinstance(tree, ast.Attribute):
        return ("attribute", tree.attr), tree.value
    if isinstance(tree, ast.Call) and not tree.keywords:
        names = [part.id if isinstance(part, ast.Name) else "" for part in tree.args]
        if names in ([], ["agent"]):
            return ("call", bool(names)), tree.func
    if isinstance(tree, ast.Subscript):
        try:
            return ("item", _index(tree.slice)), tree.value
        except ValueError:
            raise _unknown(code) from None
    raise _unknown(code)


def _index(tree: ast.expr) -> Any:
    """A constant, or a slice of constants.

    Raises:
        ValueError: anything else.
    """
    if isinstance(tree, ast.Slice):
        return slice(
            *(None if part is None else ast.literal_eval(part) for part in (tree.lower, tree.upper, tree.step))
        )
    return ast.literal_eval(tree)


def _unknown(code: str) -> ValueError:
    return ValueError(f"mask_at={shown(code)} is no place of a mask; write it as {FORMS}")


def takes_no_arguments(function: Callable[..., Any]) -> bool:
    """Whether a function can be called without arguments; False where it is written in C and does not say."""
    try:
        inspect.signature(function).bind()
    except (TypeError, ValueError):
        return False
    return True
