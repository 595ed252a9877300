"""L5 and L6: a mask allows something while the episode runs, and after its end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...mask_spec import MaskSpec
from ..actions import out_of_range
from ..context import MOST_PROBES, CheckContext, Findings, NotApplicable, VisitedState, shown
from ..env_view import EnvView
from ..masks import HeadMask, allows_nothing, binary_mask, parts_of
from ..time_step import AgentStep
from ..values import same

SHORT_EPISODE = 5  # steps, to see the end by time limit


def never_empty(context: CheckContext) -> Findings:
    """L5 Never empty. While the episode runs, the mask allows something, per head and per acting agent: a position
    without a legal action ends the episode or offers an explicit pass.
    """
    for state in context.walk():
        for name, agent in state.time_step.acting.items():
            spec = state.view.spec(name)
            mask = binary_mask(spec, agent.mask)
            try:
                spec.check(mask)
            except ValueError:
                continue  # law L2 says so
            for what in empty_parts(spec, mask, state.view.head_mask(name)):
                yield state.failure(f"the episode runs, and the mask allows nothing{what}", name)


def empty_parts(spec: MaskSpec, mask: Any, head_mask: HeadMask | None) -> Iterator[str]:
    """What of a mask allows nothing: "" for the whole, else which head, bit or part."""
    if spec.kind == "dict":
        for key, part, value in parts_of(spec, mask):
            yield from (f" in part {key!r}{what}" for what in empty_parts(part, value, None))
    elif spec.kind == "per_head":
        heads = spec.split(mask)  # type: ignore[attr-defined]
        yield from (f" in head {k}" for k, head in enumerate(heads) if not head.any())
    elif spec.kind == "binary":
        yield from (f" for bit {k}" for k in np.flatnonzero(~mask.any(axis=1)))
    elif spec.kind == "interval":
        yield from (f" in dimension {k}" for k in np.flatnonzero(mask[0] > mask[1]))
    elif not mask.any():
        yield ""
    elif spec.kind == "conditional" and head_mask is not None:
        yield from _empty_dependent_heads(spec, mask, head_mask)


def _empty_dependent_heads(spec: Any, mask: Any, head_mask: HeadMask) -> Iterator[str]:
    prefixes = [tuple(map(int, cell)) for cell in np.argwhere(mask)[:MOST_PROBES]]
    for k in range(2, len(spec.nvec)):
        later = {prefix: np.flatnonzero(head_mask(k, prefix)) for prefix in prefixes}
        yield from (f" in head {k} after {prefix}" for prefix, choices in later.items() if choices.size == 0)
        prefixes = [(*prefix, int(choice)) for prefix, choices in later.items() for choice in choices][:MOST_PROBES]


def after_end(context: CheckContext) -> Findings:
    """L6 After the end. In a terminated state the mask is all ones: nothing is left to forbid. In a truncated state it
    is the true mask. An agent that does not act, where agents act one after another, has a mask that allows nothing.
    """
    terminated, partly = False, False
    for state in context.walk():
        for name, agent in state.time_step.everyone.items():
            terminated |= agent.terminated
            if agent.terminated and not state.view.declares and not _all_forbid(state, name, agent):
                some = not same(agent.mask, state.view.spec(name).full())
                partly |= some
                if some and state.view.agents_leave and not state.time_step.over:
                    yield state.failure("this agent is dead, the others play on, and its mask allows actions", name)
                continue
            yield from _after_termination(state, name, agent)
            if not agent.acting and not agent.ended:
                if not allows_nothing(state.view.spec(name), agent.mask):
                    yield state.failure("it is not this agent's turn, and its mask allows actions", name)
    if not terminated:
        yield from _terminated_by_force(context)
    if partly:
        yield NotApplicable("the masks of terminated states forbid actions that nobody will choose; ours are all ones")
    yield from _truncated(context)


def _all_forbid(state: VisitedState, name: str, agent: AgentStep) -> bool:
    """Whether a mask of a agent allows nothing, so that no distribution can be made of it."""
    return any(allows_nothing(state.view.spec(name), mask) for mask in agent.masks.values())


def _after_termination(state: VisitedState, name: str, agent: AgentStep) -> Findings:
    for where, mask in agent.masks.items() if agent.terminated else ():
        if not same(mask, state.view.spec(name).full()):
            yield state.failure(f"the episode has terminated, and {where} still forbids actions", name)


def _terminated_by_force(context: CheckContext) -> Findings:
    """The end that on_invalid="terminate" gives, where no walk reached another."""
    variant, rng = context.variant(on_invalid="terminate"), context.rng(6)
    for state in variant.walk() if variant is not None else ():
        actions = context.choose(state.view, rng)
        if actions is None:
            continue
        for name, legal in actions.items():
            actions[name] = out_of_range(state.view.spec(name), legal)
        tried = state.view.fork()
        tried.attempt(actions)
        after = VisitedState(tried, tried.time_step or state.time_step, state.seed, state.path)
        agents = after.time_step.everyone
        for name, agent in agents.items():
            yield from _after_termination(after, name, agent)
        if any(agent.terminated for agent in agents.values()):
            return
    yield NotApplicable("no walk reached a terminated state")


def _truncated(context: CheckContext) -> Findings:
    """The same actions with and without a time limit: the mask where the one is truncated is that of the other."""
    limited, free = context.variant(time_limit=SHORT_EPISODE), context.variant(time_limit=0)
    if limited is None or free is None:
        yield NotApplicable("the mask of a truncated state was not checked: the environment takes no time_limit")
        return
    for seed in range(context.seed, context.seed + 3):
        cut, whole = limited.new_view(), free.new_view()
        cut.reset(seed)
        whole.reset(seed)
        yield from _cut_short(context, cut, whole, seed)


def _cut_short(context: CheckContext, cut: EnvView, whole: EnvView, seed: int) -> Findings:
    rng, path, ended = context.rng(seed), [], False
    while not ended and (actions := context.choose(cut, rng)) is not None:
        if cut.attempt(actions).error is not None or whole.attempt(actions).error is not None:
            return
        path.append(shown(actions))
        assert cut.time_step is not None and whole.time_step is not None
        for name, agent in cut.time_step.everyone.items():
            ended |= agent.ended
            true = whole.time_step.agents[name]
            if agent.truncated and true.acting and not same(agent.mask, true.mask):
                state = VisitedState(cut, cut.time_step, seed, tuple(path))
                yield state.failure(f"truncated by time_limit={SHORT_EPISODE}, the mask is not {true.mask}", name)
