"""The command line of the agent."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import ray
from ray import tune

from masked_envs.cli.output import INTERRUPTED, Parser, run_program
from masked_envs.rllib.policies import SEPARATE, SHARED

from ..command_line import key_and_value
from ..proof import Count
from .evaluation import check_counted, lifetime, report
from .recipes import RECIPES, make_config
from .settings import check_settings, write_settings

COLUMNS = {
    "training_iteration": "iteration",
    "num_env_steps_sampled_lifetime": "steps",
    "env_runners/episode_return_mean": "return",
    "evaluation/env_runners/episode_return_mean": "evaluated return",
    "env_runners/num_invalid_actions_lifetime": "invalid actions",
    "env_runners/mean_legal_fraction": "legal fraction",
    "time_total_s": "seconds",
}


def experiment_of(given: argparse.Namespace) -> str:
    """Path or URI of the run's directory."""
    return f"{given.storage_path.rstrip('/')}/{given.name}"


def check_run(given: argparse.Namespace) -> None:
    """That there is a run to resume, begun with these settings, or none in the way of a new one.

    Raises:
        ValueError: there is not.
        OSError: the storage cannot be read.
    """
    experiment = experiment_of(given)
    exists = tune.Tuner.can_restore(experiment)
    if given.resume and not exists:
        raise ValueError(f"no run to resume in {experiment}")
    if exists and not given.resume:
        raise ValueError(f"{experiment} holds a run: continue it with --resume, or give another --name")
    if given.resume:
        check_settings(given, experiment)


def train(given: argparse.Namespace) -> tune.Result:
    """Run the trial, or what is left of it, and return its end.

    Raises:
        RuntimeError: the trial failed.
    """
    experiment, config = experiment_of(given), make_config(given, masked=given.mask == "on")
    if given.resume:
        tuner = tune.Tuner.restore(experiment, config.algo_class, param_space=config, resume_errored=True)
    else:
        write_settings(given, experiment)
        tuner = tune.Tuner(config.algo_class, param_space=config, run_config=run_config(given))
    result = tuner.fit()[0]
    if result.error is not None:
        raise RuntimeError(f"the run failed: {result.error}") from result.error
    return result


def run_config(given: argparse.Namespace) -> tune.RunConfig:
    """Where the run lies, what it keeps, when it ends and what it shows."""

    def stop(trial_id: str, result: dict[str, Any]) -> bool:
        evaluated = result.get("evaluation", {}).get("env_runners", {}).get("episode_return_mean", -np.inf)
        reached = given.target_return is not None and evaluated >= given.target_return
        return bool(reached or result["num_env_steps_sampled_lifetime"] >= given.total_steps)

    return tune.RunConfig(
        name=given.name,
        storage_path=given.storage_path,
        stop=stop,
        checkpoint_config=tune.CheckpointConfig(
            checkpoint_frequency=given.checkpoint_frequency, num_to_keep=given.num_to_keep, checkpoint_at_end=True
        ),
        failure_config=tune.FailureConfig(max_failures=given.max_failures),
        verbose=1,
        progress_reporter=tune.CLIReporter(metric_columns=COLUMNS, parameter_columns=[], max_report_frequency=5),
    )


def parse(arguments: Sequence[str] | None) -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    parser = Parser(
        prog="agents.rllib",
        usage="python -m agents.rllib [FLAG VALUE]...   (--help lists the flags)",
        description="Masked PPO, APPO, IMPALA and DQN on RLlib.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--algo", choices=RECIPES, default="PPO", help="algorithm")
    add("--env", default="MaskedCartPole-v0", help="id of the environment; module:Id imports the module first")
    add("--env-arg", action="append", default=[], type=key_and_value, metavar="NAME=VALUE",
        help="parameter of the environment, such as num_actions=128; may be repeated")  # fmt: skip
    add("--policies", choices=[SHARED, SEPARATE], help="of a game: one for all agents, or one for each")
    add("--mask", choices=["on", "off"], default="on", help="off: keep the mask from the policy, to see its worth")
    add("--seed", type=int, default=1, help="of the modules, the actions and the environments")
    add("--total-steps", type=positive, help="stop after so many environment steps; none: as the recipe says")
    add("--target-return", type=float, help="stop when the evaluation reaches this mean return")
    add("--num-env-runners", type=int, default=1, help="processes that sample; 0: the learner's own")
    add("--num-envs-per-env-runner", type=positive, help="rows of the environment of each; none: as the recipe says")
    add("--env-runner", choices=["batched", "rllib"], default="batched", help="whose env runner samples")
    add("--num-learners", type=int, default=0, help="processes that learn; 0: the algorithm's own")
    add("--evaluation-interval", type=positive, default=2, help="iterations between two greedy evaluations")
    add("--evaluation-duration", type=positive, default=20, help="episodes of an evaluation")
    add("--checkpoint-frequency", type=positive, default=2, help="iterations between two checkpoints")
    add("--num-to-keep", type=positive, default=6, help="checkpoints to keep, the newest")
    add("--max-failures", type=int, default=3, help="how often a run that fails goes on from its last checkpoint")
    add("--storage-path", default="runs", help="directory or URI of runs, which all nodes reach")
    add("--name", help="of the run (default: ALGO-ENV)")
    add("--resume", action="store_true", help="continue the run of that name from its newest checkpoint")
    add("--evaluate", metavar="CHECKPOINT", help="only play with the policy of this checkpoint")
    add("--address", default=os.environ.get("RAY_ADDRESS"),
        help="of a running Ray cluster, or 'auto'; none: Ray on this machine alone")  # fmt: skip
    given = parser.parse_args(arguments)
    given.total_steps = given.total_steps or RECIPES[given.algo].total_steps
    given.name = given.name or f"{given.algo}-{given.env}"
    if "://" not in given.storage_path:
        given.storage_path = str(Path(given.storage_path).resolve())
    return parser, given


def positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, not {text}")
    return number


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the agent; 0 if the proof holds, 1 if not, 130 after Ctrl-C.

    In a process that has joined Ray already, that Ray is used and stays, and `--address` is not.
    """
    return run_program("agents.rllib", lambda: run_agent(arguments))


def run_agent(arguments: Sequence[str] | None) -> int:
    """As `main`, where there is an output to write to."""
    parser, given = parse(arguments)
    try:
        make_config(given, masked=True)
        check_counted(given.env, dict(given.env_arg))
        if given.evaluate is None:
            check_run(given)
    except (ValueError, TypeError, ImportError, OSError, gym.error.Error) as error:
        parser.error(str(error))
    os.environ.setdefault("RAY_AIR_NEW_OUTPUT", "0")  # the newer output does not show the columns one asks for
    # Seconds until Tune notes a new checkpoint as the one to resume from.
    os.environ.setdefault("TUNE_GLOBAL_CHECKPOINT_S", "1")
    joined = ray.is_initialized()
    try:
        # Without an address Ray would join whatever cluster it finds running on this machine.
        if not joined:
            ray.init(address=given.address or "local", include_dashboard=None if given.address else False)
    except (ConnectionError, ValueError) as error:
        parser.error(f"no Ray cluster at --address {given.address}: {error}")
    try:
        return carry_out(given)
    except KeyboardInterrupt:
        print("interrupted" if given.evaluate else after_interrupt(None), file=sys.stderr)
        return INTERRUPTED
    finally:
        if not joined:
            ray.shutdown()


def carry_out(given: argparse.Namespace) -> int:
    """Train, or take a checkpoint, and report; the exit status."""
    if given.evaluate is not None:
        return 0 if report(given, given.evaluate, Count()) else 1
    began = time.perf_counter()
    result = train(given)
    if not (result.metrics or {}).get("done"):  # at the first Ctrl-C, Tune saves its state and returns
        print(after_interrupt(result), file=sys.stderr)
        return INTERRUPTED
    trained, minutes = lifetime(result.metrics), (time.perf_counter() - began) / 60
    print(f"{trained.decisions} decisions in {minutes:.1f} min; {result.checkpoint.path}")
    return 0 if report(given, result.checkpoint.path, trained) else 1


def after_interrupt(result: tune.Result | None) -> str:
    """How to go on with an interrupted run."""
    if result is None:
        newest = "its newest checkpoint"
    elif result.checkpoint is None:
        newest = "the beginning, for there is no checkpoint yet"
    else:
        newest = result.checkpoint.path
    return f"interrupted; the same command with --resume goes on from {newest}"
