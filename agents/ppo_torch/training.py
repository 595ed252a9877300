"""A run: the rehearsal, the training, and the report."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import numpy as np

from ..proof import proof_line
from .checkpoint import save_checkpoint
from .evaluation import evaluate, negative_control
from .event_log import EventLog
from .learner import Learner
from .progress import Progress


def rehearse(learner: Learner) -> None:
    """Evaluate for a few steps, so that what an environment lacks for it is found before the training and not after.

    The learner stays as it is.
    """
    config = learner.config
    for greedy in (True, False):
        evaluate(learner.policy, learner.encoder, config, greedy=greedy, episodes=2, steps=2)
    negative_control(learner.encoder, config, decisions=2 * config.num_envs)


def train(learner: Learner, directory: Path | None = None, checkpoint_every: int = 50) -> None:
    """Learn until the end of the run; with a directory, which exists, write logs and checkpoints into it.

    Raises:
        NotWrittenError: a log or a checkpoint cannot be written.
    """
    config, began = learner.config, time.perf_counter()
    with contextlib.ExitStack() as stack:
        log = EventLog(directory, learner.decisions) if directory is not None else None
        if log is not None:
            stack.enter_context(contextlib.closing(log))
        progress = stack.enter_context(Progress(config.total_decisions, learner.decisions))
        while not learner.finished:
            metrics = learner.iterate()
            if config.target_return is not None and learner.iteration % config.evaluate_every == 0:
                metrics["greedy_return"] = look_at_target(learner, config.target_return)
            if log is not None:
                log.write(learner.decisions, metrics)
            if directory is not None and (learner.iteration % checkpoint_every == 0 or learner.finished):
                save_checkpoint(directory, learner.state())
                learner.saved = learner.decisions
            progress.update(learner.decisions, metrics)
    reached = f", mean return {config.target_return:g} reached" if learner.reached_target else ""
    print(f"{learner.decisions} decisions in {time.perf_counter() - began:.1f} s{reached}")


def look_at_target(learner: Learner, target_return: float) -> float:
    """The mean return of 100 greedy episodes, which may end the run."""
    returns, count = evaluate(learner.policy, learner.encoder, learner.config, greedy=True)
    learner.evaluated += count
    mean = float(returns.mean())
    learner.reached_target = mean >= target_return
    return mean


def report(learner: Learner) -> bool:
    """Print how the policy does, and the proof; whether the proof holds (masks off, there is nothing to prove)."""
    count, config = learner.count, learner.config
    for name, greedy in (("greedy", True), ("sampled", False)):
        returns, played = evaluate(learner.policy, learner.encoder, config, greedy=greedy)
        count += played
        won = f", won {np.mean(returns > 0):.0%}, lost {np.mean(returns < 0):.0%}" if learner.self_play else ""
        print(f"{name}: mean return {returns.mean():.2f} (sd {returns.std():.2f}) of {len(returns)} episodes{won}")
    control = negative_control(learner.encoder, config)
    print(proof_line(count, control))
    return config.mask == "off" or (count.invalid == 0 and control != 0)
