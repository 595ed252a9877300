"""Errors about masks in a remote env runner, brought to the driver.

RLlib ends and restarts a remote env runner that raises, and goes on without its samples (`FaultAwareApply.apply`, ray
2.60): an empty mask would restart it again and again, and the driver would see a log and no error.
"""

from __future__ import annotations

import contextlib
from typing import Any

import ray
from ray.experimental import internal_kv

from ...errors import EmptyMaskError, InvalidActionError

KNOWN = (EmptyMaskError, InvalidActionError)
SPACE = "masked_envs"


@contextlib.contextmanager
def reported(env_runner: Any) -> Any:
    """A context in which errors about masks are noted for the driver, and raised as ever."""
    try:
        yield
    except Exception as raised:
        # RLlib raises a RuntimeError from what an environment has raised.
        error = raised.__cause__ if isinstance(raised.__cause__, KNOWN) else raised
        if isinstance(error, KNOWN) and env_runner.worker_index and ray.is_initialized():
            value = f"{type(error).__name__}\n{error}".encode()
            internal_kv._internal_kv_put(_key(env_runner.tune_trial_id), value, overwrite=True, namespace=SPACE)
        raise


def forget(algorithm: Any) -> None:
    """Drop what an earlier algorithm of this driver has left."""
    internal_kv._internal_kv_del(_key(algorithm.trial_id), namespace=SPACE)


def raise_reported(algorithm: Any) -> None:
    """Raise what a remote env runner of this algorithm has noted.

    Raises:
        EmptyMaskError, InvalidActionError: as in the env runner.
    """
    value = internal_kv._internal_kv_get(_key(algorithm.trial_id), namespace=SPACE)
    if value is not None:
        forget(algorithm)
        name, _, message = value.decode().partition("\n")
        raise {error.__name__: error for error in KNOWN}[name](message)


def _key(trial_id: Any) -> str:
    return f"{ray.get_runtime_context().get_job_id()}/{trial_id}"
