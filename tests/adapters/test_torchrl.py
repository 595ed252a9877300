"""masked_envs.torchrl: held against TorchRL's SerialEnv over the same environments, and what only it has."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from streams import fingerprint

pytest.importorskip("torchrl", reason="masked_envs.torchrl needs torchrl")

import torch  # noqa: E402
import torchrl_cases  # noqa: E402
from tensordict import TensorDict  # noqa: E402
from tensordict.nn import TensorDictSequential  # noqa: E402
from torchrl.collectors import Collector  # noqa: E402
from torchrl.data import LazyTensorStorage, ReplayBuffer  # noqa: E402
from torchrl.envs import (  # noqa: E402
    ActionMask,
    ExplorationType,
    GymWrapper,
    RewardSum,
    TransformedEnv,
    check_env_specs,
    set_exploration_type,
)
from torchrl.modules import EGreedyModule  # noqa: E402
from torchrl.objectives import ClipPPOLoss, DQNLoss, SoftUpdate  # noqa: E402

import masked_envs  # noqa: E402
from masked_envs.torchrl import (  # noqa: E402
    MaskedEnv,
    MaskedParallelEnv,
    make_env,
    make_parallel,
    masked_actor,
    masked_q,
)
from masked_envs.wrappers import VectorBoundedAction  # noqa: E402

TAXI, PAIRS, CART, WAREHOUSE = "MaskedTaxi-v0", "MaskedPairs-v0", "MaskedCartPole-v0", "MaskedWarehouse-v0"
CASES = [
    (TAXI, {"time_limit": 7}),
    (CART, {"availability": "step", "time_limit": 20}),
    ("MaskedConnectFour-v0", {"opponent": "random"}),
]


def plain(env_id, rows=3, **parameters):
    return make_env(env_id, rows, backend="python", **parameters)


def bounded(rows=3):
    made = {"mask_in": "info", "autoreset_mode": AutoresetMode.DISABLED, "backend": "python"}
    return MaskedEnv(VectorBoundedAction(gym.make_vec("MaskedPendulum-v0", num_envs=rows, **made)))


def arrays(tensordict, keys):
    return [tensordict[key].numpy() for key in keys]


# --- the environment ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("env_id", "parameters"), CASES)
def test_steps_are_those_of_torchrls_own_batched_environment(env_id, parameters):
    """Random legal play through TorchRL's own loop, `step_and_maybe_reset`, which resets some rows."""
    ours = plain(env_id, **parameters)
    theirs = torchrl_cases.serial(lambda: gym.make(env_id, **parameters), 3)
    assert ours.set_seed(5) == theirs.set_seed(5)
    a, b = ours.reset(), theirs.reset()
    generator, ends = torch.Generator().manual_seed(0), 0
    keys = ["observation", "action_mask", "done", "terminated", "truncated"]
    for _ in range(60):
        assert fingerprint(arrays(a, keys)) == fingerprint(arrays(b, keys))
        action = torch.multinomial(a["action_mask"].float(), 1, generator=generator).squeeze(-1)
        a, b = a.set("action", action), b.set("action", action.clone())
        (a, a_next), (b, b_next) = ours.step_and_maybe_reset(a), theirs.step_and_maybe_reset(b)
        moved = [*keys, "reward"]
        assert fingerprint(arrays(a["next"], moved)) == fingerprint(arrays(b["next"], moved))
        ends += int(a["next", "done"].sum())
        a, b = a_next, b_next
    assert ends > 0 and not ours.invalid_actions.any()


MAKERS = {
    "flat": lambda: plain(CART),
    "numbered": lambda: plain(PAIRS, num_items=4),
    "a Dict": lambda: plain("ParametricCartPole-v0"),
    "told": lambda: plain(TAXI, on_invalid="noop"),
    "bounded": bounded,
    "a game": lambda: make_parallel(WAREHOUSE, 3, backend="python", time_limit=9),
    "a flat game": lambda: make_parallel(WAREHOUSE, 3, flat=True, backend="python"),
}


@pytest.mark.parametrize("made", MAKERS)
def test_torchrls_own_check_passes(made):
    check_env_specs(MAKERS[made]())


def test_random_actions_are_legal():
    """Those of an environment, of a collector given `rand_action`, and of an environment with ActionMask."""
    env = plain(PAIRS, 4)
    env.rollout(30, break_when_any_done=False)
    for _ in Collector(env, env.rand_action, frames_per_batch=40, total_frames=80, no_cuda_sync=True):
        assert not env.invalid_actions.any()
    TransformedEnv(env, ActionMask()).append_transform(RewardSum()).rollout(30, break_when_any_done=False)
    assert not env.invalid_actions.any()


def test_some_rows_are_stepped_and_reset():
    env = plain(TAXI)
    env.set_seed(0)
    before = env.reset()
    action = before["action_mask"].int().argmax(-1)
    action[1] = before["action_mask"][1].int().argmin()
    with pytest.raises(masked_envs.InvalidActionError, match="row 1"):
        env.step(before.clone().update({"action": action}))
    counted = env.invalid_actions
    moved = env.step(before.clone().update({"action": action, "_step": torch.tensor([True, False, True])}))["next"]
    same = (moved["observation"] == before["observation"]) & (moved["reward"].squeeze(-1) == 0)
    assert same[1] and counted.tolist() == env.invalid_actions.tolist() == [0, 1, 0]
    states = env.envs.unwrapped.get_state()
    env.reset(before.clone().update({"_reset": torch.tensor([[False], [True], [False]])}))
    after = env.envs.unwrapped.get_state()
    assert [one == other for one, other in zip(states, after, strict=True)] == [True, False, True]


def test_invalid_actions_are_told():
    env = plain(TAXI, on_invalid="noop")
    env.set_seed(0)
    start = env.reset()
    assert not start["invalid_action"].any()
    action = start["action_mask"].int().argmax(-1)
    action[1] = start["action_mask"][1].int().argmin()
    told = env.step(start.set("action", action))["next", "invalid_action"]
    assert told.squeeze(-1).tolist() == [False, True, False] and env.invalid_actions.tolist() == [0, 1, 0]


def test_seeds():
    env = plain(TAXI)
    env.set_seed(3)
    first = env.reset()["observation"]
    assert not torch.equal(env.reset()["observation"], first)
    assert env.set_seed(3, static_seed=True) == 3 and env.set_seed(3) != 3
    assert torch.equal(env.reset()["observation"], first)
    env.close()


def test_what_cannot_be_served_is_refused():
    with pytest.raises(ValueError, match="autoreset_mode=AutoresetMode.DISABLED"):
        MaskedEnv(gym.make_vec(TAXI, num_envs=2, backend="python"))
    with pytest.raises(TypeError, match="MaskedEnv takes a gymnasium.vector.VectorEnv"):
        MaskedEnv(gym.make(TAXI))
    with pytest.raises(TypeError, match="autoreset_mode is set for you: TorchRL resets rows itself"):
        make_env(TAXI, 2, autoreset_mode="NextStep")
    with pytest.raises(TypeError, match="one seat, make_env"):
        make_parallel(WAREHOUSE, 2, opponent="random")
    with pytest.raises(TypeError, match="a game whose agents move at once"):
        make_parallel("MaskedConnectFour-v0", 2, backend="python")
    with pytest.raises(TypeError, match="a game whose agents move at once"):
        make_parallel(TAXI, 2, backend="python")
    with pytest.raises(TypeError, match="with mask_in='info'"):
        make_parallel(WAREHOUSE, 2, backend="python", mask_in="observation")
    with pytest.raises(ValueError, match="autoreset_mode=AutoresetMode.DISABLED"):
        MaskedParallelEnv(gym.make_vec(WAREHOUSE, num_envs=2, mask_in="info", backend="python"))


# --- learning -------------------------------------------------------------------------------------------------------


def test_dqn_obeys_masks():
    """Greedy and exploring play, and targets over legal actions: a target's action is legal under the next mask."""
    torch.manual_seed(0)
    env = plain(PAIRS, 4)
    keys, specs = torchrl_cases.seen(env)
    q = masked_q(torchrl_cases.Network(specs, 25), env, keys)
    explore = EGreedyModule(env.action_spec, eps_init=0.5, action_mask_key="action_mask")
    loss = DQNLoss(q, delay_value=True, double_dqn=True, action_space="categorical")
    loss.make_value_estimator(gamma=0.99)
    target, optimizer = SoftUpdate(loss, eps=0.9), torch.optim.Adam(loss.parameters(), 1e-3)
    buffer = ReplayBuffer(storage=LazyTensorStorage(500), batch_size=32)
    collector = Collector(
        env, TensorDictSequential(q, explore), frames_per_batch=32, total_frames=256, init_random_frames=64,
        no_cuda_sync=True,
    )  # fmt: skip
    for batch in collector:
        buffer.extend(batch.reshape(-1))
        value = loss(buffer.sample())["loss"]
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        target.step()
    assert torch.isfinite(value)
    with torch.no_grad(), set_exploration_type(ExplorationType.DETERMINISTIC):
        env.rollout(50, q, break_when_any_done=False)
        following = q(batch["next"].clone())
    assert following["action_mask"].gather(-1, following["action"].unsqueeze(-1)).all()
    assert not env.invalid_actions.any()


def test_every_agent_of_a_game_learns():
    """One policy for all robots, with masks and rewards of their own; without the masks it errs."""
    env = make_parallel(WAREHOUSE, 4, flat=True, backend="python", time_limit=12)
    assert env.group_map == {"agents": ["robot_0", "robot_1", "robot_2", "robot_3"]}
    torch.manual_seed(0)
    size = env.observation_spec["agents", "observation"].shape[-1]
    network = torch.nn.Linear(size, env.full_action_spec["agents", "action"].space.n)
    actor = masked_actor(network, group="agents")
    log_prob = ("agents", "action_log_prob")
    loss = ClipPPOLoss(actor, None, critic_coeff=None)
    loss.set_keys(action=("agents", "action"), sample_log_prob=log_prob, advantage=("agents", "advantage"))
    collector = Collector(env, actor, frames_per_batch=64, total_frames=128, no_cuda_sync=True)
    for batch in collector:
        assert batch["agents", "action"].shape == (4, 16, 4)
        rewards = batch["next", "agents", "reward"]
        batch["agents", "advantage"] = rewards - rewards.mean()
        with torch.no_grad():
            new = actor.get_dist(batch).log_prob(batch["agents", "action"])
        torch.testing.assert_close(new, batch[log_prob])
        assert torch.isfinite(loss(batch)["loss_objective"])
    assert not env.invalid_actions.any()


def test_agents_of_a_game_are_in_their_places():
    """Observations, masks and rewards beside PettingZoo's parallel environment of the same seed."""
    par = masked_envs.make_parallel(WAREHOUSE, time_limit=9)
    env = make_parallel(WAREHOUSE, 1, backend="python", time_limit=9)
    observations, _ = par.reset(seed=3)
    shown, rng = env.reset(seed=3), np.random.default_rng(0)
    for _ in range(9):
        group = shown["agents"]
        for place, agent in enumerate(env.agents):
            np.testing.assert_array_equal(group["observation"][0, place], observations[agent]["observation"])
            np.testing.assert_array_equal(group["action_mask"][0, place], observations[agent]["action_mask"])
        actions = [rng.choice(np.flatnonzero(mask)) for mask in group["action_mask"][0].numpy()]
        observations, rewards, *_ = par.step(dict(zip(env.agents, actions, strict=True)))
        shown = env.step(TensorDict({"agents": {"action": torch.tensor([actions])}}, batch_size=[1]))["next"]
        np.testing.assert_array_equal(shown["agents", "reward"][0, :, 0], [rewards[agent] for agent in env.agents])


def test_gym_wrapper_hands_on_the_number_of_a_joint_action():
    """What docs/torchrl.md says of TorchRL without this adapter."""
    env = GymWrapper(gym.make(PAIRS, num_items=4), categorical_action_encoding=True)
    assert env.action_spec.space.n == 16
    with pytest.raises(masked_envs.InvalidActionError):
        env.step(env.reset().set("action", torch.tensor(1)))


def test_sac_can_play_between_the_bounds():
    env = bounded()
    assert "action_mask" not in env.observation_spec.keys()
    env.rollout(20, break_when_any_done=False)
    assert not env.invalid_actions.any()
