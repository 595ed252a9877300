"""What the views of all interfaces share: stepping, copying, and finding the masks of third-party environments."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from gymnasium import spaces

from ...mask_spec import MaskSpec
from ..masks import HeadMask, binary_mask, check_one_mask
from ..time_step import StepResult, TimeStep
from .copies import spaces_without_state, why_not_copied
from .third_party import Attribute, MaskReader, Masks, Options

RESET_ENDED = "reset of the ended rows"


class EnvView(ABC):
    """One environment under test, seen agent by agent whatever its interface.

    An *agent* is a place where decisions are made: the agent of a Gymnasium environment, a row of a vector environment,
    or an agent of a PettingZoo environment.

    Args:
        env: the environment with its wrappers.

    Attributes:
        time_step: the current one, None before the first reset.
        history: the seed of the last reset and the actions since.
        remake: makes another such environment.
        tables: large constant tables that copies share.
        dead_steps: PettingZoo's steps with None for agents that left, since the last reset.
    """

    interface: ClassVar[str]
    agents_leave: ClassVar[bool] = False  # one by one, while the others play on

    def __init__(self, env: Any) -> None:
        self.env = env
        self.time_step: TimeStep | None = None
        self.remake: Callable[[], Any] | None = None
        self._returned: Any = ()  # what the environment returned last, where `ask` needs it
        self.history: list[Any] = []
        self.reader = MaskReader(Options())
        self.tables: list[Any] = []
        self.dead_steps = 0

    # --- what each interface supplies -------------------------------------------------------------------------

    @abstractmethod
    def attribute(self, name: str) -> Any:
        """An attribute of the environment through its wrappers, None where there is none."""

    @abstractmethod
    def spec(self, name: str) -> MaskSpec:
        """The form of an agent's mask."""

    @abstractmethod
    def observation_space(self, name: str) -> spaces.Space[Any]:
        """An agent's observation space."""

    @abstractmethod
    def ask(self) -> TimeStep:
        """The current time step, with the masks queried again where that takes no step."""

    @abstractmethod
    def _reset(self, seed: int | None) -> TimeStep: ...

    @abstractmethod
    def _step(self, actions: Mapping[str, Any]) -> TimeStep: ...

    @abstractmethod
    def head_mask(self, name: str) -> HeadMask | None:
        """(k, prefix) -> what head k of an agent may take; None where the environment does not provide it."""

    def counts(self, names: Iterable[str] | None = None) -> dict[str, int] | None:
        """Each agent's counter of invalid actions (the total for each agent, where they are not counted separately).

        Args:
            names: of the agents; None: all current ones.
        """
        count = self.declared("invalid_actions")
        if names is None:
            names = self.time_step.agents if self.time_step is not None else ()
        return None if count is None else {name: int(count) for name in names}

    # --- masks ------------------------------------------------------------------------------------------------

    @property
    def declares(self) -> bool:
        """Whether the environment declares a `mask_spec`, and with it that it follows all laws."""
        if self.options.say_where:
            return False
        spec = self.attribute("mask_spec")
        return isinstance(spec, MaskSpec) or callable(spec)

    def declared(self, name: str) -> Any:
        """An attribute of this project's interface; a third-party one may mean something else by the same name."""
        return self.attribute(name) if self.declares else None

    def third_party_masks(self, observation: Any, info: Any, attribute: Attribute, *agent: str) -> Masks:
        """An agent's masks by place, of an environment that declares none; see `MaskReader.masks`."""
        space = self.env.action_space(*agent) if agent else self.single_action_space
        if self.options.mask_fn is not None:
            asked = self.reader.asked(self.env, attribute, *agent)
            return self.reader.read(space, {"mask_fn": ("", asked)}, "mask_fn", *agent)
        return self.reader.masks(space, observation, info, attribute, *agent)

    @property
    def single_action_space(self) -> spaces.Space[Any]:
        """The space of one action."""
        return self.env.action_space  # type: ignore[no-any-return]

    @property
    def options(self) -> Options:
        """What the caller declares about a third-party environment."""
        return self.reader.options

    @options.setter
    def options(self, options: Options) -> None:
        self.reader = MaskReader(options)

    # --- playing ----------------------------------------------------------------------------------------------

    def can_represent(self, action: Any) -> bool:
        """Whether this interface can pass on an action of one agent, however malformed."""
        return True

    @property
    def acts_at_once(self) -> bool:
        """Whether one step executes an action, without waiting for those of other agents."""
        return True

    @property
    def on_invalid(self) -> str | None:
        """What the environment declares that invalid actions do."""
        declared: str | None = self.declared("on_invalid")
        return declared

    def reset(self, seed: int | None) -> TimeStep:
        self.time_step = self._reset(seed)
        self.history = [seed]
        return self.time_step

    def step(self, actions: Mapping[str, Any]) -> TimeStep:
        self.time_step = self._step(actions)
        self.history.append(dict(actions))
        return self.time_step

    def attempt(self, actions: Mapping[str, Any]) -> StepResult:
        """A step that may be refused."""
        counts, error, after, before = self.counts(), None, None, self.time_step
        try:
            after = self.step(actions)
        except Exception as raised:  # an environment may refuse with any exception; the laws judge it
            error = raised
        counts_after = self.counts(counts)  # of the same agents, those that left in this step included
        counted = (
            None
            if counts is None or counts_after is None
            else {name: counts_after[name] - counts[name] for name in counts}
        )
        return StepResult(error, after, counted, before)

    def raises(self, actions: Mapping[str, Any]) -> bool:
        """Whether the step raises; for many actions on one copy, of which nothing else is wanted."""
        try:
            self._step(actions)
        except Exception:  # as in `attempt`
            return True
        return False

    def reset_ended(self) -> bool:
        """Reset the agents whose episodes have ended, where that is done one by one; whether there were any."""
        return False

    def legal_actions(self, rng: np.random.Generator) -> dict[str, Any]:
        """One random legal action for each agent that must give one.

        Raises:
            ValueError: a mask that nothing can be drawn from.
        """
        assert self.time_step is not None
        return {name: self.legal_action(name, rng) for name in self.time_step.agents if self.takes_action(name)}

    def legal_action(self, name: str, rng: np.random.Generator) -> Any:
        """One random legal action of an agent."""
        assert self.time_step is not None
        spec, agent = self.spec(name), self.time_step.agents[name]
        mask = binary_mask(spec, agent.mask) if agent.acting else spec.full()
        check_one_mask(spec, mask)
        return self.typed(spec.sample(mask, rng, self.head_mask(name)))

    def typed(self, action: Any) -> Any:
        """An action as its space samples it; of a third-party environment that takes nothing else, with plain ints."""
        if self.declares:
            return action
        if isinstance(action, dict):
            return {key: self.typed(part) for key, part in action.items()}
        if isinstance(action, tuple):
            return tuple(map(self.typed, action))
        if isinstance(action, (int, np.integer)) and not isinstance(action, bool):
            return int(action) if self.options.plain_ints else np.int64(action)
        return action

    def takes_action(self, name: str) -> bool:
        """Whether `step` needs an action of this agent (a vector environment needs one for every row)."""
        assert self.time_step is not None
        return self.time_step.agents[name].acting

    # --- copies -----------------------------------------------------------------------------------------------

    def position(self) -> Any:
        """The result of `get_state()`, None without such a method."""
        get_state = self.declared("get_state")
        return get_state() if callable(get_state) else None

    def fork(self, spare: EnvView | None = None) -> EnvView:
        """A copy in the same state: by `set_state`, by deepcopy, or by replaying the actions since the reset.

        Args:
            spare: an earlier copy that is not needed any more. It is reused where the environment has `set_state`,
                which is faster than copying, and closed where copies are new constructions.
        """
        unwrapped = self.env is getattr(self.env, "unwrapped", None)
        if spare is not None and unwrapped and callable(self.declared("set_state")):
            spare.attribute("set_state")(self.position())
            spare.time_step, spare._returned, spare.history = self.time_step, self._returned, self.history[:]
            return spare
        if not self.why_not_copied:
            copied, shared = copy.copy(self), [*self.tables, *spaces_without_state(self.env)]
            parts, memo = (self.env, self.time_step, self._returned), {id(part): part for part in shared}
            copied.env, copied.time_step, copied._returned = copy.deepcopy(parts, memo)
            copied.history = self.history[:]
            return copied
        if spare is not None:
            spare.env.close()
        return self._replayed()

    @cached_property
    def why_not_copied(self) -> str:
        """Why deepcopy does not copy the environment; "" where it does."""
        return why_not_copied(self.env)

    def _replayed(self) -> EnvView:
        assert self.remake is not None
        again = type(self)(self.remake())
        again.remake, again.reader = self.remake, self.reader
        seed, *played = self.history
        again.reset(seed)
        for actions in played:
            if actions == RESET_ENDED:
                again.reset_ended()
            else:
                again.step(actions)
        return again


def reward_of(value: Any) -> Any:
    """A reward as a float, or as an array where it has several components."""
    array = np.asarray(value)
    return float(array.item()) if array.size == 1 else array


def ask_sb3(view: EnvView, spec: MaskSpec) -> Any:
    """The result of `action_masks()`; None without the method, or where its form cannot express this kind of mask."""
    method = view.attribute("action_masks")
    try:
        spec.convert(spec.full(), to="sb3")
    except ValueError:
        return None
    return method() if callable(method) else None
