"""Every option of RLlib's configs that `configure` takes, tried one by one: another value, and one iteration trained.

    python benchmarks/rllib_options.py                  try what results/rllib/options.json lacks
    python benchmarks/rllib_options.py --only PPO/lr    try these once more

An outcome is "trained" (the value stayed, losses are finite, no invalid action), "refused" (an error of `configure` or
`build_algo` that names the option) or "failed", which takes two minutes at most; each with the value, and the first
words of the error. `read` says who has read the option in the driver's process.
"""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from measure import today
from report import RESULTS

FILE = RESULTS / "rllib" / "options.json"
ALGORITHMS = ("PPO", "APPO", "IMPALA", "DQN", "SAC", "BC", "MARWIL")
WHOLE = ("PPO",)
"""Tried with every option; others with those that not all algorithms have, and BC with those of offline data."""
MODEL = {"fcnet_hiddens": [8]}
SECONDS = 120


def config_class(algorithm: str) -> Any:
    return getattr(importlib.import_module(f"ray.rllib.algorithms.{algorithm.lower()}"), f"{algorithm}Config")


def is_of_offline_data(option: str) -> bool:
    starts = ("offline_", "input_", "dataset_", "materialize_", "map_batches", "iter_batches", "prelearner_")
    return option.startswith(starts) or "offline" in option


def options_of(algorithm: str) -> Iterator[str]:
    """Those that are tried with an algorithm."""
    from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
    from rllib_option_values import NOT_TRIED, OFFLINE

    from masked_envs.rllib.options import ALSO_READ_BY, NOT_READ, defaults

    shared = defaults(AlgorithmConfig)
    for option, default in defaults(config_class(algorithm)).items():
        unread = option in NOT_READ and algorithm not in ALSO_READ_BY.get(option, ())
        deprecated = option in NOT_TRIED or default == -1 or option.startswith("_")
        if unread or deprecated or option == "input_":
            continue
        offline = is_of_offline_data(option)
        if offline == (algorithm in OFFLINE) if option in shared else True:
            if option not in shared or algorithm in WHOLE or (offline and algorithm == "BC"):
                yield option


def small(algorithm: str, recorded: Path) -> Any:
    """A config that trains an iteration in a second."""
    config = config_class(algorithm)().env_runners(num_env_runners=0, num_envs_per_env_runner=2)
    config.reporting(min_time_s_per_iteration=0, min_sample_timesteps_per_iteration=40).debugging(log_level="ERROR")
    config.evaluation(evaluation_duration=1, evaluation_num_env_runners=0).learners(num_learners=0)
    if algorithm in ("BC", "MARWIL"):
        config.offline_data(
            input_=[str(recorded)],
            input_read_episodes=True,
            input_read_batch_size=1,
            dataset_num_iters_per_learner=1,
            map_batches_kwargs={"concurrency": 1},
        )
        # RLlib counts no step of recorded episodes as sampled, and would wait for them without end.
        config.evaluation(evaluation_interval=1).reporting(min_sample_timesteps_per_iteration=0)
        return config.training(train_batch_size_per_learner=32)
    config.env_runners(rollout_fragment_length="auto" if algorithm in ("PPO", "DQN", "SAC") else 16)
    if algorithm == "PPO":
        return config.training(train_batch_size_per_learner=40, minibatch_size=20, num_epochs=1)
    if algorithm in ("DQN", "SAC"):
        return config.training(train_batch_size_per_learner=8, num_steps_sampled_before_learning_starts=16)
    return config.training(train_batch_size_per_learner=32)


def other_than(default: Any) -> Any:
    if isinstance(default, bool) or default is None:
        return not default
    return default + 1 if isinstance(default, int) else default / 2 or 0.5


class Reads:
    """Who reads options of configs, "file:function", in this process."""

    def __enter__(self) -> dict[str, set[str]]:
        from ray.rllib.algorithms.algorithm_config import AlgorithmConfig

        self.cls, found = AlgorithmConfig, {}

        def read(config: Any, name: str) -> Any:
            if not name.startswith("__"):
                code = sys._getframe(1).f_code
                file, function = code.co_filename, code.co_name
                checks = function.startswith(("__init__", "_validate", "validate", "update_from_dict"))
                if "rllib" in file and file != __file__ and not checks:
                    found.setdefault(name, set()).add(f"{Path(file).name}:{function}")
            return object.__getattribute__(config, name)

        AlgorithmConfig.__getattribute__ = read
        return found

    def __exit__(self, *_: object) -> None:
        del self.cls.__getattribute__


def try_one(algorithm: str, option: str, recorded: Path) -> dict[str, Any]:
    """The outcome of one option."""
    import rllib_option_values as given

    from masked_envs.rllib import configure

    with tempfile.TemporaryDirectory() as folder, Reads() as reads:
        config = small(algorithm, recorded)
        value = given.values(Path(folder)).get(option, Ellipsis)
        if value is Ellipsis:
            value = other_than(getattr(config, option))
        outcome: dict[str, Any] = {"value": worded(value)}
        algo, reached = None, "begun"
        try:
            for name, one in {**given.beside(algorithm, option, Path(folder)), option: value}.items():
                setattr(config, name, one)
            configure(config, given.environment_of(option), model_config=MODEL)
            algo = config.build_algo()
            reached = "built"
            outcome |= judged(algo, trained(algo), option, value)
        except Exception as error:
            words = " ".join(f"{type(error).__name__}: {error}".split())
            name = option.removeprefix("callbacks_").removesuffix("_str")
            named = name in words and reached == "begun"
            outcome |= {"outcome": "refused" if named else "failed", "words": words[:400]}
        finally:
            if algo is not None:
                algo.stop()
        outcome["read"] = sorted(reads.get(option, ()))[:3]
    return outcome


def trained(algo: Any) -> dict[str, Any]:
    """The result of the first iteration that has learned; IMPALA's and APPO's learners work beside the driver."""
    for _ in range(50):
        result: dict[str, Any] = algo.train()
        if any("total_loss" in one for one in result.get("learners", {}).values()):
            break
    return result


def worded(value: Any) -> str:
    if isinstance(value, set):
        value = sorted(value)
    return getattr(value, "__name__", None) or repr(value).split(" object at")[0][:80].replace(
        tempfile.gettempdir(), ""
    )


def judged(algo: Any, result: dict[str, Any], option: str, value: Any) -> dict[str, Any]:
    """What is said of an iteration."""
    kept = getattr(algo.config, option)
    if option == "callbacks_class":
        kept = kept[0] if isinstance(kept, list) else kept
    if option in ("env_config", "replay_buffer_config"):
        kept = {name: kept[name] for name in value}
    if option == "policies":
        kept = set(kept)
    losses = [one["total_loss"] for one in result.get("learners", {}).values() if "total_loss" in one]
    invalid = result.get("env_runners", {}).get("num_invalid_actions_lifetime", 0)
    wrong = []
    if kept is not value and kept != value:
        wrong.append(f"the value became {worded(kept)}")
    if not losses or not np.isfinite(losses).all():
        wrong.append(f"losses {losses}")
    if invalid:
        wrong.append(f"{invalid} invalid actions")
    return {"outcome": "failed", "words": "; ".join(wrong)} if wrong else {"outcome": "trained"}


def record(folder: Path) -> None:
    """Episodes for BC and MARWIL."""
    from masked_envs.rllib import configure

    config = configure(config_class("PPO")(), "MaskedCartPole-v0", model_config=MODEL)
    config.env_runners(num_env_runners=0, num_envs_per_env_runner=2, batch_mode="complete_episodes")
    config.offline_data(output=str(folder), output_max_rows_per_file=10)
    config.env_runner_cls(config=config, worker_index=0).sample(num_episodes=20)


def late(*_: object) -> None:
    raise TimeoutError(f"not done in {SECONDS} s")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=[], metavar="ALGORITHM/OPTION")
    parser.add_argument("--algorithms", nargs="+", choices=ALGORITHMS, default=ALGORITHMS)
    given = parser.parse_args()
    logging.disable(logging.WARNING)
    import ray

    here = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
    os.environ["PYTHONPATH"] = os.pathsep.join([*here, os.environ.get("PYTHONPATH", "")])
    ray.init(address="local", num_cpus=16, resources={"mine": 4}, include_dashboard=False, log_to_driver=False)
    signal.signal(signal.SIGALRM, late)
    found = json.loads(FILE.read_text()) if FILE.exists() else {"outcomes": {}}
    found |= {"date": today(), "ray": ray.__version__}
    with tempfile.TemporaryDirectory() as recorded:
        record(Path(recorded))
        for algorithm in given.algorithms:
            outcomes = found["outcomes"].setdefault(algorithm, {})
            for option in options_of(algorithm):
                if f"{algorithm}/{option}" in given.only or (not given.only and option not in outcomes):
                    signal.alarm(SECONDS)
                    outcomes[option] = try_one(algorithm, option, Path(recorded))
                    signal.alarm(0)
                    print(algorithm, option, outcomes[option], flush=True)
                    FILE.write_text(json.dumps(found, indent=1) + "\n")
    ray.shutdown()
    failed = [f"{algorithm}/{option}" for algorithm, option in failures(found)]
    print(f"failed: {' '.join(failed) or 'none'}")
    return bool(failed)


def failures(found: dict[str, Any]) -> list[tuple[str, str]]:
    """(algorithm, option) of what failed."""
    tried = [(algorithm, option, one) for algorithm, each in found["outcomes"].items() for option, one in each.items()]
    return [(algorithm, option) for algorithm, option, one in tried if one["outcome"] == "failed"]


if __name__ == "__main__":
    raise SystemExit(main())
