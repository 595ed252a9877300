"""Which agents of a game the caller plays, and the opponents that play the rest.

In a single-agent environment the caller is the agent. In a game, without `opponent`, the caller plays every agent: in
turn where moves alternate, all at once where they are simultaneous (the action is then one choice per agent). With
`opponent`, the caller plays one agent and the opponent the others.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from gymnasium.vector.utils import batch_space

from ..core.engine import Engine
from ..errors import InvalidActionError
from ..mask_spec import MaskSpec
from .observations import agent_index, surface_observation

Opponent = str | Callable[..., Any]
Rows = npt.NDArray[np.bool_]


class Caller:
    """The caller's part of a game.

    Args:
        engine: the rows.
        opponent: None, "random" (uniform over the legal actions, from the row's own random stream), or a callable
            (observation, mask) -> action, given what that agent sees and its canonical mask; of a conditional mask
            with more than two heads (observation, mask, head_mask) -> action, where head_mask(k, prefix) tells more.
        agent: the agent that the caller plays beside an opponent, by name or index.

    Attributes:
        mask_spec: the mask of the caller's action.
        bare_space: the space of the caller's observation, without the mask.
    """

    def __init__(self, engine: Engine, opponent: Opponent | None, agent: int | str = 0) -> None:
        game = engine.declaration
        if game.play == "single" and (opponent is not None or agent != 0):
            raise TypeError(f"{game.id} has one agent: it takes neither opponent= nor agent=")
        if not (opponent is None or opponent == "random" or callable(opponent)):
            raise ValueError(f"opponent must be None, 'random' or a callable (observation, mask), not {opponent!r}")
        self.engine, self.opponent, self._play = engine, opponent, game.play
        self.agent = agent_index(engine.agents, agent)
        if opponent is None and self.agent != 0:
            raise ValueError(
                f"agent={agent!r} needs opponent=, such as 'random': without one, the caller plays all agents"
            )
        self.plays_all = opponent is None and engine.views > 1
        self.view = self.agent if opponent is not None and engine.views > 1 else 0
        self._slot = slice(None) if self.plays_all else self.view
        alternate = game.play == "turns"  # then this is where each row begins in the flat rewards
        self._first_rewards = np.arange(engine.rows) * len(engine.agents) if alternate else None
        self._own_view = self.view if opponent is not None and engine.views > 1 else None
        self.mask_spec = joint_spec(engine.mask_spec, engine.views, game.id) if self.plays_all else engine.mask_spec
        bare = engine.observation_space
        self.bare_space: spaces.Space[Any] = batch_space(bare, engine.views) if self.plays_all else bare

    # --- what the caller gives and gets ---------------------------------------------------------------------

    def write_actions(self, actions: Any) -> None:
        """Put the caller's encoded actions (N, ...) into the engine."""
        self.engine.actions[:, self._slot] = actions

    def write_action(self, row: int, action: Any) -> None:
        """Put the caller's encoded action of one row into the engine."""
        self.engine.actions[row, self._slot] = action

    def observation(self, row: int) -> Any:
        """What the caller sees in one row, a copy."""
        engine = self.engine
        rows = engine.observations[row] if self.plays_all else engine.by_row.observations[row][self.view]
        return surface_observation(engine.observation_space, rows)

    def mask(self, row: int) -> Any:
        """The caller's canonical mask in one row, a copy."""
        engine = self.engine
        if self.plays_all:
            return engine.mask_spec.surface(engine.masks[row]).ravel()
        return engine.mask_spec.surface(engine.by_row.masks[row][self.view])

    def observations(self) -> Any:
        """What the caller sees (N, ...), a copy."""
        rows = self.engine.observations
        return surface_observation(self.engine.observation_space, rows if self.plays_all else rows[:, self.view])

    def masks(self) -> Any:
        """The caller's canonical masks (N, ...), a copy."""
        shown = self.engine.shown_masks
        masks = self.engine.mask_spec.surface(shown if self.plays_all else shown[:, self.view])
        return masks.reshape(len(masks), -1) if self.plays_all else masks

    def agents_to_act(self) -> npt.NDArray[np.int64] | None:
        """The agent (N,) whose action the caller gives next; None where there is one agent, or it gives all at once."""
        if self._play == "single" or self.plays_all:
            return None
        return self.engine.acting.copy() if self.opponent is None else np.full(self.engine.rows, self.agent)

    def head_mask(self, row: int, k: int, prefix: Sequence[int]) -> npt.NDArray[np.int8]:
        """For a conditional mask: what head k of the caller's action may take after `prefix`."""
        agent = int(self.engine.acting[row]) if self.opponent is None else self.agent
        return self.engine.head_mask(row, agent, k, prefix)

    # --- moving ---------------------------------------------------------------------------------------------

    def find_invalid(self, where: Rows | None = None) -> int:
        """Check and count the caller's actions; the first row with an invalid one, or -1. Nothing moves.

        An action for all agents counts once, however many of them it is invalid for.
        """
        engine = self.engine
        if not self.plays_all:
            return engine.find_invalid(where, self._own_view)
        before = engine.invalid_counts.copy()
        row = engine.find_invalid(where)
        np.minimum(engine.invalid_counts, before + 1, out=engine.invalid_counts)
        return row

    def reset(self, where: Rows) -> None:
        """Start episodes, and let an opponent that moves first move."""
        self._whole(self._reset, where)

    def step(self, where: Rows | None = None) -> npt.NDArray[np.float64]:
        """Carry out the checked actions and the opponents'; the caller's rewards (N,)."""
        earned: npt.NDArray[np.float64]
        if self.opponent is None:
            earned = self._step(where)
        else:
            earned = self._whole(self._step, self.engine.every_row if where is None else where)
        return earned

    def step_or_reset(self, resting: Rows | None) -> tuple[Any, npt.NDArray[np.float64]]:
        """`step` in all rows, but `reset` in those in `resting`, in one launch; there is no opponent.

        Returns:
            what `observations` gives, and the caller's rewards (N,).
        """
        movers = self._movers()
        rows = self.engine.step_or_reset(resting)
        seen = surface_observation(self.engine.observation_space, rows if self.plays_all else rows[:, self.view], False)
        return seen, self._earned(movers)

    def _whole(self, move: Callable[..., Any], where: Rows | None) -> Any:
        """Undo the move when an opponent of the user's own fails in it, so that no step is left half done."""
        if self.opponent is None or self.opponent == "random":
            return move(where)
        saved = self.engine.save()
        try:
            return move(where)
        except BaseException:
            self.engine.restore(saved)
            raise

    def _reset(self, where: Rows) -> None:
        self.engine.reset(where)
        if self.opponent is not None and self.engine.declaration.play == "turns":
            self._reply(where, np.zeros(self.engine.rows))

    def _step(self, where: Any) -> Any:
        engine = self.engine
        if self.opponent is None:
            movers = self._movers()
            engine.step(where)
            return self._earned(movers)
        if self._play == "turns":
            engine.step(where)
            earned = engine.rewards[:, self.agent].copy()
            self._reply(where, earned)
            return earned
        refused = engine.invalid.any(axis=1) & (engine.on_invalid != "resample")  # nothing is carried out there
        self._choose_beside(where & ~refused)
        engine.step(where)
        return engine.rewards[:, self.agent].copy()

    def _movers(self) -> npt.NDArray[np.int64] | None:
        """Where the rewards of the agents to move are in the flat rewards (N,); None where no agents take turns."""
        return None if self._first_rewards is None else self._first_rewards + self.engine.acting

    def _earned(self, movers: npt.NDArray[np.int64] | None) -> npt.NDArray[np.float64]:
        """What the agents that have moved earned (N,), or all agents together; there is no opponent."""
        rewards = self.engine.rewards
        if self.plays_all:
            return self._together()
        return rewards[:, 0].copy() if movers is None else rewards.ravel().take(movers)

    def _together(self) -> npt.NDArray[np.float64]:
        """What all agents earned; `invalid_reward` once for one action, however many agents it was invalid for."""
        engine = self.engine
        earned: npt.NDArray[np.float64] = (engine.rewards - engine.invalid_reward * engine.invalid).sum(axis=1)
        return earned + engine.invalid_reward * engine.invalid.any(axis=1)

    # --- opponents ------------------------------------------------------------------------------------------

    def _reply(self, where: Rows, earned: npt.NDArray[np.float64]) -> None:
        """Let the opponents move until it is the caller's turn, adding what the caller earns by it."""
        engine = self.engine
        total, refused = engine.rewards.copy(), engine.invalid.copy()
        engine.invalid[...] = False
        while True:
            waiting = where & (engine.acting != self.agent) & ~(engine.terminated | engine.truncated)
            if not waiting.any():
                break
            self._choose(waiting, 0)
            engine.step(waiting)
            earned[waiting] += engine.rewards[waiting, self.agent]
            total[waiting] += engine.rewards[waiting]
        engine.rewards[...], engine.invalid[...] = total, refused
        self.present(where)

    def present(self, where: Rows) -> None:
        """Show the caller's own side in rows that ended with an opponent to move."""
        engine = self.engine
        if self.opponent is None or engine.declaration.play != "turns":
            return
        for row in np.flatnonzero(where & (engine.acting != self.agent)):
            engine.observe(int(row), self.agent, engine.observations[row])
            engine.mask_of(int(row), self.agent, engine.masks[row])

    def _choose_beside(self, where: Rows) -> None:
        """Fill in the actions of the other agents of a simultaneous game."""
        for view in range(self.engine.views):
            if view != self.view:
                self._choose(where, view)

    def _choose(self, where: Rows, view: int) -> None:
        engine = self.engine
        if self.opponent == "random":
            engine.pick(where, view)
            return
        assert callable(self.opponent)
        spec = engine.mask_spec
        for row in np.flatnonzero(where):
            seen = surface_observation(engine.observation_space, engine.observations[row, view])
            mask = spec.surface(engine.masks[row, view])
            agent = int(engine.acting[row]) if self._play == "turns" else view
            late = (functools.partial(engine.head_mask, int(row), agent),) if spec.needs_head_mask else ()
            action = self.opponent(seen, mask, *late)
            encoded = spec.encode(action)
            if encoded is not None:
                engine.actions[row, view] = encoded
            if encoded is None or not engine.is_legal(int(row), view):
                raise InvalidActionError(f"{engine.declaration.id}: the opponent chose {action!r}, which is not legal")


def joint_spec(spec: MaskSpec, agents: int, env_id: str) -> MaskSpec:
    """The mask of one action that holds a choice for every agent."""
    if spec.kind not in ("flat", "candidates"):
        raise TypeError(
            f"{env_id}: agents with {spec.kind} masks cannot be played through one Gymnasium action; "
            f"use masked_envs.make_parallel, or give opponent= to play one agent"
        )
    return MaskSpec.per_head([int(spec.heads[0])] * agents, meaning=spec.meaning)
