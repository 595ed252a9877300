"""RLlib's episodes from arrays: steps of a vector environment, stored as batches and sliced once per fragment."""

from __future__ import annotations

import copy
import itertools
import time
import uuid
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from ray.rllib.env.single_agent_episode import SingleAgentEpisode
from ray.rllib.env.utils.infinite_lookback_buffer import InfiniteLookbackBuffer
from ray.rllib.utils.spaces.space_utils import unbatch

from ... import trees
from ...torch.features import ACTION_MASK


@dataclass(frozen=True)
class Chunk:
    """A part of an episode: slots begin to stop - 1 of a row, and the episode object to fill with them."""

    episode: SingleAgentEpisode
    row: int
    begin: int
    stop: int


@dataclass(frozen=True)
class Stacked:
    """Batches of many slots as arrays (rows, slots, ...); observations have one slot more than the rest."""

    observations: Any
    actions: Any
    rewards: Any
    extras: dict[str, Any]


class Recorder:
    """The steps of a vector environment with NEXT_STEP autoreset, a slot per call of `step`.

    `observations[s]` (num_envs, ...) is the observation before slot s, `infos[s]` the dicts with it, `times[s]` its
    time (seconds of `time.perf_counter`). Actions, rewards and `extras` (the module's outputs beside the actions)
    belong to the slot. `begins[row]` is the first slot of the current chunk of the row's episode.

    Args:
        num_envs: rows.
        lookback: how many steps before it a chunk of an episode includes (`config.episode_lookback_horizon`).
    """

    def __init__(self, num_envs: int, lookback: int) -> None:
        self.lookback = lookback
        self.begins = np.zeros(num_envs, np.int64)
        self.observations: list[Any] = []
        self.infos: list[list[dict[str, Any]]] = []
        self.times: list[float] = []
        self.actions: list[Any] = []
        self.rewards: list[npt.NDArray[Any]] = []
        self.extras: list[dict[str, Any]] = []
        self._extras_since = 0

    def __len__(self) -> int:
        """The number of slots."""
        return len(self.rewards)

    def see(self, observations: Any, infos: list[dict[str, Any]]) -> None:
        """Add the observations and infos after a reset or a step."""
        self.observations.append(observations)
        self.infos.append(infos)
        self.times.append(time.perf_counter())

    def act(self, actions: Any, rewards: npt.NDArray[Any], extras: dict[str, Any]) -> None:
        """Add the actions of a step and what came of it, each (num_envs, ...)."""
        if self.extras and self.extras[-1].keys() != extras.keys():
            self._extras_since = len(self)
        self.actions.append(actions)
        self.rewards.append(rewards)
        self.extras.append(extras)

    def chunk(self, episode: SingleAgentEpisode, row: int) -> Chunk:
        """The chunk of the row's episode up to now."""
        return Chunk(episode, row, int(self.begins[row]), len(self))

    def stack(self, rows: slice = slice(None)) -> Stacked:
        """All slots of some rows as arrays, copies."""

        def joined(batches: list[Any]) -> Any:
            return trees.map(lambda *arrays: np.stack([array[rows] for array in arrays], axis=1), *batches)

        extras = self.extras[self._extras_since :]
        return Stacked(joined(self.observations), joined(self.actions), joined(self.rewards), joined(extras))

    def fill(self, chunk: Chunk, stacked: Stacked, first_row: int, to_numpy: bool) -> SingleAgentEpisode:
        """Write the steps of a chunk into its episode.

        Args:
            stacked: from `stack`, `first_row` being its first row.
            to_numpy: arrays, as after `SingleAgentEpisode.to_numpy`; else lists of single items.
        """
        episode, begin, stop = chunk.episode, chunk.begin, chunk.stop
        lookback = min(self.lookback, episode.t_started, begin)

        def write(buffer: InfiniteLookbackBuffer, batch: Any, low: int, high: int, offset: int = 0) -> None:
            data = trees.row(batch, (chunk.row - first_row, slice(low - offset, high - offset)))
            buffer.data, buffer.finalized = (data, True) if to_numpy else (unbatch(data), False)
            buffer.lookback = begin - low

        low, since = begin - lookback, self._extras_since
        write(episode.observations, stacked.observations, low, stop + 1)
        write(episode.actions, stacked.actions, low, stop)
        write(episode.rewards, stacked.rewards, low, stop)
        for name, batch in stacked.extras.items():
            episode.extra_model_outputs[name] = _empty(NO_SPACE)
            write(episode.extra_model_outputs[name], batch, max(low, since), stop, since)
        episode.infos.data = [infos[chunk.row] for infos in self.infos[low : stop + 1]]
        episode.infos.lookback = lookback
        episode.t = episode.t_started + stop - begin
        if stop > begin:
            # For `get_duration_s`. In a chunk that is not the first, RLlib's clock starts after the first step.
            episode._start_time = episode._start_time or self.times[begin + bool(episode.t_started)]
            episode._last_step_time = self.times[stop]
        return episode

    def forget(self) -> None:
        """Drop all slots but the lookback of the next chunks; every row begins a new chunk."""
        kept = min(self.lookback, len(self))
        dropped = len(self) - kept
        for batches in (self.observations, self.infos, self.times, self.actions, self.rewards, self.extras):
            del batches[:dropped]
        self._extras_since = max(0, self._extras_since - dropped)
        self.begins[:] = kept


def rows_of_infos(infos: dict[str, Any]) -> list[dict[str, Any]] | None:
    """The result of `DictInfoToList` if every row has every entry and all are arrays, else None."""
    keys = [key for key in infos if not key.startswith("_")]
    columns = [infos[key] for key in keys]
    if not keys or not all(isinstance(column, np.ndarray) for column in columns):
        return None
    if not all(infos[f"_{key}"].all() for key in keys if f"_{key}" in infos):
        return None
    rows: list[dict[str, Any]] = [{keys[0]: value} for value in columns[0]]
    for key, column in zip(keys[1:], columns[1:], strict=True):
        for row, value in zip(rows, column, strict=True):
            row[key] = value
    return rows


NO_SPACE = InfiniteLookbackBuffer()


def _empty(model: InfiniteLookbackBuffer) -> InfiniteLookbackBuffer:
    """An empty buffer of the same space."""
    buffer = InfiniteLookbackBuffer.__new__(InfiniteLookbackBuffer)
    buffer.__dict__.update(model.__dict__)
    buffer.data = []
    return buffer


class Episodes:
    """Makes empty episodes of one environment, whose spaces RLlib would analyse again for each."""

    def __init__(self, observation_space: gym.Space[Any], action_space: gym.Space[Any]) -> None:
        model = SingleAgentEpisode(observation_space=observation_space, action_space=action_space)
        self._model, self._values = model, [(name, getattr(model, name)) for name in SingleAgentEpisode.__slots__]
        # Ids are unique as RLlib's are, without 16 random bytes for each episode.
        self._ids = map(f"{uuid.uuid4().hex}_{{:x}}".format, itertools.count())

    def new(self, id_: str | None = None, t_started: int = 0) -> SingleAgentEpisode:
        """As `SingleAgentEpisode(id_, observation_space=..., action_space=..., t_started=...)`."""
        model, episode = self._model, SingleAgentEpisode.__new__(SingleAgentEpisode)
        for name, value in self._values:
            setattr(episode, name, value)
        episode.id_, episode.t, episode.t_started = id_ or next(self._ids), t_started, t_started
        episode.observations, episode.actions = _empty(model.observations), _empty(model.actions)
        episode.infos, episode.rewards = _empty(model.infos), _empty(model.rewards)
        episode.extra_model_outputs, episode._custom_data = {}, {}
        return episode

    def successor(self, episode: SingleAgentEpisode) -> SingleAgentEpisode:
        """The next chunk of the episode, still empty, as `SingleAgentEpisode.cut` makes it."""
        follower = self.new(episode.id_, episode.t)
        if episode.custom_data:
            follower.custom_data.update(copy.deepcopy(episode.custom_data))
        return follower


def masks_of(episode: Any) -> Any:
    """The masks of the decisions in an episode, stacked, the one after its last action left out."""
    buffer = episode.observations
    if buffer.finalized:  # `get_observations` would slice every part of the observation for it
        own = slice(buffer.lookback, buffer.lookback + len(episode))
        return trees.map(lambda masks: masks[own], buffer.data[ACTION_MASK])
    observations = episode.get_observations(slice(0, len(episode)))
    return trees.map(lambda *masks: np.stack(masks), *(observation[ACTION_MASK] for observation in observations))


def actions_of(episode: Any) -> Any:
    """The actions in an episode, stacked."""
    actions = episode.get_actions(slice(0, len(episode)))
    return actions if episode.actions.finalized else trees.stack(actions)
