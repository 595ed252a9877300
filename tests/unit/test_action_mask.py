"""`wrappers.ActionMask`: environments as people write them obey every law in it, whatever their kind of action."""

from __future__ import annotations

import functools
import pickle
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv
from own_envs import LATE, OWN, Jobs, Late, mask_of

import masked_envs
from masked_envs import EmptyMaskError, InvalidActionError, MaskSpec, trees
from masked_envs.adaptation.read import read_mask
from masked_envs.wrappers import ActionMask, VectorActionMask

pytestmark = pytest.mark.core
EVERY_KIND = pytest.mark.parametrize("kind", OWN)


def wrapped(kind: str = "flat", **arguments: Any) -> ActionMask:
    return ActionMask(OWN[kind](), mask_of, **arguments)


def legal(env: Any, rng: np.random.Generator) -> Any:
    return env.get_wrapper_attr("mask_spec").sample(env.get_wrapper_attr("action_mask"), rng)


@pytest.mark.parametrize(
    ("kind", "on_invalid", "mask_in"),
    [
        *((kind, "raise", "observation") for kind in OWN),
        *((kind, on_invalid, "info") for kind in ("flat", "dict") for on_invalid in ("terminate", "noop", "resample")),
    ],
)
def test_an_environment_of_ones_own_obeys_every_law(kind: str, on_invalid: str, mask_in: str) -> None:
    make = functools.partial(wrapped, kind, on_invalid=on_invalid, mask_in=mask_in)
    report = masked_envs.check_masked_env(make, steps=15, raise_on_failure=False)
    assert report.passed, report
    assert {finding.law for finding in report.not_applicable} <= {"L6", "L8", "L10", "L11"}


@EVERY_KIND
def test_the_wrong_mask_of_ones_own_is_found_out(kind: str) -> None:
    """The negative control: what allows everything lets through what the environment raises on."""

    def everything(env: Any) -> Any:
        return MaskSpec.joint([6, 6]).full() if kind == "joint" else MaskSpec.from_space(env.action_space).full()

    make = functools.partial(ActionMask, OWN[kind](), everything)
    report = masked_envs.check_masked_env(lambda: make(), steps=15, raise_on_failure=False)
    assert "L7" in {finding.law for finding in report.failures}


@EVERY_KIND
def test_the_mask_is_what_the_function_gives_in_all_places(kind: str) -> None:
    env, rng = wrapped(kind), np.random.default_rng(0)
    observed, info = env.reset(seed=0)
    assert env.mask_spec.kind == kind
    for _ in range(3):
        theirs = env.mask_spec.space
        assert theirs.contains(observed["action_mask"])
        assert (
            pickle.dumps(observed["action_mask"]) == pickle.dumps(info["action_mask"]) == pickle.dumps(env.action_mask)
        )
        assert env.observation_space.contains(observed)
        observed, _, over, _, info = env.step(legal(env, rng))
        if over:
            break


def test_lists_of_numbers_are_read_as_masks() -> None:
    env = wrapped()
    env.reset(seed=1)
    env.step(3)
    assert env.action_mask.tolist() == [1, 1, 1, 0, 1]
    assert env.action_masks().tolist() == [True, True, True, False, True]


def test_a_method_may_be_named() -> None:
    env = ActionMask(Jobs(), "free")
    env.reset(seed=0)
    assert env.action_mask.tolist() == [1] * 5
    with pytest.raises(TypeError, match="nothing of this name"):
        ActionMask(Jobs(), "fre")


def late(**arguments: Any) -> ActionMask:
    def speeds(env: Any, k: int, prefix: Any) -> Any:
        assert k == 2
        return env.unwrapped.speeds(*prefix)

    return ActionMask(Late(), mask_of, mask_spec=LATE, head_mask=speeds, **arguments)


@pytest.mark.parametrize("on_invalid", ["raise", "terminate", "noop", "resample"])
def test_late_heads_are_asked_for(on_invalid: str) -> None:
    report = masked_envs.check_masked_env(functools.partial(late, on_invalid=on_invalid), steps=15)
    assert report.profile.legal_fraction < 0.5
    with pytest.raises(ValueError, match="needs head_mask="):
        ActionMask(Late(), mask_of, mask_spec=LATE)
    with pytest.raises(InvalidActionError):
        env = late()
        env.reset(seed=0)
        env.step([0, 1, 1])


@EVERY_KIND
def test_sampled_actions_are_legal_and_repeat_with_the_seed(kind: str) -> None:
    """The environment's generator is not used: it is where it would be without sampling."""

    def drawn(rng: np.random.Generator | None) -> list[Any]:
        env = wrapped(kind)
        env.reset(seed=3)
        actions = [env.sample_legal(rng) for _ in range(5)]
        assert all(env.mask_spec.allows(env.action_mask, action) for action in actions)
        untouched = OWN[kind]()
        untouched.reset(seed=3)
        assert env.unwrapped.np_random.random() == untouched.np_random.random()
        return actions

    assert pickle.dumps(drawn(None)) == pickle.dumps(drawn(None))
    assert pickle.dumps(drawn(np.random.default_rng(1))) == pickle.dumps(drawn(np.random.default_rng(1)))


def test_every_legal_action_is_sampled_equally_often() -> None:
    env = wrapped()
    env.reset(seed=0)
    env.step(2)
    counts = np.bincount([env.sample_legal() for _ in range(4000)], minlength=5)
    assert counts[2] == 0
    assert ((counts[[0, 1, 3, 4]] - 1000) ** 2 / 1000).sum() < 16.3  # chi squared, 3 degrees of freedom, 1 in 1000


# --- answers to invalid actions -------------------------------------------------------------------------------------


def test_raise_moves_nothing_and_says_what_is_legal() -> None:
    env = wrapped()
    env.reset(seed=0)
    env.step(2)
    with pytest.raises(
        InvalidActionError, match=r"Jobs: the action 2 .* forbidden.*Legal now: 0, 1, 3, 4\. Sample"
    ) as error:
        env.step(2)
    code = str(error.value).partition("Sample a legal action with ")[2].removesuffix(".")
    action = eval(code, {"env": env, "info": {"action_mask": env.action_mask}, "rng": np.random.default_rng(0)})
    assert env.invalid_actions == 1 and env.unwrapped.left.sum() == 4
    env.step(action)
    for wrong in (-1, 5, 0.5, None, "0", np.nan, True):
        with pytest.raises(InvalidActionError):
            env.step(wrong)
    assert env.invalid_actions == 8


@pytest.mark.parametrize(
    ("on_invalid", "ends", "moves"), [("terminate", True, 0), ("noop", False, 0), ("resample", False, 1)]
)
def test_the_other_answers(on_invalid: str, ends: bool, moves: int) -> None:
    env = wrapped(on_invalid=on_invalid, invalid_reward=-7.0)
    env.reset(seed=0)
    _, _, _, _, info = env.step(2)
    assert info["invalid_action"] is False
    before = env.unwrapped.left.sum()
    observed, reward, terminated, truncated, info = env.step(2)
    assert info["invalid_action"] is True and env.invalid_actions == 1
    assert terminated == ends and not truncated
    assert before - env.unwrapped.left.sum() == moves
    if moves:
        done = int(np.flatnonzero(~env.unwrapped.left & (np.arange(5) != 2))[0])
        assert reward == pytest.approx(-7 - float(env.unwrapped.times[done]) * env.unwrapped.left.sum())
    else:
        assert reward == -7.0
    assert observed["action_mask"].tolist() == ([1] * 5 if ends else env.action_mask.tolist())


def test_resampling_is_the_same_with_the_same_seed_and_uses_no_global_numbers() -> None:
    streams = []
    for number in range(2):
        np.random.seed(number)
        env = wrapped(on_invalid="resample")
        env.reset(seed=4)
        streams.append([env.step(-1)[1] for _ in range(5)])
    assert streams[0] == streams[1]


def test_nothing_goes_before_reset_or_after_the_end() -> None:
    env = wrapped()
    with pytest.raises(gym.error.ResetNeeded):
        env.step(0)
    with pytest.raises(gym.error.ResetNeeded):
        _ = env.action_mask
    env.reset(seed=0)
    for job in range(5):
        observed, *_ = env.step(job)
    assert observed["action_mask"].tolist() == [1] * 5  # law L6
    with pytest.raises(gym.error.ResetNeeded):
        env.step(0)


def test_a_position_that_allows_nothing_is_an_error_of_its_own() -> None:
    env = ActionMask(Jobs(), lambda env: [])
    with pytest.raises(EmptyMaskError, match="allows nothing: end the episode"):
        env.reset(seed=0)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"on_invalid": "clip"}, ValueError, "on_invalid must be one of"),
        ({"mask_in": "reward"}, ValueError, "mask_in must be 'observation' or 'info'"),
        ({"mask_fn": 3}, TypeError, "mask_fn must be a function"),
        ({"mask_spec": MaskSpec.flat(4)}, ValueError, "does not fit"),
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, Any], error: type, words: str) -> None:
    with pytest.raises(error, match=words):
        ActionMask(Jobs(), **{"mask_fn": mask_of, **arguments})


@pytest.mark.parametrize(
    "garbage", ["garbage", 3, [9], [0, 0], np.full(5, 2), np.zeros((2, 2)), [0.5] * 5, None, object()]
)
def test_what_is_no_mask_is_refused(garbage: Any) -> None:
    with pytest.raises(ValueError, match="no mask of Discrete"):
        ActionMask(Jobs(), lambda env: garbage).reset(seed=0)


# --- among other wrappers -------------------------------------------------------------------------------------------


def test_copies_and_pickles_go_on_alike() -> None:
    env = wrapped()
    env.reset(seed=0)
    env.step(1)
    twin = pickle.loads(pickle.dumps(env))
    for job in (0, 2, 3):
        mine, theirs = env.step(job), twin.step(job)
        assert pickle.dumps(mine[:4]) == pickle.dumps(theirs[:4])


@pytest.mark.parametrize("vector", [SyncVectorEnv, functools.partial(AsyncVectorEnv, context="fork")])
def test_gymnasiums_vector_environments_carry_it(vector: Any) -> None:
    envs, rng = vector([functools.partial(wrapped, "flat")] * 3), np.random.default_rng(0)
    try:
        observed, _ = envs.reset(seed=0)
        for _ in range(12):
            actions = [int(rng.choice(np.flatnonzero(mask))) for mask in observed["action_mask"]]
            observed, *_ = envs.step(np.array(actions))
        assert envs.get_attr("invalid_actions") == (0, 0, 0)
    finally:
        envs.close()


def test_time_limit_truncates_with_the_true_mask() -> None:
    env = gym.wrappers.TimeLimit(wrapped(), 2)
    env.reset(seed=0)
    env.step(0)
    observed, _, terminated, truncated, _ = env.step(1)
    assert truncated and not terminated
    assert observed["action_mask"].tolist() == [0, 0, 1, 1, 1]


def test_videos_are_recorded(tmp_path) -> None:
    pytest.importorskip("moviepy", reason="RecordVideo needs moviepy, which needs another Pillow than imageio")
    env = gym.wrappers.RecordVideo(wrapped(), str(tmp_path))
    env.reset(seed=0)
    for job in range(5):
        env.step(job)
    env.close()
    assert list(tmp_path.glob("*.mp4"))


def test_maskable_ppo_learns_through_it() -> None:
    sb3 = pytest.importorskip("sb3_contrib", reason="needs sb3-contrib")
    env = wrapped("flat", mask_in="info")
    sb3.MaskablePPO("MlpPolicy", env, n_steps=32, batch_size=16, seed=0).learn(64)
    assert env.invalid_actions == 0


# --- the vector form ------------------------------------------------------------------------------------------------


def batch_of(envs: Any) -> Any:
    return np.stack(
        [MaskSpec.flat(5).parse(one.unwrapped.left.astype(bool), from_="sb3") for one in envs.unwrapped.envs]
    )


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.DISABLED])
def test_the_vector_form_equals_single_environments(mode: AutoresetMode) -> None:
    envs = VectorActionMask(SyncVectorEnv([Jobs] * 3, autoreset_mode=mode), batch_of)
    singles = SyncVectorEnv([functools.partial(wrapped, "flat")] * 3, autoreset_mode=mode)
    observed, _ = envs.reset(seed=0)
    theirs, _ = singles.reset(seed=0)
    rng, ended = np.random.default_rng(0), np.zeros(3, bool)
    for _ in range(14):
        assert pickle.dumps(observed["action_mask"]) == pickle.dumps(theirs["action_mask"])
        assert np.array_equal(observed["observation"], theirs["observation"])
        if mode is AutoresetMode.DISABLED and ended.any():
            observed, _ = envs.reset(options={"reset_mask": ended.copy()})
            theirs, _ = singles.reset(options={"reset_mask": ended.copy()})
            ended[:] = False
            continue
        actions = np.array([rng.choice(np.flatnonzero(mask)) for mask in observed["action_mask"]])
        observed, rewards, terminated, truncated, _ = envs.step(actions)
        theirs, their_rewards, *_ = singles.step(actions)
        assert np.array_equal(rewards, their_rewards)
        ended = terminated | truncated
    assert envs.invalid_actions.tolist() == [0, 0, 0]


def rows_of_own(envs: Any, spec: MaskSpec) -> Any:
    return trees.stack([read_mask(spec, one.unwrapped.free()) for one in envs.unwrapped.envs])


def vector_of(kind: str, **arguments: Any) -> VectorActionMask:
    spec = wrapped(kind).mask_spec
    return VectorActionMask(
        SyncVectorEnv([OWN[kind]] * 3), functools.partial(rows_of_own, spec=spec), mask_spec=spec, **arguments
    )


def vector_of_late(**arguments: Any) -> VectorActionMask:
    def speeds(envs: Any, row: int, k: int, prefix: Any) -> Any:
        return envs.unwrapped.envs[row].unwrapped.speeds(*prefix)

    envs = SyncVectorEnv([Late] * 3)
    masks = functools.partial(rows_of_own, spec=LATE)
    return VectorActionMask(envs, masks, mask_spec=LATE, head_mask=speeds, **arguments)


@pytest.mark.parametrize(
    ("kind", "on_invalid"), [*((kind, "raise") for kind in (*OWN, "late")), ("flat", "resample"), ("late", "resample")]
)
def test_the_vector_form_obeys_every_law(kind: str, on_invalid: str) -> None:
    make = functools.partial(vector_of, kind) if kind != "late" else vector_of_late
    report = masked_envs.check_masked_env(
        functools.partial(make, on_invalid=on_invalid), steps=4, raise_on_failure=False
    )
    assert report.passed, report
    assert report.coverage.probes > 40


def test_the_vector_form_judges_late_heads() -> None:
    envs = vector_of_late()
    with pytest.raises(InvalidActionError, match="row 2"):
        envs.reset(seed=0)
        envs.step(np.array([[0, 0, 1], [1, 0, 0], [0, 1, 1]]))
    assert envs.head_mask(2, 2, (0, 1)).tolist() == [1, 0, 0]
    assert envs.invalid_actions.tolist() == [0, 0, 1]
    with pytest.raises(ValueError, match="needs head_mask="):
        VectorActionMask(SyncVectorEnv([Late] * 3), functools.partial(rows_of_own, spec=LATE), mask_spec=LATE)


def test_a_refused_batch_has_moved_no_row() -> None:
    envs = VectorActionMask(SyncVectorEnv([Jobs] * 3), batch_of)
    envs.reset(seed=0)
    envs.step(np.array([0, 1, 2]))
    with pytest.raises(InvalidActionError, match="row 1"):
        envs.step(np.array([1, 1, 1]))
    assert [one.unwrapped.left.sum() for one in envs.unwrapped.envs] == [4, 4, 4]
    assert envs.invalid_actions.tolist() == [0, 1, 0]
    envs = VectorActionMask(SyncVectorEnv([Jobs] * 3), batch_of, on_invalid="resample", invalid_reward=-50.0)
    envs.reset(seed=0)
    _, rewards, _, _, info = envs.step(np.array([0, -1, 2]))
    assert info["invalid_action"].tolist() == [False, True, False] and rewards[1] < -50 + 1e-9
    assert envs.invalid_actions.tolist() == [0, 1, 0]


def test_what_the_vector_form_cannot_serve_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="SAME_STEP hides"):
        VectorActionMask(SyncVectorEnv([Jobs], autoreset_mode=AutoresetMode.SAME_STEP), batch_of)
    with pytest.raises(ValueError, match="on_invalid must be one of"):
        VectorActionMask(SyncVectorEnv([Jobs]), batch_of, on_invalid="noop")
    with pytest.raises(EmptyMaskError, match="row 0"):
        VectorActionMask(SyncVectorEnv([Jobs]), lambda envs: np.zeros((1, 5))).reset(seed=0)
