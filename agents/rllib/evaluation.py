"""How a policy of RLlib's does, and the proof that no invalid action was taken, from the environments' counters."""

from __future__ import annotations

import argparse
from typing import Any

import gymnasium as gym
import numpy as np
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.env.multi_agent_env import MultiAgentEnv

from masked_envs.catalogue import CATALOGUE
from masked_envs.rllib import count_invalid_actions

from ..counting import counted
from ..proof import CONTROL_DECISIONS, Count, proof_line
from .recipes import make_config

EPISODES = 100  # played by the policy at the end, greedily and sampled


def lifetime(result: dict[str, Any]) -> Count:
    """The decisions and invalid actions of a run, those of every worker and of its evaluations, in RLlib's metrics."""
    count = Count()
    for part in (result, result.get("evaluation", {})):
        metrics = part.get("env_runners", {})
        decisions = sum(metrics.get("num_agent_steps_sampled_lifetime", {}).values())
        count += Count(int(decisions), int(metrics.get("num_invalid_actions_lifetime", 0)))
    return count


def check_counted(env_id: str, arguments: dict[str, Any]) -> None:
    """That the environment counts invalid actions, without which nothing could be proven.

    Raises:
        TypeError: it does not.
    """
    if env_id.removeprefix("masked_envs:") in CATALOGUE:
        return
    env: Any = gym.make(env_id, **arguments)
    counts = env.has_wrapper_attr("invalid_actions")
    env.close()
    if not counts:
        raise TypeError(f"{env_id} does not count invalid actions; masked_envs.wrappers.ActionMask does")


def count_only(envs: Any) -> None:
    """Let an invalid action do nothing but count in a user's environments; those of the package, games too, do so."""
    rows = getattr(envs.unwrapped, "envs", [])
    rows[:] = [env if isinstance(env.unwrapped, MultiAgentEnv) else counted(env) for env in rows]


def play(config: AlgorithmConfig, checkpoint: str | None, explore: bool) -> tuple[list[float], Count, float]:
    """Returns, counts and mean legal fraction of environments in this process.

    Args:
        checkpoint: of the policy that plays `EPISODES` episodes; None, a new one that makes `CONTROL_DECISIONS` steps.
        explore: sample from the policy, instead of its most probable action each time.
    """
    config = config.copy(copy_frozen=False)
    config.env_runners(num_env_runners=0).learners(num_learners=0)
    algorithm = config.evaluation(evaluation_interval=None).build_algo()
    try:
        runner = algorithm.env_runner
        count_only(runner.env)
        if checkpoint is not None:
            algorithm.restore_from_path(checkpoint)
        amount = {"num_timesteps": CONTROL_DECISIONS} if checkpoint is None else {"num_episodes": EPISODES}
        before = count_invalid_actions(runner)
        episodes = runner.sample(**amount, explore=explore)
        count = Count(sum(episode.agent_steps() for episode in episodes), count_invalid_actions(runner) - before)
        fraction = runner.metrics.peek("mean_legal_fraction")
        return [episode.get_return() for episode in episodes if episode.is_done], count, float(fraction)
    finally:
        algorithm.stop()


def report(given: argparse.Namespace, checkpoint: str, trained: Count) -> bool:
    """Print how the policy of a checkpoint does, and the proof; whether the proof holds.

    Args:
        trained: decisions and invalid actions of the run that wrote the checkpoint, evaluations included.
    """
    config, count = make_config(given, masked=given.mask == "on"), trained
    for name, explore in (("greedy", False), ("sampled", True)):
        returns, played, _ = play(config, checkpoint, explore)
        count += played
        print(f"{name}: mean return {np.mean(returns):.2f} (sd {np.std(returns):.2f}) of {len(returns)} episodes")
    _, control, legal_fraction = play(make_config(given, masked=False), None, explore=True)
    print(proof_line(count, control.invalid if legal_fraction < 1 else None))
    return given.mask == "off" or (count.invalid == 0 and (control.invalid > 0 or legal_fraction == 1))
