"""L10 and L11: the same seed and actions give the same bytes, everywhere."""

from __future__ import annotations

import itertools
import pickle
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ..context import FEWEST_STATES, Caution, CheckContext, Failure, Findings, NotApplicable, VisitedState, shown
from ..env_view import EnvView
from ..global_streams import global_streams, same_global_streams
from ..other_process import STEPS, stream_elsewhere
from ..time_step import AgentStep, differing, info_of_step, parts_of_step
from ..values import digest

ROWS = 3  # of the vector environment whose rows are compared with single environments
CONTINUED = 12  # steps after a restored position

Stream = list[dict[str, bytes]]


def reproducible(context: CheckContext) -> Findings:
    """L10 Reproducible. Two constructions with the same parameters, reset with the same seed and given the same actions
    produce the same bytes, in another process too; no global random state is read. Row i of a vector environment
    seeded k equals a single environment seeded k + i. State saved and restored continues with the same bytes.
    """
    with global_streams(1), context.within(0.25):
        first, info = streams(context)
    with global_streams(2):
        second, info_again = streams(context, len(first))
    if (parting := parted(first, second)) is not None:
        sentence = "a second construction with the same seed and actions goes another way here"
        yield _parting(context, parting, first, second, sentence, "construction")
    else:
        changing = {name for a, b in zip(info, info_again, strict=False) for name in differing(a, b)}
        if changing:
            yield Caution(f"two runs with the same seed and actions differ in {', '.join(sorted(changing))}")
        yield from _elsewhere(context, first)
    yield from _seed_matters(context)
    yield from _continues(context)
    yield from _rows(context)


def streams(context: CheckContext, steps: int | None = None) -> tuple[Stream, Stream]:
    """What a walk gives, state by state; and its info."""
    states = [(parts_of_step(s.time_step), info_of_step(s.time_step)) for s in context.walk(steps)]
    return [parts for parts, _ in states], [info for _, info in states]


def parted(first: Stream, second: Stream) -> int | None:
    """The first state in which two streams differ; None where the shorter one is a part of the other."""
    pairs = enumerate(zip(first, second, strict=False))
    return next((number for number, (a, b) in pairs if differing(a, b)), None)


def _parting(
    context: CheckContext, number: int, first: Stream, second: Stream, sentence: str, compared: str
) -> Failure:
    """The failure in the state where two streams part."""
    differs = differing(first[number], second[number])
    with global_streams(1):
        state = next(itertools.islice(context.walk(number + 1), number, None), None)
    sentence = f"{sentence}: {', '.join(differs)}"
    if state is None:
        return Failure(sentence, None)
    failure: Failure = state.failure(sentence, compared=compared, differs=differs)
    return failure


def _elsewhere(context: CheckContext, first: Stream) -> Findings:
    """Another process goes the same way."""
    there = stream_elsewhere(context, min(STEPS, len(first)))
    if isinstance(there, str):
        yield NotApplicable(f"not compared with another process: {there}")
    elif (parting := parted(first, there)) is not None:
        sentence = "in another process, the same seed and actions lead elsewhere here"
        yield _parting(context, parting, first, there, sentence, "process")


def _seed_matters(context: CheckContext) -> Findings:
    """A reset with a seed starts anew whatever came before."""
    view = context.new_view()
    with global_streams(1):
        start = parts_of_step(view.reset(context.seed))
    for steps in (1, CONTINUED):  # an odd number and an even one: whose turn it was must not matter
        for _ in context.walk(steps, view):
            pass
        seed, *played = view.history
        path = tuple(shown(step) for step in played if isinstance(step, dict)) if seed == context.seed else ()
        with global_streams(1):
            again = parts_of_step(view.reset(context.seed))
        if differs := differing(start, again):
            assert view.time_step is not None
            yield VisitedState(view, view.time_step, context.seed, path).failure(
                f"a later reset with the same seed gave another start: {', '.join(differs)}",
                compared="reset", differs=differs,
            )  # fmt: skip
            return


def _continues(context: CheckContext) -> Findings:
    """A saved position, and a copy of the whole environment, continue as the environment itself does."""
    reached = _within_an_episode(context)
    where, restored = reached.reproduction(), [(*way[:2], way[2]()) for way in _ways(reached.view)]
    with same_global_streams():
        expected, actions = _continued(context, reached.view)
    for how, compared, again in restored:
        if isinstance(again, str):
            yield NotApplicable(again)
            continue
        with same_global_streams():
            found, _ = _continued(context, again)
        number = parted(expected, found)
        if number is None and len(expected) != len(found):
            number = min(len(expected), len(found)) - 1
        if number is not None:
            differs = differing(expected[number], found[number]) or ("the number of steps",)
            following = tuple(actions[: number + 1])
            seen = replace(where, compared=compared, differs=differs, following=following)
            yield Failure(f"continued from {how}, it gave something else: {', '.join(differs)}", seen)


def _within_an_episode(context: CheckContext) -> VisitedState:
    """A state some way into an episode, where there is something to forget; else a start."""
    state: VisitedState | None = None
    with context.within(0.25):
        for number, state in enumerate(context.walk()):
            if number >= context.steps // 2 and state.path and not state.time_step.over:
                return state
    if state is not None and not state.time_step.over:
        return state
    start: VisitedState = next(context.walk(1))
    return start


def _ways(view: EnvView) -> Iterator[tuple[str, str, Callable[[], Any]]]:
    """How to restore a state: in words, as the reproduction names it, and a function that does it."""
    why_not = view.why_not_copied
    yield "a copy by deepcopy", "deepcopy", lambda: f"not copied: {why_not}" if why_not else view.fork()
    if why_not:
        return
    yield "a copy by pickle", "pickle", lambda: _pickled(view)
    yield "the position given to set_state()", "set_state", lambda: _set_back(view)


def _pickled(view: EnvView) -> EnvView | str:
    try:
        data = pickle.dumps(view.env)
    except Exception as error:  # what cannot be pickled may raise anything
        return f"the environment cannot be pickled ({type(error).__name__}: {error})"
    again = view.fork()
    again.env = pickle.loads(data)
    return again


def _set_back(view: EnvView) -> EnvView | str:
    """A copy that has gone on, restored by a pickled position."""
    if not callable(view.declared("set_state")):
        return "there is no get_state() and set_state()"
    position = pickle.loads(pickle.dumps(view.position()))
    again = view.fork()
    rng = np.random.default_rng(0)
    for _ in range(CONTINUED):
        actions = CheckContext.choose(again, rng)
        if actions is None or again.attempt(actions).error is not None:
            break
    again.attribute("set_state")(position)
    again.time_step, again._returned = view.time_step, view._returned
    return again


def _continued(context: CheckContext, view: EnvView) -> tuple[Stream, list[Any]]:
    """What some more steps give, and their actions."""
    rng, stream, taken = context.rng(10), [], []
    for _ in range(CONTINUED):
        if not view.reset_ended():
            actions = context.choose(view, rng)
            if actions is None or view.attempt(actions).error is not None:
                break
            taken.append(shown(actions))
        stream.append(parts_of_step(view.time_step))
    return stream, taken


def _rows(context: CheckContext) -> Findings:
    """Row i of a vector environment seeded k is the single environment seeded k + i."""
    if context.make_vector is None:
        yield NotApplicable("rows were not compared with single environments: that takes an id")
        return
    make_vector = context.make_vector
    vector = CheckContext(lambda: make_vector(ROWS), context.seed, context.steps).new_view()
    singles, rng = [context.new_view() for _ in range(ROWS)], context.rng(11)
    vector.reset(context.seed)
    for i, single in enumerate(singles):
        single.reset(context.seed + i)
    for step in range(context.steps):
        if step >= FEWEST_STATES and context.out_of_time():
            return
        for i, single in enumerate(singles):
            if vector.time_step is None or single.time_step is None:
                return
            row, alone = vector.time_step.agents[f"row {i}"], single.time_step.agents[""]
            if _digest_of_row(row) != _digest_of_row(alone):
                state = VisitedState(vector, vector.time_step, context.seed, ())
                yield state.failure(f"row {i} is not the single environment seeded {context.seed + i}", f"row {i}")
                return
        actions = context.choose(vector, rng)
        if actions is None or vector.attempt(actions).error is not None:
            return
        for i, single in enumerate(singles):
            if single.time_step is not None and single.time_step.over:
                single.reset(None)
            elif single.attempt({"": actions[f"row {i}"]}).error is not None:
                return


def _digest_of_row(agent: AgentStep) -> bytes:
    """What a row and a single environment must agree on."""
    return digest([agent.observation, agent.mask, agent.reward, agent.terminated, agent.truncated])


def one_source(context: CheckContext) -> Findings:
    """L11 One source. The rules of an environment are written once: the plain-Python and the compiled backend give the
    same bytes.
    """
    variants = {backend: context.variant(backend=backend) for backend in ("python", "numba")}
    found = {backend: variant for backend, variant in variants.items() if variant is not None}
    if len(found) < 2:
        yield NotApplicable("the environment has no two backends to compare", whole=True)
        return
    python, compiled = found.values()
    with python.within(0.5):
        first, _ = streams(python)
    second, _ = streams(compiled, len(first))
    context.evidence.add(python.evidence)
    if (parting := parted(first, second)) is not None:
        yield _parting(context, parting, first, second, "the two backends go different ways here", "backends")
