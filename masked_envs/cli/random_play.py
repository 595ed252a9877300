"""Every agent of an environment played by uniformly random legal actions, whatever kind of mask it has."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core.declaration import Declaration
from ..mask_spec import MaskSpec

if TYPE_CHECKING:
    from ..api import MaskedEnv, MaskedParallelEnv


class RandomPlayer:
    """An environment with all of its agents.

    Args:
        declared, values: the environment and its parameters.
        seed: of the first episode and of the choices; None takes the operating system's entropy.
        render_mode: as in `gymnasium.make`.

    Attributes:
        env: the environment.
        steps: taken so far.
    """

    def __init__(
        self, declared: Declaration, values: Mapping[str, Any], seed: int | None = None, render_mode: str | None = None
    ) -> None:
        self.simultaneous = declared.play == "simultaneous"
        self.env: MaskedEnv | MaskedParallelEnv
        if self.simultaneous:
            from ..api import MaskedParallelEnv

            self.env = MaskedParallelEnv(declared, render_mode=render_mode, **values)
        else:
            from ..api import MaskedEnv

            self.env = MaskedEnv(declared, render_mode=render_mode, **values)
        self.agents = declared.agents(values)
        self.steps = 0
        self._seed, self._rng = seed, np.random.default_rng(seed)

    def play(self, steps: int, episodes: int | None = None) -> Iterator[bool]:
        """Play until this many steps are taken or, if given, this many episodes have ended.

        Yields:
            after each reset and after each step, whether the episode goes on.
        """
        self.env.reset(seed=self._seed)
        yield True
        ended, last = 0, self.steps + steps
        while self.steps < last and ended != episodes:
            over = self._step()
            self.steps += 1
            ended += over
            yield not over
            if over and self.steps < last and ended != episodes:
                self.env.reset()
                yield True

    def _step(self) -> bool:
        actions = [spec.sample(mask, self._rng, **extra) for spec, mask, extra in self._choices()]
        if self.simultaneous:
            self.env.step(dict(zip(self.agents, actions, strict=True)))
            return not self.env.agents
        _, _, terminated, truncated, _ = self.env.step(actions[0])
        return bool(terminated or truncated)

    def _choices(self) -> Iterator[tuple[MaskSpec, Any, dict[str, Callable[..., Any]]]]:
        """Of each acting agent: its specification, its mask, and what else an operation on the mask needs."""
        env: Any = self.env
        if not self.simultaneous:
            yield env.mask_spec, env.action_mask, _head_mask(env.mask_spec, env.head_mask)
            return
        for agent, mask in env.action_mask.items():
            spec = env.mask_spec(agent)
            yield spec, mask, _head_mask(spec, functools.partial(env.head_mask, agent))


def _head_mask(spec: MaskSpec, function: Callable[..., Any]) -> dict[str, Callable[..., Any]]:
    return {"head_mask": function} if spec.kind == "conditional" else {}
