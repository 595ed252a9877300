"""Write docs/learning.md and the results section of an environment's page, from what benchmarks/learning holds.

An environment without results there is left out. docs/generate.py calls this; learning_curves.py draws the figures.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from benchmarks.interquartile import Estimate, estimate  # noqa: E402
from benchmarks.learning import settings as room  # noqa: E402
from benchmarks.learning.settings import STARTS, Settings  # noqa: E402

NOTICE = "<!-- Written by docs/generate.py from benchmarks/learning; do not edit. -->"
PLAYS = ("greedy", "sampled")
NEARLY = 0.95  # of the way from random play to the best
PAGE_HEAD = f"""{NOTICE}

# What the reference agent learns

Results of action-masked PPO in each environment. This page compares uniformly random legal play, a simple heuristic
where one is known, masked PPO (`agents/ppo_torch`, a network with two hidden layers), sb3-contrib's MaskablePPO with
the same settings (for one agent with flat actions), and the best possible return where it is known.

`python -m benchmarks.learning` repeats all measurements, and continues where it stopped. `benchmarks/learning/<id>`
holds the settings, and one small file for each run.

- All are evaluated on the same {STARTS} episodes, which do not occur in training. Games in turns are played against a
  random opponent, equally often as each player.
- A learner's figure is the interquartile mean over its seeds with a 95% bootstrap interval (Agarwal et al. 2021), of
  the mean returns of **greedy** play (the most probable legal action) and of **sampled** play.
- **random** is the mean over many repetitions of each episode, with its standard error for these starts.
- **best**: no policy can do better on average over these episodes, unless the table says otherwise. A *bound* may be
  out of reach.
- **progress**: (better of greedy and sampled - random) / (best - random), for masked PPO.
- **seconds**: processor time of training with one seed, median.
- **invalid**: invalid actions in all training and evaluation. **without mask**: invalid actions of the same policies
  before training, with the mask removed, among 4,096 decisions for each seed. It shows that the count can be above
  zero.

![How far masked PPO comes from random play to the best possible](images/learning.svg)

"""
COLUMNS = (
    "environment", "random", "heuristic", "masked PPO, greedy", "masked PPO, sampled", "MaskablePPO", "best",
    "progress",
    "seeds", "decisions", "seconds", "invalid", "without mask",
)  # fmt: skip


@dataclass(frozen=True)
class Results:
    """What was measured in one environment.

    Attributes:
        references: "random", "heuristic" and "best" (benchmarks/learning/references.py).
        runs: by learner ("ppo", "maskable"), those of the present settings, in the order of their seeds.
    """

    env_id: str
    settings: Settings
    references: Mapping[str, Any]
    runs: Mapping[str, Sequence[Mapping[str, Any]]]

    @property
    def best(self) -> float | None:
        return None if self.references["best"] is None else float(self.references["best"])

    def reached(self, learner: str, play: str) -> Estimate:
        return estimate([run[play] for run in self.runs[learner]])

    def best_play(self, learner: str = "ppo") -> str:
        """The better of greedy and sampled play."""
        return max(PLAYS, key=lambda play: self.reached(learner, play).mean)

    def way(self) -> float | None:
        """How far masked PPO comes from random play to the best; None where that is not known."""
        if self.best is None:
            return None
        random = self.references["random"]["mean"]
        return float((self.reached("ppo", self.best_play()).mean - random) / (self.best - random))


def read_results() -> dict[str, Results]:
    """The environments with a run of masked PPO and what it is compared with, in the order of the catalogue."""
    found = {}
    for env_id in room.ids():
        settings = room.read(env_id)
        references = of_settings(env_id, "references", settings.fingerprint("references"))
        runs = {
            learner: sorted(of_settings(env_id, f"{learner}-*", settings.fingerprint(learner)), key=lambda r: r["seed"])
            for learner in ("ppo", "maskable")
        }
        if references and runs["ppo"]:
            found[env_id] = Results(env_id, settings, references[0], runs)
    return found


def of_settings(env_id: str, pattern: str, fingerprint: str) -> list[dict[str, Any]]:
    """The contents of files that were written with these settings."""
    folder = room.path(env_id, "").parent
    contents = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob(f"{pattern}.json")]
    return [content for content in contents if content["settings"] == fingerprint]


def page(results: Mapping[str, Results]) -> str:
    """The text of docs/learning.md."""
    lines = [f"| {' | '.join(COLUMNS)} |\n", "|---" * len(COLUMNS) + "|\n"]
    for each in results.values():
        named = f" ({arguments(each)})" if arguments(each) else ""
        lines.append("| " + " | ".join([f"[{each.env_id}](envs/{name(each)}.md){named}", *cells(each)]) + " |\n")
    return PAGE_HEAD + "".join(lines) + short_of_the_way(results)


def short_of_the_way(results: Mapping[str, Results]) -> str:
    """A line for each environment whose best is known and not nearly reached, and why."""
    lines = []
    for each in results.values():
        way = each.way()
        if way is not None and way < NEARLY:
            lines.append(f"- {each.env_id}, {way:.0%}: {each.settings.note or 'not yet explained'}.\n")
    if not lines:
        return ""
    return f"\n## Where progress is less than {NEARLY:.0%}\n\n" + "".join(lines)


def section(each: Results) -> str:
    """What an environment's page says of its runs."""
    given = f" with `{arguments(each)}`" if arguments(each) else ""
    parts = [
        f"Masked PPO (`agents/ppo_torch`){given}, after {each.settings.ppo['total_decisions']:,} decisions: "
        f"mean return {interval(each.reached('ppo', 'greedy'))} greedy and "
        f"{interval(each.reached('ppo', 'sampled'))} sampled, over {seeds(each.runs['ppo'])}.",
    ]
    if each.runs["maskable"]:
        found = each.reached("maskable", each.best_play("maskable"))
        parts.append(f"sb3-contrib's MaskablePPO with the same settings: {interval(found)}.")
    parts.append(f"Random legal play earns {with_error(each.references['random'])}.")
    if each.references["heuristic"] is not None:
        parts.append(f"A heuristic ({words(each)}) earns {each.references['heuristic']:.2f}.")
    if each.best is not None:
        parts.append(f"The best possible is {each.best:.2f} ({each.settings.best_is}).")
    picture = f"![Mean return over the decisions of training](../images/learning/{name(each)}.svg)"
    return " ".join(parts) + f" [How this was measured](../learning.md).\n\n{picture}"


def cells(each: Results) -> list[str]:
    """A row of the table, without the environment."""
    ppo, way, heuristic = each.runs["ppo"], each.way(), each.references["heuristic"]
    others = [f"{each.reached('maskable', play).mean:.2f}" for play in PLAYS] if each.runs["maskable"] else []
    controls = [run["negative_control"] for run in ppo if run["negative_control"] is not None]
    invalid = sum(run["invalid"] for runs in each.runs.values() for run in runs)
    return [
        with_error(each.references["random"]),
        "" if heuristic is None else f"{heuristic:.2f}, {words(each)}",
        *(interval(each.reached("ppo", play)) for play in PLAYS),
        " greedy, ".join(others) + (" sampled" if others else ""),
        "not known" if each.best is None else f"{each.best:.2f}, {each.settings.best_is}",
        "" if way is None else f"{way:.0%}",
        str(len(ppo)),
        f"{each.settings.ppo['total_decisions']:,}",
        f"{sorted(run['seconds'] for run in ppo)[len(ppo) // 2]:.0f}",
        str(invalid),
        f"{sum(controls):,}" if controls else "nothing is forbidden",
    ]


def name(each: Results) -> str:
    return each.env_id.rpartition("-")[0]


def words(each: Results) -> str:
    return (each.settings.heuristic or "").replace("_", " ")


def seeds(runs: Sequence[Any]) -> str:
    return f"{len(runs)} seed{'s' if len(runs) > 1 else ''}"


def arguments(each: Results) -> str:
    """The parameters of the environment in a run, such as "rows=4, cols=4"."""
    return ", ".join(f"{key}={value}" for key, value in each.settings.env_args.items())


def interval(found: Estimate) -> str:
    """Such as "7.72 [7.68, 7.76]", without the interval where there is no spread."""
    if found.low == found.high:
        return f"{found.mean:.2f}"
    return f"{found.mean:.2f} [{found.low:.2f}, {found.high:.2f}]"


def with_error(random: Mapping[str, Any]) -> str:
    """The mean return of random play with its standard error, such as "-186.24 ± 0.13", or "45.00 exactly"."""
    error = random["standard_error"]
    if error == 0:
        return f"{random['mean']:.2f} exactly"
    digits = max(2, -math.floor(math.log10(error)))  # so many that the error has one that is not 0
    return f"{random['mean']:.{digits}f} ± {error:.{digits}f}"
