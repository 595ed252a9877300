"""The statements that rules may contain: the judgement of one rule for one kind of arguments."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field

from ..binding import Rule
from .calls import Calls
from .judgement import Judgement, Violation
from .kinds import (
    FLOAT,
    INT,
    NOTHING,
    UNKNOWN,
    Array,
    Flat,
    Kind,
    Number,
    Record,
    Table,
    Tuple,
    join,
    parts_of,
)
from .source import Definition

MOST_PASSES = 6
STATEMENTS = (
    "assignments, if, while, for, break, continue, return and calls; no try, with, raise, assert, import, del, "
    "global, match, class or function"
)


Names = frozenset[str]
Callee = Callable[[Rule, tuple[Kind, ...]], Judgement]


@dataclass
class Loop:
    """The names that are set at each `break` of a loop."""

    breaks: list[Names] = field(default_factory=list)


class Body(Calls):
    """One rule with arguments of known kinds.

    Args:
        rule: the rule.
        found: its definition.
        arguments: the kinds of its arguments.
        judge: gives the judgement of another rule; `core.law.Law.judge`.
    """

    def __init__(self, rule: Rule, found: Definition, arguments: tuple[Kind, ...], judge: Callee) -> None:
        self.rule, self._found, self._judge = rule, found, judge
        node = found.node
        self._arguments = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
        self._kinds: dict[str, Kind] = dict(zip(self._arguments, arguments, strict=False))
        self.local_names = frozenset(rule.__code__.co_varnames)
        self._result: Kind | None = None
        self._violations: dict[Violation, None] = {}
        self._set: Names = frozenset()
        self._loops: list[Loop] = []

    def judgement(self) -> Judgement:
        """Go through the rule until the kinds of its names stay as they are; what the last pass reports holds."""
        for _ in range(MOST_PASSES):
            before = (dict(self._kinds), self._result)
            self._violations.clear()
            self._pass()
            if before == (self._kinds, self._result):
                break
        return Judgement(self._result or NOTHING, tuple(self._violations))

    def _pass(self) -> None:
        node = self._found.node
        self._set = frozenset(self._arguments)
        self._check_definition(node)
        after = self._block(node.body)
        if after is not None:
            self._returned(node.body[-1], NOTHING)

    def _check_definition(self, node: ast.FunctionDef) -> None:
        given = node.args
        if given.defaults or given.kw_defaults or given.kwonlyargs or given.vararg or given.kwarg:
            self.report(node, "a rule takes its arguments by their places: no defaults, no keywords, no *")
        if self.rule.__code__.co_freevars:
            names = ", ".join(self.rule.__code__.co_freevars)
            self.report(node, f"a rule is a function of its module, and this one reads {names} of another function")

    # --- what expressions ask -----------------------------------------------------------------------------------

    def report(self, node: ast.AST, reason: str) -> Kind:
        line = getattr(node, "lineno", self._found.node.lineno)
        self._violations[Violation(self._found.file, line, self.rule.__name__, self._found.text(line), reason)] = None
        return UNKNOWN

    def local(self, node: ast.Name) -> Kind | None:
        if node.id not in self.local_names:
            return None
        if node.id not in self._set:
            self.report(node, f"{node.id!r} may not be set here: set it on every path that leads here")
        return self._kinds.get(node.id, UNKNOWN)

    def call_rule(self, node: ast.Call, rule: Rule, kinds: tuple[Kind, ...]) -> Kind:
        expected = rule.__code__.co_argcount
        if len(kinds) != expected:
            return self.report(node, f"{rule.__name__} takes {expected} arguments, and {len(kinds)} are given")
        judgement = self._judge(rule, kinds)
        inside = [each for each in judgement.violations if not is_core(rule) or is_core(self.rule)]
        self._violations.update(dict.fromkeys(inside))
        if judgement.violations and not inside:  # a wrong call of a verb is shown where it is called
            given = ", ".join(map(str, kinds))
            return self.report(node, f"{rule.__name__} cannot take ({given}): {judgement.violations[0].reason}")
        return judgement.result

    # --- statements: each gives the names that are set after it, or None where it is never left -----------------

    def _block(self, statements: list[ast.stmt]) -> Names | None:
        for statement in statements:
            handler = getattr(self, f"_on_{type(statement).__name__.lower()}", None)
            if handler is None:
                self.report(statement, f"no statement of a rule: {STATEMENTS}")
                continue
            after: Names | None = handler(statement)
            if after is None:
                return None  # what follows is never reached
            self._set = after
        return self._set

    def _on_pass(self, node: ast.Pass) -> Names:
        return self._set

    def _on_expr(self, node: ast.Expr) -> Names:
        if isinstance(node.value, ast.Call):
            self.kind(node.value)
        elif not (isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)):  # a docstring
            self.report(node, "this does nothing: a statement of a rule is an assignment, a branch, a loop or a call")
        return self._set

    def _on_annassign(self, node: ast.AnnAssign) -> Names:
        if node.value is None:
            self.report(node, "this sets nothing: a name comes with its first value")
            return self._set
        return self._assign(node, node.target, node.value)

    def _on_assign(self, node: ast.Assign) -> Names:
        if len(node.targets) > 1:
            self.report(node, "an assignment has one target, or a tuple of names")
        return self._assign(node, node.targets[0], node.value)

    def _assign(self, node: ast.stmt, target: ast.expr, value: ast.expr) -> Names:
        if isinstance(target, (ast.Tuple, ast.List)):
            return self._unpack(node, target, value)
        kind = self.kind(value)
        if isinstance(target, ast.Name):
            return self._bind(target, kind)
        self._store(target, kind, value)
        return self._set

    def _unpack(self, node: ast.stmt, target: ast.Tuple | ast.List, value: ast.expr) -> Names:
        names = [item for item in target.elts if isinstance(item, ast.Name)]
        if len(names) != len(target.elts):
            self.report(node, "a tuple that is assigned to consists of names: assign to the others one by one")
            return self._set
        kind = self.kind(value)
        parts = parts_of(kind)
        if parts is None or len(parts) != len(names):
            if kind != UNKNOWN:
                self.report(node, f"{kind} does not unpack into {len(names)} names")
            parts = [UNKNOWN] * len(names)
        for name, kind in zip(names, parts, strict=True):
            self._set = self._bind(name, kind)
        return self._set

    def _bind(self, target: ast.Name, kind: Kind) -> Names:
        if kind == NOTHING:
            self.report(target, f"{target.id!r} is set to nothing: the rule that is called returns no value")
            kind = UNKNOWN
        before = self._kinds.get(target.id, kind)
        joined = join(before, kind)
        if joined is None:
            self.report(
                target, f"{target.id!r} is {before} elsewhere in this rule and {kind} here: a name has one kind"
            )
            joined = UNKNOWN
        self._kinds[target.id] = joined
        return self._set | {target.id}

    def _store(self, target: ast.expr, kind: Kind, value: ast.expr) -> None:
        """Check an assignment to an element of an array, or a field of a record."""
        if not isinstance(target, ast.Subscript):
            self.report(target, "an assignment is to a name, an element of an array or a field of a record")
            return
        base, place = self.kind(target.value), self.kind(target)
        if isinstance(base, Table) or (isinstance(base, Record) and base.constant):
            what = "the parameters" if isinstance(base, Record) else "constants of the module"
            self.report(target, f"{what} cannot be written: a rule writes only into its arguments")
        elif isinstance(place, (Array, Record, Flat)):
            self.report(target, f"this is {place}, which no assignment writes: use copy_to or fill, or a loop")
        elif isinstance(base, Tuple):
            self.report(target, f"{base} cannot be written")
        elif not isinstance(kind, Number):
            if kind != UNKNOWN:
                self.number(value)
        elif isinstance(base, Record) and place == INT and kind == FLOAT:
            self.report(
                target, "an int64 field is set to a float: use int(...), so that every backend cuts it off alike"
            )

    def _on_augassign(self, node: ast.AugAssign) -> Names:
        if any(isinstance(part, (ast.Call, ast.NamedExpr)) for part in ast.walk(node.target)):
            self.report(node, "a call in the target of an augmented assignment: give it a name first")
        if isinstance(node.target, ast.Name):
            read = ast.copy_location(ast.Name(node.target.id, ast.Load()), node.target)
            return self._bind(node.target, self.operation(node, read, node.op, node.value))
        self._store(node.target, self.operation(node, node.target, node.op, node.value), node.value)
        return self._set

    def _on_return(self, node: ast.Return) -> None:
        self._returned(node, NOTHING if node.value is None else self.kind(node.value))

    def _returned(self, node: ast.AST, kind: Kind) -> None:
        before = self._result if self._result is not None else kind
        joined = join(before, kind)
        if joined is None:
            self.report(node, f"the rule returns {before} on one path and {kind} on another: a result has one kind")
        else:
            self._result = joined

    def _on_if(self, node: ast.If) -> Names | None:
        self.number(node.test)
        before = self._set
        one = self._block(node.body)
        self._set = before
        other = self._block(node.orelse)
        return meet([names for names in (one, other) if names is not None])

    def _on_while(self, node: ast.While) -> Names | None:
        self.number(node.test)
        self._no_else(node)
        before, endless = self._set, self.constant(node.test) not in (None, 0)
        breaks = self._loop_body(node.body)
        return meet(breaks if endless else [before, *breaks])

    def _on_for(self, node: ast.For) -> Names:
        self._no_else(node)
        before = self._set
        element = self._element_of(node.iter)
        targets = [node.target] if isinstance(node.target, ast.Name) else getattr(node.target, "elts", [])
        parts = [element] if isinstance(node.target, ast.Name) else parts_of(element) or [UNKNOWN] * len(targets)
        if len(parts) != len(targets) or not all(isinstance(target, ast.Name) for target in targets):
            self.report(node, f"{element} does not unpack into the names of this loop")
        else:
            for target, kind in zip(targets, parts, strict=True):
                self._set = self._bind(target, kind)
        self._loop_body(node.body)
        return before  # it may have run not once

    def _loop_body(self, body: list[ast.stmt]) -> list[Names]:
        self._loops.append(Loop())
        self._block(body)
        return self._loops.pop().breaks

    def _no_else(self, node: ast.For | ast.While) -> None:
        if node.orelse:
            self.report(node.orelse[0], "a loop has no else")

    def _on_break(self, node: ast.Break) -> None:
        self._loops[-1].breaks.append(self._set)

    def _on_continue(self, node: ast.Continue) -> None:
        """The next round begins with the names that were set before the loop."""

    def _element_of(self, iterated: ast.expr) -> Kind:
        if isinstance(iterated, ast.Call) and isinstance(iterated.func, ast.Name) and iterated.func.id == "range":
            return self._range(iterated)
        kind = self.kind(iterated)
        if isinstance(kind, Array) and kind.ndim > 0:
            return kind.element if kind.ndim == 1 else Array(kind.element, kind.ndim - 1)
        if isinstance(kind, Table):
            return kind.element if len(kind.shape) == 1 else Table(kind.element, kind.shape[1:], kind.is_array)
        if isinstance(kind, Tuple) and kind.constant and len(set(kind.items)) == 1:
            return kind.items[0]
        if kind == UNKNOWN:
            return UNKNOWN
        return self.report(iterated, f"a for loop is over range, a constant table or an array, and this is {kind}")

    def _range(self, node: ast.Call) -> Kind:
        if node.keywords or not 1 <= len(node.args) <= 3:
            return self.report(node, "range takes one to three numbers")
        for bound in node.args:
            if self.number(bound) == FLOAT:
                self.report(bound, "range takes ints, and this is a float: use int(...)")
        step = self.constant(node.args[2]) if len(node.args) == 3 else 1
        if isinstance(step, bool) or not isinstance(step, int) or step == 0:
            self.report(node, "the step of range is a constant other than 0")
        return INT


def meet(paths: list[Names]) -> Names | None:
    """The names that are set on every path; None without a path."""
    return frozenset.intersection(*paths) if paths else None


def is_core(rule: Rule) -> bool:
    """Whether a rule belongs to the core: a verb, a random number, the loop."""
    return rule.__module__.startswith(f"{__package__.rpartition('.')[0]}.")
