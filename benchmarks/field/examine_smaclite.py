"""SMAClite in plain code, without masked_envs: its actions are tuples, which `plain_walk.py` does not play.

python benchmarks/field/examine_smaclite.py
"""

from __future__ import annotations

import copy
import sys
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

sys.path[:0] = [str(Path(__file__).resolve().parent)]

import field_data  # noqa: E402
from shelf import make  # noqa: E402

DECISIONS, TRIED_EVERY = 250, 12


def masks_of(env: Any) -> list[Any]:
    return [np.array(mask, bool) for mask in env.unwrapped.get_avail_actions()]


def drawn(masks: list[Any], rng: np.random.Generator) -> list[int]:
    return [int(rng.choice(np.flatnonzero(mask))) for mask in masks]


def outcome(env: Any, action: list[int]) -> str:
    """What follows an action on a copy."""
    there = copy.deepcopy(env)
    try:
        _, _, terminated, _, _ = there.step(action)
    except Exception as error:
        return f"raises {type(error).__name__}"
    return "ends" if terminated else "goes on"


def play(name: str) -> dict[str, Any]:
    """Counts over random play of available actions."""
    env, rng = make("smaclite", name), np.random.default_rng(0)
    seen: Counter[str] = Counter()
    last: Counter[str] = Counter()
    tried: dict[str, Counter[str]] = {side: Counter() for side in ("allowed", "forbidden", "outside")}
    kept, seed = [], 0
    env.reset(seed=seed)
    for number in range(DECISIONS):
        masks = masks_of(env)
        kept += [(given, np.array(given)) for given in env.unwrapped.get_avail_actions()] if number < 40 else []
        seen["empty"] += any(not mask.any() for mask in masks)
        action = drawn(masks, rng)
        if number % TRIED_EVERY == 0:
            tried["allowed"][outcome(env, action)] += 1
            for agent, mask in enumerate(masks):
                for forbidden in rng.permutation(np.flatnonzero(~mask))[:3]:
                    tried["forbidden"][outcome(env, action[:agent] + [int(forbidden)] + action[agent + 1 :])] += 1
                for number_outside in (-1, len(mask)):
                    tried["outside"][outcome(env, action[:agent] + [number_outside] + action[agent + 1 :])] += 1
        _, _, terminated, truncated, _ = env.step(action)
        if terminated or truncated:
            seen["terminated" if terminated else "truncated"] += 1
            allowed = np.concatenate(masks_of(env))
            last["ones" if allowed.all() else "other" if allowed.any() else "zeros"] += terminated
            seed += 1
            env.reset(seed=seed)
    return {
        "script": "examine_smaclite.py",
        "date": date.today().isoformat(),
        "states": DECISIONS,
        "terminated": seen["terminated"],
        "truncated": seen["truncated"],
        "empty_while_running": seen["empty"],
        "last_masks": {key: count for key, count in last.items() if count},
        "waiting_masks": {},
        **{side: dict(counts) for side, counts in tried.items()},
        "mask_kept": all(np.array_equal(now, then) for now, then in kept),
        "same_again": repeats(name),
    }


def repeats(name: str) -> bool:
    """Whether two environments with the same seed and actions have the same masks."""
    streams = []
    for global_seed in range(2):
        np.random.seed(global_seed)
        env, rng, stream = make("smaclite", name), np.random.default_rng(1), []
        env.reset(seed=0)
        for _ in range(20):
            masks = masks_of(env)
            stream.append(np.concatenate(masks))
            if env.step(drawn(masks, rng))[2]:
                break
        streams.append(stream)
    return all(np.array_equal(a, b) for a, b in zip(*streams, strict=False))


def main() -> None:
    data = field_data.read("smaclite")
    for env in data["environments"]:
        env["examined"] = play(env["name"])
        print(env["name"], env["examined"], flush=True)
    field_data.write("smaclite", data)


if __name__ == "__main__":
    main()
