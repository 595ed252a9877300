"""L10 and L11: the same seed and actions give the same bytes, everywhere."""

from __future__ import annotations

import contextlib
import copy
import itertools
import pickle
import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..context import FEWEST_STATES, CheckContext, Failure, Findings, NotApplicable, VisitedState
from ..env_view import EnvView
from ..time_step import AgentStep, step_digest
from ..values import fingerprint

ROWS = 3  # of the vector environment whose rows are held against single environments
CONTINUED = 12  # steps after a restored position


@contextlib.contextmanager
def global_streams(seed: int) -> Iterator[None]:
    """Seed Python's and NumPy's global random streams, and put them back afterwards."""
    python, legacy = random.getstate(), np.random.get_state()
    random.seed(seed)
    np.random.seed(seed)
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(legacy)


def reproducible(context: CheckContext) -> Findings:
    """L10 Reproducible. Two constructions with the same parameters, reset with the same seed and given the same actions
    produce the same bytes, in another process too; no global random state is read. Row i of a vector environment
    seeded k equals a single environment seeded k + i. State saved and restored continues with the same bytes.
    """
    with global_streams(1), context.within(0.25):
        first = _stream(context)
    with global_streams(2), context.within(None):
        second = _stream(context, len(first))
    if first != second:
        yield _parting(
            context, first, second, "a second construction with the same seed and actions goes another way here"
        )
    else:
        yield from _elsewhere(context, first)
    yield from _seed_matters(context)
    yield from _continues(context)
    yield from _rows(context)


def _elsewhere(context: CheckContext, here: list[bytes]) -> Findings:
    """Another process goes the same way."""
    from ..other_process import STEPS, told_elsewhere

    left = None if context.until is None else max(1.0, context.until - time.monotonic())
    there = told_elsewhere(context, min(STEPS, len(here)), left)
    if isinstance(there, str):
        yield NotApplicable(f"not compared with another process: {there}")
    elif there != here[: len(there)] or not there:
        yield _parting(
            context, here[:STEPS], there, "in another process, the same seed and actions lead elsewhere here"
        )


def _stream(context: CheckContext, steps: int | None = None) -> list[bytes]:
    """What a walk is step_digest, time_step by time_step."""
    return [step_digest(state.time_step) for state in context.walk(steps)]


def _parting(context: CheckContext, first: list[bytes], second: list[bytes], sentence: str) -> Failure:
    """The last time_step of a walk that two streams share, or the first one."""
    differing = (i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b)
    parted = next(differing, min(len(first), len(second)))
    return next(itertools.islice(context.walk(), max(0, parted - 1), None)).failure(sentence)


def _seed_matters(context: CheckContext) -> Findings:
    """A reset with a seed starts anew whatever came before."""
    view = context.new_view()
    start = step_digest(view.reset(context.seed))
    for steps in (1, CONTINUED):  # an odd number and an even one: whose turn it was must not matter
        for _ in context.walk(steps, view):
            pass
        if step_digest(view.reset(context.seed)) != start:
            yield next(context.walk(1)).failure("a later reset with the same seed gave another start")
            return


def _continues(context: CheckContext) -> Findings:
    """A position that was saved, and a copy of the whole environment, go on with the same bytes."""
    reached = _within_an_episode(context)
    view = reached.view
    for how, restore in _ways(view):
        again = restore()
        if isinstance(again, str):
            yield NotApplicable(again)
            continue
        expected = _continued(context, view.fork())
        if _continued(context, again) != expected:
            yield reached.failure(f"continued from {how}, it gave something else")


def _within_an_episode(context: CheckContext) -> VisitedState:
    """A time_step some way into an episode, where there is something to forget; else a start."""
    with context.within(0.25):
        for number, state in enumerate(context.walk()):
            if number >= context.steps // 2 and state.path and not state.time_step.over:
                return state
    return state if not state.time_step.over else next(context.walk(1))


def _ways(view: EnvView) -> Iterator[tuple[str, Callable[[], Any]]]:
    why_not = view.why_not_copied
    yield "a copy by deepcopy", lambda: f"not copied: {why_not}" if why_not else copy.deepcopy(view)
    if why_not:
        return
    yield "a copy by pickle", lambda: _pickled(view)
    yield "the position given to set_state()", lambda: _set_back(view)


def _pickled(view: EnvView) -> EnvView | str:
    try:
        data = pickle.dumps(view.env)
    except Exception as error:  # what cannot be pickled may raise anything
        return f"the environment cannot be pickled ({type(error).__name__}: {error})"
    again = copy.deepcopy(view)
    again.env = pickle.loads(data)
    return again


def _set_back(view: EnvView) -> EnvView | str:
    """A copy that has gone on, brought back; through a pickled position."""
    if not callable(view.declared("set_state")):
        return "there is no get_state() and set_state()"
    position = pickle.loads(pickle.dumps(view.position()))
    again = copy.deepcopy(view)
    rng = np.random.default_rng(0)
    for _ in range(CONTINUED):
        actions = CheckContext.choose(again, rng)
        if actions is None or again.attempt(actions).error is not None:
            break
    again.attribute("set_state")(position)
    again.time_step, again._returned = view.time_step, view._returned
    return again


def _continued(context: CheckContext, view: EnvView) -> list[bytes]:
    rng, stream = context.rng(10), []
    for _ in range(CONTINUED):
        if not view.reset_ended():
            actions = context.choose(view, rng)
            if actions is None or view.attempt(actions).error is not None:
                break
        stream.append(step_digest(view.time_step))
    return stream


def _rows(context: CheckContext) -> Findings:
    """Row i of a vector environment seeded k is the single environment seeded k + i."""
    if context.make_vector is None:
        yield NotApplicable("rows were not held against single environments: that takes an id")
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
            if told_alone(row) != told_alone(alone):
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


def told_alone(agent: AgentStep) -> bytes:
    """What a row and a single environment must agree on."""
    return fingerprint([agent.observation, agent.mask, float(agent.reward), agent.terminated, agent.truncated])


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
        first = _stream(python)
    with compiled.within(None):
        second = _stream(compiled, len(first))
    if first != second:
        yield _parting(context, first, second, "the two backends go different ways here")
