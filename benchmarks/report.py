"""The newest results as a table, in Markdown.

python benchmarks/report.py                    print the rows that something is promised about
python benchmarks/report.py --all              print every row
python benchmarks/report.py --write README.md  put the table between the markers of a page
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
START, END = "<!-- benchmarks:start -->", "<!-- benchmarks:end -->"


def newest(folder: Path | None = None) -> Path:
    """The newest file of results in a folder (without one, RESULTS), by its date; of one date, the last by name.

    Raises:
        FileNotFoundError: there is none.
    """
    folder = folder or RESULTS
    paths = sorted(folder.glob("[0-9]*.json"))
    if not paths:
        raise FileNotFoundError(f"{folder} holds no results: python benchmarks/run.py or adapters.py writes them")
    return paths[-1]


def table(report: dict[str, Any], every_row: bool = False) -> str:
    """The rows with a promise (or every row) in Markdown, with where and when they were measured."""
    results = [result for group in report["groups"].values() for result in group]
    rows = [row(result) for result in results if every_row or result["must"] is not None]
    machine, versions = report["machine"], report["versions"]
    beside = ", ".join(f"{name} {version}" for name, version in versions.items() if name != "masked-envs")
    header = "| what | compared with | measured | must | aim |\n|---|---|---|---|---|"
    place = f"{machine['cpu']}, {machine['cores']} cores, Python {machine['python']}"
    return "\n".join([header, *rows, "", f"Measured on {report['date']}: {place}; {beside}."])


def row(result: dict[str, Any]) -> str:
    if result["kind"] == "budget":
        must, aim = (f"< {limit:g} {result['unit']}" if limit else "" for limit in (result["must"], result["aim"]))
        return f"| {result['name']} | | {result['median']:.0f} {result['unit']} | {must} | {aim} |"
    if result["kind"] == "rate":
        must = f"> {short(result['must'])}" if result["must"] else ""
        return f"| {result['name']} | | {short(result['median'])} {result['unit']}/s | {must} | |"
    must, aim = (f"{ratio:g}x" if ratio else "" for ratio in (result["must"], result["aim"]))
    measured = f"**{ratio_in_words(result['ratio'])}** ({speeds(result)})"
    return f"| {result['name']} | {result['peer']} | {measured} | {must} | {aim} |"


def ratio_in_words(ratio: float) -> str:
    return f"{ratio:.2g}x" if ratio < 10 else f"{ratio:.0f}x"


def speeds(result: dict[str, Any]) -> str:
    """Both sides, as rates, or as times where one unit of work takes seconds."""
    ours, peer = result["rate"]["ours"], result["rate"]["peer"]
    if peer < 1:
        return f"{1 / ours:.1f} s against {1 / peer:.1f} s"
    return f"{short(ours)} against {short(peer)} {result['unit']}/s"


def short(number: float) -> str:
    """Three digits: 12.3 M, 456 k."""
    for size, letter in ((1e6, " M"), (1e3, " k")):
        if number >= size:
            return f"{number / size:.3g}{letter}"
    return f"{number:.3g}"


def written_into(page: str, block: str, first: str = START, last: str = END) -> str:
    """The page with the block between two markers.

    Raises:
        ValueError: the page does not have each marker once, in this order.
    """
    before, start, rest = page.partition(first)
    _, end, after = rest.partition(last)
    if not start or not end or first in rest or last in after:
        raise ValueError(f"the page needs the markers {first} and {last} once, in this order")
    return f"{before}{first}\n{block}\n{last}{after}"


def write_newest(page: Path, folder: Path, first: str, last: str) -> None:
    """Put every row of the newest results of a folder between two markers of a page.

    Raises:
        FileNotFoundError, ValueError: as `newest` and `written_into`.
    """
    block = table(json.loads(newest(folder).read_text()), every_row=True)
    page.write_text(written_into(page.read_text(), block, first, last))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", type=Path, metavar="PAGE", help="a Markdown page with the markers")
    parser.add_argument("--all", action="store_true", help="also the rows that are only for information")
    given = parser.parse_args()
    block = table(json.loads(newest().read_text()), given.all)
    if given.write is None:
        print(block)
    else:
        given.write.write_text(written_into(given.write.read_text(), block))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
