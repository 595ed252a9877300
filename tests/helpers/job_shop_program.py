"""The shortest schedule of a job shop by mixed-integer programming, as HiGHS (in scipy) finds it.

Flexible shops as well: an operation may have a choice of machines.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np


class Program:
    """Rows of a mixed-integer program that are added one by one."""

    def __init__(self) -> None:
        self.high: list[float] = []
        self.whole: list[int] = []
        self.rows: list[tuple[dict[int, float], float, float]] = []

    def variable(self, high: float, whole: bool) -> int:
        self.high.append(high)
        self.whole.append(int(whole))
        return len(self.high) - 1

    def require(self, terms: dict[int, float], low: float = -np.inf, high: float = np.inf) -> None:
        self.rows.append((terms, low, high))

    def least(self, objective: int) -> np.ndarray:
        """The values of all variables where one of them is least."""
        from scipy.optimize import Bounds, LinearConstraint, milp

        matrix = np.zeros((len(self.rows), len(self.high)))
        for row, (terms, _, _) in enumerate(self.rows):
            for variable, factor in terms.items():
                matrix[row, variable] = factor
        low, high = ([row[k] for row in self.rows] for k in (1, 2))
        cost = np.zeros(len(self.high))
        cost[objective] = 1.0
        found = milp(
            cost,
            integrality=self.whole,
            bounds=Bounds(0, self.high),
            constraints=LinearConstraint(matrix, low, high),
            options={"mip_rel_gap": 0.0},
        )
        assert found.success, found.message
        values: np.ndarray = found.x
        return values


def shortest(machines: np.ndarray, durations: np.ndarray) -> tuple[int, np.ndarray]:
    """The makespan and the starts (jobs, operations) of a shortest schedule."""
    times = np.zeros((*machines.shape, int(machines.max()) + 1), np.int64)
    for place, machine in np.ndenumerate(machines):
        times[place][machine] = durations[place]
    length, starts, _ = shortest_flexible(times)
    return length, starts


def shortest_flexible(times: np.ndarray) -> tuple[int, np.ndarray, np.ndarray]:
    """The makespan, the starts and the machines (jobs, operations) of a shortest schedule.

    Args:
        times: (jobs, operations, machines), 0 where a machine cannot do an operation.
    """
    jobs, operations, machines = times.shape
    horizon = float(times.max(axis=2).sum())
    program = Program()
    makespan = program.variable(horizon, whole=False)
    start = {place: program.variable(horizon, whole=False) for place in np.ndindex(jobs, operations)}
    chosen = {
        (*place, machine): program.variable(1, whole=True)
        for place in np.ndindex(jobs, operations)
        for machine in range(machines)
        if times[place][machine] > 0
    }
    for job, operation in np.ndindex(jobs, operations):
        mine = {
            chosen[job, operation, m]: float(times[job, operation, m]) for m in np.flatnonzero(times[job, operation])
        }
        program.require(dict.fromkeys(mine, 1.0), 1, 1)
        after = makespan if operation == operations - 1 else start[job, operation + 1]
        program.require({after: 1.0, start[job, operation]: -1.0, **{m: -time for m, time in mine.items()}}, low=0)
    for a, b in combinations(np.ndindex(jobs, operations), 2):
        if a[0] == b[0]:
            continue
        for machine in np.flatnonzero((times[a] > 0) & (times[b] > 0)):
            first = program.variable(1, whole=True)  # whether a is done before b, where both are on this machine
            on = {chosen[(*a, machine)]: -horizon, chosen[(*b, machine)]: -horizon}
            program.require(
                {start[b]: 1, start[a]: -1, first: -horizon, **on}, low=float(times[a][machine]) - 3 * horizon
            )
            program.require(
                {start[a]: 1, start[b]: -1, first: horizon, **on}, low=float(times[b][machine]) - 2 * horizon
            )
    values = program.least(makespan)
    starts, on_machine = np.zeros((jobs, operations), np.int64), np.zeros((jobs, operations), np.int64)
    job_free, machine_free = [0] * jobs, [0] * machines
    for place in sorted(start, key=lambda place: (round(values[start[place]], 6), place)):
        machine = max(np.flatnonzero(times[place]), key=lambda m: values[chosen[(*place, m)]])
        starts[place] = max(job_free[place[0]], machine_free[machine])  # as early as can be in this order
        on_machine[place] = machine
        job_free[place[0]] = machine_free[machine] = int(starts[place]) + int(times[place][machine])
    return round(values[makespan]), starts, on_machine
