"""Pictures of a run: its learning curve, and the trained agent playing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from masked_envs.files import atomic_write
from masked_envs.render import write_gif

from . import environments
from .config import Config
from .masks import shown_mask
from .networks import Encoder, Policy

MOST_FRAMES = 250
ONE_OF_N = ("flat", "candidates")


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
    with atomic_write(path) as file:
        figure.savefig(file, dpi=120, format="png")
    pyplot.close(figure)


def record_gif(policy: Policy, encoder: Encoder, config: Config, path: Path) -> None:
    """Write a GIF of one greedy episode, mask included; in self-play the policy plays every seat."""
    frames, fps = greedy_frames(policy, encoder, config, MOST_FRAMES)
    write_gif(frames, path, fps=fps)


def greedy_frames(
    policy: Policy, encoder: Encoder, config: Config, most: int
) -> tuple[list[npt.NDArray[np.uint8]], float]:
    """The first `most` pictures of a greedy episode, uint8 (height, width, 3), and how many to show per second.

    Raises:
        ValueError: the environment draws no pictures.
    """
    frames, fps = [], 30.0
    for envs in greedy_states(policy, encoder, config, most):
        frames.append(picture(envs))
        fps = envs.metadata.get("render_fps", 30)
    return frames, fps


@torch.inference_mode()
def greedy_states(policy: Policy, encoder: Encoder, config: Config, most: int) -> Iterator[Any]:
    """A vector environment of one row in the first `most` states of a greedy episode.

    Where its picture can show them, it has the action chosen and, of one choice among n, the policy's probabilities.
    """
    envs: Any = environments.make_envs(config, 1, render_mode="rgb_array")
    observation, info = envs.reset(seed=config.seed)
    shown, over = getattr(envs, "picture", None), False
    for _ in range(most):
        if over:
            yield envs
            break
        distribution: Any = policy.distribution(encoder(observation), shown_mask(envs, info))
        action = policy.to_env(distribution.mode)
        if shown is not None:
            shown.action = action[0] if isinstance(action, np.ndarray) else None
            shown.probabilities = distribution.probs[0].numpy() if envs.mask_spec.kind in ONE_OF_N else None
        yield envs
        if shown is not None:
            shown.probabilities = None
        observation, _, terminated, truncated, info = envs.step(action)
        over = bool(terminated[0] or truncated[0])
    envs.close()


def picture(envs: Any) -> npt.NDArray[np.uint8]:
    (frame,) = envs.render()
    if not isinstance(frame, np.ndarray):
        raise ValueError(f"render() of the environment gives {type(frame).__name__}, and no picture for the GIF")
    return frame
