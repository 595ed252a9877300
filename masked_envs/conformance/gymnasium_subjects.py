"""Gymnasium's environments as subjects: single ones, and vector ones row by row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import concatenate, create_empty_array

from .. import trees
from ..adaptation.read import read_mask
from ..mask_spec import MaskSpec
from .moments import Moment, Seat, masks_in
from .subject import RESET_ENDED, HeadMask, Subject

ONLY = ""  # the name of the only seat


class SingleSubject(Subject):
    """A `gymnasium.Env`: one seat."""

    surface = "gymnasium.Env"

    @staticmethod
    def fits(env: Any) -> bool:
        return isinstance(env, gym.Env)

    def attribute(self, name: str) -> Any:
        return self.env.get_wrapper_attr(name) if self.env.has_wrapper_attr(name) else None

    def spec(self, name: str) -> MaskSpec:
        return self.attribute("mask_spec") if self.declares else self.foreign_spec(self.env.action_space)

    def observation_space(self, name: str) -> spaces.Space[Any]:
        return self.env.observation_space  # type: ignore[no-any-return]

    def head_mask(self, name: str) -> HeadMask | None:
        return self.own("head_mask")  # type: ignore[no-any-return]

    def ask(self) -> Moment:
        assert self.moment is not None
        seat = self.moment.seats[ONLY]
        return self._moment(seat.observation, seat.info, seat.reward, seat.terminated, seat.truncated)

    def _reset(self, seed: int | None) -> Moment:
        return self._moment(*self.env.reset(seed=seed))

    def _step(self, actions: Mapping[str, Any]) -> Moment:
        observation, reward, terminated, truncated, info = self.env.step(actions[ONLY])
        return self._moment(observation, info, reward, terminated, truncated)

    def _moment(
        self, observation: Any, info: Any, reward: float = 0.0, terminated: bool = False, truncated: bool = False
    ) -> Moment:
        sb3 = None
        if self.declares:
            sb3 = ask_sb3(self, self.spec(ONLY))
            masks = masks_in(self.spec(ONLY), observation, info, self.own("action_mask"), sb3)
        else:
            masks = self.foreign_masks(observation, info, self.attribute)
        over = terminated or truncated
        seat = Seat(observation, info, masks, sb3, not over, reward, bool(terminated), bool(truncated))
        return Moment({ONLY: seat}, over=over)


class VectorSubject(Subject):
    """A `gymnasium.vector.VectorEnv`: one seat per row, named "row i"."""

    surface = "gymnasium.vector.VectorEnv"

    @staticmethod
    def fits(env: Any) -> bool:
        return isinstance(env, VectorEnv)

    @property
    def mode(self) -> Any:
        return self.env.metadata.get("autoreset_mode", AutoresetMode.NEXT_STEP)

    def attribute(self, name: str) -> Any:
        layer = self.env
        while not hasattr(layer, name) and layer is not self.env.unwrapped:
            layer = layer.env
        return getattr(layer, name, None)

    def spec(self, name: str) -> MaskSpec:
        return self.attribute("mask_spec") if self.declares else self.foreign_spec(self.env.single_action_space)

    @property
    def single_action_space(self) -> spaces.Space[Any]:
        return self.env.single_action_space  # type: ignore[no-any-return]

    def _masks_of_row(self, row: int, observation: Any, info: Any, asked: Any = None) -> dict[str, Any]:
        """The masks of a row; `asked` those of all rows, as the environment gives them now."""
        if self.declares:
            return masks_in(self.spec(""), observation, info, None if asked is None else trees.row(asked, row))
        if self.options.mask_fn is not None:
            name = f"row {row}"
            found = self.options.mask_fn(self.env)
            return {"mask_fn": read_mask(self.spec(name), trees.row(found, row), "action_mask")}
        envs = getattr(self.env, "envs", None)  # of Gymnasium's own vector environments

        def attribute(name: str) -> Any:
            own = envs[row] if isinstance(envs, (list, tuple)) else None
            return own.get_wrapper_attr(name) if own is not None and own.has_wrapper_attr(name) else None

        return self.foreign_masks(observation, info, attribute)

    def observation_space(self, name: str) -> spaces.Space[Any]:
        return self.env.single_observation_space  # type: ignore[no-any-return]

    def head_mask(self, name: str) -> HeadMask | None:
        asked = self.own("head_mask")
        row = int(name.split()[1])
        return None if asked is None else lambda k, prefix: asked(row, k, prefix)

    def counts(self, names: Iterable[str] | None = None) -> dict[str, int] | None:
        counts = self.own("invalid_actions")
        return None if counts is None else {f"row {i}": int(count) for i, count in enumerate(counts)}

    def ask(self) -> Moment:
        return self._moment(*self._given)

    def can_give(self, action: Any) -> bool:
        """A batch of dicts is a dict of batches: it has the parts of the space, and no others."""
        space = self.env.single_action_space
        if isinstance(space, spaces.Dict):
            return isinstance(action, dict) and set(action) == set(space.spaces)
        return not isinstance(space, spaces.Tuple) or (isinstance(action, tuple) and len(action) == len(space.spaces))

    def _reset(self, seed: int | None) -> Moment:
        observations, infos = self.env.reset(seed=seed)
        return self._remember(observations, infos)

    def _step(self, actions: Mapping[str, Any]) -> Moment:
        return self._remember(*self._reordered(self.env.step(self._batch(actions))))

    def _batch(self, actions: Mapping[str, Any]) -> Any:
        """The rows' actions as an array where they are of the space, else as they are."""
        rows, space, spec = list(actions.values()), self.env.single_action_space, self.spec("row 0")
        # `contains` alone would take True for the action 1
        if all(spec.encode(action) is not None and space.contains(action) for action in rows):
            return concatenate(space, rows, create_empty_array(space, len(rows)))
        if all(type(action) is int and abs(action) < 2**62 for action in rows):
            return np.array(rows)
        return rows if not isinstance(space, (spaces.Dict, spaces.Tuple)) else _stack(space, rows)

    def reset_ended(self) -> bool:
        assert self.moment is not None
        ended = np.array([seat.ended for seat in self.moment.seats.values()])
        if self.mode is not AutoresetMode.DISABLED or not ended.any():
            return False
        self.moment = self._remember(*self.env.reset(options={"reset_mask": ended}))
        self.history.append(RESET_ENDED)
        return True

    @staticmethod
    def _reordered(given: Any) -> tuple[Any, ...]:
        observations, rewards, terminated, truncated, infos = given
        return observations, infos, rewards, terminated, truncated

    def _remember(self, *given: Any) -> Moment:
        none = np.zeros(self.env.num_envs)
        self._given = given if len(given) == 5 else (*given, none, none.astype(bool), none.astype(bool))
        return self._moment(*self._given)

    def _moment(self, observations: Any, infos: Any, rewards: Any, terminated: Any, truncated: Any) -> Moment:
        asked = self.own("action_mask")
        sb3 = ask_sb3(self, self.spec("row 0")) if self.declares else None
        same_step = self.mode is AutoresetMode.SAME_STEP
        seats, last, some_ended = {}, {}, False
        for i in range(self.env.num_envs):
            name, info, ended = f"row {i}", _info_of(infos, i), bool(terminated[i] or truncated[i])
            some_ended |= ended
            masks = self._masks_of_row(i, trees.row(observations, i), info, asked)
            flags = (bool(terminated[i]), bool(truncated[i]))
            if ended and same_step:
                final, final_info = infos["final_obs"][i], _info_of(infos["final_info"], i)
                found = self._masks_of_row(i, final, final_info)
                last[name] = Seat(final, final_info, found, None, False, float(rewards[i]), *flags)
                flags = (False, False)
            # NEXT_STEP discards the action of an ended row; DISABLED resets it before the next step
            acting = same_step or not ended
            seats[name] = Seat(
                trees.row(observations, i),
                info,
                masks,
                None if sb3 is None else sb3[i],
                acting,
                float(rewards[i]),
                *flags,
            )
        return Moment(seats, last, over=some_ended and self.mode is AutoresetMode.DISABLED)

    def _takes_action(self, name: str) -> bool:
        return True


def ask_sb3(subject: Subject, spec: MaskSpec) -> Any:
    """What `action_masks()` gives; None without the method, or where the form cannot express this kind of mask."""
    method = subject.attribute("action_masks")
    try:
        spec.convert(spec.full(), to="sb3")
    except ValueError:
        return None
    return method() if callable(method) else None


def _info_of(infos: Mapping[str, Any], row: int) -> dict[str, Any]:
    """One row's part of a vector environment's info; a key `_name` says which rows have `name`."""
    has = {key: infos.get(f"_{key}") for key in infos if not key.startswith("_") and not key.startswith("final_")}
    return {key: trees.row(infos[key], row) for key, rows in has.items() if rows is None or rows[row]}


def _stack(space: Any, rows: list[Any]) -> Any:
    """Rows that are not all in a Dict or Tuple space, part by part as lists."""
    if isinstance(space, spaces.Dict):
        return {key: [row[key] for row in rows] for key in space.spaces}
    return tuple([row[i] for row in rows] for i in range(len(space.spaces)))
