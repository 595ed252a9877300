"""L5 and L6: a mask allows something while the episode runs, and after its end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...mask_spec import MaskSpec
from ..actions import out_of_range
from ..moments import Seat
from ..subject import HeadMask, Subject, playable
from ..trial import MOST_PROBES, Findings, Point, Trial, Unchecked, shown
from ..values import parts_of, same

SHORT_EPISODE = 5  # steps, to see the end by time limit


def never_empty(trial: Trial) -> Findings:
    """L5 Never empty. While the episode runs, the mask allows something, per head and per acting agent: a position
    without a legal action ends the episode or offers an explicit pass.
    """
    for point in trial.walk():
        for name, seat in point.moment.acting.items():
            spec = point.subject.spec(name)
            mask = playable(spec, seat.mask)
            try:
                spec.check(mask)
            except ValueError:
                continue  # law L2 says so
            for what in empty_parts(spec, mask, point.subject.head_mask(name)):
                yield point.broken(f"the episode runs, and the mask allows nothing{what}", name)


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
        yield from _empty_late_heads(spec, mask, head_mask)


def _empty_late_heads(spec: Any, mask: Any, head_mask: HeadMask) -> Iterator[str]:
    prefixes = [tuple(map(int, cell)) for cell in np.argwhere(mask)[:MOST_PROBES]]
    for k in range(2, len(spec.nvec)):
        later = {prefix: np.flatnonzero(head_mask(k, prefix)) for prefix in prefixes}
        yield from (f" in head {k} after {prefix}" for prefix, choices in later.items() if choices.size == 0)
        prefixes = [(*prefix, int(choice)) for prefix, choices in later.items() for choice in choices][:MOST_PROBES]


def after_end(trial: Trial) -> Findings:
    """L6 After the end. In a terminated state the mask is all ones: nothing is left to forbid. In a truncated state it
    is the true mask. An agent that does not act, where agents act one after another, has a mask that allows nothing.
    """
    terminated, partly = False, False
    for point in trial.walk():
        for name, seat in {**point.moment.seats, **point.moment.last}.items():
            terminated |= seat.terminated
            if seat.terminated and not point.subject.declares and not _all_forbid(point, name, seat):
                some = not same(seat.mask, point.subject.spec(name).full())
                partly |= some
                if some and point.subject.agents_leave and not point.moment.over:
                    yield point.broken("this agent is dead, the others play on, and its mask allows some actions", name)
                continue
            yield from _after_termination(point, name, seat)
            if not seat.acting and not seat.ended:
                if not allows_nothing(point.subject.spec(name), seat.mask):
                    yield point.broken("it is not this agent's turn, and its mask allows actions", name)
    if not terminated:
        yield from _terminated_by_force(trial)
    if partly:
        yield Unchecked("the masks of terminated states forbid something, which nobody will choose; ours are all ones")
    yield from _truncated(trial)


def _all_forbid(point: Point, name: str, seat: Seat) -> bool:
    """Whether a mask of a seat allows nothing, so that no distribution can be made of it."""
    return any(allows_nothing(point.subject.spec(name), mask) for mask in seat.masks.values())


def _after_termination(point: Point, name: str, seat: Seat) -> Findings:
    for where, mask in seat.masks.items() if seat.terminated else ():
        if not same(mask, point.subject.spec(name).full()):
            yield point.broken(f"the episode has terminated, and {where} still forbids actions", name)


def _terminated_by_force(trial: Trial) -> Findings:
    """The end that on_invalid="terminate" gives, where no walk reached another."""
    variant, rng = trial.variant(on_invalid="terminate"), trial.rng(6)
    for point in variant.walk() if variant is not None else ():
        actions = trial.choose(point.subject, rng)
        if actions is None:
            continue
        for name, legal in actions.items():
            actions[name] = out_of_range(point.subject.spec(name), legal)
        tried = point.subject.fork()
        tried.attempt(actions)
        after = Point(tried, tried.moment or point.moment, point.seed, point.path)
        seats = {**after.moment.seats, **after.moment.last}
        for name, seat in seats.items():
            yield from _after_termination(after, name, seat)
        if any(seat.terminated for seat in seats.values()):
            return
    yield Unchecked("no walk reached a terminated state")


def allows_nothing(spec: MaskSpec, mask: Any) -> bool:
    """Whether a mask is all zeros, or its bounds cross."""
    if spec.kind == "dict":
        return all(allows_nothing(part, value) for _, part, value in parts_of(spec, mask))
    if spec.kind == "interval":
        return bool((mask[0] >= mask[1]).all())
    return not np.asarray(mask).any()


def _truncated(trial: Trial) -> Findings:
    """The same actions with and without a time limit: the mask where the one is truncated is that of the other."""
    limited, free = trial.variant(time_limit=SHORT_EPISODE), trial.variant(time_limit=0)
    if limited is None or free is None:
        yield Unchecked("the mask of a truncated state was not checked: the environment takes no time_limit")
        return
    for seed in range(trial.seed, trial.seed + 3):
        cut, whole = limited.subject(), free.subject()
        cut.reset(seed)
        whole.reset(seed)
        yield from _cut_short(trial, cut, whole, seed)


def _cut_short(trial: Trial, cut: Subject, whole: Subject, seed: int) -> Findings:
    rng, path, ended = trial.rng(seed), [], False
    while not ended and (actions := trial.choose(cut, rng)) is not None:
        if cut.attempt(actions).error is not None or whole.attempt(actions).error is not None:
            return
        path.append(shown(actions))
        assert cut.moment is not None and whole.moment is not None
        for name, seat in {**cut.moment.seats, **cut.moment.last}.items():
            ended |= seat.ended
            true = whole.moment.seats[name]
            if seat.truncated and true.acting and not same(seat.mask, true.mask):
                point = Point(cut, cut.moment, seed, tuple(path))
                yield point.broken(f"truncated by time_limit={SHORT_EPISODE}, the mask is not {true.mask}", name)
