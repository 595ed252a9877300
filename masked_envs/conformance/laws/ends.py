"""L5 and L6: a mask allows something while the episode runs, and after its end."""

from __future__ import annotations

import math
from typing import Any

from ..actions import out_of_range
from ..context import (
    LONGER,
    MOST_PROBES,
    Caution,
    CheckContext,
    Findings,
    NotApplicable,
    NotJudged,
    VisitedState,
    shown,
)
from ..env_view import EnvView
from ..masks import MaskFormError, allows_nothing, binary_mask, check_one_mask
from ..report import Reproduction
from ..time_step import AgentStep, TimeStep
from ..values import same

SHORT_EPISODE = 5  # steps, to see the end by time limit

# Terminated states that L6 asks for before it passes. Environments write the last mask in different ways in different
# ends (won, lost, stuck), so that a few right ones prove little: of an environment where every fourth end has another
# mask, 12 ends in a row show none with a probability of 0.75 ** 12 = 3 %; where it is every third, with 0.8 %.
FEWEST_ENDS = 12


def never_empty(context: CheckContext) -> Findings:
    """L5 Never empty. While the episode runs, the mask allows something, per head and per acting agent: a position
    without a legal action ends the episode or offers an explicit pass.
    """
    evidence = context.evidence
    for state in context.walk(enough=lambda: bool(evidence.terminated or evidence.truncated)):
        for name, agent in state.time_step.acting.items():
            if not agent.masks:
                continue  # law L3 says so
            spec = state.view.spec(name)
            mask = binary_mask(spec, agent.mask)
            try:
                check_one_mask(spec, mask)
            except MaskFormError:
                continue  # law L2 says so
            for choice in spec.empty_choices(mask, state.view.head_mask(name), limit=MOST_PROBES):
                yield state.failure(f"the episode runs, and the mask allows nothing for {choice}", name)


def after_end(context: CheckContext) -> Findings:
    """L6 After the end. In a terminated state the mask is all ones: nothing is left to forbid. In a truncated state it
    is the true mask. An agent that does not act, where agents act one after another, has a mask that allows nothing,
    and so it has where the game is cut off in the turn of another.
    """
    ours, departures, ends = context.new_view().declares, Departures(), Ends()
    for state in context.walk(enough=ends.are_enough):
        ends.add(state.time_step)
        for name, agent in state.time_step.everyone.items():
            if ours:
                yield from _after_termination(state, name, agent)
                yield from _while_waiting(state, name, agent)
            elif agent.masks:
                departures.add(state, name, agent)
    if departures.found:
        yield from departures.findings()
    elif ours:
        yield from _terminated_by_force(context, ends)
    elif not ends.are_enough():
        yield ends.too_few(context)
        return
    yield from _truncated(context)


class Ends:
    """Terminated states with a mask: how many were seen."""

    def __init__(self) -> None:
        self.seen = 0

    def add(self, step: TimeStep) -> bool:
        """Count a time step if it is one, whatever the number of agents that end in it; whether it is."""
        ended = any(agent.terminated and agent.masks for agent in step.everyone.values())
        self.seen += ended
        return ended

    def are_enough(self) -> bool:
        """Whether L6 can pass."""
        return self.seen >= FEWEST_ENDS

    def too_few(self, context: CheckContext) -> NotJudged:
        """L6 is open: how many ends there were, and what to do to see more."""
        time = " in a longer time_budget" if context.cut_short else ""
        if not self.seen:
            return NotJudged(f"no walk reached a terminated state with a mask: take more steps{time}")
        steps = math.ceil(context.evidence.states * FEWEST_ENDS / (self.seen * LONGER))
        seen = f"of the {FEWEST_ENDS} terminated states that it takes, the walk reached {self.seen}"
        return NotJudged(f"{seen}: take more steps{time} (steps={steps} may do)")


class Departures:
    """What a third-party environment does otherwise after the end: conventions, that nobody has promised to follow."""

    def __init__(self) -> None:
        self.found: dict[str, Reproduction] = {}

    def add(self, state: VisitedState, name: str, agent: AgentStep) -> None:
        """Look at the mask of one agent."""
        spec = state.view.spec(name)
        nothing = allows_nothing(spec, agent.mask)
        if agent.ended and nothing:
            self._note("in the last state the mask allows nothing: a softmax over it is NaN", state, name)
        elif agent.terminated and state.view.agents_leave and not state.time_step.over:
            if not same(agent.mask, spec.full()):
                self._note("an agent that is dead, while others play on, has a mask that is not all ones", state, name)
        elif agent.terminated and not same(agent.mask, spec.full()):
            self._note("in a terminated state the mask forbids actions, which nobody will choose", state, name)
        elif not agent.acting and not agent.ended and not nothing:
            self._note("an agent whose turn it is not has a mask that allows actions", state, name)

    def _note(self, sentence: str, state: VisitedState, name: str) -> None:
        if sentence not in self.found:
            self.found[sentence] = state.reproduction(name)

    def findings(self) -> Findings:
        """A warning for each."""
        yield NotApplicable("the environment does otherwise than this convention of ours: see the warning", whole=True)
        for sentence, reproduction in self.found.items():
            yield Caution(f"{sentence} (ours: all ones after termination, zeros while waiting)", reproduction)


def _after_termination(state: VisitedState, name: str, agent: AgentStep) -> Findings:
    for where, mask in agent.masks.items() if agent.terminated else ():
        if not same(mask, state.view.spec(name).full()):
            yield state.failure(f"the episode has terminated, and {where} still forbids actions", name)


def _while_waiting(state: VisitedState, name: str, agent: AgentStep) -> Findings:
    if not agent.acting and not agent.ended and not allows_nothing(state.view.spec(name), agent.mask):
        yield state.failure("it is not this agent's turn, and its mask allows actions", name)


def _terminated_by_force(context: CheckContext, ends: Ends) -> Findings:
    """The ends that on_invalid="terminate" gives, where the walk reached too few others."""
    if ends.are_enough():
        return
    variant, rng = context.variant(on_invalid="terminate"), context.rng(6)
    for state in variant.walk(enough=ends.are_enough) if variant is not None else ():
        actions = context.choose(state.view, rng)
        if actions is None:
            continue
        for name, legal in actions.items():
            actions[name] = out_of_range(state.view.spec(name), legal)
        tried = state.view.fork()
        tried.attempt(actions)
        after = VisitedState(tried, tried.time_step or state.time_step, state.seed, state.path)
        for name, agent in after.time_step.everyone.items():
            yield from _after_termination(after, name, agent)
        context.evidence.terminated += ends.add(after.time_step)
        if ends.are_enough():
            return
    yield ends.too_few(context)


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
            true = whole.time_step.everyone[name]
            if agent.truncated and true.acting and _stands_alike(cut, whole, name) and not same(agent.mask, true.mask):
                state = VisitedState(cut, cut.time_step, seed, tuple(path))
                yield state.failure(f"truncated by time_limit={SHORT_EPISODE}, the mask is not {true.mask}", name)


def _stands_alike(cut: EnvView, whole: EnvView, name: str) -> bool:
    """Whether both are in one position; not where the one was cut off before the moves of opponents."""
    return bool(_record_of(cut, name) == _record_of(whole, name))


def _record_of(view: EnvView, name: str) -> Any:
    """The position of an agent or row, without the clock and the flags; None where positions do not tell."""
    position = view.position()
    if isinstance(position, tuple) and view.time_step is not None:  # of a vector environment, row by row
        position = dict(zip(view.time_step.agents, position, strict=False)).get(name)
    return position.without_clock() if hasattr(position, "without_clock") else None
