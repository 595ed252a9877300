"""Instances: names, files and arrays become the same value; a spec holds all of it; what is no instance is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec
from memory import measured

from masked_envs import make, make_vec
from masked_envs.catalogue import CATALOGUE
from masked_envs.cli import main
from masked_envs.core import Instance
from masked_envs.core.backends import numba_is_available
from masked_envs.registration import declaration

ENV_ID = "MaskedJobShop-v0"
SHOP: dict[str, Any] = {"machines": [[0, 1], [1, 0], [0, 1]], "durations": [[3, 2], [4, 1], [2, 2]]}
TEXT = "# a shop of my own\n3 2\n0 3 1 2\n1 4 0 1\n0 2 1 2\n"
INSTANCES = [
    (env_id, name, parameter)
    for env_id in CATALOGUE
    for name, parameter in declaration(env_id).parameters.items()
    if isinstance(parameter, Instance)
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "own.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def forms(file: Path) -> dict[str, Any]:
    """One instance in every form that is taken."""
    as_json = file.with_name("own.json")
    as_json.write_text(json.dumps(SHOP), encoding="utf-8")
    return {
        "lists": SHOP,
        "arrays": {name: np.array(rows) for name, rows in SHOP.items()},
        "path": file,
        "path as a word": str(file),
        "file of JSON": as_json,
        "JSON": json.dumps(SHOP),
        "rows of arrays": {name: [np.array(row) for row in rows] for name, rows in SHOP.items()},
    }


def seen(env: Any) -> bytes:
    return np.asarray(env.reset(seed=0)[0]["observation"]).tobytes()


def test_every_form_gives_the_same_environment(file: Path) -> None:
    for form, given in forms(file).items():
        env = gym.make(ENV_ID, instance=given)
        assert seen(env) == seen(make(ENV_ID, instance=SHOP)), form
        assert env.unwrapped.get_state() == make_started(SHOP).get_state(), form


def make_started(instance: Any) -> Any:
    env = make(ENV_ID, instance=instance)
    env.reset(seed=0)
    return env


def test_a_spec_makes_it_again_where_the_file_is_gone(file: Path) -> None:
    for form, given in forms(file).items():
        env, envs = gym.make(ENV_ID, instance=given), gym.make_vec(ENV_ID, 2, instance=given, backend="python")
        if form == "file of JSON":
            file.with_name("own.json").unlink()
            file.unlink()
        for made in (env, envs):
            assert isinstance(made.spec, EnvSpec) and isinstance(made.spec.kwargs["instance"], str)
            assert EnvSpec.from_json(made.spec.to_json()).kwargs == made.spec.kwargs
        again = gym.make(env.spec)
        assert again.spec == env.spec and seen(again) == seen(env)
        assert seen(gym.make(EnvSpec.from_json(env.spec.to_json()))) == seen(env)
        file.write_text(TEXT, encoding="utf-8")


def test_a_spec_keeps_names_and_other_arguments_as_they_were() -> None:
    env = gym.make(ENV_ID, instance="ft06", time_limit=9)
    assert env.spec is not None and env.spec.kwargs == {"instance": "ft06", "time_limit": 9}
    assert make(ENV_ID).spec is None


@pytest.mark.skipif(not numba_is_available(), reason="no numba here")
def test_compiled_rules_get_the_instance() -> None:
    envs = make_vec(ENV_ID, 3, instance=SHOP, backend="numba")
    observed, _ = envs.reset(seed=0)
    alone = make(ENV_ID, instance=SHOP).reset(seed=0)[0]
    assert all(row.tobytes() == alone["observation"].tobytes() for row in observed["observation"])


def test_positions_of_another_instance_are_refused() -> None:
    state = make_started(SHOP).get_state()
    make_started(SHOP).set_state(state)
    other = {**SHOP, "durations": [[3, 2], [4, 1], [2, 1]]}
    with pytest.raises(ValueError, match="with the parameters"):
        make_started(other).set_state(state)


WRONG: list[tuple[Any, str]] = [
    ("ft6", r"one of 'random', 'ft06', 'ft10', 'la01', the path of a file, or a dict of arrays, not 'ft6'"),
    (3, "not 3"),
    ({"machines": SHOP["machines"]}, "without 'durations'"),
    ({**SHOP, "durations": [[3, 2], [4, 1]]}, "one row for each"),
    ({**SHOP, "durations": [[3, 2], [4], [2, 2]]}, "'durations' is an array of finite numbers with 2 dimensions"),
    ({**SHOP, "durations": [[3, 2], [4, 0], [2, 2]]}, "whole numbers from 1 to"),
    ({**SHOP, "durations": [[3, 2], [4, 1.5], [2, 2]]}, "whole numbers from 1 to"),
    ({**SHOP, "durations": [[3, 2], [4, np.nan], [2, 2]]}, "it holds NaN, where all numbers are finite"),
    ({**SHOP, "machines": [[0, -1], [1, 0], [0, 1]]}, "whole numbers from 0 to"),
    ({**SHOP, "machines": "none"}, "'machines' is an array"),
    ({**SHOP, "machines": object()}, "object is neither a number, a string, a list nor an array"),
    ('{"machines": [[Infinity]]}', "it holds Infinity, where all numbers are finite"),
    ('{"machines": ', "is not valid: Expecting value"),
    ("{}", "without 'machines'"),
]


@pytest.mark.parametrize(("given", "words"), WRONG)
def test_what_is_no_instance_is_refused_with_words(given: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words) as refusal:
        make(ENV_ID, instance=given)
    assert str(refusal.value).startswith(f"{ENV_ID}: instance ")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the first line holds"),
        ("3 2\n0 3 1 2\n", "one line for each of the 3 jobs"),
        ("1 2\n0 3 1 x\n", "a line holds whole numbers, not '0 3 1 x'"),
        ("1 2\n0 3 1\n", "the machine and the time of each operation"),
        ("1 2\n0 3 2 1\n", "machine 2: the 2 machines are counted from 0"),
        ("1 2\n0 3 1 0\n", "whole numbers from 1 to"),
        ("1 2\n0 3 1 2.5\n", "a line holds whole numbers"),
        ("[1, 2]", "a line holds whole numbers"),
        ('{"machines": [[0]]}', "without 'durations'"),
        ("{,}", "is not valid: Expecting property name"),
    ],
)
def test_a_file_that_holds_none_is_refused_with_words(file: Path, text: str, words: str) -> None:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=words) as refusal:
        make(ENV_ID, instance=file)
    assert str(refusal.value).startswith(f"{ENV_ID}: instance ")


def test_bytes_that_are_no_text_are_refused(file: Path) -> None:
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="is not valid: the file is not text in UTF-8"):
        make(ENV_ID, instance=file)


@pytest.mark.parametrize(
    ("env_id", "name", "value"), [(i, n, v) for i, n, parameter in INSTANCES for v in parameter.names[1:]]
)
def test_a_data_file_says_its_source_and_its_optimum_and_is_read(env_id: str, name: str, value: str) -> None:
    parameter = declaration(env_id).parameters[name]
    assert isinstance(parameter, Instance)
    (text,) = (path.read_text(encoding="utf-8") for path in parameter.files if path.stem == value)
    assert parameter.raw(value)["optimum"] > 0 and re.search(r"\b(19|20)\d\d\b", text), "the year of the source"
    arrays = parameter.arrays(value)
    assert arrays is not None and not any(array.flags.writeable for array in arrays.values())
    own = make(env_id, **{name: {key: part for key, part in parameter.raw(value).items() if key != "optimum"}})
    assert seen(own) == seen(make(env_id, **{name: value}))


def test_there_are_instances() -> None:
    assert len(INSTANCES) >= 1


# --- hostile instances, of every id that takes any --------------------------------------------------------------------

NO_NUMBERS = [True, "3", None, np.nan, np.inf, [], [[]], {}, b"3", 1j, object()]
HOSTILE = [10**400, -(10**400), 10**5000, 1e300, -1e300, *NO_NUMBERS]
each_instance = pytest.mark.parametrize(("env_id", "name", "parameter"), INSTANCES, ids=[i for i, *_ in INSTANCES])


def example(parameter: Instance) -> dict[str, Any]:
    """Some instance, as a dict: that of a data file, or ones in the shapes that rules get."""
    if parameter.names[1:]:
        return {key: part for key, part in parameter.raw(parameter.names[1]).items() if key != "optimum"}
    return {key: np.ones((2,) * ndim).tolist() for key, _, ndim in parameter.fields}


def with_first_leaf(part: Any, leaf: Any) -> Any:
    """Nested lists with another value in the first place."""
    return [with_first_leaf(part[0], leaf), *part[1:]] if isinstance(part, list) else leaf


def refused(env_id: str, name: str, given: Any) -> str:
    """The words of the refusal, which are as many as somebody reads."""
    with pytest.raises(ValueError, match=rf"^{env_id}: {name} (must be|.* is not valid:) ") as refusal:
        make(env_id, **{name: given})
    assert len(str(refusal.value)) < 600
    return str(refusal.value)


@each_instance
def test_no_part_may_be_anything_else_than_numbers_within_bounds(env_id: str, name: str, parameter: Instance) -> None:
    raw = example(parameter)
    make(env_id, **{name: raw})
    for key, part in raw.items():
        for leaf in HOSTILE:
            refused(env_id, name, {**raw, key: with_first_leaf(part, leaf)})
            refused(env_id, name, {**raw, key: leaf})


@each_instance
def test_a_misspelt_key_is_named_and_the_right_ones_are(env_id: str, name: str, parameter: Instance) -> None:
    words = refused(env_id, name, {**example(parameter), "metrics": "GEO"})
    assert "and not 'metrics'" in words and all(repr(key) in words for key in example(parameter))


@each_instance
def test_nests_without_end_are_refused(env_id: str, name: str, parameter: Instance, tmp_path: Path) -> None:
    key = next(iter(example(parameter)))
    ring: list[Any] = []
    ring.append(ring)
    refused(env_id, name, {key: ring})
    deep = '{"' + key + '": ' + "[" * 100_000
    refused(env_id, name, deep)
    (tmp_path / "deep").write_text(deep, encoding="utf-8")
    refused(env_id, name, tmp_path / "deep")


@each_instance
def test_a_file_of_any_size_or_name_is_refused_in_a_few_words(
    env_id: str, name: str, parameter: Instance, tmp_path: Path
) -> None:
    endless = tmp_path / "endless"
    with endless.open("wb") as file:
        file.truncate(2**40)  # a hole, which takes no room
    assert "larger than" in refused(env_id, name, endless)
    (tmp_path / "one line").write_bytes(b"\0" * 100_000)
    refused(env_id, name, tmp_path / "one line")
    refused(env_id, name, "x" * 100_000)
    refused(env_id, name, str(tmp_path))


@each_instance
def test_far_more_numbers_than_any_instance_has_are_refused_unread(
    env_id: str, name: str, parameter: Instance, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In every form, in both makers and on the command line; and nothing of that size is made of them."""
    raw = example(parameter)
    key, part = next(iter(raw.items()))
    without_end: Any = np.broadcast_to(np.int64(1), (10**6,) * max(2, np.ndim(part)))
    row = [1] * 1000
    for more in (without_end, [without_end], {"x": without_end}, [row] * (1 + parameter.most // 400)):
        for maker in (make, lambda *given, **named: make_vec(*given, 2, backend="python", **named)):
            words = f"(?s){name} .* is not valid: it holds far more than {parameter.most:,} numbers"
            with measured() as peak, pytest.raises(ValueError, match=words):
                maker(env_id, **{name: {**raw, key: more}})
            assert peak.bytes < 2_000_000
    assert "has 9,999 keys" in refused(env_id, name, dict.fromkeys(map(str, range(9999)), 1))
    text = json.dumps({key: 1})[:-1] + " " * parameter.largest_file + "}"
    assert "the text is larger than" in refused(env_id, name, text)
    (tmp_path / "large").write_text(text, encoding="utf-8")
    assert main(["show", env_id, "--param", f"{name}={tmp_path / 'large'}"]) == 2
    said = capsys.readouterr().err
    assert "the file is larger than" in said and said.count("\n") == 1


@pytest.mark.parametrize(
    ("env_id", "text", "words"),
    [
        ("MaskedFlexibleJobShop-v0", f"1 {10**7}\n1 1 1 5\n", f"on {10**7} machines: more than"),
        ("MaskedFlexibleJobShop-v0", "2 9\n1 1 1 5\n1000000 1 1 5\n", "up to 1000000 operations on 9 machines: more"),
        ("MaskedSokoban-v0", "#\n" * 10_000 + "#" * 1000, "at most 64 rows and columns, not 10001 and 1000"),
    ],
)
def test_a_small_file_that_asks_for_a_large_instance_is_refused(
    env_id: str, text: str, words: str, tmp_path: Path
) -> None:
    (tmp_path / "small").write_text(text, encoding="utf-8")
    declaration(env_id)
    name, parameter = next((name, parameter) for each, name, parameter in INSTANCES if each == env_id)
    with measured() as peak:
        said = refused(env_id, name, tmp_path / "small")
    assert words in said and peak.bytes < 2 * parameter.largest_file


@pytest.mark.long
def test_the_largest_job_shop_is_taken() -> None:
    machines, durations = np.tile(np.arange(1000), (1000, 1)), np.full((1000, 1000), 10**6)
    assert make(ENV_ID, instance={"machines": machines, "durations": durations}).mask_spec.n >= 1000


def test_a_file_may_begin_with_a_byte_order_mark(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + TEXT.encode())
    assert seen(make(ENV_ID, instance=file)) == seen(make(ENV_ID, instance=SHOP))


def test_a_file_of_another_problem_may_say_more_than_is_needed(tmp_path: Path) -> None:
    path = next(iter(declaration("MaskedCVRP-v0").parameters["instance"].files))  # type: ignore[attr-defined]
    env = make("MaskedTSP-v0", instance=path)
    env.reset(seed=0)
    assert set(json.loads(dict(env.get_state().parameters)["instance"])) == {"metric", "points"}
