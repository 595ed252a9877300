"""Playing a trained model: its returns, and the proof that it gave no invalid action."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.vec_env import VecEnv

from ..mask_spec.checks import check_integer, shown


class Evaluation(NamedTuple):
    """What `evaluate` found.

    Attributes:
        mean: of the returns.
        sd: their standard deviation (of these episodes, not of the mean).
        invalid: the number of invalid actions in these episodes, as the environment counted them.
    """

    mean: float
    sd: float
    invalid: int


def evaluate(model: Any, venv: VecEnv, episodes: int = 20, deterministic: bool = True) -> Evaluation:
    """Play whole episodes with SB3's `evaluate_policy` (with sb3-contrib's, and the masks, for MaskablePPO).

    Args:
        model: of SB3 or sb3-contrib. One without masks needs a `venv` made with `on_invalid=` "resample" or
            "terminate" (or "noop" and a `time_limit`, since greedy play can repeat an invalid action for ever).
        venv: a `MaskedVecEnv`, wrapped or not (`VecNormalize`, `VecMonitor`); it is reset.
        episodes: how many, spread over the rows.
        deterministic: greedy play, or sampled.

    Raises:
        TypeError: no `VecEnv`. ValueError: no episode.
    """
    if not isinstance(venv, VecEnv):
        raise TypeError(f"evaluate plays on a VecEnv, such as make_vec gives, not {shown(venv)}")
    episodes = check_integer("episodes", episodes)
    play: Any = evaluate_policy
    if _takes_masks(model):
        from sb3_contrib.common.maskable.evaluation import evaluate_policy as play
    before = int(np.sum(venv.get_attr("invalid_actions")))
    returns, _ = play(model, venv, n_eval_episodes=episodes, deterministic=deterministic, return_episode_rewards=True)
    invalid = int(np.sum(venv.get_attr("invalid_actions"))) - before
    return Evaluation(float(np.mean(returns)), float(np.std(returns)), invalid)


def _takes_masks(model: Any) -> bool:
    try:
        from sb3_contrib import MaskablePPO
    except ImportError:
        return False
    return isinstance(model, MaskablePPO)
