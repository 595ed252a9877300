"""Infos of steps, as columns until somebody reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from ray.rllib.env.utils.infinite_lookback_buffer import InfiniteLookbackBuffer

NO_SPACE = {name: value for name, value in vars(InfiniteLookbackBuffer()).items() if name != "data"}

Columns = Mapping[str, npt.NDArray[Any]]
"""The entries of infos, each (rows, ...)."""


class LazyInfos(InfiniteLookbackBuffer):  # type: ignore[misc]
    """RLlib's buffer of infos, which makes its list of dicts when `data` is first read and is RLlib's own from then.

    Neither RLlib's learners nor its replay buffers read more than a few of them, and columns pickle much faster.

    Args:
        columns: the entries of the infos, each (steps, ...), one at least.
        lookback: how many of the steps come before the episode's chunk.
    """

    def __init__(self, columns: Columns, lookback: int) -> None:
        self.__dict__.update(NO_SPACE, lookback=lookback, _columns=columns)

    @property
    def data(self) -> list[dict[str, Any]]:
        """The infos."""
        made = dicts_of(self.__dict__["_columns"])
        self.data = made
        return made

    @data.setter
    def data(self, value: Any) -> None:
        self.__dict__.pop("_columns", None)
        self.__class__ = InfiniteLookbackBuffer
        self.data = value


def dicts_of(columns: Columns) -> list[dict[str, Any]]:
    """One dict for each row."""
    rows: list[dict[str, Any]] = [{} for _ in next(iter(columns.values()))]
    for name, column in columns.items():
        for row, value in zip(rows, column, strict=True):
            row[name] = value
    return rows


def columns_of(infos: Mapping[str, Any]) -> Columns | None:
    """The entries of a vector environment's infos if every row has all of them and all are arrays, else None."""
    columns = {name: column for name, column in infos.items() if not name.startswith("_")}
    if not columns or not all(type(column) is np.ndarray for column in columns.values()):
        return None
    if len(columns) < len(infos) and not all(infos[f"_{name}"].all() for name in columns if f"_{name}" in infos):
        return None
    return columns


def info_of(infos: Columns | list[dict[str, Any]], row: int) -> dict[str, Any]:
    """The infos of one row."""
    return infos[row] if isinstance(infos, list) else {name: column[row] for name, column in infos.items()}


def joined(slots: list[Columns | list[dict[str, Any]]], rows: slice) -> Columns | None:
    """The infos of some rows as columns (rows, slots, ...), if the slots have the same entries, else None."""
    first = slots[0]
    if isinstance(first, list):
        return None
    forms = {name: (column.dtype, column.shape) for name, column in first.items()}
    for infos in slots:
        if isinstance(infos, list) or {name: (column.dtype, column.shape) for name, column in infos.items()} != forms:
            return None
    return {name: np.stack([infos[name][rows] for infos in slots], axis=1) for name in first}  # type: ignore[call-overload]
