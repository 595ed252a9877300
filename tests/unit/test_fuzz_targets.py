"""Everything that fuzzing ever found, and bytes of Hypothesis, on every target."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz import __main__ as command
from tests.fuzz.targets import TARGETS, same, seeds

pytestmark = [pytest.mark.core, pytest.mark.once]

FOUND = sorted(path for path in command.CORPUS.glob("*/*") if path.is_file())
IN_CORE = sorted(set(TARGETS) - {"checkpoints"})


@pytest.mark.parametrize("path", FOUND, ids=lambda path: f"{path.parent.name}/{path.name[:24]}")
def test_what_was_found_once_is_mended(path: Path) -> None:
    if path.parent.name == "checkpoints":
        pytest.importorskip("torch", reason="agents/ppo_torch needs torch: pip install 'masked-envs[torch]'")
    TARGETS[path.parent.name](path.read_bytes())


@pytest.mark.parametrize("name", IN_CORE)
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.binary(max_size=80))
def test_any_bytes_are_answered_as_documented(name: str, data: bytes) -> None:
    TARGETS[name](data)


def test_checkpoints_of_any_bytes_are_answered_as_documented() -> None:
    pytest.importorskip("torch", reason="agents/ppo_torch needs torch: pip install 'masked-envs[torch]'")
    (*wholes,) = seeds("checkpoints")
    rng = np.random.default_rng(0)
    for number in range(600):
        whole = bytearray(wholes[number % len(wholes)])
        for _ in range(rng.integers(3)):
            whole[rng.integers(len(whole))] = rng.integers(256)
        TARGETS["checkpoints"](bytes(whole))


@pytest.mark.parametrize("name", IN_CORE)
def test_the_bytes_reach_the_code(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: a reader that fails on what it should refuse is found within the same number of tries."""

    def fails(*given: object, **named: object) -> None:
        raise KeyError("on purpose")

    reader = {
        "masks": "masked_envs.mask_spec.dense.only_bits",
        "actions": "masked_envs.mask_spec.dense.as_array",
        "dialects": "masked_envs.mask_spec.dialects._dialect.expect_array",
        "forms": "masked_envs.adaptation.read.bits",
        "action_spaces": "masked_envs.mask_spec.from_space._leaf",
        "states": "masked_envs.core.state.State.is_intact",
        "wrapper_states": "masked_envs.core.sealed.Sealed.right_checksum",
    }
    monkeypatch.setattr(reader[name], fails)
    rng = np.random.default_rng(0)
    with pytest.raises(KeyError, match="on purpose"):
        for _ in range(400):
            TARGETS[name](rng.bytes(60))


def test_the_command_knows_every_target() -> None:
    assert command.NAMES == tuple(TARGETS)
    assert same({"a": np.ones(2)}, {"a": np.ones(2)}) and not same((np.ones(2),), (np.zeros(2),))


def test_without_atheris_the_command_says_what_is_missing() -> None:
    code = "import sys; sys.modules['atheris'] = None; from tests.fuzz.__main__ import main; sys.exit(main())"
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1 and "pip install 'masked-envs[fuzz]'" in done.stderr and "Traceback" not in done.stderr
