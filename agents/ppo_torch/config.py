"""The settings of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

NETWORKS = ("mlp", "board", "set")


def option(default: Any, about: str) -> Any:
    return field(default=default, metadata={"about": about})


@dataclass(frozen=True)
class Config:
    """All that decides the bytes of a run. Each field is a flag: total_decisions is --total-decisions."""

    env: str = option("MaskedCartPole-v0", "id of the environment; module:Id imports the module first")
    env_args: dict[str, Any] = field(default_factory=dict)
    seed: int = option(1, "of the network, the actions and the environments")
    total_decisions: int = option(150_000, "stop after so many decisions; until then the learning rate falls to 0")
    num_envs: int = option(32, "rows of the vector environment")
    num_steps: int = option(16, "steps of every row between two updates")
    epochs: int = option(4, "passes over the decisions of a rollout")
    minibatches: int = option(2, "gradient steps in a pass")
    learning_rate: float = option(3e-3, "step size of Adam at the start")
    gamma: float = option(0.99, "discount from one decision of an agent to its next")
    gae_lambda: float = option(0.95, "weight of the longer advantage estimates")
    clip: float = option(0.2, "how far the probability ratio may usefully leave 1")
    entropy_weight: float = option(0.01, "weight of the entropy over the allowed actions")
    value_weight: float = option(0.5, "weight of the critic's squared error")
    max_grad_norm: float = option(0.5, "longest gradient")
    hidden: int = option(64, "width of the hidden layers")
    network: str = option("mlp", "board: convolutions; set: the same layers for each item; mlp: neither")
    mask: str = option("on", "off: keep the mask from the policy, to see what it is worth")
    target_return: float | None = option(None, "stop when 100 greedy episodes reach this mean return")
    evaluate_every: int = option(4, "iterations between two looks at the target return")
    threads: int = option(1, "of torch; rounding, and so the bytes of a run, depend on it")

    def __post_init__(self) -> None:
        for name in ("total_decisions", "num_envs", "num_steps", "epochs", "minibatches", "hidden", "threads"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        for name in ("gamma", "gae_lambda"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"{name} must lie between 0 and 1, not {getattr(self, name)}")
        if self.network not in NETWORKS:
            raise ValueError(f"network must be 'mlp', 'board' or 'set', not {self.network!r}")
        if self.evaluate_every < 1 or self.mask not in ("on", "off"):
            raise ValueError("evaluate_every must be at least 1, and mask 'on' or 'off'")
