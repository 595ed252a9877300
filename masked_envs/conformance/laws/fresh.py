"""L4: a mask belongs to the observation beside it."""

from __future__ import annotations

from typing import Any

from ..moments import Moment
from ..subject import Subject
from ..trial import Findings, Point, Trial
from ..values import arrays_in, fingerprint

COPIES = 8  # that must agree before a difference between two of them says anything
CONTROL_STEPS = 4


def fresh(trial: Trial) -> Findings:
    """L4 Fresh. The mask belongs to the observation beside it. It is a copy or read-only: the array handed out at time
    t still holds its values at t + 1. Asking for it changes nothing and draws no random number.
    """
    rng, agree = trial.rng(4), _copies_agree(trial)
    spares: list[Subject] = []
    handed: tuple[Point, bytes] | None = None
    for point in trial.walk():
        yield from _kept(handed)
        handed = (point, told(point.moment))
        yield from _asked(point)
        actions = trial.choose(point.subject, rng)
        if actions is None:
            continue
        if not agree:
            continue
        spares = spares or [point.subject.fork(), point.subject.fork()]
        yield from _asking_is_free(point, spares, actions)
        yield from _written_on(trial, point, actions)


def _copies_agree(trial: Trial) -> bool:
    """Whether copies given the same actions tell the same. Where they do not, as an environment that draws from global
    random numbers (L10), nothing can be read from a difference between two of them.
    """
    subject = trial.subject()
    subject.reset(trial.seed)
    copies = [subject.fork() for _ in range(COPIES)]
    rng = trial.rng(4)
    for _ in range(CONTROL_STEPS):
        actions = trial.choose(copies[0], rng)
        if actions is None:
            break
        if len({told(copied.attempt(actions).moment) for copied in copies}) > 1:
            return False
    return True


def _kept(handed: tuple[Point, bytes] | None) -> Findings:
    """What was handed out before the last step still holds its values."""
    if handed is not None:
        point, before = handed
        if told(point.moment) != before:
            yield point.broken("the next step changed what had been handed out", next(iter(point.moment.seats)))


def _asked(point: Point) -> Findings:
    """The mask stays the same however often it is asked for."""
    before = {name: fingerprint(seat.masks) for name, seat in point.moment.seats.items()}
    for _ in range(2):
        for name, seat in point.subject.ask().seats.items():
            if fingerprint(seat.masks) != before[name]:
                yield point.broken("asked for again, the mask is another one", name)
                return


def _asking_is_free(point: Point, spares: list[Subject], actions: dict[str, Any]) -> Findings:
    """Of two copies one is asked for its mask; the position and the next step stay the same."""
    asked, unasked = (point.subject.fork(spare) for spare in spares)
    before = asked.position()
    for _ in range(3):
        asked.ask()
    if asked.position() != before:
        yield point.broken("asking for the mask changed the state")
        return
    moments = [copy.attempt(actions).moment for copy in (asked, unasked)]
    if told(moments[0]) != told(moments[1]):
        yield point.broken("asking for the mask changed what the next step gives")


def _written_on(trial: Trial, point: Point, actions: dict[str, Any]) -> Findings:
    """Writing into a mask that was handed out changes nothing in the environment."""
    subject = point.subject.fork()
    if subject.attempt(actions).error is not None or subject.moment is None:
        return
    again = trial.choose(subject, trial.rng())
    untouched = subject.fork()
    for array in (a for seat in subject.moment.seats.values() for a in arrays_in(seat.masks)):
        if array.flags.writeable:
            array[...] = 0
    if again is None:
        return
    moments = [copy.attempt(again) for copy in (subject, untouched)]
    if told(moments[0].moment) != told(moments[1].moment):
        yield point.broken("writing into the mask that step() handed out changed what the next step does")


def told(moment: Moment | None) -> bytes:
    """Everything that a moment tells, as bytes."""
    if moment is None:
        return b"refused"
    return b";".join(
        fingerprint([name, s.observation, s.info, s.masks, s.sb3_mask, float(s.reward), s.terminated, s.truncated])
        for part in (moment.seats, moment.last)
        for name, s in part.items()
    )
