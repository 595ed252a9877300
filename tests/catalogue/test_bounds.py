"""Every parameter at both of its bounds: alone in plain Python, and as many as go together on both backends alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from surfaces import IDS, ONE_OF_EACH_PLAY, some_and_long

from masked_envs.core.backends import numba_is_available
from masked_envs.core.buffers import observation_dtype
from masked_envs.core.declaration import Declaration
from masked_envs.core.engine import Engine
from masked_envs.registration import declaration

STEPS = 3
MANY_BYTES = 10**6  # of a row, in the test of both backends: plain Python must step it
BUFFERS = ("observations", "masks", "rewards", "terminated", "truncated", "acting", "invalid_counts")


def bounds(env_id: str) -> list[tuple[str, Any]]:
    """Every parameter with each of its bounds, or its choices."""
    found: list[tuple[str, Any]] = []
    for name, parameter in declaration(env_id).all_parameters.items():
        ends = parameter.choices or [bound for bound in (parameter.low, parameter.high) if bound is not None]
        found += [(name, type(parameter.default)(end)) for end in ends]
    return found


ALONE = [(env_id, name, value) for env_id in IDS for name, value in bounds(env_id)]


def played(declared: Declaration, values: dict[str, Any], backend: str, rows: int = 2) -> Engine:
    """An engine after a few legal steps."""
    engine = Engine(declared, values, rows, backend)
    engine.seed(range(3, 3 + rows))
    engine.reset()
    rng = np.random.default_rng(0)
    for _ in range(STEPS):
        for row in range(rows):
            for view in range(engine.views):
                mask = engine.mask_spec.canonical(engine.masks[row, view])
                agent = view if engine.views > 1 else int(engine.acting[row])
                engine.actions[row, view] = engine.mask_spec.encode(legal(engine, mask, row, agent, rng))
        assert engine.find_invalid() == -1
        engine.step()
        engine.reset(engine.terminated | engine.truncated)
    return engine


def legal(engine: Engine, mask: Any, row: int, agent: int, rng: np.random.Generator) -> Any:
    """A legal action of one agent, head by head where the heads depend on each other."""
    if not engine.mask_spec.needs_head_mask:
        return engine.mask_spec.sample(mask, rng)
    action: list[int] = []
    for k in range(len(engine.heads)):
        action.append(int(rng.choice(np.flatnonzero(engine.head_mask(row, agent, k, action)))))
    return np.array(action)


@pytest.mark.parametrize(("env_id", "name", "value"), ALONE)
def test_a_parameter_at_its_bound_plays_or_is_refused_in_words(env_id: str, name: str, value: Any) -> None:
    declared = declaration(env_id)
    try:
        values = declared.resolve({name: value})
    except ValueError as refusal:
        assert any(each in str(refusal) for each in declared.parameters), refusal
        return
    played(declared, values, "python", rows=1)


def corners(env_id: str) -> list[dict[str, Any]]:
    """Two sets of parameters, each with as many of the low (or of the high) bounds as go together."""
    declared, found = declaration(env_id), []
    for end in ("low", "high"):
        values = declared.resolve({})
        for name, parameter in declared.parameters.items():
            bound = parameter.choices[-(end == "high")] if parameter.choices else getattr(parameter, end)
            if bound is None:
                continue
            try:
                tried = declared.resolve({**values, name: type(parameter.default)(bound)})
            except ValueError:
                continue
            values = tried if bytes_of_a_row(declared, tried) <= MANY_BYTES else values
        found.append(values)
    return found


def bytes_of_a_row(declared: Declaration, values: dict[str, Any]) -> int:
    views = len(declared.agents(values)) if declared.play == "simultaneous" else 1
    observation, mask = observation_dtype(declared.observation(values)), declared.mask(values).mask_buffer
    return declared.state(values).itemsize + views * (observation.itemsize + mask.itemsize)


CORNERS = [(env_id, corner) for env_id in IDS if declaration(env_id).parameters for corner in corners(env_id)]
HIGHEST = [(env_id, corners(env_id)[-1]) for env_id in ONE_OF_EACH_PLAY if declaration(env_id).parameters]


@pytest.mark.skipif(not numba_is_available(), reason="numba has no build for this Python")
@pytest.mark.parametrize(
    ("env_id", "values"),  # each set of sizes compiles anew, for seconds
    some_and_long(HIGHEST, [case for case in CORNERS if case not in HIGHEST]),
)
def test_backends_are_equal_at_the_bounds(env_id: str, values: dict[str, Any]) -> None:
    engines = [played(declaration(env_id), values, backend) for backend in ("python", "numba")]
    for name in BUFFERS:
        python, numba = (getattr(engine, name).tobytes() for engine in engines)
        assert python == numba, name
    assert engines[0].stored_records().tobytes() == engines[1].stored_records().tobytes()


def test_corners_are_at_the_bounds() -> None:
    """Most bounds go together; a set of parameters that is nearly the defaults would test nothing."""
    reached = {(env_id, *item) for env_id, values in CORNERS for item in values.items()}
    at_bounds = [(env_id, name, value) for env_id, name, value in ALONE if name != "time_limit"]
    assert sum(bound in reached for bound in at_bounds) > 0.75 * len(at_bounds)
