"""What uniformly random legal play earns in every environment: benchmarks/results/random_play.json.

    python benchmarks/random_play.py                        every id that the file does not have yet
    python benchmarks/random_play.py MaskedPairs-v0 ...     these, anew

With the parameters of benchmarks/learning, so that both can stand side by side. A figure is exact where algebra gives
it, otherwise the mean of whole episodes with its standard error. In games where agents take turns it is that of both
seats against a random opponent, and where they act at once that of all agents together.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import masked_envs
from masked_envs.catalogue import CATALOGUE
from masked_envs.registration import declaration

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "random_play.json"
EPISODES, ROWS = 100_000, 2_000

Parameters = dict[str, Any]


def mean_of_values(parameters: Parameters) -> float:
    """Every pick is uniform over pairs not picked yet, and every value uniform from 0 to 9."""
    return 4.5 * parameters["num_picks"]


def mean_of_payoffs(parameters: Parameters) -> float:
    """Every step pays a number uniform from 0 to 9."""
    return 4.5 * parameters["num_steps"]


def both_seats(parameters: Parameters) -> float:
    """What one seat wins the other loses, and both play alike."""
    return 0.0


EXACT: dict[str, Callable[[Parameters], float]] = {
    "MaskedConnectFour-v0": both_seats,
    "MaskedHuge-v0": mean_of_payoffs,
    "MaskedMicroRTS-v0": both_seats,
    "MaskedPairs-v0": mean_of_values,
}


def parameters_of(env_id: str) -> Parameters:
    """Those of the run in benchmarks/learning; without one, the defaults."""
    path = ROOT / "benchmarks" / "learning" / f"{env_id}.json"
    given: Parameters = json.loads(path.read_text(encoding="utf-8"))["run"]["env_args"] if path.exists() else {}
    return given


def returns_of(envs: Any, seed: int) -> npt.NDArray[np.float64]:
    """The return of the first episode of every row under uniformly random legal actions."""
    rng, rows, _ = np.random.default_rng(seed), envs.num_envs, envs.reset(seed=seed)
    returns, live = np.zeros(rows), np.ones(rows, np.bool_)
    while live.any():
        _, rewards, terminated, truncated, _ = envs.step(envs.sample_legal(rng))
        returns += np.where(live, rewards, 0.0)
        live &= ~(terminated | truncated)
    return returns


def sampled(env_id: str, given: Parameters, episodes: int = EPISODES, rows: int = ROWS) -> npt.NDArray[np.float64]:
    """Returns of that many episodes, each with a seed of its own; of a game in turns, half of them from each seat."""
    agents = declaration(env_id).agents(declaration(env_id).resolve(given))
    seats = len(agents) if CATALOGUE[env_id].play == "turns" else 1
    found = []
    for seat in range(seats):
        against = {"opponent": "random", "agent": seat} if seats > 1 else {}
        envs = masked_envs.make_vec(env_id, rows, **against, **given)
        found += [returns_of(envs, seed) for seed in range(0, episodes // seats, rows)]
    return np.concatenate(found)


def measure(env_id: str) -> dict[str, Any]:
    given = parameters_of(env_id)
    if env_id in EXACT:
        exact = EXACT[env_id]
        return {
            "env_args": given, "mean": exact(declaration(env_id).resolve(given)), "standard_error": 0.0,
            "episodes": None, "exact": exact.__doc__,
        }  # fmt: skip
    returns = sampled(env_id, given)
    return {
        "env_args": given, "mean": float(returns.mean()),
        "standard_error": float(returns.std(ddof=1) / math.sqrt(len(returns))), "episodes": len(returns),
        "exact": None, "date": date.today().isoformat(),
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ids", nargs="*", metavar="ID", help="environments to measure anew")
    given = parser.parse_args()
    unknown = set(given.ids) - set(CATALOGUE)
    if unknown:
        parser.error(f"no environment {', '.join(sorted(unknown))}")
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for env_id in given.ids or [each for each in CATALOGUE if each not in results]:
        results[env_id] = measure(env_id)
        print(env_id, results[env_id], flush=True)
        RESULTS.write_text(json.dumps(dict(sorted(results.items())), indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
