"""Train the reference agent and write what it reaches to benchmarks/learning/<id>.json.

    python benchmarks/learn.py                         every environment with a file there: half an hour on two cores
    python benchmarks/learn.py MaskedPairs-v0 ...      these
    python benchmarks/learn.py MaskedX-v0 --set hidden=128 --env-arg rows=4 --best 1.0 --best-is "a full bin"

A file holds the settings of the run and its result. A first run of an environment takes them from the flags, a later
one from the file, with the flags in their place. No environment needs a file: `python docs/generate.py` shows the
results where there are some, on the environment's page and in docs/learning.md.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from bounds import BOUNDS  # noqa: E402

from masked_envs.catalogue import CATALOGUE  # noqa: E402
from masked_envs.registration import declaration  # noqa: E402

RESULTS = ROOT / "benchmarks" / "learning"
EPISODES = 100
NEW_RUN: dict[str, Any] = {"settings": {}, "env_args": {}, "best": None, "best_is": ""}


def path_of(env_id: str) -> Path:
    return RESULTS / f"{env_id}.json"


def run_of(env_id: str) -> dict[str, Any]:
    """The settings of an environment's run.

    Returns:
        "settings" of `agents/ppo_torch` beside its defaults, "env_args", "best": the most that the evaluation can
        bring on average, as a number or as the name of one of `bounds.BOUNDS` (None: not known), and "best_is": what
        that is, in words, which begin with "a bound" if no policy need reach it.
    """
    path = path_of(env_id)
    run: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["run"] if path.exists() else NEW_RUN
    return run


def measure(env_id: str, run: dict[str, Any], seed: int = 1) -> dict[str, Any]:
    """Train once; what was reached in 100 greedy and 100 sampled episodes that training has not seen."""
    from agents.ppo_torch import Config, Learner, train
    from agents.ppo_torch.environments import make_envs
    from agents.ppo_torch.evaluation import EVALUATION_SEED, evaluate, negative_control
    from agents.proof import Count

    config = Config(env=env_id, env_args=run["env_args"], seed=seed, **run["settings"])
    began, learner = time.perf_counter(), Learner(config)
    train(learner)
    minutes = (time.perf_counter() - began) / 60
    reached, count = {}, learner.count
    for name, greedy in (("greedy", True), ("sampled", False)):
        returns, played = evaluate(learner.policy, learner.encoder, config, greedy=greedy, episodes=EPISODES)
        reached[name], count = float(returns.mean()), count + played
    best = run["best"]
    if isinstance(best, str):
        starts = make_envs(config, EPISODES).reset(seed=seed + EVALUATION_SEED)[0]
        best = BOUNDS[best](starts, declaration(env_id).resolve(run["env_args"]))
    assert isinstance(count, Count)
    return {
        "seed": seed, "minutes": round(minutes, 2), **reached,
        "best": best, "decisions": count.decisions, "invalid": count.invalid,
        "negative_control": negative_control(learner.encoder, config),
        "curve": smoothed(learner.history),
    }  # fmt: skip


def smoothed(history: list[tuple[int, float]], points: int = 60) -> list[list[float]]:
    """The curve as means of equal parts: [decisions, mean return] each."""
    parts = np.array_split(np.array(history, float), min(points, len(history)))
    return [[round(float(part[:, 0].mean())), round(float(part[:, 1].mean()), 3)] for part in parts]


# --- files and flags -------------------------------------------------------------------------------------------------


def write(env_id: str, run: dict[str, Any], result: dict[str, Any]) -> None:
    """Write the file of an environment, the curve in one line."""
    curve = json.dumps(result["curve"])
    text = json.dumps({"run": run, "result": {**result, "curve": "CURVE"}}, indent=1)
    RESULTS.mkdir(exist_ok=True)
    path_of(env_id).write_text(text.replace('"CURVE"', curve) + "\n", encoding="utf-8")


def named_value(text: str) -> tuple[str, Any]:
    """NAME=VALUE, the value in JSON or else as a word."""
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE, not {text!r}")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


def changed(run: dict[str, Any], given: argparse.Namespace) -> dict[str, Any]:
    """A run with what the flags say in the place of what it had."""
    new = {
        **run,
        "settings": {**run["settings"], **dict(given.set)},
        "env_args": {**run["env_args"], **dict(given.env_arg)},
    }
    if given.best is not None:
        new |= {"best": given.best if given.best in BOUNDS else float(given.best), "best_is": given.best_is}
    return new


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ids", nargs="*", metavar="ID", help="environments to train on; none: all that have a file")
    parser.add_argument("--set", action="append", default=[], type=named_value, metavar="NAME=VALUE",
                        help="a setting of agents/ppo_torch, such as total_decisions=500000")  # fmt: skip
    parser.add_argument("--env-arg", action="append", default=[], type=named_value, metavar="NAME=VALUE",
                        help="a parameter of the environment")  # fmt: skip
    parser.add_argument("--best", help=f"the best possible mean return: a number, or one of {', '.join(BOUNDS)}")
    parser.add_argument("--best-is", default="", help="what that is, in words")
    given = parser.parse_args(arguments)
    unknown = set(given.ids) - set(CATALOGUE)
    if unknown:
        parser.error(f"no environment {', '.join(sorted(unknown))}; there are {', '.join(CATALOGUE)}")
    if len(given.ids) != 1 and (given.set or given.env_arg or given.best is not None):
        parser.error("--set, --env-arg and --best are for one environment")
    for env_id in given.ids or [env_id for env_id in CATALOGUE if path_of(env_id).exists()]:
        run = changed(run_of(env_id), given)
        result = measure(env_id, run)
        write(env_id, run, result)
        print(env_id, {name: result[name] for name in ("greedy", "sampled", "best", "minutes")}, flush=True)
    print("python benchmarks/random_play.py measures random play where that is missing")
    print("python docs/generate.py --pictures writes the pages and the curves")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
