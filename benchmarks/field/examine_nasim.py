"""NASim in plain code, without masked_envs: its method for the mask raises, so that there is nothing to play by.

python benchmarks/field/examine_nasim.py
"""

from __future__ import annotations

import sys
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

sys.path[:0] = [str(Path(__file__).resolve().parent)]

import field_data  # noqa: E402
from shelf import make  # noqa: E402

DECISIONS = 400


def play(name: str) -> dict[str, Any]:
    """Counts over random play; the mask is asked for in every state."""
    env, rng = make("nasim", name).unwrapped, np.random.default_rng(0)
    seen: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    seed = 0
    env.reset(seed=seed)
    for _ in range(DECISIONS):
        try:
            env.get_action_mask()
            asked["a mask"] += 1
        except Exception as error:  # whatever it raises
            asked[f"{type(error).__name__}: {error}"] += 1
        *_, terminated, truncated, _ = env.step(int(rng.integers(env.action_space.n)))
        if terminated or truncated:
            seen["terminated" if terminated else "truncated"] += 1
            seed += 1
            env.reset(seed=seed)
    return {
        "script": Path(__file__).name,
        "date": date.today().isoformat(),
        "states": DECISIONS,
        "terminated": seen["terminated"],
        "truncated": seen["truncated"],
        "empty_while_running": 0,
        "last_masks": {},
        "waiting_masks": {},
        "allowed": {},
        "forbidden": {},
        "outside": {},
        "mask_kept": None,
        "same_again": None,
        "note": "; ".join(f"get_action_mask() gave {what} in {times} states" for what, times in asked.items()),
    }


def main() -> None:
    data = field_data.read("nasim")
    for env in data["environments"]:
        env["examined"] = play(env["name"])
        print(env["name"], env["examined"], flush=True)
    field_data.write("nasim", data)


if __name__ == "__main__":
    main()
