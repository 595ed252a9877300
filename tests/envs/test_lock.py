"""MaskedLock: with one legal action there is nothing to learn, exactly."""

from __future__ import annotations

import numpy as np
import pytest

from masked_envs import make

ENV_ID = "MaskedLock-v0"


@pytest.mark.core
@pytest.mark.once
def test_every_mask_has_one_action_and_the_observation_says_which() -> None:
    env, digits = make(ENV_ID, num_actions=5, num_steps=100), set()
    seen, _ = env.reset(seed=0)
    total, terminated = 0.0, False
    while not terminated:
        assert np.flatnonzero(seen["action_mask"]).tolist() == [seen["observation"]]
        digits.add(int(seen["observation"]))
        seen, reward, terminated, _, _ = env.step(seen["observation"])
        total += reward
    assert total == 100 and digits == set(range(5))


def test_policy_gradient_entropy_and_log_probability_are_zero() -> None:
    torch = pytest.importorskip("torch")
    from masked_envs.torch import MaskedCategorical

    env = make(ENV_ID)
    seen, _ = env.reset(seed=0)
    logits = torch.randn(10, requires_grad=True)
    policy = MaskedCategorical(logits=logits, mask=torch.as_tensor(seen["action_mask"]))
    action = policy.sample()
    assert action.item() == seen["observation"] and policy.log_prob(action) == 0 and policy.entropy() == 0
    (policy.log_prob(action) * 7.0 + policy.entropy()).backward()
    assert (logits.grad == 0).all()
