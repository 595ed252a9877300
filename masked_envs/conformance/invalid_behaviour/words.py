"""Signs, counts and examples in words."""

from __future__ import annotations

from collections import Counter

from ..snippet import written
from .case import Case
from .responses import Response
from .signs import SILENCES, Behaviour

SAY = "refused= takes a function (before, action, after) -> True, False or None, or the name of a key of info"
HOW = f"say how it refuses: {SAY}; on_invalid= takes 'raise', 'penalise', 'terminate' or 'ignore'"


def most_telling(case: Case) -> Behaviour:
    """The sign by which the two sides differ most."""
    (reward, _), *_ = Counter(response.reward for response in case.forbidden).most_common(1)
    signs = [Behaviour("terminate"), Behaviour("penalise", reward=reward)]
    signs += [Behaviour("ignore", silence, clock=case.clock) for silence in SILENCES]

    def difference(sign: Behaviour) -> float:
        f, a = case.counts(sign)
        return abs(f / len(case.forbidden) - a / len(case.allowed))

    return max(signs, key=difference)


def sign_words(case: Case, sign: Behaviour, showing: list[Response]) -> str:
    """What an action that shows a sign does."""
    if sign.name == "flag":
        return f"is marked in info[{sign.key!r}]"
    words = []
    if sign.name == "terminate":
        words.append("ends the episode")
    if sign.reward is not None:
        rewards = sorted({response.reward for response in showing})
        varying = f"a reward from {rewards[0]:g} to {rewards[-1]:g}" if len(rewards) > 1 else ""
        words.append(varying and f"gives {varying}" or f"gives the reward {sign.reward:g}")
    silence = {"nothing": "leaves everything as it was", "clock": "moves only the clock",
               "observation": "leaves the observation as it was",
               "alike": "is not carried out (it does not matter which one)"}  # fmt: skip
    if sign.silence and not (sign.name == "terminate" and sign.silence == "nothing"):
        words.append(silence[sign.silence])
    return " and ".join(words) or "has no sign"


def ambiguous(case: Case, sign: Behaviour, same: list[Response]) -> str:
    """Why there is no verdict: the counts of the most telling sign, and an example of each side."""
    f, a = case.counts(sign)
    forbidden = [response for response in case.forbidden if sign.shown_by(response)]
    allowed = same or [response for response in case.allowed if sign.shown_by(response)]
    if not f and not a:
        return (
            f"nothing tells the {len(case.forbidden):,} forbidden actions that were tried from the "
            f"{len(case.allowed):,} allowed ones, e.g. {example(case.forbidden[0])} from "
            f"{example(case.allowed[0])}; {HOW}"
        )
    both = ((allowed, "allowed"), (forbidden, "forbidden"))
    examples = [f"{example(side[0])} ({word})" for side, word in both if side]
    sides = [counted(forbidden, case.forbidden, "forbidden"), counted(allowed, case.allowed, "allowed")]
    done = f"{' and '.join(sides)} actions {_deeds(sign)}"
    how = HOW if case.options.on_invalid is None else f"say so: {SAY}"
    return f"{done}, e.g. {' and '.join(examples)}: refused, or actions without an effect? To decide it, {how}"


def _deeds(sign: Behaviour) -> str:
    deeds = ["ended the episode"] if sign.name == "terminate" else []
    if sign.reward is not None:
        deeds.append(f"got {'at most ' if sign.at_most else ''}{sign.reward:g}")
    if sign.silence:
        deeds.append(SILENCES[sign.silence])
    return " and ".join(deeds)


def counted(some: list[Response], everything: list[Response], kind: str) -> str:
    """How many of how many."""
    if some and len(some) == len(everything):
        return f"all {len(some):,} {kind}"
    return f"{len(some):,} of {len(everything):,} {kind}" if some else f"no {kind}"


def example(response: Response) -> str:
    """An action, and how its state was reached."""
    path = response.where.actions
    shown = ", ".join(map(written, path[-6:]))
    return f"action {written(response.action)} after [{'..., ' if len(path) > 6 else ''}{shown}]"


def types_of(raised: list[Response]) -> str:
    """The types of exceptions."""
    names = dict.fromkeys(type_.__name__ for r in raised if (type_ := r.error_type) is not None)
    return " or ".join(names)
