"""Settings of the test process (no window, one thread per worker, no verdict by the clock), and the option `--id`."""

from __future__ import annotations

import difflib
import inspect
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import hypothesis
import pytest

# Read when pygame, matplotlib and OpenMP (torch) start, so set before a test imports them.
os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")  # JAX compiles long, and runs briefly here
os.environ.setdefault("RAY_ADDRESS", "local")  # else Ray joins a cluster that another test has started
# Ray lowers the priority of its workers, so that they would hardly run beside the other tests.
os.environ.setdefault("RAY_worker_niceness", "0")
# Tests start many processes, each of which would compile every module of the package again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
os.environ.setdefault("RAY_raylet_start_wait_time_s", "600")  # on a busy machine a node takes long to register
if "torch" in sys.modules:
    sys.modules["torch"].set_num_threads(1)

# Hypothesis's deadline would fail an example for the time its first compilation takes.
hypothesis.settings.register_profile("masked_envs", deadline=None)
hypothesis.settings.load_profile("masked_envs")


# --- one Ray for all tests of a process -------------------------------------------------------------------------------

RAY = {"num_cpus": 2, "include_dashboard": False, "object_store_memory": 80 * 2**20, "log_to_driver": False}


@pytest.fixture
def local_ray(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a Ray that the first test to need it starts, and that stays for all others.

    Tests that kill nodes or choose their own resources shut it down first; the next test starts another.
    """
    ray = pytest.importorskip("ray")
    if not ray.is_initialized():
        with monkeypatch.context() as patch:  # workers import test helpers too
            patch.setenv("PYTHONPATH", os.pathsep.join(path for path in sys.path if path))
            ray.init(**RAY, logging_level=logging.ERROR)
    yield ray.get_runtime_context().gcs_address


class CallerOnly:
    """The module `inspect` for RLlib's connectors, which ask for the whole call stack to look at their caller.

    Each of the fifty frames of a test costs a search in all loaded modules, in sum most of the processor time of
    RLlib's tests.
    """

    getargvalues = staticmethod(inspect.getargvalues)

    @staticmethod
    def stack() -> list[Any]:
        return [SimpleNamespace(frame=sys._getframe(1)), SimpleNamespace(frame=sys._getframe(2))]


def pytest_collection_finish() -> None:
    connectors: Any = sys.modules.get("ray.rllib.connectors.connector_v2")
    if connectors is not None:
        connectors.inspect = CallerOnly


def pytest_sessionfinish() -> None:
    ray = sys.modules.get("ray")
    if ray is not None and ray.is_initialized():
        ray.shutdown()


# --- the tests of one environment -------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--id",
        action="append",
        default=[],
        dest="env_ids",
        metavar="ID",
        help="only what is about this environment: tests with it as a parameter, and its file in tests/envs",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With `--id`, keep the tests of these environments."""
    env_ids = config.getoption("env_ids")
    if not env_ids:
        return
    names = set().union(*map(names_of, env_ids))
    chosen = [item for item in items if names & {item.path.name, *parameters_of(item)}]
    kept = set(map(id, chosen))
    config.hook.pytest_deselected(items=[item for item in items if id(item) not in kept])
    items[:] = chosen


def names_of(env_id: str) -> set[str]:
    """What tests call an environment: its id, its page and picture, its file in the package, its own test file."""
    from masked_envs.catalogue import CATALOGUE

    if env_id not in CATALOGUE:
        near = difflib.get_close_matches(env_id, CATALOGUE, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise pytest.UsageError(f"--id {env_id}: there is no such environment in masked_envs/catalogue.py{hint}")
    *family, name = CATALOGUE[env_id].module.split(".")
    return {env_id, env_id.rpartition("-")[0], Path("envs", *family, f"{name}.py").as_posix(), f"test_{name}.py"}


def parameters_of(item: pytest.Item) -> set[str]:
    """The parameters of a test that are words, and of files their names."""
    call: Any = getattr(item, "callspec", None)
    values = call.params.values() if call else ()
    return {value.stem if isinstance(value, Path) else value for value in values if isinstance(value, (str, Path))}
