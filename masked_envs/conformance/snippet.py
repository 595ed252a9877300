"""A failure as a few lines of code that reproduce it."""

from __future__ import annotations

import functools
import re
import textwrap
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .report import SHORT_MASK, Finding, Reproduction, legal_numbers

WIDTH = 110
VECTOR, AEC, PARALLEL = "gymnasium.vector.VectorEnv", "pettingzoo.AECEnv", "pettingzoo.ParallelEnv"


def snippet(target: Any, interface: str, finding: Finding) -> str:
    """Code that reproduces a failure; "" where the finding has no reproduction, or is a warning.

    Args:
        target: what was checked: an id, a class, a function or `functools.partial`; anything else has to be made by the
            reader.
        interface: of the environment, as `EnvView.interface`.
        finding: that failed.
    """
    seen = finding.reproduction
    if seen is None or finding.status != "failed":
        return ""
    made = list(_made(target, interface))
    way = Way(seen, interface)
    lines = COMPARISONS[seen.compared](way, made) if seen.compared else [*made, *way.there(), *way.last()]
    imports = [name for name in ("copy", "pickle", "random") if any(f"{name}." in line for line in lines)]
    if any("np." in line for line in lines):
        imports.append("numpy as np")
    return "\n".join([*(f"import {name}" for name in imports), *lines])


def _made(target: Any, interface: str) -> Iterable[str]:
    if isinstance(target, str):
        return ("import gymnasium, masked_envs", f"env = gymnasium.make({target!r})")
    function, arguments = target, ""
    if isinstance(target, functools.partial):
        function = target.func
        arguments = ", ".join(
            [*map(repr, target.args), *(f"{key}={value!r}" for key, value in target.keywords.items())]
        )
    module, name = getattr(function, "__module__", ""), getattr(function, "__qualname__", "")
    if module and name and "<" not in name and "<" not in arguments:
        first = name.split(".")[0]
        where = () if module == "__main__" else (f"from {module} import {first}",)
        return (*where, f"env = {name}({arguments})")
    return ("env = ...  # made as for the check",)


# --- values ---------------------------------------------------------------------------------------------------------


def written(action: Any) -> str:
    """An action as code, of the type in which it was given."""
    if isinstance(action, np.ndarray):
        return _finite(f"np.array({action.tolist()!r}, np.{action.dtype})")
    if isinstance(action, np.generic):
        kind = "bool_" if action.dtype == bool else action.dtype
        return _finite(f"np.{kind}({action.item()!r})")
    if isinstance(action, dict):
        return "{" + ", ".join(f"{key!r}: {written(part)}" for key, part in action.items()) + "}"
    if isinstance(action, tuple):
        return "(" + ", ".join(map(written, action)) + ("," if len(action) == 1 else "") + ")"
    if isinstance(action, list):
        return "[" + ", ".join(map(written, action)) + "]"
    return f"float({str(action)!r})" if isinstance(action, float) and not np.isfinite(action) else repr(action)


def _finite(code: str) -> str:
    return re.sub(r"\b(nan|inf)\b", r"np.\1", code)


def _list(actions: Iterable[Any]) -> str:
    """Actions to loop over; an array of numbers, whose elements have the type of the actions."""
    actions = list(actions)
    if len(actions) > 1 and all(type(action) is np.int64 for action in actions):
        return f"np.array({[int(action) for action in actions]!r})"
    return f"[{', '.join(map(written, actions))}]"


def _wrapped(text: str) -> list[str]:
    """A list of actions over as many lines as it takes."""
    return textwrap.wrap(text, WIDTH, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)


# --- the way to a state ---------------------------------------------------------------------------------------------


class Way:
    """The lines that lead to a state, and on from there.

    Args:
        seen: the reproduction.
        interface: of the environment.
    """

    def __init__(self, seen: Reproduction, interface: str) -> None:
        self.seen, self.interface = seen, interface

    def reset(self, into: str = "") -> list[str]:
        """The reset, its result kept in a variable."""
        call = f"env.reset(seed={self.seen.seed})"
        if self.interface == AEC:
            return [call, *([f"{into} = env.last()"] if into else [])]
        return [f"{into} = {call}" if into else call]

    def there(self, into: str = "") -> list[str]:
        """From the reset to the state."""
        return [*self.reset(into), *self.steps(self.seen.actions, into)]

    def on(self, into: str = "") -> list[str]:
        """From the state on."""
        return self.steps(self.seen.following, into)

    def steps(self, actions: tuple[Any, ...], into: str = "") -> list[str]:
        """The lines that take steps, the result of the last one kept in a variable."""
        keep = f"{into} = " if into else ""
        if self.interface == VECTOR:
            return [line for step in actions for line in _batch(step, keep)]
        if self.interface != AEC:
            return _loop(_list(actions), [f"{keep}env.step(action)"]) if actions else []
        taken = [next(iter(step.values())) if isinstance(step, dict) else step for step in actions]
        lines = _loop(_list(taken), ["env.step(action)"]) if taken else []
        if self.seen.left and lines:
            lines.insert(0, "dead = lambda agent: env.terminations[agent] or env.truncations[agent]")
            lines.append("    while dead(env.agent_selection) and not all(map(dead, env.agents)):")
            lines.append("        env.step(None)")
        return [*lines, *([f"{into} = env.last()"] if into and lines else [])]

    def last(self) -> list[str]:
        """The action that was tried in the state, and its mask."""
        seen, lines = self.seen, []
        if seen.mask is not None and isinstance(seen.mask, np.ndarray):
            short = seen.mask.size <= SHORT_MASK
            lines.append(f"# the mask here: {seen.mask.tolist() if short else legal_numbers(seen.mask)}")
        if seen.action is None:
            return lines
        action = written(seen.action)
        calls = {
            VECTOR: f"# then, in {seen.agent}: {action}",
            AEC: f"env.step({action})  # {seen.agent}",
            PARALLEL: f"# then, with other legal actions: {{{seen.agent!r}: {action}}}",
        }
        return [*lines, calls.get(self.interface, f"env.step({action})")]

    def differs(self) -> str:
        """What to look for."""
        return f"# first and second differ in: {', '.join(self.seen.differs)}"


def _loop(actions: str, body: list[str]) -> list[str]:
    return [*_wrapped(f"for action in {actions}:"), *(f"    {line}" for line in body)]


def _batch(step: Any, keep: str) -> list[str]:
    """A step of a vector environment."""
    if isinstance(step, str):
        return [f"# {step}"]
    rows = list(step.values())
    if all(isinstance(row, (int, np.integer)) for row in rows):
        return [f"{keep}env.step(np.array({[int(row) for row in rows]!r}))"]
    if all(isinstance(row, np.ndarray) for row in rows):
        return [f"{keep}env.step({written(np.stack(rows))})"]
    return [f"{keep}env.step([{', '.join(map(written, rows))}])"]


# --- what L4 and L10 compare ----------------------------------------------------------------------------------------


def _again(lines: list[str]) -> list[str]:
    """The same lines for the other environment."""
    return [re.sub(r"\benv\b(?!\()", "again", line) for line in lines]


def _constructions(way: Way, made: list[str]) -> list[str]:
    second = [line for line in made if not line.startswith(("import", "from"))]
    return [
        *made, *_again(second),
        "random.seed(1), np.random.seed(1)", *way.there("first"),
        "random.seed(2), np.random.seed(2)", *_again(way.there("second")), way.differs(),
    ]  # fmt: skip


def _processes(way: Way, made: list[str]) -> list[str]:
    how = f"# run this with PYTHONHASHSEED=1 and with PYTHONHASHSEED=2, and compare: {', '.join(way.seen.differs)}"
    return [how, *made, *way.there("result"), "print(result)"]


def _backends(way: Way, made: list[str]) -> list[str]:
    how = f"# with backend='python' and with backend='numba', and compare: {', '.join(way.seen.differs)}"
    return [how, *made, *way.there("result"), "print(result)"]


def _resets(way: Way, made: list[str]) -> list[str]:
    return [*made, *way.reset("first"), *way.steps(way.seen.actions), *way.reset("second"), way.differs()]


def _copies(how: str, way: Way, made: list[str]) -> list[str]:
    return [*made, *way.there(), f"again = {how}", *way.on("first"), *_again(way.on("second")), way.differs()]


def _positions(way: Way, made: list[str]) -> list[str]:
    back = "env.unwrapped.set_state(state)"
    saved = "state = env.unwrapped.get_state()"
    return [*made, *way.there(), saved, *way.on("first"), back, *way.on("second"), way.differs()]


def _handed_out(way: Way, made: list[str]) -> list[str]:
    return [*made, *way.there("second"), "first = copy.deepcopy(second)", *way.on(), way.differs()]


def _asked_twice(way: Way, made: list[str]) -> list[str]:
    return [*made, *way.there(), f"# ask twice, without a step: {', '.join(way.seen.differs)}"]


def _asking(way: Way, made: list[str]) -> list[str]:
    ask = "again.get_wrapper_attr('action_masks')()  # or where else the mask is"
    both = [*way.on("first"), *_again(way.on("second"))]
    return [*made, *way.there(), "again = copy.deepcopy(env)", ask, *both, way.differs()]


def _writing(way: Way, made: list[str]) -> list[str]:
    step, following = way.seen.following[:1], way.seen.following[1:]
    place = next((name for name in way.seen.differs if name.startswith("the mask in ")), "the mask")
    return [
        *made, *way.there(), *way.steps(step, "result"), "again = copy.deepcopy(env)",
        f"# now write zeros into {place} of result: observation, info, or what a method returned",
        "for part in (result[0], result[-1]):", "    if isinstance(part, dict) and 'action_mask' in part:",
        "        part['action_mask'][...] = 0",
        *way.steps(following, "first"), *_again(way.steps(following, "second")), way.differs(),
    ]  # fmt: skip


COMPARISONS: dict[str, Callable[[Way, list[str]], list[str]]] = {
    "construction": _constructions,
    "process": _processes,
    "backends": _backends,
    "reset": _resets,
    "deepcopy": functools.partial(_copies, "copy.deepcopy(env)"),
    "pickle": functools.partial(_copies, "pickle.loads(pickle.dumps(env))"),
    "set_state": _positions,
    "kept": _handed_out,
    "asked": _asked_twice,
    "asking": _asking,
    "written": _writing,
}
"""By `Reproduction.compared`: the lines that show that two things differ which must be equal."""
