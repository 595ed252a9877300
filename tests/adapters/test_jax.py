"""masked_envs.jax: steps inside of scan beside the vector environment itself, distributions beside those of torch."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from streams import fingerprint

pytest.importorskip("jax", reason="masked_envs.jax needs jax")

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402

from masked_envs.jax import (  # noqa: E402
    masked_entropy,
    masked_kl,
    masked_log_probs,
    masked_mode,
    masked_sample,
    vector_step,
)
from masked_envs.wrappers import VectorBoundedAction  # noqa: E402

TAXI, PAIRS, CART = "MaskedTaxi-v0", "MaskedPairs-v0", "MaskedCartPole-v0"


def plain(env_id, rows=3, **parameters):
    made = {"mask_in": "info", "autoreset_mode": AutoresetMode.SAME_STEP, "backend": "python", **parameters}
    return gym.make_vec(env_id, num_envs=rows, **made)


# --- the environment ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("env_id", "parameters"),
    [
        (TAXI, {"time_limit": 7}),
        (CART, {"availability": "step", "time_limit": 20}),
        ("ParametricCartPole-v0", {"time_limit": 9}),
    ],
)
def test_steps_within_a_scan_are_those_of_the_vector_environment(env_id, parameters):
    """With the last observation of each episode, and the mask of the first of the next."""
    reset, step = vector_step(plain(env_id, **parameters))

    @jax.jit
    def play(seen):
        def one(seen, _):
            after = step(seen.action_mask.argmax(axis=1))
            return after, after

        return jax.lax.scan(one, seen, None, length=40)

    _, found = play(reset(seed=5))
    envs = plain(env_id, **parameters)
    _, info = envs.reset(seed=5)
    ends = 0
    for k in range(40):
        shown, rewards, terminated, truncated, info = envs.step(info["action_mask"].argmax(axis=1))
        mine = jax.tree.map(lambda array, k=k: np.asarray(array[k]), found)
        np.testing.assert_array_equal(mine.action_mask, info["action_mask"].astype(bool))
        np.testing.assert_array_equal(mine.reward, rewards.astype(np.float32))
        np.testing.assert_array_equal([mine.terminated, mine.truncated], [terminated, truncated])
        assert close(mine.observation, shown)
        for row in range(3):
            last = info["final_obs"][row] if (terminated | truncated)[row] else pick(shown, row)
            assert close(pick(mine.final_observation, row), last)
        ends += int((terminated | truncated).sum())
    assert ends > 0


def pick(tree, row):
    return jax.tree.map(lambda array: array[row], tree)


def close(one, other):
    return all(jax.tree.leaves(jax.tree.map(lambda a, b: bool(np.array_equal(a, np.asarray(b, a.dtype))), one, other)))


def test_seeds_and_numbers():
    envs = plain(PAIRS, num_items=4)
    reset, step = vector_step(envs)
    first = reset(seed=3)
    assert first.action_mask.shape == (3, 16) and first.action_mask.dtype == bool
    assert fingerprint(np.asarray(reset(seed=3).observation)) == fingerprint(np.asarray(first.observation))
    jax.block_until_ready(step(first.action_mask.argmax(axis=1)))
    assert not envs.unwrapped.invalid_actions.any()


def test_an_invalid_action_comes_out_with_its_message():
    reset, step = vector_step(plain(TAXI))
    seen = reset(seed=0)
    with pytest.raises(Exception, match="InvalidActionError.*MaskedTaxi-v0"):
        jax.block_until_ready(jax.jit(step)(seen.action_mask.argmin(axis=1)))


@jax.jit
def late(actions):
    """The same actions, after a while, so that JAX's step of them runs in the background."""
    slow = jnp.ones((600, 600))
    for _ in range(30):
        slow = jnp.sin(slow @ slow)
    return actions + (slow[0, 0] > 2)


def test_reset_waits_for_the_steps_before_it():
    reset, step = vector_step(plain(TAXI))
    seen = reset(seed=0)
    jax.block_until_ready(step(late(seen.action_mask.argmax(axis=1))))  # compiled
    seen = reset(seed=0)
    for _ in range(2):
        step(late(seen.action_mask.argmax(axis=1)))
        seen = reset(seed=0)
        envs = plain(TAXI)
        assert np.array_equal(seen.action_mask, envs.reset(seed=0)[1]["action_mask"])


def test_an_invalid_action_that_nobody_waited_for_is_an_error_of_reset_and_breaks_nothing_else():
    envs = plain(TAXI)
    reset, step = vector_step(envs)
    jax.block_until_ready(step(late(reset(seed=0).action_mask.argmax(axis=1))))  # compiled
    with pytest.raises(jax.errors.JaxRuntimeError, match="InvalidActionError.*MaskedTaxi-v0"):  # now, or in reset
        step(late(reset(seed=0).action_mask.argmin(axis=1)))
        reset(seed=0)
    seen = reset(seed=0)
    jax.block_until_ready(step(seen.action_mask.argmax(axis=1)))


def test_intervals_need_no_mask():
    envs = plain("MaskedPendulum-v0")
    reset, step = vector_step(VectorBoundedAction(envs))
    seen = reset(seed=0)
    assert seen.action_mask is None
    for k in range(20):
        seen = step(jax.random.uniform(jax.random.key(k), (3, 1), minval=-1, maxval=1))
    jax.block_until_ready(seen)
    assert not envs.unwrapped.invalid_actions.any()


def test_what_cannot_be_served_is_refused():
    with pytest.raises(ValueError, match="autoreset_mode=AutoresetMode.SAME_STEP"):
        vector_step(gym.make_vec(TAXI, num_envs=2, mask_in="info", backend="python"))
    with pytest.raises(TypeError, match="vector_step takes a gymnasium.vector.VectorEnv"):
        vector_step(gym.make(TAXI))
    with pytest.raises(ValueError, match='mask_in="info"'):
        vector_step(plain(TAXI, mask_in="observation"))


# --- distributions beside those of torch ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def batch():
    rng = np.random.default_rng(0)
    mask = rng.random((200, 7)) < 0.5
    mask[np.arange(200), rng.integers(7, size=200)] = True
    mask[:20] = np.eye(7, dtype=bool)[rng.integers(7, size=20)]  # one legal action
    logits = (rng.normal(size=(2, 200, 7)) * rng.choice([1, 30, 300], size=(200, 1))).astype(np.float32)
    logits[:, ~mask] = 1e30  # whatever stands at forbidden places
    return logits[0], logits[1], mask


def test_values_are_those_of_torch(batch):
    torch = pytest.importorskip("torch")
    from masked_envs.torch import MaskedCategorical

    logits, others, mask = batch
    one, other = (MaskedCategorical(torch.as_tensor(x), mask) for x in (logits, others))
    np.testing.assert_allclose(masked_log_probs(logits, mask), one.logits, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(masked_entropy(logits, mask), one.entropy(), rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(masked_mode(logits, mask), one.mode)
    divergence = torch.distributions.kl_divergence(one, other)
    np.testing.assert_allclose(masked_kl(logits, others, mask), divergence, rtol=1e-4, atol=1e-4)


def test_gradients_are_those_of_torch(batch):
    torch = pytest.importorskip("torch")
    from masked_envs.torch import MaskedCategorical

    logits, others, mask = batch
    action, weights = mask.argmax(axis=1), np.random.default_rng(1).normal(size=200).astype(np.float32)

    def total(logits):
        chosen = jnp.take_along_axis(masked_log_probs(logits, mask), action[:, None], axis=1)[:, 0]
        return (weights * (chosen + masked_entropy(logits, mask))).sum()

    leaf = torch.tensor(logits, requires_grad=True)
    one = MaskedCategorical(leaf, mask)
    (torch.as_tensor(weights) * (one.log_prob(torch.as_tensor(action)) + one.entropy())).sum().backward()
    found = np.asarray(jax.grad(total)(logits))
    np.testing.assert_allclose(found, leaf.grad, rtol=1e-3, atol=1e-4)
    assert (found[~mask] == 0).all()
    assert np.isfinite(jax.grad(lambda x: masked_kl(x, others, mask).sum())(logits)).all()


def test_samples_are_legal_and_as_frequent_as_they_should_be(batch):
    logits, _, mask = batch
    draws = jax.vmap(lambda key: masked_sample(key, logits, mask))(jax.random.split(jax.random.key(0), 4000))
    assert mask[np.arange(200), draws].all()
    calm = np.abs(np.where(mask, logits, 0)).max(axis=1) < 5
    frequency = np.stack([(draws[:, calm] == k).mean(axis=0) for k in range(7)], axis=1)
    np.testing.assert_allclose(frequency, np.exp(masked_log_probs(logits, mask))[calm], atol=5 * 0.5 / np.sqrt(4000))


def test_half_precision_integer_masks_and_divergence_to_what_is_forbidden():
    logits, mask = jnp.zeros((2, 3), jnp.float16), np.array([[1, 0, 1], [0, 1, 0]], np.int8)
    assert masked_log_probs(logits, mask).dtype == jnp.float32
    np.testing.assert_allclose(masked_entropy(logits, mask), [np.log(2), 0], rtol=1e-6)
    other = np.array([[1, 1, 0], [1, 1, 1]], np.int8)
    np.testing.assert_allclose(masked_kl(logits, logits, mask, other), [np.inf, np.log(3)], rtol=1e-6)
