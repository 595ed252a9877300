"""The speed of every environment, and of the same game in other packages.

    python benchmarks/environments.py                               all, into results/environments/
    python benchmarks/environments.py --only MaskedGo-v0            some of it, into the file of today
    python benchmarks/environments.py --write benchmarks/README.md  put the newest between the markers of a page

Vector environments of 1,024 rows in uniformly random legal play. The calls of `step` are on the clock with all that
they give: masks, observations, rewards, resets of ended rows. Between them the actions are drawn, for both sides.
"""

from __future__ import annotations

import argparse
import functools
import json
from pathlib import Path
from typing import Any

import environment_peers
import measure
import numpy as np
import report
import run
from vector_step import stepping

import masked_envs
from masked_envs.catalogue import CATALOGUE

RESULTS = report.RESULTS / "environments"
START, END = "<!-- environments:start -->", "<!-- environments:end -->"
ROWS = 1024
SECONDS = 0.3  # of one repetition, about
REPETITIONS = 5
FLOORS = {"board": 1e6, "puzzle": 5e5, "scheduling": 5e5}
"""Steps per second on two cores that a family must reach."""
HARDER = {"MaskedChess-v0": 2e5, "MaskedGo-v0": 2e5}
"""Games of which less is asked: a legal move needs the attacks, or the history, of the whole board."""


def floor(env_id: str) -> float | None:
    return HARDER.get(env_id, FLOORS.get(CATALOGUE[env_id].module.partition(".")[0]))


def cases(env_id: str) -> list[measure.Rate | measure.Comparison]:
    """One thread and two; then beside each package that has the game."""
    own = [
        measure.Rate(f"{env_id}, {threads} thread{'s' * (threads > 1)}",
                     functools.partial(ours, env_id, num_threads=threads),
                     must=floor(env_id) if threads == 2 else None, repetitions=REPETITIONS)
        for threads in (1, 2)
    ]  # fmt: skip
    beside = [
        measure.Comparison(f"{env_id}{peer.shown}", peer.name,
                           functools.partial(ours, env_id, **peer.parameters, num_threads=2),
                           functools.partial(peer.side, ROWS, SECONDS), repetitions=REPETITIONS)
        for peer in environment_peers.PEERS.get(env_id, ())
    ]  # fmt: skip
    return [*own, *beside]


def ours(env_id: str, **arguments: Any) -> measure.Side:
    # The caller's action must be one that a mask describes: in a simultaneous game, that of one agent.
    beside = {"opponent": "random"} if CATALOGUE[env_id].play == "simultaneous" else {}
    envs = masked_envs.make_vec(env_id, ROWS, backend="numba", **beside, **arguments)
    draw = functools.partial(envs.mask_spec.sample, rng=np.random.default_rng(0), head_mask=envs.head_mask)
    _, info = envs.reset(seed=0)
    return environment_peers.filling(
        stepping(lambda actions: envs.step(actions)[4]["action_mask"], draw, info["action_mask"], ROWS), ROWS, SECONDS
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=CATALOGUE, metavar="ID", default=list(CATALOGUE))
    parser.add_argument("--write", type=Path, metavar="PAGE", help="measure nothing; a Markdown page with the markers")
    given = parser.parse_args()
    if given.write is not None:
        report.write_newest(given.write, RESULTS, START, END)
        return 0
    path = RESULTS / f"{measure.today()}-{run.machine_name()}.json"
    found = {"date": measure.today(), "machine": measure.machine(), "versions": measure.versions(), "groups": {},
             "skipped": {}}  # fmt: skip
    if path.exists():
        earlier = json.loads(path.read_text())
        found |= {"groups": earlier["groups"], "skipped": earlier["skipped"]}
    path.parent.mkdir(parents=True, exist_ok=True)
    for env_id in given.only:
        found["groups"][env_id], found["skipped"][env_id] = run.measured(cases(env_id))
        for key in ("groups", "skipped"):
            found[key] = {known: found[key][known] for known in CATALOGUE if known in found[key]}
        path.write_text(json.dumps(found, indent=1) + "\n")
    print(report.table(found, every_row=True))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
