"""What a learner is compared with, on the starts that it is judged on: random play, a heuristic, the best possible."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import masked_envs
from masked_envs.catalogue import CATALOGUE
from masked_envs.registration import declaration

from .heuristics import HEURISTICS, Policy
from .settings import START_SEED, STARTS, Settings

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bounds import BOUNDS  # noqa: E402

PLAYS = 40  # of random play, on each start
ROWS = 2_000
MOST_STEPS = 10_000  # as in agents/ppo_torch/evaluation.py


def measure(env_id: str, settings: Settings) -> dict[str, Any]:
    """Random play, the heuristic and the best possible, where they are known."""
    heuristic = HEURISTICS[settings.heuristic] if settings.heuristic else None
    best = settings.best
    if isinstance(best, str):
        best = BOUNDS[best](starts(env_id, settings.env_args), declaration(env_id).resolve(settings.env_args))
    return {
        "settings": settings.fingerprint("references"),
        "random": random_play(env_id, settings.env_args),
        "heuristic": float(returns_of(env_id, settings.env_args, heuristic).mean()) if heuristic else None,
        "best": best,
    }


def starts(env_id: str, env_args: dict[str, Any]) -> Any:
    """What the environment shows of its starts."""
    return masked_envs.make_vec(env_id, STARTS, mask_in="info", backend="python", **env_args).reset(seed=START_SEED)[0]


def random_play(env_id: str, env_args: dict[str, Any], plays: int = PLAYS) -> dict[str, Any]:
    """The mean return of uniformly random legal play, and its standard error for these starts."""
    seats = len(sides(env_id, env_args))
    at_once = min(plays, max(2, ROWS * seats // STARTS))
    rounds = -(-plays // at_once)
    means = []
    for k in range(rounds):
        rng = np.random.default_rng(k)
        found = returns_of(env_id, env_args, lambda envs, seen, info, rng=rng: envs.sample_legal(rng), at_once)
        means += list(found.reshape(seats, at_once, -1).mean(axis=(0, 2)))  # one mean for each play of all starts
    error = float(np.std(means, ddof=1) / math.sqrt(len(means)))
    return {"mean": float(np.mean(means)), "standard_error": error, "episodes": len(means) * STARTS}


def sides(env_id: str, env_args: dict[str, Any]) -> Sequence[dict[str, Any]]:
    """The parameters for playing each seat of a game in turns against random play; of others, none."""
    if CATALOGUE[env_id].play != "turns" or "opponent" in env_args:
        return [{}]
    agents = declaration(env_id).agents(declaration(env_id).resolve(env_args))
    return [{"opponent": "random", "agent": seat} for seat in range(len(agents))] if len(agents) > 1 else [{}]


def returns_of(env_id: str, env_args: dict[str, Any], policy: Policy, plays: int = 1) -> npt.NDArray[np.float64]:
    """The returns of a policy on every start, as often as `plays` says: (seats * plays * starts of a seat,)."""
    seats, found = sides(env_id, env_args), []
    each = -(-STARTS // len(seats))  # as agents/ppo_torch evaluates
    for against in seats:
        envs = masked_envs.make_vec(env_id, plays * each, mask_in="info", **against, **env_args)
        seen, info = envs.reset(seed=[START_SEED + k for _ in range(plays) for k in range(each)])
        returns, live = np.zeros(plays * each), np.ones(plays * each, np.bool_)
        for _ in range(MOST_STEPS):
            seen, rewards, terminated, truncated, info = envs.step(policy(envs, seen, info))
            returns += np.where(live, rewards, 0.0)
            live &= ~(terminated | truncated)
            if not live.any():
                break
        found.append(returns)
    return np.concatenate(found)
