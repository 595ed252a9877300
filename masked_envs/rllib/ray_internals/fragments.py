"""RLlib's episodes from arrays: steps of a vector environment, stored as batches and sliced once per fragment."""

from __future__ import annotations

import copy
import functools
import itertools
import time
import uuid
from collections.abc import Callable
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
from .infos import Columns, LazyInfos, info_of, joined


@dataclass(frozen=True)
class Chunk:
    """A part of an episode: slots begin to stop - 1 of a row, and the episode object to fill with them."""

    episode: SingleAgentEpisode
    row: int
    begin: int
    stop: int


@dataclass(frozen=True)
class Stacked:
    """Batches of many slots as arrays (rows, slots, ...); observations and infos have one slot more than the rest."""

    observations: Any
    actions: Any
    rewards: Any
    extras: dict[str, Any]
    infos: Columns | None

    @functools.cached_property
    def cut(self) -> dict[str, Any]:
        """Of each batch, what takes a part of it; of extras by name."""
        extras = {name: cutter_of(batch) for name, batch in self.extras.items()}
        names = ("observations", "actions", "rewards", "infos")
        return {name: cutter_of(getattr(self, name)) for name in names} | {"extras": extras}


Cutter = Callable[[Any], Any]


def cutter_of(batch: Any) -> Cutter:
    """As `trees.row` of this batch, for many parts of it."""
    if isinstance(batch, np.ndarray):
        return batch.__getitem__
    if isinstance(batch, tuple):
        parts = [cutter_of(part) for part in batch]
        return lambda index: tuple([part(index) for part in parts])
    named = {} if batch is None else {name: cutter_of(part) for name, part in batch.items()}
    return lambda index: {name: part(index) for name, part in named.items()}


class Recorder:
    """The steps of a vector environment with NEXT_STEP autoreset, a slot per call of `step`.

    `observations[s]` (num_envs, ...) is the observation before slot s, `infos[s]` the infos with it, `times[s]` its
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
        self.infos: list[Columns | list[dict[str, Any]]] = []
        self.times: list[float] = []
        self.actions: list[Any] = []
        self.rewards: list[npt.NDArray[Any]] = []
        self.extras: list[dict[str, Any]] = []
        self._extras_since = 0

    def __len__(self) -> int:
        """The number of slots."""
        return len(self.rewards)

    def see(self, observations: Any, infos: Columns | list[dict[str, Any]]) -> None:
        """Add the observations and infos (columns, or a dict for each row) after a reset or a step."""
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

        def stacked(batches: list[Any]) -> Any:
            return trees.map(lambda *arrays: np.stack([array[rows] for array in arrays], axis=1), *batches)

        extras = stacked(self.extras[self._extras_since :])
        infos = joined(self.infos, rows)
        return Stacked(stacked(self.observations), stacked(self.actions), stacked(self.rewards), extras, infos)

    def fill(self, chunk: Chunk, stacked: Stacked, first_row: int, to_numpy: bool) -> SingleAgentEpisode:
        """Write the steps of a chunk into its episode.

        Args:
            stacked: from `stack`, `first_row` being its first row.
            to_numpy: arrays, as after `SingleAgentEpisode.to_numpy`; else lists of single items.
        """
        episode, begin, stop = chunk.episode, chunk.begin, chunk.stop
        lookback = min(self.lookback, episode.t_started, begin)
        row, low, since = chunk.row - first_row, begin - lookback, self._extras_since
        cut, first = stacked.cut, max(low, since)

        def part(model: InfiniteLookbackBuffer, cutter: Cutter, start: int, end: int, lookback: int) -> Any:
            data = cutter((row, slice(start, end)))
            return _filled(model, data if to_numpy else unbatch(data), to_numpy, lookback)

        episode.observations = part(episode.observations, cut["observations"], low, stop + 1, lookback)
        episode.actions = part(episode.actions, cut["actions"], low, stop, lookback)
        episode.rewards = part(episode.rewards, cut["rewards"], low, stop, lookback)
        outputs = episode.extra_model_outputs
        for name, cutter in cut["extras"].items():
            outputs[name] = part(NO_SPACE, cutter, first - since, stop - since, begin - first)
        if stacked.infos is None:
            rows = [info_of(infos, chunk.row) for infos in self.infos[low : stop + 1]]
            episode.infos = _filled(NO_SPACE, rows, False, lookback)
        else:
            episode.infos = LazyInfos(cut["infos"]((row, slice(low, stop + 1))), lookback)
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


NO_SPACE = InfiniteLookbackBuffer()


def _filled(model: InfiniteLookbackBuffer, data: Any, finalized: bool, lookback: int) -> InfiniteLookbackBuffer:
    """A buffer of the same space with these data."""
    buffer = InfiniteLookbackBuffer.__new__(InfiniteLookbackBuffer)
    buffer.__dict__.update(model.__dict__, data=data, finalized=finalized, lookback=lookback)
    return buffer


def _empty(model: InfiniteLookbackBuffer) -> InfiniteLookbackBuffer:
    """An empty buffer of the same space."""
    return _filled(model, [], False, 0)


class Episodes:
    """Makes empty episodes of one environment, whose spaces RLlib would analyse again for each."""

    def __init__(self, observation_space: gym.Space[Any], action_space: gym.Space[Any]) -> None:
        model = SingleAgentEpisode(observation_space=observation_space, action_space=action_space)
        self._values = [(name, getattr(model, name)) for name in SingleAgentEpisode.__slots__]
        # Ids are unique as RLlib's are, without 16 random bytes for each episode.
        self._ids = map(f"{uuid.uuid4().hex}_{{:x}}".format, itertools.count())

    def new(self, id_: str | None = None, t_started: int = 0) -> SingleAgentEpisode:
        """As `SingleAgentEpisode(id_, observation_space=..., action_space=..., t_started=...)`."""
        episode = self.to_fill(id_, t_started)
        episode.observations, episode.actions = _empty(episode.observations), _empty(episode.actions)
        episode.infos, episode.rewards = _empty(episode.infos), _empty(episode.rewards)
        return episode

    def to_fill(self, id_: str | None = None, t_started: int = 0) -> SingleAgentEpisode:
        """As `new`, for `Recorder.fill` alone: its empty buffers are those of all such episodes."""
        episode = SingleAgentEpisode.__new__(SingleAgentEpisode)
        for name, value in self._values:
            setattr(episode, name, value)
        episode.id_, episode.t, episode.t_started = id_ or next(self._ids), t_started, t_started
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
