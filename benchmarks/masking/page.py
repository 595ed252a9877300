"""The generated parts of docs/masking.md, between the markers of each experiment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks.interquartile import estimate
from benchmarks.reliability.page import table

from . import figures, tabular
from .arms import ALL_ARMS, ARMS, WRONG_WAYS
from .experiments import (
    ALLOWED,
    AT_TWO,
    EXPERIMENTS,
    FAMILIES,
    FORBIDDEN,
    GALLERY,
    LATE,
    NOISY,
    NOISY_ARM,
    SIZES,
    STALE,
)
from .outcomes import NotRunError, Outcomes
from .runs import RESULTS, read
from .tasks import Task

PAGE = Path(__file__).parents[2] / "docs" / "masking.md"
MEASURES = ("first ratio", "clipped", "KL", "KL, all", "legal mass", "entropy", "invalid", "s")
PARTS = {"static": Task("static", 32), "contextual": Task("contextual", 32), "parametric": Task("parametric", 32)}


def number(outcomes: Outcomes, *of: Any, share: bool = False) -> str:
    """A mean with its interval; a dash where nothing was run."""
    try:
        found = outcomes.of(*of)
    except NotRunError:
        return "–"
    if share:
        return f"{found.mean:.1%}"
    return f"{found.mean:.3g} [{found.low:.3g}, {found.high:.3g}]"


def solved(outcomes: Outcomes, task: Task, arm: str, noise: Any = None) -> str:
    """In thousands of steps, the median; and how many seeds solved it."""
    try:
        after = outcomes.values(task, arm, "solved_after", noise)
    except NotRunError:
        return "–"
    good = sorted(at for at in after if at is not None)
    if not good:
        return f"never (0 of {len(after)})"
    return f"{good[len(good) // 2] / 1000:.0f}k ({len(good)} of {len(after)})"


def brief(outcomes: Outcomes, *of: Any) -> str:
    """The mean alone."""
    return number(outcomes, *of).partition(" ")[0]


def e1(o: Outcomes) -> str:
    """How soon each arm learns, and what happens in its updates."""
    rows, inside = [], []
    measures = (
        "first_ratio_error",
        "clipped",
        "kl",
        "kl_whole",
        "legal_mass",
        "entropy",
        "invalid_last_tenth",
        "seconds",
    )
    for family, arm in product(FAMILIES, ARMS):
        sizes = SIZES if arm in AT_TWO else SIZES[1:]
        soon = [solved(o, Task(family, n), arm) for n in sizes]
        rows.append([family, f"`{arm}`", *([""] * (len(SIZES) - len(sizes))), *soon])
        inside.append([family, f"`{arm}`", *(brief(o, PARTS[family], arm, measure) for measure in measures)])
    return "\n\n".join([
        "![Mean return over training and share of invalid actions over the number of actions](images/masking_e1.svg)",
        "Steps until a mean return of 195 over 20 episodes: the median of the seeds that reached it, and how many did.",
        table(["family", "arm", *(f"N = {n:,}" for n in SIZES)], rows),
        "Inside the update, N = 32: the largest error of the first minibatch's probability ratio, the share of clipped "
        "ratios, the exact KL divergence of the acting policy over an update and that over all actions, the "
        "probability that the policy without its mask gives to the legal actions, the entropy over the legal actions "
        "as a share of its maximum, the share of invalid actions at the end, and seconds of processor time of one run.",
        table(["family", "arm", *MEASURES], inside),
    ])  # fmt: skip


def e2(o: Outcomes) -> str:
    return "![Mean return over training over the share of invalid actions](images/masking_e2.svg)"


def e4(o: Outcomes) -> str:
    """Return as trained, return without the mask, and what is invalid then."""
    ways = [(how, what) for how in ("greedy", "sampled") for what in ("as trained", "removed", "invalid")]
    rows = []
    for n, family, arm in product((32, 2048), FAMILIES, ("mask", "naive", "rollout-only", "penalty-1")):
        cells, task = [], Task(family, n)
        for how in ("greedy", "sampled"):
            cells += [brief(o, task, arm, f"{when}_{how}.return") for when in ("as_trained", "mask_removed")]
            cells += [number(o, task, arm, f"mask_removed_{how}.invalid_share", share=True)]
        rows.append([family, f"{n:,}", f"`{arm}`", *cells])
    return table(["family", "N", "arm", *(f"{how}, {what}" for how, what in ways)], rows)


def e5(o: Outcomes) -> str:
    """By the kind and the rate of the errors."""
    rows = []
    for noise in (None, STALE, *ALLOWED, *FORBIDDEN):
        invalid = number(o, NOISY, NOISY_ARM, "invalid_last_tenth", noise, share=True)
        area, soon = number(o, NOISY, NOISY_ARM, "area", noise), solved(o, NOISY, NOISY_ARM, noise)
        rows.append([noise.name if noise else "none", area, soon, invalid])
    return "![Mean return over training over the rate of errors in the mask](images/masking_e5.svg)\n\n" + table(
        ["errors", "mean return over training", "solved after", "invalid at the end"], rows
    )


def e8(o: Outcomes) -> str:
    """Mean return over training, and the share of invalid actions at the end."""

    def cell(task: Task, arm: str, noise: Any = None) -> str:
        invalid = number(o, task, arm, "invalid_last_tenth", noise, share=True)
        return f"{brief(o, task, arm, 'area', noise)}, {invalid}"

    arms = ("mask", *(arm.name for arm in WRONG_WAYS), "naive", "rollout-only")
    rows = [[f"`{arm}`", ALL_ARMS[arm].says, *(cell(task, arm) for task in GALLERY)] for arm in arms]
    for noise, says in ((STALE, "the mask of the step before"), (LATE, "at a start, the mask of the episode before")):
        rows.append([f"`{noise.name}`", says, "", cell(GALLERY[1], "mask", noise), ""])
    return table(["implementation", "what it does", *FAMILIES], rows)


def e7(results: Path) -> str:
    if not (results / tabular.PATH.name).exists():
        return "Not measured yet."
    found = tabular.load(results / tabular.PATH.name)["results"]
    rows = []
    for target, runs in found.items():
        shortest = sum(run["greedy"] == run["shortest"] for run in runs)
        near = [run["first_near"] for run in runs if run["first_near"] is not None]
        rows.append([
            target, tabular.TARGETS[target], f"{shortest} of {len(runs)}",
            f"{estimate([run['value_of_start'] for run in runs]).mean:.3g}",
            f"{sorted(near)[len(near) // 2]:,} ({len(near)} of {len(runs)})" if near else f"never (0 of {len(runs)})",
        ])  # fmt: skip
    return table(
        ["target", "what it does", "greedy path is the shortest", "value of the start", "first short episode after"],
        rows,
    )


BLOCKS: dict[str, Callable[[Outcomes], str]] = {"E1": e1, "E2": e2, "E4": e4, "E5": e5, "E8": e8}


def expectations(sentences: Sequence[tuple[str, bool | None]]) -> str:
    words = {True: "as expected", False: "**not as expected**", None: "not all of it was run"}
    return table(["written before the runs", "outcome"], [[says, words[met]] for says, met in sentences])


def judged(name: str, outcomes: Outcomes) -> list[tuple[str, bool | None]]:
    """The expectations of an experiment, and whether they were met; None where cells are missing."""
    found: list[tuple[str, bool | None]] = []
    for expectation in EXPERIMENTS[name].expectations:
        try:
            met: bool | None = expectation.holds(outcomes)
        except NotRunError:
            met = None
        found.append((expectation.says, met))
    return found


def block(name: str, results: Path) -> str:
    outcomes, experiment = Outcomes(results), EXPERIMENTS[name]
    run = sum(bool(read(cell, results)) for cell in experiment.cells)
    missing = "" if run == len(experiment.cells) else f" {run} of {len(experiment.cells)} cells were run so far."
    said = f"`python -m benchmarks.masking run {name}`.{missing}"
    return "\n\n".join([experiment.question, said, BLOCKS[name](outcomes), expectations(judged(name, outcomes))])


def written(page: str, results: Path = RESULTS) -> str:
    """The page with the figures of all results in their places.

    Raises:
        ValueError: the markers of an experiment are not there once.
    """
    blocks = {name: block(name, results) for name in BLOCKS}
    blocks["E7"] = "\n\n".join([e7(results), expectations(tabular.judged(results / tabular.PATH.name))])
    for name, text in blocks.items():
        start, end = f"<!-- {name}:start -->", f"<!-- {name}:end -->"
        if page.count(start) != 1 or page.count(end) != 1:
            raise ValueError(f"the page needs {start} and {end} once each")
        before, _, rest = page.partition(start)
        page = f"{before}{start}\n\n{text}\n\n{end}{rest.partition(end)[2]}"
    return page


def write() -> None:
    """Write the page and its figures."""
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    figures.draw()
