from __future__ import annotations
import numpy as np, torch
from setting import make_envs
def evaluate(policy, encoder, config, episodes=100, greedy=True, seed=10**6, **kw):
    envs = make_envs(config, episodes, **kw)
    obs, info = envs.reset(seed=seed)
    live = np.ones(episodes, bool); ret = np.zeros(episodes); n=0
    with torch.inference_mode():
        while live.any():
            o = {k: torch.from_numpy(v) for k, v in encoder(obs).items()}
            d = policy.distribution(o, torch.from_numpy(info["action_mask"]))
            obs, r, te, tr, info = envs.step((d.mode if greedy else d.sample()).numpy())
            ret += r*live; n += live.sum(); live &= ~(te|tr)
    return ret, n, envs.unwrapped.invalid_actions.sum()
