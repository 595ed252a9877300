"""Checkpoints of the torch agent: what they hold, that damage is noticed, and that reading one runs nothing."""

import hashlib
import json
import os
import pickle
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="agents/ppo_torch needs torch: pip install 'masked-envs[torch]'")
pytest.importorskip("tqdm", reason="agents/ppo_torch needs tqdm: pip install 'masked-envs[torch]'")

import ppo_own_envs  # noqa: E402, F401  registers them
import torch  # noqa: E402
from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from hypothesis.extra import numpy as hnp  # noqa: E402
from ppo_cases import CARTPOLE, FACES, Learner, after, bytes_of  # noqa: E402

from agents.ppo_torch import checkpoint  # noqa: E402
from agents.ppo_torch.main import main  # noqa: E402
from masked_envs import files, trees  # noqa: E402


@pytest.fixture(params=FACES)
def config(request):
    return FACES[request.param]


# --- what a checkpoint holds ------------------------------------------------------------------------------------------

DTYPES = st.sampled_from([np.bool_, np.int64, np.uint8, np.float32, np.float64])
ARRAYS = hnp.arrays(DTYPES, hnp.array_shapes(min_dims=0, min_side=0))
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | ARRAYS
VALUES = st.recursive(
    LEAVES,
    lambda parts: (
        st.lists(parts, max_size=3)
        | st.dictionaries(st.text() | st.integers(), parts, max_size=3)
        | st.tuples(parts, parts)
    ),
    max_leaves=8,
)


def same(one, other):
    """Whether two values are equal in type, structure and bytes; nan equals nan."""
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return type(one) is type(other) and len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and (one == other or (one != one and other != other))


@settings(max_examples=50)
@given(VALUES)
def test_what_is_written_is_read(value):
    assert same(checkpoint.decode(checkpoint.encode(value)), value)


def test_tensors_come_back_as_tensors():
    weights = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.tensor(True)}
    read = checkpoint.decode(checkpoint.encode(weights))
    assert all(torch.equal(read[name], weight) and read[name].dtype == weight.dtype for name, weight in weights.items())


@pytest.mark.parametrize("value", [object(), os.system, {1, 2}, 1j, np.array([None]), np.array(["text"]), CARTPOLE])
def test_nothing_but_numbers_and_text_is_held(value):
    with pytest.raises(TypeError, match="a checkpoint holds"):
        checkpoint.encode({"value": value})


def test_settings_that_no_checkpoint_holds_are_refused_before_training(tmp_path, capsys):
    flags = ["--env", "OwnFlat-v0", "--env-arg", "answer={1}", "--num-envs", "2"]
    with pytest.raises(SystemExit, match="2"):
        main([*flags, "--checkpoint-dir", str(tmp_path / "run")])
    assert "a checkpoint holds arrays, numbers and text, not {1}" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_resumed_run_ends_in_the_same_bytes(config, tmp_path):
    config = replace(config, mask="off") if config == CARTPOLE else config  # with invalid actions to carry over
    whole = bytes_of(after(config, 6))
    checkpoint.save_checkpoint(tmp_path, after(config, 3).state())
    resumed = Learner(config)
    assert resumed.restore(checkpoint.load_checkpoint(tmp_path))
    for _ in range(3):
        resumed.iterate()
    assert bytes_of(resumed) == whole


# --- damage -----------------------------------------------------------------------------------------------------------

WHOLE = checkpoint.encode({"weights": np.arange(20.0), "name": "text", "numbers": (1, 2.5, None)})


@settings(max_examples=200)
@given(st.data())
def test_a_damaged_file_is_a_value_error(data):
    content = bytearray(WHOLE)
    how = data.draw(st.sampled_from(["bit", "cut", "insert", "overwrite"]))
    where = data.draw(st.integers(0, len(content) - 1))
    if how == "bit":
        content[where] ^= 1 << data.draw(st.integers(0, 7))
    elif how == "cut":
        del content[where:]
    elif how == "insert":
        content[where:where] = data.draw(st.binary(min_size=1, max_size=9))
    else:
        content[where : where + 8] = data.draw(st.binary(min_size=8, max_size=8))
    if bytes(content) != WHOLE:
        with pytest.raises(ValueError):
            checkpoint.decode(bytes(content))


def signed(body):
    """A file whose checksum is right, whatever its content."""
    return checkpoint.FORMAT + hashlib.sha256(body).digest() + body


WORDS = st.sampled_from(["array", "|u1", "<f4", "O", "dict", "x"])
KEYS = st.sampled_from(["tree", "arrays", "dict", "tuple", "array", "tensor", "bytes"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(KEYS, parts, max_size=3),
    max_leaves=10,
)


@settings(max_examples=200)
@given(st.builds(lambda tree, forms: {"tree": tree, "arrays": forms}, JSON, JSON) | JSON, st.binary(max_size=16))
def test_a_forged_file_is_a_value_error_or_plain_values(header, rest):
    text = json.dumps(header).encode()
    try:
        value = checkpoint.decode(signed(len(text).to_bytes(8, "little") + text + rest))
    except ValueError:
        return
    checkpoint.encode(value)  # which takes numbers, text and arrays alone


@pytest.mark.parametrize("depth", [100_000])
def test_deep_nesting_is_a_value_error(depth):
    text = b"[" * depth + b"]" * depth
    with pytest.raises(ValueError, match="does not describe a checkpoint"):
        checkpoint.decode(signed(len(text).to_bytes(8, "little") + text))


def spoil(path, how):
    content = bytearray(path.read_bytes())
    if how == "cut":
        content = content[: len(content) // 2]
    elif how == "changed byte":
        content[len(content) // 3] ^= 0xFF
    elif how == "empty":
        content = bytearray()
    elif how == "pickle":
        content = bytearray(pickle.dumps({"config": os.system}))
    elif how == "of torch":
        torch.save({"weights": torch.ones(3)}, path)
        return
    path.write_bytes(content)


@pytest.mark.parametrize("how", ["cut", "changed byte", "empty", "pickle", "of torch"])
@pytest.mark.parametrize("flags", [["--resume", "--checkpoint-dir"], ["--evaluate"]])
def test_a_damaged_or_foreign_checkpoint_is_refused(how, flags, tmp_path, capsys):
    checkpoint.save_checkpoint(tmp_path, after(CARTPOLE, 1).state())
    spoil(tmp_path / checkpoint.FILE, how)
    with pytest.raises(SystemExit, match="2"):
        main([*flags, str(tmp_path)])
    assert re.search(r"checkpoint.bin is damaged or no checkpoint of this agent: .+", capsys.readouterr().err)


@pytest.mark.parametrize("flags", [["--resume", "--checkpoint-dir"], ["--evaluate"]])
@pytest.mark.parametrize("part", ["config", "policy", "wider policy", "environments", "counters", "unknown setting"])
def test_a_checkpoint_with_other_parts_is_refused(part, flags, tmp_path, capsys):
    state = after(CARTPOLE, 1).state()
    if part == "wider policy":
        state["policy"] = trees.map(lambda weight: torch.cat([weight, weight]), dict(state["policy"]))
    elif part == "unknown setting":
        state["config"]["colour"] = "red"
    else:
        del state[part]
    checkpoint.save_checkpoint(tmp_path, state)
    if flags == ["--evaluate"] and part in ("environments", "counters"):
        return  # evaluation reads neither
    with pytest.raises(SystemExit, match="2"):
        main([*flags, str(tmp_path)])
    assert "the checkpoint does not fit this agent" in capsys.readouterr().err


# --- interrupted writing ----------------------------------------------------------------------------------------------

KILLED = """
import os, signal, sys
from agents.ppo_torch.main import main

replace, saves = os.replace, []
def replace_or_die(source, target):
    saves.append(target) if str(target).endswith("checkpoint.bin") else None
    if len(saves) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    replace(source, target)
os.replace = replace_or_die
main(sys.argv[1:])
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_the_newest_complete_checkpoint_survives_a_kill(tmp_path):
    flags = ["--num-envs=8", "--num-steps=8", "--total-decisions=600", "--checkpoint-every=2", "--hidden=16"]
    command = [sys.executable, "-c", KILLED, *flags, f"--checkpoint-dir={tmp_path / 'killed'}"]
    checkout = Path(checkpoint.__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    assert subprocess.run(command, env=environment, capture_output=True).returncode == -signal.SIGKILL
    assert checkpoint.load_checkpoint(tmp_path / "killed")["counters"][0] == 4
    assert main([f"--checkpoint-dir={tmp_path / 'killed'}", "--resume", "--checkpoint-every=2"]) == 0
    assert main([f"--checkpoint-dir={tmp_path / 'whole'}", *flags]) == 0
    killed, whole = (tmp_path / name / checkpoint.FILE for name in ("killed", "whole"))
    assert killed.read_bytes() == whole.read_bytes()


def test_a_failed_write_leaves_the_older_checkpoint(tmp_path, monkeypatch):
    checkpoint.save_checkpoint(tmp_path, {"number": 1})
    with pytest.raises(TypeError, match="a checkpoint holds"):
        checkpoint.save_checkpoint(tmp_path, {"number": lambda: None})
    monkeypatch.setattr(files.os, "fsync", full_disk)
    with pytest.raises(files.NotWrittenError, match=r"checkpoint.bin was not written: No space left on device"):
        checkpoint.save_checkpoint(tmp_path, {"number": 2})
    assert checkpoint.load_checkpoint(tmp_path)["number"] == 1
    assert [path.name for path in tmp_path.iterdir()] == [checkpoint.FILE]


def full_disk(*given):
    raise OSError(28, "No space left on device")
