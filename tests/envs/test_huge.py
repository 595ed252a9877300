"""MaskedHuge: the k-armed bandit under other numbers, by a generator and a bandit written down again; and its costs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from masked_envs import make, make_vec
from masked_envs.core.backends import numba_is_available
from masked_envs.registration import declaration

ENV_ID = "MaskedHuge-v0"
BACKENDS = ("python", *(["numba"] if numba_is_available() else []))
EVERY_BACKEND = pytest.mark.parametrize(
    "backend", [*BACKENDS[:1], *(pytest.param(backend, marks=pytest.mark.long) for backend in BACKENDS[1:])]
)
MODES = tuple(mode.value for mode in gym.vector.AutoresetMode)
SIZES = pytest.mark.parametrize("num_actions", [7, 10**4, 10**6])


def words_of(seed: int) -> Iterator[int]:
    """The 32-bit words of sfc32 seeded with two of splitmix64, in arrays, whose integers wrap."""
    state, seeds = np.array([seed], np.uint64), []
    for _ in range(2):
        state += np.uint64(0x9E3779B97F4A7C15)
        z = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
        seeds += [z.astype(np.uint32), (z >> np.uint64(32)).astype(np.uint32)]
    a, b, c, counter = seeds
    while True:
        word = a + b + counter
        a, b, c = b ^ (b >> 9), c + (c << 3), ((c << 21) | (c >> 11)) + word
        counter = counter + np.uint32(1)
        yield int(word[0])


class Bandit:
    """k arms without numbers, whose payoffs are drawn anew in every step; k words of the stream lie between."""

    def __init__(self, arms: int, seed: int) -> None:
        self.arms, self.words = arms, words_of(seed)
        self.deal()

    def deal(self) -> None:
        self.payoffs = [next(self.words) * 10 // 2**32 for _ in range(self.arms)]
        self.between = [next(self.words) for _ in range(self.arms)]

    def pull(self, arm: int) -> int:
        payoff = self.payoffs[arm]
        self.deal()
        return payoff

    def numbers(self, below: int) -> list[int]:
        """Floyd's algorithm over a set."""
        chosen: set[int] = set()
        for last, word in zip(range(below - self.arms, below), self.between, strict=True):
            number = word * (last + 1) // 2**32
            chosen.add(last if number in chosen else number)
        return sorted(chosen)


@EVERY_BACKEND
@SIZES
def test_it_is_the_k_armed_bandit_under_other_numbers(num_actions: int, backend: str) -> None:
    env = make(ENV_ID, num_actions=num_actions, num_legal=7, backend=backend)
    for seed in (0, 123456789):
        observed, info = env.reset(seed=seed)
        bandit, rng = Bandit(7, seed), np.random.default_rng(seed)
        for pulls in range(1, 51):
            numbers, payoffs = observed["observation"].tolist()
            assert numbers == np.flatnonzero(info["action_mask"]).tolist() == bandit.numbers(num_actions)
            assert payoffs == bandit.payoffs
            arm = int(rng.integers(7))
            observed, reward, terminated, truncated, info = env.step(numbers[arm])
            assert reward == bandit.pull(arm) and terminated == (pulls == 50) and not truncated


@SIZES
def test_the_environment_of_as_many_actions_as_arms_is_the_same(num_actions: int) -> None:
    """In bytes, but for the numbers: under re-indexing, the huge environment is the small one."""
    huge, small = (
        make_vec(ENV_ID, 5, num_actions=num_actions, num_legal=7),
        make_vec(ENV_ID, 5, num_actions=7, num_legal=7),
    )
    (observed, _), (arms, _), rng = huge.reset(seed=3), small.reset(seed=3), np.random.default_rng(0)
    for _ in range(120):
        numbers, payoffs = observed["observation"].swapaxes(0, 1)
        np.testing.assert_array_equal(payoffs, arms["observation"][:, 1])
        np.testing.assert_array_equal(arms["observation"][:, 0], np.tile(np.arange(7), (5, 1)))
        chosen = rng.integers(7, size=5)
        (observed, *given, _), (arms, *expected, _) = huge.step(numbers[np.arange(5), chosen]), small.step(chosen)
        assert [array.tobytes() for array in given] == [array.tobytes() for array in expected]


def test_every_set_of_numbers_is_equally_likely() -> None:
    stats = pytest.importorskip("scipy.stats")
    envs = make_vec(ENV_ID, 20_000, num_actions=6, num_legal=3, backend=BACKENDS[-1])
    sets = envs.reset(seed=0)[0]["observation"][:, 0]
    counts = [int((sets == of).all(axis=1).sum()) for of in combinations(range(6), 3)]
    assert sum(counts) == 20_000 and stats.chisquare(counts).pvalue > 1e-4


def test_more_arms_than_actions_are_refused() -> None:
    make(ENV_ID, num_actions=10, num_legal=10)
    with pytest.raises(ValueError, match="num_legal=11 is more than there are actions: .* at most num_actions=10"):
        make(ENV_ID, num_actions=10, num_legal=11)


# --- what the mask costs ----------------------------------------------------------------------------------------------


class Written:
    """Takes the place of a mask, and notes what is written where."""

    def __init__(self) -> None:
        self.entries: list[tuple[int, Any]] = []

    def __setitem__(self, index: int, value: Any) -> None:
        self.entries.append((int(index), value))


@SIZES
def test_a_step_writes_only_the_entries_that_change(num_actions: int) -> None:
    rules = declaration(ENV_ID).rules
    env, rng = make(ENV_ID, num_actions=num_actions, num_legal=7), np.random.default_rng(0)
    observed, _ = env.reset(seed=0)
    for _ in range(20):
        before = observed["observation"][0].tolist()
        observed = env.step(before[rng.integers(7)])[0]
        written = Written()
        rules.update_mask(env._engine.states[0], env._engine.parameters, 0, written)
        now = observed["observation"][0].tolist()
        assert written.entries == [(number, 0) for number in before] + [(number, 1) for number in now]


@EVERY_BACKEND
@pytest.mark.parametrize("on_invalid", ["raise", "noop", "resample", "terminate"])
def test_a_mask_renewed_is_a_mask_written_anew(on_invalid: str, backend: str) -> None:
    """Through ends, resets, refused actions and restored positions."""
    rng = np.random.default_rng(0)
    envs = make_vec(ENV_ID, 4, num_actions=40, num_steps=6, on_invalid=on_invalid, backend=backend)
    other = make_vec(ENV_ID, 4, num_actions=40, num_steps=6, backend=backend)
    _, info = envs.reset(seed=0)
    for step in range(100):
        actions = envs.mask_spec.sample(info["action_mask"], rng)
        if on_invalid != "raise":
            actions = np.where(rng.random(4) < 0.3, -1, actions)
        *_, info = envs.step(actions)
        other.set_state(envs.get_state())  # which writes all
        np.testing.assert_array_equal(info["action_mask"], other.action_mask)
        if step % 17 == 0:
            envs.set_state(other.get_state())


MEASURE = """
import sys
from pathlib import Path
import gymnasium as gym, numpy as np
import masked_envs
env_id, mode, backend = sys.argv[1:]
size = {"num_envs": 64, "num_actions": 10**6, "num_steps": 4}
envs = gym.make_vec(env_id, autoreset_mode=mode, backend=backend, **size)
kept, info = envs.reset(seed=0)
rng, spec = np.random.default_rng(0), envs.unwrapped.mask_spec
for _ in range(12):
    kept, _, terminated, _, info = envs.step(spec.sample(info["action_mask"], rng))
    if mode == "Disabled" and terminated.any():
        kept, info = envs.reset(options={"reset_mask": terminated})
assert not envs.unwrapped.invalid_actions.any() and kept["action_mask"].shape == (64, 10**6)
(peak,) = (line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(int(peak) // 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the peak of one program")
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("mode", [MODES[0], *(pytest.param(mode, marks=pytest.mark.long) for mode in MODES[1:])])
def test_64_environments_of_a_million_actions_take_less_than_500_megabytes(mode: str, backend: str) -> None:
    """The resident peak of a process of its own, the interpreter and its libraries included, while it plays legally.

    Not `ru_maxrss`, which begins at that of the process that started it.
    """
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, ENV_ID, mode, backend], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    megabytes = int(done.stdout)
    assert 64 * 2 < megabytes < 500, f"{megabytes} MiB"  # less than a mask each, here and at the caller: not measured


def test_a_position_holds_no_mask() -> None:
    env = make(ENV_ID, num_actions=10**6)
    env.reset(seed=0)
    assert len(env.get_state().record) < 500
