"""`sample_legal` on every interface and for every kind: legal, uniform, and apart from the game's own randomness."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode
from scipy.stats import chisquare
from streams import fingerprint
from toy_rules import LEGAL, NAMES, TOYS, all_actions

import masked_envs
from masked_envs import MaskSpec, trees
from masked_envs.api import MaskedAECEnv, MaskedEnv, MaskedParallelEnv, MaskedVectorEnv
from masked_envs.wrappers import FlatActions

pytestmark = pytest.mark.core

ALONE = [name for name in NAMES if TOYS[name].play != "simultaneous" or name == "race"]
SIMULTANEOUS = [name for name in NAMES if TOYS[name].play == "simultaneous"]
GAMES = [*SIMULTANEOUS, "duel"]
WALK = 25  # steps


def record(env, state):
    engine = env._engine if hasattr(env, "_engine") else env._views.engine
    return np.frombuffer(state.record, engine.records.dtype)[0]


def is_legal(name, state, agent, action):
    """By the rules of the toy; an action of all agents at once is legal where each agent's is."""
    if name == "race" and np.ndim(action):
        return all(LEGAL[name](state, each, choice) for each, choice in enumerate(action))
    return bool(LEGAL[name](state, agent, action))


# --- legal ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALONE)
def test_a_single_environment_samples_legal_actions(name):
    env = MaskedEnv(TOYS[name])
    env.reset(seed=1)
    for _ in range(WALK):
        action, state = env.sample_legal(), env.get_state()
        assert env.action_space.contains(action)
        assert is_legal(name, record(env, state), int(env._engine.acting[0]), action)
        _, _, terminated, truncated, _ = env.step(action)
        if terminated or truncated:
            assert env.action_space.contains(env.sample_legal())
            env.reset()
    assert env.invalid_actions == 0


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
@pytest.mark.parametrize("name", ALONE)
def test_a_vector_environment_samples_a_legal_action_for_each_row(name, mode):
    envs = MaskedVectorEnv(TOYS[name], 4, autoreset_mode=mode)
    envs.reset(seed=1)
    for _ in range(WALK):
        actions = envs.sample_legal()
        assert envs.action_space.contains(actions)
        for row, state in enumerate(envs.get_state()):
            acting = int(envs._engine.acting[row])
            over = state.terminated or state.truncated
            assert over or is_legal(name, record(envs, state), acting, trees.row(actions, row))
        envs.step(actions)
    assert not envs.invalid_actions.any()


@pytest.mark.parametrize("name", GAMES)
def test_an_aec_environment_samples_legal_actions_of_the_acting_agent(name):
    env = MaskedAECEnv(TOYS[name])
    env.reset(seed=1)
    for _ in range(WALK):
        agent = env.agent_selection
        action, state = env.sample_legal(agent), env.get_state().position
        assert is_legal(name, record(env, state), env.possible_agents.index(agent), action)
        for other in set(env.possible_agents) - {agent}:
            with pytest.raises(ValueError, match=f"{other} does not act now and has no legal action; {agent} does"):
                env.sample_legal(other)
        env.step(action)
        while env.terminations[env.agent_selection] and not all(
            env.terminations.values()
        ):  # one that leaves the others
            assert env.action_space(env.agent_selection).contains(env.sample_legal(env.agent_selection))
            env.step(None)
        if all(env.terminations.values()) or any(env.truncations.values()):
            assert all(env.action_space(each).contains(env.sample_legal(each)) for each in env.possible_agents)
            env.reset()
    assert env.invalid_actions == 0


@pytest.mark.parametrize("name", SIMULTANEOUS)
def test_a_parallel_environment_samples_legal_actions_of_every_agent(name):
    env = MaskedParallelEnv(TOYS[name])
    env.reset(seed=1)
    for _ in range(WALK):
        actions, state = {agent: env.sample_legal(agent) for agent in env.agents}, env.get_state()
        for agent, action in actions.items():
            assert is_legal(name, record(env, state), env.possible_agents.index(agent), action)
        env.step(actions)
        if not env.agents:
            env.reset()
    assert env.invalid_actions == 0


@pytest.mark.parametrize("opponent", ["random", None])
def test_the_agent_that_the_actions_control_is_sampled(opponent):
    env = MaskedEnv(TOYS["duel"], opponent=opponent)
    env.reset(seed=0)
    for _ in range(4):
        *_, terminated, truncated, _ = env.step(env.sample_legal())
        if terminated or truncated:
            env.reset()
    assert env.invalid_actions == 0


def test_a_wrapper_with_actions_of_its_own_samples_these():
    env = FlatActions(MaskedEnv(TOYS["hybrid_tuple"]))
    env.reset(seed=0)
    for _ in range(10):
        action = env.get_wrapper_attr("sample_legal")()
        assert env.action_space.contains(action) and env.action_mask[action]
        env.step(action)
    assert env.unwrapped.invalid_actions == 0


# --- uniform ----------------------------------------------------------------------------------------------------------


def key(action):
    return str(trees.map(lambda part: np.asarray(part).tolist(), action))


@pytest.mark.parametrize("name", [name for name in ALONE if name not in ("interval", "hybrid", "race")])
def test_every_legal_action_is_equally_likely(name):
    env = MaskedEnv(TOYS[name])
    env.reset(seed=3)
    state = record(env, env.get_state())
    legal = [key(action) for action in all_actions(env.action_space) if LEGAL[name](state, 0, action)]
    drawn = Counter(key(env.sample_legal()) for _ in range(15 * len(legal)))
    assert set(drawn) <= set(legal)
    assert len(legal) == 1 or chisquare([drawn[action] for action in legal]).pvalue > 1e-4


def test_the_draw_of_the_engine_is_uniform_too():
    """That of on_invalid="resample" and of a random opponent; a draw head by head is the negative control."""
    envs = MaskedVectorEnv(TOYS["conditional_three"], 1500)
    envs.reset(seed=3)
    one = envs.get_state()[0]
    envs.set_state([one] * 1500)
    envs._engine.seed(range(1500))
    envs._engine.pick(envs._engine.every_row)
    state = record(envs, one)
    legal = [
        tuple(a.tolist()) for a in all_actions(envs.single_action_space) if LEGAL["conditional_three"](state, 0, a)
    ]
    drawn = Counter(map(tuple, envs._engine.actions[:, 0].tolist()))
    uniform = Counter(map(tuple, envs.sample_legal().tolist()))
    assert set(drawn) <= set(legal) and set(uniform) <= set(legal)
    assert chisquare([uniform[action] for action in legal]).pvalue > 1e-4
    assert chisquare([drawn[action] for action in legal]).pvalue > 1e-4
    rng, by_heads = np.random.default_rng(0), Counter()
    for _ in range(1500):
        left, action = legal, ()
        for k in range(3):
            action += (int(rng.choice(sorted({each[k] for each in left}))),)
            left = [each for each in left if each[k] == action[k]]
        by_heads[action] += 1
    assert chisquare([by_heads[action] for action in legal]).pvalue < 1e-4


# --- random numbers ---------------------------------------------------------------------------------------------------


def makers(name):
    """Each interface of a toy with a function that samples for whoever acts."""
    if name in ALONE:
        yield lambda: MaskedEnv(TOYS[name]), lambda env, *rng: env.sample_legal(*rng)
        yield lambda: MaskedVectorEnv(TOYS[name], 3), lambda env, *rng: env.sample_legal(*rng)
    if name in GAMES:
        yield lambda: MaskedAECEnv(TOYS[name]), lambda env, *rng: env.sample_legal(env.agent_selection, *rng)
    if name in SIMULTANEOUS:
        yield lambda: MaskedParallelEnv(TOYS[name]), lambda env, *rng: env.sample_legal(env.possible_agents[0], *rng)


INTERFACES = [pytest.param(*pair, id=f"{name}-{i}") for name in NAMES for i, pair in enumerate(makers(name))]


@pytest.mark.parametrize(("make", "sample"), INTERFACES)
def test_the_random_numbers_come_from_where_they_should(make, sample):
    env, twin = make(), make()
    with pytest.raises(ResetNeeded, match=r"reset\(\)"):
        sample(env)
    env.reset(seed=5)
    twin.reset(seed=5)
    before = env.get_state()
    first = [fingerprint(sample(env)) for _ in range(4)]
    assert env.get_state() == before, "the random stream of the game is not touched"
    assert [fingerprint(sample(twin)) for _ in range(4)] == first, "np_random is seeded by reset"
    untouched = env.np_random.bit_generator.state
    mine = [fingerprint(sample(env, np.random.default_rng(8))) for _ in range(2)]
    assert mine[0] == mine[1] and env.np_random.bit_generator.state == untouched
    for wrong in (0, np.random, np.random.RandomState(0)):
        with pytest.raises(TypeError, match="rng must be a numpy.random.Generator"):
            sample(env, wrong)


@pytest.mark.parametrize("make", [MaskedAECEnv, MaskedParallelEnv])
def test_an_unknown_agent_is_named_with_the_known_ones(make):
    env = make(TOYS["race"])
    env.reset(seed=0)
    for agent in ("nobody", 0, None):
        with pytest.raises(ValueError, match=f"no agent {agent!r}; the agents are runner_0, runner_1, runner_2"):
            env.sample_legal(agent)


# --- the end ----------------------------------------------------------------------------------------------------------


def test_after_termination_any_action_may_come_and_after_truncation_a_legal_one():
    env = MaskedEnv(TOYS["conditional_three"], on_invalid="terminate")
    env.reset(seed=0)
    env.step(None)
    drawn = {tuple(env.sample_legal().tolist()) for _ in range(1500)}
    assert drawn == set(itertools.product(*map(range, env.mask_spec.nvec)))
    cut = MaskedEnv(TOYS["conditional_three"], time_limit=1)
    cut.reset(seed=0)
    *_, truncated, _ = cut.step(cut.sample_legal())
    state = record(cut, cut.get_state())
    assert truncated and all(LEGAL["conditional_three"](state, 0, cut.sample_legal()) for _ in range(50))


# --- the error says so ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_remedy_in_the_error_works_on_every_interface(name):
    """The code in the message is run as it stands, and its action is accepted."""
    remedy = "Sample a legal action with "
    if name in ALONE:
        env, envs = MaskedEnv(TOYS[name]), MaskedVectorEnv(TOYS[name], 3)
        for each, wrong in ((env, None), (envs, trees.map(lambda array: -1 - array, full_batch(envs)))):
            each.reset(seed=0)
            with pytest.raises(masked_envs.InvalidActionError) as refusal:
                each.step(wrong)
            each.step(eval(str(refusal.value).partition(remedy)[2].removesuffix("."), {"env": env, "envs": envs}))
    if name in GAMES:
        aec = MaskedAECEnv(TOYS[name])
        aec.reset(seed=0)
        with pytest.raises(masked_envs.InvalidActionError) as refusal:
            aec.step(None)
        aec.step(eval(str(refusal.value).partition(remedy)[2].removesuffix("."), {"env": aec}))
    if name in SIMULTANEOUS:
        env = MaskedParallelEnv(TOYS[name])
        env.reset(seed=0)
        actions = {agent: env.sample_legal(agent) for agent in env.agents}
        with pytest.raises(masked_envs.InvalidActionError) as refusal:
            env.step({**actions, env.agents[1]: None})
        code = str(refusal.value).partition(remedy)[2].removesuffix(".")
        assert repr(env.agents[1]) in code
        env.step({**actions, env.agents[1]: eval(code, {"env": env})})


def full_batch(envs):
    """Some legal actions of every row."""
    envs.reset(seed=0)
    return trees.map(lambda array: array.astype(np.int64), envs.sample_legal())


def test_the_first_mistake_of_a_new_user_is_answered_in_one_line():
    env = masked_envs.make("MaskedCartPole-v0")
    env.reset(seed=0)
    with pytest.raises(
        masked_envs.InvalidActionError, match=r"Sample a legal action with env.unwrapped.sample_legal\(\)"
    ):
        env.step(99)
    assert isinstance(env.mask_spec, MaskSpec) and env.action_mask[env.sample_legal()]
