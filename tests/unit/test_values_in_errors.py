"""A refused value is in the message, shortened, whatever it is: too long, too large to be written, of a broken repr."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from memory import measured

from masked_envs import make, make_vec
from masked_envs.api.observations import checked_seed
from masked_envs.catalogue import CATALOGUE
from masked_envs.mask_spec.checks import shown
from masked_envs.registration import declaration

HUGE = 10**5000  # Python writes no integer of more than 4,300 digits


class Broken:
    def __repr__(self) -> str:
        raise RuntimeError("no words")


UNSPEAKABLE = [HUGE, -HUGE, [HUGE], "x" * 100_000, Broken(), [Broken()]]


@pytest.mark.parametrize("value", UNSPEAKABLE, ids=range(len(UNSPEAKABLE)))
def test_every_value_is_shown_in_a_few_words(value: Any) -> None:
    assert 0 < len(shown(value)) < 250
    assert shown(3) == "3" and shown("a") == "'a'"


VALUES = [
    "x" * 300, "'" * 300, 'both \' and "' * 30, b"\0" * 300, [], (), {}, (1,), [[]], [1] * 500, tuple(range(300)),
    ("x" * 300,), {"a": [1.5] * 90, "b": {3: (None,)}}, {i: str(i) for i in range(300)}, {"k" * 300: 1},
    [[[k] * 9] * 9 for k in range(9)], np.arange(5000), [np.arange(3)], {1, 2}, True, None, 1e300,
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
@pytest.mark.parametrize("length", [1, 20, 60, 200])
def test_it_is_the_beginning_of_the_repr(value: Any, length: int) -> None:
    text = repr(value)
    assert shown(value, length) == (text if len(text) <= length else f"{text[:length]}...")


def test_millions_of_elements_are_not_written_out() -> None:
    row = [7] * 1000
    values: list[Any] = [
        [7] * 1_000_000,
        (7,) * 1_000_000,
        dict.fromkeys(range(1_000_000)),
        "7" * 10_000_000,
        [row] * 1000,
    ]
    for value in values:
        with measured() as peak:
            text = shown(value)
        assert len(text) == 203 and peak.bytes < 100_000


@pytest.mark.parametrize("env_id", CATALOGUE)
def test_every_parameter_names_itself_when_it_refuses(env_id: str) -> None:
    declared = declaration(env_id).parameters
    for name in declared:
        for value in UNSPEAKABLE:
            words = f"^{env_id}: {name} (must be|.* is not valid: )"
            with pytest.raises((TypeError, ValueError), match=words) as refusal:
                make(env_id, **{name: value})
            assert len(str(refusal.value)) < 800


@pytest.mark.parametrize(
    "name", ["on_invalid", "invalid_reward", "mask_in", "backend", "flat", "num_threads", "num_envs"]
)
def test_every_common_parameter_names_itself_when_it_refuses(name: str) -> None:
    for value in UNSPEAKABLE:
        if name.startswith("num_") and value == HUGE:
            continue  # an integer of at least 1; memory ends before it
        with pytest.raises((TypeError, ValueError), match=f"^{name} must be ") as refusal:
            make_vec("MaskedTicTacToe-v0", **{"num_envs": 1, **{name: value}})
        assert len(str(refusal.value)) < 400


def test_a_seed_names_itself_when_it_is_refused() -> None:
    for value in UNSPEAKABLE:
        with pytest.raises((TypeError, ValueError), match="^seed must be ") as refusal:
            checked_seed(value)
        assert len(str(refusal.value)) < 400
