"""MaskedFlexibleJobShop: shortest schedules by mixed-integer programming, and replayed."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from job_shop_program import shortest_flexible

from masked_envs import make, make_vec
from masked_envs.envs.scheduling.flexible_job_shop import INSTANCE

ENV_ID = "MaskedFlexibleJobShop-v0"


def random_times(seed: int, jobs: int = 3, operations: int = 3, machines: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    able = rng.random((jobs, operations, machines)) < 0.6
    able[..., 0] |= ~able.any(axis=2)
    return np.where(able, rng.integers(1, 10, able.shape), 0)


def replay(env: Any, starts: np.ndarray, on: np.ndarray) -> float:
    """The return of a schedule: each operation is started at its time, and else the agent waits."""
    env.reset(seed=0)
    operations = starts.shape[1]
    left = {(j, k): int(starts[j, k]) for j, k in np.ndindex(starts.shape)}
    total, time, terminated = 0.0, 0, False
    while not terminated:
        now = next((place for place, start in sorted(left.items()) if start == time), None)
        action = [starts.size, 0]
        if now is not None:
            del left[now]
            action = [now[0] * operations + now[1], int(on[now])]
        _, reward, terminated, _, _ = env.step(np.array(action))
        total += reward
        time -= int(reward)
    return total


@pytest.mark.parametrize("seed", range(2))
def test_the_shortest_schedule_is_reached_and_never_beaten(seed: int) -> None:
    pytest.importorskip("scipy")
    times = random_times(seed)
    makespan, starts, on = shortest_flexible(times)
    env, rng = make(ENV_ID, instance={"times": times}), np.random.default_rng(seed)
    assert replay(env, starts, on) == -makespan
    lengths = []
    for _ in range(60):
        env.reset(seed=0)
        total, terminated = 0.0, False
        while not terminated:
            _, reward, terminated, _, _ = env.step(env.mask_spec.sample(env.action_mask, rng))
            total += reward
        lengths.append(-total)
    assert min(lengths) >= makespan and max(lengths) > makespan


def test_no_play_of_an_instance_is_shorter_than_its_published_optimum() -> None:
    rows = 12
    envs: Any = make_vec(ENV_ID, rows, instance="mk01", backend="python", autoreset_mode="Disabled", mask_in="info")
    envs.reset(seed=0)
    over, total = np.zeros(rows, bool), np.zeros(rows)
    while not over.all():
        _, rewards, terminated, _, _ = envs.step(envs.sample_legal(), where=~over)
        total += rewards
        over |= terminated
    assert (-total >= INSTANCE.raw("mk01")["optimum"]).all() and len(set(total.tolist())) > 1


# Of mk01: for each job the start and the machine (from 0) of each operation. Found by simulated annealing over orders
# and machines, with a program of its own that knows nothing of the environment.
MK01_SCHEDULE = [
    [(0, 2), (7, 2), (12, 5), (15, 5), (25, 2), (28, 5)],
    [(0, 1), (6, 2), (7, 0), (9, 3), (21, 0)],
    [(12, 1), (20, 5), (22, 0), (30, 2), (34, 4)],
    [(0, 0), (18, 1), (24, 2), (25, 4), (34, 5)],
    [(0, 4), (3, 0), (6, 1), (12, 0), (21, 3), (35, 2)],
    [(12, 2), (17, 0), (26, 2), (30, 1), (36, 0), (37, 0)],
    [(0, 5), (1, 3), (22, 5), (28, 4), (34, 2)],
    [(10, 5), (16, 2), (20, 0), (24, 1), (33, 3)],
    [(1, 5), (4, 0), (5, 3), (9, 0), (20, 2), (27, 3)],
    [(2, 5), (4, 5), (10, 4), (14, 5), (15, 3), (23, 0)],
]


def operations_in_the_file() -> list[list[dict[int, int]]]:
    """Of mk01: the time of each operation by machine, read here from the numbers of the data file."""
    (path,) = (path for path in INSTANCE.files if path.stem == "mk01")
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")][1:]
    jobs = []
    for line in lines:
        words = iter(map(int, line.split()))
        jobs.append([{next(words) - 1: next(words) for _ in range(next(words))} for _ in range(next(words))])
    return jobs


def test_mk01_is_done_in_its_published_optimum_of_40() -> None:
    jobs = operations_in_the_file()
    busy: dict[int, list[tuple[int, int]]] = {}
    for job, planned in zip(jobs, MK01_SCHEDULE, strict=True):
        free = 0
        for times, (start, machine) in zip(job, planned, strict=True):
            assert start >= free
            free = start + times[machine]
            busy.setdefault(machine, []).append((start, free))
    for spans in map(sorted, busy.values()):
        assert all(end <= start for (_, end), (start, _) in itertools.pairwise(spans))
    assert max(end for spans in busy.values() for _, end in spans) == 40 == INSTANCE.raw("mk01")["optimum"]
    starts, on = np.full((10, 6), -1), np.zeros((10, 6), np.int64)  # -1: a job has fewer operations
    for job, planned in enumerate(MK01_SCHEDULE):
        for k, (start, machine) in enumerate(planned):
            starts[job, k], on[job, k] = start, machine
    assert replay(make(ENV_ID, instance="mk01"), starts, on) == -40


def test_random_play_is_a_schedule() -> None:
    """Operations of a job in order, one at a time on a machine that can do them: from what was played alone."""
    env, rng = make(ENV_ID), np.random.default_rng(0)
    for seed in range(10):
        seen = env.reset(seed=seed)[0]["observation"]
        times = seen[:, :-3].reshape(4, 3, 4)
        job_free, machine_free, begun = [0] * 4, [0] * 4, [0] * 4
        time, terminated = 0, False
        while not terminated:
            action = env.mask_spec.sample(env.action_mask, rng)
            if action[0] < 12:
                job, operation = divmod(int(action[0]), 3)
                machine = int(action[1])
                assert operation == begun[job] and times[job, operation, machine] > 0
                assert job_free[job] <= time and machine_free[machine] <= time
                job_free[job] = machine_free[machine] = time + int(times[job, operation, machine])
                begun[job] += 1
            _, reward, terminated, _, _ = env.step(action)
            time -= int(reward)
        assert begun == [3] * 4 and time == max(job_free)


def test_the_data_of_an_instance_are_those_of_its_file() -> None:
    """Of mk01: 10 jobs with 55 operations in all on 6 machines (Brandimarte, 1993)."""
    arrays = INSTANCE.arrays("mk01")
    assert arrays is not None and arrays["times"].shape == (10, 6, 6)
    able = arrays["times"] > 0
    assert able.any(axis=2).sum() == 55 and able.sum(axis=2).max() == 3 and arrays["times"].max() == 6


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1 2\n1 1 3 4\n", "a machine is a number from 1 to 2"),
        ("1 2\n1 2 1 4 1 5\n", "named once"),
        ("1 2\n2 1 1 4\n", "ends before its 2 operations do"),
        ("1 2\n1 2 1 4\n", "ends before its 1 operations do"),
        ("1 2\n1 1 1 4 9\n", "goes on after its 1 operations"),
        ("1 2\n1 1 1 0\n", "a machine that can do it"),
        ("2 2\n1 1 1 4\n", "one line for each of the 2 jobs"),
    ],
)
def test_a_file_of_another_form_is_refused_with_words(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "own.fjs"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=words):
        make(ENV_ID, instance=path)


@pytest.mark.parametrize("average", ["", " 1", " 1.5"])
def test_a_file_may_state_how_many_machines_an_operation_has(tmp_path: Path, average: str) -> None:
    path = tmp_path / "own.fjs"
    path.write_text(f"1 2{average}\n2 1 1 3 2 1 3 2 2\n", encoding="utf-8")
    times = INSTANCE.arrays(INSTANCE.check(ENV_ID, "instance", path))
    assert times is not None and times["times"].tolist() == [[[3, 0], [3, 2]]]


def test_a_job_may_have_fewer_operations_than_others() -> None:
    env = make(ENV_ID, instance={"times": [[[3, 0], [0, 2]], [[0, 4], [0, 0]]]})
    env.reset(seed=0)
    env.step(np.array([0, 0]))
    _, reward, terminated, _, _ = env.step(np.array([2, 1]))
    assert (reward, terminated) == (0.0, False)
    total = sum(env.step(np.array([4, 0]))[1] for _ in range(2))
    _, last, terminated, _, _ = env.step(np.array([1, 1]))
    assert terminated and total + last == -6.0
