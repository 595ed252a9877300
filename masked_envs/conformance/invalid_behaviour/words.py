"""Signs, counts and examples in words."""

from __future__ import annotations

from collections import Counter

from ...trees import plain
from .case import Case
from .responses import Response
from .signs import NO_EFFECTS, Behaviour

SAY = "refused= takes a function (before, action, after) -> True, False or None, or the name of a key of info"
HOW = f"say how it refuses: {SAY}; on_invalid= takes 'raise', 'penalise', 'terminate' or 'ignore'"

TELLING = 0.05  # difference of the shares of forbidden and allowed actions that show a sign


def most_telling(case: Case) -> Behaviour | None:
    """The sign that forbidden actions show the most more often than allowed ones; None where none tells them apart."""
    (reward, _), *_ = Counter(response.reward for response in case.forbidden).most_common(1)
    signs = [Behaviour("terminate"), Behaviour("penalise", reward=reward)]
    signs += [Behaviour("ignore", no_effect, clock=case.clock) for no_effect in NO_EFFECTS]

    def difference(sign: Behaviour) -> float:
        f, a = case.counts(sign)
        return f / len(case.forbidden) - a / len(case.allowed)

    best = max(signs, key=difference)
    return best if difference(best) >= TELLING else None


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
    no_effect = {"nothing": "leaves everything as it was", "clock": "moves only the clock",
               "observation": "leaves the observation as it was",
               "alike": "is not carried out (it does not matter which one)"}  # fmt: skip
    if sign.no_effect and not (sign.name == "terminate" and sign.no_effect == "nothing"):
        words.append(no_effect[sign.no_effect])
    return " and ".join(words) or "has no sign"


def ambiguous(case: Case, sign: Behaviour | None, same: list[Response]) -> str:
    """Why there is no verdict: the counts of the most telling sign, and an example of each side."""
    how = HOW if case.options.on_invalid is None else f"say so: {SAY}"
    if sign is None:
        return (
            f"nothing tells the {len(case.forbidden):,} forbidden actions that were tried from the "
            f"{len(case.allowed):,} allowed ones, e.g. {example(case.forbidden[0])} from "
            f"{example(case.allowed[0])}; {how}"
        )
    forbidden = [response for response in case.forbidden if sign.shown_by(response)]
    allowed = same or [response for response in case.allowed if sign.shown_by(response)]
    both = ((allowed, "allowed"), (forbidden, "forbidden"))
    examples = [f"{example(side[0])} ({word})" for side, word in both if side]
    sides = [counted(forbidden, case.forbidden, "forbidden"), counted(allowed, case.allowed, "allowed")]
    done = f"{' and '.join(sides)} actions {_deeds(sign)}"
    return f"{done}, e.g. {' and '.join(examples)}: refused, or actions without an effect? To decide it, {how}"


def _deeds(sign: Behaviour) -> str:
    deeds = ["ended the episode"] if sign.name == "terminate" else []
    if sign.reward is not None:
        deeds.append(f"got {'at most ' if sign.at_most else ''}{sign.reward:g}")
    if sign.no_effect:
        deeds.append(NO_EFFECTS[sign.no_effect])
    return " and ".join(deeds)


def counted(some: list[Response], everything: list[Response], kind: str) -> str:
    """How many of how many."""
    if some and len(some) == len(everything):
        return f"all {len(some):,} {kind}"
    return f"{len(some):,} of {len(everything):,} {kind}" if some else f"no {kind}"


def example(response: Response) -> str:
    """An action, and how its state was reached."""
    path = response.where.actions
    shown = ", ".join(str(plain(step)) for step in path[-6:])
    return f"action {plain(response.action)} after [{'..., ' if len(path) > 6 else ''}{shown}]"


def types_of(raised: list[Response]) -> str:
    """The types of exceptions."""
    names = dict.fromkeys(type_.__name__ for r in raised if (type_ := r.error_type) is not None)
    return " or ".join(names)
