"""L7, L8, L9: what the environment does with allowed and forbidden actions, probed from copies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...errors import InvalidActionError
from ...mask_spec import MaskSpec
from ..actions import malformed_actions, out_of_range, probe_actions
from ..moments import Outcome, is_still
from ..snippet import written
from ..subject import Subject, playable
from ..trial import MOST_PROBES, Findings, Point, Trial, Unchecked
from .fresh import told
from .meaning import allows

SEATS_PER_STATE = 2  # of a vector environment's rows, how many are probed in one state
MALFORMED_STATES = 3  # states in which every malformed action is tried
ANSWERS = ("raise", "terminate", "noop", "resample")


def _probed_seats(point: Point, rng: np.random.Generator) -> list[str]:
    names = list(point.moment.acting)
    return [str(name) for name in rng.permutation(names)[:SEATS_PER_STATE]] if names else []


def exact(trial: Trial) -> Findings:
    """L7 Exact. Every allowed action is accepted from that very state, every forbidden one is refused. Actions that are
    out of range, negative, not a number, or of another dtype or shape are refused too, never clamped.
    """
    rng, spare, unknown, alike = trial.rng(7), None, False, ""
    for number, point in enumerate(trial.walk()):
        others = trial.choose(point.subject, rng)
        for name in _probed_seats(point, rng) if others is not None else ():
            assert others is not None
            for action, allowed in _verdicts(point, name, others[name], rng, number < MALFORMED_STATES):
                if number and trial.out_of_time():
                    break
                spare = point.subject.fork(spare)
                trial.probes += 1
                outcome = spare.attempt({**others, name: action})
                refused = outcome.refused(name)
                unknown |= refused is None and not allowed
                if allowed and refused and not alike and is_still_after(point, outcome, name):
                    alike = written(action)
                if allowed and refused and (outcome.is_told(name) or is_penalised(point, outcome, name)):
                    why = f": {outcome.error}" if outcome.error is not None else ""
                    yield point.broken(
                        f"the mask allows {written(action)}, and the environment refused it{why}", name, action
                    )
                elif not allowed and refused is False:
                    yield point.broken(
                        f"the mask forbids {written(action)}, and the environment accepted it", name, action
                    )
    if alike:
        yield Unchecked(
            f"the mask allows {alike} somewhere, and what came of it is what comes of forbidden actions: it was "
            "refused, or it is an action that does nothing"
        )
    if unknown:
        yield Unchecked(
            "refusals leave no sign: no exception, no info['invalid_action'], no counter, and nothing that all "
            "forbidden actions have in common; say on_invalid= if there is one"
        )


def _verdicts(point: Point, name: str, legal: Any, rng: np.random.Generator, malformed: bool) -> list[tuple[Any, bool]]:
    """Actions to try for one seat, and whether its mask allows them."""
    spec, head_mask = point.subject.spec(name), point.subject.head_mask(name)
    mask = playable(spec, point.seat(name).mask)
    tries = probe_actions(spec, mask, legal, rng, MOST_PROBES)
    odd = filter(point.subject.can_give, _not_actions(point.subject, spec, legal) if malformed else ())
    return [
        *((action, allows(spec, mask, action, head_mask)) for action in tries),
        *((action, False) for action in odd),
    ]


def _not_actions(subject: Subject, spec: MaskSpec, legal: Any) -> list[Any]:
    """What no mask allows; of an environment that knows no law only what is out of range."""
    if subject.declares:
        return malformed_actions(spec, legal)
    return [out_of_range(spec, legal), *([int(spec.start) - 1] if spec.kind == "flat" else [])]  # type: ignore[attr-defined]


def is_penalised(point: Point, outcome: Outcome, name: str) -> bool:
    """Whether an action that the mask allows brought the penalty of an invalid one, and nothing else."""
    manner: Any = outcome.manner
    after = outcome.seat(name)
    return bool(
        getattr(manner, "name", "") == "penalise" and manner.reward is not None and after is not None
        and not after.ended and is_still(point.seat(name), after)
    )  # fmt: skip


def is_still_after(point: Point, outcome: Outcome, name: str) -> bool:
    """Whether an action left the observation as it was, and nothing says outright whether it was refused."""
    after = outcome.seat(name)
    return after is not None and not outcome.is_told(name) and is_still(point.seat(name), after)


def _forbidden(trial: Trial, rng: np.random.Generator) -> Iterator[tuple[Point, dict[str, Any], str]]:
    """States of a walk with the actions of all seats, of which that of the named seat is forbidden."""
    for point in trial.walk():
        legal = trial.choose(point.subject, rng)
        if legal is None:
            continue
        for name in _probed_seats(point, rng):
            spec = point.subject.spec(name)
            mask, head_mask = playable(spec, point.seat(name).mask), point.subject.head_mask(name)
            tries = [*probe_actions(spec, mask, legal[name], rng, 16), out_of_range(spec, legal[name])]
            bad = [action for action in tries if not allows(spec, mask, action, head_mask)]
            yield point, {**legal, name: bad[int(rng.integers(len(bad)))]}, name


def refusal(trial: Trial) -> Findings:
    """L8 Refusal. `on_invalid` says what a refused action does: "raise" InvalidActionError, a ValueError that names the
    action, the legal ones and how to sample one, while nothing has moved, of a batch no row; "terminate" the episode;
    "noop", time passes and nothing else; "resample", a legal action is carried out instead; each of the last three
    with `invalid_reward` added and info["invalid_action"] True.
    """
    rng, mode = trial.rng(8), trial.subject().on_invalid
    if mode not in ANSWERS:
        yield Unchecked(
            "the environment does not say what it does with invalid actions (an attribute on_invalid)", whole=True
        )
        return
    spares: list[Subject] = []
    for point, actions, name in _forbidden(trial, rng):
        if not spares:
            spares = [point.subject.fork(), point.subject.fork()]
        tried, untouched = (point.subject.fork(spare) for spare in spares)
        outcome = tried.attempt(actions)
        if mode == "raise":
            yield from _raised(trial, point, outcome, tried, untouched, actions, name)
        else:
            yield from _answered(point, outcome, tried, mode, actions[name], name)


def _raised(
    trial: Trial, point: Point, outcome: Outcome, tried: Subject, untouched: Subject, actions: Any, name: str
) -> Findings:
    action, error = actions[name], outcome.error
    if error is None:
        yield point.broken(f"on_invalid='raise', and {written(action)} raised nothing", name, action)
        return
    if not isinstance(error, InvalidActionError):
        yield point.broken(f"{written(action)} raised {type(error).__name__}, not InvalidActionError", name, action)
    elif "Legal now" not in str(error) or "ample" not in str(error):
        yield point.broken(f"the error does not say what is legal and how to sample it: {error}", name, action)
    if tried.position() != untouched.position():
        yield point.broken(f"{written(action)} was refused, and yet the state has changed", name, action)
        return
    legal = trial.choose(untouched, trial.rng())
    moments = [copy.attempt(legal or actions).moment for copy in (tried, untouched)]
    if told(moments[0]) != told(moments[1]):
        yield point.broken(f"{written(action)} was refused, and yet the next step gives something else", name, action)


def _answered(point: Point, outcome: Outcome, tried: Subject, mode: str, action: Any, name: str) -> Findings:
    """What "terminate", "noop" and "resample" have in common, and each alone."""
    if outcome.moment is None:
        error = outcome.error
        yield point.broken(
            f"on_invalid={mode!r}, and {written(action)} raised {type(error).__name__}: {error}", name, action
        )
        return
    if not outcome.flagged(name):
        yield point.broken(f'{written(action)} was refused without info["invalid_action"]', name, action)
    if mode == "resample" or not point.subject.answers_at_once:
        return
    seat = outcome.moment.last.get(name) or outcome.moment.seats[name]
    penalty = float(tried.attribute("invalid_reward") or 0.0)
    if float(seat.reward) != penalty:
        yield point.broken(f"{written(action)} was refused with the reward {seat.reward}, not {penalty}", name, action)
    if mode == "terminate" and not (seat.terminated and not seat.truncated):
        yield point.broken(f"on_invalid='terminate', and {written(action)} did not terminate the episode", name, action)
    if mode == "noop" and seat.terminated:
        yield point.broken(f"on_invalid='noop', and {written(action)} terminated the episode", name, action)
    if mode == "noop" and not seat.ended and _still(point.subject, name) != _still(tried, name):
        yield point.broken(f"on_invalid='noop', and {written(action)} changed more than the clock", name, action)


def _still(subject: Subject, name: str) -> bytes | None:
    """The position of a seat but for its clock; None where that cannot be known."""
    position = subject.position()
    if isinstance(position, tuple):
        position = position[list(subject.moment.seats).index(name)] if subject.moment is not None else None
    return position.without_clock() if hasattr(position, "without_clock") else None


def counted(trial: Trial) -> Findings:
    """L9 Counted. The environment itself counts the invalid actions that it was given, before it answers them, one
    count per row in a vector environment; actions that autoreset discards do not count, and no count ever falls.
    """
    subject = trial.subject()
    subject.reset(trial.seed)
    if subject.counts() is None:
        if subject.declares:
            yield next(trial.walk(1)).broken("the environment has no counter invalid_actions")
        else:
            yield Unchecked("the environment has no counter invalid_actions", whole=True)
        return
    rng, spare = trial.rng(9), None
    for point, actions, name in _forbidden(trial, rng):
        spare = point.subject.fork(spare)
        trial.probes += 1
        yield from _counted_once(point, spare.attempt(actions), name, actions[name])
        yield from _never_falls(point, spare)
        yield from _discarded(point, actions)


def _counted_once(point: Point, outcome: Outcome, name: str, action: Any) -> Findings:
    apart = point.subject.surface == "gymnasium.vector.VectorEnv"
    for seat, moved in (outcome.counted or {}).items():
        expected = int(seat == name or not apart)
        if moved != expected:
            yield point.broken(f"the counter moved by {moved}, not {expected}, for {written(action)}", name, action)
            return


def _never_falls(point: Point, tried: Subject) -> Findings:
    before = tried.counts()
    tried.reset(point.seed)
    after = tried.counts(before)
    if after != before:
        yield point.broken(f"reset() changed the counter from {before} to {after}")


def _discarded(point: Point, actions: dict[str, Any]) -> Findings:
    """Invalid actions for rows whose action autoreset discards."""
    resting = [name for name, seat in point.moment.seats.items() if not seat.acting and name in actions]
    legal = Trial.choose(point.subject, np.random.default_rng(0))
    if not resting or legal is None:
        return
    spoilt = {name: out_of_range(point.subject.spec(name), legal[name]) for name in resting}
    outcome = point.subject.fork().attempt({**legal, **spoilt})
    if outcome.error is not None:
        yield point.broken(f"an action that autoreset discards was refused: {outcome.error}", resting[0])
    elif any((outcome.counted or {}).values()):
        yield point.broken("actions that autoreset discards were counted as invalid", resting[0])
