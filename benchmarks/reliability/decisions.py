"""Decisions of hostile networks in every environment and of every kind, counted by the environments themselves."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

import masked_envs
from agents.ppo_torch.masks import for_env, full_mask, shown_mask
from masked_envs.catalogue import CATALOGUE
from masked_envs.registration import declaration
from masked_envs.torch import MaskedJoint, MaskedSquashedNormal, distribution_for, num_logits

from . import record
from .hostile import HostileNetwork

NAME = "decisions"
CONTROL_STEPS = 40
USUAL_RATE = 100_000  # decisions per second
BACKEND = "auto"
MOST_ROWS, FEWEST_ROWS, NUMBERS = 8192, 64, 65_536  # rows are chosen so that a batch has about NUMBERS logits


@dataclass(frozen=True)
class Case:
    """An environment with parameters, and the distribution that decides."""

    env_id: str
    parameters: dict[str, Any] = field(default_factory=dict)
    distribution: str = "distribution_for"

    @property
    def name(self) -> str:
        shown = "".join(f" {key}={value}" for key, value in self.parameters.items())
        return f"{self.env_id}{shown}" + ("" if self.distribution == "distribution_for" else f", {self.distribution}")


def cases() -> Iterator[Case]:
    """Every id by its defaults and by every other choice of its parameters, and the distributions beside the usual."""
    for env_id in CATALOGUE:
        declared = declaration(env_id)
        yield Case(env_id)
        for name, parameter in declared.parameters.items():
            yield from (Case(env_id, {name: choice}) for choice in parameter.choices if choice != parameter.default)
        spec = declared.mask(declared.resolve({}))
        if spec.kind == "interval":
            yield Case(env_id, distribution=MaskedSquashedNormal.__name__)
        if spec.kind == "conditional" and not spec.needs_head_mask:
            yield Case(env_id, distribution=MaskedJoint.__name__)


def width_of(case: Case, spec: Any) -> int:
    return int(np.prod(spec.nvec)) if case.distribution == MaskedJoint.__name__ else num_logits(spec)


def build(case: Case, spec: Any, logits: torch.Tensor, mask: Any) -> Any:
    if case.distribution == MaskedJoint.__name__:
        return MaskedJoint(logits, mask, spec.nvec)
    if case.distribution == MaskedSquashedNormal.__name__:
        loc, scale = logits.chunk(2, -1)
        smallest, largest = torch.finfo(torch.float32).tiny, torch.finfo(torch.float32).max
        return MaskedSquashedNormal(loc.float(), scale.float().abs().clamp(smallest, largest), mask)
    return distribution_for(spec, logits, mask)


@dataclass
class Count:
    decisions: int = 0
    invalid: int = 0
    seconds: float = 0.0


class Play:
    """A hostile network in N rows of an environment that counts invalid actions and goes on."""

    def __init__(self, case: Case, seed: int) -> None:
        torch.manual_seed(seed)
        declared = declaration(case.env_id)
        spec = masked_envs.make_vec(case.env_id, 1, backend="python", **case.parameters).mask_spec
        width = width_of(case, spec)
        self.case, self.kind, self.play = case, spec.kind, declared.play
        self.rows = max(FEWEST_ROWS, min(MOST_ROWS, NUMBERS // width))
        self.envs = masked_envs.make_vec(
            case.env_id, self.rows, mask_in="info", on_invalid="noop", backend=BACKEND, **case.parameters
        )
        self.spec, self.network = self.envs.mask_spec, HostileNetwork(width, self.rows, spec.kind)
        self.everything = full_mask(self.spec, self.rows)
        _, self.info = self.envs.reset(seed=seed)
        self.discarded = np.zeros(self.rows, np.bool_)
        self.steps = 0

    def step(self, masked: bool = True) -> int:
        """One decision of every row that has not ended; how many."""
        mask = shown_mask(self.envs, self.info)
        logits = self.network(mask)
        distribution = build(self.case, self.spec, logits, mask if masked else self.everything)
        action = distribution.mode if self.steps % 4 == 3 else distribution.sample()
        decided = self.rows - int(np.count_nonzero(self.discarded))
        _, _, terminated, truncated, self.info = self.envs.step(for_env(self.spec.action_space, action))
        self.discarded = terminated | truncated
        self.steps += 1
        return decided

    def run(self, seconds: float | None = None, steps: int | None = None, masked: bool = True) -> Count:
        """Play for so long, or so many steps."""
        before, began, count = int(self.envs.invalid_actions.sum()), time.perf_counter(), Count()
        taken = 0
        while (count.seconds < seconds) if seconds is not None else (taken < (steps or 0)):
            count.decisions += self.step(masked)
            taken += 1
            count.seconds = time.perf_counter() - began
        count.invalid = int(self.envs.invalid_actions.sum()) - before
        return count


@torch.inference_mode()
def measure(until: float, minutes: float, seconds_each: float, only: str = "") -> dict[str, Any]:
    """Add rounds over the cases to the results until so many legal decisions, or for so long.

    Args:
        until: decisions of the chosen cases together, those of earlier measurements included.
        minutes: the most time to take now.
        seconds_each: of a case in one round.
        only: cases whose name contains this; the others stay as they are.

    Raises:
        NothingChosenError: no name contains `only`.
    """
    torch.set_num_threads(1)
    chosen = [case for case in cases() if only in case.name]
    if not chosen:
        raise record.NothingChosenError(
            f"no case has {only!r} in its name; such as {', '.join(case.name for case in cases())}"
        )
    result = record.load(NAME) or {"cases": {}, "rounds": 0}
    names = [case.name for case in chosen]
    end = time.monotonic() + 60 * minutes

    for case in itertools.cycle(chosen):
        if total(result, names)["legal"] >= until or time.monotonic() > end:
            break
        add(result, case, seconds_each)
        if case is chosen[-1]:
            result["rounds"] += not only
            print(summary(result, names), flush=True)
        record.save(NAME, result)
    print(summary(result, names))
    return result


def add(result: dict[str, Any], case: Case, seconds: float) -> None:
    """A piece of one case, with a seed of its own; with the first of them, the same without the mask.

    After the first, fast environments get more of the time: in proportion to their rate, between a half and six times.
    """
    kept = result["cases"].setdefault(
        case.name,
        {"pieces": 0, "decisions": 0, "invalid": 0, "seconds": 0.0, "control_decisions": 0, "control_invalid": 0},
    )
    seed = 1000 * kept["pieces"]
    play = Play(case, seed)
    kept |= {"kind": play.kind, "rows": play.rows}
    play.run(steps=2)  # compiles
    count = play.run(seconds=seconds * share_of_time(kept))
    control = Count() if kept["pieces"] else Play(case, seed + 1).run(steps=CONTROL_STEPS, masked=False)
    kept["pieces"] += 1
    kept["decisions"] += count.decisions
    kept["invalid"] += count.invalid
    kept["seconds"] = round(kept["seconds"] + count.seconds, 3)
    kept["control_decisions"] += control.decisions
    kept["control_invalid"] += control.invalid


def share_of_time(kept: dict[str, Any]) -> float:
    """Of a piece of a case, from its rate so far."""
    if not kept["pieces"]:
        return 1.0
    return float(np.clip(kept["decisions"] / max(kept["seconds"], 1e-9) / USUAL_RATE, 0.5, 6.0))


def total(result: dict[str, Any], names: Sequence[str] | None = None) -> dict[str, int]:
    """Over the cases of these names that were measured, or over all."""
    kept = [count for name, count in result["cases"].items() if names is None or name in names]
    sums = {
        key: sum(each[key] for each in kept) for key in ("decisions", "invalid", "control_decisions", "control_invalid")
    }
    return {**sums, "legal": sums["decisions"] - sums["invalid"]}


def summary(result: dict[str, Any], names: Sequence[str] | None = None) -> str:
    """As `total`, in words."""
    sums = total(result, names)
    return (
        f"{sums['legal']:,} legal decisions, {sums['invalid']:,} invalid; without the mask "
        f"{sums['control_invalid']:,} of {sums['control_decisions']:,} invalid"
    )
