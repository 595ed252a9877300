"""`MaskedVecEnv`: the vector environments of this package as SB3 has them."""

from __future__ import annotations

import operator
import time
from collections.abc import Iterable, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode, VectorEnv
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import VecEnv

from ..adaptation.rows import attribute_of
from ..mask_spec.checks import shown
from ..wrappers.for_library import LibraryForm

FORM = LibraryForm(
    "SB3", "sb3", AutoresetMode.SAME_STEP, "resets rows in the step that ends an episode", ("joint", "conditional")
)
PER_ROW = ("action_mask", "agent_selection", "invalid_actions")
"""Attributes that hold one value for each row; the rows share every other one."""
METHODS = ("action_masks", "get_state", "sample_legal")
"""Methods whose result holds one value for each row."""

Rows = npt.NDArray[np.bool_]


def make_vec(
    id: str, num_envs: int = 8, mask_in: str = "info", seed: int | None = None, **parameters: Any
) -> MaskedVecEnv:
    """Make the `VecEnv` of an id, stepped by the compiled rules.

    Args:
        id: of this package, or whatever `gymnasium.make_vec` makes a masked vector environment of.
        num_envs: rows.
        mask_in: "info" gives the bare observation (for "MlpPolicy"); "observation" a Dict with the mask (for
            "MultiInputPolicy"). MaskablePPO asks `action_masks()` in either case.
        seed: of the first reset, row i gets seed + i; `MaskablePPO(seed=...)` sets it too.
        parameters: of `gymnasium.make_vec`, such as `flat=True` for pictures; not `autoreset_mode`.

    Raises:
        TypeError: a kind of mask that SB3 does not support; the message names the wrapper to use. `autoreset_mode`.
    """
    venv = MaskedVecEnv(FORM.make(id, num_envs, mask_in=mask_in, **parameters))
    venv.seed(seed)
    return venv


class FirstRow(np.ndarray):
    """The first of the rows of a batch, from which `np.stack` of them has the batch at once.

    MaskablePPO stacks the rows of `env_method("action_masks")` at every step, which takes longer than to move them.

    Attributes:
        batch: what the rows are rows of.
        others: the other rows.
    """

    batch: npt.NDArray[Any] | None = None
    others: tuple[npt.NDArray[Any], ...] = ()

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if self.batch is not None and func is np.stack and len(args) == 1 and not kwargs:
            first, *others = args[0]
            if first is self and len(others) == len(self.others) and all(map(operator.is_, others, self.others)):
                return self.batch.copy()
        return super().__array_function__(func, types, args, kwargs)


def rows_of(batch: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
    """The rows of a batch, views of it, which `np.stack` makes the batch again without going through them."""
    _, *others = batch
    first = batch[0].view(FirstRow)
    first.batch, first.others = batch, tuple(others)
    return [first, *others]


class MaskedVecEnv(VecEnv):
    """A masked vector environment as a `VecEnv`.

    A step moves all rows at once, where SB3's `DummyVecEnv` loops over them in Python. Rows are reset in the step that
    ends an episode. Row i equals, byte for byte, the environment i of `make_vec_env(id, n_envs)`, so that training
    gives the same weights. `infos` of a row is empty, except for

    - "terminal_observation", "TimeLimit.truncated" and, as `Monitor` gives it, "episode" (r, l, t), where one ended;
    - "invalid_action", where `on_invalid` is not "raise" and the action was invalid.

    Actions under joint masks, and conditional ones of two heads, are numbered (`VectorFlatActions`): SB3 has masks of
    Discrete, MultiDiscrete (each head by itself) and MultiBinary actions only.

    Args:
        envs: of this package (`gymnasium.make_vec`, or wrapped), with the autoreset mode SAME_STEP.

    Attributes:
        envs: the vector environment, with the numbering if there is one.

    Raises:
        TypeError: no masked vector environment, or a kind of mask that SB3 does not support. ValueError: another
        autoreset mode.
    """

    def __init__(self, envs: VectorEnv[Any, Any, Any]) -> None:
        self.envs = FORM.of(type(self).__name__, envs)
        self._begun = time.time()
        self._returns, self._lengths = np.zeros(envs.num_envs), np.zeros(envs.num_envs, np.int64)
        self._actions: Any = None
        super().__init__(envs.num_envs, self.envs.single_observation_space, self.envs.single_action_space)

    # --- playing ----------------------------------------------------------------------------------------------

    def reset(self) -> Any:
        """Begin an episode in every row, with the seeds of `seed()` if there are any."""
        seeded = any(seed is not None for seed in self._seeds)
        envs: Any = self.envs  # Gymnasium's vector environments take a list of seeds, though their type says an int
        observations, _ = envs.reset(seed=list(self._seeds) if seeded else None)
        self._reset_seeds()
        self._reset_options()
        self._returns[:], self._lengths[:] = 0, 0
        return observations

    def step_async(self, actions: Any) -> None:
        self._actions = np.asarray(actions)

    def step_wait(self) -> tuple[Any, npt.NDArray[np.float32], npt.NDArray[np.bool_], list[dict[str, Any]]]:
        """Carry out the actions of `step_async`.

        Raises:
            InvalidActionError: a mask forbids one, with on_invalid="raise"; no row has moved.
        """
        observations, rewards, terminated, truncated, info = self.envs.step(self._actions)
        over = terminated | truncated
        self._returns += rewards
        self._lengths += 1
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        if "invalid_action" in info:
            for row in np.flatnonzero(info["invalid_action"]).tolist():
                infos[row]["invalid_action"] = True
        if "final_obs" in info:
            self._end_episodes(over, truncated & ~terminated, info["final_obs"], infos)
        return observations, rewards.astype(np.float32), over, infos

    def _end_episodes(self, over: Rows, is_cut: Rows, final_obs: Any, infos: list[dict[str, Any]]) -> None:
        """Tell the infos of the rows in `over` what SB3 and its `Monitor` say of an episode."""
        took = round(time.time() - self._begun, 6)
        rows = np.flatnonzero(over).tolist()
        told = (self._returns[over].tolist(), self._lengths[over].tolist(), is_cut[over].tolist())
        for row, total, length, cut in zip(rows, *told, strict=True):
            infos[row] |= {
                "terminal_observation": final_obs[row],
                "TimeLimit.truncated": cut,
                "episode": {"r": round(total, 6), "l": length, "t": took},
            }
        self._returns[over] = 0
        self._lengths[over] = 0

    def close(self) -> None:
        self.envs.close()

    def get_images(self) -> Sequence[Any]:
        return self.envs.render() or []

    # --- the mask ---------------------------------------------------------------------------------------------

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """The current masks as MaskablePPO reads them, bool (num_envs, n)."""
        masks: npt.NDArray[np.bool_] = self._attribute("action_masks")()
        return masks

    @property
    def invalid_actions(self) -> npt.NDArray[np.int64]:
        """The number of invalid actions that each row received since construction, int64 (num_envs,)."""
        counts: npt.NDArray[np.int64] = self._attribute("invalid_actions")
        return counts

    # --- attributes and methods of the rows, as SB3 asks for them ------------------------------------------------

    def _attribute(self, name: str) -> Any:
        value = attribute_of(self.envs, name)
        if value is None and not hasattr(self.envs.unwrapped, name):
            raise AttributeError(f"{self.envs} has no attribute {shown(name)}")
        return value

    def _rows(self, indices: int | Iterable[int] | None) -> list[int]:
        return [int(row) for row in self._get_indices(indices)]

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """An attribute of each row."""
        value = self._attribute(attr_name)
        per_row = attr_name in PER_ROW and value is not None
        return [value[row] if per_row else value for row in self._rows(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Refused: the rows are one environment.

        Raises:
            AttributeError: always.
        """
        raise AttributeError(
            f"the rows of a MaskedVecEnv share their attributes: make it with {attr_name}=..., or use "
            "stable_baselines3.common.env_util.make_vec_env"
        )

    def env_method(self, method_name: str, *method_args: Any, indices: Any = None, **method_kwargs: Any) -> list[Any]:
        """What a method gives for each row: `action_masks`, `get_state` or `sample_legal`.

        Raises:
            AttributeError: another method.
        """
        if method_name not in METHODS:
            raise AttributeError(
                f"MaskedVecEnv has no env_method {shown(method_name)}; it has {', '.join(METHODS)}. Others can be "
                "called on its vector environment, venv.envs.unwrapped"
            )
        method = self.action_masks if method_name == "action_masks" else self._attribute(method_name)
        values = method(*method_args, **method_kwargs)
        if indices is not None:
            return [values[row] for row in self._rows(indices)]
        return rows_of(values) if method_name == "action_masks" else list(values)

    def env_is_wrapped(self, wrapper_class: type[gym.Wrapper[Any, Any, Any, Any]], indices: Any = None) -> list[bool]:
        """True for `Monitor` alone, whose statistics are kept here."""
        return [issubclass(wrapper_class, Monitor)] * len(self._rows(indices))
