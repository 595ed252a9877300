"""`ActionMask`: a third-party Gymnasium environment with a mask that keeps the laws."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from .. import trees
from ..api.fixed import Fixed
from ..api.observations import check_mask_in
from ..errors import EmptyMaskError
from ..mask_spec import MaskSpec
from ..mask_spec.checks import HeadMask
from .gate import Gate, GivenAction, refusal
from .other_libraries import reset_arguments, reset_takes_no_seed
from .position import MaskedState, check_wrapper_state, owner_of, set_state_calls, snapshot
from .read import as_choices, read_mask, spec_for
from .recorded import Recorded, from_reference
from .rows import require_single
from .source import Kind, MaskFn, mask_source


class ActionMask(gym.Wrapper[Any, Any, Any, Any], Recorded):
    """Adds to a Gymnasium environment an action mask in all places, `on_invalid`, and a count of invalid actions.

    The observation becomes a Dict: `observation` (or the parts of a Dict) and `action_mask`. The mask is in
    `info["action_mask"]` too, and behind `action_mask` and `action_masks()`. The environment is never stepped with an
    action that its mask forbids. A mask that can be asked for at any time (`mask_fn`, or `mask_at` with `env.`) is
    asked for after each reset and step, before each step, and whenever it is read; so it is right after
    `env.unwrapped.set_state(...)` too. A mask in the observation or in info is that of the last reset or step; there,
    use `get_state` and `set_state` of this wrapper, which keep the mask with the position.

    Args:
        env: the environment. Its action space may be of any kind that has a mask.
        mask_fn: (env) -> the mask of the position that the environment is in; or the name of a method or attribute of
            the environment; or "module:function". The known forms of a mask: `masked_envs.adaptation.read`.
        mask_at: instead, where the environment has its mask, as code: `info["legal_moves"]`, `env.game.legal()`.
        mask_spec: the form of the mask, or its kind, such as "joint"; without it, what the action space and (for
            MultiDiscrete) the first mask say.
        head_mask: of a conditional mask of more than two heads: (env, k, prefix) -> what head k may take.
        on_invalid: "raise" an InvalidActionError, "terminate" the episode, "noop" (nothing happens, and the wrappers
            around this one see a step), or "resample" (a legal action, drawn uniformly, is carried out instead).
        invalid_reward: reward of an invalid action, unless it raises; of "resample" it is added.
        mask_in: "observation", or "info" for the bare observation.

    Attributes:
        mask_spec: the `MaskSpec`.
        np_random: the generator of `sample_legal()` and "resample", which `reset(seed=...)` seeds; that of the
            environment is `env.unwrapped.np_random`.

    Raises:
        ValueError: an unknown value of an argument, or a mask that the action space does not fit. TypeError: `mask_fn`
        and `mask_at` (one of them is needed), or an environment whose `reset` takes no seed under other wrappers.
        EmptyMaskError: in `reset` and `step`, a position in which nothing is allowed and the episode goes on.
    """

    vector_form = "VectorActionMask"

    on_invalid, invalid_reward, mask_in = Fixed(), Fixed(), Fixed()

    def __init__(
        self,
        env: gym.Env[Any, Any],
        mask_fn: MaskFn | None = None,
        *,
        mask_at: str | None = None,
        mask_spec: MaskSpec | Kind | None = None,
        head_mask: Callable[[Any, int, Sequence[int]], Any] | str | None = None,
        on_invalid: str = "raise",
        invalid_reward: float = 0.0,
        mask_in: str = "observation",
    ) -> None:
        self._keep_arguments(
            mask_fn=mask_fn, mask_at=mask_at, mask_spec=mask_spec, head_mask=head_mask, on_invalid=on_invalid,
            invalid_reward=invalid_reward, mask_in=mask_in,
        )  # fmt: skip
        require_single(self, env)
        super().__init__(env)
        check_mask_in(mask_in)
        self._gate = Gate(on_invalid, invalid_reward)
        self.on_invalid, self.invalid_reward, self.mask_in = on_invalid, self._gate.invalid_reward, mask_in
        self.mask_fn, self._place = mask_source(env, mask_fn, mask_at, "(env) -> mask")
        self._head_mask = from_reference(head_mask)
        self._reset_takes = self._checked_reset()
        self._mask: Any = None
        self._over = self._terminated = False
        self._end: bytes | None = None  # the position in which the episode ended
        self._last: tuple[Any, dict[str, Any]] = (None, {})  # the observation and info of the position
        self._reward_shape: tuple[int, ...] = ()
        self._set_state_calls = 0
        self.mask_spec = self._spec(mask_spec)
        self._check_spaces()

    def _checked_reset(self) -> tuple[str, ...]:
        problem = reset_takes_no_seed(self.env)
        if problem and self.env is not self.env.unwrapped:  # the wrappers between would hand it a seed
            raise TypeError(problem)
        return reset_arguments(self.env)

    def _spec(self, given: MaskSpec | Kind | None) -> MaskSpec:
        """The spec; where only the first mask can tell, the environment is reset for it."""
        space = as_choices(self.env.action_space)
        if isinstance(given, MaskSpec):
            return given
        if given is not None:
            return MaskSpec.from_space(space, given)
        try:
            return MaskSpec.from_space(space)
        except ValueError:
            self._last = self._reset_env(None, None)
            return spec_for(space, self._ask(), self._mask_name)

    def _check_spaces(self) -> None:
        space = as_choices(self.env.action_space)
        if self.mask_spec.action_space != space:
            raise ValueError(f"a mask of {self.mask_spec.action_space} does not fit {self.env.action_space}")
        if space is not self.env.action_space:
            self.action_space = space
        if self.mask_spec.needs_head_mask and self._head_mask is None:
            raise ValueError("a conditional mask of more than two heads needs head_mask=, a function (env, k, prefix)")
        if self.mask_in == "observation":
            self.observation_space = spaces.Dict(
                {**self._parts(self.env.observation_space), "action_mask": self.mask_spec.space}
            )

    def _parts(self, observation: Any) -> dict[str, Any]:
        """An observation, or a space of such, as the parts beside which the mask is laid."""
        parts = observation.spaces if isinstance(observation, spaces.Dict) else observation
        if isinstance(parts, Mapping):
            taken = ("action_mask", None if self._place is None else self._place.observation_key)
            return {key: part for key, part in parts.items() if key not in taken}
        return {"observation": observation}

    # --- the mask ---------------------------------------------------------------------------------------------

    @property
    def action_mask(self) -> Any:
        """The canonical mask of the position, a copy."""
        return trees.copy(self._current_mask())

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """The mask in the form of sb3-contrib."""
        mask: npt.NDArray[np.bool_] = self.mask_spec.convert(self._current_mask(), to="sb3")
        return mask

    def head_mask(self, k: int, prefix: Sequence[int]) -> npt.NDArray[np.int8]:
        """For a conditional mask: what head k may take after the choices `prefix`."""
        return self.mask_spec.head_mask(self._current_mask(), k, prefix, self._heads())

    def sample_legal(self, rng: np.random.Generator | None = None) -> Any:
        """A uniformly random legal action in the current state.

        Args:
            rng: the random generator; by default `np_random`.

        Raises:
            ValueError: nothing is legal.
        """
        return self.mask_spec.sample(self._current_mask(), self.np_random if rng is None else rng, self._heads())

    @property
    def np_random(self) -> np.random.Generator:
        """The random generator of the wrapper."""
        return self._gate.rng

    @np_random.setter
    def np_random(self, value: np.random.Generator) -> None:
        self._gate.rng = value

    @property
    def invalid_actions(self) -> int:
        """The number of invalid actions received since construction."""
        return int(self._gate.counts[0])

    def _heads(self) -> HeadMask | None:
        """The dependent heads as the operations of the spec take them."""
        function = self._head_mask
        return None if function is None else lambda k, prefix: function(self.env, k, prefix)

    @property
    def _mask_name(self) -> str:
        return "" if self._place is None else self._place.name

    @property
    def _can_be_asked(self) -> bool:
        return self._place is None or self._place.can_be_asked

    def _ask(self) -> Any:
        """The mask of the position as the environment has it."""
        if self._place is None:
            return self.mask_fn(self.env)
        observation, info = self._last
        value = self._place.value(observation, info, self._attribute)
        if value is None:
            raise ValueError(f"{self.env}: there is no mask in {self._place.code}")
        return value

    def _attribute(self, name: str) -> Any:
        return self.env.get_wrapper_attr(name) if self.env.has_wrapper_attr(name) else None

    def _current_mask(self) -> Any:
        """The mask of the position, asked for anew where the environment can be asked."""
        if self._mask is None:
            raise gym.error.ResetNeeded("nothing has begun yet: call reset() first")
        if self._can_be_asked and not self._ended():
            self._mask = trees.copy(read_mask(self.mask_spec, self._ask(), self._mask_name))
        return self._mask

    def _ended(self) -> bool:
        """Whether the episode is over, and the environment still stands where it ended."""
        if self._over and self._end is not None and self._can_be_asked and snapshot(self.env) != self._end:
            self._over = self._terminated = False  # set_state on the environment below
        return self._over

    def _look(self, terminated: bool, over: bool) -> tuple[Any, dict[str, Any]]:
        """What is shown of a position that was just reached, with its mask."""
        self._over, self._terminated = over, terminated
        self._end = snapshot(self.env) if over else None
        self._mask = self.mask_spec.full()
        if not terminated:
            self._mask = trees.copy(read_mask(self.mask_spec, self._ask(), self._mask_name))
        if not over and self.mask_spec.is_empty(self._mask, self._heads()):
            raise EmptyMaskError(
                f"{self.env}: the episode goes on and the mask allows nothing: end the episode in such a position, or "
                "offer an action that passes"
            )
        return self._shown(*self._last)

    def _shown(self, observation: Any, info: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
        if self.mask_in == "observation":
            observation = {**self._parts(observation), "action_mask": trees.copy(self._mask)}
        return observation, {**info, "action_mask": trees.copy(self._mask)}

    # --- playing ----------------------------------------------------------------------------------------------

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """As in the environment; a seed also seeds `np_random`.

        Raises:
            TypeError: a seed or options for an environment whose `reset` takes none.
        """
        self._gate.seed(seed)
        self._last = self._reset_env(seed, options)
        shown, info = self._look(False, False)
        return shown, {**info, **self._gate.flag(False)}

    def _reset_env(self, seed: int | None, options: dict[str, Any] | None) -> tuple[Any, dict[str, Any]]:
        given: dict[str, Any] = {"seed": seed, "options": options}
        if any(value is not None and name not in self._reset_takes for name, value in given.items()):
            raise TypeError(reset_takes_no_seed(self.env))
        began = self.env.reset(**{name: value for name, value in given.items() if name in self._reset_takes})
        if not (isinstance(began, tuple) and len(began) == 2 and isinstance(began[1], Mapping)):
            raise TypeError(f"reset() of {self.env} must give (observation, info), with a dict for info")
        return began

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """As the environment's, for an action that the mask allows; else as `on_invalid` says.

        Raises:
            InvalidActionError: an invalid action, with on_invalid="raise"; nothing has moved. ResetNeeded: before
            `reset`, or after the end.
        """
        mask = self._current_mask()
        if self._over:
            raise gym.error.ResetNeeded("the episode is over: call reset()")
        given = GivenAction(action, self.mask_spec, mask, self._heads())
        ((allowed, invalid),) = self._gate.judge([given], self._refusal)
        flag = self._gate.flag(invalid)
        if invalid and self.on_invalid != "resample":
            return self._unmoved(flag)
        reward: Any  # a number, or an array of several objectives
        observation, reward, terminated, truncated, info = self.env.step(self._in_their_space(allowed))
        self._last, self._reward_shape = (observation, info), np.shape(reward)
        shown, info = self._look(bool(terminated), bool(terminated or truncated))
        return shown, self._rewarded(reward, invalid), bool(terminated), bool(truncated), {**info, **flag}

    def _in_their_space(self, action: Any) -> Any:
        return action if self._action_space is None else np.asarray(action, self.env.action_space.dtype)

    def _rewarded(self, reward: Any, invalid: bool) -> Any:
        """A reward, or an array of rewards, with `invalid_reward` where it is due."""
        added = self.invalid_reward if invalid else 0.0
        return float(reward) + added if np.ndim(reward) == 0 else np.asarray(reward) + added

    def _unmoved(self, flag: dict[str, Any]) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """An invalid action that is answered without the environment."""
        terminated = self.on_invalid == "terminate"
        if terminated:
            self._mask, self._over, self._terminated = self.mask_spec.full(), True, True
            self._end = snapshot(self.env)
        shape = self._reward_shape or getattr(self._attribute("reward_space"), "shape", ())
        reward = np.full(shape, self.invalid_reward) if shape else self.invalid_reward
        shown, info = self._shown(self._last[0], {})
        return shown, reward, terminated, False, {**info, **flag}

    @property
    def _title(self) -> str:
        """The environment in messages."""
        return self.env.spec.id if self.env.spec is not None else type(self.env.unwrapped).__name__

    def _refusal(self, given: GivenAction) -> Exception:
        return refusal(self._title, given, 'env.get_wrapper_attr("sample_legal")()')

    # --- positions --------------------------------------------------------------------------------------------

    @property
    def get_state(self) -> Callable[[], MaskedState]:
        """`get_state()`: the position with its mask, a value that pickles and compares, if the environment has one."""
        inner = self.env.get_wrapper_attr("get_state")
        self.env.get_wrapper_attr("set_state")
        return lambda: MaskedState(
            self._owner, inner(), self._over, self._terminated, copy.deepcopy(self._last),
            self.np_random.bit_generator.state, copy.deepcopy(self._mask), self._end,
        ).sealed()  # fmt: skip

    @functools.cached_property
    def _owner(self) -> str:
        return owner_of(self, self.mask_spec)

    @property
    def set_state(self) -> Callable[[MaskedState], None]:
        """`set_state(state)`: return to a position that `get_state()` gave.

        Raises TypeError for anything else (what `env.unwrapped.get_state()` gave is for `env.unwrapped.set_state`), and
        ValueError for a damaged one, or one of another wrapper or other spaces; nothing has moved.
        """
        self.env.get_wrapper_attr("set_state")
        return self._set_state

    def _set_state(self, state: MaskedState) -> None:
        check_wrapper_state(state, MaskedState, self._owner)
        generator = copy.deepcopy(self.np_random.bit_generator)
        generator.state = state.stream  # raises for the state of another kind of generator
        self.env.get_wrapper_attr("set_state")(state.inner)
        self.np_random.bit_generator.state = state.stream
        self._over, self._terminated, self._end = state.over, state.terminated, state.end
        self._last, self._mask = copy.deepcopy(state.last), copy.deepcopy(state.mask)
        self._set_state_calls += 1

    @property
    def set_state_calls(self) -> int:
        """How often the position was set; wrappers that remember something of the position compare it."""
        return self._set_state_calls + set_state_calls(self.env)
