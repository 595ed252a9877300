"""MaskedFlexibleJobShop from its card."""

import json

import numpy as np

OWN = {"times": [[[0, 7], [1, 2]], [[1_000_000, 3], [0, 0]], [[4, 4], [5, 0]], [[1, 0], [0, 1]]]}
PARAMETERS = [
    {"num_jobs": 1, "num_operations": 1, "num_machines": 1, "longest_duration": 1},
    {"num_jobs": 7, "num_operations": 2, "num_machines": 3, "longest_duration": 3, "time_limit": 18},
    {"num_jobs": 2, "num_operations": 6, "num_machines": 5, "longest_duration": 1000},
    {"instance": "mk01"},
    {"instance": OWN},
]

MK01 = """
    6 2 1 5 3 4 3 5 3 3 5 2 1 2 3 4 6 2 3 6 5 2 6 1 1 1 3 1 3 6 6 3 6 4 3
    5 1 2 6 1 3 1 1 1 2 2 2 6 4 6 3 6 5 2 6 1 1
    5 1 2 6 2 3 4 6 2 3 6 5 2 6 1 1 3 3 4 2 6 6 6 2 1 1 5 5
    5 3 6 5 2 6 1 1 1 2 6 1 3 1 3 5 3 3 5 2 1 2 3 4 6 2
    6 3 5 3 3 5 2 1 3 6 5 2 6 1 1 1 2 6 2 1 5 3 4 2 2 6 4 6 3 3 4 2 6 6 6
    6 2 3 4 6 2 1 1 2 3 3 4 2 6 6 6 1 2 6 3 6 5 2 6 1 1 2 1 3 4 2
    5 1 6 1 2 1 3 4 2 3 3 4 2 6 6 6 3 2 6 5 1 1 6 1 3 1
    5 2 3 4 6 2 3 3 4 2 6 6 6 3 6 5 2 6 1 1 1 2 6 2 2 6 4 6
    6 1 6 1 2 1 1 5 5 3 6 6 3 6 4 3 1 1 2 3 3 4 2 6 6 6 2 2 6 4 6
    6 2 3 4 6 2 3 3 4 2 6 6 6 3 5 3 3 5 2 1 1 6 1 2 2 6 4 6 2 1 3 4 2
"""  # a job a line: its operations; of each the number of machines, and their numbers from 1 and times in turn


def job_of_line(line):
    """The times of one operation after another, {machine: time}."""
    numbers = iter(int(number) for number in line.split())
    return [{next(numbers) - 1: next(numbers) for _ in range(next(numbers))} for _ in range(next(numbers))]


class Reference:
    to_move = 0

    def __init__(self, parameters):
        self.parameters = parameters

    def reset_from(self, record):
        self.take_instance(record)
        self.operations = max(len(job) for job in self.jobs)
        self.started = [0] * len(self.jobs)
        self.running = {}  # job: (machine, time until its operation is done)

    def take_instance(self, record):
        given = self.parameters["instance"]
        if given == "mk01":
            self.jobs, self.machines = [job_of_line(line) for line in MK01.strip().splitlines()], 6
            return
        times = record["times"].tolist() if given == "random" else json.loads(given)["times"]
        self.machines = len(times[0][0])
        self.jobs = [
            [{machine: time for machine, time in enumerate(row) if time} for row in job if any(row)] for job in times
        ]
        if given == "random":
            assert [len(job) for job in self.jobs] == [self.parameters["num_operations"]] * self.parameters["num_jobs"]
            assert self.machines == self.parameters["num_machines"]
            longest = self.parameters["longest_duration"]
            assert all(1 <= time <= longest for job in self.jobs for row in job for time in row.values())

    def mask(self, agent):
        mask = np.zeros((len(self.jobs) * self.operations + 1, self.machines), np.int8)
        busy = {machine for machine, _ in self.running.values()}
        for number, job in enumerate(self.jobs):
            if self.started[number] < len(job) and number not in self.running:
                for machine in set(job[self.started[number]]) - busy:
                    mask[number * self.operations + self.started[number], machine] = 1
        mask[-1, 0] = bool(self.running)
        return mask

    def observation(self, agent):
        rows = np.zeros((len(self.jobs), self.operations * self.machines + 3), np.int32)
        for number, (row, job) in enumerate(zip(rows, self.jobs, strict=True)):
            for i, operation in enumerate(job):
                for machine, time in operation.items():
                    row[i * self.machines + machine] = time
            machine, time = self.running.get(number, (-1, 0))
            row[-3:] = self.started[number], time, machine + 1
        return rows

    def step(self, action, record):
        operation, machine = action.tolist()
        if operation < len(self.jobs) * self.operations:
            number, i = divmod(operation, self.operations)
            self.running[number] = machine, self.jobs[number][i][machine]
            self.started[number] += 1
            passes = 0
        else:
            passes = min(time for _, time in self.running.values())
            self.running = {number: (on, time - passes) for number, (on, time) in self.running.items() if time > passes}
        done = self.started == [len(job) for job in self.jobs]
        if done:
            passes = max(time for _, time in self.running.values())
        return [-float(passes)], done
