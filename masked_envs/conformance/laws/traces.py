"""Whether actions that seem to do nothing leave a trace: refused, they may not change what comes after them."""

from __future__ import annotations

from typing import Any

from ..context import CheckContext, Findings, NotJudged, VisitedState
from ..env_view import EnvView
from ..invalid_behaviour import HOW, Behaviour
from ..invalid_behaviour.responses import Before, actions_to_try
from ..snippet import written
from ..time_step import differing, parts_of_step
from .fresh import together

TRIED = 12  # forbidden actions
AFTER = 3  # steps that are compared
TIME = ("reward", "truncated", "terminated")  # ends of names of what a hidden clock may change


def hidden_effects(context: CheckContext, behaviour: Behaviour) -> Findings:
    """No verdict, where a forbidden action that shows no effect changes the steps after it."""
    rng, tried = context.rng(12), 0
    for state in context.walk():
        legal = context.choose(state.view, rng)
        for name in list(state.time_step.acting)[:1] if legal is not None else ():
            assert legal is not None
            forbidden = [a for a, kind in actions_to_try(state, name, legal[name], rng, False) if kind == "forbidden"]
            if not forbidden or tried == TRIED:
                continue
            tried += 1
            action = forbidden[int(rng.integers(len(forbidden)))]
            changed = _changed_later(context, state, {**legal, name: action}, name, behaviour)
            if changed:
                yield NotJudged(
                    f"forbidden actions seem to do nothing, and {written(action)} changes what comes after it "
                    f"({', '.join(changed)}): refused, or accepted with an effect that is not seen at once? To decide "
                    f"it, {HOW}"
                )
                return


def _changed_later(
    context: CheckContext, state: VisitedState, actions: dict[str, Any], name: str, behaviour: Behaviour
) -> tuple[str, ...]:
    """What differs in the steps after an action from the same steps without it; nothing, where two copies do too."""
    plain, control, marked = (state.view.fork() for _ in range(3))
    response = Before.of(state, name).response(marked.attempt(actions), actions[name], "forbidden", context)
    if response.raised or response.ended or not behaviour.shown_by(response):
        return ()
    rng = context.rng(13)
    for _ in range(AFTER):
        following = context.choose(plain, rng)
        if following is None or not _can_follow(marked, following):
            return ()
        without, again, after = (
            parts_of_step(result.after) for result in together([plain, control, marked], following)
        )
        if differing(without, again):
            return ()
        changed = tuple(part for part in differing(without, after) if not part.endswith(TIME))
        if changed:
            return changed
    return ()


def _can_follow(view: EnvView, actions: dict[str, Any]) -> bool:
    return view.time_step is not None and not view.time_step.over and set(actions) <= set(view.time_step.agents)
