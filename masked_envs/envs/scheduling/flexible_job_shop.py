"""Action-masked flexible job shop: which operation begins next, and on which of the machines that can do it.

Description
    Each job consists of operations that are done in a fixed order. An operation can be done by some of the machines,
    for a time that depends on the machine. A machine does one operation at a time, without a break. The agent starts
    one operation after another while time stands still. Time passes when it waits: until the next running operation is
    done. An instance is drawn at random in each episode, is taken from the literature (mk01), or is supplied by the
    user.

Action space
    `MultiDiscrete([jobs * operations + 1, machines])`, where `operations` is the largest number of operations of a job.

    | head | value | meaning |
    |---|---|---|
    | 0 | j * operations + k | start operation k of job j, both counted from 0 |
    |  | jobs * operations | wait |
    | 1 | m | the machine that does it, counted from 0; 0 for waiting |

Mask
    Kind conditional, meaning legal: int8 (jobs * operations + 1, machines), operations by machines. An operation can be
    started if it is the next one of its job, no operation of the job is running, and some machine that can do it is
    idle; the legal machines are those. Waiting is legal while an operation is running, with machine 0 alone. The mask
    is a function of the observation, and never empty before the end.

Observation
    `Box (jobs, operations * machines + 3) int32`, a row for each job, with n = operations * machines.

    | column | meaning |
    |---|---|
    | k * machines + m | the time that operation k takes on machine m; 0 if the machine cannot do it, or there is none |
    | n | how many operations of the job have been started |
    | n + 1 | the time until its running operation is done; 0 if none is running |
    | n + 2 | 1 plus the machine of its running operation; 0 if none is running |

Rewards
    Minus the time that passes in the step. In the last step, which starts the last operation, that is the time until
    all operations are done. So the return is minus the makespan.

Start
    Time is 0 and nothing has been started. In a random instance each job has `num_operations` operations. For each the
    number of machines that can do it is uniform from 1 to `num_machines`, then the set of them uniform among those of
    that size. The times are uniform from 1 to `longest_duration`.

Episode end
    Terminated when every operation has been started. Never truncated, unless `time_limit` is set.

Arguments
    `instance`, `num_jobs`, `num_operations`, `num_machines`, `longest_duration`. The last four are only used by random
    instances. A custom instance is a dict of "times", by job, operation and machine: whole numbers up to 1,000,000, 0
    where a machine cannot do the operation. A job with fewer operations than others has zeros after its last one. There
    are at most 1,000,000 times. A custom instance can also be a file: comments after #; a line with the numbers of jobs
    and machines (anything after them is ignored); then a line for each job with the number of its operations and, for
    each operation, the number of machines that can do it, followed by pairs of a machine, counted from 1, and a time.

References
    Brandimarte, "Routing and scheduling in a flexible job shop by tabu search", Annals of Operations Research 41, 1993
    (mk01, and the form of the files). Brucker and Schlie, "Job-shop scheduling with multi-purpose machines", Computing
    45(4), 1990.

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import (
    Declaration,
    Instance,
    Parameter,
    copy_to,
    count_nonzero,
    fill,
    random_below,
    random_subset,
    rule,
    state_record,
    stated_optimum,
    whole,
)
from ...mask_spec import MaskSpec
from .shops import (
    LABEL,
    LONGEST,
    NOT_STARTED,
    RANDOM,
    RANDOM_SIZES,
    WIDTH,
    draw_chart,
    longest_of,
    next_completion,
    pass_time,
    read_rows,
)

MOST_TIMES = 10**6  # of an instance


def read_flexible_job_shop(text):
    """The instance in a file: times by job, operation and machine, and the optimum where the file states it."""
    (_, machines, *_), *rows = read_rows(text)
    most = max((row[0] for row in rows), default=0)
    if len(rows) * most * machines > MOST_TIMES:  # before there is a number for each
        raise ValueError(
            f"{len(rows)} jobs of up to {most} operations on {machines} machines: more than {MOST_TIMES} times"
        )
    jobs = [read_job(row, machines) for row in rows]
    times = [job + [[0] * machines] * (most - len(job)) for job in jobs]
    return {"times": times, **stated_optimum(text)}


def read_job(row, machines):
    """The times of each operation of a job, by machine."""
    operations, place = [], 1
    for _ in range(row[0]):
        able = row[place : place + 1]
        pairs = row[place + 1 : place + 1 + 2 * sum(able)]
        if not able or len(pairs) != 2 * able[0]:
            raise ValueError(f"the line of a job ends before its {row[0]} operations do: {row}")
        if not all(1 <= machine <= machines for machine in pairs[0::2]) or len(set(pairs[0::2])) < able[0]:
            raise ValueError(f"a machine is a number from 1 to {machines}, named once, and these are {pairs[0::2]}")
        on = dict(zip(pairs[0::2], pairs[1::2], strict=True))
        operations.append([on.get(machine, 0) for machine in range(1, machines + 1)])
        place += 1 + len(pairs)
    if place != len(row):
        raise ValueError(f"the line of a job goes on after its {row[0]} operations: {row}")
    return operations


def complete_flexible_job_shop(raw):
    times = whole("times", raw["times"], 3, 0, LONGEST)
    possible = (times > 0).any(axis=2)
    if times.size > MOST_TIMES or not possible[:, 0].all() or (possible[:, 1:] > possible[:, :-1]).any():
        raise ValueError(
            f"'times' holds at most {MOST_TIMES}; each job has an operation, and every operation before the last one "
            f"a machine that can do it"
        )
    return {"times": times}


INSTANCE = Instance(
    "random",
    "the times of all operations on all machines",
    beside=__file__,
    folder="instances/flexible_job_shop",
    read=read_flexible_job_shop,
    complete=complete_flexible_job_shop,
    most=MOST_TIMES,
    fields=(("times", np.int64, 3),),
)


def sizes(values):
    """The numbers of jobs, of operations of each job, and of machines."""
    arrays = INSTANCE.arrays(values["instance"])
    if arrays is None:
        return values["num_jobs"], values["num_operations"], values["num_machines"]
    return arrays["times"].shape


def state(values):
    jobs, operations, machines = sizes(values)
    return state_record(
        times=(np.int64, (jobs, operations, machines)),  # 0 where the machine cannot do the operation
        operations=(np.int64, (jobs,)),  # how many each job has
        starts=(np.int64, (jobs, operations)),  # times; for the picture
        on=(np.int64, (jobs, operations)),  # the machine that does it or did it
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
        copy_to(p["times"], s["times"])
    s["left"] = 0
    for job in range(s["started"].size):
        s["operations"][job] = count_operations(s["times"][job])
        s["left"] += int(s["operations"][job])
    fill(s["starts"], NOT_STARTED)
    fill(s["on"], 0)
    fill(s["started"], 0)
    fill(s["job_left"], 0)
    fill(s["machine_left"], 0)
    s["time"] = 0


@rule
def draw_instance(s, p):
    jobs, operations, machines = s["times"].shape
    for job in range(jobs):
        for operation in range(operations):
            times = s["times"][job, operation]
            random_subset(s["rng"], 1 + random_below(s["rng"], machines), times)
            for machine in range(machines):
                if times[machine] != 0:
                    times[machine] = 1 + random_below(s["rng"], p["longest_duration"])


@rule
def count_operations(times):
    """How many operations a job has, from its times (operations, machines)."""
    total = 0
    for operation in range(times.shape[0]):
        if count_nonzero(times[operation]) > 0:
            total += 1
    return total


@rule
def action_mask(s, p, agent, out):
    jobs, operations = s["starts"].shape
    fill(out, False)
    for job in range(jobs):
        operation = s["started"][job]
        if s["job_left"][job] == 0 and operation < s["operations"][job]:
            times = s["times"][job, operation]
            for machine in range(times.size):
                out[job * operations + operation, machine] = times[machine] > 0 and s["machine_left"][machine] == 0
    out[jobs * operations, 0] = next_completion(s["job_left"]) > 0


@rule
def step(s, p, action, rewards):
    passed, operations = 0, s["starts"].shape[1]
    if action[0] == s["starts"].size:
        passed = next_completion(s["job_left"])
        pass_time(s["job_left"], passed)
        pass_time(s["machine_left"], passed)
        s["time"] += passed
    else:
        start(s, int(action[0]) // operations, int(action[0]) % operations, int(action[1]))
    if s["left"] == 0:
        passed += longest_of(s["machine_left"])
    rewards[0] -= passed
    return s["left"] == 0


@rule
def observe(s, p, agent, out):
    jobs, operations, machines = s["times"].shape
    for job in range(jobs):
        for operation in range(operations):
            for machine in range(machines):
                out[job, operation * machines + machine] = s["times"][job, operation, machine]
        started = int(s["started"][job])
        out[job, operations * machines] = started
        out[job, operations * machines + 1] = s["job_left"][job]
        out[job, operations * machines + 2] = 1 + s["on"][job, started - 1] if s["job_left"][job] > 0 else 0


@rule
def start(s, job, operation, machine):
    duration = int(s["times"][job, operation, machine])
    s["starts"][job, operation] = s["time"]
    s["on"][job, operation] = machine
    s["started"][job] = operation + 1
    s["job_left"][job] = duration
    s["machine_left"][machine] = duration
    s["left"] -= 1


# --- picture: the schedule, and a table of operations by machines ----------------------------------------------------

LINE = 0.6  # height of a row of the table
MOST_CELLS = 200  # a table with more is left to a strip


def draw(s, p):
    jobs, operations, machines = s["times"].shape
    bars = [
        (job, int(s["on"][job, k]), int(begun), int(s["times"][job, k, s["on"][job, k]]))
        for (job, k), begun in np.ndenumerate(s["starts"])
        if begun != NOT_STARTED
    ]
    expected = int(np.ma.masked_equal(s["times"], 0).mean(axis=2).sum())
    until = max([begun + duration for _, _, begun, duration in bars] + [3 * expected // (2 * machines)])
    columns = jobs * operations + 1
    as_table = columns * machines <= MOST_CELLS
    below = LINE * (machines + 1) + 0.2 if as_table else 0.0
    scene = draw_chart(machines, int(s["time"]), until, bars, below, "conditional")
    if as_table:
        names = [f"{job}.{k}" for job, k in np.ndindex(jobs, operations)] + ["wait"]
        draw_table(scene, names, machines, scene.height - LINE * (machines + 1))
    else:
        scene.strip(columns * machines, shape=(columns, machines), title="operation and machine, or wait")
    return scene


def draw_table(scene, names, machines, top):
    """A column for each operation and one for waiting, in which a row for each machine is a place for the action."""
    width = WIDTH / len(names)
    for machine in range(machines):
        scene.text(LABEL / 2, top + LINE * (machine + 1.5), f"on {machine}", 0.26, "muted")
    for column, name in enumerate(names):
        left = LABEL + width * column
        scene.text(left + width / 2, top + LINE / 2, name, min(0.3, 0.4 * width), "text")
        for machine in range(machines if name != "wait" else 1):
            place = (left + 0.06, top + LINE * (machine + 1) + 0.05, width - 0.12, LINE - 0.1)
            scene.action((column, machine), *place, name=name if name == "wait" else f"{name} on {machine}")


def spec(values):
    jobs, operations, machines = sizes(values)
    return MaskSpec.conditional((jobs * operations + 1, machines))


def observation(values):
    jobs, operations, machines = sizes(values)
    arrays = INSTANCE.arrays(values["instance"])
    longest = values["longest_duration"] if arrays is None else int(arrays["times"].max())
    return Box(0, max(longest, operations, machines), (jobs, operations * machines + 3), np.int32)


ENV = Declaration(
    id="MaskedFlexibleJobShop-v0",
    module=__name__,
    state=state,
    mask=spec,
    observation=observation,
    parameters={
        "instance": INSTANCE,
        "num_jobs": Parameter(4, "jobs of a random instance", low=1, high=30),
        "num_operations": Parameter(3, "operations of each job of a random instance", low=1, high=20),
        "num_machines": Parameter(4, "machines of a random instance", low=1, high=20),
        "longest_duration": RANDOM_SIZES["longest_duration"],
    },
)
