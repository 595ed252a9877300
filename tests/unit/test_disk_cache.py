"""Compiled rules on disk: code for one shape never runs on another, other users keep theirs, and it works without.

Processes are started with the least that shows it, since each of them compiles.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import masked_envs
from masked_envs.core.backends import COMPILED
from masked_envs.core.binding import generated_rule
from masked_envs.core.random import random_subset, shuffle
from masked_envs.core.rules import rule


@rule
def mark(s: Any) -> None:
    """Mark every value; so long, and called in two places, that it stays a function of its own in the machine code."""
    rng, values = s["rng"], s["values"]
    random_subset(rng, values.size, values)
    for _ in range(2):
        shuffle(rng, values)
        shuffle(rng, values[1:])
        shuffle(rng, values[2:])
        shuffle(rng, values[:-1])
        shuffle(rng, values[:-2])
        shuffle(rng, values[::2])
        shuffle(rng, values[::-1])
    random_subset(rng, values.size - 1, values[1:])
    random_subset(rng, values.size - 2, values[2:])
    random_subset(rng, values.size - 3, values[3:])


@rule
def mark_rows(states: Any) -> None:
    for i in range(len(states)):
        if i % 2 == 0:
            mark(states[i])
        else:
            mark(states[i])
            mark(states[i])


def marked(size: int) -> list[int]:
    """The fields of a record after `mark_rows`: `size` marked values, and eight beside them."""
    states = np.zeros(1, [("rng", np.int64, (4,)), ("values", np.int8, (size,)), ("beside", np.int8, (8,))])
    COMPILED.bind("test", [mark_rows], {}).mark_rows(states)
    return [*states[0]["values"].tolist(), *states[0]["beside"].tolist()]


def test_processes_share_a_cache_without_taking_code_for_another_shape(tmp_path: Path) -> None:
    pytest.importorskip("numba")
    here = Path(__file__).resolve()
    paths = os.pathsep.join([str(here.parents[1]), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": paths}

    def run(*sizes: int) -> list[str]:
        command = [sys.executable, str(here), *map(str, sizes)]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.splitlines()

    of_six, of_four = str([1] * 6 + [0] * 8), str([1] * 4 + [0] * 8)
    assert run(6) == [of_six]
    assert run(4) == [of_four]
    compiled = set(tmp_path.rglob("*.nbc"))
    assert run(6, 4) == [of_six, of_four]
    assert run(4, 6) == [of_four, of_six]
    assert set(tmp_path.rglob("*.nbc")) == compiled != set()  # they were loaded, not compiled again


# --- others who use numba in the same process -------------------------------------------------------------------------

# A module of somebody else's, and what it is compiled to: the names of record types in machine code, and cache hits.
OTHERS = """
import numba, numpy as np
RECORDS = np.zeros(3, [("a", np.int64), ("b", np.float32, (2,))])

@numba.njit(cache=True)
def total(records):
    return records[0]["a"] + records[1]["b"][0]

@numba.njit
def again(records):
    return records[0]["a"] + records[1]["b"][0]

def name_of_record(function):
    function(RECORDS)
    (compiled,) = function.overloads.values()
    name, arguments = numba.typeof(RECORDS[0]).mangling_args
    assert f"{len(name)}{name}" in compiled.fndesc.mangled_name
    return (name, tuple(map(str, arguments)))
"""
OURS = """
import numpy as np
from test_disk_cache import marked
def ours():
    assert marked(6) == [1] * 6 + [0] * 8
"""


def output_of(script: str, folder: Path, **environment: str) -> list[str]:
    """The lines that a script prints, which finds this file, and the modules in a folder."""
    here = Path(__file__).resolve()
    paths = [str(folder), str(here.parent), str(here.parents[1]), os.environ.get("PYTHONPATH", "")]
    given = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), **environment}
    command = [sys.executable, "-B", "-c", script]
    done = subprocess.run(command, env=given, cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.splitlines()


def test_other_users_of_numba_keep_their_names_and_their_cache(tmp_path: Path) -> None:
    pytest.importorskip("numba")
    (tmp_path / "others.py").write_text(OTHERS)
    (tmp_path / "ours.py").write_text(OURS)
    cache = str(tmp_path / "cache")
    hits = "print(sum(others.total.stats.cache_hits.values()))"
    around = "\n".join([
        "import others, ours",
        "from numba.core.types import Record",
        "before, property_before = others.name_of_record(others.total), vars(Record)['mangling_args']",
        "ours.ours()",
        "assert vars(Record)['mangling_args'] is property_before",
        "assert others.name_of_record(others.again) == before",
        hits,
    ])  # fmt: skip
    assert output_of(around, tmp_path, NUMBA_CACHE_DIR=cache) == ["0"]
    alone = f"import others\nothers.name_of_record(others.total)\n{hits}"
    assert output_of(alone, tmp_path, NUMBA_CACHE_DIR=cache) == ["1"]  # what was kept beside ours serves alone
    after = f"import others, ours\nours.ours()\nothers.name_of_record(others.total)\n{hits}"
    assert output_of(after, tmp_path, NUMBA_CACHE_DIR=cache) == ["1"]


def test_records_of_rules_are_named_by_their_fields() -> None:
    """Negative control of the test above: something does change the names, where rules are compiled."""
    pytest.importorskip("numba")
    from masked_envs.core.backends import numba as backend

    bound = COMPILED.bind("test", [mark_rows], {})
    states = np.zeros(1, [("rng", np.int64, (4,)), ("values", np.int8, (5,)), ("beside", np.int8, (8,))])
    bound.mark_rows(states)
    (compiled,) = bound.mark_rows.overloads.values()
    record: Any = compiled.signature.args[0].dtype
    with backend._named_by_content():
        (by_content,) = record.mangling_args[1]
    assert by_content in compiled.fndesc.mangled_name
    assert str(record.mangling_args[1][0]) != by_content


# --- no cache ---------------------------------------------------------------------------------------------------------

PLAY = """
import sys, warnings
import numpy as np
import masked_envs
assert masked_envs.__file__.startswith(sys.path[1]), (masked_envs.__file__, sys.path)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    masks = np.ones((100, 4), np.int8)
    assert masked_envs.MaskSpec.flat(4).sample(masks, np.random.default_rng(0)).max() == 3
    envs = masked_envs.make_vec(next(iter(masked_envs.catalogue.CATALOGUE)), 2)
    envs.reset(seed=0)
print(*(each.category.__name__ for each in caught), sep="\\n")
print(caught[0].message)
"""


def test_without_a_place_for_a_cache_rules_are_compiled_after_one_warning(tmp_path: Path) -> None:
    """A read-only installation without a home: where numba would make a directory, there is a file."""
    pytest.importorskip("numba")
    package, nowhere = Path(masked_envs.__file__).parent, tmp_path / "nowhere"
    shutil.copytree(package, tmp_path / "masked_envs", ignore=shutil.ignore_patterns("__pycache__"))
    for folder in [path for path in (tmp_path / "masked_envs").rglob("*") if path.is_dir()]:
        (folder / "__pycache__").write_text("")
    nowhere.write_text("")
    places = dict.fromkeys(("NUMBA_CACHE_DIR", "HOME", "XDG_CACHE_HOME", "LOCALAPPDATA"), str(nowhere))
    category, message = output_of(PLAY, tmp_path, **places, NUMBA_OPT="0")
    assert category == "RuntimeWarning"
    assert message.startswith("compiled rules cannot be kept on disk, so that every process compiles them again (")
    assert message.endswith("; set NUMBA_CACHE_DIR to a directory that can be written")


def test_a_cache_that_cannot_be_written_to_costs_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    """The directory was there when the rules were bound; the disk is full when they have been compiled."""
    pytest.importorskip("numba")
    from numba.core import caching

    from masked_envs.core.backends import numba as backend

    def full(*given: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backend, "_reasons", [])
    monkeypatch.setattr(caching.FunctionCache, "_save_overload", full)
    double: Any = generated_rule("double", "def double(x):\n    return 2 * x\n", mark)
    with pytest.warns(RuntimeWarning, match="cannot be kept on disk.*No space left on device"):
        assert COMPILED.bind("test full disk", [double], {}).double(4) == 8


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        print(marked(int(argument)))
