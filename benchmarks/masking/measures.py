"""What a run reports: returns, invalid actions, and whether the update learnt from the policy that acted."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from .arms import Arm
from .gallery import WAYS

SOLVED, WINDOW = 195.0, 20  # a mean of 195 over 20 episodes: the threshold of Gymnasium's CartPole-v0
POINTS = 25  # of a stored curve


class Measures:
    """Collects over the updates of S seeds."""

    def __init__(self, seeds: int, rows: int) -> None:
        self.rows, self.steps = rows, 0
        self.ended: list[list[tuple[int, float]]] = [[] for _ in range(seeds)]  # (steps of the seed, return)
        self.updates: list[dict[str, Any]] = []  # of each update: numbers (S,)
        self.now: dict[str, Any] = {}

    def episodes(self, finished: list[tuple[int, float]]) -> None:
        """Note the episodes that a step ended, as (row, return)."""
        self.steps += self.rows
        for row, total in finished:
            self.ended[row // self.rows].append((self.steps, total))

    def minibatch(self, ratio: Tensor, weight: Tensor, clip: float) -> None:
        """Note the probability ratios (S, B) of one minibatch, in the order they come."""
        beyond = (ratio.detach() - 1).abs()
        if not self.now:
            self.now = {"first_ratio_error": (beyond * weight).amax(1), "clipped": [], "weight": []}
        self.now["clipped"].append(((beyond > clip) * weight).sum(1))
        self.now["weight"].append(weight.sum(1))

    @torch.no_grad()
    def update(self, policy: Any, arm: Arm, batch: dict[str, Any]) -> None:
        """Note what an update did, from its rollout."""
        kept, mask, old = batch["kept"].float(), batch["mask"], batch["logits"]
        new, now = policy.logits(batch["obs"], mask), self.now
        before, after = (WAYS[arm.sampled](logits, mask) for logits in (old, new))
        whole, legal = [WAYS["all"](logits, mask) for logits in (old, new)], WAYS["legal"](old, mask)
        mass = (whole[0].probs * mask).sum(-1)
        choices = mask.sum(-1)
        free = kept * (choices > 1)
        entropy = legal.entropy() / choices.clamp(min=2).log()
        kl = torch.distributions.kl_divergence
        count = kept.sum(1)
        self.updates.append({
            "decisions": count, "invalid": (batch["invalid"] * kept).sum(1),
            "first_ratio_error": now["first_ratio_error"],
            "clipped": torch.stack(now["clipped"]).sum(0) / torch.stack(now["weight"]).sum(0),
            "kl": (kl(before, after) * kept).sum(1) / count,
            "kl_whole": (kl(*whole) * kept).sum(1) / count,
            "legal_mass": (mass * kept).sum(1) / count,
            "legal_mass_5th": torch.where(kept > 0, mass, torch.nan).nanquantile(0.05, dim=1),
            "entropy": (entropy * free).sum(1) / free.sum(1).clamp(min=1),
        })  # fmt: skip
        self.now = {}

    def runs(self, seeds: list[int], seconds: float, after: dict[str, Any]) -> list[dict[str, Any]]:
        """The report of each seed's run."""
        table = {name: torch.stack([one[name] for one in self.updates]).numpy() for name in self.updates[0]}
        evaluated = {name: {key: values for key, values in result.items()} for name, result in after.items()}
        return [
            {
                "seed": seed, **self.learning(place), **summary({name: part[:, place] for name, part in table.items()}),
                **{name: {key: digits(values[place]) for key, values in part.items()}
                   for name, part in evaluated.items()},
                "seconds": round(seconds, 2),
            }
            for place, seed in enumerate(seeds)
        ]  # fmt: skip

    def learning(self, place: int) -> dict[str, Any]:
        """Curve, area and time to the threshold of one seed."""
        ended = self.ended[place]
        at, returns = np.array([step for step, _ in ended]), np.array([total for _, total in ended])
        edges = np.linspace(0, self.steps, POINTS + 1)
        curve: list[float] = []
        for low, high in zip(edges[:-1], edges[1:], strict=True):
            part = returns[(at > low) & (at <= high)]
            # Where no episode ended in this part, the last value stands.
            curve.append(digits(part.mean()) if len(part) else (curve[-1] if curve else 0.0))
        means = np.convolve(returns, np.ones(WINDOW) / WINDOW, "valid") if len(returns) >= WINDOW else np.zeros(0)
        solved = np.flatnonzero(means >= SOLVED)
        last = returns[at > 0.9 * self.steps]
        return {
            "return": digits(last.mean()) if len(last) else curve[-1],
            "area": digits(np.mean(curve)),
            "solved_after": int(at[solved[0] + WINDOW - 1]) if len(solved) else None,
            "curve": curve,
        }


def summary(table: dict[str, Any]) -> dict[str, Any]:
    """What the updates of one seed (U,) come to."""
    decisions, invalid = table["decisions"], table["invalid"]
    tenth = max(1, len(decisions) // 10)
    parts = [np.array_split(part, min(POINTS, len(part))) for part in (invalid, decisions)]
    return {
        "decisions": int(decisions.sum()), "invalid": int(invalid.sum()),
        "invalid_curve": [digits(part.sum() / of.sum()) for part, of in zip(*parts, strict=True)],
        "invalid_first_tenth": digits(invalid[:tenth].sum() / decisions[:tenth].sum()),
        "invalid_last_tenth": digits(invalid[-tenth:].sum() / decisions[-tenth:].sum()),
        "first_ratio_error": digits(table["first_ratio_error"].max()),
        "clipped": digits(table["clipped"].mean()),
        "kl": digits(table["kl"].mean()), "kl_most": digits(table["kl"].max()),
        "kl_whole": digits(table["kl_whole"].mean()),
        "legal_mass": digits(table["legal_mass"][-tenth:].mean()),
        "legal_mass_5th": digits(table["legal_mass_5th"][-tenth:].mean()),
        "entropy": digits(table["entropy"][-tenth:].mean()),
    }  # fmt: skip


def digits(number: Any) -> float:
    """Four significant digits, which keeps the files small."""
    return float(f"{float(number):.4g}")
