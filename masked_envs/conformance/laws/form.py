"""L2 and L3: what a mask looks like, and where it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium import spaces

from ...mask_spec import MaskSpec
from ...mask_spec.checks import describe
from ..context import Caution, CheckContext, Findings, NotApplicable, VisitedState
from ..env_view import EnvView
from ..masks import is_one_mask
from ..time_step import AgentStep
from ..values import fingerprint

NAMED = 12  # keys that are listed where no mask was found
TRIES = 10  # random actions, for a step that does not raise


def form(context: CheckContext) -> Findings:
    """L2 Form. A mask is a fixed-shape dense array of int8, 0 or 1 (an interval mask: float bounds, low <= high), the
    observation with it is in the observation space, and that space holds the space of the mask.
    """
    outside = False
    for state in context.walk():
        for name, agent in state.time_step.everyone.items():
            spec, space = state.view.spec(name), state.view.observation_space(name)
            for place, mask in agent.masks.items():
                if not _has_form(spec, mask, agent):
                    yield state.failure(f"{place} is {_described(mask)}; expected a mask of {spec.space}", name)
            if not space.contains(agent.observation):
                sentence = "the observation is not in the observation space"
                if state.view.declares or any(place.startswith("observation") for place in agent.masks):
                    yield state.failure(sentence, name)
                elif not outside:
                    outside = True
                    yield Caution(f"{sentence}; the mask is not part of it", state.reproduction(name))
            if state.view.declares and isinstance(space, spaces.Dict) and "action_mask" in space.spaces:
                if space["action_mask"] != spec.space:
                    yield state.failure(f"the space of the mask is {space['action_mask']}, expected {spec.space}", name)


def _has_form(spec: MaskSpec, mask: Any, agent: AgentStep) -> bool:
    # The bounds of an agent that does not act may cross: no action is allowed.
    return spec.contains(mask) and is_one_mask(spec, mask) if agent.acting or agent.ended else spec.space.contains(mask)


def _described(mask: Any) -> str:
    if isinstance(mask, np.ndarray) and mask.size <= 2000:
        return f"{describe(mask)} with values {np.unique(mask)[:6].tolist()}"
    return describe(mask)


def place(context: CheckContext) -> Findings:
    """L3 Place. The mask is in observation["action_mask"] (unless the observation space has no such part), in
    info["action_mask"], and behind `action_masks()` and `action_mask`; all agree at every step.
    """
    missing: set[str] = set()
    for state in context.walk():
        for name, agent in state.time_step.everyone.items():
            if not agent.masks and (agent.acting or state.view.declares):
                yield state.failure(_nowhere(state, name, agent), name)
                return
            if agent.acting or state.view.declares:
                yield from _disagreements(state, name, agent)
            lacks = _lacking(agent, state.view.observation_space(name))
            if lacks and state.view.declares:
                yield state.failure(f"there is no mask in {', '.join(lacks)}", name)
            missing.update(lacks)
    if missing:
        yield NotApplicable(f"there is no mask in {', '.join(sorted(missing))}")


def _disagreements(state: VisitedState, name: str, agent: AgentStep) -> Findings:
    canonical = fingerprint(agent.mask)
    for where, mask in agent.masks.items():
        if fingerprint(mask) != canonical:
            yield state.failure(f"{where} is not the mask in {next(iter(agent.masks))}", name)
    if agent.sb3_mask is not None and not _same_in_sb3(state.view.spec(name), agent):
        yield state.failure(f"action_masks() gives {np.asarray(agent.sb3_mask).tolist()}, another mask", name)


def _nowhere(state: VisitedState, name: str, agent: AgentStep) -> str:
    """What to say where an agent that acts has no mask."""
    view = state.view
    if view.declares:
        return "there is no mask in the observation, in info, or as env.action_mask"
    if source := view.reader.source_of(name):
        return f"there is no mask in {source} any more, where it was before"
    keys = f"the observation has {_keys(agent.observation)}; info has {_keys(agent.info)}"
    after = mask_after_a_step(view, name)
    if after:
        return f"reset() gives no mask ({keys}), a step does, in {after}: an agent needs it before it acts"
    return f"there is no mask in the observation, in info, or behind a usual name ({keys}): say mask_fn="


def mask_after_a_step(view: EnvView, name: str) -> str:
    """The place of the mask that an environment has only after a step; "" where there is none either."""
    assert view.time_step is not None
    spec, rng = view.spec(name), np.random.default_rng(0)
    wanted = [agent for agent in view.time_step.agents if view.takes_action(agent)]
    for _ in range(TRIES):
        after = view.fork().attempt({agent: view.typed(spec.sample(spec.full(), rng)) for agent in wanted}).agent(name)
        if after is not None:
            return next(iter(after.masks), "")
    return ""


def _keys(part: Any) -> str:
    if not isinstance(part, Mapping):
        return f"no keys ({type(part).__name__})"
    names = ", ".join(repr(key) for key in list(part)[:NAMED])
    return f"the keys {names}" if names else "no keys"


def _lacking(agent: AgentStep, space: spaces.Space[Any]) -> list[str]:
    wanted = ['info["action_mask"]']
    if isinstance(space, spaces.Dict) and "action_mask" in space.spaces:
        wanted.append('observation["action_mask"]')
    return [where for where in wanted if where not in agent.masks]


def _same_in_sb3(spec: MaskSpec, agent: AgentStep) -> bool:
    given = np.asarray(agent.sb3_mask)
    try:
        wanted = spec.convert(agent.mask, to="sb3")
    except ValueError:  # not a mask of the form: law L2 says so
        return True
    return given.dtype == np.bool_ and np.array_equal(given, wanted)
