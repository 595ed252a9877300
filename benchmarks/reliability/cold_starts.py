"""Processes that compile the same rules into one empty cache at the same time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from . import record

NAME = "cold_starts"
ROOT = Path(__file__).parents[2]
IDS = ("MaskedTaxi-v0",)
PROCESSES = 8
PLAY = """
import hashlib, sys, warnings
warnings.simplefilter("error")
import numpy as np
import masked_envs
from masked_envs.conformance.values import fingerprint
seen = hashlib.sha256()
for env_id in sys.argv[1:]:
    envs = masked_envs.make_vec(env_id, 16, backend="numba")
    seen.update(fingerprint(envs.reset(seed=0)))
    rng = np.random.default_rng(0)
    for _ in range(50):
        seen.update(fingerprint(envs.step(envs.mask_spec.sample(envs.action_mask, rng))))
print(seen.hexdigest())
"""


def play(cache: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NUMBA_CACHE_DIR": str(cache), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", PLAY, *IDS], env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def measure(rounds: int) -> dict[str, Any]:
    """Let eight processes start on an empty cache, and one more on what they left; compare with one alone."""
    result: dict[str, Any] = record.load(NAME) or {
        "ids": list(IDS),
        "processes": 0,
        "failed": 0,
        "other_bytes": 0,
        "rounds": 0,
    }
    with tempfile.TemporaryDirectory() as place:
        alone, errors = play(Path(place) / "alone").communicate()
        if not alone:
            raise RuntimeError(errors)
        for number in range(rounds):
            cache = Path(place) / str(number)
            together = [play(cache) for _ in range(PROCESSES)]
            outputs = [process.communicate() for process in together]
            later = play(cache)
            outputs.append(later.communicate())
            for process, (text, errors) in zip([*together, later], outputs, strict=True):
                result["processes"] += 1
                result["failed"] += process.returncode != 0
                result["other_bytes"] += text != alone
                if process.returncode != 0:
                    print(errors, file=sys.stderr)
            result["rounds"] += 1
            record.save(NAME, result)
            print(json.dumps(result), flush=True)
    return result
