"""One agent of any environment on any surface, played alike: the others of a game or a batch play legally beside it."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode
from positions import changed, read
from streams import fingerprint, row_of
from surfaces import ROWS, declared_of, make

from masked_envs.conformance.actions import out_of_range, probe_actions
from masked_envs.core.random import random_word
from masked_envs.core.state import State


@dataclass(frozen=True)
class Outcome:
    """What one step gave the agent (`reward`, ends, `invalid` flag, None where there is none), and the others."""

    reward: float
    terminated: bool
    truncated: bool
    invalid: bool | None
    other_rewards: tuple[float, ...]
    other_flags: tuple[bool | None, ...]
    everything: bytes


def legal_of(spec: Any, mask: Any, head_mask: Any = None) -> Any:
    """A legal action, the same for the same mask."""
    return spec.sample(mask, np.random.default_rng(0), head_mask)


class Player:
    """A Gymnasium environment; `spec` is the agent's, and `named` what an error must call it by."""

    named = ""

    def __init__(self, env_id: str, surface: str, **arguments: Any) -> None:
        self.env = make(env_id, surface, **arguments)
        self.inner = self.env.unwrapped
        self.spec = self._spec()

    def _spec(self) -> Any:
        return self.inner.mask_spec

    def begin(self, seed: int) -> None:
        self.env.reset(seed=seed)

    def mask(self) -> Any:
        return self.inner.action_mask

    def head_mask(self, k: int, prefix: Any) -> Any:
        return self.inner.head_mask(k, prefix)

    def legal(self) -> Any:
        """A legal action, the same in the same position."""
        return legal_of(self.spec, self.mask(), self.head_mask)

    def step(self, action: Any) -> Outcome:
        given = self.env.step(action)
        return Outcome(given[1], *given[2:4], given[4].get("invalid_action"), (), (), fingerprint(given))

    def whole(self) -> Any:
        """The whole position, other rows and agents included."""
        return self.inner.get_state()

    def position(self) -> State:
        """The position of the agent's game."""
        return self.whole()

    def restore(self, whole: Any, skipped: int = 0) -> None:
        """Take a whole position, its random stream `skipped` numbers further."""
        self.inner.set_state(further(whole, skipped))

    def restore_position(self, position: State) -> None:
        """Take another position for the agent's own game, the rest staying where it is."""
        self.inner.set_state(position)

    def counts(self) -> tuple[int, int]:
        """Invalid actions counted: the agent's, and everybody else's where they are told apart."""
        return self.inner.invalid_actions, 0


class VectorPlayer(Player):
    """The second row of a batch."""

    row = 1
    named = ", row 1"

    def batch(self, action: Any) -> Any:
        return stacked(self.spec.action_space, [action if i == self.row else self.legal_in(i) for i in range(ROWS)])

    def legal_in(self, row: int) -> Any:
        return legal_of(self.spec, row_of(self.inner.action_mask, row), functools.partial(self.inner.head_mask, row))

    def head_mask(self, k: int, prefix: Any) -> Any:
        return self.inner.head_mask(self.row, k, prefix)

    def mask(self) -> Any:
        return row_of(self.inner.action_mask, self.row)

    def step(self, action: Any) -> Outcome:
        given = self.env.step(self.batch(action))
        _, rewards, terminated, truncated, info = given
        flags = info.get("invalid_action", [None] * ROWS)
        others = [i for i in range(ROWS) if i != self.row]
        return Outcome(
            rewards[self.row], bool(terminated[self.row]), bool(truncated[self.row]), flags[self.row], (),
            tuple(flags[i] for i in others), fingerprint(given),
        )  # fmt: skip

    def position(self) -> State:
        return self.whole()[self.row]

    def restore_position(self, position: State) -> None:
        states = list(self.whole())
        states[self.row] = position
        self.inner.set_state(states)

    def counts(self) -> tuple[int, int]:
        counts = self.inner.invalid_actions
        return int(counts[self.row]), int(counts.sum() - counts[self.row])

    @property
    def starts_again_at_once(self) -> bool:
        return self.inner.autoreset_mode is AutoresetMode.SAME_STEP


class AECPlayer(Player):
    """The agent to move of a turn-based game, or the last one of a simultaneous game."""

    def _spec(self) -> Any:
        return self.inner.mask_spec(self.inner.possible_agents[0])

    @property
    def named(self) -> str:  # type: ignore[override]
        return f", {self.env.agent_selection}"

    def begin(self, seed: int) -> None:
        self.env.reset(seed=seed)
        self._others_choose()

    def _others_choose(self) -> None:
        if self.env.metadata["is_parallelizable"]:
            while self.env.agents and self.env.agent_selection != self.env.possible_agents[-1] and not self._over():
                self.env.step(self.legal())

    def _over(self) -> bool:
        return any(self.env.terminations.values()) or any(self.env.truncations.values())

    def step(self, action: Any) -> Outcome:
        env, agent = self.env, self.env.agent_selection
        env.step(action)
        others = [name for name in env.possible_agents if name != agent]
        outcome = Outcome(
            env.rewards[agent], env.terminations[agent], env.truncations[agent],
            env.infos[agent].get("invalid_action"), tuple(env.rewards[name] for name in others),
            tuple(env.infos[name].get("invalid_action") for name in others),
            fingerprint([{name: env.observe(name) for name in env.agents}, env.rewards, env.infos]),
        )  # fmt: skip
        self._others_choose()
        return outcome

    def position(self) -> State:
        return self.whole().position

    def restore_position(self, position: State) -> None:
        self.inner.set_state(replace(self.whole(), position=position).sealed())


class ParallelPlayer(Player):
    """The last agent of a simultaneous game."""

    def _spec(self) -> Any:
        return self.inner.mask_spec(self.inner.possible_agents[0])

    @property
    def agent(self) -> str:
        return self.inner.possible_agents[-1]

    @property
    def named(self) -> str:  # type: ignore[override]
        return f", {self.agent}"

    def actions(self, action: Any) -> dict[str, Any]:
        masks, head_mask = self.inner.action_mask.items(), self.inner.head_mask
        chosen = {agent: legal_of(self.spec, mask, functools.partial(head_mask, agent)) for agent, mask in masks}
        return {**chosen, self.agent: action}

    def mask(self) -> Any:
        return self.inner.action_mask[self.agent]

    def head_mask(self, k: int, prefix: Any) -> Any:
        return self.inner.head_mask(self.agent, k, prefix)

    def step(self, action: Any) -> Outcome:
        given = self.env.step(self.actions(action))
        _, rewards, terminated, truncated, infos = given
        others = self.inner.possible_agents[:-1]
        return Outcome(
            rewards[self.agent], terminated[self.agent], truncated[self.agent],
            infos[self.agent].get("invalid_action"), tuple(rewards[name] for name in others),
            tuple(infos[name].get("invalid_action") for name in others), fingerprint(given),
        )  # fmt: skip


def player(env_id: str, surface: str, **arguments: Any) -> Player:
    """The player of a surface; opponents draw no random number, so that a test can tell whose the numbers are."""
    kinds = {"aec": AECPlayer, "parallel": ParallelPlayer}
    kind = VectorPlayer if surface.startswith("vector") else kinds.get(surface, Player)
    if "seat" in surface:
        declared = declared_of(env_id)
        spec = declared.mask(declared.resolve({}))
        arguments = {"opponent": lambda observation, mask, *heads: legal_of(spec, mask, *heads), **arguments}
    return kind(env_id, surface, **arguments)


def further(whole: Any, skipped: int) -> Any:
    """A whole position with its random streams some numbers further."""
    if isinstance(whole, tuple):
        return tuple(further(state, skipped) for state in whole)
    if not isinstance(whole, State):
        return replace(whole, position=further(whole.position, skipped)).sealed()
    rng = read(whole)["rng"].tolist()
    for _ in range(skipped):
        random_word(rng)
    return changed(whole, rng=rng)


def stacked(space: spaces.Space[Any], actions: list[Any]) -> Any:
    """Actions as a batch that may hold what is not an action: a list, or a dict or tuple of lists."""
    if isinstance(space, spaces.Dict):
        keys = dict.fromkeys(key for action in actions for key in action)  # wrong ones too
        return {key: stacked(space.spaces.get(key), [action[key] for action in actions]) for key in keys}
    if isinstance(space, spaces.Tuple):
        if not all(isinstance(action, tuple) for action in actions):
            raise TypeError("a batch of tuples holds the parts of tuples only")
        parts = [*space.spaces, *[None] * max(len(action) - len(space.spaces) for action in actions)]  # wrong ones too
        return tuple(stacked(part, [action[k] for action in actions]) for k, part in enumerate(parts))
    return actions


def spoilt(spec: Any, actions: Any, rows: list[int]) -> Any:
    """A copy of a batch of actions in which those of some rows are out of range."""
    if spec.kind == "dict":
        parts = zip(spec.items(), spec.unpack(actions, "the actions"), strict=True)
        return spec.pack([spoilt(part, value, rows) for (_, part), value in parts])
    batch = actions.copy()
    for row in rows:
        batch[row] = out_of_range(spec, actions[row])
    return batch


def go_where_something_is_forbidden(*players: Player) -> Any:
    """Walk all of them alike to a position where an action of the space is forbidden; the action."""
    first = players[0]
    for seed in range(200):
        rng = np.random.default_rng(seed)
        for each in players:
            each.begin(seed)
        before = first.whole()
        for _ in range(30):
            mask = first.mask()
            for action in probe_actions(first.spec, mask, first.legal(), rng, 64):
                if first.spec.action_space.contains(action) and not first.spec.allows(mask, action, first.head_mask):
                    return action
            action = first.spec.sample(mask, rng, first.head_mask)
            outcomes = [each.step(action) for each in players]
            if ended(first, outcomes[0]) or first.whole() == before:
                break
    raise AssertionError("no action was ever forbidden")


def ended(each: Player, outcome: Outcome) -> bool:
    """Whether the agent's game, or any row of its batch, is over or was begun anew."""
    if isinstance(each, VectorPlayer):
        records = [read(state) for state in each.whole()]
        over = [state.terminated or state.truncated for state in each.whole()]
        return any(over) or len({int(record["elapsed_steps"]) for record in records}) > 1
    return bool(outcome.terminated or outcome.truncated)
