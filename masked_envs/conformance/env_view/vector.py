"""The view of a `gymnasium.vector.VectorEnv`, row by row."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import concatenate, create_empty_array

from ... import trees
from ...adaptation.rows import attribute_of, attribute_of_row, info_of_row
from ...mask_spec import MaskSpec
from ..masks import HeadMask
from ..time_step import AgentStep, TimeStep, masks_in
from .base import RESET_ENDED, EnvView, ask_sb3, reward_of


class VectorEnvView(EnvView):
    """A `gymnasium.vector.VectorEnv`: one agent per row, named "row i"."""

    interface = "gymnasium.vector.VectorEnv"

    @staticmethod
    def fits(env: Any) -> bool:
        return isinstance(env, VectorEnv)

    @property
    def mode(self) -> Any:
        return self.env.metadata.get("autoreset_mode", AutoresetMode.NEXT_STEP)

    def attribute(self, name: str) -> Any:
        return attribute_of(self.env, name)

    def spec(self, name: str) -> MaskSpec:
        return self.attribute("mask_spec") if self.declares else self.reader.spec(self.env.single_action_space)

    @property
    def single_action_space(self) -> spaces.Space[Any]:
        return self.env.single_action_space  # type: ignore[no-any-return]

    def observation_space(self, name: str) -> spaces.Space[Any]:
        return self.env.single_observation_space  # type: ignore[no-any-return]

    def head_mask(self, name: str) -> HeadMask | None:
        row, env, given, asked = int(name.split()[1]), self.env, self.options.head_mask, self.declared("head_mask")
        if given is not None:
            return lambda k, prefix: given(env, row, k, prefix)
        return None if asked is None else lambda k, prefix: asked(row, k, prefix)

    def counts(self, names: Iterable[str] | None = None) -> dict[str, int] | None:
        counts = self.declared("invalid_actions")
        return None if counts is None else {f"row {i}": int(count) for i, count in enumerate(counts)}

    def ask(self) -> TimeStep:
        return self._time_step(*self._returned)

    def can_represent(self, action: Any) -> bool:
        """A batch of dicts is a dict of batches: it has exactly the parts of the space."""
        space = self.env.single_action_space
        if isinstance(space, spaces.Dict):
            return isinstance(action, dict) and set(action) == set(space.spaces)
        return not isinstance(space, spaces.Tuple) or (isinstance(action, tuple) and len(action) == len(space.spaces))

    def _reset(self, seed: int | None) -> TimeStep:
        observations, infos = self.env.reset(seed=seed)
        return self._remember(observations, infos)

    def _step(self, actions: Mapping[str, Any]) -> TimeStep:
        observations, rewards, terminated, truncated, infos = self.env.step(self._batch(actions))
        return self._remember(observations, infos, rewards, terminated, truncated)

    def _batch(self, actions: Mapping[str, Any]) -> Any:
        """The rows' actions as an array where all are in the space, else as they are."""
        rows, space, spec = list(actions.values()), self.env.single_action_space, self.spec("row 0")
        # `contains` alone would take True for the action 1
        if all(spec.encode(action) is not None and space.contains(action) for action in rows):
            return concatenate(space, rows, create_empty_array(space, len(rows)))
        if all(type(action) is int and abs(action) < 2**62 for action in rows):
            return np.array(rows)
        return rows if not isinstance(space, (spaces.Dict, spaces.Tuple)) else _stack(space, rows)

    def reset_ended(self) -> bool:
        assert self.time_step is not None
        ended = np.array([agent.ended for agent in self.time_step.agents.values()])
        if self.mode is not AutoresetMode.DISABLED or not ended.any():
            return False
        self.time_step = self._remember(*self.env.reset(options={"reset_mask": ended}))
        self.history.append(RESET_ENDED)
        return True

    def _remember(self, *returned: Any) -> TimeStep:
        none = np.zeros(self.env.num_envs)
        self._returned = returned if len(returned) == 5 else (*returned, none, none.astype(bool), none.astype(bool))
        return self._time_step(*self._returned)

    def _time_step(self, observations: Any, infos: Any, rewards: Any, terminated: Any, truncated: Any) -> TimeStep:
        asked = self.declared("action_mask")
        if self.options.mask_fn is not None:
            asked = self._asked_for_all(observations, infos)
        sb3 = ask_sb3(self, self.spec("row 0")) if self.declares else None
        same_step = self.mode is AutoresetMode.SAME_STEP
        agents, final, some_ended = {}, {}, False
        for i in range(self.env.num_envs):
            name, info, ended = f"row {i}", info_of_row(infos, i), bool(terminated[i] or truncated[i])
            some_ended |= ended
            masks, returned = self._masks_of_row(i, trees.row(observations, i), info, asked)
            flags = (bool(terminated[i]), bool(truncated[i]))
            if ended and same_step:
                last, last_info = infos["final_obs"][i], info_of_row(infos["final_info"], i)
                found, there = self._masks_of_row(i, last, last_info)
                final[name] = AgentStep(last, last_info, found, None, False, reward_of(rewards[i]), *flags, there)
                flags = (False, False)
            # NEXT_STEP discards the action of an ended row; DISABLED resets it before the next step
            acting = same_step or not ended
            one, reward = None if sb3 is None else sb3[i], reward_of(rewards[i])
            agents[name] = AgentStep(trees.row(observations, i), info, masks, one, acting, reward, *flags, returned)
        return TimeStep(agents, final, over=some_ended and self.mode is AutoresetMode.DISABLED)

    def _asked_for_all(self, observations: Any, infos: Any) -> Any:
        """The masks of all rows by `mask_fn`, a function (envs) or (envs, observations, infos)."""
        wanted = self.options.mask_fn
        if callable(wanted) and len(inspect.signature(wanted).parameters) >= 3:
            return wanted(self.env, observations, infos)
        return self.reader.asked(self.env, self.attribute)

    def _masks_of_row(
        self, row: int, observation: Any, info: Any, asked: Any = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """A row's masks; `asked` are those of all rows, as the environment or `mask_fn` gives them now."""
        if self.options.mask_fn is not None:
            found = {} if asked is None else {"mask_fn": ("", trees.row(asked, row))}
            return self.reader.read(self.single_action_space, found, "mask_fn")
        if self.declares:
            masks = masks_in(self.spec(""), observation, info, None if asked is None else trees.row(asked, row))
            return masks, masks
        return self.third_party_masks(observation, info, attribute_of_row(self.env, row))

    def takes_action(self, name: str) -> bool:
        return True


def _stack(space: Any, rows: list[Any]) -> Any:
    """Rows that are not all in a Dict or Tuple space, part by part as lists."""
    if isinstance(space, spaces.Dict):
        return {key: [row[key] for row in rows] for key in space.spaces}
    return tuple([row[i] for row in rows] for i in range(len(space.spaces)))
