"""`spec` of an environment that holds all that makes the environment again."""

from __future__ import annotations

import copy

from gymnasium.envs.registration import EnvSpec

from ..core.engine import Engine
from ..core.instances import Instance


class KeptSpec:
    """Keeps instances in `spec` as they were read: a file of the user's own may change, and arrays do not compare."""

    _engine: Engine
    _spec: EnvSpec | None = None

    @property
    def spec(self) -> EnvSpec | None:
        """What `gymnasium.make` and `make_vec` take to make this environment again; None where they did not make it."""
        return self._spec

    @spec.setter
    def spec(self, spec: EnvSpec | None) -> None:
        if spec is not None:
            parameters, values = self._engine.declaration.parameters, self._engine.values
            read = {name: values[name] for name in spec.kwargs if isinstance(parameters.get(name), Instance)}
            spec = copy.copy(spec)
            spec.kwargs = {**spec.kwargs, **read}
        self._spec = spec
