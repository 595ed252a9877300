"""Environments that are unusual and have a right to be: several rewards, no seed, unmasked parts, other processes."""

from __future__ import annotations

import functools
import pickle
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv, VectorEnv
from own_envs import Jobs, Machine, Nim, Pairs, mask_of

from masked_envs import EmptyMaskError, InvalidActionError, MaskSpec, adapt, check_masked_env
from masked_envs.wrappers import ActionMask, VectorActionMask

# --- rewards of several objectives ------------------------------------------------------------------------------------


class Objectives(Jobs):
    """Two rewards a step: what is earned, and what it costs."""

    reward_space = spaces.Box(-10, 10, (2,), np.float64)

    def step(self, job: Any) -> Any:
        observation, reward, *given = super().step(job)
        return observation, np.array([1.0, reward]), *given


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64])
@pytest.mark.parametrize("how", ["function", "adapt"])
def test_arrays_of_rewards_are_passed_on(how: str, dtype: Any) -> None:
    class Typed(Objectives):
        def step(self, job: Any) -> Any:
            observation, rewards, *given = super().step(job)
            return observation, rewards.astype(dtype), *given

        def action_masks(self) -> Any:
            return self.left

    env = ActionMask(Typed(), mask_of) if how == "function" else adapt(Typed())
    bare = Typed()
    env.reset(seed=0)
    bare.reset(seed=0)
    for job in (3, 1):
        mine, theirs = env.step(job)[1], bare.step(job)[1]
        assert mine.shape == (2,) and mine.tolist() == theirs.tolist()


@pytest.mark.parametrize("on_invalid", ["noop", "terminate", "resample"])
def test_an_invalid_action_earns_the_same_of_every_objective(on_invalid: str) -> None:
    env = ActionMask(Objectives(), mask_of, on_invalid=on_invalid, invalid_reward=-3.0)
    env.reset(seed=0)
    if on_invalid == "resample":
        assert env.step(-1)[1][0] == 1.0 - 3.0
    else:
        assert env.step(-1)[1].tolist() == [-3.0, -3.0]  # before any reward was seen: by the reward space
    unsaid = type("Unsaid", (Objectives,), {"reward_space": None})
    env = ActionMask(unsaid(), mask_of, on_invalid=on_invalid, invalid_reward=-3.0)
    env.reset(seed=0)
    env.step(0)
    assert np.shape(env.step(-1)[1]) == (2,)


def test_rows_of_objectives() -> None:
    class Rows(SyncVectorEnv):
        def step(self, actions: Any) -> Any:
            observations, rewards, *given = super().step(actions)
            return observations, np.stack([rewards, -rewards], axis=1), *given

    envs = VectorActionMask(Rows([Nim] * 3), mask_at="env.free()", on_invalid="resample", invalid_reward=-2.0)
    envs.reset(seed=0)
    _, rewards, *_ = envs.step(np.array([0, 9, 0]))
    assert rewards.tolist() == [[0, 0], [-2, -2], [0, 0]]


# --- parts without a mask ---------------------------------------------------------------------------------------------


class Steered(Jobs):
    """A job and a speed, nothing of which is ever forbidden: its mask is None, as Gymnasium writes it."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.action_space = spaces.Tuple((spaces.Discrete(self.jobs), spaces.Box(-1, 1, (2,), np.float32)))

    def told(self) -> dict[str, Any]:
        return {"action_mask": (self.left.astype(np.int8), None)}

    def step(self, action: Any) -> Any:
        return super().step(action[0])


def test_none_in_a_tuple_is_served() -> None:
    for env in (adapt(Steered()), ActionMask(Steered(), lambda env: env.unwrapped.told()["action_mask"])):
        _, info = env.reset(seed=0)
        assert info["action_mask"][1].tolist() == [[-1, -1], [1, 1]]
        env.action_space.seed(0)
        env.step(env.action_space.sample(mask=(info["action_mask"][0], None)))
        job = int(np.flatnonzero(env.action_mask[0] == 0)[0])
        with pytest.raises(InvalidActionError):
            env.step((job, np.zeros(2, np.float32)))
        with pytest.raises(InvalidActionError):
            env.step(((job + 1) % 5, np.full(2, 1.5, np.float32)))
    envs = adapt(SyncVectorEnv([functools.partial(adapt, Machine(), mask_fn=mask_of)] * 2))
    assert envs.reset(seed=0)[1]["action_mask"]["speed"].shape == (2, 2, 1)


# --- reset ------------------------------------------------------------------------------------------------------------


class NoSeed(Jobs):
    def reset(self) -> Any:
        return super().reset()


class OnlySeed(Jobs):
    def reset(self, seed: Any = None) -> Any:
        return super().reset(seed=seed)


class Anything(Jobs):
    def reset(self, **arguments: Any) -> Any:
        return super().reset(**arguments)


@pytest.mark.parametrize(
    ("made", "missing"), [(NoSeed, ("seed", "options")), (OnlySeed, ("options",)), (Anything, ()), (Jobs, ())]
)
def test_a_reset_that_takes_less_is_served_and_named(made: Any, missing: tuple[str, ...]) -> None:
    env = ActionMask(made(), mask_of)
    env.reset()
    for name, value in {"seed": 3, "options": {"a": 1}}.items():
        if name in missing:
            with pytest.raises(
                TypeError, match=rf"reset\(\) of {made.__name__} takes no .*{name}.*Gymnasium's is reset"
            ):
                env.reset(**{name: value})
        else:
            env.reset(**{name: value})
    env.step(env.sample_legal())
    if missing:  # the wrappers between hand it both
        with pytest.raises(TypeError, match="takes no"):
            ActionMask(gym.wrappers.TimeLimit(made(), 9), mask_of)


@pytest.mark.parametrize("given", [np.zeros(3), None, (np.zeros(3),), (np.zeros(3), None), [np.zeros(3), {}]])
def test_a_reset_of_the_old_form_is_named(given: Any) -> None:
    old = type("Old", (Jobs,), {"reset": lambda self, *, seed=None, options=None: given})
    with pytest.raises(TypeError, match=r"reset\(\) of .*Old.* must give \(observation, info\)"):
        ActionMask(old(), mask_of).reset()


# --- actions as a Box of whole numbers --------------------------------------------------------------------------------


class Numbers(Pairs):
    """Two jobs at a time, as Jumanji and EnvPool write such actions."""

    def __init__(self, dtype: Any = np.int32) -> None:
        super().__init__()
        self.action_space = spaces.Box(0, 5, (2,), dtype)

    def step(self, pair: Any) -> Any:
        assert pair.dtype == self.action_space.dtype
        return super().step(pair)


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint8])
def test_a_box_of_whole_numbers_is_a_choice_for_each(dtype: Any) -> None:
    env = ActionMask(Numbers(dtype), mask_of)
    env.reset(seed=0)
    assert env.action_space == spaces.MultiDiscrete([6, 6]) and env.mask_spec.kind == "joint"
    env.step(np.array([0, 1]))
    assert env.action_mask[0].sum() == env.action_mask[:, 1].sum() == 0
    with pytest.raises(InvalidActionError):
        env.step(np.array([2, 2]))
    env.step(env.sample_legal())


# --- rows -------------------------------------------------------------------------------------------------------------


def free_of(jobs: Any) -> Any:
    return [job.unwrapped.free() for job in jobs.unwrapped.envs]


FAULTS: dict[str, tuple[Any, str]] = {
    "0.9": (lambda envs: np.full((2, 5), 0.9), r"row 0: .*0\.9"),
    "0.9 in one row": (lambda envs: np.array([[1] * 5, [1, 1, 1, 1, 0.9]]), r"row 1: .*0\.9"),
    "2": (lambda envs: np.full((2, 5), 2), "with the value 2"),
    "NaN": (lambda envs: np.full((2, 5), np.nan), "with the value nan"),
    "transposed": (lambda envs: np.ones((5, 2)), r"expected a batch of 2 masks, got ndarray of shape \(5, 2\)"),
    "one mask for all": (lambda envs: np.ones(5), r"expected a batch of 2 masks, got ndarray of shape \(5,\)"),
    "a column": (lambda envs: np.ones((2, 5, 1)), r"row 0: .*\(5,\).* got ndarray of shape \(5, 1\)"),
    "short rows": (lambda envs: np.ones((2, 4)), r"\(5,\).* got ndarray of shape \(4,\)"),
    "a row too few": (lambda envs: [[0, 1]], "expected a batch of 2 masks"),
    "None": (lambda envs: None, "expected a batch of 2 masks, got None"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_batch_is_read_as_strictly_as_one_mask(fault: str) -> None:
    mask_fn, words = FAULTS[fault]
    with pytest.raises(ValueError, match=words):
        VectorActionMask(SyncVectorEnv([Jobs] * 2), mask_fn).reset(seed=0)


def test_the_first_masks_decide_the_kind() -> None:
    rows = lambda: SyncVectorEnv([Pairs] * 2)  # noqa: E731
    for mask_fn in (free_of, lambda envs: np.stack(free_of(envs))):
        envs = VectorActionMask(rows(), mask_fn)
        assert envs.mask_spec == MaskSpec.joint([6, 6])
        envs.reset(seed=0)
        envs.step(envs.sample_legal())
    assert VectorActionMask(rows(), lambda envs: np.ones((2, 12))).mask_spec.kind == "per_head"
    assert VectorActionMask(rows(), lambda envs: np.ones((2, 6, 6)), mask_spec="conditional").mask_spec.kind == (
        "conditional"
    )
    with pytest.raises(ValueError, match=r"no mask of MultiDiscrete.* got ndarray of shape \(7,\)"):
        VectorActionMask(rows(), lambda envs: np.ones((2, 7)))


@pytest.mark.parametrize("on_invalid", ["raise", "resample"])
def test_sampled_batches_are_legal(on_invalid: str) -> None:
    envs = VectorActionMask(SyncVectorEnv([Jobs] * 3), free_of, on_invalid=on_invalid)
    drawn = []
    for _ in range(2):
        envs.reset(seed=5)
        actions = []
        for _ in range(9):
            actions.append(envs.sample_legal())
            assert actions[-1].shape == (3,)
            envs.step(actions[-1])
        drawn.append(pickle.dumps(actions))
    assert drawn[0] == drawn[1] and envs.invalid_actions.sum() == 0
    rng = np.random.default_rng(0)
    assert len({tuple(envs.sample_legal(rng)) for _ in range(20)}) > 1


class Told(Jobs):
    def told(self) -> dict[str, Any]:
        return {"action_mask": self.left.copy()}


@pytest.mark.parametrize("place", ['info["action_mask"]', "env.left", "env.free()"])
def test_rows_in_other_processes_are_asked_there(place: str) -> None:
    envs = VectorActionMask(AsyncVectorEnv([Told] * 2, context="fork"), mask_at=place)
    try:
        envs.reset(seed=0)
        envs.step(np.array([3, 4]))
        assert envs.action_mask.tolist() == [[1, 1, 1, 0, 1], [1, 1, 1, 1, 0]]
        with pytest.raises(InvalidActionError, match="row 1"):
            envs.step(np.array([4, 4]))
    finally:
        envs.close()


def test_what_cannot_be_looked_for_in_other_processes_is_said() -> None:
    for env, message in ((Jobs, "run in other processes, where no method is looked for"), (Told, "")):
        envs = AsyncVectorEnv([env] * 2, context="fork")
        try:
            if message:
                with pytest.raises(TypeError, match=message):
                    adapt(envs)
            else:
                assert adapt(envs).reset(seed=0)[1]["action_mask"].all()
        finally:
            envs.close()


class OwnBatch(VectorEnv):
    """A vector environment that steps its rows itself and has their masks as one batch."""

    def __init__(self) -> None:
        self.num_envs = 3
        self.single_action_space = spaces.Discrete(4)
        self.action_space = spaces.MultiDiscrete([4] * 3)
        self.single_observation_space = spaces.Box(0, 99, (1,), np.int64)
        self.observation_space = spaces.Box(0, 99, (3, 1), np.int64)
        self.metadata = {"autoreset_mode": AutoresetMode.NEXT_STEP}
        self.left = np.full(3, 20)

    def reset(self, *, seed: Any = None, options: Any = None) -> Any:
        self.left = np.full(3, 20)
        return self.left[:, None].copy(), {}

    def step(self, actions: Any) -> Any:
        assert (actions <= self.left).all()
        self.left = self.left - actions
        return self.left[:, None].copy(), np.zeros(3), self.left == 0, np.zeros(3, bool), {}

    def action_masks(self) -> Any:
        return np.arange(4) <= self.left[:, None]


def test_a_batch_of_masks_of_the_vector_environment_itself_is_found() -> None:
    for envs in (adapt(OwnBatch()), VectorActionMask(OwnBatch(), mask_at="env.action_masks()")):
        envs.reset()
        envs.unwrapped.left[:] = (1, 2, 9)
        assert envs.action_mask.tolist() == [[1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1]]
        with pytest.raises(InvalidActionError, match="row 1"):
            envs.step(np.array([0, 3, 3]))


def test_rows_that_are_not_reset_keep_their_masks() -> None:
    """A partial reset tells nothing of the other rows in info."""
    envs = adapt(SyncVectorEnv([Told] * 3, autoreset_mode=AutoresetMode.DISABLED))
    envs.reset(seed=0)
    envs.step(np.array([0, 1, 2]))
    _, info = envs.reset(options={"reset_mask": np.array([False, True, False])})
    assert info["action_mask"].tolist() == [[0, 1, 1, 1, 1], [1] * 5, [1, 1, 0, 1, 1]]
    with pytest.raises(InvalidActionError, match="row 2"):
        envs.step(np.array([1, 1, 2]))


def test_a_mask_that_one_row_lacks_is_named() -> None:
    class Lacks(Told):
        def told(self) -> dict[str, Any]:
            return {} if self.left.sum() == 3 else super().told()

    envs = adapt(SyncVectorEnv([Lacks] * 2))
    envs.reset(seed=0)
    envs.step(np.array([0, 0]))
    with pytest.raises(ValueError, match=r'there is no mask in info\["action_mask"\] of row 0'):
        envs.step(np.array([1, 1]))


def test_an_empty_row_is_an_error_only_while_it_runs() -> None:
    class Blocked(Told):
        def told(self) -> dict[str, Any]:
            return {"action_mask": self.left & (self.left.sum() != 2)}

    envs = adapt(SyncVectorEnv([Told, Blocked]))
    envs.reset(seed=0)
    for job in range(2):
        envs.step(np.array([job, job]))
    with pytest.raises(EmptyMaskError, match="row 1"):
        envs.step(np.array([2, 2]))


class WrongForm(gym.Env):
    """Its mask is declared as one of five actions, and is something else."""

    def __init__(self, mask: Any) -> None:
        self.action_space, self.observation_space = spaces.Discrete(5), spaces.Discrete(2)
        self.mask_spec, self.mask = MaskSpec.flat(5), mask

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        return 0, {"action_mask": self.mask}

    def step(self, action: Any) -> Any:
        return 0, 0.0, bool(self.np_random.random() < 0.1), False, {"action_mask": self.mask}


@pytest.mark.parametrize(
    "mask",
    [np.ones(4, np.int8), np.ones((2, 5), np.int8), np.ones((1, 5), np.int8), np.ones((5, 1), np.int8), np.int8(1)],
    ids=lambda mask: str(mask.shape),
)
def test_a_mask_of_another_form_is_no_fault_of_a_step(mask: Any) -> None:
    report = check_masked_env(lambda: WrongForm(mask), steps=10, raise_on_failure=False)
    assert not report.passed and "L2" in {finding.law for finding in report.failures}
    assert not any("the environment raised" in finding.sentence for finding in report.failures), report
