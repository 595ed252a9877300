"""`VectorSequentialActions`: `SequentialActions` for vector environments."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode, VectorEnv

from .. import trees
from ..adaptation.position import check_wrapper_state, owner_of
from ..api.final_info import ABOUT_STEP, final_info
from ..api.vector_arguments import checked_mode, rows_to_reset, rows_to_step
from .masked_wrapper import check_bins
from .numbering import numbering_of
from .sequential_actions import SequentialState
from .vector_masked_wrapper import Masks, VectorFlatMaskWrapper

Rows = npt.NDArray[np.bool_]


class VectorSequentialActions(VectorFlatMaskWrapper):
    """The same vector environment, with an action made in several steps: `SequentialActions` for all rows.

    Rows complete their actions at different times; the others do not move, and show the same observation
    with reward 0. So the wrapped environment has the autoreset mode DISABLED, and this wrapper resets rows, as its own
    mode says. What `SequentialActions` says of actions, choices, forbidden choices and discounts holds for each row.

    Args:
        envs: a masked vector environment of this package, made with `autoreset_mode=AutoresetMode.DISABLED`.
        bins: points of the grid for each coordinate of an interval, at least 2.
        autoreset_mode: how this wrapper resets rows whose episode has ended.

    Attributes:
        numbering: between choices and actions.
        mask_spec: of one row, flat.

    Raises:
        TypeError: no masked vector environment, or one that cannot step a part of its rows.
        ValueError: another autoreset mode of the wrapped environment; bins below 2.
    """

    def __init__(
        self,
        envs: VectorEnv[Any, Any, Any],
        bins: int = 11,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
    ) -> None:
        super().__init__(envs)
        if "where" not in inspect.signature(envs.step).parameters:
            raise TypeError(
                f"VectorSequentialActions needs a vector environment with step(actions, where=), which {envs} has not: "
                "wrap the single environments in SequentialActions"
            )
        if envs.metadata.get("autoreset_mode") is not AutoresetMode.DISABLED:
            raise ValueError(
                "VectorSequentialActions resets rows itself, as its own autoreset_mode says: make the vector "
                "environment with autoreset_mode=AutoresetMode.DISABLED"
            )
        self.autoreset_mode = checked_mode(autoreset_mode)
        self.metadata = {**envs.metadata, "autoreset_mode": self.autoreset_mode}
        self.numbering = numbering_of(self.inner_spec, check_bins(bins))
        most, width = self.numbering.most, self.numbering.width
        self._set_flat_form(width, {"choices": spaces.Box(0, width, (most,), np.int64)})
        self._made, self._count = np.zeros((self.num_envs, most), np.int64), np.zeros(self.num_envs, np.int64)
        self._over, self._terminated = np.zeros((2, self.num_envs), np.bool_)
        self._last: tuple[Any, dict[str, Any]] | None = None  # what the wrapped environment last showed
        self._masks: Masks | None = None  # of the choices made so far, once they have been asked for
        self._set_state_calls = 0

    def reset(self, *, seed: Any = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """As the vector environment's; partial actions of the rows that are reset are dropped."""
        where = rows_to_reset(options, self.num_envs)
        observations, info = self.env.reset(seed=seed, options=options)
        self._begin(where)
        return self._look(observations, info)

    def step(self, actions: Any, where: Rows | None = None) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Make one choice in each row, or, with DISABLED, in the rows in `where`; those that complete an action move.

        Raises:
            InvalidActionError: a forbidden choice, with on_invalid="raise"; no row has moved or chosen.
            ValueError: not one number per row, or a bad `where`. ResetNeeded: see `MaskedVectorEnv.step`.
        """
        masks = self._current_masks()  # which notices set_state on the wrapped environment
        where = rows_to_step(where, self.num_envs, self.autoreset_mode)
        active = np.ones(self.num_envs, np.bool_) if where is None else where.copy()
        ended = self._over & active
        if self.autoreset_mode is not AutoresetMode.DISABLED:
            active &= ~ended
        made, count, whole, wrong = self._choose(actions, masks, active & ~ended)
        moving = whole | wrong | (active & ended)
        assert self._last is not None
        observations, info = self._last
        rewards, (terminated, truncated) = np.zeros(self.num_envs), np.zeros((2, self.num_envs), np.bool_)
        if moving.any():
            envs: Any = self.env
            given = envs.step(self._actions(made, whole, info["action_mask"]), where=moving)
            observations, rewards, terminated, truncated, info = given
            terminated, truncated = terminated & moving, truncated & moving
        else:
            observations = trees.copy(observations)
            info = {key: np.zeros_like(info[key]) if key in ABOUT_STEP else trees.copy(info[key]) for key in info}
        self._made, self._count = made, np.where(moving, 0, count)
        self._over = (self._over & ~moving) | terminated | truncated
        self._terminated = (self._terminated & ~moving) | terminated
        observations, info = self._reset_ended(observations, info, ended, terminated | truncated)
        return observations, rewards, terminated, truncated, info

    def get_state(self) -> tuple[SequentialState, ...]:
        """The whole state of every row, as values that pickle and compare."""
        if self._last is None:
            raise ResetNeeded("nothing has begun yet: call reset() first")
        self._current_masks()  # which notices set_state on the wrapped environment
        flags = zip(self._over.tolist(), self._terminated.tolist(), strict=True)
        made = [tuple(choices[:k].tolist()) for choices, k in zip(self._made, self._count, strict=True)]
        rows = zip(self._inner("get_state")(), made, flags, range(self.num_envs), strict=True)
        return tuple(
            SequentialState(self._owner, inner, *ends, trees.row(self._last, [i]), m).sealed()
            for inner, m, ends, i in rows
        )

    def set_state(self, states: Sequence[SequentialState]) -> None:
        """Restore the state of every row.

        Raises:
            TypeError: not states of this wrapper. ValueError: not one per row, damaged ones, or those of another
                environment, of other arguments or other spaces. No row has moved.
        """
        if not isinstance(states, (list, tuple)):
            raise TypeError(f"expected what get_state() of VectorSequentialActions gave, not {type(states).__name__}")
        for state in states:
            check_wrapper_state(state, SequentialState, self._owner)
        last = self._together([state.last for state in states])
        self._inner("set_state")([state.inner for state in states])
        self._last, self._masks, self._count = last, None, np.array([len(state.made) for state in states])
        for choices, state in zip(self._made, states, strict=True):
            choices[: len(state.made)] = state.made
        self._over, self._terminated = (np.array([getattr(s, name) for s in states]) for name in ("over", "terminated"))
        self._set_state_calls = self._inner("set_state_calls")

    def _together(self, rows: list[Any]) -> Any:
        """What the rows last showed, in a batch; None of no rows, which the wrapped environment refuses."""
        try:
            return trees.map(lambda *arrays: np.concatenate(arrays), *rows) if rows else None
        except (KeyError, TypeError, ValueError):
            raise ValueError("these states are of environments whose infos have different keys") from None

    @functools.cached_property
    def _owner(self) -> str:
        return owner_of(self, f"{self.numbering.bins} bins")

    # --- choices ----------------------------------------------------------------------------------------------

    def _choose(self, actions: Any, masks: Masks, active: Rows) -> tuple[Any, Any, Rows, Rows]:
        """The choices with those of the active rows; which rows have a whole action now, and which chose wrongly."""
        numbers = self.mask_spec.encode_batch(actions, self.num_envs)
        made, count = self._made.copy(), self._count.copy()
        wrong = self.numbering.choose(masks.view(np.bool_), numbers, active, made, count)
        whole = active & ~wrong & (self.numbering.lengths(made, count) > 0)
        return made, count, whole, wrong

    def _actions(self, made: Any, whole: Rows, masks: Any) -> Any:
        """The actions of rows with a whole one, and in the others what no mask allows."""
        done = self.numbering.actions_of(np.where(whole[:, None], made, 0), masks)
        return self.numbering.without(~whole, done)

    def _begin(self, rows: Rows) -> None:
        self._count = np.where(rows, 0, self._count)
        self._over, self._terminated = self._over & ~rows, self._terminated & ~rows

    # --- what is returned -------------------------------------------------------------------------------------

    def _reset_ended(self, observations: Any, info: dict[str, Any], ended: Rows, over: Rows) -> Any:
        """What a step returns, after the resets that the autoreset mode asks for.

        Args:
            ended: rows that an earlier step ended.
            over: rows that this step has ended.
        """
        extra = {key: info[key] for key in ABOUT_STEP if key in info}
        rows = {AutoresetMode.NEXT_STEP: ended, AutoresetMode.SAME_STEP: over}.get(self.autoreset_mode)
        if rows is None or not rows.any():
            return self._look(observations, info)
        if self.autoreset_mode is AutoresetMode.SAME_STEP:
            extra |= final_info(*self._look(observations, info), over)
        observations, info = self.env.reset(options={"reset_mask": rows})
        self._begin(rows)
        return self._look(observations, {**info, **extra})

    def _look(self, observations: Any, info: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        about = {key: value for key, value in info.items() if not key.lstrip("_").startswith("final_")}
        self._last, self._masks = (observations, about), None
        self._set_state_calls = self._inner("set_state_calls")
        masks = self._current_masks()
        made = np.arange(self._made.shape[1]) < self._count[:, None]
        shown = self._with_masks(observations, masks, {"choices": np.where(made, self._made + 1, 0)})
        return shown, {**info, "action_mask": masks}

    def _current_masks(self) -> Masks:
        if self._last is None:
            raise ResetNeeded("nothing has begun yet: call reset() first")
        if self._set_state_calls != self._inner("set_state_calls"):  # the choices belong to another position
            self._begin(np.ones(self.num_envs, np.bool_))
            self._set_state_calls = self._inner("set_state_calls")
            self._last[1]["action_mask"], self._masks = self._inner("action_mask"), None
        if self._masks is None:
            self._masks = self._masks_now()
        masks: Masks = self._masks.copy()
        return masks

    def _masks_now(self) -> Masks:
        assert self._last is not None
        masks = self.numbering.next_masks(
            self._last[1]["action_mask"], self._made, self._count, self._inner_head_mask()
        )
        masks[self._terminated] = True  # law L6: nothing is left to forbid, the padding included
        return masks.view(np.int8)
