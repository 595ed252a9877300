"""Games under RLlib: a MultiAgentEnv over PettingZoo environments with per-agent masks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pettingzoo import AECEnv, ParallelEnv
from ray.rllib.env.multi_agent_env import MultiAgentEnv

from .. import registration
from ..catalogue import CATALOGUE
from ..torch.features import ACTION_MASK
from .features import mask_spec_of
from .naming import call

ALL = "__all__"
"""RLlib's key for the episode as a whole."""

StepResult = tuple[Any, float, bool, bool, dict[str, Any]]
"""Observation, reward, terminated, truncated and info of one agent."""


def make_game(env: str | Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    """The PettingZoo environment of an id of this package (parallel where agents act at once) or of a function.

    Raises:
        TypeError: an id with one agent, or a function that makes something else.
        UnknownEnvironmentError: no such id.
    """
    if callable(env):
        made = call(env, arguments)
        if not isinstance(made, (AECEnv, ParallelEnv)):
            raise TypeError(f"expected a function that makes a PettingZoo AECEnv or ParallelEnv, got a {type(made)}")
        return made
    simultaneous = env in CATALOGUE and CATALOGUE[env].play == "simultaneous"
    return (registration.make_parallel if simultaneous else registration.make_aec)(env, **arguments)


class MaskedMultiAgentEnv(MultiAgentEnv):  # type: ignore[misc]
    """A game of this package, or any PettingZoo environment whose agents observe `Dict(..., action_mask)`.

    Only agents that can act now are in the observations, so RLlib asks no other for an action. An agent that is done
    gets one last observation. The reward of a waiting agent comes with its next or last observation, and RLlib adds it
    to the agent's last decision. (RLlib would accept it earlier, but loses waiting rewards when it cuts an episode into
    chunks: `MultiAgentEpisode.cut`, ray 2.60.)

    Args:
        config: "env", an id or a function that makes a PettingZoo environment; the rest are its arguments.

    Attributes:
        possible_agents, agents, observation_spaces, action_spaces: as in RLlib.
        game: the PettingZoo environment.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        arguments = dict(config)
        self.game = make_game(arguments.pop("env"), arguments)
        self.metadata = dict(self.game.metadata)  # RLlib writes into it
        self.render_mode = getattr(self.game, "render_mode", None)
        self.possible_agents = list(self.game.possible_agents)
        self.agents = list(self.possible_agents)
        self.observation_spaces = {agent: self.game.observation_space(agent) for agent in self.possible_agents}
        self.action_spaces = {agent: self.game.action_space(agent) for agent in self.possible_agents}
        self._specs = {
            agent: mask_spec_of(self.observation_spaces[agent], self.action_spaces[agent])
            for agent in self.possible_agents
        }
        self._parallel = isinstance(self.game, ParallelEnv)
        self._masks: dict[str, Any] = {}  # of the agents that act now
        self._seen: set[str] = set()  # agents that RLlib has met in this episode
        self._held: dict[str, StepResult] = {}
        self._counted = 0
        super().__init__()

    @property
    def invalid_actions(self) -> int:
        """Invalid actions since the environment was made: its own count, or one by its masks if it does not count."""
        return int(getattr(self.game, "invalid_actions", self._counted))

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Start an episode: observations and infos of the agents that act now."""
        self._seen, self._held = set(), {}
        if self._parallel:
            observations, infos = self.game.reset(seed=seed, options=options)
            results = {agent: (seen, 0.0, False, False, infos.get(agent, {})) for agent, seen in observations.items()}
        else:
            self.game.reset(seed=seed, options=options)
            results = self._until_someone_acts()
        observations, _, _, _, infos = self._in_rllibs_form(results)
        return observations, infos

    def step(self, action_dict: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
        """Carry out the actions of the agents that were in the last observations.

        Returns:
            observations, rewards, terminateds, truncateds and infos by agent; ends also under "__all__".
        """
        for agent, action in action_dict.items():
            self._counted += not self._specs[agent].allows(self._masks[agent], action)
        if self._parallel:
            observations, rewards, *ends, infos = self.game.step(dict(action_dict))
            results = {
                agent: (seen, rewards[agent], ends[0][agent], ends[1][agent], infos.get(agent, {}))
                for agent, seen in observations.items()
            }
        else:
            self.game.step(action_dict[self.game.agent_selection])
            results = self._until_someone_acts()
        return self._in_rllibs_form(results)

    def render(self) -> Any:
        return self.game.render()

    def close(self) -> None:
        self.game.close()

    # --- inside ---------------------------------------------------------------------------------------------

    def _until_someone_acts(self) -> dict[str, StepResult]:
        """The step results of the agent to move, and before it of those that are done, which leave the game."""
        results: dict[str, StepResult] = {}
        while self.game.agents:
            agent = self.game.agent_selection
            observation, reward, terminated, truncated, info = self.game.last()
            results[agent] = (observation, reward, terminated, truncated, info)
            if not (terminated or truncated):
                break
            self.game.step(None)
        return results

    def _in_rllibs_form(self, results: dict[str, StepResult]) -> tuple[dict[str, Any], ...]:
        """The same in RLlib's form."""
        self.agents = list(self.game.agents)
        results = {**self._held, **results}
        self._held = {}
        if self.agents and self._seen and not self._seen & set(self.agents):
            # RLlib ends an episode once all agents it has seen are done. While it has seen none of the others, results
            # of agents that are done are held back for one step, until the first of the others has been seen.
            self._held = {agent: what for agent, what in results.items() if agent not in self.agents}
        shown = {agent: what for agent, what in results.items() if agent not in self._held}
        self._seen |= set(shown)
        self._masks = {agent: shown[agent][0][ACTION_MASK] for agent in shown if agent in self.agents}
        terminateds = {agent: bool(what[2]) for agent, what in shown.items()}
        truncateds = {agent: bool(what[3]) for agent, what in shown.items()}
        over = not self.agents
        cut_off = over and any(truncateds[agent] and not terminateds[agent] for agent in shown)
        if cut_off:
            # If each agent were truncated, RLlib would count the episode as terminated and not bootstrap
            # (`MultiAgentEpisode.add_env_step`, "Case 2", ray 2.60); "__all__" alone truncates every agent.
            truncateds = {}
        return (
            {agent: what[0] for agent, what in shown.items()},
            {agent: float(what[1]) for agent, what in shown.items()},
            {**terminateds, ALL: over and not cut_off},
            {**truncateds, ALL: cut_off},
            {agent: what[4] for agent, what in shown.items()},
        )
