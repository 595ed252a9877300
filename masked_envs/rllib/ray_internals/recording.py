"""`config.offline_data(output=...)` for env runners of one agent: every sampled row is written, once."""

from __future__ import annotations

from typing import Any

import ray
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.env.single_agent_env_runner import SingleAgentEnvRunner
from ray.rllib.offline.offline_env_runner import OfflineSingleAgentEnvRunner


class Records(OfflineSingleAgentEnvRunner):  # type: ignore[misc]
    """Mixin over an env runner of one agent: RLlib's recording where `config.output` is set, and else nothing.

    RLlib's own `OfflineSingleAgentEnvRunner` (ray 2.60) keeps one file of those that a call of `sample` fills, writes
    all earlier rows again where `output_max_rows_per_file` is None, and logs a failure to write to nobody. Here each
    row is written once and a failure is raised. Files are in its format, `output/<environment>/run-<worker>-<number>`.
    """

    def __init__(self, *, config: AlgorithmConfig, **kwargs: Any) -> None:
        if config.output:
            super().__init__(config=config, **kwargs)
        else:
            SingleAgentEnvRunner.__init__(self, config=config, **kwargs)

    def sample(self, **kwargs: Any) -> Any:
        samples = SingleAgentEnvRunner.sample(self, **kwargs)
        if self.config.output:
            self._record(samples)
        return samples

    def stop(self) -> None:
        if self.config.output and self.write_remaining_data and self._samples:
            self._write(len(self._samples))
        SingleAgentEnvRunner.stop(self)

    def _record(self, samples: Any) -> None:
        if self.output_write_episodes:
            self._samples.extend(map(_packed, samples))
        else:
            self._map_episodes_to_data(samples)
        most = self.output_max_rows_per_file or len(self._samples)
        while self._samples and len(self._samples) >= most:
            self._write(most)
        self.metrics.log_value(key="recording_buffer_size", value=len(self._samples))

    def _write(self, rows: int) -> None:
        """Write the oldest rows to a file of their own."""
        self._sample_counter += 1
        number = f"{self.worker_path}-{self._sample_counter:06d}"
        dataset = ray.data.from_items(self._samples[:rows], override_num_blocks=1)  # one file
        path = f"{str(self.output_path).rstrip('/')}/{self.subdir_path}/{number}"
        getattr(dataset, self.output_write_method)(path, **self.output_write_method_kwargs)
        del self._samples[:rows]


def _packed(episode: Any) -> bytes:
    """An episode as RLlib's readers take it."""
    try:
        import msgpack
        import msgpack_numpy
    except ImportError as error:
        raise ImportError(
            f"RLlib writes episodes with msgpack-numpy ({error}): pip install msgpack-numpy, or record columns with "
            "offline_data(output_write_episodes=False)",
            name=error.name,
        ) from error
    packed: bytes = msgpack.packb(episode.get_state(), default=msgpack_numpy.encode)
    return packed
