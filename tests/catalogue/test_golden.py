"""Every environment still plays its golden playthrough, line by line, on both backends."""

from __future__ import annotations

import pytest
from write_golden import CATALOGUE, GOLDEN, path_of, replay

from masked_envs.core.backends import numba_is_available

pytestmark = pytest.mark.core

BACKENDS = ["python", pytest.param("numba", marks=pytest.mark.skipif(not numba_is_available(), reason="no numba here"))]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("env_id", CATALOGUE)
def test_the_golden_playthrough_is_what_is_played(env_id: str, backend: str) -> None:
    path = path_of(env_id)
    if not path.exists():
        pytest.fail(f"{env_id} has no golden playthrough; write one with: python -m tests.write_golden {env_id}")
    golden = path.read_text(encoding="utf-8").splitlines()
    again = f"if the change is meant, say so in CHANGELOG.md and run: python -m tests.write_golden {env_id}"
    played = 0
    for number, (line, expected) in enumerate(zip(replay(golden, backend), golden, strict=False), 1):
        assert line == expected, f"tests/golden/{path.name}, line {number}; {again}"
        played = number
    assert played == len(golden), f"tests/golden/{path.name} goes on after line {played}; {again}"
    assert golden[-1] in ("terminated", "truncated"), f"{path.name} does not reach the end of an episode"


def test_every_golden_playthrough_is_of_an_environment() -> None:
    assert {path.stem for path in GOLDEN.glob("*")} <= set(CATALOGUE)
