"""What it costs to number the actions of a vector environment: steps with the wrapper beside steps without it.

    python benchmarks/forms.py                                 measure, into results/forms/
    python benchmarks/forms.py --write benchmarks/README.md    put the newest between the markers of a page

Only the calls of `step` are on the clock, in processor time; random legal actions are drawn between them, for both
sides alike. A step of `VectorSequentialActions` is one choice, and most environments rest until an action is whole: the
ratio is of steps to steps, not of actions to actions.
"""

from __future__ import annotations

import argparse
import functools
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium as gym
import measure
import numpy as np
import report
import run
from gymnasium.vector import AutoresetMode

from masked_envs.wrappers import VectorFlatActions, VectorSequentialActions

RESULTS = report.RESULTS / "forms"
START, END = "<!-- forms:start -->", "<!-- forms:end -->"
IDS = {"MaskedPairs-v0": "joint", "MaskedTetris-v0": "conditional, two heads", "MaskedSeeker-v0": "interval, 11 bins"}
SIZES = (64, 4096)
SECONDS = 0.25  # of one repetition, about


def comparisons() -> list[measure.Comparison]:
    return [
        measure.Comparison(f"{form.__name__}, {env_id} ({kind}), {size} envs", "bare vector environment",
                           functools.partial(side, env_id, size, form), functools.partial(side, env_id, size),
                           repetitions=5)
        for env_id, kind in IDS.items() for form in (VectorFlatActions, VectorSequentialActions) for size in SIZES
    ]  # fmt: skip


def side(env_id: str, size: int, form: Callable[[Any], Any] | None = None) -> measure.Side:
    """Steps of all rows, in rows per second."""
    resets_rows = {"autoreset_mode": AutoresetMode.DISABLED} if form is VectorSequentialActions else {}
    inner = gym.make_vec(env_id, num_envs=size, mask_in="info", **resets_rows)
    envs: Any = inner if form is None else form(inner)
    spec, rng = envs.mask_spec if form else envs.unwrapped.mask_spec, np.random.default_rng(0)
    _, info = envs.reset(seed=0)

    def steps(count: int) -> float:
        nonlocal info
        spent = 0.0
        for _ in range(count):
            actions = spec.sample(info["action_mask"], rng)
            began = time.process_time()
            *_, info = envs.step(actions)
            spent += time.process_time() - began
        return spent

    steps(20)  # compiles
    count = max(20, int(SECONDS * 20 / steps(20)))
    return lambda: count * size / steps(count)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", type=Path, metavar="PAGE", help="measure nothing; a Markdown page with the markers")
    given = parser.parse_args()
    if given.write is not None:
        report.write_newest(given.write, RESULTS, START, END)
        return 0
    found = {"date": measure.today(), "machine": measure.machine(), "versions": measure.versions()}
    results, skipped = run.measured(comparisons())
    found |= {"groups": {"forms": results}, "skipped": {"forms": skipped}}
    path = RESULTS / f"{measure.today()}-{run.machine_name()}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=1) + "\n")
    print(report.table(found, every_row=True))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
