"""L2 and L3: what a mask looks like, and where it is."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces

from ...mask_spec import MaskSpec
from ...mask_spec.checks import describe
from ..moments import Seat
from ..trial import Findings, Trial, Unchecked
from ..values import fingerprint


def form(trial: Trial) -> Findings:
    """L2 Form. A mask is a fixed-shape dense array of int8, 0 or 1 (an interval mask: float bounds, low <= high), the
    observation with it is in the observation space, and that space holds the space of the mask.
    """
    for point in trial.walk():
        for name, seat in {**point.moment.seats, **point.moment.last}.items():
            spec, space = point.subject.spec(name), point.subject.observation_space(name)
            if not seat.masks:
                where = "as env.action_mask" if point.subject.declares else "behind a usual name (or say mask_fn=)"
                yield point.broken(f"there is no mask in the observation, in info, or {where}", name)
                return
            for place, mask in seat.masks.items():
                if not _has_form(spec, mask, seat):
                    yield point.broken(f"{place} is {_described(mask)}; expected a mask of {spec.space}", name)
            if not space.contains(seat.observation):
                yield point.broken("the observation is not in the observation space", name)
            if point.subject.declares and isinstance(space, spaces.Dict) and "action_mask" in space.spaces:
                if space["action_mask"] != spec.space:
                    yield point.broken(f"the space of the mask is {space['action_mask']}, expected {spec.space}", name)


def _has_form(spec: MaskSpec, mask: Any, seat: Seat) -> bool:
    # Without a turn, bounds may cross: no action is allowed.
    return spec.contains(mask) if seat.acting or seat.ended else spec.space.contains(mask)


def _described(mask: Any) -> str:
    if isinstance(mask, np.ndarray) and mask.size <= 2000:
        return f"{describe(mask)} with values {np.unique(mask)[:6].tolist()}"
    return describe(mask)


def place(trial: Trial) -> Findings:
    """L3 Place. The mask is in observation["action_mask"] (unless the observation space has no such part), in
    info["action_mask"], and behind `action_masks()` and `action_mask`; all agree at every step.
    """
    missing: set[str] = set()
    for point in trial.walk():
        for name, seat in {**point.moment.seats, **point.moment.last}.items():
            canonical = fingerprint(seat.mask)
            for where, mask in seat.masks.items():
                if fingerprint(mask) != canonical:
                    yield point.broken(f"{where} is not the mask in {next(iter(seat.masks))}", name)
            if seat.sb3_mask is not None and not _same_in_sb3(point.subject.spec(name), seat):
                yield point.broken(f"action_masks() gives {np.asarray(seat.sb3_mask).tolist()}, another mask", name)
            lacks = _lacking(seat, point.subject.observation_space(name))
            if lacks and point.subject.declares:
                yield point.broken(f"there is no mask in {', '.join(lacks)}", name)
            missing.update(lacks)
    if missing:
        yield Unchecked(f"there is no mask in {', '.join(sorted(missing))}")


def _lacking(seat: Seat, space: spaces.Space[Any]) -> list[str]:
    wanted = ['info["action_mask"]']
    if isinstance(space, spaces.Dict) and "action_mask" in space.spaces:
        wanted.append('observation["action_mask"]')
    return [where for where in wanted if where not in seat.masks]


def _same_in_sb3(spec: MaskSpec, seat: Seat) -> bool:
    given = np.asarray(seat.sb3_mask)
    try:
        wanted = spec.convert(seat.mask, to="sb3")
    except ValueError:  # not a mask of the form: law L2 says so
        return True
    return given.dtype == np.bool_ and np.array_equal(given, wanted)
