"""Gymnasium's own masked environment."""

from __future__ import annotations

from typing import Any

import gymnasium as gym

PACKAGE = "Gymnasium"
DISTRIBUTIONS = ("gymnasium", "numpy")
ENVIRONMENTS = {"Taxi-v3": 'gym.make("Taxi-v3")'}
OPTIONS: dict[str, dict[str, Any]] = {"": {"steps": 250, "decisions": 3000}}
__all__ = ["gym"]
