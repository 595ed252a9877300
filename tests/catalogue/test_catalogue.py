"""What holds for every file of the catalogue: ids, cards, rules, and parameters that do what they say."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from masked_envs import make, make_parallel
from masked_envs.catalogue import CATALOGUE
from masked_envs.core.declaration import TIME_LIMIT, Declaration
from masked_envs.core.instances import Instance
from masked_envs.core.parameters import Parameter
from masked_envs.registration import declaration

HEADINGS = [
    "Description",
    "Action space",
    "Mask",
    "Observation",
    "Rewards",
    "Start",
    "Episode end",
    "Arguments",
    "References",
    "Versions",
]
EVERY_ID = pytest.mark.parametrize("env_id", CATALOGUE)
EVERY_PARAMETER = pytest.mark.parametrize(
    ("env_id", "name"), [(env_id, name) for env_id in CATALOGUE for name in declaration(env_id).all_parameters]
)


# --- entries, cards, rules ----------------------------------------------------------------------------------------


@EVERY_ID
def test_an_entry_says_what_its_declaration_says(env_id: str) -> None:
    declared = declaration(env_id)
    assert declared.id == env_id and re.fullmatch(r"[A-Z][A-Za-z0-9]*-v\d+", env_id)
    assert declared.play == CATALOGUE[env_id].play
    assert declared.module == f"masked_envs.envs.{CATALOGUE[env_id].module}"


def test_entries_are_in_the_order_of_their_ids_and_of_different_files() -> None:
    assert list(CATALOGUE) == sorted(CATALOGUE)
    assert len({entry.module for entry in CATALOGUE.values()}) == len(CATALOGUE)


def sections(card: str) -> dict[str, str]:
    """The text below each heading; a heading is a line without indentation after a blank one."""
    lines = card.split("\n")
    starts = [i for i, line in enumerate(lines) if i > 1 and line and line[0] != " " and lines[i - 1] == ""]
    ends = [*starts[1:], len(lines)]
    return {lines[a]: "\n".join(lines[a + 1 : b]) for a, b in zip(starts, ends, strict=True)}


@EVERY_ID
def test_a_card_has_the_fixed_headings_in_order(env_id: str) -> None:
    card = declaration(env_id).rules.__doc__
    assert card is not None
    assert card.startswith("Action-masked "), "the first line says that the environment is action-masked"
    assert list(sections(card)) == HEADINGS
    assert all(text.strip() for text in sections(card).values())


@EVERY_ID
def test_a_card_names_the_mask_and_the_parameters_as_they_are(env_id: str) -> None:
    declared = declaration(env_id)
    card, spec = sections(declared.rules.__doc__ or ""), declared.mask(declared.resolve({}))
    assert card["Mask"].split(":")[0].strip() == f"Kind {spec.kind}, meaning {spec.meaning}"
    named = re.findall(r"`(\w+)`", card["Arguments"])
    assert set(named) == set(declared.parameters), "Arguments names the parameters, and nothing else in backticks"
    assert f"v{env_id.rsplit('-v', 1)[1]}:" in card["Versions"]
    if declared.time_limit:
        assert f"{declared.time_limit} by default" in " ".join(card["Episode end"].split())


@EVERY_ID
def test_a_file_exports_its_rules(env_id: str) -> None:
    rules = declaration(env_id).rules
    for name in ("reset", "action_mask", "step", "observe"):
        function = getattr(rules, name)
        assert function.is_rule and function.__module__ == rules.__name__


# --- parameters -----------------------------------------------------------------------------------------------------


def other_values(parameter: Parameter) -> list[Any]:
    """Values beside the default: every choice; of a number, near ones first."""
    default = parameter.default
    if isinstance(default, bool):
        return [not default]
    if isinstance(default, str):
        return [name for name in parameter.names if name != default]
    low = -math.inf if parameter.low is None else parameter.low
    high = math.inf if parameter.high is None else parameter.high
    if isinstance(default, int):
        near = [default + 1, default + 2, default - 1, *range(2, 12), low, 1]
    else:
        near = [default + 0.5, default / 2, default * 2, low, high]
    kind = type(default)
    return [kind(v) for v in dict.fromkeys(near) if math.isfinite(v) and low <= v <= high and v != default]


def settings(declared: Declaration, name: str) -> Iterator[dict[str, Any]]:
    """Values of the other parameters: the defaults, then one choice or flag after another."""
    yield {}
    for other, parameter in declared.parameters.items():
        if other != name and isinstance(parameter.default, (str, bool)):
            yield from ({other: value} for value in other_values(parameter))


def bytes_of(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: bytes_of(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return tuple(map(bytes_of, value))
    return (value.dtype.str, value.shape, value.tobytes()) if isinstance(value, (np.ndarray, np.generic)) else value


def story(env_id: str, steps: int = 150, **parameters: Any) -> Iterator[Any]:
    """What a user sees of an environment: its spaces, then a few episodes of legal random play."""
    simultaneous = declaration(env_id).play == "simultaneous"
    env: Any = (make_parallel if simultaneous else make)(env_id, mask_in="info", **parameters)
    agents = env.possible_agents if simultaneous else []
    spaces = (env.observation_space, env.action_space)
    spec, rng = (env.mask_spec(agents[0]) if simultaneous else env.mask_spec), np.random.default_rng(0)
    yield [agents, spec, *(str(space(agents[0]) if simultaneous else space) for space in spaces)]
    for seed in range(3):
        observation, info = env.reset(seed=seed)
        yield bytes_of((observation, info))
        for _ in range(steps):
            if simultaneous:
                action = {agent: spec.sample(info[agent]["action_mask"], rng) for agent in env.agents}
            else:
                action = spec.sample(info["action_mask"], rng, env.head_mask)
            observation, reward, terminated, truncated, info = env.step(action)
            yield bytes_of((observation, reward, terminated, truncated, info))
            if not env.agents if simultaneous else terminated or truncated:
                break


def differ(env_id: str, one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether a user can tell the environments apart, as soon as that is seen."""
    nothing = object()
    first, second = story(env_id, **one), story(env_id, **other)
    while True:
        a, b = next(first, nothing), next(second, nothing)
        if a != b:
            return True
        if a is nothing:
            return False


@EVERY_PARAMETER
def test_a_parameter_changes_something(env_id: str, name: str) -> None:
    """An option that nothing reads is a defect. Of a number some other value must tell, of choices every one."""
    declared = declaration(env_id)
    parameter = declared.all_parameters[name]
    every = isinstance(parameter.default, (str, bool))
    silent = []
    for value in other_values(parameter):
        tells = False
        for setting in settings(declared, name):
            try:
                declared.resolve({**setting, name: value})
            except ValueError:  # impossible beside the others
                continue
            tells = tells or differ(env_id, setting, {**setting, name: value})
        if tells and not every:
            return
        if not tells:
            silent.append(value)
    assert every and not silent, f"{name} = {', '.join(map(repr, silent))} play like {name} = {parameter.default!r}"


@EVERY_ID
def test_the_same_parameters_tell_the_same_story(env_id: str) -> None:
    """The negative control of the test above."""
    assert not differ(env_id, {}, {})
    defaults = {name: parameter.default for name, parameter in declaration(env_id).all_parameters.items()}
    assert not differ(env_id, {}, defaults)


def wrong_values(parameter: Parameter) -> Iterator[tuple[Any, type[Exception]]]:
    """Values that the parameter refuses, and how."""
    if isinstance(parameter.default, str):
        yield from ((value, ValueError) for value in ("no such choice", 0, None, parameter.default.upper()))
    elif isinstance(parameter.default, bool):
        yield from ((value, TypeError) for value in (1, "yes", None))
    else:
        yield from ((value, TypeError) for value in (str(parameter.default), None, True, [parameter.default]))
        if isinstance(parameter.default, int):
            yield from ((value, TypeError) for value in (parameter.default + 0.5, float(parameter.default), math.nan))
        else:
            yield from ((value, ValueError) for value in (math.nan, math.inf, -math.inf))
        if parameter.low is not None:
            yield (type(parameter.default)(parameter.low) - 1, ValueError)
        if parameter.high is not None:
            yield (type(parameter.default)(parameter.high) + 1, ValueError)


@EVERY_PARAMETER
def test_a_wrong_value_is_refused_with_words(env_id: str, name: str) -> None:
    parameter = declaration(env_id).all_parameters[name]
    assert parameter.doc.strip() and parameter.check(env_id, name, parameter.default) == parameter.default
    for value, error in wrong_values(parameter):
        with pytest.raises(error) as refusal:
            make(env_id, **{name: value})
        words = str(refusal.value)
        assert env_id in words and f"{name} must be" in words and repr(value) in words


@EVERY_ID
def test_an_unknown_parameter_is_refused_and_the_nearest_named(env_id: str) -> None:
    with pytest.raises(
        TypeError, match=rf"{env_id} got an unexpected keyword argument 'time_limt'; did you mean 'time_limit'\?"
    ):
        make(env_id, time_limt=3)
    assert TIME_LIMIT == "time_limit"


@EVERY_ID
def test_the_numbers_of_a_default_are_within_their_bounds(env_id: str) -> None:
    for name, parameter in declaration(env_id).all_parameters.items():
        if isinstance(parameter.default, str):
            assert parameter.default in parameter.names, name
            assert len(set(parameter.names)) > 1 or isinstance(parameter, Instance), name
        else:
            assert not parameter.choices, name
