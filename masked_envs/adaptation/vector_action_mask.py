"""`VectorActionMask`: a third-party Gymnasium vector environment with masks that keep the laws."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv, VectorWrapper
from gymnasium.vector.utils import batch_space, concatenate, create_empty_array

from .. import trees
from ..api.fixed import Fixed
from ..api.observations import check_mask_in
from ..errors import EmptyMaskError
from ..mask_spec import MaskSpec
from ..mask_spec.checks import HeadMask, held
from .gate import Gate, GivenAction, refusal
from .position import snapshot
from .read import read_masks, read_rows, spec_for
from .recorded import from_reference
from .rows import action_rows, environments_of, require_vector, values_at
from .source import Kind, mask_source

KNOWN = ("raise", "resample")  # a row of such a batch cannot be held back while the others move


class VectorActionMask(VectorWrapper):
    """Adds to a Gymnasium vector environment action masks, `on_invalid`, and a count of invalid actions for each row.

    The mask of a terminated row is all ones; its action, and that of a truncated row, is discarded by the autoreset and
    not judged. Masks that can be asked for are asked for as in `ActionMask`.

    Args:
        envs: the vector environment, with the autoreset mode NEXT_STEP or DISABLED. (In SAME_STEP the position in which
            an episode was truncated is gone when its mask could be asked for: wrap the single environments instead.)
        mask_fn: (envs) -> the masks of all rows as one batch: (num_envs, ...), a list of one mask for each row, a dict
            or tuple of these; or (envs, observations, infos) -> the same; or "module:function".
        mask_at: instead, where each row has its mask, as code: see `ActionMask`.
        mask_spec: the form of one mask, or its kind, such as "joint"; without it, what the action space and (for
            MultiDiscrete) the first masks say.
        head_mask: of a conditional mask of more than two heads: (envs, row, k, prefix) -> what head k may take.
        on_invalid: "raise" an InvalidActionError, no row having moved; or "resample".
        invalid_reward: added to the reward of a row whose action was replaced.
        mask_in: "observation", or "info" for the bare observations.

    Attributes:
        mask_spec: the `MaskSpec` of a row.
        invalid_actions: int64 (num_envs,), the number of invalid actions that each row received.
        np_random: the generator of `sample_legal()` and "resample", which an int `reset(seed=...)` seeds.

    Raises:
        ValueError: an unknown value of an argument, the mode SAME_STEP, or a mask that the action space does not fit.
        TypeError: `mask_fn` and `mask_at`, one of which is needed.
        EmptyMaskError: in `reset` and `step`, a running row in which nothing is allowed.
    """

    on_invalid, invalid_reward, mask_in = Fixed(), Fixed(), Fixed()

    def __init__(
        self,
        envs: VectorEnv[Any, Any, Any],
        mask_fn: Callable[..., Any] | str | None = None,
        *,
        mask_at: str | None = None,
        mask_spec: MaskSpec | Kind | None = None,
        head_mask: Callable[[Any, int, int, Sequence[int]], Any] | str | None = None,
        on_invalid: str = "raise",
        invalid_reward: float = 0.0,
        mask_in: str = "observation",
    ) -> None:
        require_vector(self, envs)
        super().__init__(envs)
        check_mask_in(mask_in)
        self.mode = envs.metadata.get("autoreset_mode", AutoresetMode.NEXT_STEP)
        if self.mode is AutoresetMode.SAME_STEP:
            raise ValueError(
                "the autoreset mode SAME_STEP hides the position of a truncated row: use NEXT_STEP or DISABLED, or "
                "wrap each single environment in ActionMask"
            )
        self._gate = Gate(on_invalid, invalid_reward, KNOWN, envs.num_envs)
        self.on_invalid, self.invalid_reward, self.mask_in = on_invalid, self._gate.invalid_reward, mask_in
        self.mask_fn, self._place = mask_source(None, mask_fn, mask_at, "(envs) -> masks")
        self._takes_all = self._place is None and len(inspect.signature(self.mask_fn).parameters) >= 3
        self._head_mask = from_reference(head_mask)
        self._masks: Any = None
        self._last: tuple[Any, Any] = (None, None)  # the observations and infos of the positions
        self._over = np.zeros(envs.num_envs, np.bool_)
        self._ends: list[bytes | None] = [None] * envs.num_envs  # where the rows ended, if they can be moved from there
        self.mask_spec = self._spec(mask_spec)
        self._check_spaces()

    def _spec(self, given: MaskSpec | Kind | None) -> MaskSpec:
        space = self.env.single_action_space
        if isinstance(given, MaskSpec):
            return given
        if given is not None:
            return MaskSpec.from_space(space, given)
        try:
            return MaskSpec.from_space(space)
        except ValueError:
            self._last = self.env.reset()
            found = self._ask()
            first = trees.row(found, 0) if isinstance(found, (dict, tuple)) else found[0]
            return spec_for(space, first, self._mask_name)

    def _check_spaces(self) -> None:
        single = self.env.single_observation_space
        if self.mask_spec.action_space != self.env.single_action_space:
            raise ValueError(f"a mask of {self.mask_spec.action_space} does not fit {self.env.single_action_space}")
        if self.mask_spec.needs_head_mask and self._head_mask is None:
            raise ValueError(
                "a conditional mask of more than two heads needs head_mask=, a function (envs, row, k, prefix)"
            )
        if self.mask_in == "observation":
            parts = single.spaces if isinstance(single, spaces.Dict) else {"observation": single}
            self.single_observation_space = spaces.Dict({**self._without(parts), "action_mask": self.mask_spec.space})
            self.observation_space = batch_space(self.single_observation_space, self.num_envs)

    def _without(self, parts: Any) -> dict[str, Any]:
        """The parts of observations without the mask that is replaced."""
        taken = ("action_mask", None if self._place is None else self._place.observation_key)
        return {key: part for key, part in parts.items() if key not in taken}

    # --- the masks --------------------------------------------------------------------------------------------

    @property
    def action_mask(self) -> Any:
        """The canonical masks of all rows, a copy."""
        return trees.copy(self._current_masks())

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """The masks in the form of sb3-contrib."""
        masks: npt.NDArray[np.bool_] = self.mask_spec.convert(self._current_masks(), to="sb3")
        return masks

    def head_mask(self, row: int, k: int, prefix: Sequence[int]) -> npt.NDArray[np.int8]:
        """For a conditional mask: what head k of a row may take after the choices `prefix`."""
        table = trees.row(self._current_masks(), row)
        return self.mask_spec.head_mask(table, k, prefix, self._heads(row))

    def sample_legal(self, rng: np.random.Generator | None = None) -> Any:
        """A batch of legal actions, uniformly random in each row.

        Args:
            rng: the random generator; by default `np_random`.

        Raises:
            ValueError: a row in which nothing is legal.
        """
        function = self._head_mask
        heads = None if function is None else lambda row, k, prefix: function(self.env, row, k, prefix)
        return self.mask_spec.sample(self._current_masks(), self.np_random if rng is None else rng, heads)

    @property
    def np_random(self) -> np.random.Generator:
        """The random generator of the wrapper."""
        return self._gate.rng

    @np_random.setter
    def np_random(self, value: np.random.Generator) -> None:
        self._gate.rng = value

    @property
    def invalid_actions(self) -> npt.NDArray[np.int64]:
        """The number of invalid actions that each row received since construction, int64 (num_envs,)."""
        counts: npt.NDArray[np.int64] = self._gate.counts.copy()
        return counts

    def _heads(self, row: int) -> HeadMask | None:
        """The dependent heads of a row, where there are such."""
        function = self._head_mask
        return None if function is None else lambda k, prefix: function(self.env, row, k, prefix)

    @property
    def _mask_name(self) -> str:
        return "" if self._place is None else self._place.name

    def _ask(self) -> Any:
        """The masks of all rows as the environment has them."""
        observations, infos = self._last
        if self._place is not None:
            return values_at(self._place, self.env, observations, infos)
        return self.mask_fn(self.env, observations, infos) if self._takes_all else self.mask_fn(self.env)

    def _read(self, where: npt.NDArray[np.bool_]) -> Any:
        """The masks of the rows in `where`; the others forbid nothing."""
        found, spec = self._ask(), self.mask_spec
        if self._place is None or not isinstance(found, list) or len(found) != self.num_envs:
            return read_masks(spec, found, self.num_envs, where, self._mask_name)
        missing = [row for row in np.flatnonzero(where).tolist() if found[row] is None]
        if missing:
            raise ValueError(f"{self.env}: there is no mask in {self._place.code} of row {missing[0]}")
        return read_rows(spec, found, where, self._mask_name)

    def _current_masks(self) -> Any:
        """The masks of the positions, those of running rows asked for anew where the environment can be asked."""
        if self._masks is None:
            raise gym.error.ResetNeeded("nothing has begun yet: call reset() first")
        if self._place is None or self._place.can_be_asked:
            self._notice_moves()
            running = ~self._over
            self._masks = trees.merge(self._read(running), self._masks, running)
        return self._masks

    def _notice_moves(self) -> None:
        """Rows that ended, wait for reset, and were moved by set_state on their environment run again."""
        environments = environments_of(self.env)
        for row, end in enumerate(self._ends):
            if end is not None and environments is not None and snapshot(environments[row]) != end:
                self._over[row], self._ends[row] = False, None

    def _look(self, terminated: Any, over: Any, where: Any) -> tuple[Any, dict[str, Any]]:
        """What is shown of positions that were just reached, with the masks of the rows in `where` read anew."""
        fresh = self._read(where & ~terminated)
        self._masks = fresh if self._masks is None or where.all() else trees.merge(fresh, self._masks, where)
        self._over = over.copy()
        self._refuse_empty(np.flatnonzero(where & ~over).tolist())
        self._remember_ends()
        observations, infos = self._last
        infos = {**infos, "action_mask": trees.copy(self._masks)}
        if self.mask_in == "info":
            return observations, infos
        parts = observations if isinstance(observations, dict) else {"observation": observations}
        return {**self._without(parts), "action_mask": trees.copy(self._masks)}, infos

    def _refuse_empty(self, running: list[int]) -> None:
        """Refuse masks of running rows that allow nothing."""
        masks, function = trees.row(self._masks, running), self._head_mask
        heads = None if function is None else lambda i, k, prefix: function(self.env, running[i], k, prefix)
        empty = np.flatnonzero(self.mask_spec.is_empty(masks, heads))
        if len(empty):
            row = running[empty[0]]
            raise EmptyMaskError(f"{self.env}, row {row}: the episode goes on and the mask allows nothing")

    def _remember_ends(self) -> None:
        """Where rows ended and wait for reset, so that they can be moved from there."""
        environments = environments_of(self.env) if self.mode is AutoresetMode.DISABLED else None
        if environments is not None:
            pairs = zip(environments, self._over, strict=True)
            self._ends = [snapshot(environment) if over else None for environment, over in pairs]

    # --- playing ----------------------------------------------------------------------------------------------

    def reset(self, *, seed: Any = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """As in the vector environment; an int `seed` also seeds `np_random`."""
        which = np.ones(self.num_envs, np.bool_)
        if options and "reset_mask" in options:  # before the reset, which takes it out of the options
            which = np.array(options["reset_mask"], np.bool_)
        self._gate.seed(seed)
        self._last = self.env.reset(seed=seed, options=options)
        nowhere = np.zeros(self.num_envs, np.bool_)
        shown, infos = self._look(nowhere, self._over & ~which, which)
        return shown, {**infos, **self._gate.flag(nowhere)}

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """As the vector environment's, for actions that the masks allow; else as `on_invalid` says.

        Raises:
            InvalidActionError: an invalid action, with on_invalid="raise"; no row has moved.
        """
        actions = held(actions)
        actions = list(actions) if type(actions) is tuple else actions
        given, masks = action_rows(self, actions), trees.rows(self._current_masks())
        discarded = self._over if self.mode is AutoresetMode.NEXT_STEP else np.zeros(self.num_envs, np.bool_)
        judged = [
            GivenAction(given[row], self.mask_spec, masks[row], self._heads(row), row, f", row {row}")
            for row in np.flatnonzero(~discarded).tolist()
        ]
        verdicts = self._gate.judge(judged, self._refusal)
        invalid = np.zeros(self.num_envs, np.bool_)
        for one, verdict in zip(judged, verdicts, strict=True):
            given[one.counter], invalid[one.counter] = verdict
        if invalid.any():
            space = self.single_action_space
            actions = concatenate(space, given, create_empty_array(space, self.num_envs))
        observations, rewards, terminated, truncated, infos = self.env.step(actions)
        self._last = (observations, infos)
        shown, infos = self._look(terminated, terminated | truncated, np.ones(self.num_envs, np.bool_))
        if self.invalid_reward and invalid.any():
            rewards = rewards + self.invalid_reward * invalid.reshape(-1, *[1] * (np.ndim(rewards) - 1))
        return shown, rewards, terminated, truncated, {**infos, **self._gate.flag(invalid)}

    def _refusal(self, given: GivenAction) -> Exception:
        return refusal(type(self.env.unwrapped).__name__, given, "envs.sample_legal()")
