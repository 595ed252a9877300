"""Pictures of a run: its learning curve, and the trained agent playing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np
import torch
from structs import each, shown_mask

if TYPE_CHECKING:
    from networks import Encoder, Policy
    from ppo_torch import Config

MOST_FRAMES = 250


def draw_learning_curve(history: list[tuple[int, float]], config: Config, path: Path) -> None:
    """Write a PNG of the mean return of the episodes that ended in each iteration, against decisions."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    decisions, returns = np.array(history).reshape(-1, 2).T
    figure, axes = pyplot.subplots(figsize=(6.4, 3.6), layout="constrained")
    axes.plot(decisions, returns, color="tab:blue", alpha=0.3, linewidth=1)
    window = max(1, len(returns) // 20)
    smooth = [returns[max(0, i - window) : i + 1].mean() for i in range(len(returns))]
    axes.plot(decisions, smooth, color="tab:blue")
    axes.set(xlabel="decisions", ylabel="return of episodes while learning", title=f"Masked PPO on {config.env}")
    axes.grid(alpha=0.3)
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


@torch.inference_mode()
def record_gif(policy: Policy, encoder: Encoder, config: Config, path: Path) -> None:
    """Write a GIF of one greedy episode, mask included; in self-play the policy plays every seat."""
    from masked_envs.render import write_gif

    env: Any = gymnasium.make(config.env, **{**config.env_args, "mask_in": "info", "render_mode": "rgb_array"})
    observation, info = env.reset(seed=config.seed)
    frames, over = [env.render()], False
    while not over and len(frames) < MOST_FRAMES:
        batch = {k: part[None] for k, part in observation.items()} if encoder.is_dict else np.asarray([observation])
        mask = each(lambda part: part[None], shown_mask(env.unwrapped, info))
        action = each(lambda part: part[0], policy.to_env(policy.distribution(encoder(batch), mask).mode))
        observation, _, terminated, truncated, info = env.step(action)
        over = terminated or truncated
        frames.append(env.render())
    env.close()
    write_gif(frames, path, fps=env.metadata["render_fps"])
