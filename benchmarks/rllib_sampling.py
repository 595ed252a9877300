"""Sampling of RLlib's env runners: 64 rows of MaskedCartPole in one process, masked PPO, one torch thread.

    python benchmarks/rllib_sampling.py                         into results/rllib/<date>-<machine>.json
    python benchmarks/rllib_sampling.py --write docs/rllib.md   measure nothing; the newest tables into a page

A repetition is a fragment of about 4,000 steps by `sample()` and the `get_metrics()` that follows it in training. The
sides run in turn, each first in turn; figures are medians. The last row is no runner: it is what the
module and RLlib's distribution take per step when nothing else is done.

The second table is of fragments of `BatchedEnvRunner` in which the parts below are timed, each without the parts within
it; the clock itself takes about half a microsecond a call.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from measure import REPETITIONS, machine, require, today, versions
from report import RESULTS, newest, written_into
from run import machine_name

FOLDER = RESULTS / "rllib"
START, END = "<!-- sampling:start -->", "<!-- sampling:end -->"
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


class Parts:
    """Seconds in each of several functions, without those in the others that they call."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._inner: list[float] = []

    def timed(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            self._inner.append(0.0)
            began = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                took, inner = time.perf_counter() - began, self._inner.pop()
                self.seconds[part] = self.seconds.get(part, 0.0) + took - inner
                if self._inner:
                    self._inner[-1] += took

        return call


THE_REST = "the rest of the runner"


@contextlib.contextmanager
def parts_of(made: Any) -> Iterator[Parts]:
    """A context in which the parts of a `BatchedEnvRunner` are timed."""
    from masked_envs.rllib.metrics import MaskMetrics
    from masked_envs.rllib.ray_internals.acting import FusedAct
    from masked_envs.rllib.ray_internals.fragments import Recorder

    parts = Parts()
    timed = [
        (FusedAct, "__call__", "the module and its distribution"),
        (made.env, "step", "the environment, the mask included"),
        (made, "_refuse_empty", "the look for empty masks"),
        (made, "_end", "episodes that end"),
        (Recorder, "stack", "fragments as arrays"),
        (made, "_finish", "episode objects"),
        (made, "_increase_sampled_metrics", "RLlib's metrics"),
        (type(made.metrics), "log_time", "RLlib's metrics"),
        (MaskMetrics, "on_sample_end", "the metrics of masks"),
        (made, "get_metrics", "RLlib's metrics of episodes"),
        (made, "sample", THE_REST),
    ]
    before = [(owner, name, vars(owner).get(name)) for owner, name, _ in timed]
    for owner, name, part in timed:
        setattr(owner, name, parts.timed(part, getattr(owner, name)))
    try:
        yield parts
    finally:
        for owner, name, own in before:
            if own is None:
                delattr(owner, name)
            else:
                setattr(owner, name, own)


def profiled(hidden: list[int], repetitions: int) -> dict[str, float]:
    """Microseconds per step of all rows in each part: medians over fragments."""
    made = runner("batched", "vector_entry_point", hidden)
    found: dict[str, list[float]] = {}
    for repetition in range(repetitions + 1):
        with parts_of(made) as parts:
            steps = sum(len(episode) for episode in made.sample()) / NUM_ENVS
            made.get_metrics()
        if repetition:  # the first warms
            for part, seconds in parts.seconds.items():
                found.setdefault(part, []).append(seconds / steps * 1e6)
    return {part: statistics.median(each) for part, each in sorted(found.items(), key=lambda item: -sum(item[1]))}


def tables(report: dict[str, Any]) -> str:
    """The results in Markdown."""
    machine, lines = report["machine"], []
    for name, found in report["networks"].items():
        rates = found["steps_per_second"]
        lines += [
            f"With {name}:",
            "",
            f"| side | microseconds for a step of {NUM_ENVS} | times as fast as sync |",
            "|---|---|---|",
        ]
        for side, rate in rates.items():
            lines.append(f"| {side} | {NUM_ENVS / rate * 1e6:,.0f} | {rate / rates['RLlib, sync']:.1f} |")
        lines += ["", "| of which `BatchedEnvRunner` needs for | microseconds |", "|---|---|"]
        lines += [f"| {part} | {microseconds:,.0f} |" for part, microseconds in found["microseconds_of_parts"].items()]
        lines.append("")
    ray = report["versions"].get("ray", "")
    load = f"load {machine['load']:.0f} to {machine['load_at_the_end']:.0f}"
    lines.append(f"{machine['cpu']}, {machine['cores']} cores, {load}, {report['date']}, ray {ray}.")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=REPETITIONS)
    parser.add_argument("--write", type=Path, metavar="PAGE", help="measure nothing; a Markdown page with the markers")
    given = parser.parse_args()
    if given.write is not None:
        block = tables(json.loads(newest(FOLDER).read_text()))
        given.write.write_text(written_into(given.write.read_text(), block, START, END))
        return 0
    require("ray", "torch")
    import torch

    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    report: dict[str, Any] = {"date": today(), "machine": machine(), "versions": found_versions(), "networks": {}}
    for name, hidden in NETWORKS.items():
        rates = measured(hidden, given.repetitions)
        parts = profiled(hidden, given.repetitions)
        report["networks"][name] = {"steps_per_second": rates, "microseconds_of_parts": parts}
    report["machine"]["load_at_the_end"] = os.getloadavg()[0]
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{today()}-{machine_name()}.json"
    path.write_text(json.dumps(report, indent=1) + "\n")
    print(f"{tables(report)}\n\nwrote {path}")
    return 0


def found_versions() -> dict[str, str]:
    import ray

    return {**versions(), "ray": ray.__version__}


if __name__ == "__main__":
    raise SystemExit(main())
