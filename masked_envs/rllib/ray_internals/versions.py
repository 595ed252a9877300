"""The versions of Ray whose internals are known here."""

from __future__ import annotations

import functools
import warnings

import ray

TESTED = {
    "2.59": "the tests of 2.60, with Gymnasium 1.2.2",
    "2.60": "tests/adapters/test_rllib_env_runner.py holds the episodes and metrics of both env runners equal, with "
    "Gymnasium 1.2.2 and 1.4.0",
}
"""Minor version -> how it was tested. Ray may change what begins with an underscore in any of them."""


def is_tested() -> bool:
    """Whether the installed version of Ray is in the table."""
    return ".".join(ray.__version__.split(".")[:2]) in TESTED


@functools.cache
def warn_untested() -> None:
    """Say once in a process that RLlib's own env runner takes the place of the batched one."""
    warnings.warn(
        f"BatchedEnvRunner uses internals of Ray that are known for versions {', '.join(sorted(TESTED))}, and this is "
        f"{ray.__version__}: RLlib's own env runner is used instead, which steps more slowly",
        stacklevel=3,
    )
