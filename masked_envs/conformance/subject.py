"""`Subject`: one environment under test, whatever its interface, told and asked agent by agent.

A *seat* is one place where decisions are made: the agent of a Gymnasium environment, a row of a vector environment, an
agent of a PettingZoo environment. The laws are written over seats; `subject_of` finds the class for an environment.
"""

from __future__ import annotations

import copy
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import gymnasium
import numpy as np
from gymnasium import spaces

from ..adaptation.find import KEY, Found, find_masks
from ..adaptation.forms import UnknownFormError
from ..adaptation.read import as_choices, read_mask, spec_for
from ..mask_spec import MaskSpec
from .moments import Manner, Moment, Outcome

HeadMask = Callable[[int, Any], Any]
Attribute = Callable[[str], Any]
SURELY_MASKS = ("action_mask", "action_masks")  # names of what can be nothing else, however it looks
FIRST_KIND: dict[type, tuple[Any, ...]] = {spaces.MultiDiscrete: ("per_head",)}


@dataclass(frozen=True)
class Options:
    """What the caller says of an environment that does not say it itself.

    Attributes:
        mask_fn: (env) -> the mask, or (env, agent) -> that of an agent.
        mask_spec: of the mask.
        on_invalid: how invalid actions are answered: "raise", "ignore", "penalise" or "terminate".
    """

    mask_fn: Callable[..., Any] | None = None
    mask_spec: MaskSpec | None = None
    on_invalid: str | None = None


RESET_ENDED = "reset of the ended rows"


class Subject(ABC):
    """One environment under test.

    Args:
        env: the environment, wrappers and all.
    """

    surface: ClassVar[str]
    agents_leave: ClassVar[bool] = False  # one by one, while the others play on

    def __init__(self, env: Any) -> None:
        self.env = env
        self.moment: Moment | None = None
        self.remake: Callable[[], Any] | None = None  # makes another such environment
        self._given: Any = ()  # what the environment gave last, where `ask` needs it
        self.history: list[Any] = []  # the seed of the last reset, and the actions since
        self.options = Options()
        self.manner: Manner | None = None  # of a foreign environment, once it is known
        self._foreign_spec: MaskSpec | None = None
        self.tables: list[Any] = []  # that copies share
        self.dead_steps = 0  # of agents that left, since the last reset

    # --- what a kind of environment supplies ------------------------------------------------------------------

    @abstractmethod
    def attribute(self, name: str) -> Any:
        """An attribute of the environment through its wrappers, None where there is none."""

    @abstractmethod
    def spec(self, name: str) -> MaskSpec:
        """The mask of one seat."""

    @abstractmethod
    def observation_space(self, name: str) -> spaces.Space[Any]:
        """The space of one seat's observations."""

    @abstractmethod
    def ask(self) -> Moment:
        """The moment, with everything that can be asked for without a step asked for anew."""

    @abstractmethod
    def _reset(self, seed: int | None) -> Moment: ...

    @abstractmethod
    def _step(self, actions: Mapping[str, Any]) -> Moment: ...

    @abstractmethod
    def head_mask(self, name: str) -> HeadMask | None:
        """(k, prefix) -> what head k of a seat may take, None where the environment does not know."""

    def counts(self, names: Iterable[str] | None = None) -> dict[str, int] | None:
        """The counter of invalid actions of each seat (the whole one in each, where it is not kept apart).

        Args:
            names: of the seats; None: those that there are.
        """
        count = self.own("invalid_actions")
        if names is None:
            names = self.moment.seats if self.moment is not None else ()
        return None if count is None else {name: int(count) for name in names}

    # --- what all share ---------------------------------------------------------------------------------------

    @property
    def declares(self) -> bool:
        """Whether the environment declares its mask, and with it the whole law."""
        declared = self.attribute("mask_spec")
        return isinstance(declared, MaskSpec) or callable(declared)

    def own(self, name: str) -> Any:
        """An attribute of the project's own interface; another environment may call something else by this name."""
        return self.attribute(name) if self.declares else None

    def foreign_masks(self, observation: Any, info: Any, attribute: Attribute, *agent: str) -> dict[str, Any]:
        """The masks of a seat of an environment that declares nothing: canonical where a usual form was recognised.

        Args:
            attribute: of this seat, name -> value.
            agent: its name, where the environment has several.
        """
        if self.options.mask_fn is not None:
            places = [Found("mask_fn", "action_mask", self.options.mask_fn(self.env, *agent), KEY)]
        else:
            places = find_masks(observation, info, attribute)
        space = self.env.action_space(*agent) if agent else self.single_action_space
        masks, garbled = {}, {}
        for place, name, value, _ in places:
            try:
                self._foreign_spec = self._foreign_spec or self.options.mask_spec or spec_for(space, value, name)
                masks[place] = read_mask(self._foreign_spec, value, name)
            except UnknownFormError:
                if name in SURELY_MASKS:
                    garbled[place] = value
        return masks or garbled

    @property
    def single_action_space(self) -> spaces.Space[Any]:
        """The space of one action."""
        return self.env.action_space  # type: ignore[no-any-return]

    def foreign_spec(self, space: spaces.Space[Any]) -> MaskSpec:
        """The spec of a seat's mask, from what was found so far."""
        space, found = as_choices(space), self._foreign_spec or self.options.mask_spec
        return found if found is not None else MaskSpec.from_space(space, *FIRST_KIND.get(type(space), ()))

    def can_give(self, action: Any) -> bool:
        """Whether an action of one seat, however odd, can be put into words of this interface."""
        return True

    @property
    def answers_at_once(self) -> bool:
        """Whether one step answers an action, and does not wait for those of other agents."""
        return True

    @property
    def on_invalid(self) -> str | None:
        """How the environment says that it answers an invalid action."""
        answer: str | None = self.own("on_invalid")
        return answer

    def reset(self, seed: int | None) -> Moment:
        self.moment = self._reset(seed)
        self.history = [seed]
        return self.moment

    def step(self, actions: Mapping[str, Any]) -> Moment:
        self.moment = self._step(actions)
        self.history.append(dict(actions))
        return self.moment

    def attempt(self, actions: Mapping[str, Any]) -> Outcome:
        """A step that may be refused."""
        before, error, moment, began = self.counts(), None, None, self.moment
        try:
            moment = self.step(actions)
        except Exception as raised:  # how an environment refuses is its own affair; the laws judge it
            error = raised
        after = self.counts(before)  # those that have left by then, too
        counted = None if before is None or after is None else {name: after[name] - before[name] for name in before}
        return Outcome(error, moment, counted, began, self.manner)

    def position(self) -> Any:
        """What `get_state()` gives, None where there is no such method."""
        get_state = self.own("get_state")
        return get_state() if callable(get_state) else None

    def fork(self, spare: Subject | None = None) -> Subject:
        """A copy that stands where this one stands: by its position, by deepcopy, or by playing to it anew.

        Args:
            spare: an earlier copy; it is moved here where the environment can do that, which is faster than copying.
        """
        bare = self.env is getattr(self.env, "unwrapped", None)
        if spare is None or not bare or not callable(self.own("set_state")):
            # The maker of an environment that was given ready made holds that environment.
            shared = {id(part): part for part in (*self.tables, self.remake)}
            return self._played_again() if self.why_not_copied else copy.deepcopy(self, shared)
        spare.attribute("set_state")(self.position())
        spare.moment, spare._given, spare.history = self.moment, self._given, self.history[:]
        return spare

    @cached_property
    def why_not_copied(self) -> str:
        """Why a deepcopy of the environment is not one; "" where it is."""
        layer, seen = self.env, set()
        while layer is not None and id(layer) not in seen:
            seen.add(id(layer))
            if isinstance(layer, (gymnasium.utils.EzPickle, *_ez_pickle_of_pettingzoo())):
                return f"{type(layer).__name__} is an EzPickle, whose copies are new constructions"
            layer = getattr(layer, "env", None)
        try:
            copy.deepcopy(self.env)
        except Exception as error:  # what cannot be copied may raise anything
            return f"{type(error).__name__}: {error}"
        return ""

    def _played_again(self) -> Subject:
        assert self.remake is not None
        again = type(self)(self.remake())
        again.remake, again.options, again.manner = self.remake, self.options, self.manner
        seed, *played = self.history
        again.reset(seed)
        for actions in played:
            if actions == RESET_ENDED:
                again.reset_ended()
            else:
                again.step(actions)
        return again

    def reset_ended(self) -> bool:
        """Reset the seats that have ended, where they can be and must be one by one; whether there were any."""
        return False

    def legal_actions(self, rng: np.random.Generator) -> dict[str, Any]:
        """One action for each seat that must give one, legal by its mask.

        Raises:
            ValueError: a mask that nothing can be drawn from.
        """
        assert self.moment is not None
        return {name: self.legal_action(name, rng) for name in self.moment.seats if self._takes_action(name)}

    def legal_action(self, name: str, rng: np.random.Generator) -> Any:
        """One action of a seat, legal by its mask."""
        assert self.moment is not None
        spec, seat = self.spec(name), self.moment.seats[name]
        mask = playable(spec, seat.mask) if seat.acting else spec.full()
        if spec.needs_head_mask:
            return spec.sample(mask, rng, self.head_mask(name))  # type: ignore[call-arg]
        return spec.sample(mask, rng)

    def _takes_action(self, name: str) -> bool:
        """Whether `step` wants an action of this seat (a vector environment does of every row)."""
        assert self.moment is not None
        return self.moment.seats[name].acting


def _ez_pickle_of_pettingzoo() -> tuple[type, ...]:
    module = sys.modules.get("pettingzoo.utils.ezpickle") or sys.modules.get("pettingzoo.utils")
    return (module.EzPickle,) if module is not None and hasattr(module, "EzPickle") else ()


def playable(spec: MaskSpec, mask: Any) -> Any:
    """A mask in the dtype of the law, so that one broken law does not hide the others."""
    if spec.kind in ("dict", "interval") or mask is None:
        return mask
    return (np.asarray(mask) != 0).astype(np.int8)


def subject_of(env: Any) -> Subject:
    """The subject for an environment.

    Raises:
        TypeError: none of the interfaces that are known.
    """
    from .gymnasium_subjects import SingleSubject, VectorSubject
    from .pettingzoo_subjects import AECSubject, ParallelSubject

    for kind in (VectorSubject, SingleSubject, AECSubject, ParallelSubject):
        if kind.fits(env):
            return kind(env)
    raise TypeError(
        f"expected an id, a gymnasium.Env, a gymnasium VectorEnv, a PettingZoo AECEnv or ParallelEnv, or a function "
        f"that makes one, not {type(env).__name__}"
    )
