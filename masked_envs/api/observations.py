"""What every public environment shares: from engine buffers to what people hold, and from their actions back."""

from __future__ import annotations

import copy
import reprlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from gymnasium.spaces.box import array_short_repr
from gymnasium.vector.utils import batch_space

from ..errors import InvalidActionError
from ..mask_spec import MaskSpec

MASK_IN = ("observation", "info")
_SHORT = reprlib.Repr()
_SHORT.maxother = _SHORT.maxstring = 200  # characters; enough for a short array


def check_mask_in(mask_in: str) -> None:
    """Refuse anything but "observation" and "info"."""
    if not isinstance(mask_in, str) or mask_in not in MASK_IN:
        raise ValueError(f"mask_in must be 'observation' or 'info', not {mask_in!r}")


def checked_seed(seed: Any) -> int | None:
    """The seed as a Python int, or None.

    Raises:
        TypeError: not an integer. ValueError: a negative one, or one of more than 64 bits.
    """
    if seed is None:
        return None
    if isinstance(seed, (bool, np.bool_)) or not isinstance(seed, (int, np.integer)):
        raise TypeError(f"seed must be a non-negative integer or None, not {seed!r}")
    if seed < 0:
        raise ValueError(f"seed must be a non-negative integer or None, not {seed}")
    if seed >= 2**64:
        raise ValueError(f"seed must be below 2**64, not {seed}")
    return int(seed)


def observation_space(bare: spaces.Space[Any], spec: MaskSpec, mask_in: str) -> spaces.Space[Any]:
    """The space of what an agent is given: with the mask beside the observation, or bare."""
    if mask_in == "info":
        return bare
    parts = bare.spaces if isinstance(bare, spaces.Dict) else {"observation": bare}
    return spaces.Dict({**parts, "action_mask": spec.space})


def batched(space: spaces.Space[Any], rows: int) -> spaces.Space[Any]:
    """`gymnasium.vector.utils.batch_space`, but the bounds of a Box are read-only views of those of one row.

    Copies of them, with the arrays that Gymnasium makes on the way, would take ten times the memory of the masks.
    """
    if isinstance(space, spaces.Dict):
        parts = {key: batched(part, rows) for key, part in space.spaces.items()}
        return spaces.Dict(parts, seed=copy.deepcopy(space.np_random))
    if isinstance(space, spaces.Tuple):
        return spaces.Tuple([batched(part, rows) for part in space.spaces], seed=copy.deepcopy(space.np_random))
    if type(space) is not spaces.Box:
        return batch_space(space, rows)
    batch: Any = copy.deepcopy(space)
    batch._shape = (rows, *space.shape)
    for name in ("low", "high", "bounded_below", "bounded_above"):
        setattr(batch, name, np.broadcast_to(getattr(space, name), batch.shape))
    batch.low_repr, batch.high_repr = array_short_repr(batch.low), array_short_repr(batch.high)
    return batch  # type: ignore[no-any-return]


def with_mask(observation: Any, mask: Any, mask_in: str) -> Any:
    """One observation (or batch) with its mask beside it, as `observation_space` says."""
    if mask_in == "info":
        return observation
    if isinstance(observation, dict):
        return {**observation, "action_mask": mask}
    return {"observation": observation, "action_mask": mask}


def surface_observation(space: spaces.Space[Any], rows: npt.NDArray[Any], copied: bool = True) -> Any:
    """Buffered observations (..., shape) of one agent's bare space, for the caller.

    Args:
        copied: whether to copy the rows; the fields of a Dict, which lie together in memory, are copied in any case.
    """
    if isinstance(space, spaces.Dict):
        return {key: surface_observation(part, rows[key]) for key, part in space.spaces.items()}
    if isinstance(space, spaces.Discrete):
        rows = rows[..., 0]
        return rows.copy()[()] if copied else rows  # of one row: the number itself
    return rows.copy() if copied else rows


def no_action(dtype: np.dtype[Any]) -> Any:
    """An action that no mask allows, to stand in a buffer for what is not an action at all."""
    value = np.zeros(dtype.shape, dtype.base)
    if dtype.names:
        first = dtype.names[0]
        value[first] = no_action(dtype[first])
    else:
        value[...] = np.nan if dtype.base.kind == "f" else -1
    return value if dtype.shape or dtype.names else value[()]


def nothing_allowed(spec: Any) -> Any:
    """The canonical mask that allows nothing: zeros, or for an interval bounds that cross."""
    if spec.kind == "dict":
        parts = [nothing_allowed(part) for part in spec.parts]
        return tuple(parts) if spec.is_tuple else dict(zip(spec.keys, parts, strict=True))
    full = spec.full()
    return full[::-1].copy() if spec.kind == "interval" else np.zeros_like(full)


def legal_list(spec: MaskSpec, mask: Any, most: int = 10) -> str:
    """The legal actions in words, at most `most` of them."""
    if spec.kind == "interval":
        return f"between {mask[0].tolist()} and {mask[1].tolist()}"
    if spec.kind == "dict" and any(part.kind == "interval" for part in spec.parts):  # type: ignore[attr-defined]
        return f"those within {mask}"
    if spec.needs_head_mask:
        return "those of head_mask(k, prefix), head by head"
    listed = spec.list_legal(mask, most + 1)
    return ", ".join(map(str, listed[:most])) + (", ..." if len(listed) > most else "")


def invalid_action_error(
    env_id: str, spec: MaskSpec, action: Any, mask: Any, where: str, how_to_sample: str
) -> InvalidActionError:
    """The error of law L8: what was given, why it is refused, what is legal, and how to sample that.

    Args:
        where: which row or agent, "" for the only one.
        how_to_sample: code that gives a legal action.
    """
    if not _has_form(spec, action):
        reason = f"is not an action of {spec.action_space}"
    else:
        reason = "is forbidden by the action mask" if _in_range(spec, action) else "is out of range"
    return InvalidActionError(
        f"{env_id}{where}: the action {_shown(action)} ({type(action).__name__}) {reason}. "
        f"Legal now: {legal_list(spec, mask)}. Sample a legal action with {how_to_sample}."
    )


def _shown(action: Any) -> str:
    """The action in a message, whatever it is: huge integers and broken reprs included."""
    try:
        return _SHORT.repr(action)
    except Exception:
        return "of no readable form"


def _in_range(spec: MaskSpec, action: Any) -> bool:
    try:
        return bool(spec.action_space.contains(action))
    except OverflowError:  # an int beyond int64
        return False


def _has_form(spec: MaskSpec, action: Any) -> bool:
    return spec.encode(action) is not None


def agent_index(agents: Sequence[str], agent: int | str) -> int:
    """The index of an agent given by name or index; a ValueError lists the agents."""
    if isinstance(agent, str) and agent in agents:
        return agents.index(agent)
    if isinstance(agent, (int, np.integer)) and not isinstance(agent, bool) and 0 <= agent < len(agents):
        return int(agent)
    raise ValueError(f"agent must be one of {', '.join(map(repr, agents))} (or 0..{len(agents) - 1}), not {agent!r}")
