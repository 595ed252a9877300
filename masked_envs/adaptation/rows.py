"""The rows of a Gymnasium vector environment, one by one: their info, and the attributes of their environments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import gymnasium as gym
from gymnasium import spaces
from gymnasium.vector import VectorEnv
from gymnasium.vector.utils import iterate

from .. import trees
from ..mask_spec.checks import shown
from .place import Place, takes_no_arguments


def require_single(wrapper: object, env: Any) -> None:
    """Refuse what is no single environment where a wrapper needs one.

    Raises:
        TypeError: such a thing; for a vector environment the message names the wrapper to use, the class attribute
            `vector_form`.
    """
    if isinstance(env, gym.Env):
        return
    if not isinstance(env, VectorEnv):
        raise TypeError(f"{type(wrapper).__name__} takes a gymnasium.Env, not {shown(env)}")
    name, vector_form = type(wrapper).__name__, getattr(type(wrapper), "vector_form", None)
    instead = (
        f"use masked_envs.wrappers.{vector_form}"
        if vector_form
        else f"wrap the single environments, gymnasium.vector.SyncVectorEnv([lambda: {name}(make(...))] * n), or make "
        'the vector environment with mask_in="info" and use gymnasium.wrappers.vector'
    )
    raise TypeError(f"{name} takes a single environment (gymnasium.Env), and {env} is a vector environment: {instead}")


def require_vector(wrapper: object, envs: Any) -> None:
    """Refuse what is no vector environment.

    Raises:
        TypeError: such a thing; the message names the wrapper to use.
    """
    if not isinstance(envs, VectorEnv):
        name = type(wrapper).__name__
        hint = f"for a single environment use masked_envs.wrappers.{name.removeprefix('Vector')}"
        raise TypeError(
            f"{name} takes a gymnasium.vector.VectorEnv, such as gym.make_vec gives, not {shown(envs)}; {hint}"
        )


def info_of_row(infos: Mapping[str, Any], row: int) -> dict[str, Any]:
    """The info of one row. A key `_name` of a vector environment's info says which rows have `name`."""
    has = {key: infos.get(f"_{key}") for key in infos if not key.startswith(("_", "final_"))}
    return {key: trees.row(infos[key], row) for key, rows in has.items() if rows is None or rows[row]}


def action_rows(envs: Any, actions: Any) -> list[Any]:
    """The actions that a vector environment is given, row by row.

    Raises:
        ValueError: another number of them.
    """
    is_batch_of_parts = isinstance(envs.single_action_space, (spaces.Dict, spaces.Tuple))
    rows = list(iterate(envs.action_space, actions)) if is_batch_of_parts else list(actions)
    if len(rows) != envs.num_envs:
        raise ValueError(f"expected {envs.num_envs} actions, one for each row, got {len(rows)}")
    return rows


def attribute_of(envs: Any, name: str) -> Any:
    """An attribute of a vector environment, through its wrappers; it holds all rows. None where there is none."""
    layer, nothing = envs, object()
    while (value := getattr(layer, name, nothing)) is nothing and layer is not envs.unwrapped:
        layer = layer.env
    return None if value is nothing else value


def environments_of(envs: Any) -> list[Any] | None:
    """The environments of the rows, None where there are none in this process."""
    own = getattr(envs.unwrapped, "envs", None)
    return list(own) if isinstance(own, (list, tuple)) else None


def attribute_of_row(envs: Any, row: int) -> Callable[[str], Any]:
    """name -> the attribute of one row, None where there is none: of the vector environment, else of the row's own."""
    environments = environments_of(envs)

    def attribute(name: str) -> Any:
        whole = attribute_of(envs, name)
        if callable(whole):
            return (lambda: trees.row(whole(), row)) if takes_no_arguments(whole) else None
        if whole is not None:
            return trees.row(whole, row)
        if environments is None or not environments[row].has_wrapper_attr(name):
            return None
        return environments[row].get_wrapper_attr(name)

    return attribute


def values_at(place: Place, envs: Any, observations: Any, infos: Any) -> Any:
    """What is in a place of every row: a batch where the vector environment has it itself, else a list with one value
    for each row, None where a row has none. Environments in other processes are called there.
    """
    if place.can_be_asked:
        name = place.steps[0][1]
        if attribute_of(envs, name) is not None:
            return place.value(None, None, lambda name: attribute_of(envs, name))
        if environments_of(envs) is None and len(place.steps) <= 2 and hasattr(envs.unwrapped, "call"):
            return list(envs.unwrapped.call(name))
    return [
        place.value(trees.row(observations, row), info_of_row(infos, row), attribute_of_row(envs, row))
        for row in range(envs.num_envs)
    ]
