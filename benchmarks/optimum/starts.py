"""The starts that a comparison is made on: what a vector environment shows after its reset."""

from __future__ import annotations

import argparse
from typing import Any

import masked_envs

EVALUATION = 1_000_001  # the seed of the evaluation of a run with seed 1 (agents/evaluation.py), on 100 episodes


def starts(env_id: str, **parameters: Any) -> Any:
    """The first observations of the evaluation, or of other seeds given on the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=EVALUATION)
    parser.add_argument("--episodes", type=int, default=100)
    given = parser.parse_args()
    envs = masked_envs.make_vec(env_id, given.episodes, backend="python", **parameters)
    return envs.reset(seed=given.seed)[0]["observation"]
