"""One text, one stream: backends, rows, modes, threads, processes, copies and positions all give the same bytes.

Every id is played on both backends once; what crosses modes, interfaces and threads runs over the toys; over
every id in `make test-long`. For an id the checker holds copies, positions and rows to single environments as well.
"""

from __future__ import annotations

import copy
import functools
import multiprocessing
import os
import pickle
import random
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AsyncVectorEnv, AutoresetMode
from gymnasium.vector.utils import concatenate, create_empty_array
from players import spoilt
from streams import fingerprint, legal_action, play_rows, play_single, row_of
from surfaces import (
    ALL_CHOICES,
    ALL_SURFACES,
    IDS,
    MODES,
    ON_INVALID,
    TOY_SURFACES,
    TOYS,
    declared_of,
    make,
    some_and_long,
    surfaces,
)

import masked_envs
from masked_envs.api import MaskedVectorEnv
from masked_envs.core.backends import numba_is_available, threads
from masked_envs.core.engine import Engine

needs_numba = pytest.mark.skipif(not numba_is_available(), reason="numba has no build for this Python")

ROOT = Path(masked_envs.__file__).resolve().parents[1]
VARIANTS = {
    "MaskedCartPole-v0": {"availability": "step", "num_actions": 12, "num_available": 4},
    "ParametricCartPole-v0": {"availability": "step"},
}
EVERY_SURFACE = pytest.mark.parametrize(("env_id", "surface"), some_and_long(TOY_SURFACES, ALL_SURFACES))
SINGLES, TOY_SINGLES = (
    tuple(pair for pair in each if pair[1] in ("env", "seat")) for each in (ALL_SURFACES, TOY_SURFACES)
)
EVERY_SINGLE_SURFACE = pytest.mark.parametrize(("env_id", "surface"), some_and_long(TOY_SINGLES, SINGLES))
EVERY_BATCH = pytest.mark.parametrize(
    "env_id", some_and_long([toy for toy, name in TOY_SURFACES if name == "env"], IDS)
)
FIELDS = (
    "observations", "masks", "actions", "invalid", "rewards", "terminated", "truncated", "started", "acting",
    "invalid_counts",
)  # fmt: skip


def engines(env_id, rows, chosen=None, **arguments):
    declared = declared_of(env_id)
    values = declared.resolve({**VARIANTS.get(env_id, {}), **(chosen or {})})
    pair = [Engine(declared, values, rows, backend, **arguments) for backend in ("python", "numba")]
    for engine in pair:
        engine.seed(range(50, 50 + rows))
        engine.reset()
    return pair


def batch_of(env_id, rows, mode=AutoresetMode.NEXT_STEP, **arguments):
    """A vector environment that one Gymnasium action plays; of a game that none can play, one seat."""
    name = f"vector {mode.value}" if f"vector {mode.value}" in surfaces(env_id) else "vector of seats"
    return make(env_id, name, num_envs=rows, autoreset_mode=mode, **{**VARIANTS.get(env_id, {}), **arguments})


# --- python == numba --------------------------------------------------------------------------------------------------


@needs_numba
@pytest.mark.parametrize(("env_id", "chosen"), ALL_CHOICES)
def test_backends_are_equal_over_thousands_of_steps(env_id, chosen):
    """2,500 steps; in half of the batches one action is invalid: counted, and replaced from the row's own stream."""
    streams = []
    for backend in ("python", "numba"):
        envs = batch_of(env_id, 25, backend=backend, on_invalid="resample", invalid_reward=-0.125, **chosen)
        _, info = start = envs.reset(seed=50)
        stream, rng = [fingerprint(start)], np.random.default_rng(7)
        for _ in range(100):
            actions = legal_action(envs, info["action_mask"], rng)
            if rng.random() < 0.5:
                actions = spoilt(envs.unwrapped.mask_spec, actions, [int(rng.integers(25))])
            *given, info = envs.step(actions)
            stream.append(fingerprint([*given, info]))
        assert envs.unwrapped.invalid_actions.sum() > 20
        streams.append([*stream, fingerprint(envs.unwrapped.get_state())])
    assert streams[0] == streams[1]


@pytest.mark.long
@needs_numba
@pytest.mark.parametrize("on_invalid", ON_INVALID)
@pytest.mark.parametrize(("env_id", "chosen"), ALL_CHOICES)
def test_backends_are_equal_over_ten_thousand_steps(env_id, chosen, on_invalid):
    """Under each answer to invalid actions, with a tenth of invalid ones where they are not raised."""
    assert_equal_backends(env_id, chosen, on_invalid, 400)


def assert_equal_backends(env_id, chosen, on_invalid, steps, rows=25):
    python, numba = engines(env_id, rows, chosen, on_invalid=on_invalid, invalid_reward=-0.125)
    rng = np.random.default_rng(7)
    for _ in range(steps):
        spoilt = (rng.random((rows, python.views)) < 0.1) & (on_invalid != "raise")
        kind = rng.integers(3)
        for engine in (python, numba):
            for view in range(engine.views):
                engine.pick(engine.every_row, view)
            engine.actions[spoilt] = (-1, 10**6, int(engine.heads[0]))[kind]
            engine.find_invalid(engine.every_row)
            engine.step(engine.every_row)
        for field in FIELDS:
            assert getattr(python, field).tobytes() == getattr(numba, field).tobytes(), (env_id, on_invalid, field)
        assert python.stored_records().tobytes() == numba.stored_records().tobytes()
        ended = python.terminated | python.truncated
        for engine in (python, numba):
            engine.reset(ended)
    assert python.invalid_counts.any() == (on_invalid != "raise")


@needs_numba
@EVERY_SINGLE_SURFACE
def test_single_environments_are_equal_on_both_backends(env_id, surface):
    streams = []
    for backend in ("python", "numba"):
        env = make(env_id, surface, backend=backend, on_invalid="resample", invalid_reward=-1.0)
        start = env.reset(seed=3)
        streams.append([fingerprint(start), *play_single(env, 200, np.random.default_rng(0), invalid=0.1)])
        assert env.unwrapped.invalid_actions > 0
    assert streams[0] == streams[1]


# --- rows == single environments --------------------------------------------------------------------------------------


@pytest.mark.core
@pytest.mark.parametrize("mode", MODES)
@EVERY_SINGLE_SURFACE
def test_a_row_is_the_single_environment_seeded_with_its_seed(env_id, surface, mode):
    rows, seed, parameters = 5, 11, VARIANTS.get(env_id, {})
    make_vector = surfaces(env_id)["vector of seats" if surface == "seat" else f"vector {mode.value}"]
    envs = make_vector(num_envs=rows, autoreset_mode=mode, **parameters)
    observations, info = envs.reset(seed=seed)
    singles = [make(env_id, surface, **parameters) for _ in range(rows)]
    for i, single in enumerate(singles):
        assert fingerprint(single.reset(seed=seed + i)[0]) == fingerprint(row_of(observations, i))
    rng = np.random.default_rng(1)
    ended = np.zeros(rows, bool)
    for _ in range(120):
        if mode is AutoresetMode.DISABLED and ended.any():
            observations, info = envs.reset(options={"reset_mask": ended})
            for i in np.flatnonzero(ended):
                assert fingerprint(singles[i].reset()[0]) == fingerprint(row_of(observations, i))
            ended[:] = False
        actions = legal_action(envs, info["action_mask"], rng)
        observations, rewards, terminated, truncated, info = envs.step(actions)
        for i, single in enumerate(singles):
            if mode is AutoresetMode.NEXT_STEP and ended[i]:  # this step reset the row; the action was discarded
                alone = (single.reset()[0], 0.0, False, False)
            else:
                alone = single.step(row_of(actions, i))[:4]
            seen = row_of(observations, i)
            if mode is AutoresetMode.SAME_STEP and (alone[2] or alone[3]):
                seen = info["final_obs"][i]
                assert fingerprint(single.reset()[0]) == fingerprint(row_of(observations, i))
            assert fingerprint(alone) == fingerprint([seen, rewards[i], bool(terminated[i]), bool(truncated[i])])
        ended = terminated | truncated
    for i, single in enumerate(singles):
        assert single.unwrapped.get_state() == envs.unwrapped.get_state()[i]


@pytest.mark.core
@EVERY_BATCH
def test_the_three_modes_give_the_same_transitions(env_id):
    """Of the first row: what each of its own steps earned and showed, resets left out."""
    streams = []
    for mode in MODES:
        envs = batch_of(env_id, 2, mode)
        observations, info = envs.reset(seed=5)
        stream, ended = [], np.zeros(2, bool)
        while len(stream) < 150:
            if mode is AutoresetMode.DISABLED and ended.any():
                observations, info = envs.reset(options={"reset_mask": ended})
            resting = mode is AutoresetMode.NEXT_STEP and ended[0]
            actions = a_choice(envs, len(stream))
            before = row_of(observations, 0)
            observations, rewards, terminated, truncated, info = envs.step(actions)
            ended = terminated | truncated
            if not resting:
                after = row_of(observations, 0)
                if mode is AutoresetMode.SAME_STEP and ended[0]:
                    after = info["final_obs"][0]
                stream.append(fingerprint([before, row_of(actions, 0), rewards[0], terminated[0], truncated[0], after]))
        streams.append(stream)
    assert streams[0] == streams[1] == streams[2]


def a_choice(envs, number):
    """Legal actions that depend on the masks and on how many steps the first row has taken, and on nothing else."""
    spec, masks, space = envs.unwrapped.mask_spec, envs.unwrapped.action_mask, envs.single_action_space
    rows = []
    for row in range(envs.num_envs):
        head_mask = functools.partial(envs.unwrapped.head_mask, row)
        rows.append(spec.sample(row_of(masks, row), np.random.default_rng(number), head_mask))
    return concatenate(space, rows, create_empty_array(space, envs.num_envs))


# --- threads and processes --------------------------------------------------------------------------------------------


@pytest.fixture
def always_shared(monkeypatch):
    """Rows are shared out to threads however little they cost."""
    monkeypatch.setattr(threads, "TRIES", 1)
    monkeypatch.setattr(threads, "WORTH_TRYING", 0.0)
    monkeypatch.setattr(threads, "is_faster", lambda together, alone: True)


@needs_numba
@pytest.mark.usefixtures("always_shared")
@EVERY_BATCH
def test_threads_change_nothing(env_id, monkeypatch):
    monkeypatch.setattr(threads.Crew, "run", with_another_thread(threads.Crew.run))
    streams = []
    for number in (1, 2, 3):
        envs = batch_of(env_id, 7, num_threads=number)
        envs.reset(seed=0)
        streams.append([*play_rows(envs, 60, np.random.default_rng(0)), fingerprint(envs.unwrapped.get_state())])
    assert streams[0] == streams[1] == streams[2]


def with_another_thread(run):
    """`Crew.run` in which the calling thread begins only when another one has."""

    def run_together(crew, tasks):
        begun, here, waited = threading.Event(), threading.get_ident(), []

        def together(task):
            if threading.get_ident() != here:
                begun.set()
            elif not waited:
                waited.append(begun.wait(timeout=60))
            return task()

        total = run(crew, [functools.partial(together, task) for task in tasks])
        assert all(waited)
        return total

    return run_together


@needs_numba
@pytest.mark.usefixtures("always_shared")
def test_threads_count_and_raise_for_the_right_row():
    envs = gym.make_vec(IDS[0], num_envs=6, num_threads=3)
    _, info = envs.reset(seed=0)
    actions = envs.unwrapped.mask_spec.sample(info["action_mask"], np.random.default_rng(0))
    actions[4] = -1
    with pytest.raises(masked_envs.InvalidActionError, match="row 4"):
        envs.step(actions)
    assert envs.unwrapped.invalid_actions.tolist() == [0, 0, 0, 0, 1, 0]


FORK = """
import os, sys, threading
import numpy as np
import masked_envs
from masked_envs.core.backends import threads
threads.TRIES, threads.WORTH_TRYING, threads.is_faster = 1, 0.0, lambda together, alone: True
envs = masked_envs.make_vec(sys.argv[1], 8, num_threads=2)
_, info = envs.reset(seed=0)
rng = np.random.default_rng(0)
def play():
    global info
    for _ in range(20):
        *given, info = envs.step(envs.mask_spec.sample(info["action_mask"], rng))
    return hash(tuple(state.record for state in envs.get_state()))
play()
assert threading.active_count() > 1  # the threads are running now
state, info_before, words = envs.get_state(), info, rng.bit_generator.state
child = os.fork()
if child == 0:
    print("child", play(), flush=True)
    os._exit(0)
_, status = os.waitpid(child, 0)
assert status == 0, status
print("parent", play(), flush=True)
"""


@needs_numba
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_fork_after_threads_steps_on_in_the_child():
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0", "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-c", FORK, IDS[0]]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    words = dict(line.split() for line in done.stdout.splitlines())
    assert words["child"] == words["parent"]


def masked_env(env_id):
    import masked_envs  # noqa: F401 (a spawned process has registered nothing yet)

    return gym.make(env_id)


@pytest.mark.core
@pytest.mark.parametrize("context", [c for c in ("spawn", "fork") if c in multiprocessing.get_all_start_methods()])
def test_environments_live_in_other_processes(context):
    env_id, rows = IDS[0], 2
    envs = AsyncVectorEnv([functools.partial(masked_env, env_id)] * rows, context=context)
    try:
        observations, info = envs.reset(seed=4)
        singles = [gym.make(env_id) for _ in range(rows)]
        starts = [single.reset(seed=4 + i) for i, single in enumerate(singles)]
        for _ in range(10):
            actions = np.array([np.flatnonzero(mask)[-1] for mask in info["action_mask"]])
            observations, rewards, terminated, truncated, info = envs.step(actions)
            for i, single in enumerate(singles):
                alone = single.step(actions[i])
                assert fingerprint(alone[0]) == fingerprint(row_of(observations, i))
                assert (alone[1], alone[2], alone[3]) == (rewards[i], terminated[i], truncated[i])
            if (terminated | truncated).any():
                break
        assert envs.get_attr("invalid_actions") == (0, 0)
        assert starts[0][0]["action_mask"].any()
    finally:
        envs.close()


# --- copies and positions ---------------------------------------------------------------------------------------------


def advance(env, steps, seed):
    """Random legal play on any surface, as bytes; ends with the episode on the PettingZoo ones."""
    rng, stream = np.random.default_rng(seed), []
    for _ in range(steps):
        if isinstance(env, MaskedVectorEnv):
            if env.autoreset_mode is AutoresetMode.DISABLED and (env._engine.terminated | env._engine.truncated).any():
                env.reset(options={"reset_mask": env._engine.terminated | env._engine.truncated})
            stream.append(fingerprint(env.step(legal_action(env, env.action_mask, rng))))
        elif isinstance(env, gym.Env):
            result = env.step(legal_action(env, env.action_mask, rng))
            stream.append(fingerprint(result))
            if result[2] or result[3]:
                env.reset()
        elif not env.agents:
            break
        elif hasattr(env, "agent_selection"):
            over = env.terminations[env.agent_selection] or env.truncations[env.agent_selection]
            legal = legal_action(env, env.action_mask, rng)
            env.step(None if over else legal)
            stream.append(fingerprint([env.rewards, env._cumulative_rewards, env.agent_selection, env.infos]))
        else:
            actions = {agent: env.sample_legal(agent, rng) for agent in env.agents}
            stream.append(fingerprint(env.step(actions)))
    return stream


@pytest.mark.parametrize(
    ("env_id", "surface", "backend"),
    some_and_long(
        [(*pair, "numba" if "vector" in pair[1] else "python") for pair in TOY_SURFACES],
        [(*pair, backend) for pair in ALL_SURFACES for backend in ("python", "numba")],
    ),
)
def test_positions_and_copies_go_on_with_the_same_bytes(env_id, surface, backend):
    if backend == "numba":
        pytest.importorskip("numba")
    env = make(env_id, surface, backend=backend, **VARIANTS.get(env_id, {}))
    env.reset(seed=2)
    for start in range(3):  # mid-episode, and wherever else the walk has come
        advance(env, 5 + 4 * start, seed=start)
        state = env.get_state()
        assert state == pickle.loads(pickle.dumps(state)) and hash(state) == hash(env.get_state())
        expected = advance(copy.deepcopy(env), 40, seed=9)
        assert advance(pickle.loads(pickle.dumps(env)), 40, seed=9) == expected
        other = make(env_id, surface, backend=backend, **VARIANTS.get(env_id, {}))
        other.set_state(pickle.loads(pickle.dumps(state)))  # never reset, and in another object
        assert other.get_state() == state
        assert advance(other, 40, seed=9) == expected
        assert env.get_state() == state  # the copies share nothing with it
        assert advance(env, 40, seed=9) == expected
        env.set_state(state)
        assert advance(env, 40, seed=9) == expected
        env.reset(seed=20 + start)


@pytest.mark.parametrize("end", ["terminated", "truncated"])
@EVERY_SINGLE_SURFACE
def test_a_position_at_the_end_is_one_at_the_end(env_id, surface, end):
    arguments = {"on_invalid": "terminate", "time_limit": 2}
    env, other = make(env_id, surface, **arguments), make(env_id, surface, **arguments)
    _, info = env.reset(seed=0)
    over = False
    while not over:
        action = None if end == "terminated" else legal_action(env, info["action_mask"], np.random.default_rng(0))
        observation, _, terminated, truncated, info = env.step(action)
        over = terminated or truncated
    assert (terminated, truncated) == (end == "terminated", end == "truncated")
    other.set_state(env.get_state())
    assert fingerprint(other.action_mask) == fingerprint(info["action_mask"])
    with pytest.raises(gym.error.ResetNeeded, match="the episode is over"):
        other.step(0)
    assert fingerprint(other.reset()) == fingerprint(env.reset())


@needs_numba
@EVERY_SINGLE_SURFACE
def test_positions_go_from_one_backend_to_the_other(env_id, surface):
    python, numba = (make(env_id, surface, backend=backend) for backend in ("python", "numba"))
    python.reset(seed=0)
    advance(python, 7, seed=0)
    numba.set_state(python.get_state())
    assert numba.get_state() == python.get_state()
    assert advance(numba, 30, seed=1) == advance(python, 30, seed=1)


@EVERY_SURFACE
def test_a_reset_without_a_seed_goes_on_with_the_stream(env_id, surface):
    """Two environments seeded alike stay alike over later resets, and a later episode is not the first one again."""
    first, second = make(env_id, surface), make(env_id, surface)
    states = []
    for env in (first, second):
        env.reset(seed=1)
        before = env.get_state()
        env.reset()
        states.append(env.get_state())
    assert states[0] == states[1]
    if env_id in IDS and declared_of(env_id).play == "single":
        assert states[0] != before


# --- no global random state -------------------------------------------------------------------------------------------


def poisoned(*arguments, **keywords):
    raise AssertionError("a global random number was drawn")


@EVERY_SURFACE
def test_no_global_random_number_is_drawn(env_id, surface, monkeypatch):
    for name in ("random", "rand", "randint", "uniform", "normal", "choice", "shuffle", "permutation", "random_sample"):
        monkeypatch.setattr(np.random, name, poisoned)
    for name in ("random", "randint", "randrange", "choice", "shuffle", "uniform", "getrandbits", "sample"):
        monkeypatch.setattr(random, name, poisoned)
    before, legacy = random.getstate(), np.random.get_state()[1].tobytes()
    env = make(env_id, surface, on_invalid="resample", backend="python")
    env.reset(seed=0)
    advance(env, 30, seed=0)
    assert random.getstate() == before and np.random.get_state()[1].tobytes() == legacy


def test_the_poison_works(monkeypatch):
    monkeypatch.setattr(np.random, "random", poisoned)
    with pytest.raises(AssertionError, match="a global random number"):
        np.random.random()


# --- compiled code ----------------------------------------------------------------------------------------------------

PLAY_HELPED = """
import numpy as np
import masked_envs
from masked_envs.core import Declaration
from masked_envs.api import MaskedEnv
from masked_envs.envs import helped
env = MaskedEnv(helped.ENV, backend="numba")
env.reset(seed=0)
print(env.step(0)[1])
"""

HELPED = '''"""Action-masked toy whose reward is a constant of another file."""

import numpy as np
from gymnasium.spaces import Box

from ..core import Declaration, fill, rule, state_record
from ..mask_spec import MaskSpec
from .helper import earn
from .table import BONUS


@rule
def reset(s, p):
    s["x"] = 0


@rule
def action_mask(s, p, agent, out):
    fill(out, 1)


@rule
def step(s, p, action, rewards):
    rewards[0] += earn(s["x"]) + BONUS
    return False


@rule
def observe(s, p, agent, out):
    out[0] = s["x"]


ENV = Declaration(
    id="Helped-v0", module=__name__, state=lambda values: state_record(x=np.int64),
    mask=lambda values: MaskSpec.flat(2), observation=lambda values: Box(0, 1, (1,), np.float32),
)
'''


@needs_numba
def test_an_edit_in_any_file_that_rules_reach_is_compiled_anew(tmp_path):
    """The disk cache of numba looks at one file only; a helper and a table of constants are edited here."""
    envs = tmp_path / "masked_envs" / "envs"
    shutil.copytree(ROOT / "masked_envs", tmp_path / "masked_envs", ignore=shutil.ignore_patterns("__pycache__"))
    (envs / "helped.py").write_text(HELPED)
    helper = "from ..core import rule\n\n\n@rule\ndef earn(x):\n    return x + {}.0\n"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "NUMBA_CACHE_DIR": str(tmp_path / "cache")}

    def earned(from_helper, from_table):
        (envs / "helper.py").write_text(helper.format(from_helper))
        (envs / "table.py").write_text(f"BONUS = {from_table}\n")
        command = [sys.executable, "-B", "-c", PLAY_HELPED]  # -B: no stale .pyc within one second of an edit
        done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        return float(done.stdout)

    assert earned(5, 100) == 105.0
    compiled = set((tmp_path / "cache").rglob("*.nbc"))
    assert earned(5, 100) == 105.0
    assert set((tmp_path / "cache").rglob("*.nbc")) == compiled != set()  # served from the cache: that is the danger
    assert earned(7, 100) == 107.0
    assert earned(7, 200) == 207.0


# Compiled without optimisation, which takes long and is not what the test is about.
BOUNDED_TOYS = ("ToyConditionalThree-v0", "ToyHybrid-v0")  # all that a late head and a record of parts take
BOUNDS_CHECKED = {"NUMBA_BOUNDSCHECK": "1", "NUMBA_OPT": "0"}
CHECK_BOUNDS = """
import sys
import numpy as np
from masked_envs.core.engine import Engine
from surfaces import declared_of
for env_id in sys.argv[1:]:
    declared = declared_of(env_id)
    engine = Engine(declared, declared.resolve({}), 4, "numba", on_invalid="resample")
    engine.seed(range(4))
    engine.reset()
    for _ in range(60):
        for view in range(engine.views):
            engine.pick(engine.every_row, view)
        engine.actions[0] = 10**9
        engine.find_invalid(engine.every_row)
        engine.step(engine.every_row)
        engine.reset(engine.terminated | engine.truncated)
    assert engine.invalid_counts[0] > 0
print("clean")
"""


@needs_numba
@pytest.mark.parametrize(
    "env_ids", [BOUNDED_TOYS, *(pytest.param((i,), marks=pytest.mark.long) for i in (*TOYS, *IDS))]
)
def test_no_rule_indexes_out_of_bounds(env_ids, tmp_path):
    """In plain Python NumPy checks every index; compiled, the loops and the verbs have bodies of their own."""
    search = os.pathsep.join([str(ROOT), str(ROOT / "tests" / "helpers")])
    environment = {**os.environ, "PYTHONPATH": search, **BOUNDS_CHECKED, "NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-c", CHECK_BOUNDS, *env_ids]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0 and done.stdout.strip() == "clean", done.stderr[-3000:]


@needs_numba
def test_bounds_checks_do_find_an_index_out_of_bounds(tmp_path):
    """Negative control of the test above."""
    code = "import numpy as np, numba\n@numba.njit\ndef f(a, i):\n    return a[i]\nf(np.zeros(2), 5)"
    environment = {**os.environ, **BOUNDS_CHECKED, "NUMBA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120)
    assert "IndexError" in done.stderr
