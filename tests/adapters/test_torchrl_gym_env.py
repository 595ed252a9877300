"""TorchRL makes every id by its `GymEnv`, which first tries arguments that an environment may not take."""

import numpy as np
import pytest

from masked_envs.catalogue import CATALOGUE

torchrl_envs = pytest.importorskip("torchrl.envs", reason="needs torchrl: pip install 'masked-envs[peers]'")


@pytest.mark.parametrize("env_id", CATALOGUE)
def test_gym_env_makes_every_id(env_id):
    arguments = {} if CATALOGUE[env_id].play == "single" else {"opponent": "random"}
    env = torchrl_envs.GymEnv(env_id, **arguments)
    shown = env.reset()["action_mask"]
    mask = env._env.unwrapped.action_mask
    parts = mask if isinstance(mask, dict) else {None: mask}
    for key, part in parts.items():
        np.testing.assert_array_equal(np.asarray(shown if key is None else shown[key]), part)
    env.close()
