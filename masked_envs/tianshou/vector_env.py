"""`MaskedVectorEnv`: the vector environments of this package as Tianshou has them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv
from tianshou.data import Batch
from tianshou.env import BaseVectorEnv

from .. import trees
from ..adaptation.rows import attribute_of
from ..api.vector_arguments import row_seeds
from ..mask_spec.checks import shown
from ..wrappers import VectorBoundedAction
from ..wrappers.for_library import LibraryForm

FORM = LibraryForm(
    "Tianshou", "tianshou", AutoresetMode.DISABLED, "resets rows itself", ("per_head", "joint", "conditional"),
    steps_some=True,
)  # fmt: skip
PER_ROW = ("action_mask", "agent_selection", "invalid_actions")
"""Attributes that hold one value for each row; the rows share every other one."""

Rows = int | list[int] | npt.NDArray[Any] | None


class MaskedVectorEnv(BaseVectorEnv):
    """A masked vector environment as Tianshou's collectors play it.

    A step moves all rows at once, or those that the collector names, where Tianshou's `DummyVectorEnv` loops over them
    in Python. Observations are `Batch(obs=..., mask=...)`, the mask bool (rows, n): what Tianshou's Q-learning policies
    read, and `MaskedActor` of this module. Row i after `seed(k)` equals a single environment seeded k + i, so that
    training gives the same weights as on a `DummyVectorEnv` of them.

    Tianshou has masks of Discrete actions only. Actions under masks per head, joint masks, and conditional ones of two
    heads are numbered (`VectorFlatActions`); for other kinds an error names the wrapper to use.

    Args:
        id: of this package, or whatever `gymnasium.make_vec` makes a masked vector environment of; or such a vector
            environment, wrapped or not, with the autoreset mode DISABLED.
        env_num: rows; of a vector environment, not given.
        parameters: of `gymnasium.make_vec`, such as `flat=True` for pictures; not `autoreset_mode`.

    Attributes:
        envs: the vector environment, with the numbering if there is one.

    Raises:
        TypeError: no masked vector environment, a kind of mask that Tianshou cannot express, or arguments that do not
            belong to each other. ValueError: another autoreset mode.
    """

    def __init__(self, id: str | VectorEnv[Any, Any, Any], env_num: int | None = None, **parameters: Any) -> None:
        # Not BaseVectorEnv's own, which makes a worker for each row.
        if isinstance(id, str):
            if env_num is None:
                raise TypeError(
                    f"MaskedVectorEnv({shown(id)}) needs the number of rows: MaskedVectorEnv({shown(id)}, 64)"
                )
            id = FORM.make(id, env_num, **parameters)
        elif env_num is not None or parameters:
            raise TypeError("MaskedVectorEnv(envs) takes no env_num and no parameters: envs has them already")
        self.envs = FORM.of(type(self).__name__, id)
        self.env_num = self.wait_num = int(self.envs.num_envs)
        self.mask_spec = attribute_of(self.envs, "mask_spec")
        self._is_masked = not isinstance(self.envs, VectorBoundedAction)
        self.workers: list[Any] = []
        self.is_async, self.timeout, self.is_closed = False, None, False
        self.waiting_conn: list[Any] = []
        self.waiting_id: list[int] = []
        self.ready_id = list(range(self.env_num))

    # --- playing ----------------------------------------------------------------------------------------------

    def reset(self, env_id: Rows = None, **kwargs: Any) -> tuple[Any, npt.NDArray[np.object_]]:
        """Begin an episode in every row, or in the rows in `env_id`.

        Args:
            env_id: their numbers.
            kwargs: `seed` (row i gets seed + i, as by `seed()`) and `options` of the vector environment.

        Returns:
            Batch(obs, mask) of these rows, and an empty info for each.
        """
        self._assert_is_not_closed()
        rows, where = self._chosen(env_id)
        seed = kwargs.pop("seed", None)
        seeds = None if seed is None else [seed + row if where[row] else None for row in range(self.env_num)]
        options = {**(kwargs.pop("options", None) or {}), "reset_mask": where}
        if kwargs:
            raise TypeError(f"reset takes seed and options, not {', '.join(kwargs)}")
        observations, info = self.envs.reset(seed=seeds, options=options)
        return self._shown(observations, info, rows), np.array([{} for _ in rows])

    def step(self, action: npt.NDArray[Any] | torch.Tensor | None, id: Rows = None) -> Any:
        """Carry out one action per row, or in some rows alone; the others keep still.

        Args:
            action: one for each of these rows, in their order.
            id: the numbers of the rows.

        Returns:
            Batch(obs, mask), rewards, terminated, truncated and infos of these rows. An info has "env_id", and
            "invalid_action" where `on_invalid` is not "raise".

        Raises:
            InvalidActionError: a mask forbids one, with on_invalid="raise"; no row has moved.
            ValueError: not one action for each row.
        """
        self._assert_is_not_closed()
        rows, where = self._chosen(id)
        if action is None or len(action) != len(rows):
            raise ValueError(f"expected one action for each of {len(rows)} rows, got {shown(action)}")
        given = np.asarray(action)
        actions = np.zeros((self.env_num, *given.shape[1:]), given.dtype)
        actions[rows] = given
        chosen = {} if where.all() else {"where": where}
        observations, rewards, terminated, truncated, info = self.envs.step(actions, **chosen)
        infos: list[dict[str, Any]] = [{"env_id": row} for row in rows.tolist()]
        if "invalid_action" in info:
            for told, row in zip(infos, rows.tolist(), strict=True):
                told["invalid_action"] = bool(info["invalid_action"][row])
        seen = self._shown(observations, info, rows)
        return seen, rewards[rows], terminated[rows], truncated[rows], np.array(infos)

    def seed(self, seed: int | list[int] | None = None) -> list[list[int] | None]:
        """Seed the random streams of all rows, and begin an episode in each, as Tianshou's own workers do.

        Args:
            seed: row i gets seed + i; or one seed for each row.

        Returns:
            The seeds.
        """
        self._assert_is_not_closed()
        if seed is None:
            return [None] * self.env_num
        seeds = row_seeds(seed, self.env_num)
        self.envs.reset(seed=seeds)
        return [None if one is None else [one] for one in seeds]

    def render(self, **kwargs: Any) -> list[Any]:
        """One picture for each row."""
        self._assert_is_not_closed()
        return list(self.envs.render(**kwargs) or [])

    def close(self) -> None:
        self._assert_is_not_closed()
        self.envs.close()
        self.is_closed = True

    # --- attributes of the rows ---------------------------------------------------------------------------------

    @property
    def invalid_actions(self) -> npt.NDArray[np.int64]:
        """The number of invalid actions that each row received since construction, int64 (env_num,)."""
        counts: npt.NDArray[np.int64] = attribute_of(self.envs, "invalid_actions")
        return counts

    def get_env_attr(self, key: str, id: Rows = None) -> list[Any]:
        """An attribute of each row; `observation_space` is Dict(obs, mask), as observations are.

        Raises:
            AttributeError: the vector environment has none of this name.
        """
        rows, _ = self._chosen(id)
        if key == "observation_space":
            return [self._observation_space()] * len(rows)
        key = "single_action_space" if key == "action_space" else key
        value = attribute_of(self.envs, key)
        if value is None and not hasattr(self.envs.unwrapped, key):
            raise AttributeError(f"{self.envs} has no attribute {shown(key)}")
        per_row = key in PER_ROW and value is not None
        return [value[row] if per_row else value for row in rows.tolist()]

    def set_env_attr(self, key: str, value: Any, id: Rows = None) -> None:
        """Refused: the rows are one environment.

        Raises:
            AttributeError: always.
        """
        raise AttributeError(
            f"the rows of a MaskedVectorEnv share their attributes: make it with {key}=..., or use "
            "tianshou.env.DummyVectorEnv over single environments"
        )

    # --- inside -------------------------------------------------------------------------------------------------

    def _chosen(self, env_id: Rows) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        """The numbers of rows (rows,), and a mask (env_num,) of them.

        Raises:
            ValueError: no row, one that there is not, or one twice.
        """
        rows = np.asarray(self._wrap_id(env_id), np.int64)
        where = np.zeros(self.env_num, np.bool_)
        if rows.ndim == 1 and len(rows) and rows.min() >= 0 and rows.max() < self.env_num:
            where[rows] = True
        if where.sum() != rows.size or not rows.size:
            raise ValueError(f"expected different rows out of 0..{self.env_num - 1}, got {shown(env_id)}")
        return rows, where

    def _shown(self, observations: Any, info: dict[str, Any], rows: npt.NDArray[np.int64]) -> Any:
        """What a collector is given of these rows: new arrays, which it may change."""
        observations = trees.row(observations, rows)
        if not self._is_masked:  # actions of a Box, whose every point is legal
            return Batch(observations) if isinstance(observations, dict) else observations
        return Batch(obs=observations, mask=self.mask_spec.convert(info["action_mask"][rows], to="tianshou"))

    def _observation_space(self) -> spaces.Space[Any]:
        bare: spaces.Space[Any] = self.envs.single_observation_space
        mask = spaces.MultiBinary(self.mask_spec.shape[0])
        return spaces.Dict({"obs": bare, "mask": mask}) if self._is_masked else bare
