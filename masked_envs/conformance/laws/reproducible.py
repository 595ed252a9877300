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

from ..moments import Seat
from ..subject import Subject
from ..trial import FEWEST_STATES, Broken, Findings, Point, Trial, Unchecked
from ..values import fingerprint
from .fresh import told

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


def reproducible(trial: Trial) -> Findings:
    """L10 Reproducible. Two constructions with the same parameters, reset with the same seed and given the same actions
    produce the same bytes, in another process too; no global random state is read. Row i of a vector environment
    seeded k equals a single environment seeded k + i. State saved and restored continues with the same bytes.
    """
    with global_streams(1), trial.within(0.25):
        first = _stream(trial)
    with global_streams(2), trial.within(None):
        second = _stream(trial, len(first))
    if first != second:
        yield _parting(
            trial, first, second, "a second construction with the same seed and actions goes another way here"
        )
    else:
        yield from _elsewhere(trial, first)
    yield from _seed_matters(trial)
    yield from _continues(trial)
    yield from _rows(trial)


def _elsewhere(trial: Trial, here: list[bytes]) -> Findings:
    """Another process goes the same way."""
    from ..other_process import STEPS, told_elsewhere

    left = None if trial.until is None else max(1.0, trial.until - time.monotonic())
    there = told_elsewhere(trial, min(STEPS, len(here)), left)
    if isinstance(there, str):
        yield Unchecked(f"not compared with another process: {there}")
    elif there != here[: len(there)] or not there:
        yield _parting(trial, here[:STEPS], there, "in another process, the same seed and actions go another way here")


def _stream(trial: Trial, steps: int | None = None) -> list[bytes]:
    """What a walk is told, moment by moment."""
    return [told(point.moment) for point in trial.walk(steps)]


def _parting(trial: Trial, first: list[bytes], second: list[bytes], sentence: str) -> Broken:
    """The last moment of a walk that two streams share, or the first one."""
    differing = (i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b)
    parted = next(differing, min(len(first), len(second)))
    return next(itertools.islice(trial.walk(), max(0, parted - 1), None)).broken(sentence)


def _seed_matters(trial: Trial) -> Findings:
    """A reset with a seed starts anew whatever came before."""
    subject = trial.subject()
    start = told(subject.reset(trial.seed))
    for steps in (1, CONTINUED):  # an odd number and an even one: whose turn it was must not matter
        for _ in trial.walk(steps, subject):
            pass
        if told(subject.reset(trial.seed)) != start:
            yield next(trial.walk(1)).broken("a later reset with the same seed gave another start")
            return


def _continues(trial: Trial) -> Findings:
    """A position that was saved, and a copy of the whole environment, go on with the same bytes."""
    reached = _within_an_episode(trial)
    subject = reached.subject
    for how, restore in _ways(subject):
        again = restore()
        if isinstance(again, str):
            yield Unchecked(again)
            continue
        expected = _continued(trial, subject.fork())
        if _continued(trial, again) != expected:
            yield reached.broken(f"continued from {how}, it gave something else")


def _within_an_episode(trial: Trial) -> Point:
    """A moment some way into an episode, where there is something to forget; else a start."""
    with trial.within(0.25):
        for number, point in enumerate(trial.walk()):
            if number >= trial.steps // 2 and point.path and not point.moment.over:
                return point
    return point if not point.moment.over else next(trial.walk(1))


def _ways(subject: Subject) -> Iterator[tuple[str, Callable[[], Any]]]:
    why_not = subject.why_not_copied
    yield "a copy by deepcopy", lambda: f"not copied: {why_not}" if why_not else copy.deepcopy(subject)
    if why_not:
        return
    yield "a copy by pickle", lambda: _pickled(subject)
    yield "the position given to set_state()", lambda: _set_back(subject)


def _pickled(subject: Subject) -> Subject | str:
    try:
        data = pickle.dumps(subject.env)
    except Exception as error:  # what cannot be pickled may raise anything
        return f"the environment cannot be pickled ({type(error).__name__}: {error})"
    again = copy.deepcopy(subject)
    again.env = pickle.loads(data)
    return again


def _set_back(subject: Subject) -> Subject | str:
    """A copy that has gone on, brought back; through a pickled position."""
    if not callable(subject.own("set_state")):
        return "there is no get_state() and set_state()"
    position = pickle.loads(pickle.dumps(subject.position()))
    again = copy.deepcopy(subject)
    rng = np.random.default_rng(0)
    for _ in range(CONTINUED):
        actions = Trial.choose(again, rng)
        if actions is None or again.attempt(actions).error is not None:
            break
    again.attribute("set_state")(position)
    again.moment, again._given = subject.moment, subject._given
    return again


def _continued(trial: Trial, subject: Subject) -> list[bytes]:
    rng, stream = trial.rng(10), []
    for _ in range(CONTINUED):
        if not subject.reset_ended():
            actions = trial.choose(subject, rng)
            if actions is None or subject.attempt(actions).error is not None:
                break
        stream.append(told(subject.moment))
    return stream


def _rows(trial: Trial) -> Findings:
    """Row i of a vector environment seeded k is the single environment seeded k + i."""
    if trial.make_vector is None:
        yield Unchecked("rows were not held against single environments: that takes an id")
        return
    make_vector = trial.make_vector
    vector = Trial(lambda: make_vector(ROWS), trial.seed, trial.steps).subject()
    singles, rng = [trial.subject() for _ in range(ROWS)], trial.rng(11)
    vector.reset(trial.seed)
    for i, single in enumerate(singles):
        single.reset(trial.seed + i)
    for step in range(trial.steps):
        if step >= FEWEST_STATES and trial.out_of_time():
            return
        for i, single in enumerate(singles):
            if vector.moment is None or single.moment is None:
                return
            row, alone = vector.moment.seats[f"row {i}"], single.moment.seats[""]
            if told_alone(row) != told_alone(alone):
                point = Point(vector, vector.moment, trial.seed, ())
                yield point.broken(f"row {i} is not the single environment seeded {trial.seed + i}", f"row {i}")
                return
        actions = trial.choose(vector, rng)
        if actions is None or vector.attempt(actions).error is not None:
            return
        for i, single in enumerate(singles):
            if single.moment is not None and single.moment.over:
                single.reset(None)
            elif single.attempt({"": actions[f"row {i}"]}).error is not None:
                return


def told_alone(seat: Seat) -> bytes:
    """What a row and a single environment must agree on."""
    return fingerprint([seat.observation, seat.mask, float(seat.reward), seat.terminated, seat.truncated])


def one_source(trial: Trial) -> Findings:
    """L11 One source. The rules of an environment are written once: the plain-Python and the compiled backend give the
    same bytes.
    """
    variants = {backend: trial.variant(backend=backend) for backend in ("python", "numba")}
    found = {backend: variant for backend, variant in variants.items() if variant is not None}
    if len(found) < 2:
        yield Unchecked("the environment has no two backends to compare", whole=True)
        return
    python, compiled = found.values()
    with python.within(0.5):
        first = _stream(python)
    with compiled.within(None):
        second = _stream(compiled, len(first))
    if first != second:
        yield _parting(trial, first, second, "the two backends go different ways here")
