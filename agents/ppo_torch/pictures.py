"""Pictures of a run: its learning curve, and the trained agent playing."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from masked_envs.files import atomic_write
from masked_envs.render import write_gif

from . import environments
from .comparison import Curves
from .config import Config
from .masks import shown_mask
from .networks import Encoder, Policy

MOST_FRAMES = 250
ONE_OF_N = ("flat", "candidates")
MASKED, UNMASKED = "#0072b2", "#d55e00"  # Okabe and Ito's blue and vermilion


def check_libraries() -> None:
    """That there is what draws the pictures, asked before the training.

    Raises:
        ImportError: there is not.
    """
    missing = [name for name in ("matplotlib", "PIL") if importlib.util.find_spec(name) is None]
    if missing:
        raise ImportError(
            f"a demo needs matplotlib and Pillow; there is no {' and no '.join(missing)}: "
            "pip install 'masked-envs[torch,gif]'"
        )


def draw_learning_curve(
    history: list[tuple[int, float]], config: Config, path: Path, unmasked: Curves | None = None
) -> None:
    """Write a PNG of the mean return of the episodes that ended in each iteration, against decisions.

    With the run without a mask, also its returns and its share of invalid actions; a masked run takes none.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    panels = 1 if unmasked is None else 2
    figure, ((axes, *beside),) = pyplot.subplots(
        1, panels, figsize=(6.4 * panels, 3.6), layout="constrained", squeeze=False
    )
    plot_smoothed(axes, history, MASKED, "with the mask" if config.mask == "on" else "without the mask")
    axes.set(xlabel="decisions", ylabel="return of episodes while learning", title=f"PPO on {config.env}")
    if unmasked is not None:
        plot_smoothed(axes, unmasked.returns, UNMASKED, "without the mask")
        (shares,) = beside
        shares.axhline(0, color=MASKED, label="with the mask")
        plot_smoothed(shares, unmasked.invalid, UNMASKED, "without the mask")
        shares.set(xlabel="decisions", ylabel="share of invalid actions", ylim=(-0.02, 1), title="Invalid actions")
    for each in (axes, *beside):
        each.grid(alpha=0.3)
        each.legend(frameon=False)
    with atomic_write(path) as file:
        figure.savefig(file, dpi=120, format="png")
    pyplot.close(figure)


def plot_smoothed(axes: Any, curve: list[tuple[int, float]], colour: str, label: str) -> None:
    """The values, faintly, and their means over a twentieth of the run."""
    decisions, values = np.array(curve).reshape(-1, 2).T
    axes.plot(decisions, values, color=colour, alpha=0.3, linewidth=1)
    window = max(1, len(values) // 20)
    smooth = [values[max(0, i - window) : i + 1].mean() for i in range(len(values))]
    axes.plot(decisions, smooth, color=colour, label=label)


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
