"""How an environment that says nothing about invalid actions answers them, found out by trying some."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .actions import probe_actions
from .context import CheckContext
from .masks import binary_mask
from .time_step import AgentStep, StepResult, is_still

BEHAVIOURS = ("raise", "terminate", "penalise", "ignore")
STATES = 40  # in which actions are tried
TRIES = 12  # actions in one state
CLEARLY = 0.9  # the share of the forbidden actions that must show a sign
RARELY = 0.1  # the largest share of the allowed actions that may show it
LESS_RARELY = 0.4  # of a sign that is no accident: a reward of its own, and everything as it was


@dataclass(frozen=True)
class InvalidBehaviour:
    """A behaviour and the sign by which a refusal is known.

    Attributes:
        name: of `BEHAVIOURS`.
        reward: the reward of a refused action, where it is always the same; None where it is not.
        still: whether a refused action leaves the observation as it was.
        found: whether it was found by trying, and not declared.
    """

    name: str
    reward: float | None = None
    still: bool = False
    found: bool = True

    def refused(self, result: StepResult, name: str) -> bool | None:
        """See `following.Behaviour`."""
        if self.name == "raise":
            return False  # had it raised, nobody would ask
        before = result.before.agents.get(name) if result.before is not None else None
        after = result.agent(name)
        if before is None or after is None:
            return None
        if self.reward is not None and float(after.reward) != self.reward:
            return False
        if self.name == "terminate":
            return bool(after.terminated or after.truncated)
        return is_still(before, after) if self.still or self.name == "ignore" else True

    def __str__(self) -> str:
        words = {
            "raise": "raises an exception",
            "ignore": "leaves everything as it was",
            "penalise": f"gives the reward {self.reward:g}" if self.reward is not None else "gives another reward",
            "terminate": "ends the episode",
        }[self.name]
        return f"an invalid action {words} ({'found by trying' if self.found else 'declared'})"


@dataclass(frozen=True)
class Sign:
    """What came of one action."""

    raised: bool
    ended: bool
    still: bool
    reward: float


def observed_behaviour(context: CheckContext, declared: str | None = None) -> InvalidBehaviour | None:
    """The behaviour of an environment; None where the answers have nothing in common that tells them from legal ones.

    Args:
        context: of the environment.
        declared: what the caller says it is; then only its signs are looked for.
    """
    signs: dict[bool, list[Sign]] = {True: [], False: []}
    for allowed, sign in _tried(context):
        signs[allowed].append(sign)
    forbidden = signs[False]
    if not forbidden:
        return None if declared is None else InvalidBehaviour(declared, found=False)
    candidates = [_behaviour(name, forbidden) for name in ([declared] if declared is not None else BEHAVIOURS)]
    for behaviour in candidates:
        if declared is not None:
            return InvalidBehaviour(behaviour.name, behaviour.reward, behaviour.still, found=False)
        shown = [_shows(behaviour, sign) for sign in forbidden]
        by_legal = [_shows(behaviour, sign) for sign in signs[True]]
        clear = sum(shown) >= (0.5 if behaviour.name == "raise" else CLEARLY) * len(shown)
        most = LESS_RARELY if behaviour.name == "penalise" and behaviour.still else RARELY
        if clear and (behaviour.name in ("raise", "ignore") or sum(by_legal) <= most * len(by_legal)):
            return behaviour
    return None


def _behaviour(name: str, forbidden: list[Sign]) -> InvalidBehaviour:
    """The signs that nearly all forbidden actions share, if this is the behaviour."""
    answered = [sign for sign in forbidden if not sign.raised]
    reward, times = Counter(sign.reward for sign in answered).most_common(1)[0] if answered else (0.0, 0)
    same_reward = bool(answered) and times >= CLEARLY * len(answered)
    still = bool(answered) and sum(sign.still for sign in answered) >= CLEARLY * len(answered)
    if name == "raise":
        return InvalidBehaviour(name)
    return InvalidBehaviour(name, reward if same_reward and name != "ignore" else None, still and name != "terminate")


def _shows(behaviour: InvalidBehaviour, sign: Sign) -> bool:
    if behaviour.name == "raise" or sign.raised:
        return sign.raised
    if behaviour.reward is not None and sign.reward != behaviour.reward:
        return False
    if behaviour.name == "terminate":
        return sign.ended
    if behaviour.name == "penalise" and not behaviour.reward:  # what costs nothing is no penalty
        return False
    return sign.still if behaviour.still or behaviour.name == "ignore" else True


def _tried(context: CheckContext) -> Iterator[tuple[bool, Sign]]:
    """Actions of states of a walk: whether the mask allows them, and what came of them."""
    rng, spare = context.rng(20), None
    for state in context.walk(STATES):
        others = context.choose(state.view, rng)
        if others is None:
            continue
        for name, agent in state.time_step.acting.items():
            spec, head_mask = state.view.spec(name), state.view.head_mask(name)
            mask = binary_mask(spec, agent.mask)
            tries = probe_actions(spec, mask, others[name], rng, TRIES)
            for action in [tries[int(k)] for k in rng.permutation(len(tries))[:TRIES]]:
                spare = state.view.fork(spare)
                context.probes += 1
                result = spare.attempt({**others, name: action})
                yield bool(spec.allows(mask, action, head_mask)), _sign(result, agent, name)


def _sign(result: StepResult, before: AgentStep, name: str) -> Sign:
    after: Any = result.agent(name)
    if result.error is not None or after is None:
        return Sign(result.error is not None, False, False, 0.0)
    return Sign(False, bool(after.ended), is_still(before, after), float(after.reward))
