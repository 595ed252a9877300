"""A reference beside an environment: what is given compared with what the card predicts, and legal play."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np
from positions import read

from masked_envs.catalogue import CATALOGUE
from masked_envs.core.declaration import TIME_LIMIT
from masked_envs.registration import declaration


def module_name(env_id: str) -> str:
    return f"{__package__}.{CATALOGUE[env_id].module.rsplit('.', 1)[1]}"


def has_reference(env_id: str) -> bool:
    return importlib.util.find_spec(module_name(env_id)) is not None


def reference_module(env_id: str) -> Any:
    return importlib.import_module(module_name(env_id))


def assert_same(found: Any, expected: Any, what: str, tolerance: float = 0.0) -> None:
    """Equal dtypes, shapes and numbers; with a tolerance, numbers within it, relative or, below 1, absolute."""
    if isinstance(expected, dict):
        assert isinstance(found, dict) and set(found) == set(expected), f"{what}: {found} should be {expected}"
        for key in expected:
            assert_same(found[key], expected[key], f"{what}, {key}", tolerance)
        return
    found, expected = np.asarray(found), np.asarray(expected)
    forms = [(array.dtype, array.shape) for array in (found, expected)]
    assert forms[0] == forms[1], f"{what}: {forms[0]}, but the card says {forms[1]}"
    same = np.allclose(found, expected, tolerance, tolerance) if tolerance else np.array_equal(found, expected)
    assert same, f"{what}:\n{found}\nbut the card says\n{expected}"


def without_mask(observation: dict[str, Any]) -> Any:
    """What is beside the mask: a Dict observation, or the bare one."""
    rest = {key: part for key, part in observation.items() if key != "action_mask"}
    return rest["observation"] if list(rest) == ["observation"] else rest


class Expected:
    """A reference with the clock and the laws of the mask, which are not any one environment's.

    Args:
        full_mask: the mask of a terminated state.
        together: whether one action holds a choice of every agent: observations are then stacked, masks one after
            another, and rewards added up.
    """

    def __init__(self, env_id: str, parameters: dict[str, Any], full_mask: Any, together: bool = False) -> None:
        values = declaration(env_id).resolve(parameters)
        self.module = reference_module(env_id)
        self.reference = self.module.Reference(values)
        self.agents = range(len(declaration(env_id).agents(values)))
        self.time_limit, self.full_mask, self.together = values[TIME_LIMIT], full_mask, together
        self.followed: int | None = None  # the agent with whose leaving the episode ends

    @property
    def to_move(self) -> int:
        return int(self.reference.to_move)

    @property
    def over(self) -> bool:
        return self.terminated or self.truncated

    def reset(self, state: Any) -> None:
        self.elapsed, self.terminated, self.truncated = 0, False, False
        self.reference.reset_from(read(state))

    def step(self, action: Any, state: Any) -> list[float]:
        """The rewards of all agents; `state` is the position after the step."""
        assert not self.over, "a step after the end"
        rewards, self.terminated = self.reference.step(action, read(state))
        self.elapsed += 1
        self.terminated = self.terminated or (self.followed is not None and self.has_left(self.followed))
        self.truncated = bool(self.time_limit) and self.elapsed >= self.time_limit and not self.terminated
        return list(rewards)

    def has_left(self, agent: int) -> bool:
        """Whether an agent has terminated, be it that the others play on."""
        return hasattr(self.reference, "has_left") and bool(self.reference.has_left(agent))

    def there(self) -> list[int]:
        """The agents that act next in a game that goes on."""
        return [agent for agent in self.agents if not self.has_left(agent)]

    def waits(self, agent: int, at_once: bool) -> bool:
        """Whether the game was cut off in the turn of another agent, so that this one has nothing to choose."""
        return self.truncated and not at_once and agent != self.to_move

    def check(self, agent: int, observation: dict[str, Any], masked: bool = True) -> None:
        """An observation with its mask, as `agent` (or, together, everybody) is given it.

        Args:
            masked: whether its mask is what the card says; not that of an agent that waits.
        """
        seen = [self.reference.observation(each) for each in (self.agents if self.together else [agent])]
        assert_same(without_mask(observation), np.stack(seen) if self.together else seen[0], "observation")
        if masked:
            self.check_mask(agent, observation["action_mask"])

    def check_mask(self, agent: int, mask: Any) -> None:
        if self.terminated or (not self.together and self.has_left(agent)):
            assert_same(mask, self.full_mask, "mask after the end")
        elif hasattr(self.reference, "check_mask"):
            self.reference.check_mask(mask)
        else:
            masks = [self.reference.mask(each) for each in (self.agents if self.together else [agent])]
            predicted = np.concatenate(masks) if self.together else masks[0]
            assert_same(mask, predicted, "mask", getattr(self.module, "MASK_TOLERANCE", 0.0))

    def check_reward(self, agent: int, found: Any, rewards: list[float]) -> None:
        """The reward that `agent` (or, together, everybody) was given."""
        self.check_rewards(found, sum(rewards) if self.together else rewards[agent])

    def check_rewards(self, found: Any, rewards: Any) -> None:
        tolerance = getattr(self.module, "REWARD_TOLERANCE", 0.0)
        assert_same(np.asarray(found, float), np.asarray(rewards, float), "reward", tolerance)

    def check_ends(self, terminated: Any, truncated: Any, agent: int | None = None) -> None:
        """The two flags of the episode, or of one agent."""
        left = agent is not None and self.has_left(agent)
        found, expected = (bool(terminated), bool(truncated)), (self.terminated or left, self.truncated and not left)
        assert found == expected, f"(terminated, truncated) is {found}, but the card says {expected}"

    def later_head(self, agent: int, head_mask: Callable[..., Any]) -> Callable[..., Any]:
        """The mask of the head after a prefix, compared; once the game has terminated there is none, so all ones."""

        def allowed(prefix: tuple[int, ...]) -> Any:
            k = len(prefix)
            predicted = self.reference.allowed(agent, k, prefix)
            if self.terminated:
                return np.ones_like(predicted)
            assert_same(head_mask(k, prefix), predicted, f"mask after {prefix}")
            return predicted

        return allowed


class LegalPlay:
    """Random legal actions; every other one is what has been legal least often, so that rare actions are played too."""

    def __init__(self, spec: Any, seed: int) -> None:
        self.spec, self.rng = spec, np.random.default_rng(seed)
        self.times_legal = 0
        self.parts = [LegalPlay(part, seed + i) for i, part in enumerate(spec.parts)] if spec.kind == "dict" else []

    def choose(self, mask: Any, later_head: Any = None) -> Any:
        return getattr(self, f"choose_{self.spec.kind}", self.choose_number)(self.spec, mask, later_head)

    def one_of(self, mask: Any) -> int:
        """The index of a one, each as probable."""
        return int(self.rng.choice(np.flatnonzero(mask)))

    def choose_number(self, spec: Any, mask: Any, later_head: Any) -> Any:
        self.times_legal = self.times_legal + mask
        if self.rng.random() < 0.5:
            fewest = self.times_legal[mask == 1].min()
            mask = (mask == 1) & (self.times_legal == fewest)
        number = self.one_of(mask)
        return np.array(np.unravel_index(number, mask.shape)) if spec.kind == "joint" else number

    def choose_conditional(self, spec: Any, mask: Any, later_head: Any) -> Any:
        """The second choice first: it may be what to do, and the first who does it."""
        second = self.one_of(mask.any(axis=0))
        action = [self.one_of(mask[:, second]), second]
        for _ in range(2, len(spec.nvec)):
            action.append(self.one_of(later_head(tuple(action))))
        return np.array(action)

    def choose_per_head(self, spec: Any, mask: Any, later_head: Any) -> Any:
        return np.array([self.one_of(head) for head in np.split(mask, np.cumsum(spec.nvec)[:-1])])

    def choose_binary(self, spec: Any, mask: Any, later_head: Any) -> Any:
        return np.array([self.one_of(bit) for bit in mask], np.int8)

    def choose_interval(self, spec: Any, mask: Any, later_head: Any) -> Any:
        """Each number the lowest, the highest or one between them, each as often."""
        low, high = mask.astype(np.float64)
        share = np.clip(3 * self.rng.random(low.shape) - 1, 0, 1)
        return np.clip((low + share * (high - low)).astype(np.float32), mask[0], mask[1])

    def choose_dict(self, spec: Any, mask: Any, later_head: Any) -> Any:
        return {key: player.choose(mask[key]) for key, player in zip(spec.keys, self.parts, strict=True)}
