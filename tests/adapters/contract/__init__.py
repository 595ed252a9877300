"""One contract for the adapters of all training libraries: each adapter is one file here with one class.

`tests/adapters/test_contract.py` holds every class to it, and docs/generate.py writes the table of libraries by kinds
of mask from `kinds` and `plays`. A file imports its library inside of its methods only, so that the table can be
written without it.
"""

from __future__ import annotations

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode

from masked_envs import wrappers

YES, NUMBERED, NO = "yes", "numbered", "no"
"""Served as it is; numbered by the adapter; refused, with what to use instead in the message."""
FLAT, SEQUENTIAL, BOUNDED = "VectorFlatActions", "VectorSequentialActions", "VectorBoundedAction"
"""Refused with the name of this wrapper in the message, and served through it."""
FLAT_SINGLE, SEQUENTIAL_SINGLE = "FlatActions", "SequentialActions"
"""The same wrappers of a single environment."""
SEAT = "one seat"
"""How a game is served: one agent against an opponent."""


@dataclass(frozen=True)
class Case:
    """An environment: id and parameters."""

    env_id: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


KINDS = {
    "flat": Case("MaskedCartPole-v0", {"availability": "step"}),
    "candidates": Case("ParametricCartPole-v0", {"availability": "step", "flat": True}),
    "per_head": Case("MaskedWarehouse-v0", {"flat": True}),
    "joint": Case("MaskedPairs-v0"),
    "conditional, two heads": Case("MaskedTetris-v0", {"flat": True}),
    "conditional, more": Case("MaskedMicroRTS-v0", {"flat": True, "opponent": "random"}),
    "binary": Case("MaskedKnapsack-v0", {"form": "binary"}),
    "interval": Case("MaskedPendulum-v0"),
    "dict": Case("MaskedUnitCommitment-v0"),
}
PLAYS = {
    "single": KINDS["flat"],
    "turns": Case("MaskedConnectFour-v0", {"flat": True, "opponent": "random"}),
    "simultaneous": Case("MaskedWarehouse-v0", {"flat": True, "opponent": "random"}),
}
OF_NUMBERS = {
    "flat": YES,
    "candidates": YES,
    "per_head": NUMBERED,
    "joint": NUMBERED,
    "conditional, two heads": NUMBERED,
    "conditional, more": SEQUENTIAL,
    "binary": FLAT,
    "interval": FLAT,
    "dict": FLAT,
}
"""How a library is served that has masks of Discrete actions only."""
ONE_SEAT = {"single": YES, "turns": SEAT, "simultaneous": SEAT}
"""How one is served that has one agent only."""
HARD = Case("MaskedPairs-v0")
"""Of 25 actions at most 20 are legal, and fewer each step: a policy without masks errs at once."""
FORCED = Case("Forced-v0")
"""See `forced`: one legal action, terminal rows, and a last action that the final mask forbids."""


class Served:
    """How a library serves kinds of masks and ways to play: one column of the table.

    Attributes:
        title: the head of the column.
        page: in docs/, about it.
        kinds: for each of `KINDS`, how it is served.
        plays: the same for each of `PLAYS`.
    """

    title: str
    page: str
    kinds: Mapping[str, str]
    plays: Mapping[str, str]


class Adapter(Served, ABC):
    """What the contract asks of the adapter of one library.

    A model is whatever `train` returns. Environments are the adapter's own, over vector environments of this package.

    Attributes:
        requires: what must be installed.
        mode: the autoreset mode that the adapter's environments have.
    """

    requires: tuple[str, ...]
    mode: AutoresetMode

    @abstractmethod
    def wrap(self, envs: gym.vector.VectorEnv[Any, Any, Any]) -> Any:
        """The library's environment over a vector environment; refuses kinds that the library cannot say."""

    def make(self, case: Case, num_envs: int, through: str | None = None, **parameters: Any) -> Any:
        """The library's environment of a case, through a wrapper of vector environments if one is named."""
        inner = AutoresetMode.DISABLED if through == SEQUENTIAL else self.mode
        made = {"mask_in": "info", "backend": "python", **case.parameters, **parameters}
        envs: Any = gym.make_vec(case.env_id, num_envs=num_envs, autoreset_mode=inner, **made)
        if through == FLAT:
            envs = wrappers.VectorFlatActions(envs, bins=3)
        elif through == SEQUENTIAL:
            envs = wrappers.VectorSequentialActions(envs, bins=3, autoreset_mode=self.mode)
        elif through == BOUNDED:
            envs = wrappers.VectorBoundedAction(envs)
        return self.wrap(envs)

    @abstractmethod
    def train(self, env: Any, decisions: int, seed: int = 0, masked: bool = True) -> Any:
        """A model trained for at least so many decisions; without masks if not `masked` (the negative control)."""

    def decisions(self, model: Any) -> int:
        """How many decisions the training took."""
        taken: int = model.decisions
        return taken

    @abstractmethod
    def play(self, model: Any, env: Any, decisions: int, greedy: bool) -> None:
        """Let the model play for at least so many decisions."""

    def invalid(self, env: Any) -> int:
        """How many invalid actions the environment has counted."""
        return int(env.invalid_actions.sum())

    def losses(self, model: Any) -> list[float]:
        """The losses of the last update."""
        found: list[float] = model.losses
        return found

    @abstractmethod
    def weights(self, model: Any) -> npt.NDArray[np.float64]:
        """All weights of the model in one row."""

    def first_minibatch(self, env: Any) -> tuple[npt.NDArray[np.float64], float] | None:
        """The ratios of the first minibatch before any update, and the KL divergence; None without any."""
        return None

    def ordinary(self, case: Case, num_envs: int, **parameters: Any) -> Any:
        """The environment made in the library's ordinary way, on which `train` must give the same weights.

        None where the library seeds its ways differently; then its own test compares what they learn.
        """
        return None


def in_one_row(*modules: Any) -> npt.NDArray[np.float64]:
    """All weights of modules of torch, float64 (n,)."""
    found = [weight.detach().numpy().ravel() for module in modules for weight in module.parameters()]
    return np.concatenate(found).astype(np.float64)


def ratios(new: Any, old: Any) -> tuple[npt.NDArray[np.float64], float]:
    """Of log-probabilities after and before, arrays or tensors: the ratios, and an estimate of the KL divergence."""
    log_ratio = np.asarray(new - old, np.float64).ravel()
    return np.exp(log_ratio), float((np.exp(log_ratio) - 1 - log_ratio).mean())


def columns() -> dict[str, Served]:
    """Every column of the table by the name of its file, in the order of the table: by title."""
    names = [name for _, name, _ in pkgutil.iter_modules(__path__)]
    modules = {name: importlib.import_module(f"{__name__}.{name}") for name in names}
    found = {name: module.ADAPTER for name, module in modules.items() if hasattr(module, "ADAPTER")}
    return dict(sorted(found.items(), key=lambda item: item[1].title.lower()))


def adapters() -> dict[str, Adapter]:
    """The columns that the contract is about; the others are proven by tests of their own."""
    return {name: one for name, one in columns().items() if isinstance(one, Adapter)}


def table(folder: str = "") -> tuple[list[str], list[list[str]]]:
    """Head and rows of the table of libraries by kinds of mask and by plays.

    Args:
        folder: of docs/, as a page links to it.
    """
    known = columns().values()
    rows = [[kind, *(_cell(one.kinds[kind]) for one in known)] for kind in KINDS]
    rows += [[PLAY_ROWS[play], *(_cell(one.plays[play]) for one in known)] for play in PLAYS]
    return ["", *(f"[{one.title}]({folder}{one.page})" for one in known)], rows


PLAY_ROWS = {"single": "one agent", "turns": "game in turns", "simultaneous": "game, all at once"}


def _cell(served: str) -> str:
    return f"`{served}`" if served.endswith(("Actions", "Action")) else served
