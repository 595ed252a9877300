"""OpenSpiel: an environment, or a game in turns, as a `pyspiel.Game` for its algorithms and searches.

game = make_game("MaskedConnectFour-v0")
state = game.new_initial_state()
while not state.is_terminal():
    state.apply_action(state.legal_actions()[0])
print(state.returns())

docs/open_spiel.md is the page about it.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium import spaces

try:
    import pyspiel
except ImportError as error:
    raise ImportError(
        f"masked_envs.open_spiel needs OpenSpiel ({error}): pip install 'masked-envs[open-spiel]'", name=error.name
    ) from error

from .adaptation import adapt
from .api.observations import checked_seed, flat_observation
from .catalogue import CATALOGUE
from .mask_spec.checks import check_integer, shown
from .registration import declaration, make_aec
from .wrappers import FlatActions

__all__ = ["make_game"]

PARTS = pyspiel.GameType
MADE = {"mask_in": "info", "flat": True}
"""How the environments of this package are made for OpenSpiel."""
_COUNT = itertools.count()
_REGISTERED: dict[str, Any] = {}


def make_game(
    target: str | gym.Env[Any, Any],
    seeds: int | Sequence[int] = 1,
    utilities: tuple[float, float] = (-math.inf, math.inf),
    max_game_length: int = 100_000,
    **parameters: Any,
) -> Any:
    """An environment of this package as a `pyspiel.Game`, registered with OpenSpiel under a unique name.

    A game in turns has all its players; with `opponent=`, and any other environment, it has one player. OpenSpiel needs
    a list of random outcomes, but an environment draws its own, so a chance node at the beginning chooses one of the
    seeds, all equally likely, and everything after it is determined. With one seed there is no chance node.
    With several players the utility comes at the end: the sum of all rewards. With one player rewards come step by
    step. A truncated episode ends like a terminated one.

    Actions that are not Discrete are numbered (`FlatActions`). Observations are vectors, and the information state is
    what the player has observed and done so far. States can be copied, and their history leads to them again.

    Args:
        target: an id, or a masked Gymnasium environment of one agent with `get_state` and `set_state`, wrapped or not.
        seeds: as many (0, 1, ...), or these.
        utilities: the least and the greatest that a player can end with.
        max_game_length: no episode is longer, in moves.
        parameters: of `gymnasium.make`, where an id is given.

    Raises:
        TypeError: parameters beside an environment; a game whose agents act all at once, or whose actions are not
            Discrete, without `opponent`; interval masks, and conditional ones of more than two heads. The message names
            what to use. ValueError: too many actions, as for `FlatActions`; no seed.
    """
    chosen = chosen_seeds(seeds)
    source = _source(target, parameters)
    about = {**parameters, "seeds": chosen, "utilities": utilities, "length": max_game_length}
    known = isinstance(target, str) and not any(callable(value) for value in parameters.values())
    name = f"{target}[{about!r}]" if known else f"{target}#{next(_COUNT)}"
    name = name.translate(str.maketrans("(),=", "<>;:"))  # which have a meaning in OpenSpiel's names
    if name not in _REGISTERED:
        _REGISTERED[name] = _register(name, source, chosen, utilities, max_game_length)
    return pyspiel.load_game(name)


def chosen_seeds(seeds: int | Sequence[int]) -> tuple[int, ...]:
    """The seeds that chance chooses from; a ValueError or TypeError where there are none, or one twice."""
    if isinstance(seeds, (int, np.integer)) and not isinstance(seeds, bool):
        return tuple(range(check_integer("seeds", seeds)))
    try:
        found = list(seeds)  # type: ignore[arg-type]
    except TypeError:
        found = []
    if not found:
        raise ValueError(f"seeds must be a number of seeds, at least 1, or a list of seeds, not {shown(seeds)}")
    chosen = tuple(checked_seed(seed) for seed in found)
    if None in chosen or len(set(chosen)) < len(chosen):
        raise ValueError(f"every one of the seeds must be another one, not {shown(seeds)}")
    return chosen  # type: ignore[return-value]


@dataclass(frozen=True, eq=False)
class _Moment:
    """What stands at one state; never changed, so that copies of a state share it.

    Attributes:
        position: as the environment's `get_state` gives it.
        player: who acts; of no meaning once it is over.
        legal: the numbers of the legal actions, rising.
        observations: of each player, float32.
        rewards: of the last move, for each player.
        over: whether the episode has ended.
    """

    position: Any
    player: int
    legal: tuple[int, ...]
    observations: tuple[npt.NDArray[np.float32], ...]
    rewards: tuple[float, ...]
    over: bool

    def __deepcopy__(self, memo: dict[int, Any]) -> _Moment:
        return self


class _Alone:
    """A Gymnasium environment of one player."""

    players, zero_sum = 1, False

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        self.env, (self.get_state, self.set_state) = env, map(env.get_wrapper_attr, ("get_state", "set_state"))
        assert isinstance(env.action_space, spaces.Discrete)
        self.first, self.num_actions = int(env.action_space.start), int(env.action_space.n)
        self.size = spaces.flatdim(env.observation_space)

    def begin(self, seed: int) -> _Moment:
        observation, _ = self.env.reset(seed=seed)
        return self._moment(observation, 0.0, False)

    def step(self, position: Any, action: int) -> _Moment:
        self.set_state(position)
        observation, reward, terminated, truncated, _ = self.env.step(self.first + action)
        return self._moment(observation, float(reward), terminated or truncated)

    def _moment(self, observation: Any, reward: float, over: bool) -> _Moment:
        legal = tuple(np.flatnonzero(self.env.get_wrapper_attr("action_mask")).tolist())
        flat = flat_observation(self.env.observation_space, observation)
        return _Moment(self.get_state(), 0, legal, (flat,), (reward,), over)

    def __deepcopy__(self, memo: dict[int, Any]) -> _Alone:
        return self


class _Turns:
    """A PettingZoo AEC environment, whose agents act in turn."""

    def __init__(self, env: Any, zero_sum: bool) -> None:
        self.env, self.agents, self.zero_sum = env, list(env.possible_agents), zero_sum
        space = env.action_space(self.agents[0])
        self.first, self.num_actions = int(space.start), int(space.n)
        self.players, self.size = len(self.agents), int(env.observation_space(self.agents[0]).shape[0])

    def begin(self, seed: int) -> _Moment:
        self.env.reset(seed=seed)
        return self._moment()

    def step(self, position: Any, action: int) -> _Moment:
        self.env.set_state(position)
        self.env.step(self.first + action)
        return self._moment()

    def _moment(self) -> _Moment:
        env = self.env
        over = all(env.terminations[agent] or env.truncations[agent] for agent in self.agents)
        seen = tuple(env.observe(agent) for agent in self.agents)
        rewards = tuple(float(env.rewards[agent]) for agent in self.agents)
        legal = tuple(np.flatnonzero(env.action_mask).tolist())
        return _Moment(env.get_state(), self.agents.index(env.agent_selection), legal, seen, rewards, over)

    def __deepcopy__(self, memo: dict[int, Any]) -> _Turns:
        return self


def _source(target: str | gym.Env[Any, Any], parameters: dict[str, Any]) -> _Alone | _Turns:
    """The environment behind a game."""
    if not isinstance(target, str):
        if parameters:
            raise TypeError(f"parameters are for an id: make the environment with {', '.join(parameters)} instead")
        return _Alone(_numbered(target))
    if target not in CATALOGUE:
        return _Alone(_numbered(gym.make(target, **parameters)))
    if changed := [name for name, value in MADE.items() if parameters.get(name, value) != value]:
        raise TypeError(f"{' and '.join(changed)}: OpenSpiel lists legal actions, and its observations are vectors")
    made, play = {**MADE, **parameters}, CATALOGUE[target].play
    if play == "single" or "opponent" in parameters:
        return _Alone(_numbered(gym.make(target, **made)))
    if play != "turns":
        raise TypeError(
            f'the agents of {target} act all at once: make_game({shown(target)}, opponent="random") has one seat'
        )
    env = make_aec(target, **made)
    if not isinstance(env.action_space(env.possible_agents[0]), spaces.Discrete):
        raise TypeError(
            f"the actions of {target} are not Discrete: OpenSpiel can have one seat of it, "
            f'make_game(masked_envs.wrappers.SequentialActions(gymnasium.make({shown(target)}, opponent="random")))'
        )
    return _Turns(env, declaration(target).zero_sum)


def _numbered(env: gym.Env[Any, Any]) -> gym.Env[Any, Any]:
    """The environment with Discrete actions; a TypeError where that cannot be, or where positions cannot be set."""
    if not isinstance(env, gym.Env):
        raise TypeError(f"make_game takes an id or a gymnasium.Env, not {shown(env)}")
    env = adapt(env)
    missing = [name for name in ("get_state", "set_state") if not env.has_wrapper_attr(name)]
    if missing:
        raise TypeError(f"OpenSpiel goes back to positions: {env} needs get_state() and set_state(state)")
    spec = env.get_wrapper_attr("mask_spec")
    if spec.is_continuous or spec.needs_head_mask:
        wrapper = "SequentialActions(env)" if spec.needs_head_mask else "FlatActions(env, bins)"
        raise TypeError(
            f"OpenSpiel has no {spec.kind} actions, {spec.action_space}: wrap the environment first, "
            f"make_game(masked_envs.wrappers.{wrapper})"
        )
    return env if isinstance(env.action_space, spaces.Discrete) else FlatActions(env)


class _State(pyspiel.State):  # type: ignore[misc]
    """A state of a game: a moment, and what each player has been paid and has seen until then."""

    def __init__(self, game: Any, source: _Alone | _Turns, seeds: tuple[int, ...]) -> None:
        super().__init__(game)
        self._source, self._seeds = source, seeds
        self._moment: _Moment | None = None  # before chance has chosen a seed
        self._paid = (0.0,) * source.players
        self._seen = (b"",) * source.players  # a digest of what each player observed and did
        if len(seeds) == 1:
            self._moment = source.begin(seeds[0])

    def current_player(self) -> int:
        if self._moment is None:
            return int(pyspiel.PlayerId.CHANCE)
        return int(pyspiel.PlayerId.TERMINAL) if self._moment.over else self._moment.player

    def chance_outcomes(self) -> list[tuple[int, float]]:
        return [(i, 1 / len(self._seeds)) for i in range(len(self._seeds))]

    def _legal_actions(self, player: int) -> list[int]:
        moment = self._moment
        return [] if moment is None or moment.over or moment.player != player else list(moment.legal)

    def _apply_action(self, action: int) -> None:
        before = self._moment
        if before is None:
            self._moment = self._source.begin(self._seeds[action])
            return
        seen = list(self._seen)
        seen[before.player] = _digest(seen[before.player], before.observations[before.player], action)
        self._moment = self._source.step(before.position, action)
        self._seen = tuple(seen)
        self._paid = tuple(paid + new for paid, new in zip(self._paid, self._moment.rewards, strict=True))

    def _action_to_string(self, player: int, action: int) -> str:
        return f"seed {self._seeds[action]}" if player == pyspiel.PlayerId.CHANCE else str(action)

    def is_terminal(self) -> bool:
        return self._moment is not None and self._moment.over

    def rewards(self) -> list[float]:
        if self.get_game().get_type().reward_model == PARTS.RewardModel.TERMINAL:
            return list(self._paid) if self.is_terminal() else [0.0] * len(self._paid)
        return [0.0] * len(self._paid) if self._moment is None else list(self._moment.rewards)

    def returns(self) -> list[float]:
        terminal = self.get_game().get_type().reward_model == PARTS.RewardModel.TERMINAL
        return [0.0] * len(self._paid) if terminal and not self.is_terminal() else list(self._paid)

    def __str__(self) -> str:
        return " ".join(map(str, self.history()))

    def observed(self, player: int) -> npt.NDArray[np.float32]:
        """What a player observes, float32 (size,); zeros before chance has chosen."""
        return np.zeros(self._source.size, np.float32) if self._moment is None else self._moment.observations[player]

    def known(self, player: int) -> str:
        """What a player has observed and done, and observes, as hexadecimal digits of a digest."""
        return _digest(self._seen[player], self.observed(player), self.current_player() == player).hex()


def _digest(before: bytes, observation: npt.NDArray[np.float32], action: int) -> bytes:
    return hashlib.blake2b(before + observation.tobytes() + int(action).to_bytes(8, "big"), digest_size=16).digest()


class _Observer:
    """OpenSpiel's view of a player's observation."""

    def __init__(self, size: int, perfect_recall: bool) -> None:
        self.tensor = None if perfect_recall else np.zeros(size, np.float32)
        self.dict = {} if self.tensor is None else {"observation": self.tensor}

    def set_from(self, state: _State, player: int) -> None:
        if self.tensor is not None:
            self.tensor[:] = state.observed(player)

    def string_from(self, state: _State, player: int) -> str:
        return state.known(player) if self.tensor is None else " ".join(f"{x:g}" for x in state.observed(player))


def _register(
    name: str, source: _Alone | _Turns, seeds: tuple[int, ...], utilities: tuple[float, float], max_game_length: int
) -> type[Any]:
    several, chance, zero_sum = source.players > 1, len(seeds) > 1, source.zero_sum
    game_type = pyspiel.GameType(
        short_name=name, long_name=name, dynamics=PARTS.Dynamics.SEQUENTIAL,
        chance_mode=PARTS.ChanceMode.EXPLICIT_STOCHASTIC if chance else PARTS.ChanceMode.DETERMINISTIC,
        information=PARTS.Information.IMPERFECT_INFORMATION,
        utility=PARTS.Utility.ZERO_SUM if zero_sum else PARTS.Utility.GENERAL_SUM,
        reward_model=PARTS.RewardModel.TERMINAL if several else PARTS.RewardModel.REWARDS,
        max_num_players=source.players, min_num_players=source.players,
        provides_information_state_string=True, provides_information_state_tensor=False,
        provides_observation_string=True, provides_observation_tensor=True, parameter_specification={},
    )  # fmt: skip
    game_info = pyspiel.GameInfo(
        num_distinct_actions=source.num_actions, max_chance_outcomes=len(seeds) if chance else 0,
        num_players=source.players, min_utility=utilities[0], max_utility=utilities[1],
        utility_sum=0.0 if zero_sum else None, max_game_length=max_game_length,
    )  # fmt: skip

    class Game(pyspiel.Game):  # type: ignore[misc]
        def __init__(self, params: Any = None) -> None:
            super().__init__(game_type, game_info, params or {})

        def new_initial_state(self, state: Any = None) -> _State:
            return _State(self, source, seeds)

        def make_py_observer(self, iig_obs_type: Any = None, params: Any = None) -> _Observer:
            return _Observer(source.size, iig_obs_type is not None and iig_obs_type.perfect_recall)

    pyspiel.register_game(game_type, Game)
    return Game
