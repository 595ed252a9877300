"""Measure what can be reached in each environment; every result is a small file in benchmarks/learning/<id>.

python -m benchmarks.learning                            all that has no result yet
python -m benchmarks.learning MaskedPairs-v0 --again     this environment, anew
python -m benchmarks.learning --minutes 30 --seeds 2     begin no run after half an hour; two seeds of each
python -m benchmarks.learning MaskedX-v0 --set hidden=128 --env-arg rows=4 --best 1.0 --best-is "a full bin"

The settings of an environment are in settings.json there. Flags change them, and results of other settings are run
anew. `python docs/generate.py --pictures` shows the results in docs/learning.md and on the environment's page.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import time
from collections.abc import Iterator, Sequence
from typing import Any

from masked_envs.catalogue import CATALOGUE

from . import settings as room
from .settings import FEW, MANY, Settings

SHORT = 60  # seconds of a run, below which there are MANY seeds


def done(env_id: str, name: str, fingerprint: str) -> bool:
    """Whether a result is there, of these settings."""
    path = room.path(env_id, name)
    return path.exists() and json.loads(path.read_text(encoding="utf-8"))["settings"] == fingerprint


def missing(env_id: str, settings: Settings, names: Sequence[str], seeds: int | None) -> Iterator[tuple[str, int]]:
    """The runs of an environment that have no result, as learner and seed."""
    from .learners import takes_maskable

    for name in names:
        if name == "maskable" and not takes_maskable(env_id, settings):
            continue
        for seed in range(1, (seeds or MANY) + 1):
            first = room.path(env_id, f"{name}-1")
            if seeds is None and seed > FEW and json.loads(first.read_text(encoding="utf-8"))["seconds"] >= SHORT:
                break
            if not done(env_id, f"{name}-{seed}", settings.fingerprint(name)):
                yield name, seed


def run(ids: Sequence[str], names: Sequence[str], seeds: int | None, minutes: float) -> int:
    """Measure what is missing, one seed of everything before the next; how many results were written."""
    import torch

    from . import references
    from .learners import LEARNERS

    torch.set_num_threads(1)
    began, count = time.monotonic(), 0

    def late() -> bool:
        return time.monotonic() - began > 60 * minutes

    for upto in range(1, (seeds or MANY) + 1):
        for env_id in ids:
            settings = room.read(env_id)
            if not done(env_id, "references", settings.fingerprint("references")) and not late():
                room.write_json(room.path(env_id, "references"), references.measure(env_id, settings))
                count += 1
            for name, seed in missing(env_id, settings, names, seeds):
                if seed > upto:
                    continue  # with the others, later
                if late():
                    return count
                with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):  # progress
                    found = LEARNERS[name](env_id, settings, seed)
                room.write_json(room.path(env_id, f"{name}-{seed}"), found)
                count += 1
                said = {key: found[key] for key in ("greedy", "sampled", "seconds", "invalid")}
                print(env_id, name, seed, said, flush=True)
    return count


def named_value(text: str) -> tuple[str, Any]:
    """NAME=VALUE, the value in JSON or else as a word."""
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE, not {text!r}")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


def number_or_word(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m benchmarks.learning", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("ids", nargs="*", metavar="ID", help="environments; none: all that have settings")
    made.add_argument("--learner", action="append", choices=["ppo", "maskable"], help="both without it")
    made.add_argument("--seeds", type=int, help=f"{MANY}, or {FEW} where a run takes a minute or more, without it")
    made.add_argument("--minutes", type=float, default=1e6, help="begin no run after so many")
    made.add_argument("--again", action="store_true", help="measure anew what has a result")
    made.add_argument("--set", action="append", default=[], type=named_value, metavar="NAME=VALUE",
                      help="a setting of agents/ppo_torch, such as total_decisions=500000")  # fmt: skip
    made.add_argument("--env-arg", action="append", default=[], type=named_value, metavar="NAME=VALUE",
                      help="a parameter of the environment")  # fmt: skip
    made.add_argument(
        "--best", type=number_or_word, help="the best possible mean return: a number, or a name in bounds.py"
    )
    made.add_argument("--best-is", help="what that is, in words")
    made.add_argument("--heuristic", help="the name of a policy in heuristics.py")
    made.add_argument("--note", help="why less than 95%% of the way is reached")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    made = parser()
    given = made.parse_args(arguments)
    unknown = set(given.ids) - set(CATALOGUE)
    if unknown:
        made.error(f"no environment {', '.join(sorted(unknown))}; there are {', '.join(CATALOGUE)}")
    said = {name: getattr(given, name) for name in ("best", "best_is", "heuristic", "note")}
    changes = given.set or given.env_arg or any(value is not None for value in said.values())
    if len(given.ids) != 1 and changes:
        made.error("--set, --env-arg, --best, --heuristic and --note are for one environment")
    for env_id in given.ids:
        if changes or not room.path(env_id, "settings").exists():
            room.write(env_id, room.changed(room.read(env_id), dict(given.set), dict(given.env_arg), **said))
    ids, names = given.ids or room.ids(), given.learner or ["ppo", "maskable"]
    if given.again:
        for env_id in ids:
            for name in (*names, "references"):
                for path in room.path(env_id, name).parent.glob(f"{name}*.json"):
                    path.unlink()
    print(run(ids, names, given.seeds, given.minutes), "results written")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
