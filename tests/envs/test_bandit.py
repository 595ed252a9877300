"""MaskedBandit: the best return in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from masked_envs import make

pytestmark = [pytest.mark.core, pytest.mark.once]


@pytest.mark.parametrize(("n", "k"), [(10, 3), (4, 4), (7, 1)])
def test_the_best_arm_pays_what_the_formula_says(n: int, k: int) -> None:
    env, steps = make("MaskedBandit-v0", num_arms=n, num_legal=k, num_steps=4000), 4000
    env.reset(seed=1)
    rewards = [env.step(int(np.flatnonzero(env.action_mask)[-1]))[1] for _ in range(steps)]
    mean = k * (n + 1) / (k + 1)
    variance = k * (n + 1) * (n - k) / ((k + 1) ** 2 * (k + 2))  # of the largest of k of 1 to n
    assert abs(np.mean(rewards) - mean) <= 5 * np.sqrt(variance / steps)


def test_every_set_of_arms_is_equally_likely() -> None:
    env, counts = make("MaskedBandit-v0", num_arms=4, num_legal=2, num_steps=3000), np.zeros(4)
    env.reset(seed=0)
    sets: dict[tuple[int, ...], int] = {}
    for _ in range(3000):
        arms = tuple(np.flatnonzero(env.action_mask).tolist())
        sets[arms] = sets.get(arms, 0) + 1
        counts[list(arms)] += 1
        env.step(arms[0])
    assert len(sets) == 6 and all(abs(count - 500) < 5 * np.sqrt(500) for count in sets.values())


def test_more_legal_arms_than_arms_are_refused() -> None:
    with pytest.raises(ValueError, match="num_legal=5 is more"):
        make("MaskedBandit-v0", num_arms=4, num_legal=5)
