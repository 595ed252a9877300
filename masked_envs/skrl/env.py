"""Vector environments of this package in skrl's own wrapper."""

from __future__ import annotations

from typing import Any

from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv
from skrl.envs.wrappers.torch import wrap_env

from ..wrappers import VectorBoundedAction
from ..wrappers.for_library import LibraryForm

FORM = LibraryForm(
    "skrl", "tianshou", AutoresetMode.SAME_STEP, "goes on from the observation after the reset",
    ("per_head", "joint", "conditional"), mask_in="observation",
)  # fmt: skip


def make_env(id: str, num_envs: int = 8, **parameters: Any) -> Any:
    """Make the skrl environment of an id, stepped by the compiled rules.

    Args:
        id: of this package, or whatever `gymnasium.make_vec` makes a masked vector environment of.
        num_envs: rows, at least 2.
        parameters: of `gymnasium.make_vec`, such as `flat=True` for pictures; not `autoreset_mode`.

    Raises:
        TypeError: a kind of mask that skrl cannot express; the message names the wrapper to use. `autoreset_mode`.
        ValueError: fewer than 2 rows.
    """
    return wrap(FORM.make(id, num_envs, **parameters))


def wrap(envs: VectorEnv[Any, Any, Any]) -> Any:
    """skrl's `wrap_env` of a masked vector environment, in a form that `MaskedCategoricalMixin` reads.

    Actions under masks per head, joint masks, and conditional ones of two heads are numbered (`VectorFlatActions`).
    Row i equals environment i of a `SyncVectorEnv`, so that training gives the same weights.

    Args:
        envs: of this package (`gymnasium.make_vec`, or wrapped), with the autoreset mode SAME_STEP and the mask in the
            observation; a `VectorBoundedAction` needs no mask.

    Returns:
        skrl's wrapper; its `invalid_actions` are those of the rows, int64 (num_envs,).

    Raises:
        TypeError: no masked vector environment, or a kind of mask that skrl cannot express; the message names the
            wrapper to use. ValueError: another autoreset mode; the mask is not in the observation; one row.
    """
    envs = FORM.of("wrap", envs)
    if envs.num_envs < 2:
        raise ValueError(
            "skrl resets a single environment itself: make at least 2 rows, or wrap_env(gymnasium.make(id))"
        )
    if not isinstance(envs, VectorBoundedAction):
        check_space(envs.single_observation_space)
    return wrap_env(envs, wrapper="gymnasium", verbose=False)


def check_space(space: Any) -> None:
    """Refuse a space of observations without the mask.

    Raises:
        ValueError: such a space.
    """
    if not isinstance(space, spaces.Dict) or "action_mask" not in space.spaces:
        raise ValueError(
            f'skrl keeps the observation alone, which must hold the mask: make it with mask_in="observation"; '
            f"the space is {space}"
        )
