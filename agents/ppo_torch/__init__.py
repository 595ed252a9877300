"""Masked PPO in PyTorch on the vector environments of masked_envs; `python -m agents.ppo_torch --help` lists the flags.

Proximal policy optimisation (Schulman et al. 2017, arXiv:1707.06347) with generalised advantage estimation (Schulman et
al. 2016, arXiv:1506.02438) for masks of every kind. In games whose moves alternate, one network plays every seat
(self-play). What masks ask of the algorithm:

- The mask is stored beside the observation it came with; sampling, log-probabilities and entropy all use that one.
- The environment discards the action given to a row whose episode has ended (NEXT_STEP autoreset): it is not learnt.
- Truncated episodes are bootstrapped from their final observation; terminated ones have value 0 there.

Every run ends with a line such as `decisions 204800, invalid 0 (95% upper bound 1.5e-5), negative control 3871`, read
from the environments' counters.

Start reading in `learner.py` (the algorithm); `main.py` is the command line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .config import Config
    from .learner import Learner
    from .training import train

__all__ = ["Config", "Learner", "train"]

_WHERE = {"Config": "config", "Learner": "learner", "train": "training"}


def __getattr__(name: str) -> Any:
    """What needs torch comes when it is asked for, so that a program can say that torch is missing."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
