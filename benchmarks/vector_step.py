"""A step of many environments at once, beside the vector environments of other suites.

Only the calls of `step` are on the clock, with everything they give: masks, observations, rewards, resets. The legal
actions are drawn between them, from the mask that the side itself gave, by the same function for both sides.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from measure import Comparison, Side, rate_of, require

import masked_envs
from masked_envs import MaskSpec

NUM_ENVS = 4096
COLUMNS = 7
ENDED = (0.025, 0.08)  # bounds of the share of random Connect Four steps that end a game, about 1 in 22


def comparisons() -> list[Comparison]:
    games, carts = f"vector step, Connect Four, {NUM_ENVS} envs", f"vector step, CartPole, {NUM_ENVS} envs"
    game, cart = partial(ours, "MaskedConnectFour-v0"), partial(ours, "MaskedCartPole-v0")
    return [
        Comparison(games, "EnvPool", game, envpool_game, must=10, aim=50),
        Comparison(games, "pgx (jit, vmap)", game, pgx_game, must=3, aim=10),
        Comparison(f"{games}, 2 threads", "pgx (jit, vmap)", partial(game, num_threads=2), pgx_game),
        Comparison(f"random play, Connect Four, {NUM_ENVS} envs", "pgx (all in one jit)",
                   partial(ours_drawing, "MaskedConnectFour-v0"), pgx_scan),
        Comparison(carts, "Gymnasium (NumPy, no mask)", cart, gymnasium_carts, must=1, aim=3),
        Comparison(f"{carts}, 2 threads", "Gymnasium (NumPy, no mask)", partial(cart, num_threads=2), gymnasium_carts),
    ]  # fmt: skip


def stepping(
    step: Callable[[Any], Any], draw: Callable[[Any], Any], seen: Any, rows: int = NUM_ENVS
) -> Callable[[int], float]:
    """Run n steps of so many rows; the seconds spent in `step`, which returns what `draw` draws from."""

    def run(count: int) -> float:
        nonlocal seen
        spent = 0.0
        for _ in range(count // rows):
            actions = draw(seen)
            began = time.perf_counter()
            seen = step(actions)
            spent += time.perf_counter() - began
        return spent

    return run


def legal(n: int) -> Callable[[Any], Any]:
    spec, rng = MaskSpec.flat(n), np.random.default_rng(0)
    return lambda mask: spec.sample(np.asarray(mask), rng)


def ours(env_id: str, steps: int = 200, **arguments: Any) -> Side:
    envs = masked_envs.make_vec(env_id, NUM_ENVS, **arguments)
    _, info = envs.reset(seed=0)
    draw = legal(envs.mask_spec.action_space.n)
    return rate_of(stepping(lambda actions: envs.step(actions)[4]["action_mask"], draw, info["action_mask"]),
                   steps * NUM_ENVS)  # fmt: skip


def ours_drawing(env_id: str, steps: int = 200) -> Side:
    """As `ours`, with the drawing of the actions on the clock."""
    envs = masked_envs.make_vec(env_id, NUM_ENVS)
    _, info = envs.reset(seed=0)
    draw = legal(envs.mask_spec.action_space.n)
    return rate_of(stepping(lambda mask: envs.step(draw(mask))[4]["action_mask"], lambda mask: mask,
                            info["action_mask"]), steps * NUM_ENVS)  # fmt: skip


def envpool_game(steps: int = 20) -> Side:
    require("envpool")
    import envpool

    envs = envpool.make("ConnectFour-v1", env_type="gymnasium", num_envs=NUM_ENVS, num_threads=os.cpu_count())
    _, info = envs.reset()
    ended = []

    def step(actions: Any) -> Any:
        _, _, terminated, _, info = envs.step(actions.astype(np.int32))
        ended.append(terminated.mean())
        return info["legal_action_mask"]

    return plays_games(rate_of(stepping(step, legal(COLUMNS), info["legal_action_mask"]), steps * NUM_ENVS), ended)


def pgx_game(steps: int = 100) -> Side:
    require("pgx")
    import jax
    import pgx
    from pgx.experimental import auto_reset

    game = pgx.make("connect_four")
    step = jax.jit(jax.vmap(auto_reset(game.step, game.init)))
    keys = jax.random.split(jax.random.key(0), NUM_ENVS)
    state, ended = jax.jit(jax.vmap(game.init))(keys), []

    def move(actions: Any) -> Any:
        nonlocal state
        state = jax.block_until_ready(step(state, actions, keys))
        return state.legal_action_mask

    def draw(mask: Any) -> Any:
        ended.append(np.asarray(state.terminated).mean())
        return sample(mask)

    sample = legal(COLUMNS)
    return plays_games(rate_of(stepping(move, draw, state.legal_action_mask), steps * NUM_ENVS), ended)


def pgx_scan(steps: int = 100) -> Side:
    """Random play without a word to Python: draw, step, draw, ... in one compiled function."""
    require("pgx")
    import jax
    import jax.numpy as jnp
    import pgx
    from pgx.experimental import auto_reset

    game = pgx.make("connect_four")
    step = jax.vmap(auto_reset(game.step, game.init))

    def move(carried: Any, _: Any) -> Any:
        state, key = carried
        key, drawn = jax.random.split(key)
        actions = jax.random.categorical(drawn, jnp.where(state.legal_action_mask, 0.0, -jnp.inf))
        return (step(state, actions, jax.random.split(drawn, NUM_ENVS)), key), state.terminated.mean()

    play = jax.jit(lambda carried: jax.lax.scan(move, carried, None, steps))
    carried = (jax.vmap(game.init)(jax.random.split(jax.random.key(0), NUM_ENVS)), jax.random.key(1))
    ended: list[Any] = []

    def run(count: int) -> float:
        nonlocal carried
        began = time.perf_counter()
        carried, shares = jax.block_until_ready(play(carried))
        spent = time.perf_counter() - began
        ended.append(np.asarray(shares).mean())
        return spent

    return plays_games(rate_of(run, steps * NUM_ENVS), ended)


def plays_games(side: Side, ended: list[Any]) -> Side:
    """The side, with a check that its games ended about as often as random games do: that it really plays."""

    def checked() -> Any:
        rate = side()
        assert ENDED[0] < np.mean(ended) < ENDED[1], f"a share of {np.mean(ended):.3f} steps ended a game"
        return rate

    return checked


def gymnasium_carts(steps: int = 200) -> Side:
    import gymnasium

    envs = gymnasium.make_vec("CartPole-v1", NUM_ENVS, vectorization_mode="vector_entry_point")
    envs.reset(seed=0)
    rng = np.random.default_rng(0)
    return rate_of(stepping(envs.step, lambda _: rng.integers(0, 2, NUM_ENVS), None), steps * NUM_ENVS)
