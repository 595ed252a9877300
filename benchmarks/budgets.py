"""What importing and holding many environments cost, each measured in a process of its own."""

from __future__ import annotations

import subprocess
import sys

from measure import Budget, UnavailableError

ROWS = 65_536

IMPORT = """
import time, gymnasium
began = time.process_time()
import masked_envs
print(1000 * (time.process_time() - began))
"""

MEMORY = """
import sys, gymnasium, numpy as np, masked_envs

def resident():  # MB
    return int(open("/proc/self/statm").read().split()[1]) * 4096 / 1e6

def play(rows, steps):
    envs = masked_envs.make_vec("MaskedConnectFour-v0", rows)
    info, rng = envs.reset(seed=0)[1], np.random.default_rng(0)
    for _ in range(steps):
        info = envs.step(envs.mask_spec.sample(info["action_mask"], rng))[4]
    return envs

if sys.argv[2] == "warm":
    play(64, 50)
before = resident()
envs = play(int(sys.argv[1]), 30)
print(resident() - before)
"""


def budgets() -> list[Budget]:
    holding = f"memory of {ROWS:,} Connect Four envs"
    return [
        Budget("import masked_envs after import gymnasium, processor time", lambda: run(IMPORT), must=100, aim=30,
               unit="ms"),
        Budget(f"{holding}, growth over the import alone (numba included)", lambda: memory("cold"), must=200,
               unit="MB", repetitions=3),
        Budget(f"{holding}, growth over a process that has stepped 64", lambda: memory("warm"), must=200, unit="MB",
               repetitions=3),
    ]  # fmt: skip


def memory(start: str) -> float:
    if not sys.platform.startswith("linux"):
        raise UnavailableError("resident memory is read from /proc, which only Linux has")
    run(MEMORY, "64", "warm")  # so that numba's disk cache is filled: compiling is not holding
    return run(MEMORY, str(ROWS), start)


def run(program: str, *arguments: str) -> float:
    done = subprocess.run([sys.executable, "-c", program, *arguments], check=True, capture_output=True, text=True)
    return float(done.stdout)
