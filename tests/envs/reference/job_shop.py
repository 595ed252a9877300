"""MaskedJobShop from its card."""

import json

import numpy as np

OWN = {
    "machines": [[0, 2], [2, 0], [2, 2], [0, 0], [0, 2]],
    "durations": [[3, 1], [1, 5], [2, 2], [1, 1_000_000], [3, 4]],
}
PARAMETERS = [
    {"num_jobs": 1, "num_machines": 1, "longest_duration": 1},
    {"num_jobs": 9, "num_machines": 3, "longest_duration": 4, "time_limit": 20},
    {"num_jobs": 3, "num_machines": 8, "longest_duration": 1000},
    {"instance": "ft06"},
    {"instance": OWN},
]

FT06 = """
    2 1  0 3  1 6  3 7  5 3  4 6
    1 8  2 5  4 10 5 10 0 10 3 4
    2 5  3 4  5 8  0 9  1 1  4 7
    1 5  0 5  2 5  3 3  4 8  5 9
    2 9  1 3  4 5  5 4  0 3  3 1
    1 3  3 3  5 9  0 10 4 4  2 1
"""  # machine and time of one operation after another, a job a line


class Reference:
    to_move = 0

    def __init__(self, parameters):
        self.parameters = parameters

    def reset_from(self, record):
        self.jobs = self.instance(record)  # of each the (machine, duration) of its operations
        self.begun = [0] * len(self.jobs)
        self.running = {}  # job: time until its operation is done

    def instance(self, record):
        given = self.parameters["instance"]
        if given == "ft06":
            rows = np.array(FT06.split(), int).reshape(6, 6, 2)
            return rows.tolist()
        if given != "random":
            given = json.loads(given)
            return np.stack([given["machines"], given["durations"]], axis=-1).tolist()
        num_jobs, machines = self.parameters["num_jobs"], set(range(self.parameters["num_machines"]))
        jobs = np.stack([record["machines"], record["durations"]], axis=-1).tolist()
        assert len(jobs) == num_jobs
        for job in jobs:
            assert {machine for machine, _ in job} == machines and len(job) == len(machines)
            assert all(1 <= duration <= self.parameters["longest_duration"] for _, duration in job)
        return jobs

    def left(self, job):
        """The operations of the job that have not been started."""
        return self.jobs[job][self.begun[job] :]

    def busy(self):
        """How long each machine that is not idle is busy."""
        return {self.jobs[job][self.begun[job] - 1][0]: time for job, time in self.running.items()}

    def can_start(self, job):
        return bool(self.left(job)) and job not in self.running and self.left(job)[0][0] not in self.busy()

    def reaches(self, job, machine):
        """The earliest time from now at which the job could begin an operation on the machine."""
        machines = [each for each, _ in self.left(job)]
        if machine not in machines:
            return np.inf
        before = machines.index(machine)
        if job in self.running:
            begin = self.running[job]
        elif before == 0:
            return np.inf
        else:
            begin = max(self.busy().get(machines[0], 0), min(self.running.values()))
        return begin + sum(duration for _, duration in self.left(job)[:before])

    def may_be_overtaken(self, job):
        machine, duration = self.left(job)[0]
        return any(self.reaches(other, machine) < duration for other in range(len(self.jobs)) if other != job)

    def mask(self, agent):
        can_start = [self.can_start(job) for job in range(len(self.jobs))]
        may_wait = bool(self.running) and all(self.may_be_overtaken(job) for job, can in enumerate(can_start) if can)
        return np.array([*can_start, may_wait], np.int8)

    def observation(self, agent):
        rows = [
            [machine for machine, _ in job]
            + [duration for _, duration in job]
            + [self.begun[i], self.running.get(i, 0)]
            for i, job in enumerate(self.jobs)
        ]
        return np.array(rows, np.int32)

    def step(self, action, record):
        if action < len(self.jobs):
            self.running[int(action)] = self.left(action)[0][1]
            self.begun[action] += 1
            passes = 0
        else:
            passes = min(self.running.values())
            self.running = {job: time - passes for job, time in self.running.items() if time > passes}
        done = not any(self.left(job) for job in range(len(self.jobs)))
        return [-float(max(self.running.values()) if done else passes)], done
