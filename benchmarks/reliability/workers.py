"""Environments in threads, after a fork, and in processes of both kinds: the same bytes as alone."""

from __future__ import annotations

import functools
import hashlib
import multiprocessing
import os
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import gymnasium as gym
import numpy as np

import masked_envs
from masked_envs.catalogue import CATALOGUE
from masked_envs.conformance.values import fingerprint

from . import record

NAME = "workers"
STEPS, ROWS, THREADS = 60, 64, 2
Task = tuple[str, str, int]
"""An id, a backend, and a seed."""


def bytes_of(task: Task) -> str:
    """The SHA-256 of all that a vector environment gives in random legal play."""
    env_id, backend, seed = task
    beside = {"num_threads": THREADS} if backend == "numba" else {}
    rows = ROWS if backend == "numba" else 2
    envs = masked_envs.make_vec(env_id, rows, backend=backend, **beside)
    rng, seen = np.random.default_rng(seed), hashlib.sha256(fingerprint(envs.reset(seed=seed)))
    for _ in range(STEPS if backend == "numba" else STEPS // 4):
        seen.update(fingerprint(envs.step(envs.sample_legal(rng))))
    return seen.hexdigest()


def tasks() -> list[Task]:
    return [(env_id, backend, 0) for env_id in CATALOGUE for backend in ("python", "numba")]


def in_threads(chosen: list[Task]) -> list[str]:
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(bytes_of, chosen))


def after_fork(chosen: list[Task]) -> list[str]:
    """One child for each task, after the parent has stepped in parallel itself."""
    found = []
    for task in chosen:
        reads, writes = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.write(writes, bytes_of(task).encode())
            finally:
                os._exit(0)
        os.close(writes)
        with os.fdopen(reads) as pipe:
            found.append(pipe.read())
        os.waitpid(child, 0)
    return found


def in_processes(method: str, chosen: list[Task]) -> list[str]:
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(method)) as pool:
        return list(pool.map(bytes_of, chosen, chunksize=8))


def in_async_vector(chosen: list[Task]) -> tuple[int, int]:
    """Of Gymnasium's own vector environments, in processes and in one: how many were compared, and how many equal."""
    compared = equal = 0
    for env_id in dict.fromkeys(env_id for env_id, _, _ in chosen):
        if masked_envs.make_vec(env_id, 1, backend="python").mask_spec.kind in ("dict", "interval"):
            continue  # Gymnasium's AsyncVectorEnv shares memory of no other spaces
        seen = []
        for mode in ("async", "sync"):
            envs = gym.make_vec(env_id, num_envs=2, vectorization_mode=mode)
            observation, info = envs.reset(seed=0)
            rng, digest = np.random.default_rng(0), hashlib.sha256(fingerprint(observation))
            spec = envs.get_attr("mask_spec")[0]
            for _ in range(20):
                masks, heads = info["action_mask"], None
                if spec.needs_head_mask:
                    break
                observation, reward, terminated, truncated, info = envs.step(spec.sample(masks, rng, heads))
                digest.update(fingerprint([observation, reward, terminated, truncated]))
            envs.close()
            seen.append(digest.hexdigest())
        compared, equal = compared + 1, equal + (seen[0] == seen[1])
    return compared, equal


def measure() -> dict[str, Any]:
    """Every way in turn."""
    warnings.filterwarnings("ignore", message=".*multi-threaded.*fork.*", category=DeprecationWarning)
    chosen = tasks()
    alone = [bytes_of(task) for task in chosen]
    ways: dict[str, Callable[[list[Task]], list[str]]] = {
        "eight threads": in_threads,
        "os.fork": after_fork,
        "multiprocessing fork": functools.partial(in_processes, "fork"),
        "multiprocessing spawn": functools.partial(in_processes, "spawn"),
    }
    result: dict[str, Any] = {"ways": {}}
    for name, way in ways.items():
        found = way(chosen)
        result["ways"][name] = {
            "compared": len(chosen), "equal": sum(a == b for a, b in zip(found, alone, strict=True))
        }  # fmt: skip
        record.save(NAME, result)
        print(name, result["ways"][name], flush=True)
    compared, equal = in_async_vector(chosen)
    result["ways"]["AsyncVectorEnv"] = {"compared": compared, "equal": equal}
    record.save(NAME, result)
    print(result["ways"]["AsyncVectorEnv"])
    return result
