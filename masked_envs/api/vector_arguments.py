"""The arguments of a vector environment and of its `reset`, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode

from ..mask_spec.checks import check_integer, items_of, plain_array, shown
from .observations import checked_seed

LONGEST_EPISODE = 2**63 - 1  # steps: the clock of a state is an int64


def with_shorter_limit(values: dict[str, Any], max_episode_steps: int | None) -> dict[str, Any]:
    """The parameters of an environment with `time_limit` no longer than `max_episode_steps`."""
    if max_episode_steps is None:
        return values
    longest = min(check_integer("max_episode_steps", max_episode_steps, high=None), LONGEST_EPISODE)
    limit = values["time_limit"]
    return {**values, "time_limit": min(limit, longest) if limit else longest}


def checked_mode(mode: AutoresetMode | str) -> AutoresetMode:
    """The autoreset mode, also by its value; a ValueError lists the modes."""
    if isinstance(mode, AutoresetMode):
        return mode
    known = {str(each.value): each for each in AutoresetMode}
    if not isinstance(mode, str) or mode not in known:
        modes = ", ".join(map(str, AutoresetMode))
        raise ValueError(f"autoreset_mode must be one of {modes}, not {shown(mode)}")
    return known[mode]


def row_seeds(seed: int | Sequence[int | None] | None, rows: int) -> list[int | None]:
    """The seed of each row: seed + i, or the given one; None where the random stream continues.

    Raises:
        TypeError, ValueError: not a seed (see `checked_seed`), or not one per row.
    """
    array = plain_array(seed)
    seeds = items_of(seed) if array is None or array.ndim == 0 else list(array)
    if seeds is not None:
        if len(seeds) != rows:
            raise ValueError(f"expected one seed per row ({rows}), got {len(seeds)}")
        return [checked_seed(one) for one in seeds]
    first = checked_seed(seed)
    if first is None:
        return [None] * rows
    checked_seed(first + rows - 1)  # of the last row
    return [first + i for i in range(rows)]


def rows_to_reset(options: dict[str, Any] | None, rows: int) -> npt.NDArray[np.bool_]:
    """The rows (rows,) that `reset` starts anew: `options["reset_mask"]`, or all of them.

    Raises:
        TypeError: options that are no dict. ValueError: another mask, or one that chooses no row.
    """
    if options is not None and not isinstance(options, Mapping):
        raise TypeError(f'options must be a dict, such as {{"reset_mask": mask}}, or None, not {shown(options)}')
    mask = (options or {}).get("reset_mask")
    return np.ones(rows, np.bool_) if mask is None else _chosen_rows('options["reset_mask"]', mask, rows)


def rows_to_step(where: Any, rows: int, mode: AutoresetMode) -> npt.NDArray[np.bool_] | None:
    """The rows (rows,) that `step` moves; None stands for all of them.

    Raises:
        ValueError: not a mask, one that chooses no row, or a mode in which rows are reset by `step`.
    """
    if where is None:
        return None
    if mode is not AutoresetMode.DISABLED:
        raise ValueError(
            f"where= needs a vector environment that leaves resets to you, not autoreset_mode={shown(mode.value)}: "
            "make it with autoreset_mode=AutoresetMode.DISABLED"
        )
    return _chosen_rows("where", where, rows)


def _chosen_rows(name: str, mask: Any, rows: int) -> npt.NDArray[np.bool_]:
    chosen = plain_array(mask)
    if chosen is None or chosen.shape != (rows,) or chosen.dtype != np.bool_:
        hint = "; rows by number: where = np.zeros(num_envs, bool); where[rows] = True" if name == "where" else ""
        raise ValueError(f"{name} must be a bool array of shape ({rows},), got {shown(mask)}{hint}")
    if not chosen.any():
        raise ValueError(f"{name} chooses no row")
    return chosen
