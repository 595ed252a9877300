"""What shops share: instances as text, the time that operations have left, and the picture of a schedule.

A job is a list of operations that are done one after another; a machine does one operation at a time, without a break.
Times are whole numbers. Time passes only when the agent waits: until the next operation is done.
"""

from ...core import Parameter, rule
from ...render import Scene, agent_ink

RANDOM = 0  # p["instance"] of an instance that is drawn anew in each episode
LONGEST = 10**6  # time that an operation of an instance may take
MOST = 1000  # jobs, machines, and operations of a job
NOT_STARTED = -1  # start of an operation

RANDOM_SIZES = {
    "num_jobs": Parameter(6, "jobs of a random instance", low=1, high=100),
    "num_machines": Parameter(6, "machines of a random instance", low=1, high=100),
    "longest_duration": Parameter(20, "time that an operation of a random instance takes at most", low=1, high=1000),
}


# --- time -----------------------------------------------------------------------------------------------------------


@rule
def next_completion(times):
    """The shortest of the times left that are not 0; 0 where all are."""
    shortest = 0
    for i in range(times.size):
        if times[i] > 0 and (shortest == 0 or times[i] < shortest):
            shortest = int(times[i])
    return shortest


@rule
def pass_time(times, passed):
    """Take time that has passed from each of the times left."""
    for i in range(times.size):
        times[i] = max(0, int(times[i]) - passed)


@rule
def longest_of(times):
    """The longest of the times left."""
    longest = 0
    for i in range(times.size):
        longest = max(longest, int(times[i]))
    return longest


# --- instances as text ----------------------------------------------------------------------------------------------


def read_rows(text):
    """The numbers of an instance: one row for the first line, and one for each job.

    What follows a # is a comment. Of the first line two numbers are read: a third may be an average.

    Raises:
        ValueError: a word that is no number, or another number of lines.
    """
    rows = []
    for line in text.splitlines():
        words = line.partition("#")[0].split()[: None if rows else 2]
        if not all(word.isdecimal() for word in words):
            raise ValueError(f"a line holds whole numbers, not {line[:60]!r}")
        row = list(map(int, words))
        if row:
            rows.append(row)
    if not rows or len(rows[0]) < 2:
        raise ValueError("the first line holds the numbers of jobs and of machines")
    if len(rows) != 1 + rows[0][0]:
        raise ValueError(f"one line for each of the {rows[0][0]} jobs follows the first, and not {len(rows) - 1} lines")
    return rows


# --- picture: a row for each machine, time to the right --------------------------------------------------------------

WIDTH, LABEL = 14.0, 1.0  # of the chart, and of the numbers at its left
ROW = 0.8


def draw_chart(machines, now, until, bars, below=0.0, kind="flat"):
    """A scene with a schedule.

    Args:
        machines: how many.
        now: the time, which is marked.
        until: the time at the right end of the chart.
        bars: of each operation that was started (job, machine, start, duration).
        below: height that is kept free below the chart.
        kind: of the mask.
    """
    scene = Scene(LABEL + WIDTH, ROW * machines + 0.5 + below, kind=kind)
    scale = WIDTH / max(until, 1)
    for machine in range(machines):
        scene.rect(LABEL, ROW * machine + 0.06, WIDTH, ROW - 0.12, "hole")
        scene.text(LABEL / 2, ROW * (machine + 0.5), f"{machine}", 0.36, "text")
    for job, machine, start, duration in bars:
        width = scale * duration
        scene.rect(LABEL + scale * start, ROW * machine + 0.08, width, ROW - 0.16, agent_ink(job), radius=0.05)
        if width > 0.35:
            scene.text(LABEL + scale * (start + duration / 2), ROW * (machine + 0.5), f"{job}", 0.32, "inverse")
    here = LABEL + scale * now
    scene.line([(here, 0), (here, ROW * machines)], 0.05, "highlight")
    scene.text(min(max(here, LABEL), LABEL + WIDTH - 1), ROW * machines + 0.26, f"time {now}", 0.3, "text")
    scene.glyph_rows = [f"time {now}"] + [chart_row(machine, bars) for machine in range(machines)]
    return scene


def chart_row(machine, bars):
    """The operations of one machine as text, such as "2: job 0 from 3 to 7"."""
    mine = sorted((start, job, duration) for job, of, start, duration in bars if of == machine)
    return f"{machine}: " + (", ".join(f"job {job} from {start} to {start + d}" for start, job, d in mine) or "idle")
