"""Trying actions from copies of visited states, and recording what followed.

Nothing is decided here. A `Response` holds all signs by which an action may turn out to have been refused; which ones
mean that is found by weighing them.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ...mask_spec import MaskSpec
from ..actions import is_near, malformed_actions, out_of_range, probe_actions
from ..context import MOST_PROBES, CheckContext, VisitedState
from ..env_view import EnvView
from ..global_streams import same_global_streams
from ..masks import allows_a_part, binary_mask
from ..report import Reproduction
from ..time_step import AgentStep, StepResult, bare
from ..values import digest, fingerprint
from .info_flags import refusals_in

AGENTS_PER_STATE = 2  # of a vector environment's rows or of agents that act together, how many are probed in one state
MALFORMED_STATES = 3  # first states of a walk in which malformed actions are tried, and as many with an allowed end
ENOUGH = 16  # actions tried in the first state, however little time there is
FEW = 8  # entries of an observation: what changes more of them has moved more than a clock

DEFECTS = (
    AttributeError, NameError, ImportError, NotImplementedError, RecursionError, MemoryError, SyntaxError, SystemError,
)  # fmt: skip
"""What nobody raises to refuse an action."""

Kind = Literal["allowed", "forbidden", "near", "malformed"]


@dataclass
class Response:
    """What followed an action that was tried from a copy of a visited state.

    Attributes:
        where: the way to the state; without the action.
        action: as it was given.
        kind: "allowed" or "forbidden" by the mask; "near": forbidden, by no more than rounding; "malformed": no element
            of the action space.
        error: type and message of the exception, "" where there was none.
        error_type: the exception's type, None where there was none.
        ended: whether the agent's episode ended.
        reward: its sum, where it has several components.
        changed: indices of the observation's entries that changed; None: more than `FEW`, or its structure did.
        mask_changed: whether the mask changed, in an episode that goes on.
        result: digest of what followed, the reward left out.
        flags: keys of info that say whether an action was refused, and what they say.
        reported: whether it was refused, by the exception, counter or flag of this project's interface, or by
            the caller's `refused=`; None where nothing says so.
        partly: whether it is forbidden, and the mask allows a part of it: what followed may be the work of that part.
        as_forbidden, as_allowed: how many different forbidden and allowed actions of this state had its result.
        forbidden_here: how many forbidden ones were tried there that did not raise.
    """

    where: Reproduction
    action: Any
    kind: Kind
    error: str = ""
    error_type: type[Exception] | None = None
    ended: bool = False
    reward: float = 0.0
    changed: tuple[int, ...] | None = ()
    mask_changed: bool = False
    result: bytes = b""
    flags: Mapping[str, bool] = field(default_factory=dict)
    reported: bool | None = None
    partly: bool = False
    as_forbidden: int = 0
    as_allowed: int = 0
    forbidden_here: int = 0

    @property
    def raised(self) -> bool:
        return self.error_type is not None

    @property
    def is_defect(self) -> bool:
        """Whether it raised an exception of a program that is broken, which is no refusal."""
        return self.error_type is not None and issubclass(self.error_type, DEFECTS)

    @functools.cached_property
    def key(self) -> bytes:
        """The agent and the action, to find the same one elsewhere."""
        return fingerprint([self.where.agent, self.action])

    def reproduction(self) -> Reproduction:
        """The way to the response."""
        return replace(self.where, action=self.action)


def responses(context: CheckContext, follow: Callable[[VisitedState], None]) -> Iterator[Response]:
    """Responses to allowed, forbidden and malformed actions in the states of a walk.

    Args:
        follow: called with each state.
    """
    rng, spare, ends = context.rng(7), None, 0
    for number, state in enumerate(context.walk()):
        follow(state)
        malformed = number < MALFORMED_STATES or (ends < MALFORMED_STATES and allows_an_end(state))
        ends += malformed and allows_an_end(state)
        others = context.choose(state.view, rng)
        for name in probed_agents(state, rng) if others is not None else ():
            assert others is not None
            group: list[Response] = []
            before = Before.of(state, name)
            tries = actions_to_try(state, name, others[name], rng, malformed, context.tried)
            for action, kind in tries:
                if context.is_over() or ((number or len(group) >= ENOUGH) and context.out_of_time()):
                    break
                spare = state.view.fork(spare)
                with same_global_streams():
                    result = spare.attempt({**others, name: action})
                group.append(before.response(result, action, kind, context))
            _compare(group)
            _describe(context, state, name, group)
            yield from group


def probed_agents(state: VisitedState, rng: np.random.Generator) -> list[str]:
    """Some of the agents that act in this state."""
    names = list(state.time_step.acting)
    return [str(name) for name in rng.permutation(names)[:AGENTS_PER_STATE]] if names else []


def allows_an_end(state: VisitedState) -> bool:
    """Whether an agent may choose the last number of its actions: an environment that takes -1 for the last entry, or
    clamps an index, executes numbers outside of its space only there.
    """
    names = state.time_step.acting if not state.view.declares else ()
    masks = [np.asarray(state.agent(name).mask) for name in names if state.view.spec(name).kind == "flat"]
    return any(mask.ndim == 1 and bool(mask[-1:].any()) for mask in masks)


def actions_to_try(
    state: VisitedState, name: str, legal: Any, rng: np.random.Generator, malformed: bool, also: Any = None
) -> Iterator[tuple[Any, Kind]]:
    """Actions to try for one agent, and of what kind each is."""
    spec, head_mask = state.view.spec(name), state.view.head_mask(name)
    mask = binary_mask(spec, state.agent(name).mask)
    probes, space = probe_actions(spec, mask, legal, rng, MOST_PROBES, head_mask), spec.action_space
    for action in map(state.view.typed, probes if also is None else [also, *probes]):
        if spec.allows(mask, action, head_mask):
            yield action, "allowed"
        elif not state.view.declares and not space.contains(action):
            yield action, "malformed"
        else:
            yield action, "near" if not state.view.declares and is_near(spec, mask, action) else "forbidden"
    for action in filter(state.view.can_represent, no_actions(state.view, spec, legal) if malformed else ()):
        yield action, "malformed"


def no_actions(view: EnvView, spec: MaskSpec, legal: Any) -> list[Any]:
    """What no mask allows; for a third-party environment only what is out of range."""
    if view.declares:
        return malformed_actions(spec, legal)
    below = [view.typed(int(spec.start) - 1)] if spec.kind == "flat" else []  # type: ignore[attr-defined]
    return [view.typed(out_of_range(spec, legal)), *below]


@dataclass(frozen=True)
class Before:
    """What a response is compared with: an agent before an action was tried."""

    where: Reproduction
    declares: bool
    agent: AgentStep
    numbers: npt.NDArray[np.float64]
    rest: bytes
    mask: bytes

    @classmethod
    def of(cls, state: VisitedState, name: str) -> Before:
        agent = state.agent(name)
        numbers, rest = split_observation(agent.observation)
        return cls(state.reproduction(name), state.view.declares, agent, numbers, rest, digest(agent.mask))

    def response(self, result: StepResult, action: Any, kind: Kind, context: CheckContext) -> Response:
        """What followed the action."""
        error, after, refused = result.error, result.agent(self.where.agent), context.options.refused
        if error is not None or after is None:
            text = f"{type(error).__name__}: {error}" if error is not None else ""
            raised = Response(self.where, action, kind, text, type(error) if error else None)
            is_refusal = self.declares or (refused is not None and (kind == "allowed" or not raised.is_defect))
            return replace(raised, reported=is_refusal or None)
        reported = result.refused(self.where.agent) if self.declares else None
        if refused is not None and not self.declares:
            reported = _reported_by(refused, self.agent, action, after)
        return Response(
            self.where, action, kind,
            ended=after.ended,
            reward=float(np.sum(after.reward)),
            changed=self._changed(after),
            mask_changed=not after.ended and digest(after.mask) != self.mask,
            result=digest([bare(after.observation), None if after.ended else after.mask, after.ended, after.acting]),
            flags=refusals_in(self.agent.info, after.info),
            reported=reported,
        )  # fmt: skip

    def _changed(self, after: AgentStep) -> tuple[int, ...] | None:
        numbers, rest = split_observation(after.observation)
        if rest != self.rest or numbers.shape != self.numbers.shape:
            return None
        changed = np.flatnonzero((numbers != self.numbers) & ~(np.isnan(numbers) & np.isnan(self.numbers)))
        return tuple(changed.tolist()) if len(changed) <= FEW else None


def _reported_by(refused: Any, before: AgentStep, action: Any, after: AgentStep) -> bool | None:
    """What the caller's function, or key of info, says of a response."""
    if isinstance(refused, str):
        value = refusals_in(before.info, after.info, refused).get(refused)
    else:
        value = refused(before, action, after)
    return None if value is None else bool(value)


def split_observation(observation: Any) -> tuple[npt.NDArray[np.float64], bytes]:
    """The numbers of an observation without its mask, in order, and a digest of everything else in it."""
    numbers: list[npt.NDArray[np.float64]] = []
    rest: list[bytes] = []
    _split(bare(observation), numbers, rest)
    return np.concatenate(numbers) if numbers else np.zeros(0), digest(rest)


def _split(value: Any, numbers: list[Any], rest: list[bytes]) -> None:
    if isinstance(value, Mapping):
        for key in value:
            rest.append(str(key).encode())
            _split(value[key], numbers, rest)
    elif isinstance(value, (tuple, list)) and not all(isinstance(part, (int, float)) for part in value):
        for part in value:
            _split(part, numbers, rest)
    else:
        array = np.asarray(value)
        if array.dtype.kind in "biuf":
            numbers.append(array.ravel().astype(np.float64))
        else:
            rest.append(fingerprint(value))


def _compare(group: list[Response]) -> None:
    """Say of each response of one state how many different actions of each side had the same result."""
    sides: dict[str, dict[bytes, bytes]] = {"allowed": {}, "forbidden": {}}
    for response in group:
        if response.kind in sides and not response.raised:
            sides[response.kind][response.key] = response.result
    forbidden, allowed = (Counter(sides[side].values()) for side in ("forbidden", "allowed"))
    for response in group:
        response.as_forbidden, response.as_allowed = forbidden[response.result], allowed[response.result]
        response.forbidden_here = len(sides["forbidden"])


def _describe(context: CheckContext, state: VisitedState, name: str, group: list[Response]) -> None:
    """Add the tried actions to the evidence, and say of which of the forbidden ones the mask allows a part."""
    legal = sum(response.kind == "allowed" for response in group)
    context.evidence.legal += legal
    context.evidence.forbidden += len({r.key for r in group if r.kind == "forbidden"})
    spec = state.view.spec(name)
    mask = binary_mask(spec, state.agent(name).mask)
    context.evidence.add_forbidden(spec, mask)
    for response in group:
        response.partly = response.kind == "forbidden" and allows_a_part(spec, mask, response.action)
