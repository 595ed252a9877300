"""Look at the environments of one package in plain code, without masked_envs, and write what was seen into their data.

    python benchmarks/field/examine.py pgx                    what has not been looked at yet
    python benchmarks/field/examine.py pgx --again
    python benchmarks/field/examine.py pgx --only tic_tac_toe

Random legal play, drawn from the masks as they are, episode after episode; in some states every action (of large
spaces, a sample) is tried on a deepcopy, and what follows is counted in words. Nothing is judged here:
`field_data.validate` finds where this and the checker's verdicts disagree, and people read the counts.
"""

from __future__ import annotations

import argparse
import functools
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

sys.path[:0] = [str(Path(__file__).resolve().parent)]

import field_data  # noqa: E402
import plain_walk  # noqa: E402
from shelf import make, options_of, shelf_of  # noqa: E402

DECISIONS = 600  # unless a shelf says otherwise
STATES, TRIED = 25, 24  # in which actions are tried, and how many of each side in one of them
REPLAYED, LONGEST = 8, 150  # the same of both where a state is replayed, and the most actions that lead to it
KEPT = 40  # decisions over which a mask that was handed out is watched, and two environments are compared


def examined(package: str, name: str) -> dict[str, Any]:
    """What random legal play sees."""
    seen = Seen(package, name)
    decisions = options_of(package, name).get("decisions", DECISIONS)
    seen.play(decisions)
    return {
        "script": "examine.py",
        "date": date.today().isoformat(),
        "states": seen.states,
        "terminated": seen.ends["terminated"],
        "truncated": seen.ends["truncated"],
        "empty_while_running": seen.empty,
        "last_masks": dict(seen.last),
        "waiting_masks": dict(seen.waiting),
        "allowed": dict(seen.followed["allowed"].most_common()),
        "forbidden": dict(seen.followed["forbidden"].most_common()),
        "outside": dict(seen.followed["outside"].most_common()),
        "mask_kept": seen.kept,
        "same_again": same_again(package, name),
    }


class Seen:
    """Counts over random legal play of one environment."""

    def __init__(self, package: str, name: str) -> None:
        self.package, self.name = package, name
        self.tried_at_most = options_of(package, name).get("tried")
        self.states = self.empty = 0
        self.ends: Counter[str] = Counter()
        self.last: Counter[str] = Counter()
        self.waiting: Counter[str] = Counter()
        self.followed: dict[str, Counter[str]] = {side: Counter() for side in ("allowed", "forbidden", "outside")}
        self.kept: bool | None = None

    def play(self, decisions: int) -> None:
        rng, tried_in = np.random.default_rng(0), 0
        table = plain_walk.table_of(shelf_of(self.package), functools.partial(make, self.package, self.name))
        handed_out: list[tuple[Any, Any]] = []
        for number, moment in enumerate(plain_walk.walk(table, rng, decisions)):
            self.states += 1
            self._look(table, moment)
            handed_out += [(moment.mask, moment.mask.copy())] if moment.mask is not None and number < KEPT else []
            every = decisions / (STATES if table.is_copied() else REPLAYED)
            telling = tried_in < 3 or not moment.mask.all()
            if not moment.over and moment.mask.any() and telling and self._is_due(number, every, tried_in):
                tried_in += 1
                self._try(table, moment, rng)
        self.kept = all(np.array_equal(now, then) for now, then in handed_out) if handed_out else None

    @staticmethod
    def _is_due(number: int, every: float, tried_in: int) -> bool:
        """The first states, and then states at even distances."""
        return tried_in < 5 or number >= (tried_in - 4) * every

    def _look(self, table: Any, moment: Any) -> None:
        for mask in moment.waiting:
            self.waiting["other" if mask.any() else "zeros"] += 1
        if not moment.over:
            self.empty += int(any(not part.any() for part in table.heads(moment.mask)))
            return
        self.ends["terminated"] += moment.terminated
        self.ends["truncated"] += moment.truncated and not moment.terminated
        if moment.terminated and moment.mask is not None:
            kind = "ones" if moment.mask.all() else "other" if moment.mask.any() else "zeros"
            self.last[kind] += 1

    def _try(self, table: Any, moment: Any, rng: np.random.Generator) -> None:
        if not table.is_copied() and len(moment.path) > LONGEST:
            return
        most = self.tried_at_most or (TRIED if table.is_copied() else REPLAYED)
        for side, actions in (
            ("allowed", table.some(moment.mask, True, most, rng)),
            ("forbidden", table.some(moment.mask, False, most, rng)),
            ("outside", table.outside()),
        ):
            for action in actions:
                self.followed[side][table.outcome(moment, action)] += 1


def same_again(package: str, name: str) -> bool | None:
    """Whether two environments, made and reset alike and given the same actions, have the same masks."""
    streams = [list(_masks(package, name, np.random.default_rng(1), number)) for number in range(2)]
    return all(np.array_equal(a, b) for a, b in zip(*streams, strict=False)) if streams[0] else None


def _masks(package: str, name: str, rng: np.random.Generator, global_seed: int) -> Iterator[Any]:
    import random

    random.seed(global_seed)
    np.random.seed(global_seed)
    table = plain_walk.table_of(shelf_of(package), functools.partial(make, package, name))
    for moment in plain_walk.walk(table, rng, KEPT):
        yield np.zeros(0) if moment.mask is None else moment.mask.copy()


def main() -> None:
    parser = argparse.ArgumentParser(description="Look at the environments of one package in plain code.")
    parser.add_argument("package", help="a file of benchmarks/field/shelf, without .py")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these environments")
    parser.add_argument("--again", action="store_true", help="also those that were looked at before")
    given = parser.parse_args()
    again = given.again or given.only is not None
    names = given.only or [env["name"] for env in field_data.read(given.package)["environments"]]
    for name in names:
        before = entry_of(field_data.read(given.package), name)["examined"]
        if before is None or (again and before["script"] == "examine.py"):
            try:
                seen = examined(given.package, name)
            except Exception as error:  # an environment may fail in any way, and others wait
                print(f"{name}: not examined: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
                continue
            data = field_data.read(given.package)  # somebody may have written into it since
            entry_of(data, name)["examined"] = seen
            field_data.write(given.package, data)
            print(name, seen, flush=True)


def entry_of(data: dict[str, Any], name: str) -> dict[str, Any]:
    (entry,) = [env for env in data["environments"] if env["name"] == name]
    return entry


if __name__ == "__main__":
    main()
