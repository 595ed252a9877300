"""An RLlib env runner that steps a vector environment as arrays and builds the episodes once per fragment."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from gymnasium.vector import AutoresetMode
from gymnasium.wrappers.vector import DictInfoToList
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.connectors.module_to_env import GetActions
from ray.rllib.core.columns import Columns
from ray.rllib.env.env_runner import ENV_STEP_FAILURE
from ray.rllib.env.single_agent_env_runner import SingleAgentEnvRunner
from ray.rllib.env.single_agent_episode import SingleAgentEpisode
from ray.rllib.utils.metrics import RLMODULE_INFERENCE_TIMER, WEIGHTS_SEQ_NO
from ray.rllib.utils.numpy import convert_to_numpy
from ray.rllib.utils.torch_utils import convert_to_torch_tensor

from ... import trees
from ..arrays import as_array, fitting, where_rows, without_collections
from .acting import FusedAct
from .fragments import Chunk, Episodes, Recorder
from .gathered import gathered, timers_found_once
from .guard import GuardsMasks
from .infos import Columns as InfoColumns
from .infos import columns_of, info_of
from .recording import Records
from .refusals import check_default_connectors, check_supported, is_called

EPISODE_CALLBACKS = ("on_episode_created", "on_episode_start", "on_episode_end")


class BatchedEnvRunner(GuardsMasks, Records, SingleAgentEnvRunner):  # type: ignore[misc]
    """RLlib's `SingleAgentEnvRunner` without its Python loop over the environments.

        config.env_runners(env_runner_cls=BatchedEnvRunner, gym_env_vectorize_mode="vector_entry_point")

    The same seeds and weights give the same episodes, in the same order, with the same metrics, as RLlib's own runner.
    Only what connector pipelines log is missing, because batches do not pass through them. Callbacks are called when
    RLlib would call them. `sample(random_actions=True)` draws uniformly over the legal actions.

    With `config.fault_tolerance(restart_failed_sub_environments=True)` a step that raises recreates the whole vector
    environment, as in RLlib's runner, and its `invalid_actions` starts at 0 again.

    Raises:
        ValueError: custom connectors, a callback `on_episode_step`, several agents, or an environment whose autoreset
            mode is not NEXT_STEP; the message names it and how to use RLlib's runner instead.
    """

    env: Any  # the vector environment; RLlib's runner has it within a `DictInfoToList`
    _needs_initial_reset: bool

    def __init__(self, *, config: AlgorithmConfig, **kwargs: Any) -> None:
        check_default_connectors(config)
        super().__init__(config=config, **kwargs)
        check_supported(self.config, self._callbacks, self._env_to_module, self._module_to_env)
        self._is_called = {name: is_called(name, self.config, self._callbacks) for name in EPISODE_CALLBACKS}
        self._shows_beginnings = self._is_called["on_episode_created"] or self._is_called["on_episode_start"]
        self._choose = GetActions()
        self._action_rng = np.random.default_rng(self._seed)
        self._recorder = Recorder(self.num_envs, self.config.episode_lookback_horizon)
        self._ended = np.zeros(self.num_envs, np.bool_)
        self._state: Any = None
        self._fused: FusedAct | None = None  # of the current fragment
        self._tried = 0  # calls of `step` not yet reported to Ray

    def make_env(self) -> None:
        """As in RLlib's runner, but infos stay arrays until an episode needs them."""
        super().make_env()
        self._lister: DictInfoToList = self.env
        self.env = self._lister.env
        mode = self.env.metadata.get("autoreset_mode", AutoresetMode.NEXT_STEP)
        if mode is not AutoresetMode.NEXT_STEP:
            raise ValueError(
                f"BatchedEnvRunner steps environments with autoreset mode NEXT_STEP, not {mode.name}: leave "
                "autoreset_mode out of env_config"
            )
        self._episodes = Episodes(self.env.single_observation_space, self.env.single_action_space)
        self._fit = fitting(self.config, self.env.single_action_space)

    def make_module(self) -> None:
        super().make_module()
        if self.module is not None:
            self.module.eval()  # else `forward_exploration` turns it to eval and back to train in every step

    def get_metrics(self) -> dict[str, Any]:
        # The metrics are means and extremes over at most this many of the last episodes.
        forgotten = self._done_episodes_for_metrics[: -self.config.metrics_num_episodes_for_smoothing]
        for episode in forgotten:
            self._ongoing_episodes_for_metrics.pop(episode.id_, None)
        del self._done_episodes_for_metrics[: len(forgotten)]
        with gathered(self):
            metrics: dict[str, Any] = super().get_metrics()
        return metrics

    def _log_env_steps(self, metric: Any, num_steps: int) -> None:
        """As RLlib's, but calls of `step` are reported to Ray's dashboard once per fragment, not one by one."""
        if metric is self._metrics_num_try_env_step:
            self._tried += num_steps
            return
        if self._tried:
            super()._log_env_steps(self._metrics_num_try_env_step, self._tried)
            self._tried = 0
        super()._log_env_steps(metric, num_steps)

    # --- sampling -------------------------------------------------------------------------------------------

    @without_collections
    def _sample(
        self,
        *,
        num_timesteps: int | None = None,
        num_episodes: int | None = None,
        explore: bool,
        random_actions: bool = False,
        force_reset: bool = False,
    ) -> list[SingleAgentEpisode]:
        if force_reset or num_episodes is not None or self._needs_initial_reset:
            self._reset_envs_and_episodes(explore)
        if num_episodes is not None:
            self._needs_initial_reset = True
        self._inference_timer = self.metrics.log_time(RLMODULE_INFERENCE_TIMER)
        self._fused = FusedAct.of(self.module, self._device)
        self._numbers_of_weights = np.full(self.num_envs, self._weights_seq_no)
        done: list[SingleAgentEpisode] = []
        ended: list[Chunk] = []
        steps = 0
        with timers_found_once(self.metrics):
            while (num_timesteps is not None and steps < num_timesteps) or (
                num_episodes is not None and len(done) + len(ended) < num_episodes
            ):
                left = 1 if num_timesteps is None else num_timesteps - steps
                actions, for_env, extras = self._random_actions() if random_actions else self._act(explore, steps, left)
                results = self._try_env_step(for_env)
                if results == ENV_STEP_FAILURE:
                    done, ended, steps = done + self._finish(ended, cut=False)[0], [], 0
                    self._reset_envs_and_episodes(explore)
                    continue
                steps += self.num_envs - int(np.count_nonzero(self._ended))
                most = None if num_episodes is None else num_episodes - len(done) - len(ended)
                ended += self._advance(actions, extras, results, most)
        finished, ongoing = self._finish(ended, cut=num_timesteps is not None)
        done += finished
        self._done_episodes_for_metrics.extend(done)
        self._log_env_steps(metric=self._metrics_num_env_steps_sampled, num_steps=steps)
        self._increase_sampled_metrics(steps, len(done))
        return done + ongoing

    def _act(self, explore: bool, steps: int, left: int) -> tuple[Any, Any, dict[str, Any]]:
        """The module's actions, those for the environment, and the module's other outputs.

        Args:
            steps: taken in this fragment; `left` are still to take.
        """
        if self._fused is None:
            return self._act_by_module(explore, steps)
        with self._inference_timer:
            made = self._fused(self._recorder.observations[-1], explore, -(-left // self.num_envs))
        actions, log_probs, logits = map(as_array, made)
        return actions, actions, {Columns.ACTION_DIST_INPUTS: logits, Columns.ACTION_LOGP: log_probs}

    def _act_by_module(self, explore: bool, steps: int) -> tuple[Any, Any, dict[str, Any]]:
        module = self.module
        batch = {Columns.OBS: trees.map(self._copied_tensor, self._recorder.observations[-1])}
        if module.is_stateful():
            batch = trees.map(lambda tensor: tensor.unsqueeze(1), batch)
            batch[Columns.STATE_IN] = self._to_tensors(self._initial_state() if self._state is None else self._state)
        with torch.no_grad(), self._inference_timer:
            output = (
                module.forward_exploration(batch, t=self._global_steps(steps))
                if explore
                else module.forward_inference(batch)
            )
        extras = trees.map(
            as_array, self._choose(rl_module=module, batch=output, episodes=self._ongoing_episodes, explore=explore)
        )
        if module.is_stateful():
            self._state = extras[Columns.STATE_OUT]
            extras = {
                name: value if name == Columns.STATE_OUT else trees.map(lambda array: array.squeeze(1), value)
                for name, value in extras.items()
            }
        actions = extras.pop(Columns.ACTIONS)
        for_env = extras.pop(Columns.ACTIONS_FOR_ENV, actions)
        return actions, for_env if self._fit is None else self._fit(actions), extras

    def _random_actions(self) -> tuple[Any, Any, dict[str, Any]]:
        """As `_act`, uniform over the legal actions."""
        envs = self.env.unwrapped
        spec = getattr(envs, "mask_spec", None)
        if spec is None:
            raise ValueError(
                f"random_actions=True draws legal actions, and {envs} has no mask_spec to tell which those are: "
                'with one of masked_envs, set config.env_runners(gym_env_vectorize_mode="vector_entry_point")'
            )
        actions = spec.sample(envs.action_mask, self._action_rng, getattr(envs, "head_mask", None))
        self._state = None
        return actions, actions, {}

    def _advance(self, actions: Any, extras: dict[str, Any], results: Any, most: int | None) -> list[Chunk]:
        """Record a step of all rows; return the episodes that ended in it, at most `most`, and begin new ones."""
        observations, rewards, terminated, truncated, infos = results
        recorder, began = self._recorder, self._ended
        recorder.act(actions, rewards, {**extras, WEIGHTS_SEQ_NO: self._numbers_of_weights})
        recorder.see(observations, self._columns_or_rows(infos))
        self._ended = terminated | truncated
        if self._state is not None and began.any():
            self._state = trees.map(functools.partial(where_rows, began), self._initial_state(), self._state)
        chunks: list[Chunk] = []
        if began.any():
            recorder.begins[began] = len(recorder)
        eventful = self._ended & ~began
        if self._shows_beginnings:
            self._add_resets(began)
            eventful |= began
        for row in eventful.nonzero()[0].tolist():
            if began[row]:
                self._call_on_episode_start(row)
                continue
            chunk = self._end(row, terminated, truncated)
            chunks.append(chunk)
            if most is not None and len(chunks) >= most:
                break
        return chunks

    def _end(self, row: int, terminated: npt.NDArray[np.bool_], truncated: npt.NDArray[np.bool_]) -> Chunk:
        chunk = self._chunk(row)
        chunk.episode.is_terminated, chunk.episode.is_truncated = bool(terminated[row]), bool(truncated[row])
        if self._is_called["on_episode_end"]:
            self._recorder.fill(chunk, self._recorder.stack(slice(row, row + 1)), row, to_numpy=False)
            self._make_on_episode_callback("on_episode_end", row, self._ongoing_episodes)
        self._new_episode(row, self._ongoing_episodes)
        return chunk

    # --- episodes -------------------------------------------------------------------------------------------

    def _reset_envs(self, episodes: list[SingleAgentEpisode], shared_data: dict[str, Any], explore: bool) -> None:
        for row in range(self.num_envs):
            self._new_episode(row, episodes)
        self._ongoing_episodes_for_metrics.clear()
        seed = self._seed if self._needs_initial_reset else None
        observations, infos = self._try_env_reset(seed=seed, options=None)
        self._recorder = Recorder(self.num_envs, self.config.episode_lookback_horizon)
        self._recorder.see(observations, self._columns_or_rows(infos))
        self._ended = np.zeros(self.num_envs, np.bool_)
        self._state = None
        self._add_resets(~self._ended)
        for row in range(self.num_envs):
            self._call_on_episode_start(row)

    def _new_episode(self, env_index: int, episodes: list[SingleAgentEpisode | None] | None = None) -> None:
        """Make the episode of a row now if a callback is called at its beginning, else when it is filled."""
        episodes = self._ongoing_episodes if episodes is None else episodes
        episodes[env_index] = None
        if self._shows_beginnings:
            super()._new_episode(env_index, episodes)

    def _add_resets(self, rows: npt.NDArray[np.bool_]) -> None:
        for row in np.flatnonzero(rows).tolist():
            episode = self._ongoing_episodes[row]
            if episode is not None:
                observation = trees.map(lambda array, row=row: array[row], self._recorder.observations[-1])
                episode.add_env_reset(observation, info_of(self._recorder.infos[-1], row))

    def _call_on_episode_start(self, row: int) -> None:
        if self._is_called["on_episode_start"]:
            self._make_on_episode_callback("on_episode_start", row, self._ongoing_episodes)

    def _chunk(self, row: int) -> Chunk:
        """The steps of a row since its episode, or this chunk of it, began."""
        episode = self._ongoing_episodes[row]
        if episode is None:
            episode = self._episodes.to_fill()
            self._ongoing_episodes[row] = episode
        return self._recorder.chunk(episode, row)

    def _finish(self, ended: list[Chunk], cut: bool) -> tuple[list[SingleAgentEpisode], list[SingleAgentEpisode]]:
        """The episodes that have ended, filled with their steps; and, with `cut`, the current chunks of the others."""
        recorder, to_numpy = self._recorder, self.episodes_to_numpy
        if not len(recorder):
            return [], []
        stacked = recorder.stack()
        if self._is_called["on_episode_end"]:
            done = [chunk.episode.to_numpy() if to_numpy else chunk.episode for chunk in ended]
        else:
            done = [recorder.fill(chunk, stacked, 0, to_numpy) for chunk in ended]
        ongoing: list[SingleAgentEpisode] = []
        if not cut:
            return done, ongoing
        for row in np.flatnonzero(~self._ended).tolist():
            chunk = self._chunk(row)
            if chunk.episode.t_started or chunk.stop > chunk.begin:
                ongoing.append(recorder.fill(chunk, stacked, 0, to_numpy))
                self._ongoing_episodes_for_metrics[chunk.episode.id_].append(chunk.episode)
                self._ongoing_episodes[row] = self._episodes.successor(chunk.episode)
        recorder.forget()
        return done, ongoing

    # --- the module -----------------------------------------------------------------------------------------

    def _columns_or_rows(self, infos: dict[str, Any]) -> InfoColumns | list[dict[str, Any]]:
        columns = columns_of(infos)
        if columns is not None:
            return columns
        rows: list[dict[str, Any]] = self._lister._convert_info_to_list(infos)
        return rows

    def _copied_tensor(self, array: npt.NDArray[Any]) -> torch.Tensor:
        return torch.from_numpy(array.copy()).to(self._device)

    def _to_tensors(self, struct: Any) -> Any:
        return convert_to_torch_tensor(struct, device=self._device)

    def _initial_state(self) -> Any:
        """The module's initial state for every row (num_envs, ...)."""
        state = convert_to_numpy(self.module.get_initial_state())
        return trees.map(lambda array: np.repeat(array[np.newaxis], self.num_envs, axis=0), state)

    def _global_steps(self, steps: int) -> int:
        """RLlib's estimate of the steps that all env runners have taken; `steps` are this runner's new ones."""
        runners = self.config.num_env_runners or 1
        return int((self.num_env_steps_sampled_lifetime // runners + steps) * runners)
