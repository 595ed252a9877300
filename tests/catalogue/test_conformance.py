"""The laws of the mask hold for every id and every toy, and the checker finds the environments that break one.

An id is checked once on each interface. Kinds of mask, interfaces, autoreset modes, values of `on_invalid` and places
of the mask are crossed over the toys; the full products are in `make test-long`.
"""

from __future__ import annotations

import functools
import itertools
import math
import pickle

import gymnasium as gym
import numpy as np
import pytest
from mutants import CART, MUTANTS, RowsShareASeed
from surfaces import (
    ALL_SURFACES,
    BACKENDS,
    IDS,
    MODES,
    ON_INVALID,
    ONE_OF_EACH_PLAY,
    TOY_SURFACES,
    TOYS,
    make_plain,
    some_and_long,
    surfaces,
)

import masked_envs
from masked_envs.api import MaskedEnv
from masked_envs.conformance import LAWS, ConformanceError, Report
from masked_envs.registration import declaration

ONE_VECTOR = f"vector {MODES[0].value}"
EVERY_SURFACE = pytest.mark.parametrize(("env_id", "surface"), [*TOY_SURFACES, *ALL_SURFACES])
ANSWERS = [answer for answer in ON_INVALID if answer != "raise"]


def laws_broken(report: Report) -> set[str]:
    return {finding.law for finding in report.failures}


# --- the package's own environments ---------------------------------------------------------------------------------


@pytest.mark.parametrize("env_id", some_and_long(ONE_OF_EACH_PLAY, [i for i in IDS if i not in ONE_OF_EACH_PLAY]))
def test_every_id_obeys_every_law(env_id):
    report = masked_envs.check_masked_env(env_id, steps=60)
    skipped = [finding for finding in report.not_applicable + report.not_judged if finding.law != "L6"]
    assert not skipped, report  # for an id everything can be checked, but for an end that no walk may reach
    assert not report.warnings, report


def one_per_interface():
    """Each id on each interface; on the first of them also against the newest Gymnasium."""
    seen = set()
    for env_id, surface in ALL_SURFACES:
        if surface in ("env", ONE_VECTOR, "seat", "aec", "parallel"):
            yield pytest.param(env_id, surface, marks=[] if env_id in seen else pytest.mark.core)
            seen.add(env_id)


@pytest.mark.parametrize(("env_id", "surface"), list(one_per_interface()))
def test_every_interface_of_an_id_obeys_every_law(env_id, surface):
    """Both backends are held against each other (L11) in the vector environment alone."""
    if surface == ONE_VECTOR:
        masked_envs.check_masked_env(surfaces(env_id)[surface], steps=8, seed=1)
    else:
        masked_envs.check_masked_env(functools.partial(make_plain, env_id, surface), steps=24, seed=1)


def crossed():
    """Each toy on each surface, once: over all, every answer meets every kind, every surface and both places."""
    for (toy, name), turn in zip(TOY_SURFACES, itertools.count(), strict=False):
        number = turn + list(TOYS).index(toy)
        arguments = {"on_invalid": ON_INVALID[number % 4], "mask_in": ("observation", "info")[number // 4 % 2]}
        yield pytest.param(toy, name, arguments, id=f"{toy}-{name}-{'-'.join(arguments.values())}")


@pytest.mark.parametrize(("env_id", "surface", "arguments"), list(crossed()))
def test_every_kind_of_mask_obeys_every_law(env_id, surface, arguments):
    """The checker knows every kind: probes and malformed actions of Box, MultiDiscrete, MultiBinary, Dict and Tuple."""
    make = functools.partial(surfaces(env_id)[surface], invalid_reward=-0.25, backend="python", **arguments)
    masked_envs.check_masked_env(make, steps=10 if "vector" in surface else 15, seed=4)


# --- the same, everything with everything ---------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("backend", BACKENDS)
@EVERY_SURFACE
def test_every_surface_obeys_every_law(env_id, surface, backend):
    make = functools.partial(surfaces(env_id)[surface], backend=backend)
    masked_envs.check_masked_env(make, steps=16 if "vector" in surface else 32, seed=1)


@pytest.mark.long
@pytest.mark.parametrize("on_invalid", ANSWERS)
@EVERY_SURFACE
def test_every_answer_to_invalid_actions_obeys_every_law(env_id, surface, on_invalid):
    make = functools.partial(surfaces(env_id)[surface], on_invalid=on_invalid, invalid_reward=-0.25, backend="python")
    masked_envs.check_masked_env(make, steps=8, seed=2)


@pytest.mark.long
@EVERY_SURFACE
def test_the_bare_observation_obeys_every_law(env_id, surface):
    masked_envs.check_masked_env(functools.partial(surfaces(env_id)[surface], mask_in="info"), steps=12, seed=3)


@pytest.mark.long
@pytest.mark.parametrize(("env_id", "surface"), ALL_SURFACES)
def test_no_false_alarm_in_a_million_steps(env_id, surface):
    """A million over all ids and surfaces; that the checker finds what is there is for the negative controls below."""
    left = math.ceil(1_000_000 / len(ALL_SURFACES))
    for seed in itertools.count(100):
        steps = min(400, math.ceil(left / len(LAWS)))
        report = masked_envs.check_masked_env(surfaces(env_id)[surface], steps=steps, seed=seed)
        left -= report.coverage.states
        if left <= 0:
            break


# --- negative controls ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_environment_is_found_out(name):
    make, law, also = MUTANTS[name]
    report = masked_envs.check_masked_env(make, steps=60, raise_on_failure=False)
    assert law in laws_broken(report), report
    assert laws_broken(report) <= also | {law}, report
    found = next(finding for finding in report.failures if finding.law == law)
    assert found.reproduction is not None and found.reproduction.seed is not None


def test_rows_that_share_a_seed_are_found_out(monkeypatch):
    env_id, single = "RowsShareASeed-v0", functools.partial(MaskedEnv, declaration(CART))
    monkeypatch.setattr(gym.envs.registration, "registry", dict(gym.registry))
    vector = functools.partial(RowsShareASeed, declaration(CART))
    gym.register(env_id, entry_point=single, vector_entry_point=vector)
    report = masked_envs.check_masked_env(env_id, steps=20, raise_on_failure=False)
    found = [finding.sentence for finding in report.failures if finding.law == "L10"]
    assert found == ["row 1 is not the single environment seeded 1"], report


@pytest.mark.core
def test_a_wrapper_that_changes_nothing_passes():
    masked_envs.check_masked_env(lambda: gym.Wrapper(gym.make(IDS[0])), steps=30)


def test_there_is_a_mutant_for_every_law():
    assert {law for _, law, _ in MUTANTS.values()} == set(LAWS)


def test_the_reproduction_leads_to_the_failure():
    make, law, _ = MUTANTS["too strict"]
    report = masked_envs.check_masked_env(make, steps=30, raise_on_failure=False)
    shown = next(finding for finding in report.failures if finding.law == law).reproduction
    env = make()
    _, info = env.reset(seed=shown.seed)
    for action in shown.actions:
        *_, info = env.step(action)
    np.testing.assert_array_equal(info["action_mask"], shown.mask)
    assert env.unwrapped.get_state() == shown.state
    assert info["action_mask"][shown.action] == 0
    env.step(shown.action)  # forbidden by the mask, and accepted


@pytest.mark.parametrize(
    ("toy", "spoil", "sentence"),
    [
        ("ToyPerHead-v0", lambda mask: mask.__setitem__(slice(3, None), 0), "for head 1"),
        ("ToyBinary-v0", lambda mask: mask.__setitem__(2, 0), "for bit 2"),
        ("ToyInterval-v0", lambda mask: mask.__setitem__((1, 0), mask[0, 0] - 0.1), "for dimension 0"),
        ("ToyConditionalTwo-v0", lambda mask: mask.__setitem__(slice(None), 0), "allows nothing"),
        ("ToyHybrid-v0", lambda mask: mask["gear"].__setitem__(slice(None), 0), "for part 'gear'"),
    ],
)
def test_an_empty_part_of_a_mask_is_named(toy, spoil, sentence):
    class Spoilt(MaskedEnv):
        def _look(self, **arguments):
            observation, info = super()._look(**arguments)
            spoil(info["action_mask"])
            return {**observation, "action_mask": info["action_mask"]}, info

    report = masked_envs.check_masked_env(lambda: Spoilt(TOYS[toy]), steps=3, raise_on_failure=False)
    assert any(finding.law == "L5" and sentence in finding.sentence for finding in report.failures), report


def test_a_late_head_without_a_choice_is_named():
    class Spoilt(MaskedEnv):
        def head_mask(self, k, prefix):
            mask = super().head_mask(k, prefix)
            return mask if prefix[0] != 1 else np.zeros_like(mask)

    report = masked_envs.check_masked_env(
        lambda: Spoilt(TOYS["ToyConditionalThree-v0"]), steps=3, raise_on_failure=False
    )
    assert any(finding.law == "L5" and "for head 2 after (1," in finding.sentence for finding in report.failures), (
        report
    )


# --- other people's environments ------------------------------------------------------------------------------------


@pytest.mark.core
def test_gymnasium_taxi_passes_with_the_mask_in_info():
    name = next(name for name in gym.registry if name.startswith("Taxi-v"))
    report = masked_envs.check_masked_env(lambda: gym.make(name), steps=30)
    assert {"L8", "L9", "L11"} <= {finding.law for finding in report.not_applicable}
    assert report.profile.legal_fraction < 1


@pytest.mark.core
def test_pettingzoo_connect_four_forbids_actions_after_the_end():
    """Its masks are exact, but at the end they allow nothing, and -1 is taken for a column."""
    connect_four_v3 = pytest.importorskip("pettingzoo.classic").connect_four_v3
    report = masked_envs.check_masked_env(connect_four_v3.raw_env, steps=40, raise_on_failure=False)
    assert report.passed, report
    assert {finding.law for finding in report.warnings} == {"L6", "L7"}
    assert any(finding.law == "L6" and "the mask allows nothing" in finding.sentence for finding in report.warnings)
    assert "np.int64(-1) is not in the action space, and the environment executed it" in report.warnings[-1].sentence
    env = connect_four_v3.raw_env()  # the same by hand: no disc falls, and it is the other player's turn
    env.reset(seed=0)
    env.step(-1)
    assert not any(env.board) and env.agent_selection == "player_1"


def test_a_foreign_environment_that_reads_global_random_numbers_is_found_out():
    envs = pytest.importorskip("sb3_contrib.common.envs")
    make = functools.partial(envs.InvalidActionEnvDiscrete, dim=8, n_invalid_actions=3)
    report = masked_envs.check_masked_env(make, steps=20, raise_on_failure=False)
    assert "L10" in laws_broken(report)


@pytest.mark.core
def test_an_environment_without_a_mask_is_told_so():
    report = masked_envs.check_masked_env(lambda: gym.make("CartPole-v1"), steps=5, raise_on_failure=False)
    assert laws_broken(report) == {"L3"}
    assert "there is no mask" in str(report) and "passed" not in str(report)


# --- the report -----------------------------------------------------------------------------------------------------


def test_failures_raise_with_the_report():
    with pytest.raises(ConformanceError, match=r"(?s)breaks L5.*L5  FAILED: the episode runs") as raised:
        masked_envs.check_masked_env(MUTANTS["empty"].make, steps=5)
    assert not raised.value.report.passed
    assert isinstance(raised.value, AssertionError)


def test_the_report_reads_law_by_law():
    report = masked_envs.check_masked_env(IDS[0], steps=5)
    assert report.passed and report.failures == []
    assert {finding.law for finding in report.findings} == set(LAWS)
    lines = str(report).splitlines()
    assert lines[0].startswith(IDS[0]) and lines[0].endswith("passed")
    assert lines[-2].startswith("mask: ") and "legal on average" in lines[-2]
    assert lines[-1].startswith("covered: 11 laws, ")
    assert pickle.loads(pickle.dumps(report)) == report


@pytest.mark.parametrize("law", LAWS)
def test_the_docstring_of_a_law_is_the_law(law):
    assert (LAWS[law].__doc__ or "").startswith(f"{law} ")


def test_a_given_environment_is_not_stepped():
    env = gym.make(IDS[0])
    env.reset(seed=5)
    before = env.unwrapped.get_state()
    masked_envs.check_masked_env(env, steps=5)
    assert env.unwrapped.get_state() == before


def test_profile_counts_legal_actions():
    """MaskedCartPole: `num_available` of `num_actions`, the same at every step."""
    make = functools.partial(gym.make, "MaskedCartPole-v0", num_actions=8, num_available=2)
    profile = masked_envs.check_masked_env(make, steps=10).profile
    assert (profile.legal_fraction, profile.forced_rate, profile.static) == (0.25, 0.0, True)
    make = functools.partial(gym.make, "MaskedConnectFour-v0")
    profile = masked_envs.check_masked_env(make, steps=120).profile
    assert not profile.static and profile.function_of_observation
    make = functools.partial(MaskedEnv, TOYS["ToyInterval-v0"])
    assert 0 < masked_envs.check_masked_env(make, steps=10).profile.legal_fraction < 0.4


@pytest.mark.parametrize("target", [3, None, object()])
def test_what_is_no_environment_is_refused(target):
    with pytest.raises(TypeError, match="expected an id, a gymnasium.Env"):
        masked_envs.check_masked_env(target)
