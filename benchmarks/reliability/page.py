"""The figures of docs/reliability.md, between the markers of each measurement, from the results."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import record

GOAL = 10**9
PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
Result = dict[str, Any]


def table(head: list[str], rows: list[list[Any]]) -> str:
    lines = [head, ["---"] * len(head), *([str(cell) for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def unfinished(reached: int, goal: int, what: str) -> str:
    return "" if reached >= goal else f" The goal is {goal:,} {what}; the command above goes on from here."


def total(result: Result, name: str) -> int:
    """Of the decisions of all cases."""
    return int(sum(case[name] for case in result["cases"].values()))


def decisions(result: Result) -> str:
    legal, invalid = total(result, "decisions") - total(result, "invalid"), total(result, "invalid")
    bound = f" (95% upper bound of the rate: {3 / legal:.1e}, by the rule of three)" if invalid == 0 < legal else ""
    without = f"{total(result, 'control_invalid'):,} of {total(result, 'control_decisions'):,}"
    rows = [
        [name, case["kind"], f"{case['decisions']:,}", f"{case['invalid']:,}",
         f"{case['control_invalid']:,} of {case['control_decisions']:,}"]
        for name, case in result["cases"].items()
    ]  # fmt: skip
    return (
        f"**{legal:,} legal decisions and {invalid:,} invalid ones**{bound}. The same networks without the mask: "
        f"{without} invalid.{unfinished(legal, GOAL, 'decisions')}\n\n"
        + table(["environment", "kind of mask", "decisions", "invalid", "invalid without the mask"], rows)
    )


def soak(result: Result) -> str:
    first, last = result["looks"][0], result["looks"][-1]
    third = result["looks"][len(result["looks"]) // 3]
    slow = f" (without {', '.join(result['slow_ids'])}, too slow to take part)" if result["slow_ids"] else ""
    less = f" The goal is {10**8:,} steps; a run begins anew." if result["steps"] < 10**8 else ""
    return (
        f"**{result['steps']:,} steps** of {result['ids']} ids in vector environments{slow} and of single ones, in "
        f"{result['seconds']:,} s. Resident memory: {first['mb']} MB before, {third['mb']} MB after "
        f"{third['steps']:,} steps, {last['mb']} MB at the end. Invalid actions: {result['invalid']}.{less}"
    )


def kills(result: Result) -> str:
    return (
        f"**{result['kills']} kills** in {result['runs']} runs: {result['before_first_checkpoint']} before the first "
        f"checkpoint, {result['between_checkpoints']} between two, {result['while_writing']} while one was being "
        f"written. "
        f"{result['equal']} of {result['runs']} runs ended with the bytes of the undisturbed run."
        + unfinished(result["kills"], 100, "kills")
    )


def cold_starts(result: Result) -> str:
    return (
        f"**{result['processes']} processes** in {result['rounds']} rounds, compiling {', '.join(result['ids'])}: "
        f"{result['failed']} failed, {result['other_bytes']} gave other bytes than one process alone."
    )


def workers(result: Result) -> str:
    rows = [[name, way["compared"], way["equal"]] for name, way in result["ways"].items()]
    return table(["way", "streams compared", "equal"], rows)


def pythons(result: Result) -> str:
    names = ("gymnasium", "numpy", "numba", "torch")
    rows = [
        [version, *(each.get(name, "none") for name in names), each["passed"], each["failed"], each["skipped"]]
        for version, each in sorted(result["pythons"].items(), key=lambda item: [*map(int, item[0].split("."))])
    ]
    return table(["Python", *(name for name in names), "passed", "failed", "skipped"], rows)


BLOCKS: dict[str, Callable[[Result], str]] = {
    block.__name__: block for block in (decisions, soak, kills, cold_starts, workers, pythons)
}


def written(page: str) -> str:
    """The page with the figures of all results in their places.

    Raises:
        ValueError: the markers of a measurement are not there once.
    """
    for name, block in BLOCKS.items():
        start, end = f"<!-- {name}:start -->", f"<!-- {name}:end -->"
        if page.count(start) != 1 or page.count(end) != 1:
            raise ValueError(f"the page needs {start} and {end} once each")
        before, _, rest = page.partition(start)
        _, _, after = rest.partition(end)
        result = record.load(name)
        said = "\nNot measured yet.\n"
        if result:
            python = "" if name == pythons.__name__ else f", Python {result['versions']['python']}"
            where = f"Measured on {result['date']}: {result['machine']}{python}."
            said = f"\n{block(result)}\n\n{where}\n"
        page = f"{before}{start}\n{said}\n{end}{after}"
    return page


def write() -> None:
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
