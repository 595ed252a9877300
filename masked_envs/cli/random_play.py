"""Every agent of an environment played by uniformly random legal actions, whatever kind of mask it has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core.declaration import Declaration

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
        env: Any = self.env
        if self.simultaneous:
            env.step({agent: env.sample_legal(agent, self._rng) for agent in self.agents})
            return not env.agents
        _, _, terminated, truncated, _ = env.step(env.sample_legal(self._rng))
        return bool(terminated or truncated)
