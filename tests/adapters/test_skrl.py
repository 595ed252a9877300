"""masked_envs.skrl: its environment held against skrl's over SyncVectorEnv, and what only it has."""

from __future__ import annotations

import gymnasium as gym
import pytest
from gymnasium.vector import AutoresetMode

pytest.importorskip("skrl", reason="masked_envs.skrl needs skrl")

import skrl_cases  # noqa: E402
import torch  # noqa: E402
from skrl.models.torch import GaussianMixin, Model  # noqa: E402

from masked_envs.skrl import MaskedCategoricalMixin, make_env, split, wrap  # noqa: E402
from masked_envs.wrappers import VectorBoundedAction  # noqa: E402
from tests.adapters.contract import Case, adapters  # noqa: E402

TAXI, PAIRS, CART = "MaskedTaxi-v0", "MaskedPairs-v0", "MaskedCartPole-v0"


def plain(env_id, rows=3, **parameters):
    return make_env(env_id, rows, backend="python", **parameters)


@pytest.mark.parametrize(
    "case",
    [Case(TAXI, {"time_limit": 7}), Case(CART, {"availability": "step", "time_limit": 20})],
    ids=lambda case: case.env_id,
)
def test_steps_are_those_of_skrls_own_vector_environment(case):
    ours, theirs = plain(case.env_id, **case.parameters), adapters()["skrl"].ordinary(case, 3)
    assert ours.observation_space == theirs.observation_space and ours.action_space == theirs.action_space
    for env in (ours, theirs):
        env._seed = 5
    (a, _), (b, _) = ours.reset(), theirs.reset()
    generator, ends = torch.Generator().manual_seed(0), 0
    for _ in range(60):
        torch.testing.assert_close(a, b, rtol=0, atol=0)
        actions = torch.multinomial(split(ours.observation_space, a)[1].float(), 1, generator=generator)
        (a, *a_rest, _), (b, *b_rest, _) = ours.step(actions), theirs.step(actions)
        for mine, expected in zip(a_rest, b_rest, strict=True):
            torch.testing.assert_close(mine, expected, rtol=0, atol=0)
        ends += int((a_rest[1] | a_rest[2]).sum())
    assert ends > 0 and not ours.invalid_actions.any()


def model(env, masked=True):
    torch.manual_seed(0)
    return (skrl_cases.Policy if masked else skrl_cases.Unmasked)(env)


def test_forbidden_actions_have_no_probability_and_no_gradient():
    env = plain(PAIRS)
    observations, _ = env.reset()
    policy = model(env)
    _, mask = split(env.observation_space, observations)
    actions, outputs = policy.act({"observations": observations})
    assert mask.gather(1, actions).all() and mask.gather(1, outputs["mean_actions"]).all()
    probabilities = policy.distribution().probs
    assert (probabilities[~mask] == 0).all()
    torch.testing.assert_close(outputs["log_prob"].exp(), probabilities.gather(1, actions))
    bias = policy.net[-1].bias
    (outputs["log_prob"].sum() + policy.get_entropy().sum()).backward()
    assert (bias.grad[~mask.any(0)] == 0).all() and (bias.grad[mask.all(0)] != 0).any()


def test_random_actions_are_legal():
    env = plain(PAIRS, 64)
    observations, _ = env.reset()
    policy, (_, mask) = model(env), split(env.observation_space, observations)
    for _ in range(20):
        actions, _ = policy.random_act({"observations": observations})
        assert mask.gather(1, actions).all()
    careless, _ = model(env, masked=False).random_act({"observations": observations})
    assert not mask.gather(1, careless).all()  # skrl's own


def test_evaluation_is_greedy_unless_asked_to_sample():
    env = plain(PAIRS)
    agent, chosen = skrl_cases.agent_of(env), []
    act = agent.policy.act

    def watched(inputs, **more):
        actions, outputs = act(inputs, **more)
        chosen.append(outputs["mean_actions"])
        return actions, outputs

    agent.policy.act = watched
    given, step = [], env.step
    env.step = lambda actions: given.append(actions) or step(actions)
    skrl_cases.trainer_of(agent, env, 30, greedy=True).eval()
    assert len(given) == 10 and all(torch.equal(a, b) for a, b in zip(given, chosen, strict=True))
    given.clear(), chosen.clear()
    skrl_cases.trainer_of(agent, env, 30, greedy=False).eval()
    assert not all(torch.equal(a, b) for a, b in zip(given, chosen, strict=True))


def test_a_changed_mask_is_refused():
    env = plain(PAIRS)
    observations, _ = env.reset()
    with pytest.raises(ValueError, match="without an observation_preprocessor"):
        model(env).act({"observations": observations * 0.5})


def test_what_cannot_be_served_is_refused():
    with pytest.raises(ValueError, match="autoreset_mode=AutoresetMode.SAME_STEP"):
        wrap(gym.make_vec(TAXI, num_envs=2, backend="python"))
    with pytest.raises(TypeError, match="wrap takes a gymnasium.vector.VectorEnv"):
        wrap(gym.make(TAXI))
    with pytest.raises(ValueError, match='mask_in="observation"'):
        make_env(TAXI, 2, mask_in="info", backend="python")
    with pytest.raises(ValueError, match="at least 2 rows"):
        plain(TAXI, 1)

    class Bare(MaskedCategoricalMixin, Model):
        def __init__(self):
            Model.__init__(self, observation_space=gym.spaces.Box(0, 1, (2,)), action_space=gym.spaces.Discrete(2))
            MaskedCategoricalMixin.__init__(self)

        def compute(self, inputs, role=""):
            return inputs["observations"], {}

    with pytest.raises(ValueError, match='mask_in="observation"'):
        Bare()


def test_every_point_between_the_bounds_is_legal():
    made = {"mask_in": "info", "autoreset_mode": AutoresetMode.SAME_STEP, "backend": "python"}
    env = wrap(VectorBoundedAction(gym.make_vec("MaskedPendulum-v0", num_envs=3, **made)))

    class Policy(GaussianMixin, Model):
        def __init__(self):
            Model.__init__(self, observation_space=env.observation_space, action_space=env.action_space, device="cpu")
            GaussianMixin.__init__(self, clip_actions=True)
            self.net = torch.nn.Linear(self.num_observations, self.num_actions)

        def compute(self, inputs, role=""):
            return self.net(inputs["observations"]), {"log_std": torch.zeros(self.num_actions)}

    policy, (observations, _) = Policy(), env.reset()
    for _ in range(20):
        with torch.no_grad():
            actions, _ = policy.act({"observations": observations})
        observations, *_ = env.step(actions)
    assert not env.invalid_actions.any()
