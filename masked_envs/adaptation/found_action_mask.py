"""Gymnasium environments with a mask of their own, single ones and vectors of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium as gym

from .. import trees
from ..adaptation.action_mask import ActionMask
from ..mask_spec import MaskSpec
from .find import Found, find_masks
from .read import read_mask


def value_at(found: Found, observation: Any, info: Any, attribute: Any) -> Any:
    """What is now where a mask was found."""
    return next((now.value for now in find_masks(observation, info, attribute) if now.place == found.place), None)


class FoundActionMask(ActionMask):
    """An `ActionMask` that reads the mask where it was found once; an observation's own mask gives way to it."""

    def __init__(self, env: gym.Env[Any, Any], found: Found, **arguments: Any) -> None:
        self.found = found
        super().__init__(env, lambda env: None, **arguments)
        self.mask_fn = self.found.place

    def _asked(self, observation: Any, info: dict[str, Any]) -> Any:
        def attribute(name: str) -> Any:
            return self.env.get_wrapper_attr(name) if self.env.has_wrapper_attr(name) else None

        value = value_at(self.found, observation, info, attribute)
        if value is None:
            raise ValueError(f"{self.env}: there is no mask in {self.found.place} any more")
        return read_mask(self.mask_spec, value, self.found.name)

    def _parts(self, observation: Any) -> dict[str, Any]:  # type: ignore[override]
        parts = super()._parts(observation)
        key = self.found.name if self.found.place.startswith("observation") else ""
        return {name: part for name, part in parts.items() if name != key}


class FoundRows:
    """The masks of a vector environment's rows, where the first reset had them: (envs, observations, infos) -> all."""

    def __init__(self, envs: Any, observations: Any, infos: Any, mask_spec: MaskSpec | None) -> None:
        from .adapt import readable

        self.envs = envs
        places = find_masks(trees.row(observations, 0), _info_of(infos, 0), self._attribute(0))
        self.found, self.mask_spec = readable(envs.single_action_space, places, mask_spec, envs)

    def _attribute(self, row: int) -> Any:
        own = getattr(self.envs.unwrapped, "envs", None)
        one = own[row] if isinstance(own, (list, tuple)) else None
        return lambda name: one.get_wrapper_attr(name) if one is not None and one.has_wrapper_attr(name) else None

    def __call__(self, envs: Any, observations: Any, infos: Any) -> Any:
        masks = []
        for row in range(envs.num_envs):
            value = value_at(self.found, trees.row(observations, row), _info_of(infos, row), self._attribute(row))
            masks.append(None if value is None else read_mask(self.mask_spec, value, self.found.name))
        if any(mask is None for mask in masks):
            raise ValueError(f"{envs}: there is no mask in {self.found.place} of row {masks.index(None)}")
        return trees.stack(masks)


def _info_of(infos: Mapping[str, Any], row: int) -> dict[str, Any]:
    """One row of a vector environment's info."""
    given = {key: infos.get(f"_{key}") for key in infos if not key.startswith(("_", "final_"))}
    return {key: trees.row(infos[key], row) for key, rows in given.items() if rows is None or rows[row]}
