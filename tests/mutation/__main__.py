"""Break the code on purpose, one place at a time, and report which test notices.

    python -m tests.mutation                      every break
    python -m tests.mutation core api             those of some rooms
    python -m tests.mutation core:3 core:7        some of a room, by number
    python -m tests.mutation --list               the table, and which entries are stale; runs nothing
    python -m tests.mutation --unbroken           the tests of the table without any break; they must pass
    python -m tests.mutation --record FILE        the same in pieces: what FILE says is killed already is left out
    python -m tests.mutation --summary FILE       what a record says of each room; runs nothing

A break is one entry of `tests/mutation/breaks/<room>.py`. Exit status 1 if any is not killed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from .record import Record
from .table import Break, places, rooms
from .trial import Copy, Outcome

ROOT = Path(__file__).resolve().parents[2]
RESULTS = Path(__file__).with_name("results.json")
"""The record of the last full run: the test that noticed a break then is tried first."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    known = rooms()
    help_of_rooms = f"one of {', '.join(known)}, or ROOM:N for one break, counted from 0; without, all"
    parser.add_argument("chosen", nargs="*", metavar="ROOM", help=help_of_rooms)
    parser.add_argument("--list", action="store_true", help="list the table and what is stale; run nothing")
    parser.add_argument("--unbroken", action="store_true", help="run the tests of the table on the code as it is")
    parser.add_argument(
        "--record", type=Path, metavar="FILE", help="write verdicts to FILE; leave out what it has killed"
    )
    parser.add_argument("--summary", type=Path, metavar="FILE", help="print what a record says; run nothing")
    given = parser.parse_args()
    unknown = {word for word in given.chosen if not list(chosen(known, [word]))}
    if unknown:
        parser.error(f"no break {', '.join(sorted(unknown))}; the rooms are {', '.join(known)}")
    table = list(chosen(known, given.chosen or list(known)))
    if given.list:
        return listed(table)
    if given.summary is not None:
        return summary(Record(given.summary), table)
    record = Record(given.record)
    with tempfile.TemporaryDirectory() as folder:
        copy = Copy(ROOT, Path(folder) / "copy")
        return unbroken(copy, table) if given.unbroken else broken(copy, table, record)


def chosen(table: dict[str, list[Break]], words: list[str]) -> Iterator[tuple[str, Break]]:
    """The breaks of some rooms, or single ones such as "core:3", each with its name."""
    for room, entries in table.items():
        for n, one in enumerate(entries):
            if room in words or f"{room}:{n}" in words:
                yield f"{room}:{n}", one


def listed(table: list[tuple[str, Break]]) -> int:
    stale = 0
    for name, one in table:
        times = len(places(ROOT, one))
        stale += times != 1
        print(f"{name:16} {one.where}: {first_line(one)}" + ("" if times == 1 else f"   STALE: occurs {times} times"))
    print(f"{len(table)} breaks, {stale} stale")
    return 1 if stale else 0


def unbroken(copy: Copy, table: list[tuple[str, Break]]) -> int:
    tests = sorted({one.tests for _, one in table})
    red = 0
    for each in tests:
        outcome = copy.run_tests(each)
        red += outcome.verdict != "survived"
        print(f"{'green' if outcome.verdict == 'survived' else 'RED':6} {each}  {outcome.detail}", flush=True)
    return 1 if red else 0


def broken(copy: Copy, table: list[tuple[str, Break]], record: Record) -> int:
    known = Record(RESULTS)
    for name, one in table:
        if record.verdict(one) == "killed":
            continue
        began = time.monotonic()
        outcome: Outcome = copy.try_break(one, known.noticed_by(one))
        record.add(name, one, outcome, time.monotonic() - began)
        print(f"{outcome.verdict:10} {name:16} {one.where}: {first_line(one)}  [{outcome.detail}]", flush=True)
    return summary(record, table)


def summary(record: Record, table: list[tuple[str, Break]]) -> int:
    """The verdicts of each room, and of all; 1 where a break was not killed."""
    verdicts = Counter((name.partition(":")[0], record.verdict(one)) for name, one in table)
    for room in dict.fromkeys(room for room, _ in verdicts):
        counts = {verdict: n for (where, verdict), n in verdicts.items() if where == room}
        print(f"{room}: " + ", ".join(f"{n} {verdict}" for verdict, n in sorted(counts.items())))
    killed = sum(n for (_, verdict), n in verdicts.items() if verdict == "killed")
    print(f"{killed} of {len(table)} killed")
    return 0 if killed == len(table) else 1


def first_line(one: Break) -> str:
    """The change in one line: the first lines that differ."""
    old, new = one.old.strip().splitlines(), one.new.strip().splitlines()
    pair = next(((a, b) for a, b in zip(old, new, strict=False) if a != b), (old[0], new[0] if new else "nothing"))
    return " -> ".join(line.strip()[:60] for line in pair)


if __name__ == "__main__":
    sys.exit(main())
