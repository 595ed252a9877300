"""The figures of docs/learning.md: a curve for each environment, and how far each comes from random play to the best.

Each figure holds the fingerprint of the results that it shows, by which docs/generate.py finds stale ones.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from learning import NEARLY, Results

from benchmarks.interquartile import estimate
from masked_envs.catalogue import CATALOGUE

# Okabe and Ito's colours, which colour-blind readers can tell apart.
COLOURS = {"ppo": "#0072b2", "maskable": "#e69f00", "random": "#787878", "best": "#009e73", "heuristic": "#cc79a7"}
NAMES = {"ppo": "masked PPO", "maskable": "MaskablePPO"}
POINTS = 60


def fingerprint(results: Mapping[str, Results]) -> str:
    content = {env_id: asdict(each) for env_id, each in results.items()}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def shows(path: Path, results: Mapping[str, Results]) -> bool:
    """Whether a figure is there and of these results."""
    return path.exists() and fingerprint(results) in path.read_text(encoding="utf-8")


def draw_curves(each: Results, path: Path) -> None:
    """Mean return over decisions: interquartile mean of the seeds and its interval, with what it is compared with."""
    figure = new_figure((5.5, 3.2))
    axes = figure.subplots()
    for learner, runs in each.runs.items():
        curves = [np.array(run["curve"], float) for run in runs if len(run["curve"]) > 1]
        if not curves:
            continue
        at = np.linspace(max(c[0, 0] for c in curves), min(c[-1, 0] for c in curves), POINTS)
        values = np.array([np.interp(at, c[:, 0], c[:, 1]) for c in curves])
        points = [estimate(list(column)) for column in values.T]
        axes.plot(at / 1000, [p.mean for p in points], color=COLOURS[learner], label=NAMES[learner])
        axes.fill_between(
            at / 1000, [p.low for p in points], [p.high for p in points], color=COLOURS[learner], alpha=0.2, linewidth=0
        )
    for name in lines_of(each):
        value = each.references[name]["mean"] if name == "random" else each.references[name]
        axes.axhline(value, color=COLOURS[name], linestyle="--" if name == "random" else ":", linewidth=1, label=name)
    axes.set(xlabel="thousand decisions", ylabel=ylabel(each))
    axes.legend(frameon=False, fontsize=8)
    save(figure, path, {each.env_id: each})


def lines_of(each: Results) -> list[str]:
    """What the curve can be compared with: not the first player's return in self-play."""
    if CATALOGUE[each.env_id].play == "turns" and "opponent" not in each.settings.env_args:
        return []
    return [name for name in ("random", "heuristic", "best") if each.references[name] is not None]


def ylabel(each: Results) -> str:
    return "mean return" if lines_of(each) else "mean return of the first player in self-play"


def draw_overview(results: Mapping[str, Results], path: Path) -> None:
    """How far masked PPO comes, for each environment whose best is known."""
    known = [each for each in results.values() if each.way() is not None]
    figure = new_figure((7, 0.6 + 0.24 * max(1, len(known))))
    axes = figure.subplots()
    for place, each in enumerate(reversed(known)):
        random, best = each.references["random"]["mean"], each.best
        assert best is not None
        found = each.reached("ppo", each.best_play())
        low, middle, high = ((value - random) / (best - random) for value in (found.low, found.mean, found.high))
        axes.barh(place, middle, color=COLOURS["ppo"], height=0.6)
        axes.plot([low, high], [place, place], color="black", linewidth=1.5)
    axes.axvline(NEARLY, color=COLOURS["random"], linestyle=":", linewidth=1)
    axes.set_yticks(range(len(known)), [each.env_id for each in reversed(known)], fontsize=8)
    axes.set(xlim=(0, 1.05), xlabel="progress from random play to the best possible (dotted: 95%)")
    save(figure, path, results)


def new_figure(size: tuple[float, float]) -> Any:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    matplotlib.rcParams.update({"svg.hashsalt": "masked_envs", "axes.spines.top": False, "axes.spines.right": False})
    return Figure(figsize=size, layout="constrained")


def save(figure: Any, path: Path, results: Mapping[str, Results]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None, "Description": fingerprint(results)})
