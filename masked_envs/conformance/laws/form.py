"""L2 and L3: what a mask looks like, and where it is."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces

from ...mask_spec import MaskSpec
from ...mask_spec.checks import describe
from ..context import CheckContext, Findings, NotApplicable
from ..time_step import AgentStep
from ..values import fingerprint


def form(context: CheckContext) -> Findings:
    """L2 Form. A mask is a fixed-shape dense array of int8, 0 or 1 (an interval mask: float bounds, low <= high), the
    observation with it is in the observation space, and that space holds the space of the mask.
    """
    for state in context.walk():
        for name, agent in state.time_step.everyone.items():
            spec, space = state.view.spec(name), state.view.observation_space(name)
            if not agent.masks:
                where = "as env.action_mask" if state.view.declares else "behind a usual name (or say mask_fn=)"
                yield state.failure(f"there is no mask in the observation, in info, or {where}", name)
                return
            for place, mask in agent.masks.items():
                if not _has_form(spec, mask, agent):
                    yield state.failure(f"{place} is {_described(mask)}; expected a mask of {spec.space}", name)
            if not space.contains(agent.observation):
                yield state.failure("the observation is not in the observation space", name)
            if state.view.declares and isinstance(space, spaces.Dict) and "action_mask" in space.spaces:
                if space["action_mask"] != spec.space:
                    yield state.failure(f"the space of the mask is {space['action_mask']}, expected {spec.space}", name)


def _has_form(spec: MaskSpec, mask: Any, agent: AgentStep) -> bool:
    # Without a turn, bounds may cross: no action is allowed.
    return spec.contains(mask) if agent.acting or agent.ended else spec.space.contains(mask)


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
            canonical = fingerprint(agent.mask)
            for where, mask in agent.masks.items():
                if fingerprint(mask) != canonical:
                    yield state.failure(f"{where} is not the mask in {next(iter(agent.masks))}", name)
            if agent.sb3_mask is not None and not _same_in_sb3(state.view.spec(name), agent):
                yield state.failure(f"action_masks() gives {np.asarray(agent.sb3_mask).tolist()}, another mask", name)
            lacks = _lacking(agent, state.view.observation_space(name))
            if lacks and state.view.declares:
                yield state.failure(f"there is no mask in {', '.join(lacks)}", name)
            missing.update(lacks)
    if missing:
        yield NotApplicable(f"there is no mask in {', '.join(sorted(missing))}")


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
