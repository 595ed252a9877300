"""Write docs/learning.md, its curves, and the results section of an environment's page.

Everything comes from benchmarks/learning/<id>.json, which benchmarks/learn.py writes, and, for random play, from
benchmarks/results/random_play.json, which benchmarks/random_play.py writes. An environment without a file of its own
is left out. docs/generate.py calls this.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from masked_envs.catalogue import CATALOGUE

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"
RESULTS, RANDOM = BENCHMARKS / "learning", BENCHMARKS / "results" / "random_play.json"
Results = Mapping[str, Mapping[str, Any]]  # by id: "run" and "result" (benchmarks/learn.py), "random" (random_play.py)

NOTICE = "<!-- Written by docs/generate.py from benchmarks/learning and random_play.json; do not edit. -->"
PAGE_HEAD = f"""{NOTICE}

# What the reference agent learns

`agents/ppo_torch` is masked PPO with a network of two hidden layers. Each row of the table is one training run with one
seed. `benchmarks/learning/<id>.json` holds the seed, all settings and the results. `python benchmarks/learn.py` repeats
all runs, each on one processor core.

- **greedy**, **sampled**: mean return of 100 evaluation episodes, with the most probable legal action, and with actions
  sampled from the policy. Games are played against a random opponent, half of the episodes from each seat.
- **random**: mean return of uniformly random legal play, exact, or over at least 10,000 episodes with its standard
  error (`python benchmarks/random_play.py`).
- **best possible**: the mean over the same 100 episodes, unless the table says otherwise. A *bound* is a number that no
  policy can exceed and that may be out of reach.
- **progress**: (better of greedy and sampled - random) / (best possible - random).
- **invalid**: invalid actions in training and evaluation. **without mask**: invalid actions among 4,096 decisions of
  the same policy before training, with the mask removed. It shows that the count of invalid actions can be above zero.

| environment | greedy | sampled | random | best possible | progress | decisions | minutes | invalid | without mask |
|---|---|---|---|---|---|---|---|---|---|
"""
PAGE_TAIL = """
![Mean return of the episodes in training over the decisions taken, for each environment](images/learning.png)

The dashed line is uniformly random legal play. The dotted line is the best possible return or a bound. For games the
curve shows the return of the first player in self-play, which does not measure strength.
"""


def read_results() -> dict[str, dict[str, Any]]:
    """The runs of the environments that have one, in the order of the catalogue, each with its random play.

    Raises:
        ValueError: random play has not been measured in an environment that has a run.
    """
    random, results = json.loads(RANDOM.read_text(encoding="utf-8")), {}
    for env_id in CATALOGUE:
        path = RESULTS / f"{env_id}.json"
        if path.exists():
            if env_id not in random:
                raise ValueError(f"no random play of {env_id}: run python benchmarks/random_play.py {env_id}")
            results[env_id] = {**json.loads(path.read_text(encoding="utf-8")), "random": random[env_id]}
    return results


def page(results: Results) -> str:
    """The text of docs/learning.md."""
    lines = []
    for env_id, each in results.items():
        named = arguments(each)
        name = f"[{env_id}](envs/{env_id.rsplit('-v', 1)[0]}.md)" + (f" ({named})" if named else "")
        lines.append("| " + " | ".join([name, *cells(each)]) + " |\n")
    return PAGE_HEAD + "".join(lines) + PAGE_TAIL


def section(each: Mapping[str, Any]) -> str:
    """What an environment's page says of its run."""
    run, result = each["run"], each["result"]
    given = f" with `{arguments(each)}`" if arguments(each) else ""
    best = "" if result["best"] is None else f", and the best possible is {result['best']:.2f} ({run['best_is']})"
    return (
        f"Masked PPO (`agents/ppo_torch`){given}: mean return {result['greedy']:.2f} greedy and "
        f"{result['sampled']:.2f} sampled, after {run['settings']['total_decisions']:,} decisions. Random legal play "
        f"earns {with_error(each['random'])}{best}. [How this was measured](../learning.md)."
    )


def arguments(each: Mapping[str, Any]) -> str:
    """The parameters of the environment in a run, such as "rows=4, cols=4"."""
    return ", ".join(f"{key}={value}" for key, value in each["run"]["env_args"].items())


def cells(each: Mapping[str, Any]) -> list[str]:
    """A row of the table, without the environment."""
    run, result = each["run"], each["result"]
    reached = progress(each)
    return [
        *(f"{result[name]:.2f}" for name in ("greedy", "sampled")),
        with_error(each["random"]),
        "not known" if result["best"] is None else f"{result['best']:.2f}, {run['best_is']}",
        "" if reached is None else f"{reached:.0%}",
        f"{run['settings']['total_decisions']:,}",
        f"{result['minutes']:.1f}",
        str(result["invalid"]),
        "nothing is forbidden" if result["negative_control"] is None else str(result["negative_control"]),
    ]


def with_error(random: Mapping[str, Any]) -> str:
    """The mean return of random play with its standard error, such as "-186.24 ± 0.13", or "45.00 exactly"."""
    error = random["standard_error"]
    if error == 0:
        return f"{random['mean']:.2f} exactly"
    digits = max(2, -math.floor(math.log10(error)))  # so many that the error has one that is not 0
    return f"{random['mean']:.{digits}f} ± {error:.{digits}f}"


def progress(each: Mapping[str, Any]) -> float | None:
    """(better of greedy and sampled - random) / (best - random); None where the best is not known."""
    result, random = each["result"], each["random"]["mean"]
    if result["best"] is None:
        return None
    reached = max(result["greedy"], result["sampled"])
    return float((reached - random) / (result["best"] - random))


def draw(results: Results, path: Path) -> None:
    """The curves of training, one panel for each environment."""
    import matplotlib
    import numpy as np

    matplotlib.use("Agg")
    from matplotlib import pyplot

    columns = 4
    rows = math.ceil(len(results) / columns)
    figure, axes = pyplot.subplots(rows, columns, figsize=(3.2 * columns, 2.1 * rows), squeeze=False)
    for axis in axes.flat[len(results) :]:
        axis.set_visible(False)
    for axis, (env_id, each) in zip(axes.flat, results.items(), strict=False):
        result, curve = each["result"], np.array(each["result"]["curve"], float)
        axis.plot(curve[:, 0] / 1000, curve[:, 1], color="#0072b2")
        if CATALOGUE[env_id].play != "turns":
            axis.axhline(each["random"]["mean"], color="#787878", linestyle="--", linewidth=1)
            if result["best"] is not None:
                axis.axhline(result["best"], color="#009e73", linestyle=":", linewidth=1)
        axis.set_title(env_id, fontsize=8)
        axis.tick_params(labelsize=7)
    figure.supxlabel("thousand decisions", fontsize=9)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=90)
    pyplot.close(figure)
