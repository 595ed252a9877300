"""The calls that rules may contain: of rules and verbs, of `math`, and of conversions."""

from __future__ import annotations

import ast
import math
from abc import abstractmethod
from collections.abc import Callable

import numpy as np

from ..binding import Rule
from .expressions import Expressions, widened
from .kinds import BOOL, FLOAT, INT, UNKNOWN, Array, Kind, Number, Table, Text, Tuple, number_of

CONVERSIONS: dict[str, Callable[[Number], Number]] = {
    "int": lambda number: INT,
    "float": lambda number: FLOAT,
    "bool": lambda number: BOOL,
    "abs": lambda number: widened(number),
}
# What `math` and every backend compute with the same bits; `fma` is left out, since it contracts a * b + c.
MATH: dict[str, Number] = {
    **dict.fromkeys(
        ("sqrt", "exp", "expm1", "log", "log2", "log10", "log1p", "pow", "sin", "cos", "tan", "asin", "acos", "atan",
         "atan2", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "hypot", "fabs", "fmod", "copysign", "degrees",
         "radians", "erf", "erfc", "gamma", "lgamma"), FLOAT),
    **dict.fromkeys(("floor", "ceil", "trunc", "gcd"), INT),
    **dict.fromkeys(("isnan", "isinf", "isfinite"), BOOL),
}  # fmt: skip


class Calls(Expressions):
    """`Expressions` with calls."""

    @abstractmethod
    def call_rule(self, node: ast.Call, rule: Rule, kinds: tuple[Kind, ...]) -> Kind:
        """The kind of what a rule returns."""

    def _call(self, node: ast.Call) -> Kind:
        if node.keywords:
            return self.report(node, "a call in a rule has no keywords: give every argument by its place")
        if any(isinstance(argument, ast.Starred) for argument in node.args):
            return self.report(node, "a call in a rule unpacks nothing by *")
        if isinstance(node.func, ast.Attribute):
            return self._call_of_module(node, node.func)
        if not isinstance(node.func, ast.Name) or node.func.id in self.local_names:
            return self.report(node, "a call in a rule is of a rule, a verb, math or a conversion, by its name")
        name = node.func.id
        function = self.rule.__globals__.get(name)
        if getattr(function, "is_rule", False):
            assert function is not None
            return self.call_rule(node, function, tuple(self.kind(argument) for argument in node.args))
        if function is not None:
            return self.report(node, f"{name} is no rule: mark it with @rule, or do without it")
        return self._call_of_builtin(node, name)

    def _call_of_builtin(self, node: ast.Call, name: str) -> Kind:
        if name == "len" and len(node.args) == 1:
            kind = self.kind(node.args[0])
            if kind == UNKNOWN or isinstance(kind, (Array, Table, Tuple, Text)) or getattr(kind, "has_length", False):
                return INT
            return self.report(node, f"{kind} has no length")
        if name in CONVERSIONS and len(node.args) == 1:
            number = self.number(node.args[0])
            return UNKNOWN if number is None else CONVERSIONS[name](number)
        if name in ("min", "max"):
            return self._call_of_extreme(node, name)
        if name == "range":
            return self.report(node, "range is for the head of a for loop")
        known = "rules, verbs, math, len, int, float, bool, abs, min, max and np.float32"
        return self.report(node, f"{name}() cannot be called here: rules call {known}")

    def _call_of_extreme(self, node: ast.Call, name: str) -> Kind:
        if len(node.args) < 2:
            return self.report(node, f"{name} is of two numbers or more; for the {name} of an array write a loop")
        return self.joined(node.args)

    def _call_of_module(self, node: ast.Call, function: ast.Attribute) -> Kind:
        module, name = self.module(function.value), function.attr
        if module is None:
            self.kind(function)  # reports what is wrong with it
            return UNKNOWN
        if module is math and name in MATH:
            for argument in node.args:
                self.number(argument)
            return MATH[name]
        if module is math:
            why = ": it contracts a * b + c" if name == "fma" else ""
            return self.report(node, f"math.{name} is not the same on every backend{why}")
        if module is np and name == "float32" and len(node.args) == 1:
            self.number(node.args[0])
            return FLOAT
        if module is np and name == "zeros":
            return self._zeros(node)
        if module is np:
            return self.report(node, f"np.{name} is for whole arrays, which verbs and loops are for")
        return self.report(
            node, f"a rule of another file is imported by its name: from {module.__name__} import {name}"
        )

    def _zeros(self, node: ast.Call) -> Kind:
        shape = node.args[0] if node.args else None
        sizes = list(shape.elts) if isinstance(shape, ast.Tuple) else [shape] if shape is not None else []
        if not sizes or any(not isinstance(self.constant(size), (int, np.integer)) for size in sizes):
            return self.report(node, "np.zeros is of a constant size; a field of the state record can have any size")
        element: Number | None = FLOAT
        if len(node.args) > 1:
            dtype = node.args[1]
            known = isinstance(dtype, ast.Attribute) and self.module(dtype.value) is np
            element = number_of(np.dtype(getattr(np, dtype.attr, "O"))) if known else None  # type: ignore[attr-defined]
        if element is None:
            return self.report(node, "the dtype of np.zeros is one of NumPy's number types, such as np.int64")
        return Array(element, len(sizes))
