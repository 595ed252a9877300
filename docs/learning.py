"""Train the reference agent on every environment: docs/learning.md, its curves, and docs/learning.json.

    python docs/learning.py                            everything: about half an hour on two cores
    python docs/learning.py MaskedPairs-v0 ...         these, beside what docs/learning.json has
    python docs/learning.py --write                    no training: page and curves from docs/learning.json

What a run reached stands in docs/learning.json with the seed and the settings; the cards promise less than that.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "agents"), str(ROOT / "tests" / "helpers")]

from masked_envs.catalogue import CATALOGUE  # noqa: E402
from masked_envs.registration import declaration  # noqa: E402

RESULTS, PAGE, CURVES = (ROOT / "docs" / name for name in ("learning.json", "learning.md", "images/learning.png"))
EPISODES = 100
Starts = Any  # what a vector environment shows of its first positions

COMMON = {"num_envs": 64, "num_steps": 64, "minibatches": 8, "learning_rate": 1e-3, "hidden": 128}


@dataclass(frozen=True)
class Run:
    """One training run.

    Attributes:
        settings: of `agents/ppo_torch.py`, beside its defaults.
        best: the most that the same 100 episodes can bring on average, from their starts; or a number.
        best_is: what `best` is, in words; "" where nothing is known.
    """

    settings: dict[str, Any]
    best: Callable[[Starts, dict[str, Any]], float] | float | None = None
    best_is: str = ""
    env_args: dict[str, Any] = field(default_factory=dict)


# --- the best that can be reached ------------------------------------------------------------------------------------


def best_pairs(starts: Starts, parameters: dict[str, Any]) -> float:
    """The highest values, as many as are picked."""
    values = np.sort(starts[:, 1].reshape(len(starts), -1), axis=1)
    return float(values[:, -parameters["num_picks"] :].sum(axis=1, dtype=float).mean())


def best_knapsack(starts: Starts, parameters: dict[str, Any]) -> float:
    """By dynamic programming over capacities (Bellman, 1957)."""
    totals = []
    for weights, values, _ in starts:
        best = np.zeros(parameters["capacity"] + 1)
        for weight, value in zip(weights, values, strict=True):
            best[weight:] = np.maximum(best[weight:], best[: len(best) - weight] + value)
        totals.append(best[-1])
    return float(np.mean(totals))


def best_arm(starts: Starts, parameters: dict[str, Any]) -> float:
    """The expected highest of the payoffs, uniform from 0 to 9, in every step."""
    arms = parameters["num_legal"]
    return parameters["num_steps"] * (9 - sum((k / 10) ** arms for k in range(1, 10)))


def best_straight_way(starts: Starts, parameters: dict[str, Any]) -> float:
    """The whole distance, and 10 for arriving: what nobody reaches, since an obstacle may stand in the way."""
    return float(np.hypot(*(starts[:, :2] - starts[:, 2:4]).T).mean() + 10)


def best_plan(starts: Starts, parameters: dict[str, Any]) -> float:
    """By mixed-integer programming (HiGHS)."""
    from unit_commitment_program import MIN_TIME, MONEY, UNITS, Program, data

    returns = []
    for row in starts:
        on, since, power = row[: 3 * UNITS].reshape(3, UNITS)
        capacity = np.array(data.CAPACITY[:UNITS])
        demand = row[3 * UNITS :] * capacity.sum()
        state = {"on": on, "since": np.rint(since * MIN_TIME), "power": power * capacity, "demand": demand}
        returns.append(-Program(state).solve()[0] / MONEY)
    return float(np.mean(returns))


WON = "a win in every episode"
RUNS = {
    "MaskedBinPack-v0": Run({**COMMON, "total_decisions": 500_000}, 1.0, "a full bin"),
    "MaskedCartPole-v0": Run({"total_decisions": 150_000}, 500.0, "the time limit"),
    "MaskedConnectFour-v0": Run({**COMMON, "total_decisions": 400_000}, 1.0, WON),
    "MaskedHuge-v0": Run({**COMMON, "total_decisions": 600_000, "gamma": 0.0}, best_arm,
                         "the best arm in every step", {"num_actions": 50}),
    "MaskedKnapsack-v0": Run({**COMMON, "total_decisions": 500_000}, best_knapsack, "dynamic programming"),
    "MaskedMastermind-v0": Run({**COMMON, "total_decisions": 500_000}, -5625 / 1296,
                               "the best of all strategies (Koyama and Lai, 1993)"),
    "MaskedMicroRTS-v0": Run({"num_envs": 16, "num_steps": 128, "minibatches": 8, "learning_rate": 1e-3,
                              "total_decisions": 200_000}, 1.0, WON, {"rows": 4, "cols": 4}),
    "MaskedMinesweeper-v0": Run({**COMMON, "hidden": 256, "learning_rate": 5e-4, "total_decisions": 2_000_000},
                                1.0, WON, {"rows": 4, "cols": 4, "num_mines": 3}),
    "MaskedPairs-v0": Run({**COMMON, "total_decisions": 500_000}, best_pairs, "the highest values"),
    "MaskedPendulum-v0": Run({**COMMON, "hidden": 64, "num_envs": 32, "gamma": 0.95, "entropy_weight": 0.0,
                              "total_decisions": 500_000}),
    "MaskedSeeker-v0": Run({**COMMON, "gamma": 0.95, "entropy_weight": 0.0, "total_decisions": 1_000_000},
                           best_straight_way, "the straight way, were it free"),
    "MaskedTaxi-v0": Run({**COMMON, "total_decisions": 200_000}, 7.93, "the shortest routes, over all starts"),
    "MaskedTetris-v0": Run({**COMMON, "gamma": 0.95, "total_decisions": 1_000_000}, None, "",
                           {"width": 6, "height": 12}),
    "MaskedUnitCommitment-v0": Run({**COMMON, "gamma": 0.9, "entropy_weight": 0.0, "total_decisions": 500_000},
                                   best_plan, "mixed-integer programming"),
    "MaskedWarehouse-v0": Run({**COMMON, "total_decisions": 200_000}),
    "ParametricCartPole-v0": Run({"total_decisions": 150_000}, 500.0, "the time limit"),
}  # fmt: skip


# --- training --------------------------------------------------------------------------------------------------------


def measure(env_id: str, run: Run, seed: int = 1) -> dict[str, Any]:
    """Train once; what was reached in 100 greedy and 100 sampled episodes that training has not seen."""
    from evaluation import EVALUATION_SEED, Count, evaluate, make_envs, negative_control, self_play_agents
    from ppo_torch import Config, Learner, train

    config = Config(env=env_id, env_args=run.env_args, seed=seed, **run.settings)
    began, learner = time.perf_counter(), Learner(config)
    train(learner)
    minutes = (time.perf_counter() - began) / 60
    reached, count = {}, learner.count
    for name, greedy in (("greedy", True), ("sampled", False)):
        returns, played = evaluate(learner.policy, learner.encoder, config, greedy=greedy, episodes=EPISODES)
        reached[name], count = float(returns.mean()), count + played
    agents = self_play_agents(config)
    seats = [{"opponent": "random", "agent": k} for k in range(agents)] if agents > 1 else [{}]
    envs = [make_envs(config, EPISODES // len(seats), **seat) for seat in seats]
    starts = envs[0].reset(seed=seed + EVALUATION_SEED)[0]
    parameters = declaration(env_id).resolve(run.env_args)
    best = run.best(starts, parameters) if callable(run.best) else run.best
    assert isinstance(count, Count)
    return {
        "settings": run.settings, "env_args": run.env_args, "seed": seed, "minutes": round(minutes, 2), **reached,
        "random": float(np.mean([random_legal_return(each, seed) for each in envs])), "best": best,
        "decisions": count.decisions, "invalid": count.invalid,
        "negative_control": negative_control(learner.encoder, config),
        "curve": smoothed(learner.history),
    }  # fmt: skip


def random_legal_return(envs: Any, seed: int) -> float:
    """The mean return of the first episode of every row under uniformly random legal actions."""
    envs, rng = envs.unwrapped, np.random.default_rng(seed)
    envs.reset(seed=seed)
    returns, live = np.zeros(envs.num_envs), np.ones(envs.num_envs, bool)
    while live.any():
        _, rewards, terminated, truncated, _ = envs.step(envs.sample_legal(rng))
        returns += np.where(live, rewards, 0.0)
        live &= ~(terminated | truncated)
    return float(returns.mean())


def smoothed(history: list[tuple[int, float]], points: int = 60) -> list[list[float]]:
    """The curve as means of equal parts: [decisions, mean return] each."""
    parts = np.array_split(np.array(history, float), min(points, len(history)))
    return [[round(float(part[:, 0].mean())), round(float(part[:, 1].mean()), 3)] for part in parts]


# --- page and picture ------------------------------------------------------------------------------------------------

NOTICE = "<!-- Written by docs/learning.py from docs/learning.json; do not edit. -->"
PAGE_HEAD = f"""{NOTICE}

# What the reference agent learns

`agents/ppo_torch.py`, masked PPO with a network of two hidden layers, on every environment. Each line is one run: its
seed and all its settings stand in `docs/learning.json`, and `python docs/learning.py` makes all of this anew, on one
processor core each. Returns are means of 100 episodes that training has not seen: greedy (the most probable legal
action), sampled, and of uniformly random legal actions. Games are played against random opponents, half from each seat.
The share is how much of the way from random play to the best the better of the two goes. No run took an invalid action,
in training or evaluation; the same policy, untrained and with the mask kept from it, takes as many of 4,096 as the last
column says.

| environment | greedy | sampled | random | the best possible | share | decisions | minutes | invalid | mask off |
|---|---|---|---|---|---|---|---|---|---|
"""
PAGE_TAIL = """
![Mean return of the episodes in training over the decisions taken, for each environment](images/learning.png)

The dashed line is uniformly random legal play, the dotted one the best possible. In games the curve is that of the
first player against the same policy, which says nothing of its strength.
"""


def share(result: dict[str, Any]) -> float | None:
    """How much of the way from random play to the best was gone."""
    if result["best"] is None:
        return None
    reached = max(result["greedy"], result["sampled"])
    return float((reached - result["random"]) / (result["best"] - result["random"]))


def page(results: dict[str, Any]) -> str:
    lines = []
    for env_id, result in sorted(results.items()):
        named = ", ".join(f"{key}={value}" for key, value in result["env_args"].items())
        part, run = share(result), RUNS[env_id]
        best = "not known" if result["best"] is None else f"{result['best']:.2f}, {run.best_is}"
        cells = [
            f"[{env_id}](envs/{env_id.rsplit('-v', 1)[0]}.md)" + (f" ({named})" if named else ""),
            *(f"{result[name]:.2f}" for name in ("greedy", "sampled", "random")),
            best,
            "" if part is None else f"{part:.0%}",
            f"{result['settings']['total_decisions']:,}",
            f"{result['minutes']:.1f}",
            str(result["invalid"]),
            "nothing is forbidden" if result["negative_control"] is None else str(result["negative_control"]),
        ]
        lines.append("| " + " | ".join(cells) + " |\n")
    return PAGE_HEAD + "".join(lines) + PAGE_TAIL


def draw(results: dict[str, Any], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    columns = 4
    rows = math.ceil(len(results) / columns)
    figure, axes = pyplot.subplots(rows, columns, figsize=(3.2 * columns, 2.1 * rows), squeeze=False)
    for axis in axes.flat[len(results) :]:
        axis.set_visible(False)
    for axis, (env_id, result) in zip(axes.flat, sorted(results.items()), strict=False):
        curve: npt.NDArray[np.float64] = np.array(result["curve"], float)
        axis.plot(curve[:, 0] / 1000, curve[:, 1], color="#0072b2")
        if CATALOGUE[env_id].play != "turns":
            axis.axhline(result["random"], color="#787878", linestyle="--", linewidth=1)
            if result["best"] is not None:
                axis.axhline(result["best"], color="#009e73", linestyle=":", linewidth=1)
        axis.set_title(env_id, fontsize=8)
        axis.tick_params(labelsize=7)
    figure.supxlabel("thousand decisions", fontsize=9)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=90)
    pyplot.close(figure)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ids", nargs="*", metavar="ID", help="environments to train; none: all")
    parser.add_argument("--write", action="store_true", help="train nothing")
    given = parser.parse_args()
    unknown = set(given.ids) - set(RUNS)
    if unknown:
        parser.error(f"no run for {', '.join(sorted(unknown))}; there are {', '.join(RUNS)}")
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for env_id in [] if given.write else given.ids or RUNS:
        results[env_id] = measure(env_id, RUNS[env_id])
        shown = {name: results[env_id][name] for name in ("greedy", "sampled", "random", "best", "minutes")}
        print(env_id, shown, flush=True)
        RESULTS.write_text(json.dumps(dict(sorted(results.items())), indent=1) + "\n")
    PAGE.write_text(page(results), encoding="utf-8")
    draw(results, CURVES)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
