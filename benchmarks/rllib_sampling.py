"""Sampling of RLlib's env runners: 64 rows of MaskedCartPole in one process, masked PPO, one torch thread.

    python benchmarks/rllib_sampling.py

A repetition is a fragment of about 4,000 steps by `sample()` and the `get_metrics()` that follows it in training. The
sides run in turn, each first in turn; figures are medians. The last row is no runner: it is what the
module and its distribution take per step when nothing else is done.
"""

from __future__ import annotations

import argparse
import logging
import statistics
import time
from collections.abc import Callable
from typing import Any

from measure import REPETITIONS, machine, require

NUM_ENVS, FRAGMENT = 64, 63
NETWORKS = {"hidden layers 256, 256 (RLlib's default)": [256, 256], "hidden layers 64, 64": [64, 64]}


def runner(env_runner: str, mode: str, hidden: list[int]) -> Any:
    from ray.rllib.algorithms.ppo import PPOConfig

    from masked_envs.rllib import configure

    config = configure(PPOConfig(), "MaskedCartPole-v0", model_config={"fcnet_hiddens": hidden}, env_runner=env_runner)
    config.env_runners(
        num_env_runners=0,
        num_envs_per_env_runner=NUM_ENVS,
        gym_env_vectorize_mode=mode,
        rollout_fragment_length=FRAGMENT,
    ).debugging(seed=0)
    return config.env_runner_cls(config=config, worker_index=0)


def sampling(made: Any) -> Callable[[], float]:
    """Steps per second of a fragment and its metrics."""

    def run() -> float:
        began = time.perf_counter()
        steps = sum(len(episode) for episode in made.sample())
        made.get_metrics()
        return steps / (time.perf_counter() - began)

    return run


def acting(made: Any) -> Callable[[], float]:
    """Actions per second of the module and RLlib's distribution alone, always for the same observations."""
    import torch
    from ray.rllib.connectors.module_to_env import GetActions
    from ray.rllib.core.columns import Columns
    from ray.rllib.utils.torch_utils import convert_to_torch_tensor

    observations, _ = made.env.reset(seed=0)
    batch, choose = {Columns.OBS: convert_to_torch_tensor(observations)}, GetActions()

    def run() -> float:
        began = time.perf_counter()
        with torch.no_grad():
            for _ in range(FRAGMENT):
                outputs = made.module.forward_exploration(batch, t=0)
                choose(rl_module=made.module, batch=outputs, episodes=[None], explore=True)
        return FRAGMENT * NUM_ENVS / (time.perf_counter() - began)

    return run


def measured(hidden: list[int], repetitions: int) -> dict[str, float]:
    """Median rates of the sides, which run in turn."""
    ours = runner("batched", "vector_entry_point", hidden)
    sides = {
        "RLlib, sync": sampling(runner("rllib", "sync", hidden)),
        "RLlib, vector_entry_point": sampling(runner("rllib", "vector_entry_point", hidden)),
        "BatchedEnvRunner": sampling(ours),
        "module and distribution alone": acting(runner("batched", "vector_entry_point", hidden)),
    }
    rates: dict[str, list[float]] = {name: [] for name in sides}
    for side in sides.values():
        side()
    for repetition in range(repetitions):
        names = list(sides)
        first = repetition % len(names)
        for name in names[first:] + names[:first]:
            rates[name].append(sides[name]())
    assert ours.env.unwrapped.invalid_actions.sum() == 0
    return {name: statistics.median(each) for name, each in rates.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=REPETITIONS)
    given = parser.parse_args()
    require("ray", "torch")
    import torch

    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    print(machine())
    for name, hidden in NETWORKS.items():
        rates = measured(hidden, given.repetitions)
        print(f"\n{name}\n\n| | steps/s | microseconds per step of {NUM_ENVS} | ratio to sync |\n|---|---|---|---|")
        for side, rate in rates.items():
            print(f"| {side} | {rate:,.0f} | {NUM_ENVS / rate * 1e6:,.0f} | {rate / rates['RLlib, sync']:.1f} |")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
