"""`SingleAgent`: one agent of a PettingZoo game as a Gymnasium environment; opponents play the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import gymnasium as gym

from ..mask_spec import MaskSpec
from ..mask_spec.checks import HeadMask, is_one_of, shown
from .action_mask import ActionMask
from .adapt import adapt
from .agent_masks import AgentMasks

Opponent = str | Callable[..., Any]
MOST_RESETS = 100  # of games that are over before the agent's first turn


class SingleAgent(ActionMask):
    """One agent of an AEC or parallel game as a Gymnasium environment.

    The agent's reward is what it earned since its last action. The episode ends when the agent's game has ended, though
    others may play on. A game that ends before the agent's first turn is reset again.

    Args:
        game: a PettingZoo environment, of this package or anyone's; one that declares no `mask_spec` is adapted.
        opponent: who plays the others: "random" (uniform over the legal actions), or a function (observation, mask) ->
            action, given what that agent sees without the mask, and its canonical mask; of a conditional mask of more
            than two heads (observation, mask, head_mask) -> action. Or a mapping with one for each agent.
        agent: the agent that the caller plays; the first one without it.
        mask_fn, mask_at, mask_spec: for a game that declares no masks: (game, agent) -> the mask of an agent, or where
            it is, and its form; see `masked_envs.adapt`.
        arguments: `on_invalid`, `invalid_reward` and `mask_in`, see `ActionMask`; they are about the caller's actions.
            An invalid action of an opponent is an `InvalidActionError` that names it.

    Raises:
        ValueError: an unknown agent or opponent. TypeError: no PettingZoo environment, or one without masks.
    """

    def __init__(
        self,
        game: Any,
        opponent: Opponent | Mapping[str, Opponent] = "random",
        agent: str | None = None,
        *,
        mask_fn: Any = None,
        mask_at: str | None = None,
        mask_spec: Any = None,
        **arguments: Any,
    ) -> None:
        if isinstance(game, (gym.Env, gym.vector.VectorEnv)):
            raise TypeError(f"expected a PettingZoo environment, not {game}, which has one agent")
        if mask_fn is not None:
            arguments_of_game = {"mask_fn": mask_fn, "mask_spec": mask_spec}
        else:
            arguments_of_game = {"mask_at": mask_at, "mask_spec": mask_spec}
        game = adapt(game, **arguments_of_game)
        agent = game.possible_agents[0] if agent is None else agent
        if not any(type(agent) is type(other) and agent == other for other in game.possible_agents):
            known = ", ".join(map(repr, game.possible_agents))
            raise ValueError(f"agent must be one of {known}, not {shown(agent)}")
        player = AECPlayer if hasattr(game, "agent_iter") else ParallelPlayer
        env = player(game, agent, _opponents(game, agent, opponent))
        super().__init__(
            env, mask_at="env.agent_mask", mask_spec=game.mask_spec(agent), head_mask=_head_mask, **arguments
        )

    @property
    def _title(self) -> str:
        player: Any = self.unwrapped
        return f"{player.game}, {player.agent}"


def _head_mask(env: Any, k: int, prefix: Any) -> Any:
    return env.unwrapped.heads_of(env.unwrapped.agent)(k, prefix)


def _opponents(game: Any, agent: str, opponent: Any) -> dict[str, Opponent]:
    """The opponent of each other agent."""
    others = [other for other in game.possible_agents if other != agent]
    by_agent = opponent if isinstance(opponent, Mapping) else dict.fromkeys(others, opponent)
    if set(by_agent) != set(others):
        raise ValueError(f"opponent must name {others}, not {sorted(map(str, by_agent))}")
    for other, one in by_agent.items():
        if not (callable(one) or is_one_of(one, ("random",))):
            raise ValueError(f"{other}: opponent must be 'random' or a function (observation, mask), not {shown(one)}")
    return dict(by_agent)


class Player(gym.Env[Any, Any]):
    """The part of one agent in a game with masks; the subclasses know how the agents move.

    The agent's own actions pass the game's mask wrapper unjudged, since `SingleAgent` has judged them. So the checker,
    which looks inside `SingleAgent`, sees what the game itself does with an action that the mask forbids.
    """

    def __init__(self, game: Any, agent: str, opponents: Mapping[str, Opponent]) -> None:
        self.game, self.agent, self.opponents = game, agent, opponents
        self.observation_space, self.action_space = game.observation_space(agent), game.action_space(agent)
        self.metadata = dict(getattr(game, "metadata", {}))
        self.render_mode = getattr(game, "render_mode", None)

    @property
    def agent_mask(self) -> Any:
        """The canonical mask of the agent, of the position that the game is in."""
        return self._mask_of(self.agent)

    def heads_of(self, agent: str) -> HeadMask:
        """(k, prefix) -> what head k of an agent may take, where heads depend on each other."""
        raise NotImplementedError

    def _mask_of(self, agent: str) -> Any:
        raise NotImplementedError

    def _begin(self, seed: int | None, options: Any) -> None:
        """Reset the game and play to the agent's first turn."""
        raise NotImplementedError

    def _has_ended(self) -> bool:
        raise NotImplementedError

    def _seen(self) -> tuple[Any, dict[str, Any]]:
        """What the agent sees, and its info."""
        raise NotImplementedError

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Start a game, and let the others move up to the agent's first turn.

        Raises:
            RuntimeError: game after game is over before that.
        """
        super().reset(seed=seed)
        self._begin(seed, options)
        for _ in range(MOST_RESETS):
            if not self._has_ended():
                return self._seen()
            self._begin(None, options)
        raise RuntimeError(f"{self.game}: {MOST_RESETS} games were over before the first turn of {shown(self.agent)}")

    def _chosen(self, agent: str, observation: Any) -> Any:
        """What the opponent does for one of the other agents."""
        spec: MaskSpec = self.game.mask_spec(agent)
        mask, opponent = self._mask_of(agent), self.opponents[agent]
        heads = self.heads_of(agent) if spec.needs_head_mask else None
        if not callable(opponent):
            return spec.sample(mask, self.np_random, heads)
        return opponent(_bare(observation), mask, *([heads] if heads is not None else []))

    def render(self) -> Any:
        return self.game.render()

    def close(self) -> None:
        self.game.close()


def _bare(observation: Any) -> Any:
    """An observation without the mask beside it."""
    if not (isinstance(observation, Mapping) and "action_mask" in observation):
        return observation
    parts = {key: part for key, part in observation.items() if key != "action_mask"}
    return parts["observation"] if list(parts) == ["observation"] else parts


class AECPlayer(Player):
    """The part of one agent in a game whose agents move one after another."""

    def heads_of(self, agent: str) -> HeadMask:
        heads: HeadMask = self.game.head_mask  # of the agent that is to act
        return heads

    def _mask_of(self, agent: str) -> Any:
        return self.game.infos[agent]["action_mask"]

    def _begin(self, seed: int | None, options: Any) -> None:
        self.game.reset(seed=seed, options=options)
        self._let_others_move()

    def _has_ended(self) -> bool:
        game = self.game
        return self.agent not in game.agents or bool(game.terminations[self.agent] or game.truncations[self.agent])

    def _let_others_move(self) -> None:
        """Play up to the agent's turn, or to its end."""
        game = self.game
        while not self._has_ended() and game.agent_selection != self.agent:
            other = game.agent_selection
            is_done = game.terminations[other] or game.truncations[other]
            game.step(None if is_done else self._chosen(other, game.observe(other)))

    def _seen(self) -> tuple[Any, dict[str, Any]]:
        return self.game.observe(self.agent), self.game.infos[self.agent]

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Move, and let the others move up to the agent's next turn."""
        game = self.game
        step = game.step_unjudged if isinstance(game, AgentMasks) else game.step
        step(action)
        self._let_others_move()
        ends = (bool(game.terminations[self.agent]), bool(game.truncations[self.agent]))
        observation, info = self._seen()
        return observation, game._cumulative_rewards[self.agent], *ends, info


class ParallelPlayer(Player):
    """The part of one agent in a game whose agents all move at once."""

    def heads_of(self, agent: str) -> HeadMask:
        return lambda k, prefix: self.game.head_mask(agent, k, prefix)

    def _mask_of(self, agent: str) -> Any:
        return self.game.action_mask[agent]

    def _begin(self, seed: int | None, options: Any) -> None:
        self._observations, self._infos = self.game.reset(seed=seed, options=options)

    def _has_ended(self) -> bool:
        return self.agent not in self.game.agents

    def _seen(self) -> tuple[Any, dict[str, Any]]:
        return self._observations[self.agent], self._infos[self.agent]

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Move together with the others."""
        others = [other for other in self.game.agents if other != self.agent]
        actions = {other: self._chosen(other, self._observations[other]) for other in others}
        own = {self.agent: action}
        if isinstance(self.game, AgentMasks):
            given = self.game.step_unjudged(own, actions)
        else:
            given = self.game.step({**own, **actions})
        self._observations, rewards, terminated, truncated, self._infos = given
        observation, info = self._seen()
        ends = (bool(terminated[self.agent]), bool(truncated[self.agent]))
        return observation, rewards[self.agent], *ends, info
