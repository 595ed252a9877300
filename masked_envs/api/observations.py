"""Observations of the public environments: their spaces, the mask beside them, and the arguments of `reset`."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from gymnasium.spaces.box import array_short_repr
from gymnasium.vector.utils import batch_space

from ..mask_spec import MaskSpec
from ..mask_spec.checks import shown

MASK_IN = ("observation", "info")


def check_mask_in(mask_in: str) -> None:
    """Raise a ValueError for anything but "observation" and "info"."""
    if not isinstance(mask_in, str) or mask_in not in MASK_IN:
        raise ValueError(f"mask_in must be 'observation' or 'info', not {shown(mask_in)}")


def checked_seed(seed: Any) -> int | None:
    """The seed as a Python int, or None.

    Raises:
        TypeError: not an integer. ValueError: a negative one, or one of more than 64 bits.
    """
    if seed is None:
        return None
    if isinstance(seed, (bool, np.bool_)) or not isinstance(seed, (int, np.integer)):
        raise TypeError(f"seed must be a non-negative integer or None, not {shown(seed)}")
    if seed < 0:
        raise ValueError(f"seed must be a non-negative integer or None, not {shown(seed)}")
    if seed >= 2**64:  # the random streams are seeded by 64 bits
        raise ValueError(f"seed must be below 2**64, not {shown(seed)}")
    return int(seed)


def observation_space(bare: spaces.Space[Any], spec: MaskSpec, mask_in: str) -> spaces.Space[Any]:
    """The space of an agent's observations: with the mask in it, or bare (`mask_in="info"`)."""
    if mask_in == "info":
        return bare
    parts = bare.spaces if isinstance(bare, spaces.Dict) else {"observation": bare}
    return spaces.Dict({**parts, "action_mask": spec.space})


def batched(space: spaces.Space[Any], rows: int) -> spaces.Space[Any]:
    """`gymnasium.vector.utils.batch_space`, but the bounds of a Box are read-only views of the bounds of one row.

    Copies would take ten times the memory of the masks, intermediate arrays of Gymnasium included.
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
    """One observation, or a batch, with its mask in it, as `observation_space` describes."""
    if mask_in == "info":
        return observation
    if isinstance(observation, dict):
        return {**observation, "action_mask": mask}
    return {"observation": observation, "action_mask": mask}


def read_observation(space: spaces.Space[Any], rows: npt.NDArray[Any], copied: bool = True) -> Any:
    """Observations of one agent's bare space from an engine buffer (..., shape), in the form of the space.

    Args:
        copied: whether to copy the rows; the fields of a Dict, which lie together in memory, are copied in any case.
    """
    if type(space) is spaces.Box:  # first, since it is the most frequent, and isinstance of a Dict is slow
        return rows.copy() if copied else rows
    if isinstance(space, spaces.Dict):
        return {key: read_observation(part, rows[key]) for key, part in space.spaces.items()}
    if isinstance(space, spaces.Discrete):
        rows = rows[..., 0]
        return rows.copy()[()] if copied else rows  # of one row, the number itself
    return rows.copy() if copied else rows


def check_flat(flat: Any) -> None:
    """Raise a ValueError for anything but True and False."""
    if not isinstance(flat, bool):
        raise ValueError(f"flat must be True or False, not {shown(flat)}")


def flat_space(space: spaces.Space[Any]) -> spaces.Box:
    """The space of flat observations: `gymnasium.spaces.flatten_space` with dtype float32."""
    flat: Any = spaces.flatten_space(space)
    return spaces.Box(flat.low.astype(np.float32), flat.high.astype(np.float32))


def flat_observation(space: spaces.Space[Any], observation: Any, batch: bool = False) -> npt.NDArray[np.float32]:
    """The numbers of one observation, or a batch, in one row, as `gymnasium.spaces.flatten` orders them; float32."""
    if isinstance(space, spaces.Dict):
        parts = [flat_observation(part, observation[key], batch) for key, part in space.spaces.items()]
        return np.concatenate(parts, axis=-1)
    numbers = np.asarray(observation)
    lead = numbers.shape[:1] if batch else ()
    if isinstance(space, (spaces.Discrete, spaces.MultiDiscrete)):  # one-hot
        sizes = np.ravel(space.nvec if isinstance(space, spaces.MultiDiscrete) else space.n)
        starts = np.ravel(space.start)
        columns = np.moveaxis(numbers.reshape(*lead, -1), -1, 0)
        hot = [
            column[..., None] - start == np.arange(n) for column, n, start in zip(columns, sizes, starts, strict=True)
        ]
        return np.concatenate(hot, axis=-1).astype(np.float32)
    return numbers.reshape(*lead, -1).astype(np.float32)


def agent_index(agents: Sequence[str], agent: int | str) -> int:
    """The index of an agent given by name or index; a ValueError lists the agents."""
    if isinstance(agent, str) and agent in agents:
        return agents.index(agent)
    if isinstance(agent, (int, np.integer)) and not isinstance(agent, bool) and 0 <= agent < len(agents):
        return int(agent)
    raise ValueError(
        f"agent must be one of {', '.join(map(repr, agents))} (or 0..{len(agents) - 1}), not {shown(agent)}"
    )
