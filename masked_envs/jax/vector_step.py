"""`vector_step`: a vector environment as functions that `jax.jit` and `jax.lax.scan` take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from jax.experimental import io_callback

from .. import trees
from ..adaptation.rows import attribute_of
from ..wrappers import VectorBoundedAction
from ..wrappers.for_library import LibraryForm

FORM = LibraryForm(
    "JAX's step", "tianshou", AutoresetMode.SAME_STEP, "goes on from the observation after the reset",
    ("per_head", "joint", "conditional"),
)  # fmt: skip


class Seen(NamedTuple):
    """What `reset` and `step` show, arrays with one row for each environment.

    Attributes:
        observation: (num_envs, ...), or a dict of such; after the reset, where an episode has ended.
        action_mask: bool (num_envs, n), of that observation; None for a `VectorBoundedAction`, which needs none.
        reward: float32 (num_envs,).
        terminated, truncated: bool (num_envs,).
        final_observation: the same as `observation`, but the last of its episode where one has ended: what a value is
            bootstrapped from after a truncation.
    """

    observation: Any
    action_mask: Any
    reward: Any
    terminated: Any
    truncated: Any
    final_observation: Any


def vector_step(envs: VectorEnv[Any, Any, Any]) -> tuple[Callable[..., Seen], Callable[[Any], Seen]]:
    """`reset(seed)` and `step(actions)` of a vector environment, for JAX.

    `step` may be called within `jax.jit` and `jax.lax.scan`, where it is an ordered `io_callback`: the rules run as
    compiled code on the CPU, and the environment keeps its state itself, so that `step` has no state to carry. It
    cannot be called within `jax.vmap` or `jax.pmap`; make one vector environment with more rows instead. An
    `InvalidActionError` comes out of it as JAX's error of a failed callback, with the message.

    JAX continues while a step is still running. Wait for it (`jax.effects_barrier()`, or `jax.block_until_ready` of its
    result) before you read from the environment itself, such as `envs.unwrapped.invalid_actions`. `reset` waits
    automatically.

    Args:
        envs: a masked vector environment of this package (`gymnasium.make_vec`, or wrapped), with the autoreset mode
            SAME_STEP and without the mask in the observation (`mask_in="info"`). Actions under masks per head, joint
            masks, and conditional ones of two heads are numbered (`VectorFlatActions`).

    Returns:
        reset: `reset(seed=None)` begins an episode in every row; row i gets seed + i. It is called outside of `jit`. It
            raises the error of a step that failed unseen, once; the next `reset` begins anew.
        step: one action for each row, (num_envs,), to the `Seen` after it.

    Raises:
        TypeError: no masked vector environment, or a kind of mask without numbers; the message names the wrapper to
            use. ValueError: another autoreset mode; the mask is in the observation.
    """
    envs = FORM.of("vector_step", envs)
    if "action_mask" in (getattr(envs.single_observation_space, "spaces", None) or ()):
        raise ValueError(
            'make the vector environment with mask_in="info": the mask has a place of its own, Seen.action_mask'
        )
    spec, is_masked, rows = attribute_of(envs, "mask_spec"), not isinstance(envs, VectorBoundedAction), envs.num_envs

    def shown(given: Any, final: Any, rewards: Any, terminated: Any, truncated: Any, info: dict[str, Any]) -> Seen:
        mask = spec.convert(info["action_mask"], to="tianshou") if is_masked else None
        return Seen(as_jax(given), mask, np.float32(rewards), terminated, truncated, as_jax(final))

    def reset(seed: int | None = None) -> Seen:
        wait_for_steps()
        given, info = envs.reset(seed=seed)
        never = np.zeros(rows, np.bool_)
        return jax.tree.map(jax.numpy.asarray, shown(given, given, np.zeros(rows), never, never, info))  # type: ignore[no-any-return]

    def move(actions: Any) -> Seen:
        given, rewards, terminated, truncated, info = envs.step(np.asarray(actions))
        final = given
        if "final_obs" in info:
            over = np.flatnonzero(info["_final_obs"])
            final = trees.copy(given)
            ended = trees.stack([info["final_obs"][row] for row in over])
            trees.map(lambda batch, some: batch.__setitem__(over, some), final, ended)
        return shown(given, final, rewards, terminated, truncated, info)

    shape_of: Any = jax.ShapeDtypeStruct
    form = jax.tree.map(lambda array: shape_of(array.shape, array.dtype), _empty(envs, spec if is_masked else None))

    def step(actions: Any) -> Seen:
        return io_callback(move, form, actions, ordered=True)  # type: ignore[no-any-return]

    return reset, step


def wait_for_steps() -> None:
    """Ends when no step is running any more.

    Raises:
        jax.errors.JaxRuntimeError: one of them failed. JAX would raise it in every later ordered callback of the
            process; after this it is forgotten.
    """
    try:
        jax.effects_barrier()  # type: ignore[no-untyped-call]
    except jax.errors.JaxRuntimeError:
        from jax._src.dispatch import runtime_tokens  # no public way to forget a failed effect

        runtime_tokens.clear()  # type: ignore[no-untyped-call]
        raise


def _empty(envs: Any, spec: Any) -> Seen:
    """A `Seen` of zeros."""
    rows = envs.num_envs
    space = envs.single_observation_space
    observation = as_jax(_zeros(space, rows))
    flags = np.zeros(rows, np.bool_)
    mask = None if spec is None else np.zeros((rows, *spec.shape), np.bool_)
    return Seen(observation, mask, np.zeros(rows, np.float32), flags, flags, observation)


def _zeros(space: Any, rows: int) -> Any:
    parts = getattr(space, "spaces", None)
    if parts is not None:
        return {key: _zeros(part, rows) for key, part in parts.items()}
    return np.zeros((rows, *(space.shape or ())), space.dtype)


def as_jax(tree: Any) -> Any:
    """Arrays of the dtypes that JAX has: without its 64 bits, int32 and float32 in their place."""
    return trees.map(lambda array: np.asarray(array, jax.dtypes.canonicalize_dtype(array.dtype)), tree)
