"""Reproductions reproduce: their code runs as it stands and shows the failure, along a way that the mask allows."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from foreign_mutants import Unpickled
from verdict_cases import (
    CASES,
    Ends,
    GlobalRandom,
    InObservation,
    InPlace,
    Items,
    Many,
    NeedsMore,
    NeedsOne,
    OneInMany,
    OwnArray,
    Penalises,
    Previous,
    Ticks,
    mixed,
)

import masked_envs
from masked_envs.conformance.values import fingerprint


class Seedless(Items):
    """Begins with a seed once only."""

    seeded = False

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        seed, self.seeded = None if self.seeded else seed, True
        return super().reset(seed=seed)


class Forgetful(Items):
    """Forgets in a copy what has been picked."""

    def __deepcopy__(self, memo: Any) -> Any:
        again = object.__new__(type(self))
        again.__dict__.update(copy.deepcopy(self.__dict__, memo))
        if hasattr(again, "free"):
            again.free[:] = True
        return again


class Moody(Items):
    """Another mask each time it is asked for."""

    asked = 0

    def info(self) -> dict[str, Any]:
        return {}

    def action_masks(self) -> Any:
        self.asked += 1
        return self.free if self.asked % 2 else np.ones_like(self.free)


def failures(make: Any, law: str, **options: Any) -> list[Any]:
    report = masked_envs.check_masked_env(make, steps=40, raise_on_failure=False, **options)
    found = [finding for finding in report.failures if finding.law == law]
    assert found, report
    return found


def run(snippet: str) -> dict[str, Any]:
    namespace: dict[str, Any] = {}
    exec(snippet, namespace)
    return namespace


@pytest.mark.parametrize(
    ("make", "law", "compared", "differs"),
    [
        (GlobalRandom, "L10", "construction", "observation"),
        (Seedless, "L10", "reset", "observation"),
        (Forgetful, "L10", "deepcopy", "observation"),
        (Unpickled, "L10", "pickle", "observation"),
        (InPlace, "L4", "kept", "observation['x']"),
    ],
)
def test_what_must_be_equal_is_shown_to_differ(make: Any, law: str, compared: str, differs: str) -> None:
    found = next(f for f in failures(make, law) if f.reproduction.compared == compared)
    assert differs in found.reproduction.differs and differs in found.sentence
    shown = run(found.snippet)
    assert fingerprint(shown["first"]) != fingerprint(shown["second"])


def test_writing_into_the_mask_is_part_of_the_reproduction() -> None:
    found = next(f for f in failures(OwnArray, "L4") if f.reproduction.compared == "written")
    with pytest.raises(ValueError, match="illegal"):
        run(found.snippet)


def test_a_mask_that_changes_when_asked_for_is_named() -> None:
    found = failures(Moody, "L4")[0]
    assert found.reproduction.differs == ("env.action_masks()",) and "ask twice" in found.snippet


PENALISED = [mixed(Previous, Penalises), mixed(NeedsOne, Ticks), mixed(NeedsMore, Penalises)]


@pytest.mark.parametrize("kind", [mixed(Previous, Items), mixed(NeedsMore, Items), *PENALISED])
def test_the_way_to_a_failure_is_legal_and_as_short_as_can_be(kind: type) -> None:
    """Reset, then at most one action that the mask allows where it is wrong from then on, then the one that fails."""
    for found in failures(kind, "L7"):
        env, seen = kind(), found.reproduction
        _, info = env.reset(seed=seen.seed)
        for action in seen.actions:
            assert info["action_mask"][action]
            *_, info = env.step(action)
        assert len(seen.actions) <= 2
        np.testing.assert_array_equal(np.asarray(info["action_mask"], np.int8), seen.mask)
        assert info["action_mask"][seen.action] and "the mask allows" in found.sentence
        assert not env.legal(int(seen.action))


def test_shrinking_never_plays_on_after_a_failure() -> None:
    """Each step of a shortened way is taken by an environment that counts what it refused."""

    class Watched(mixed(Previous, Items)):
        refused = 0

        def bad(self, a: int) -> Any:
            type(self).refused += 1
            raise ValueError(f"illegal {a}")

        def good(self, a: int) -> Any:
            assert not self.spoilt
            return super().good(a)

        def begin(self) -> None:
            self.spoilt = False

    failures(Watched, "L7")
    assert Watched.refused


def test_actions_are_written_as_they_were_given() -> None:
    found = failures(mixed(NeedsOne, Items), "L7")[0]
    assert isinstance(found.reproduction.action, np.int64)
    assert found.snippet.splitlines()[-1] == "env.step(np.int64(2))"


def test_a_long_mask_is_written_by_its_legal_entries() -> None:
    found = failures(OneInMany, "L7")[0]
    assert f"of {Many.n:,} entries), 0 elsewhere" in found.snippet and "1 at " in str(found.reproduction)
    assert max(map(len, found.snippet.splitlines())) < 200
    shown = run(found.snippet)
    assert not shown["env"].free[7777]


@pytest.mark.parametrize("kind", [Ends, InObservation])
def test_what_passes_has_no_reproduction(kind: type) -> None:
    report = masked_envs.check_masked_env(kind, steps=20)
    assert all(finding.snippet == "" for finding in report.findings)


def test_there_are_enough_cases() -> None:
    """The 42 that people met, and at least three of each kind of fault."""
    assert len(CASES) >= 100 and {case.verdict for case in CASES.values()} == {"passed", "failed", "not judged"}
