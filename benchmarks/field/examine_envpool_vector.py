"""EnvPool's own vector environments in plain code, without masked_envs: `plain_walk.py` plays single environments.

python benchmarks/field/examine_envpool_vector.py
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
from plain_walk import same  # noqa: E402
from shelf import make  # noqa: E402

DECISIONS = 8000
TRIED_EVERY, LONGEST = 12, 120  # actions are tried after so many steps, in pools that come there by the same actions
KEPT = 40


def row_of(batch: Any, row: int) -> Any:
    return {key: np.array(part[row]) for key, part in batch.items()}


def drawn(masks: Any, over: Any, rng: np.random.Generator) -> Any:
    """A random allowed action for each row; 0 where it is discarded, or nothing is allowed."""
    allowed = [np.flatnonzero(mask) for mask in masks]
    return np.array(
        [0 if done or not len(some) else rng.choice(some) for some, done in zip(allowed, over, strict=True)], np.int32
    )


def outcome(name: str, path: list[Any], row: int, action: int, others: Any) -> str:
    """What follows an action of one row, tried in another pool after the same actions."""
    pool = make("envpool", name)
    before, _ = pool.reset()
    before = row_of(before, row)
    for taken in path:
        before = row_of(pool.step(taken)[0], row)
    tried = others.copy()
    tried[row] = action
    observation, reward, terminated, truncated, _ = pool.step(tried)
    words = "ends" if terminated[row] else "truncates" if truncated[row] else "goes on"
    if words == "goes on" and same(before, row_of(observation, row)):
        words = "changes nothing"
    return f"{words}, reward {np.round(reward[row], 3)}"


def play(name: str) -> dict[str, Any]:
    """Counts over random legal play of both rows."""
    pool, rng = make("envpool", name), np.random.default_rng(0)
    seen: Counter[str] = Counter()
    last: Counter[str] = Counter()
    tried: dict[str, Counter[str]] = {side: Counter() for side in ("allowed", "forbidden", "outside")}
    observation, _ = pool.reset()
    over, path, handed_out = np.zeros(2, bool), [], []
    for number in range(DECISIONS // 2):
        masks = observation["action_mask"]
        handed_out += [(masks, masks.copy())] if number < KEPT else []
        seen["empty"] += sum(not mask.any() for mask, done in zip(masks, over, strict=True) if not done)
        actions = drawn(masks, over, rng)
        if number <= LONGEST and number % TRIED_EVERY == 0 and not over.any():
            for row, mask in enumerate(masks):
                sides: tuple[Any, ...] = (np.flatnonzero(mask), np.flatnonzero(~mask), (-1, len(mask)))
                for side, choices in zip(tried, sides, strict=True):
                    for action in choices:
                        tried[side][outcome(name, path, row, int(action), actions)] += 1
        observation, _, terminated, truncated, _ = pool.step(actions)
        path.append(actions)
        over = terminated | truncated
        seen["terminated"] += int(terminated.sum())
        seen["truncated"] += int((truncated & ~terminated).sum())
        for mask in observation["action_mask"][terminated]:
            last["ones" if mask.all() else "other" if mask.any() else "zeros"] += 1
    return {
        "script": Path(__file__).name,
        "date": date.today().isoformat(),
        "states": DECISIONS,
        "terminated": seen["terminated"],
        "truncated": seen["truncated"],
        "empty_while_running": seen["empty"],
        "last_masks": dict(last),
        "waiting_masks": {},
        **{side: dict(counts.most_common()) for side, counts in tried.items()},
        "mask_kept": all(np.array_equal(now, then) for now, then in handed_out),
        "same_again": repeats(name),
        "note": "The seed is given to make: two pools with the same seed are compared.",
    }


def repeats(name: str) -> bool:
    """Whether two pools that were made alike and given the same actions have the same masks."""
    streams: list[list[Any]] = []
    for _ in range(2):
        pool, rng, stream = make("envpool", name), np.random.default_rng(1), []
        observation, _ = pool.reset()
        over = np.zeros(2, bool)
        for _ in range(KEPT):
            stream.append(observation["action_mask"].copy())
            observation, _, terminated, truncated, _ = pool.step(drawn(stream[-1], over, rng))
            over = terminated | truncated
        streams.append(stream)
    return all(np.array_equal(a, b) for a, b in zip(*streams, strict=True))


def main() -> None:
    for name in [env["name"] for env in field_data.read("envpool")["environments"] if env["made"].startswith("vector")]:
        seen = play(name)
        data = field_data.read("envpool")
        (entry,) = [env for env in data["environments"] if env["name"] == name]
        entry["examined"] = seen
        field_data.write("envpool", data)
        print(name, seen, flush=True)


if __name__ == "__main__":
    main()
