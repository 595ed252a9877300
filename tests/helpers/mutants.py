"""Environments that break one law each, for the checker to find: wrappers and subclasses of the package's own."""

from __future__ import annotations

import copy
import dataclasses
import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode

import masked_envs
from masked_envs.api import MaskedAECEnv, MaskedEnv, MaskedVectorEnv
from masked_envs.registration import declaration

BOARD, CART = "MaskedConnectFour-v0", "MaskedCartPole-v0"


class OtherMask(gym.Wrapper):
    """Shows another mask in every place, so that the places agree; a mutant says which."""

    def show(self, mask: Any) -> Any:
        return mask

    def reset(self, **arguments: Any) -> Any:
        observation, info = self.env.reset(**arguments)
        return self._shown(observation, info)

    def step(self, action: Any) -> Any:
        observation, *rest, info = self.env.step(action)
        observation, info = self._shown(observation, info)
        return observation, *rest, info

    def _shown(self, observation: Any, info: Any) -> Any:
        self._mask = self.show(info["action_mask"])
        return {**observation, "action_mask": self._mask}, {**info, "action_mask": self._mask}

    @property
    def action_mask(self) -> Any:
        return self._mask

    def action_masks(self) -> Any:
        return np.asarray(self._mask) != 0


class Stale(OtherMask):
    before = None

    def show(self, mask: Any) -> Any:
        shown, self.before = (mask if self.before is None else self.before), mask
        return shown


class Inverted(OtherMask):
    def show(self, mask: Any) -> Any:
        return mask if mask.all() and self.unwrapped.get_state().terminated else (1 - mask).astype(np.int8)


class Strict(OtherMask):
    """Forbids the first legal action wherever there are two."""

    def show(self, mask: Any) -> Any:
        if mask.sum() > 1 and not self.unwrapped.get_state().terminated:
            mask = mask.copy()
            mask[np.flatnonzero(mask)[0]] = 0
        return mask


class Lax(OtherMask):
    def show(self, mask: Any) -> Any:
        return np.ones_like(mask)


class Empty(OtherMask):
    def show(self, mask: Any) -> Any:
        return np.zeros_like(mask)


class EmptyAtEnd(OtherMask):
    def show(self, mask: Any) -> Any:
        return np.zeros_like(mask) if self.unwrapped.get_state().terminated else mask


class FullWhenTruncated(OtherMask):
    def show(self, mask: Any) -> Any:
        return np.ones_like(mask) if self.unwrapped.get_state().truncated else mask


class Floating(OtherMask):
    def show(self, mask: Any) -> Any:
        return mask.astype(np.float32)


class Boolean(OtherMask):
    def show(self, mask: Any) -> Any:
        return mask.astype(bool)


class OfTwos(OtherMask):
    def show(self, mask: Any) -> Any:
        return (mask * 2).astype(np.int8)


class Longer(OtherMask):
    def show(self, mask: Any) -> Any:
        return np.append(mask, mask[-1:])


class Aliased(OtherMask):
    """Hands out one array that it writes into again and again."""

    buffer = None

    def show(self, mask: Any) -> Any:
        self.buffer = mask.copy() if self.buffer is None else self.buffer
        self.buffer[:] = mask
        return self.buffer


class Trusting(OtherMask):
    """Judges actions by the array that it has handed out, into which its caller may write."""

    def step(self, action: Any) -> Any:
        if isinstance(action, (int, np.integer)) and 0 <= action < self._mask.size and not self._mask[action]:
            return self.env.step(-1)
        return super().step(action)


class ObservationDiffers(gym.ObservationWrapper):
    def observation(self, observation: Any) -> Any:
        return {**observation, "action_mask": np.ones_like(observation["action_mask"])}


class OutsideObservation(gym.ObservationWrapper):
    """Shows the right mask beside an observation that the space does not hold."""

    def observation(self, observation: Any) -> Any:
        return {**observation, "observation": np.full_like(observation["observation"], 99)}


class NothingInInfo(gym.Wrapper):
    def reset(self, **arguments: Any) -> Any:
        observation, info = self.env.reset(**arguments)
        return observation, {}

    def step(self, action: Any) -> Any:
        return *self.env.step(action)[:-1], {}


class MethodDiffers(gym.Wrapper):
    def action_masks(self) -> Any:
        return ~self.env.unwrapped.action_masks()


class OtherEachTime(gym.Wrapper):
    """Gives another mask every second time it is asked."""

    asked = 0

    @property
    def action_mask(self) -> Any:
        self.asked += 1
        mask = self.env.unwrapped.action_mask
        return mask if self.asked % 2 else np.roll(mask, 1)


class OtherWhenAskedAgain(gym.Wrapper):
    """Gives another mask from the fourth time on that it is asked in a state, and forgets it with the next step."""

    asked = 0

    def reset(self, **arguments: Any) -> Any:
        self.asked = 0
        return self.env.reset(**arguments)

    def step(self, action: Any) -> Any:
        self.asked = 0
        return self.env.step(action)

    @property
    def action_mask(self) -> Any:
        self.asked += 1
        mask = self.env.unwrapped.action_mask
        return mask if self.asked < 4 else np.roll(mask, 1)


class DrawsWhenAsked(MaskedEnv):
    """Moves the random stream whenever it is asked for the mask."""

    @property
    def action_mask(self) -> Any:
        self._engine.records["rng"][0, 3] += 1
        return super().action_mask


class Clamping(gym.Wrapper):
    def step(self, action: Any) -> Any:
        if isinstance(action, (int, np.integer)) and not isinstance(action, bool):
            action = int(np.clip(action, 0, self.env.action_space.n - 1))
        return self.env.step(action)


class Rounding(gym.Wrapper):
    def step(self, action: Any) -> Any:
        return self.env.step(int(action) if isinstance(action, float) and np.isfinite(action) else action)


class OtherError(gym.Wrapper):
    def step(self, action: Any) -> Any:
        try:
            return self.env.step(action)
        except masked_envs.InvalidActionError as error:
            raise KeyError(action) from error


class MutedError(gym.Wrapper):
    """Refuses without saying what is legal."""

    def step(self, action: Any) -> Any:
        try:
            return self.env.step(action)
        except masked_envs.InvalidActionError:
            raise masked_envs.InvalidActionError("no") from None


class MovesBeforeRaising(MaskedEnv):
    """Spends a random number on an action that it then refuses."""

    def step(self, action: Any) -> Any:
        try:
            return super().step(action)
        except masked_envs.InvalidActionError:
            self._engine.records["rng"][0, 3] += 1
            raise


class Uncounted(MaskedEnv):
    @property
    def invalid_actions(self) -> int:
        return 0


class CountedTwice(MaskedEnv):
    @property
    def invalid_actions(self) -> int:
        return 2 * super().invalid_actions


class CountsEachEpisode(MaskedEnv):
    """Begins to count anew at every reset."""

    def reset(self, **arguments: Any) -> Any:
        self._engine.invalid_counts[:] = 0
        return super().reset(**arguments)


class NoFlag(gym.Wrapper):
    def step(self, action: Any) -> Any:
        *rest, info = self.env.step(action)
        return *rest, {**info, "invalid_action": False}


class WithoutPenalty(gym.Wrapper):
    def step(self, action: Any) -> Any:
        observation, reward, *rest, info = self.env.step(action)
        return observation, 0.0 if info["invalid_action"] else reward, *rest, info


class GoesOn(MaskedEnv):
    """Says on_invalid="terminate", and lets the episode go on."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **{**keywords, "on_invalid": "noop"})

    on_invalid = property(lambda self: "terminate", lambda self, value: None)


class ActsOnNoop(MaskedEnv):
    """Says on_invalid="noop", and carries out some legal action."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **{**keywords, "on_invalid": "resample"})

    on_invalid = property(lambda self: "noop", lambda self, value: None)


class GlobalNoise(gym.Wrapper):
    def step(self, action: Any) -> Any:
        observation, reward, *rest = self.env.step(action)
        return observation, reward + np.random.random(), *rest


class ForgetsWhenPickled(MaskedEnv):
    def __reduce__(self) -> Any:
        return _new_and_reset, (self._engine.declaration.id,)


def _new_and_reset(env_id: str) -> Any:
    env = ForgetsWhenPickled(declaration(env_id))
    env.reset(seed=0)
    return env


class ForgetsItsStream(MaskedEnv):
    """A position without the random stream."""

    def get_state(self) -> Any:
        state = super().get_state()
        record = np.frombuffer(state.record, self._engine.records.dtype).copy()
        record["rng"] = 7
        return dataclasses.replace(state, record=record.tobytes()).sealed()


class SeedsOnlyOnce(MaskedEnv):
    def reset(self, *, seed: Any = None, options: Any = None) -> Any:
        return super().reset(seed=None if self._seeded else seed)


class SlowerWhenCompiled(MaskedEnv):
    """One backend gives other rewards."""

    def step(self, action: Any) -> Any:
        observation, reward, *rest = super().step(action)
        return observation, reward - (self._engine.backend.name == "numba"), *rest


class HalfMovedBatch(MaskedVectorEnv):
    """Moves the rows before the first one whose action is refused."""

    def step(self, actions: Any) -> Any:
        try:
            return super().step(actions)
        except masked_envs.InvalidActionError:
            first = int(np.flatnonzero(self._engine.invalid.any(axis=1))[0])
            self._engine.step(np.arange(self.num_envs) < first)
            raise


class CountsDiscarded(MaskedVectorEnv):
    def step(self, actions: Any) -> Any:
        ended = self._engine.terminated | self._engine.truncated
        bad = np.array([not self.single_action_space.contains(action) for action in actions])
        self._engine.invalid_counts += ended & bad
        return super().step(actions)


class LastMaskOfTheNext(MaskedVectorEnv):
    """Shows the mask of the new episode beside the last observation of the old one."""

    def step(self, actions: Any) -> Any:
        *rest, info = super().step(actions)
        if "final_obs" in info:
            for row in np.flatnonzero(info["_final_obs"]):
                info["final_obs"][row]["action_mask"] = info["action_mask"][row]
            info["final_info"]["action_mask"] = info["action_mask"]
        return *rest, info


class RowsShareASeed(MaskedVectorEnv):
    def reset(self, *, seed: Any = None, options: Any = None) -> Any:
        return super().reset(seed=[seed] * self.num_envs if isinstance(seed, int) else seed, options=options)


class EverybodyMayMove(MaskedAECEnv):
    """Shows the mask of the agent to move to all agents."""

    def _mask(self, agent: str) -> Any:
        return self._views.mask(self._index(agent))


class InfosDiffer(MaskedAECEnv):
    def _read_infos(self) -> None:
        super()._read_infos()
        for info in self.infos.values():
            info["action_mask"] = np.ones_like(info["action_mask"])


class MutatedSpec(MaskedEnv):
    """Declares a meaning that is none."""

    @property
    def mask_spec(self) -> Any:
        spec = copy.copy(super().mask_spec)
        object.__setattr__(spec, "meaning", "polite")
        return spec


class Mutant(NamedTuple):
    """How to make a broken environment, the law it breaks, and others that this breaks with it."""

    make: Callable[..., Any]
    law: str
    also: frozenset[str] = frozenset()


def wrapped(wrapper: Any, env_id: str = BOARD, **fixed: Any) -> Callable[..., Any]:
    return functools.partial(lambda **arguments: wrapper(gym.make(env_id, **{**fixed, **arguments})))


def own(kind: Any, env_id: str = BOARD, **fixed: Any) -> Callable[..., Any]:
    return functools.partial(kind, declaration(env_id), **fixed)


def mutant(make: Callable[..., Any], law: str, *also: str) -> Mutant:
    return Mutant(make, law, frozenset(also))


PENALIZED = {"on_invalid": "noop", "invalid_reward": -1.0}
CHANGING = {"num_available": 3, "availability": "step"}  # a mask that changes at every step

MUTANTS = {
    "stale": mutant(wrapped(Stale, CART, **CHANGING), "L7", "L4", "L6", "L8", "L9", "L10"),
    "inverted": mutant(wrapped(Inverted, CART), "L1", "L7", "L8", "L9", "L10"),
    "too strict": mutant(wrapped(Strict), "L7", "L5", "L6", "L8", "L9"),
    "too lax": mutant(wrapped(Lax, CART), "L7", "L6", "L8", "L9"),
    "empty": mutant(wrapped(Empty, CART), "L5", "L6", "L7", "L8", "L9", "L10"),
    "empty at the end": mutant(wrapped(EmptyAtEnd), "L6"),
    "full when truncated": mutant(wrapped(FullWhenTruncated, CART), "L6"),
    "of floats": mutant(wrapped(Floating), "L2", "L6"),
    "of bools": mutant(wrapped(Boolean), "L2", "L6"),
    "of twos": mutant(wrapped(OfTwos), "L2", "L6"),
    "of another shape": mutant(wrapped(Longer), "L2", "L4", "L5", "L6", "L7", "L8", "L9", "L10"),
    "aliased": mutant(wrapped(Aliased, CART, **CHANGING), "L4"),
    "judged by the caller's array": mutant(wrapped(Trusting, CART), "L4"),
    "other in the observation": mutant(wrapped(ObservationDiffers, CART), "L3", "L6", "L7", "L8", "L9", "L10"),
    "observation outside": mutant(wrapped(OutsideObservation), "L2"),
    "not in info": mutant(wrapped(NothingInInfo), "L3"),
    "other by the method": mutant(wrapped(MethodDiffers), "L3"),
    "other each time": mutant(wrapped(OtherEachTime, CART), "L4", "L3", "L6", "L8", "L9", "L10", "L11"),
    "draws when asked": mutant(own(DrawsWhenAsked, CART, **CHANGING), "L4", "L8", "L10"),
    "other when asked again": mutant(wrapped(OtherWhenAskedAgain, CART), "L4"),
    "draws for nothing": mutant(own(DrawsWhenAsked), "L4", "L8", "L10"),
    "clamped": mutant(wrapped(Clamping), "L7", "L8", "L9"),
    "rounded": mutant(wrapped(Rounding), "L7", "L8", "L9"),
    "another error": mutant(wrapped(OtherError), "L8"),
    "an error without help": mutant(wrapped(MutedError), "L8"),
    "moves before raising": mutant(own(MovesBeforeRaising, CART, **CHANGING), "L8"),
    "uncounted": mutant(own(Uncounted), "L9"),
    "counted twice": mutant(own(CountedTwice), "L9"),
    "counts each episode": mutant(own(CountsEachEpisode), "L9"),
    "unflagged": mutant(wrapped(NoFlag, **PENALIZED), "L8"),
    "without penalty": mutant(wrapped(WithoutPenalty, **PENALIZED), "L8"),
    "goes on": mutant(own(GoesOn), "L8"),
    "acts on noop": mutant(own(ActsOnNoop), "L8"),
    "global noise": mutant(wrapped(GlobalNoise), "L10", "L4", "L8", "L11"),
    "forgets when pickled": mutant(own(ForgetsWhenPickled), "L10", "L4"),
    "forgets its stream": mutant(own(ForgetsItsStream, CART, **CHANGING), "L10", "L4", "L8"),
    "seeds only once": mutant(own(SeedsOnlyOnce, CART), "L10", "L6"),
    "backends differ": mutant(own(SlowerWhenCompiled), "L11"),
    "half-moved batch": mutant(own(HalfMovedBatch, CART, num_envs=3), "L8", "L7"),
    "counts the discarded": mutant(own(CountsDiscarded, CART, num_envs=3), "L9"),
    "last mask of the next": mutant(
        own(LastMaskOfTheNext, CART, num_envs=3, autoreset_mode=AutoresetMode.SAME_STEP), "L6", "L3"
    ),
    "everybody may move": mutant(own(EverybodyMayMove), "L6"),
    "infos differ": mutant(own(InfosDiffer), "L3", "L6", "L7"),
    "meaning nothing": mutant(own(MutatedSpec), "L1"),
}
