"""What a vector environment says about episodes that ended in the step that has begun the next ones (SAME_STEP)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .. import trees

ABOUT_STEP = ("rewards", "invalid_action")
"""Infos about the last step, and not about the position that it has reached."""


def final_info(observations: Any, info: dict[str, Any], over: npt.NDArray[np.bool_]) -> dict[str, Any]:
    """The last observations and infos of the rows in `over`, bool (rows,), in the form of Gymnasium.

    Args:
        observations, info: of all rows, before any is reset.
    """

    def zero_others(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        kept: npt.NDArray[Any] = array.copy()
        kept[~over] = 0
        return kept

    final_obs = np.full(len(over), None, dtype=object)
    for row in np.flatnonzero(over):
        final_obs[row] = trees.row(observations, int(row))
    infos: dict[str, Any] = {}
    for key, value in info.items():
        infos |= {key: trees.map(zero_others, value), f"_{key}": over.copy()}
    return {"final_obs": final_obs, "_final_obs": over.copy(), "final_info": infos, "_final_info": over.copy()}
