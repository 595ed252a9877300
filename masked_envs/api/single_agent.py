"""One Gymnasium agent in a game: which of its agents the actions of `step` control, and opponents for the rest.

In a single-agent environment that is the one agent. In a game without `opponent`, the actions control every agent: in
turn where moves alternate, all at once where they are simultaneous (the action is then one choice per agent). With
`opponent`, they control one agent, and the opponent controls the others.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from gymnasium.vector.utils import batch_space

from ..core.buffers import Moved
from ..core.engine import Engine
from ..core.loop import NOBODY
from ..core.mask_binding import dependent_heads
from ..errors import InvalidActionError
from ..mask_spec import HeadMask, MaskSpec
from ..mask_spec.checks import is_one_of, shown
from .observations import agent_index, check_flat, flat_observation, flat_space, read_observation

Opponent = str | Callable[..., Any]
Rows = npt.NDArray[np.bool_]


class SingleAgentView:
    """The engine as a single-agent interface sees it: observations, masks, actions and rewards of the controlled agent.

    Args:
        engine: the rows.
        opponent: None, "random" (a random legal action, from the row's own random stream), or a callable
            (observation, mask) -> action, which gets the opponent's observation and canonical mask; with a conditional
            mask of more than two heads (observation, mask, head_mask) -> action, with head_mask(k, prefix).
        agent: the agent to control beside an opponent, by name or index. Where agents leave one by one, the episode
            ends when it leaves; one that plays with it and has left is still asked, with a mask that allows one action.
        flat: whether observations are vectors of float32; opponents get them as the environment has them.

    Attributes:
        mask_spec: the mask of the controlled agent's action; of all agents at once, one head per agent.
        own_view: beside an opponent who acts at the same time, the index of the controlled agent; otherwise None.
        bare_space: the space of its observation, without the mask.
    """

    def __init__(self, engine: Engine, opponent: Opponent | None, agent: int | str = 0, flat: bool = False) -> None:
        check_flat(flat)
        game = engine.declaration
        if game.play == "single" and not (opponent is None and type(agent) is int and agent == 0):
            raise TypeError(f"{game.id} has one agent: it takes neither opponent= nor agent=")
        if not (opponent is None or callable(opponent) or is_one_of(opponent, ("random",))):
            raise ValueError(
                f"opponent must be None, 'random' or a callable (observation, mask), not {shown(opponent)}"
            )
        self.engine, self.opponent, self._play = engine, opponent, game.play
        self.agent = agent_index(engine.agents, agent)
        engine.followed = NOBODY if opponent is None else self.agent
        if opponent is None and self.agent != 0:
            raise ValueError(
                f"agent={shown(agent)} needs opponent=, such as 'random': without one, your actions control all agents"
            )
        at_once = game.play == "simultaneous"  # even with one agent
        self.plays_all = opponent is None and at_once
        self.view = self.agent if opponent is not None and at_once else 0
        self._slot = slice(None) if self.plays_all else self.view
        alternate = game.play == "turns"  # then this is where each row begins in the flat rewards
        self._first_rewards = np.arange(engine.rows) * len(engine.agents) if alternate else None
        self.own_view = self.view if opponent is not None and at_once else None
        self.mask_spec = joint_spec(engine.mask_spec, engine.views, game.id) if self.plays_all else engine.mask_spec
        bare = engine.observation_space
        self._space: spaces.Space[Any] = batch_space(bare, engine.views) if self.plays_all else bare
        self._flat, self.bare_space = flat, flat_space(self._space) if flat else self._space

    # --- actions, observations and masks --------------------------------------------------------------------

    def write_actions(self, actions: Any) -> None:
        """Put a batch of actions (N, ...) of the controlled agent into the engine."""
        self.mask_spec.encode_into(actions, self.engine.actions[:, self._slot])

    def write_action(self, row: int, action: Any) -> None:
        """Put an encoded action of the controlled agent in one row into the engine."""
        self.engine.actions[row, self._slot] = action

    def observation(self, row: int) -> Any:
        """The observation of one row, a copy."""
        engine = self.engine
        rows = engine.observations[row] if self.plays_all else engine.by_row.observations[row][self.view]
        observation = read_observation(engine.observation_space, rows)
        return flat_observation(self._space, observation) if self._flat else observation

    def mask(self, row: int) -> Any:
        """The canonical mask of one row, a copy."""
        engine = self.engine
        if self.plays_all:
            return engine.mask_spec.canonical(engine.masks[row]).ravel()
        return engine.mask_spec.canonical(engine.by_row.masks[row][self.view])

    def observations(self) -> Any:
        """The observations (N, ...), a copy."""
        return self._read(self.engine.observations)

    def masks(self) -> Any:
        """The canonical masks (N, ...), a copy."""
        shown = self.engine.shown_masks
        return self._in_form(self.engine.mask_spec.canonical(shown if self.plays_all else shown[:, self.view]))

    def _in_form(self, masks: Any) -> Any:
        """Canonical masks (N, mask) or, of all agents, (N, V, mask) in the form of `mask_spec`."""
        return masks.reshape(len(masks), -1) if self.plays_all else masks

    def agents_to_act(self) -> npt.NDArray[np.int64] | None:
        """The agent (N,) that acts next; None where there is only one, or all act at once."""
        if self._play == "single" or self.plays_all:
            return None
        return self.engine.acting.copy() if self.opponent is None else np.full(self.engine.rows, self.agent)

    def head_mask(self, row: int, k: int, prefix: Sequence[int]) -> npt.NDArray[np.int8]:
        """What head k of the controlled agent's action may take in a row after the choices `prefix`."""
        if self.plays_all:
            return self.mask_spec.head_mask(self.mask(row), k, prefix)
        return self.engine.head_mask(row, self._agent_in(row), k, prefix)

    def dependent_heads(self, row: int) -> HeadMask:
        """The same for heads 2 and later of a conditional mask, as `MaskSpec` takes it, without checks of prefixes."""
        return dependent_heads(self.engine, row, self._agent_in(row))

    def _agent_in(self, row: int) -> int:
        return int(self.engine.acting[row]) if self.opponent is None else self.agent

    def sample_legal(self, row: int, rng: np.random.Generator) -> Any:
        """A uniformly random legal action of one row."""
        return self.mask_spec.sample(self.mask(row), rng, self.dependent_heads(row))

    def sample_legal_rows(self, rng: np.random.Generator) -> Any:
        """A uniformly random legal action of every row (N, ...)."""
        return self.mask_spec.sample(self.masks(), rng, lambda row, k, prefix: self.dependent_heads(row)(k, prefix))

    # --- moving ---------------------------------------------------------------------------------------------

    def find_invalid(self, where: Rows | None = None) -> int:
        """Check and count the actions; the first row with an invalid one, or -1. Nothing moves.

        An action for all agents counts once, however many of them it is invalid for.
        """
        engine = self.engine
        if not self.plays_all:
            return engine.find_invalid(where, self.own_view)
        before = engine.invalid_counts.copy()
        row = engine.find_invalid(where)
        np.minimum(engine.invalid_counts, before + 1, out=engine.invalid_counts)
        return row

    def reset(self, where: Rows) -> None:
        """Start episodes; an opponent that moves first makes its move."""
        self._all_or_nothing(self._reset, where)

    def step(self, where: Rows | None = None) -> npt.NDArray[np.float64]:
        """Carry out the checked actions and those of opponents; the rewards (N,) of the controlled agent."""
        earned: npt.NDArray[np.float64]
        if self.opponent is None:
            earned = self._step(where)
        else:
            earned = self._all_or_nothing(self._step, self.engine.every_row if where is None else where)
        return earned

    def step_or_reset(self) -> Moved:
        """`step`, but `reset` in the rows that `Engine.mark_ended` marked, in one launch; there is no opponent.

        Returns:
            new arrays: what `observations`, `masks` and `agents_to_act` give, all rewards (N, A), those (N,) that
            `step` returns, and the ends.
        """
        moved = self.engine.step_or_reset()
        masks = moved.masks if self.plays_all else moved.masks[:, self.view]
        return moved._replace(
            observations=self._read(moved.observations, copied=False),
            masks=self._in_form(self.engine.mask_spec.canonical(masks) if masks.dtype.names else masks),
            earned=self._together(moved.rewards) if self.plays_all else moved.earned,
        )

    def _read(self, buffer: npt.NDArray[Any], copied: bool = True) -> Any:
        """The observations of the controlled agent from a buffer (N, V, ...); see `read_observation`."""
        rows = buffer if self.plays_all else buffer[:, self.view]
        observations = read_observation(self.engine.observation_space, rows, copied and not self._flat)
        return flat_observation(self._space, observations, batch=True) if self._flat else observations

    def _all_or_nothing(self, move: Callable[..., Any], where: Rows | None) -> Any:
        """Undo the move when a user's opponent raises, so that no step is left half done."""
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
            return self._together(rewards)
        return rewards[:, 0].copy() if movers is None else rewards.ravel().take(movers)

    def _together(self, rewards: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The sum of all rewards (N, A); `invalid_reward` once per action, however many agents it was invalid for."""
        engine = self.engine
        earned: npt.NDArray[np.float64] = (rewards - engine.invalid_reward * engine.invalid).sum(axis=1)
        return earned + engine.invalid_reward * engine.invalid.any(axis=1)

    # --- opponents ------------------------------------------------------------------------------------------

    def _reply(self, where: Rows, earned: npt.NDArray[np.float64]) -> None:
        """Let opponents move until the controlled agent is to move; its rewards on the way are added to `earned`."""
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
        """Show the controlled agent's observation and mask in rows that ended with an opponent to move."""
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
            observation = read_observation(engine.observation_space, engine.observations[row, view])
            mask = spec.canonical(engine.masks[row, view])
            agent = int(engine.acting[row]) if self._play == "turns" else view
            head_mask = functools.partial(engine.head_mask, int(row), agent)
            action = self.opponent(observation, mask, *([head_mask] if spec.needs_head_mask else []))
            encoded = spec.encode(action)
            if encoded is not None:
                engine.actions[row, view] = encoded
            if encoded is None or not engine.is_legal(int(row), view):
                raise InvalidActionError(
                    f"{engine.declaration.id}: the opponent chose {shown(action)}, which is not legal"
                )


def joint_spec(spec: MaskSpec, agents: int, env_id: str) -> MaskSpec:
    """The mask of one action that holds a choice for every agent."""
    if spec.kind not in ("flat", "candidates"):
        raise TypeError(
            f"{env_id}: agents with {spec.kind} masks cannot be played through one Gymnasium action; "
            "use masked_envs.make_parallel, or give opponent= to play one agent"
        )
    return MaskSpec.per_head([int(spec.heads[0])] * agents, meaning=spec.meaning)
