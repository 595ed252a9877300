"""MaskedJobShop: published optima, and the shortest schedule by every order of the operations on each machine."""

from __future__ import annotations

from functools import cache
from itertools import pairwise, permutations, product
from typing import Any

import numpy as np
import pytest
from positions import changed, read

from masked_envs import make, make_vec
from masked_envs.envs.scheduling.job_shop import INSTANCE

ENV_ID = "MaskedJobShop-v0"

# Starts of the operations of each job, in schedules that a solver found; what they are worth is checked below.
SCHEDULES: dict[str, list[list[int]]] = {
    "ft06": [
        [5, 6, 16, 30, 38, 49],
        [0, 8, 13, 28, 38, 48],
        [0, 5, 9, 18, 27, 38],
        [8, 13, 22, 27, 30, 45],
        [13, 22, 25, 41, 48, 52],
        [13, 16, 19, 28, 45, 49],
    ],
    "ft10": [
        [76, 445, 523, 532, 568, 641, 652, 721, 792, 894],
        [105, 224, 355, 430, 568, 637, 714, 760, 813, 885],
        [308, 408, 493, 532, 609, 699, 709, 760, 849, 894],
        [0, 84, 185, 256, 359, 368, 420, 693, 791, 813],
        [210, 256, 286, 308, 370, 430, 499, 530, 594, 849],
        [0, 84, 86, 138, 233, 281, 361, 429, 499, 505],
        [86, 148, 233, 314, 327, 421, 442, 520, 668, 784],
        [179, 262, 399, 445, 519, 558, 699, 718, 777, 813],
        [0, 132, 294, 370, 422, 507, 518, 579, 668, 718],
        [201, 348, 361, 422, 429, 518, 594, 641, 694, 885],
    ],
    "la01": [
        [77, 379, 451, 546, 630],
        [138, 165, 435, 475, 501],
        [217, 258, 407, 501, 620],
        [0, 83, 179, 258, 324],
        [0, 256, 324, 388, 629],
        [147, 208, 356, 435, 601],
        [0, 77, 283, 388, 527],
        [0, 223, 449, 490, 546],
        [69, 98, 154, 179, 532],
        [0, 86, 165, 208, 283],
    ],
}


def instance(name: str) -> tuple[np.ndarray, np.ndarray, int]:
    arrays = INSTANCE.arrays(name)
    assert arrays is not None
    return arrays["machines"], arrays["durations"], INSTANCE.raw(name)["optimum"]


def makespan(machines: np.ndarray, durations: np.ndarray, starts: np.ndarray) -> int:
    """When a schedule is done; it must be one: operations in order, and one at a time on each machine."""
    ends = starts + durations
    assert (starts[:, 0] >= 0).all() and (starts[:, 1:] >= ends[:, :-1]).all()
    for machine in range(machines.max() + 1):
        mine = sorted(zip(starts[machines == machine], ends[machines == machine], strict=True))
        assert all(end <= start for (_, end), (start, _) in pairwise(mine))
    return int(ends.max())


def replay(env: Any, starts: np.ndarray) -> float:
    """The return of a schedule: each operation is started at its time, and else the agent waits."""
    env.reset(seed=0)
    total, time, terminated = 0.0, 0, False
    waiting = [list(row) for row in starts.tolist()]
    while not terminated:
        job = next((j for j, row in enumerate(waiting) if row and row[0] == time), len(waiting))
        if job < len(waiting):
            waiting[job].pop(0)
        _, reward, terminated, _, _ = env.step(job)
        total += reward
        time -= int(reward)
    return total


@pytest.mark.parametrize("name", ["ft06", "ft10", "la01"])
def test_a_shortest_schedule_can_be_played_and_takes_the_published_time(name: str) -> None:
    machines, durations, optimum = instance(name)
    starts = np.array(SCHEDULES[name])
    assert makespan(machines, durations, starts) == optimum == {"ft06": 55, "ft10": 930, "la01": 666}[name]
    assert replay(make(ENV_ID, instance=name), starts) == -optimum


def test_la01_has_a_machine_that_is_busy_all_the_time() -> None:
    """So no schedule is shorter: the published optimum is the load of one machine."""
    machines, durations, optimum = instance("la01")
    assert max(durations[machines == machine].sum() for machine in range(5)) == optimum


@pytest.mark.parametrize("name", ["ft06", "la01"])
def test_no_play_is_shorter(name: str) -> None:
    rows = 50
    envs = make_vec(ENV_ID, rows, instance=name, backend="python", autoreset_mode="Disabled", mask_in="info")
    envs.reset(seed=0)
    over, total = np.zeros(rows, bool), np.zeros(rows)
    while not over.all():
        _, rewards, terminated, _, _ = envs.step(envs.sample_legal(), where=~over)
        total += rewards
        over |= terminated
    assert (-total >= instance(name)[2]).all() and len(set(total.tolist())) > 1


# --- every schedule of small shops ----------------------------------------------------------------------------------


def shortest_by_brute_force(machines: np.ndarray, durations: np.ndarray) -> int:
    """By every order of the jobs on each machine; times by relaxation, endless where orders contradict."""
    jobs, operations = machines.shape
    on = [list(zip(*np.nonzero(machines == machine), strict=True)) for machine in range(machines.max() + 1)]
    best = int(durations.sum())
    for orders in product(*(permutations(each) for each in on)):
        before = [((j, k - 1), (j, k)) for j in range(jobs) for k in range(1, operations)]
        before += [pair for order in orders for pair in pairwise(order)]
        starts = np.zeros_like(durations)
        for _ in range(durations.size + 1):
            changes = False
            for a, b in before:
                if starts[b] < starts[a] + durations[a]:
                    starts[b], changes = starts[a] + durations[a], True
            if not changes:
                best = min(best, int((starts + durations).max()))
                break
    return best


def shortest_by_play(env: Any) -> int:
    """By every sequence of legal actions; positions that differ in what is past count as one."""
    env.reset(seed=0)
    past = {"time": 0, "elapsed_steps": 0, "starts": np.zeros_like(read(env.get_state())["starts"])}

    @cache
    def left(position: Any) -> float:
        best = np.inf
        env.set_state(position)
        for action in np.flatnonzero(env.action_mask):
            env.set_state(position)
            _, reward, terminated, _, _ = env.step(int(action))
            rest = 0.0 if terminated else left(changed(env.get_state(), **past))
            best = min(best, rest - reward)
        return best

    return int(left(env.get_state()))


def random_shop(rng: np.random.Generator, jobs: int, operations: int, longest: int) -> dict[str, np.ndarray]:
    machines = np.array([rng.permutation(operations) for _ in range(jobs)])
    return {"machines": machines, "durations": rng.integers(1, longest + 1, machines.shape)}


@pytest.mark.parametrize(("jobs", "operations"), [(3, 3), (4, 2), (2, 4)])
def test_the_shortest_play_is_the_shortest_schedule(jobs: int, operations: int) -> None:
    """So the mask forbids no waiting that is needed."""
    rng = np.random.default_rng(jobs)
    for _ in range(4):
        shop = random_shop(rng, jobs, operations, 9)
        assert shortest_by_play(make(ENV_ID, instance=shop)) == shortest_by_brute_force(**shop)


def test_a_job_may_come_back_to_a_machine() -> None:
    shop = {"machines": np.array([[0, 1, 0], [1, 0, 1]]), "durations": np.array([[2, 5, 3], [4, 1, 6]])}
    assert shortest_by_play(make(ENV_ID, instance=shop)) == shortest_by_brute_force(**shop)


# --- waiting ----------------------------------------------------------------------------------------------------------


def test_waiting_for_a_short_operation_can_be_worth_it_and_is_legal_then_only() -> None:
    """Job 1 occupies machine 1 for 1 and then needs machine 0 for long; job 0 could begin there at once."""
    for duration, legal in ((2, True), (1, False)):
        env = make(ENV_ID, instance={"machines": [[0, 1], [1, 0]], "durations": [[duration, 1], [1, 9]]})
        env.reset(seed=0)
        assert env.action_mask.tolist() == [1, 1, 0], "nothing runs"
        env.step(1)
        assert env.action_mask.tolist() == [1, 0, legal]
    assert shortest_by_play(env) == 10


def test_no_schedule_without_waiting_is_as_short() -> None:
    """Of a shop whose shortest schedule leaves a machine idle that could work: play that waits only where it has to."""
    shop = {"machines": [[0, 1, 0], [1, 0, 1]], "durations": [[6, 1, 1], [1, 5, 10]]}
    env = make(ENV_ID, instance=shop)

    def eager(position: Any) -> float:
        env.set_state(position)
        mask = env.action_mask
        best = np.inf
        for action in np.flatnonzero(mask[:-1]) if mask[:-1].any() else [len(mask) - 1]:
            env.set_state(position)
            _, reward, terminated, _, _ = env.step(int(action))
            best = min(best, -reward + (0.0 if terminated else eager(env.get_state())))
        return best

    env.reset(seed=0)
    assert eager(env.get_state()) > shortest_by_play(env) == shortest_by_brute_force(*map(np.array, shop.values()))


@pytest.mark.long
def test_a_solver_proves_the_optimum_of_ft06() -> None:
    """By mixed-integer programming with one binary for each pair of operations on a machine (Manne, 1960)."""
    pytest.importorskip("scipy")
    from job_shop_program import shortest

    machines, durations, optimum = instance("ft06")
    assert shortest(machines, durations)[0] == optimum
