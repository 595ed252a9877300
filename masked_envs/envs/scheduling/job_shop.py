"""Action-masked job shop: give machines to jobs, or wait for a better one, so that all are done early.

Description
    Each job consists of operations that are done in a fixed order, each on a fixed machine and for a fixed time. A
    machine does one operation at a time, without a break. The agent starts one operation after another while time
    stands still. Time passes when it waits: until the next running operation is done. An instance is drawn at random in
    each episode, is taken from the literature (ft06, ft10, la01), or is supplied by the user.

Action space
    `Discrete(jobs + 1)`.

    | action | meaning |
    |---|---|
    | k, 0 to jobs - 1 | start the next operation of job k |
    | jobs | wait |

Mask
    Kind flat, meaning legal: int8 (jobs + 1,). A job can be started if it has an operation left, none of its operations
    is running, and the machine of its next operation is idle. Waiting is legal only while an operation is running. Then
    it is legal if no operation can start, or if waiting could help: that is, if each operation that can start now might
    be overtaken on its machine, because another job could reach that machine before it would be done.

    When another job could reach a machine is computed as follows. A job with a running operation first finishes it. Any
    other job with operations left begins its next one when the machine of that is idle, and not before the next running
    operation is done. Then the job passes through its operations without delay until the first one on the machine in
    question. A job does not count if its next operation, not yet running, is on that very machine, or if it has no
    operation left there.

    Every schedule in which no operation can be moved earlier without delaying another remains reachable, and a shortest
    schedule is among them. The mask is a function of the observation, and never empty before the end.

Observation
    `Box (jobs, 2 * operations + 2) int32`, a row for each job, with n = operations.

    | column | meaning |
    |---|---|
    | 0 to n - 1 | the machines of its operations, in order |
    | n to 2n - 1 | the times that they take |
    | 2n | how many of them have been started |
    | 2n + 1 | the time until its running operation is done; 0 if none is running |

Rewards
    Minus the time that passes in the step. In the last step, which starts the last operation, that is the time until
    all operations are done. So the return is minus the makespan.

Start
    Time is 0 and nothing has been started. In a random instance each job has one operation on each machine, in a
    uniformly random order, and the times are uniform from 1 to `longest_duration`.

Episode end
    Terminated when every operation has been started. Never truncated, unless `time_limit` is set.

Arguments
    `instance`, `num_jobs`, `num_machines`, `longest_duration`. The last three are only used by random instances. A
    custom instance is a dict of "machines" and "durations", each with a row for each job and a column for each of its
    operations: machines are counted from 0 to at most 999, times go from 1 to 1,000,000, and there are as many machines
    as the highest number implies. A custom instance can also be a file: comments after #, a line with the numbers of
    jobs and machines, then for each job a line with the machine and the time of one operation after another.

References
    Muth and Thompson (eds.), "Industrial Scheduling", 1963 (ft06, ft10). Giffler and Thompson, "Algorithms for solving
    production-scheduling problems", Operations Research 8(4), 1960: schedules in which nothing can be done earlier. A
    policy that may wait, for such a list of actions: Tassel, Gebser and Schekotihin, "A reinforcement learning
    environment for job-shop scheduling", 2021.

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import (
    Declaration,
    Instance,
    copy_to,
    fill,
    random_below,
    rule,
    shuffle,
    state_record,
    stated_optimum,
    whole,
)
from ...mask_spec import MaskSpec
from .shops import (
    LONGEST,
    MOST,
    NOT_STARTED,
    RANDOM,
    RANDOM_SIZES,
    draw_chart,
    longest_of,
    next_completion,
    pass_time,
    read_rows,
)

NEVER = 2**62  # later than any time


def read_job_shop(text):
    """The instance in a file: machines and durations, and the optimum where the file states it."""
    (jobs, machines, *_), *rows = read_rows(text)
    if len({len(row) for row in rows}) != 1 or len(rows[0]) % 2:
        raise ValueError("each job has the machine and the time of each operation, and as many of them as the others")
    found = {"machines": [row[0::2] for row in rows], "durations": [row[1::2] for row in rows], **stated_optimum(text)}
    highest = max(map(max, found["machines"]))
    if highest >= machines:
        raise ValueError(f"machine {highest}: the {machines} machines are counted from 0")
    return found


def complete_job_shop(raw):
    machines = whole("machines", raw["machines"], 2, 0, MOST - 1)
    durations = whole("durations", raw["durations"], 2, 1, LONGEST)
    if machines.shape != durations.shape or max(machines.shape) > MOST:
        raise ValueError(
            f"'machines' {machines.shape} and 'durations' {durations.shape} have one row for each of at most {MOST} "
            f"jobs and one column for each of at most {MOST} operations"
        )
    return {"machines": machines, "durations": durations}


INSTANCE = Instance(
    "random",
    "the machines and times of all operations",
    beside=__file__,
    folder="instances/job_shop",
    read=read_job_shop,
    complete=complete_job_shop,
    most=2 * MOST**2,
    fields=(("machines", np.int64, 2), ("durations", np.int64, 2)),
)


def sizes(values):
    """The numbers of jobs, of operations of each job, and of machines."""
    arrays = INSTANCE.arrays(values["instance"])
    if arrays is None:
        return values["num_jobs"], values["num_machines"], values["num_machines"]
    return *arrays["machines"].shape, 1 + int(arrays["machines"].max())


def longest_duration(values):
    arrays = INSTANCE.arrays(values["instance"])
    return values["longest_duration"] if arrays is None else int(arrays["durations"].max())


def state(values):
    jobs, operations, machines = sizes(values)
    return state_record(
        machines=(np.int64, (jobs, operations)),
        durations=(np.int64, (jobs, operations)),
        starts=(np.int64, (jobs, operations)),  # times; for the picture
        started=(np.int64, (jobs,)),  # operations of each job that have been started
        job_left=(np.int64, (jobs,)),  # time until the operation of a job that runs is done
        machine_left=(np.int64, (machines,)),  # time until a machine is idle
        left=np.int64,  # operations that have not been started
        time=np.int64,
    )


@rule
def reset(s, p):
    if p["instance"] == RANDOM:
        draw_instance(s, p)
    else:
        copy_to(p["machines"], s["machines"])
        copy_to(p["durations"], s["durations"])
    fill(s["starts"], NOT_STARTED)
    fill(s["started"], 0)
    fill(s["job_left"], 0)
    fill(s["machine_left"], 0)
    s["left"] = s["durations"].size
    s["time"] = 0


@rule
def draw_instance(s, p):
    for job in range(s["started"].size):
        machines = s["machines"][job]
        for operation in range(machines.size):
            machines[operation] = operation
            s["durations"][job, operation] = 1 + random_below(s["rng"], p["longest_duration"])
        shuffle(s["rng"], machines)


@rule
def action_mask(s, p, agent, out):
    jobs = s["started"].size
    for job in range(jobs):
        out[job] = can_start(s, job)
    out[jobs] = can_wait(s)


@rule
def step(s, p, action, rewards):
    passed = 0
    if action == s["started"].size:
        passed = wait(s)
    else:
        start(s, action)
    if s["left"] == 0:
        passed += longest_of(s["machine_left"])
    rewards[0] -= passed
    return s["left"] == 0


@rule
def observe(s, p, agent, out):
    jobs, operations = s["machines"].shape
    for job in range(jobs):
        for operation in range(operations):
            out[job, operation] = s["machines"][job, operation]
            out[job, operations + operation] = s["durations"][job, operation]
        out[job, 2 * operations] = s["started"][job]
        out[job, 2 * operations + 1] = s["job_left"][job]


@rule
def can_start(s, job):
    operation = s["started"][job]
    if operation == s["machines"].shape[1] or s["job_left"][job] > 0:
        return False
    return s["machine_left"][s["machines"][job, operation]] == 0


@rule
def can_wait(s):
    """Whether an operation runs, and each operation that could start now may be overtaken."""
    soonest = next_completion(s["job_left"])
    if soonest == 0:
        return False
    for job in range(s["started"].size):
        if can_start(s, job):
            operation = s["started"][job]
            if arrival(s, s["machines"][job, operation], soonest) >= s["durations"][job, operation]:
                return False
    return True


@rule
def arrival(s, machine, soonest):
    """The time after which another job could reach an idle machine, where nothing else starts before `soonest`."""
    earliest = NEVER
    jobs, operations = s["machines"].shape
    for job in range(jobs):
        time, operation = int(s["job_left"][job]), int(s["started"][job])
        if operation < operations and time == 0:
            first = s["machines"][job, operation]
            if first == machine:
                continue
            time = max(int(s["machine_left"][first]), soonest) + int(s["durations"][job, operation])
            operation += 1
        while operation < operations and s["machines"][job, operation] != machine:
            time += int(s["durations"][job, operation])
            operation += 1
        if operation < operations:
            earliest = min(earliest, time)
    return earliest


@rule
def start(s, job):
    operation = int(s["started"][job])
    duration = int(s["durations"][job, operation])
    s["starts"][job, operation] = s["time"]
    s["started"][job] = operation + 1
    s["job_left"][job] = duration
    s["machine_left"][s["machines"][job, operation]] = duration
    s["left"] -= 1


@rule
def wait(s):
    """Let time pass until an operation is done; how long that is."""
    passed = next_completion(s["job_left"])
    pass_time(s["job_left"], passed)
    pass_time(s["machine_left"], passed)
    s["time"] += passed
    return passed


# --- picture --------------------------------------------------------------------------------------------------------


def draw(s, p):
    jobs = len(s["started"])
    bars = [
        (job, int(s["machines"][job, operation]), int(begun), int(s["durations"][job, operation]))
        for (job, operation), begun in np.ndenumerate(s["starts"])
        if begun != NOT_STARTED
    ]
    total = int(s["durations"].sum())
    until = max([begun + duration for _, _, begun, duration in bars] + [2 * total // len(s["machine_left"])])
    scene = draw_chart(len(s["machine_left"]), int(s["time"]), until, bars)
    scene.strip([next_words(s, job) for job in range(jobs)] + ["wait"], title="start a job, or wait")
    return scene


def next_words(s, job):
    """What starting a job would do, such as "2: on 4 for 7"."""
    operation = s["started"][job]
    if operation == s["machines"].shape[1]:
        return f"{job}: done"
    return f"{job}: on {s['machines'][job, operation]} for {s['durations'][job, operation]}"


def observation(values):
    jobs, operations, machines = sizes(values)
    highest = max(machines - 1, operations, longest_duration(values))
    return Box(0, highest, (jobs, 2 * operations + 2), np.int32)


ENV = Declaration(
    id="MaskedJobShop-v0",
    module=__name__,
    state=state,
    mask=lambda values: MaskSpec.flat(sizes(values)[0] + 1),
    observation=observation,
    parameters={"instance": INSTANCE, **RANDOM_SIZES},
)
