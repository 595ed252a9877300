"""A failure as a few lines of code that show it again."""

from __future__ import annotations

import functools
import textwrap
from collections.abc import Iterable
from typing import Any

import numpy as np

from .report import Finding, Reproduction

WIDTH = 110


def snippet(target: Any, interface: str, finding: Finding) -> str:
    """Code that leads to the failure; "" where the finding has no reproduction.

    Args:
        target: what was checked: an id, a class, a function or `functools.partial`; anything else has to be made by the
            reader.
        interface: of the environment, as `EnvView.interface`.
        finding: that failed.
    """
    seen = finding.reproduction
    if seen is None:
        return ""
    write = {"gymnasium.vector.VectorEnv": _rows, "pettingzoo.AECEnv": _turns, "pettingzoo.ParallelEnv": _agents}
    steps = write.get(interface, _single)(seen)
    lines = [*_made(target, interface), f"env.reset(seed={seen.seed})", *steps]
    if any("np." in line for line in lines):
        lines.insert(0, "import numpy as np")
    return "\n".join(lines)


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


def written(action: Any) -> str:
    """An action as code."""
    if isinstance(action, np.ndarray):
        return f"np.array({action.tolist()!r}, np.{action.dtype})".replace("nan", "np.nan").replace("inf", "np.inf")
    if isinstance(action, np.generic):
        return written(action.item())
    if isinstance(action, dict):
        return "{" + ", ".join(f"{key!r}: {written(part)}" for key, part in action.items()) + "}"
    if isinstance(action, tuple):
        return "(" + ", ".join(map(written, action)) + ("," if len(action) == 1 else "") + ")"
    if isinstance(action, float) and not np.isfinite(action):
        return f"float({str(action)!r})"
    return f"np.array({action!r})" if isinstance(action, list) else repr(action)


def _wrapped(text: str) -> list[str]:
    """A list of actions over as many lines as it takes."""
    return textwrap.wrap(text, WIDTH, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)


def _loop(actions: Iterable[Any], call: str) -> list[str]:
    listed = [written(action) for action in actions]
    return [*_wrapped(f"for action in [{', '.join(listed)}]:"), f"    {call}"] if listed else []


def _shown(seen: Reproduction) -> list[str]:
    mask = np.asarray(seen.mask) if isinstance(seen.mask, np.ndarray) else None
    return [f"# the mask here: {mask.tolist()}"] if mask is not None and mask.size <= 40 else []


def _single(seen: Reproduction) -> list[str]:
    last = [f"env.step({written(seen.action)})"] if seen.action is not None else []
    return [*_loop(seen.actions, "env.step(action)"), *_shown(seen), *last]


def _turns(seen: Reproduction) -> list[str]:
    """In AEC environments one agent acts in each step."""
    actions = [next(iter(step.values())) if isinstance(step, dict) else step for step in seen.actions]
    last = [f"env.step({written(seen.action)})  # {seen.agent}"] if seen.action is not None else []
    loop = _loop(actions, "env.step(action)")
    if seen.left and loop:
        loop.insert(0, "dead = lambda agent: env.terminations[agent] or env.truncations[agent]")
        loop += ["    while dead(env.agent_selection) and not all(map(dead, env.agents)):", "        env.step(None)"]
    return [*loop, *_shown(seen), *last]


def _agents(seen: Reproduction) -> list[str]:
    last = (
        [f"# then, with other legal actions: {{{seen.agent!r}: {written(seen.action)}}}"]
        if seen.action is not None
        else []
    )
    return [*_loop(seen.actions, "env.step(action)"), *_shown(seen), *last]


def _rows(seen: Reproduction) -> list[str]:
    lines = []
    for step in seen.actions:
        if isinstance(step, str):
            lines.append(f"# {step}")
        else:
            rows = list(step.values())
            together = all(isinstance(row, (int, list)) for row in rows)
            lines.append(f"env.step({written(rows) if together else '[' + ', '.join(map(written, rows)) + ']'})")
    last = [f"# then, in {seen.agent}: {written(seen.action)}"] if seen.action is not None else []
    return [*lines, *_shown(seen), *last]
