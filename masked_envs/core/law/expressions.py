"""The expressions that rules may contain, and the kinds of their values."""

from __future__ import annotations

import ast
import types
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np

from ..binding import Rule
from .kinds import (
    BOOL,
    FLOAT,
    INT,
    NOTHING,
    UNKNOWN,
    Array,
    Flat,
    Kind,
    Number,
    Other,
    Record,
    Stream,
    Table,
    Text,
    Tuple,
    join,
    kind_of_constant,
)

LARGEST_EXPONENT = 8
COMPARISONS = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE)
INTEGER_OPERATORS = (ast.LShift, ast.RShift, ast.BitAnd, ast.BitOr, ast.BitXor)
NUMBER_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod)
ARRAY_ATTRIBUTES = ("size", "shape", "ndim", "flat")
STRUCTURES = {
    ast.List: "a list", ast.Dict: "a dict", ast.Set: "a set", ast.ListComp: "a comprehension",
    ast.SetComp: "a comprehension", ast.DictComp: "a comprehension", ast.GeneratorExp: "a comprehension",
    ast.Lambda: "a lambda", ast.JoinedStr: "a string", ast.NamedExpr: "an assignment within an expression",
    ast.Starred: "an unpacking by *", ast.Await: "await", ast.Yield: "yield", ast.YieldFrom: "yield",
}  # fmt: skip


def widened(number: Number) -> Number:
    """The kind of a sum of such numbers."""
    return INT if number == BOOL else number


class Expressions(ABC):
    """Finds the kind of an expression in a rule, and reports what the law of rules does not allow."""

    rule: Rule
    local_names: frozenset[str]

    @abstractmethod
    def report(self, node: ast.AST, reason: str) -> Kind:
        """Note a violation; gives the unknown kind."""

    @abstractmethod
    def local(self, node: ast.Name) -> Kind | None:
        """The kind of a local name; None for a name of the module."""

    # --- values -------------------------------------------------------------------------------------------------

    def kind(self, node: ast.expr) -> Kind:
        """The kind of any expression."""
        handler: Any = getattr(self, f"_{type(node).__name__.lower()}", None)
        if handler is not None:
            found: Kind = handler(node)
            return found
        what = STRUCTURES.get(type(node), type(node).__name__)
        return self.report(node, f"{what} is no expression of a rule")

    def number(self, node: ast.expr) -> Number | None:
        """The kind of an expression that must be a number; None where it is not, which is reported."""
        kind = self.kind(node)
        if isinstance(kind, Number):
            return kind
        if kind != UNKNOWN:
            self.report(node, f"{not_a_number(kind)}")
        return None

    def constant(self, node: ast.expr) -> Any:
        """The value of a constant number; None where the expression is not one."""
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, (int, float)) else None
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            value = self.constant(node.operand)
            return None if value is None else -value
        if isinstance(node, ast.Name) and node.id not in self.local_names:
            value = self.rule.__globals__.get(node.id)
            return value if isinstance(value, (int, float, np.number)) else None
        return None

    def _constant(self, node: ast.Constant) -> Kind:
        if isinstance(node.value, int) and not -(2**63) <= node.value < 2**63:
            return self.report(node, "an integer has 64 bits: this one does not fit")
        kind = kind_of_constant(node.value)
        if isinstance(kind, Other):
            return self.report(node, f"{node.value!r} is no number: rules compute with numbers and arrays")
        return kind

    def _name(self, node: ast.Name) -> Kind:
        kind = self.local(node)
        if kind is not None:
            return kind
        scope = self.rule.__globals__
        if node.id not in scope:
            return self.report(node, f"{node.id!r} is neither a name of this rule nor a constant of its module")
        value = scope[node.id]
        if callable(value) or isinstance(value, types.ModuleType):
            return self.report(node, f"{node.id!r} is no value: rules compute with numbers and arrays")
        return kind_of_constant(value)

    def _tuple(self, node: ast.Tuple) -> Kind:
        constant = all(self.constant(item) is not None for item in node.elts)
        return Tuple(tuple(self.kind(item) for item in node.elts), constant)

    # --- operators ----------------------------------------------------------------------------------------------

    def _binop(self, node: ast.BinOp) -> Kind:
        return self.operation(node, node.left, node.op, node.right)

    def operation(self, node: ast.AST, left: ast.expr, operator: ast.operator, right: ast.expr) -> Kind:
        """The kind of a binary operation, of an augmented assignment too."""
        one, other = self.number(left), self.number(right)
        if one is None or other is None:
            return UNKNOWN
        if isinstance(operator, ast.Pow):
            exponent = self.constant(right)
            if isinstance(exponent, bool) or not isinstance(exponent, (int, np.integer)):
                return self.report(node, "the exponent of ** is a constant integer; math.pow takes any number")
            if not 1 <= exponent <= LARGEST_EXPONENT:
                return self.report(node, f"the exponent of ** is from 1 to {LARGEST_EXPONENT}, not {exponent}")
            return widened(one)
        if isinstance(operator, INTEGER_OPERATORS):
            if FLOAT in (one, other):
                return self.report(node, "bits are those of integers: one of these numbers is a float")
            return BOOL if one == other == BOOL and not isinstance(operator, (ast.LShift, ast.RShift)) else INT
        if not isinstance(operator, NUMBER_OPERATORS):
            return self.report(node, f"the operator {type(operator).__name__} is for whole arrays, which verbs are for")
        if isinstance(operator, (ast.Div, ast.FloorDiv, ast.Mod)):
            if self.constant(right) == 0:
                return self.report(node, "a division by zero")
            if isinstance(operator, ast.Div):
                return FLOAT
        return join(widened(one), widened(other)) or UNKNOWN

    def _unaryop(self, node: ast.UnaryOp) -> Kind:
        number = self.number(node.operand)
        if isinstance(node.op, ast.Not):
            return BOOL
        if isinstance(node.op, ast.Invert) and number == FLOAT:
            return self.report(node, "bits are those of integers: this number is a float")
        return UNKNOWN if number is None else widened(number)

    def _boolop(self, node: ast.BoolOp) -> Kind:
        return self.joined(node.values)

    def joined(self, nodes: list[ast.expr]) -> Kind:
        """The kind of numbers that are one of these."""
        kind: Kind = BOOL
        for node in nodes:
            kind = join(kind, self.number(node) or UNKNOWN) or UNKNOWN
        return kind

    def _compare(self, node: ast.Compare) -> Kind:
        for operator in node.ops:
            if not isinstance(operator, COMPARISONS):
                words = {"In": "in", "NotIn": "not in", "Is": "is", "IsNot": "is not"}[type(operator).__name__]
                return self.report(node, f"{words!r} compares no numbers: use == or a loop")
        for value in (node.left, *node.comparators):
            self.number(value)
        return BOOL

    def _ifexp(self, node: ast.IfExp) -> Kind:
        self.number(node.test)
        one, other = self.kind(node.body), self.kind(node.orelse)
        kind = join(one, other)
        return kind if kind is not None else self.report(node, f"this is {one} or {other}: a value has one kind")

    # --- parts of values ----------------------------------------------------------------------------------------

    def _attribute(self, node: ast.Attribute) -> Kind:
        module = self.module(node.value)
        if module is not None:
            value = getattr(module, node.attr, None)
            if isinstance(value, (int, float, np.number)):
                return kind_of_constant(value)
            return self.report(node, f"{module.__name__}.{node.attr} is no number")
        kind = self.kind(node.value)
        if kind == UNKNOWN:
            return UNKNOWN
        if isinstance(kind, Array) or (isinstance(kind, Table) and kind.is_array):
            ndim = kind.ndim if isinstance(kind, Array) else len(kind.shape)
            shape, flat = Tuple((INT,) * ndim), Flat(kind.element)
            offered: dict[str, Kind] = {"size": INT, "ndim": INT, "shape": shape, "flat": flat}
            found = offered.get(node.attr)
            if found is not None:
                return found
            return self.report(
                node,
                f"an array has no .{node.attr} in a rule, but {', '.join(ARRAY_ATTRIBUTES)}; whole arrays are for "
                f"verbs (fill, copy_to, equal_to, count_nonzero, nth_nonzero) and loops",
            )
        return self.report(node, f"{kind} has no attributes in a rule")

    def module(self, node: ast.expr) -> types.ModuleType | None:
        """The module of this name; None for anything else."""
        if isinstance(node, ast.Name) and node.id not in self.local_names:
            value = self.rule.__globals__.get(node.id)
            return value if isinstance(value, types.ModuleType) else None
        return None

    def _subscript(self, node: ast.Subscript) -> Kind:
        base = self.kind(node.value)
        if base == UNKNOWN:
            return UNKNOWN
        if isinstance(base, Record):
            return self._field(node, base)
        if isinstance(node.slice, ast.Slice):
            return self._slice(node, base, node.slice)
        indices = list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]
        for index in indices:
            self._index(index)
        number, several = len(indices), isinstance(node.slice, ast.Tuple)
        if isinstance(base, Array):
            return self._entry(node, base.ndim, number, base.element, lambda left: Array(base.element, left))
        if isinstance(base, Table) and (base.is_array or not several):
            shape, element, is_array = base.shape, base.element, base.is_array
            return self._entry(node, len(shape), number, element, lambda left: Table(element, shape[-left:], is_array))
        if isinstance(base, Flat) and not several:
            return base.element
        if isinstance(base, Stream) and not several:
            return INT
        if isinstance(base, Tuple) and not several and len(set(base.items)) == 1:
            return base.items[0]
        if isinstance(base, Other):
            return self.report(node, f"{base} cannot be indexed: an indexed constant is a table of numbers")
        return self.report(node, f"{base} cannot be indexed so")

    def _field(self, node: ast.Subscript, record: Record) -> Kind:
        names = [name for name, _ in record.fields]
        text = self.kind(node.slice) if isinstance(node.slice, (ast.Constant, ast.Name)) else None
        if not isinstance(text, Text):
            return self.report(node, f"the fields of {record} have constant names, such as {names[0]!r}")
        for name, kind in record.fields:
            if name == text.value:
                return kind
        return self.report(node, f"{record} has no field {text.value!r}; it has {', '.join(map(repr, names))}")

    def _slice(self, node: ast.Subscript, base: Kind, part: ast.Slice) -> Kind:
        for bound in (part.lower, part.upper):
            if bound is not None:
                self._index(bound)
        if not isinstance(base, Array) or base.ndim != 1:
            return self.report(node, f"a slice is of an array of one dimension, and this is {base}")
        if part.step is not None:
            return self.report(node, "a slice has no step")
        return base

    def _index(self, node: ast.expr) -> None:
        if isinstance(node, ast.Slice):
            self.report(node, "a slice is of an array of one dimension: index the other dimensions first")
            return
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and self.constant(node) is None:
            self.report(node, "a negative index that is no constant: count from the front")
            return
        kind = self.kind(node)
        if kind not in (INT, UNKNOWN):
            self.report(node, f"an index is an int, and this is {kind}: use int(...)")

    def _entry(self, node: ast.AST, ndim: int, number: int, element: Kind, rest: Callable[[int], Kind]) -> Kind:
        if number > ndim:
            return self.report(node, f"{number} indices for {ndim} dimension{'s' if ndim > 1 else ''}")
        return element if number == ndim else rest(ndim - number)


def not_a_number(kind: Kind) -> str:
    """Why something is no number, and what to do about it."""
    if isinstance(kind, (Array, Flat)):
        return "this is a whole array: use a verb (fill, copy_to, equal_to, count_nonzero, nth_nonzero) or a loop"
    if kind == NOTHING:
        return "this is nothing: the rule that is called returns no value"
    if isinstance(kind, Text):
        return f"{kind} is no number: strings are only for the names of fields"
    return f"this is {kind}, and must be a number"
