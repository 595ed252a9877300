"""masked_envs.tianshou: held against Tianshou's DummyVectorEnv over the same environments, and what only it has."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from streams import fingerprint

pytest.importorskip("tianshou", reason="masked_envs.tianshou needs tianshou")

import tianshou_cases  # noqa: E402
import torch  # noqa: E402
from tianshou.algorithm import QRDQN, SAC, DiscreteSAC  # noqa: E402
from tianshou.algorithm.modelfree.discrete_sac import DiscreteSACPolicy  # noqa: E402
from tianshou.algorithm.modelfree.qrdqn import QRDQNPolicy  # noqa: E402
from tianshou.algorithm.modelfree.sac import SACPolicy  # noqa: E402
from tianshou.algorithm.optim import AdamOptimizerFactory  # noqa: E402
from tianshou.data import Batch, Collector, VectorReplayBuffer  # noqa: E402
from tianshou.trainer import OffPolicyTrainerParams  # noqa: E402
from tianshou.utils.net.common import Net  # noqa: E402
from tianshou.utils.net.continuous import ContinuousActorProbabilistic, ContinuousCritic  # noqa: E402
from tianshou.utils.net.discrete import DiscreteActor, DiscreteCritic  # noqa: E402

import masked_envs  # noqa: E402
from masked_envs.tianshou import MaskedActor, MaskedRandomPolicy, MaskedVectorEnv, ObservationOnly  # noqa: E402
from masked_envs.wrappers import VectorBoundedAction  # noqa: E402
from tests.adapters.contract import Case, adapters  # noqa: E402

TAXI, PAIRS, CART = "MaskedTaxi-v0", "MaskedPairs-v0", "MaskedCartPole-v0"
CASES = [
    Case(TAXI, {"time_limit": 7}),
    Case(CART, {"availability": "step", "time_limit": 20}),
    Case("MaskedConnectFour-v0", {"opponent": "random", "flat": True}),
]


def made(env_id, rows=3, **parameters):
    return MaskedVectorEnv(env_id, rows, backend="python", **parameters)


def legal(masks, rng):
    return (masks * rng.random(masks.shape)).argmax(axis=1)


def as_batch(observations):
    """What Tianshou makes of the observations of a DummyVectorEnv, an array of dicts."""
    return Batch(list(observations))


# --- the vector environment -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.env_id)
def test_steps_are_those_of_tianshous_own_vector_environment(case):
    """All rows, and some of them in any order; ended rows are reset by their numbers, as a collector does."""
    ours, theirs = made(case.env_id, **case.parameters), adapters()["tianshou"].ordinary(case, 3)
    assert ours.action_space == theirs.action_space
    ours.seed(5)
    theirs.seed(5)

    def same(a, b):
        b = as_batch(b)
        assert fingerprint([np.asarray(a.obs), a.mask]) == fingerprint([np.asarray(b.obs), np.asarray(b.mask)])
        return a.mask

    masks, rng, ends = same(ours.reset()[0], theirs.reset()[0]).copy(), np.random.default_rng(0), 0
    for step in range(60):
        rows = rng.permutation(3)[: 1 + step % 3]
        actions = legal(masks[rows], rng)
        (a, *a_rest, a_infos), (b, *b_rest, b_infos) = ours.step(actions, rows), theirs.step(actions, rows)
        masks[rows] = same(a, b)
        assert fingerprint([np.asarray(x) for x in a_rest]) == fingerprint([np.asarray(x) for x in b_rest])
        assert [info["env_id"] for info in a_infos] == [info["env_id"] for info in b_infos] == rows.tolist()
        over = rows[a_rest[1] | a_rest[2]]
        if len(over):
            masks[over] = same(ours.reset(over)[0], theirs.reset(over)[0])
            ends += len(over)
    assert ends > 0 and not ours.invalid_actions.any()


def test_what_tianshou_asks_of_rows():
    env = made(PAIRS, 3, num_items=4)
    env.seed([7, 8, 9])
    first, infos = env.reset()
    assert env.action_space == [gym.spaces.Discrete(16)] * 3 and infos.tolist() == [{}, {}, {}]
    assert env.observation_space[0]["mask"] == gym.spaces.MultiBinary(16) and len(env) == 3
    assert env.get_env_attr("invalid_actions", 1) == [0] and env.get_env_attr("mask_spec")[2].kind == "flat"
    assert env.seed() == [None] * 3 and env.seed(7) == [[7], [8], [9]]
    assert fingerprint(env.reset()[0].mask) == fingerprint(first.mask)
    again = env.reset(seed=7)[0]
    env.envs.reset(seed=7)
    assert fingerprint(again.mask) == fingerprint(env.envs.action_mask.astype(bool))
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        env.get_env_attr("nonsense")
    with pytest.raises(AttributeError, match="share their attributes: make it with gamma="):
        env.set_env_attr("gamma", 1)
    with pytest.raises(ValueError, match=r"different rows out of 0\.\.2"):
        env.reset([1, 1])
    with pytest.raises(ValueError, match=r"different rows out of 0\.\.2"):
        env.step([0], [3])
    with pytest.raises(ValueError, match="one action for each of 3 rows"):
        env.step(np.zeros(2, int))
    with pytest.raises(TypeError, match="seed and options, not colour"):
        env.reset(colour=1)
    assert env.render() == []
    env.close()
    with pytest.raises(AssertionError, match="after close"):
        env.reset()


def test_invalid_actions_raise_or_are_told():
    env = made(TAXI)
    masks = env.reset()[0].mask
    actions = masks.argmax(axis=1)
    actions[1] = masks[1].argmin()
    with pytest.raises(masked_envs.InvalidActionError, match="row 1"):
        env.step(actions)
    env = made(TAXI, on_invalid="noop")
    env.seed(0)
    masks = env.reset()[0].mask
    *_, infos = env.step([masks[2].argmin()], [2])
    assert infos.tolist() == [{"env_id": 2, "invalid_action": True}] and env.invalid_actions.tolist() == [0, 0, 1]


def test_what_cannot_be_served_is_refused():
    with pytest.raises(TypeError, match="needs the number of rows"):
        MaskedVectorEnv(TAXI)
    with pytest.raises(TypeError, match="autoreset_mode is set for you: Tianshou resets rows itself"):
        made(TAXI, autoreset_mode="NextStep")
    with pytest.raises(ValueError, match="autoreset_mode=AutoresetMode.DISABLED"):
        MaskedVectorEnv(gym.make_vec(TAXI, num_envs=2, backend="python"))
    with pytest.raises(TypeError, match="takes no env_num"):
        MaskedVectorEnv(gym.make_vec(TAXI, num_envs=2, autoreset_mode=AutoresetMode.DISABLED), 2)
    with pytest.raises(TypeError, match="MaskedVectorEnv takes a gymnasium.vector.VectorEnv"):
        MaskedVectorEnv(gym.make(TAXI))
    envs = gym.make_vec(TAXI, num_envs=2, backend="python", mask_in="info", autoreset_mode=AutoresetMode.DISABLED)
    with pytest.raises(TypeError, match="steps a part of the rows.*which RecordEpisodeStatistics cannot"):
        MaskedVectorEnv(gym.wrappers.vector.RecordEpisodeStatistics(envs))
    for seed in ("a", 1.5):
        with pytest.raises(TypeError, match="seed must be a non-negative integer"):
            MaskedVectorEnv(envs).seed(seed)
    assert MaskedVectorEnv(envs).seed(np.int64(3)) == MaskedVectorEnv(envs).seed(3) == [[3], [4]]
    with pytest.raises(ValueError, match="softmax_output=False"):
        MaskedActor(DiscreteActor(preprocess_net=Net(state_shape=4, hidden_sizes=[8]), action_shape=6))
    for actor in (None, torch.nn.Linear(4, 6)):
        with pytest.raises(TypeError, match="takes an actor of Tianshou"):
            MaskedActor(actor)
    net = Net(state_shape=4, action_shape=6, hidden_sizes=[8])
    for network in (MaskedActor(net), ObservationOnly(net)):
        for batch in (np.zeros((2, 4)), Batch(observation=np.zeros((2, 4)), action_mask=np.ones((2, 6)))):
            with pytest.raises(TypeError, match=r"read Batch\(obs, mask\), as MaskedVectorEnv gives it"):
                network(batch)


# --- networks and algorithms ----------------------------------------------------------------------------------------


def test_forbidden_logits_have_no_probability_and_no_gradient():
    logits = torch.zeros(2, 3, requires_grad=True)

    class Fixed(DiscreteActor):
        def forward(self, obs, state=None, info=None):
            return logits, state

    fixed = Fixed(preprocess_net=Net(state_shape=1, hidden_sizes=[2]), action_shape=3, softmax_output=False)
    masked, _ = MaskedActor(fixed)(Batch(obs=np.zeros((2, 1)), mask=np.array([[1, 0, 1], [0, 1, 0]], bool)))
    distribution = torch.distributions.Categorical(logits=masked)
    np.testing.assert_allclose(distribution.probs.detach(), [[0.5, 0, 0.5], [0, 1, 0]])
    np.testing.assert_allclose(distribution.entropy().detach(), [np.log(2), 0], atol=1e-6)
    (distribution.entropy().sum() + distribution.log_prob(torch.tensor([0, 1])).sum()).backward()
    np.testing.assert_array_equal(logits.grad == 0, [[False, True, False], [True, True, True]])


def off_policy(algorithm, env, exploration_noise=False):
    buffer = VectorReplayBuffer(256, len(env))
    warm_up = Collector(MaskedRandomPolicy(env.action_space[0]), env, buffer) if exploration_noise else None
    if warm_up:
        warm_up.reset()
        warm_up.collect(n_step=32)
    collector = Collector(algorithm, env, buffer, exploration_noise=exploration_noise)
    algorithm.run_training(
        OffPolicyTrainerParams(
            training_collector=collector,
            test_collector=Collector(algorithm, env),
            max_epochs=1,
            epoch_num_steps=64,
            collection_step_num_env_steps=16,
            update_step_num_gradient_steps_per_sample=0.25,
            batch_size=32,
            test_step_num_episodes=2,
            verbose=False,
            show_progress=False,
        )  # fmt: skip
    )
    assert collector.collect_step == 64 and not env.invalid_actions.any()
    assert all(torch.isfinite(p).all() for p in algorithm.parameters())


def test_q_learning_reads_the_mask_itself():
    """Greedy, exploring and warming up; QRDQN stands for the rest of the family."""
    env = made(PAIRS, 4)
    off_policy(tianshou_cases.dqn(env), env, exploration_noise=True)
    env = made(CART, 4)
    net = Net(state_shape=4, action_shape=6, hidden_sizes=[8], num_atoms=5)
    policy = QRDQNPolicy(model=net, action_space=env.action_space[0], eps_training=0.5)
    off_policy(QRDQN(policy=policy, optim=AdamOptimizerFactory(lr=1e-3), num_quantiles=5), env, exploration_noise=True)


def test_the_collectors_own_random_actions_know_no_masks():
    """Negative control of MaskedRandomPolicy."""
    env = made(PAIRS, 4, on_invalid="noop")
    collector = Collector(MaskedRandomPolicy(env.action_space[0]), env)
    collector.reset()
    collector.collect(n_step=64)
    assert not env.invalid_actions.any()
    collector.collect(n_step=64, random=True)
    assert env.invalid_actions.any()


def test_discrete_sac_obeys_masks():
    env = made(PAIRS, 4)
    tianshou_cases.seeded(0)
    space, actions = tianshou_cases.spaces_of(env)

    def critic():
        return ObservationOnly(DiscreteCritic(preprocess_net=tianshou_cases.Features(space), last_size=actions.n))

    inner = DiscreteActor(preprocess_net=tianshou_cases.Features(space), action_shape=actions.n, softmax_output=False)
    optim = AdamOptimizerFactory(lr=1e-3)
    algorithm = DiscreteSAC(
        policy=DiscreteSACPolicy(actor=MaskedActor(inner), action_space=actions),
        policy_optim=optim, critic=critic(), critic_optim=optim, critic2=critic(), critic2_optim=optim,
    )  # fmt: skip
    off_policy(algorithm, env)


def test_sac_plays_between_the_bounds():
    envs = gym.make_vec(
        "MaskedPendulum-v0", num_envs=4, mask_in="info", autoreset_mode=AutoresetMode.DISABLED, backend="python"
    )
    env = MaskedVectorEnv(VectorBoundedAction(envs))
    size, actions = env.observation_space[0].shape, env.action_space[0]
    tianshou_cases.seeded(0)
    actor = ContinuousActorProbabilistic(
        preprocess_net=Net(state_shape=size, hidden_sizes=[8]), action_shape=actions.shape, unbounded=True,
        conditioned_sigma=True,
    )  # fmt: skip
    critic = ContinuousCritic(
        preprocess_net=Net(state_shape=size, action_shape=actions.shape, hidden_sizes=[8], concat=True)
    )
    optim = AdamOptimizerFactory(lr=1e-3)
    policy = SACPolicy(actor=actor, action_space=actions)
    off_policy(SAC(policy=policy, policy_optim=optim, critic=critic, critic_optim=optim), env)
