"""sb3-contrib's MaskablePPO learns in our environments as they come, and gives no invalid action by our own count."""

from __future__ import annotations

import pytest
from surfaces import ALL_SURFACES, make

from masked_envs.registration import declaration

torch = pytest.importorskip("torch")
MaskablePPO = pytest.importorskip("sb3_contrib").MaskablePPO

STEPS = 512


def one_of_each_face():
    """The first id of each way to play, kind of mask and form of observation that sb3-contrib can take."""
    faces = {}
    for env_id, surface in ALL_SURFACES:
        if surface in ("env", "seat"):
            declared = declaration(env_id)
            kind = declared.mask(declared.resolve({})).kind
            form = type(declared.observation(declared.resolve({}))).__name__
            if kind in ("flat", "candidates", "per_head", "binary"):
                faces.setdefault((declared.play, surface, kind, form), (env_id, surface))
    return list(faces.values())


def learner(env):
    torch.set_num_threads(1)
    policy = "MultiInputPolicy" if hasattr(env.observation_space, "spaces") else "MlpPolicy"
    return MaskablePPO(policy, env, n_steps=128, batch_size=64, n_epochs=2, seed=0, device="cpu")


@pytest.mark.parametrize(("env_id", "surface"), one_of_each_face())
def test_maskable_ppo_gives_no_invalid_action_and_without_masks_it_does(env_id, surface):
    env = make(env_id, surface, mask_in="info", on_invalid="noop")
    model = learner(env).learn(STEPS)
    assert model.num_timesteps == STEPS and env.unwrapped.invalid_actions == 0
    given = env.unwrapped.invalid_actions
    play(env, lambda observation: model.predict(observation, action_masks=env.unwrapped.action_masks())[0])
    assert env.unwrapped.invalid_actions == given == 0
    play(env, lambda observation: model.predict(observation)[0])  # the negative control
    assert env.unwrapped.invalid_actions > 0


def play(env, policy, steps=120):
    observation, _ = env.reset(seed=0)
    for _ in range(steps):
        observation, _, terminated, truncated, _ = env.step(policy(observation))
        if terminated or truncated:
            observation, _ = env.reset()
