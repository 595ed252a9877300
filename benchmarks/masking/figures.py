"""The figures of docs/masking.md, as SVG, each with the fingerprint of the results that it shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.interquartile import estimate

from .arms import ARMS
from .experiments import (
    ALLOWED,
    E2_ARMS,
    FAMILIES,
    FORBIDDEN,
    LEGAL_OF_128,
    NOISY,
    NOISY_ARM,
    RATES,
    SIZES,
)
from .outcomes import NotRunError, Outcomes
from .runs import RESULTS
from .tasks import Task

IMAGES = Path(__file__).parents[2] / "docs" / "images"
# Okabe and Ito's colours, which colour-blind readers can tell apart; the mask is black, and its line is thick.
COLOURS = dict(
    zip(
        ARMS,
        ("#000000", "#e69f00", "#56b4e9", "#009e73", "#d55e00", "#cc79a7", "#0072b2", "#b8a900", "#999999"),
        strict=True,
    )
)
HERO = Task("contextual", 32)
HERO_ARMS = {"mask": "with the mask", "penalty-0": "without", "penalty-0.1": "without, -0.1 for an invalid action"}


def fingerprint(results: Path = RESULTS) -> str:
    """Of all results, but for dates and machines."""
    digest = hashlib.sha256()
    for path in sorted(results.glob("*.json")):
        content = json.loads(path.read_text())
        digest.update(f"{path.name}{json.dumps(content.get('runs', content.get('results')))}".encode())
    return digest.hexdigest()[:16]


def line(axes: Any, at: Sequence[float], values: Sequence[Sequence[float]], arm: str, label: str = "") -> None:
    """The interquartile mean over the seeds at each place, and the band of its interval."""
    points = [estimate(value) for value in values]
    colour, width = COLOURS.get(arm, COLOURS["mask"]), 2.2 if arm in ("mask", NOISY_ARM) else 1.2
    axes.plot(at, [point.mean for point in points], color=colour, linewidth=width, label=label or arm, marker=".")
    axes.fill_between(at, [p.low for p in points], [p.high for p in points], color=colour, alpha=0.15, linewidth=0)


def known(
    outcomes: Outcomes, cells: Sequence[tuple[float, Task, str, Any]], measure: str
) -> tuple[list[float], list[Any]]:
    """The places that have results, and these."""
    at, values = [], []
    for place, task, arm, noise in cells:
        try:
            values.append(outcomes.values(task, arm, measure, noise))
        except NotRunError:
            continue
        at.append(place)
    return at, values


def numbers_of_actions(figure: Any, outcomes: Outcomes) -> None:
    """E1: area under the curve, and share of invalid actions at the end, over N."""
    axes = figure.subplots(2, len(FAMILIES), sharex=True, sharey="row")
    for column, family in enumerate(FAMILIES):
        for arm in ARMS:
            cells = [(n, Task(family, n), arm, None) for n in SIZES]
            for row, measure in enumerate(("area", "invalid_last_tenth")):
                line(axes[row, column], *known(outcomes, cells, measure), arm)
        axes[0, column].set(title=family, xscale="log", xticks=SIZES, xticklabels=SIZES)
        axes[1, column].set(xlabel="actions, of which 2 are legal")
    axes[0, 0].set(ylabel="mean return over training")
    axes[1, 0].set(ylabel="invalid share, last tenth")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=5, frameon=False)


def shares(figure: Any, outcomes: Outcomes) -> None:
    """E2: area over the share of invalid actions of 128."""
    axes = figure.subplots()
    for arm in E2_ARMS:
        cells = [(1 - legal / 128, Task("static", 128, legal), arm, None) for legal in LEGAL_OF_128]
        line(axes, *known(outcomes, cells, "area"), arm)
    axes.set(xlabel="share of the 128 actions that is invalid", ylabel="mean return over training")
    axes.legend(frameon=False)


def noises(figure: Any, outcomes: Outcomes) -> None:
    """E5: area over the rate of errors in the mask."""
    axes = figure.subplots(1, 2, sharey=True)
    for column, (title, noise) in enumerate(
        (("forbidden shown as legal", ALLOWED), ("legal shown as forbidden", FORBIDDEN))
    ):
        for label, part, arm in (
            ("others in each step", noise[:4], NOISY_ARM),
            ("always the same", noise[4:], "penalty-0"),
        ):
            cells = [
                (0.0, NOISY, NOISY_ARM, None),
                *((p, NOISY, NOISY_ARM, n) for p, n in zip(RATES, part, strict=True)),
            ]
            line(axes[column], *known(outcomes, cells, "area"), arm, label)
        axes[column].set(title=title, xlabel="share of such actions")
    axes[0].set(ylabel="mean return over training")
    axes[0].legend(frameon=False)


def hero(figure: Any, outcomes: Outcomes) -> None:
    """The two figures of README: return and invalid share over training, with the mask and without."""
    axes = figure.subplots(1, 2)
    for arm, label in HERO_ARMS.items():
        for part, measure in zip(axes, ("curve", "invalid_curve"), strict=True):
            try:
                curves = np.array(outcomes.values(HERO, arm, measure))
            except NotRunError:
                continue
            steps = np.linspace(0, 60, curves.shape[1] + 1)[1:]
            line(part, list(steps), list(curves.T), arm, label)
    axes[0].set(xlabel="thousand steps", ylabel="mean return", ylim=(0, 510))
    axes[1].set(xlabel="thousand steps", ylabel="share of invalid actions", ylim=(-0.02, 1))
    axes[1].legend(frameon=False)


FIGURES: dict[str, tuple[Callable[[Any, Outcomes], None], tuple[float, float]]] = {
    "masking_hero": (hero, (8.5, 3.2)),
    "masking_e1": (numbers_of_actions, (10, 6)),
    "masking_e2": (shares, (6, 4)),
    "masking_e5": (noises, (9, 3.8)),
}


def draw(results: Path = RESULTS, images: Path = IMAGES) -> None:
    """Write every figure."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    matplotlib.rcParams.update({"svg.hashsalt": "masked_envs", "axes.spines.top": False, "axes.spines.right": False})
    for name, (content, size) in FIGURES.items():
        figure = Figure(figsize=size, layout="constrained")
        content(figure, Outcomes(results))
        metadata = {"Date": None, "Description": fingerprint(results)}
        figure.savefig(images / f"{name}.svg", metadata=metadata)
