"""The law of rules: what it refuses, with which words and at which line, and that the package's own rules obey it."""

from __future__ import annotations

import importlib
import itertools
import pickle
import pkgutil
import re
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import toys
from surfaces import ALL_CHOICES

from masked_envs.api import MaskedEnv
from masked_envs.core import RuleError
from masked_envs.core.binding import arguments_of, reached
from masked_envs.core.engine import Engine
from masked_envs.core.law import Law
from masked_envs.core.law.kinds import FLOAT, INT, NOTHING, Array, Number, kind_of, record_of, state_of
from masked_envs.core.program import row_bodies
from masked_envs.registration import declaration

TOYS = tuple(importlib.import_module(f"toys.{name}").ENV for _, name, _ in pkgutil.iter_modules(toys.__path__))
EVERY = [(declaration(env_id), chosen) for env_id, chosen in ALL_CHOICES] + [(toy, {}) for toy in TOYS]
NAMES = [f"{declared.id} {chosen or ''}" for declared, chosen in EVERY]

MODULE = """
import math
import numpy as np
from gymnasium.spaces import Box
from masked_envs.core import (
    Declaration, Parameter, copy_to, count_nonzero, equal_to, fill, random_below, rule, state_record,
)
from masked_envs.mask_spec import MaskSpec

NUMBERS, MIXED, RAGGED, WORDS = (3, 4, 5), (3, 4.0, 5), ((1, 2), (3,)), ("a", "b")
PAIRS, TABLE, LISTED, FIELD = ((0, 1), (1, 0)), np.arange(6).reshape(2, 3), [1, 2], "x"
EXPONENT = 9

{before}

@rule
def reset(s, p):
    fill(s["board"], 0)
    s["x"] = random_below(s["rng"], 4)
    s["y"] = 0.0

@rule
def action_mask(s, p, agent, out):
    fill(out, 1)

@rule
def step(s, p, action, rewards):
{step}

@rule
def observe(s, p, agent, out):
    out[0] = s["x"]

ENV = Declaration(
    id="ToyLaw-v0", module=__name__,
    state=lambda values: state_record(board=(np.int8, (3, 4)), row=(np.int64, (5,)), x=np.int64, y=np.float64),
    mask=lambda values: MaskSpec.flat(4), observation=lambda values: Box(-9, 9, (1,), np.int64),
    parameters={{"size": Parameter(3, "cells", low=1, high=5)}},
)
"""


@pytest.fixture
def declared(tmp_path, monkeypatch):
    """Makes the declaration of a toy whose step is given, in a file of its own."""
    made = itertools.count()

    def declare(step, before=""):
        name = f"toy_law_{next(made)}"
        body = "\n".join(f"    {line}" for line in step.splitlines())
        path = tmp_path / f"{name}.py"
        path.write_text(MODULE.format(step=body, before=before))
        module = types.ModuleType(name)
        module.__file__ = str(path)
        monkeypatch.setitem(sys.modules, name, module)
        exec(compile(path.read_text(), str(path), "exec"), module.__dict__)  # noqa: S102
        return module.ENV

    return declare


# --- what is refused --------------------------------------------------------------------------------------------------

HELPER = "@rule\ndef helper(s, n):\n    return n + 1\n\n"
NO_RULE = "def helper(s, n):\n    return n + 1\n\n"
LOOP = "@rule\ndef again(n):  # no\n    return again(n - 1) if n > 0 else 0\n\n"
PING = "@rule\ndef ping(n):  # no\n    return pong(n)\n\n@rule\ndef pong(n):\n    return ping(n)\n\n"
DEFAULTS = "@rule\ndef helper(s, n=1):  # no\n    return n\n\n"
EITHER = '@rule\ndef helper(s, n):\n    if n > 0:\n        return s["row"]\n    return 1  # no\n\n'
MAYBE = "@rule\ndef helper(s, n):\n    if n > 0:  # no\n        return 1\n\n"

# Statements, of which the line with a comment is refused, and words of the reason.
REFUSED = {
    # 1: statements
    "try": ("try:  # no\n    x = 1\nexcept ValueError:\n    x = 2\nreturn x > 0", "no statement of a rule"),
    "with": ("with open('f') as f:  # no\n    pass\nreturn False", "no statement of a rule"),
    "raise": ("raise ValueError  # no", "no statement of a rule"),
    "assert": ("assert action < 4  # no\nreturn False", "no statement of a rule"),
    "global": ("global EXPONENT  # no\nEXPONENT = 2\nreturn False", "no statement of a rule"),
    "inner function": ("def inner():  # no\n    return 1\nreturn False", "no statement of a rule"),
    "import": ("import os  # no\nreturn False", "no statement of a rule"),
    "two targets": ("a = b = action  # no\nreturn a > b", "one target, or a tuple of names"),
    "tuple of elements": ('s["x"], s["y"] = 1, 2.0  # no\nreturn False', "consists of names"),
    "attribute": ("s.x = 1  # no\nreturn False", "to a name, an element of an array or a field"),
    "nothing done": ("action + 1  # no\nreturn False", "this does nothing"),
    "range with a variable step": (
        'for i in range(0, 4, action):  # no\n    s["x"] = i\nreturn False',
        "step of range is a constant",
    ),
    "range of floats": ('for i in range(s["y"]):  # no\n    s["x"] = i\nreturn False', "use int"),
    "loop over enumerate": (
        'for i, n in enumerate(NUMBERS):  # no\n    s["x"] = n\nreturn False',
        "enumerate\\(\\) cannot be called here",
    ),
    "loop over variables": (
        'for n in (action, action):  # no\n    s["x"] = n\nreturn False',
        "over range, a constant table or an array",
    ),
    "loop with else": ('for i in range(3):\n    pass\nelse:\n    s["x"] = 1  # no\nreturn False', "no else"),
    # 2: kinds, paths, recursion, forms
    "two kinds": ('a = action\na = s["row"]  # no\nreturn False', "an int elsewhere .* a name has one kind"),
    "two kinds in an expression": ('a = s["row"] if action > 1 else 1  # no\nreturn False', "a value has one kind"),
    "two kinds of result": ("return helper(s, 1) > 0", "a result has one kind", EITHER),
    "a result on some paths": ("return helper(s, 1) > 0", "nothing on another", MAYBE),
    "not set on every path": ("if action > 1:\n    a = 1\nreturn a > 0  # no", "set it on every path"),
    "set in a loop only": ('for i in range(p["size"]):\n    a = i\nreturn a > 0  # no', "set it on every"),
    "nothing as a value": ('a = fill(s["row"], 0)  # no\nreturn False', "set to nothing"),
    "recursion": ("return again(3) > 0", "no recursion: again calls again", LOOP),
    "recursion by two": ("return ping(3) > 0", "no recursion: ping calls pong calls ping", PING),
    "keywords": ("return helper(s, n=1) > 0  # no", "no keywords", HELPER),
    "defaults": ("return helper(s, 1) > 0", "no defaults", DEFAULTS),
    "too few arguments": ("return helper(s) > 0  # no", "takes 2 arguments, and 1", HELPER),
    "in": ("return action in NUMBERS  # no", "'in' compares no numbers"),
    "is": ("return action is None  # no", "'is' compares no numbers"),
    "comprehension": ("return max([n for n in NUMBERS]) > 1  # no", "two numbers"),
    "generator": ("return min(0, (n for n in NUMBERS)) > 1  # no", "comprehension"),
    "lambda": ("f = lambda n: n  # no\nreturn False", "a lambda is no expression"),
    "list": ("a = [1, 2]  # no\nreturn False", "a list is no expression"),
    "walrus": ("return (a := action) > 1  # no", "an assignment within an expression"),
    "string": ("a = 'b' + 'c'  # no\nreturn False", "strings are only for the names of fields"),
    "None": ("a = None  # no\nreturn False", "None is no number"),
    "unknown field": ('return s["z"] > 0  # no', "has no field 'z'; it has 'rng', 'elapsed_steps'"),
    "variable field": ("for w in WORDS:  # no\n    s[w] = 1\nreturn False", "no table of numbers"),
    "unknown name": ("return action > LIMIT  # no", "'LIMIT' is neither a name of this rule nor"),
    # 3: calls
    "print": ("print(action)  # no\nreturn False", "print\\(\\) cannot be called here: rules call"),
    "round": ('return round(s["y"]) > 1  # no', "round\\(\\) cannot be called"),
    "function without @rule": ("return helper(s, 1) > 0  # no", "mark it with @rule", NO_RULE),
    "numpy": ('return np.sum(s["row"]) > 0  # no', "np.sum is for whole arrays"),
    "zeros of a variable size": ('a = np.zeros(p["size"])  # no\nreturn False', "constant size"),
    "math of Python only": ("return math.factorial(4) > 3  # no", "not the same on every"),
    "max of an array": ('return max(s["row"]) > 3  # no', "for the max of an array write a loop"),
    "call in an augmented target": (
        's["row"][random_below(s["rng"], 5)] += 1  # no\nreturn False',
        "call in the target of an augmented",
    ),
    "verb of a number": ('fill(s["x"], 0)  # no\nreturn False', "fill cannot take .*an int"),
    "verb of the stream": ('fill(s["rng"], 0)  # no\nreturn False', "the random stream has no attributes"),
    # 4: arrays
    "method": ('return s["row"].sum() > 3  # no', "no .sum in a rule, but size, shape, ndim"),
    "transposed": ('return s["board"].T[0, 0] > 3  # no', "no .T in a rule"),
    "sum of arrays": ('a = s["row"] + 1  # no\nreturn False', "a whole array: use a verb"),
    "array as a condition": ('if s["row"]:  # no\n    return True\nreturn False', "a whole array: use a verb"),
    "comparison of arrays": ('return s["row"] == 0  # no', "a whole array: use a verb"),
    "assignment of an array": ('s["row"] = s["row"]  # no\nreturn False', "use copy_to or fill"),
    "assignment of a row": ('s["board"][0] = 1  # no\nreturn False', "use copy_to or fill"),
    "augmented array": ('s["row"] += 1  # no\nreturn False', "a whole array"),
    "slice of two dimensions": ('fill(s["board"][:, 0], 1)  # no\nreturn False', "one dimension"),
    "rows of two dimensions": ('fill(s["board"][1:], 1)  # no\nreturn False', "one dimension"),
    "slice with a step": ('fill(s["row"][::2], 1)  # no\nreturn False', "a slice has no step"),
    "mask as an index": ('fill(s["row"][s["row"] > 1], 1)  # no\nreturn False', "verb"),
    "negative index": ('return s["row"][-action] > 1  # no', "count from the front"),
    "float index": ('return s["row"][action / 2] > 1  # no', "a float: use int"),
    "too many indices": ('return s["row"][0, 1] > 1  # no', "2 indices for 1 dimension"),
    "parameters written": ('p["size"] = 4  # no\nreturn False', "the parameters cannot be written"),
    "constants written": ("TABLE[0, 0] = 4  # no\nreturn False", "constants of the module cannot be written"),
    "float into an int field": ('s["x"] = action / 2  # no\nreturn False', "use int"),
    # 5: constants and powers
    "constants of two kinds": ("return MIXED[action] > 1  # no", "an indexed constant is a table"),
    "constants of two shapes": ("return RAGGED[action][0] > 1  # no", "indexed constant"),
    "words": ("return len(WORDS[action]) > 1  # no", "indexed constant is a table of numbers"),
    "a list of constants": ("return LISTED[action] > 1  # no", "a list cannot be indexed"),
    "variable exponent": ("return 2**action > 4  # no", "exponent of .* is a constant integer"),
    "fractional exponent": ('return s["y"] ** 0.5 > 4  # no', "exponent of .* is a constant integer"),
    "large exponent": ("return action**EXPONENT > 4  # no", "from 1 to 8, not 9"),
    "augmented exponent": ("a = 2\na **= action  # no\nreturn False", "exponent of .* is a constant integer"),
    # 6 and 7: what shows without running
    "division by zero": ("return action // 0 > 4  # no", "a division by zero"),
    "remainder by zero": ("return action % 0 > 4  # no", "a division by zero"),
    "integer of 65 bits": ("return action > 9223372036854775808  # no", "an integer has 64 bits"),
    "bits of a float": ('return s["y"] & 1 > 0  # no', "bits are those of integers"),
    "contraction": ('return math.fma(s["y"], s["y"], 1.0) > 0  # no', "contracts"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_no_backend_need_carry_is_refused(case, declared):
    step, reason, *before = REFUSED[case]
    env = declared(step, *before)
    with pytest.raises(RuleError) as error:
        Engine(env, env.resolve({}), backend="python")
    path = Path(env.rules.__file__)
    lines = path.read_text().splitlines()
    found = error.value.violations
    assert any(each.text.endswith("# no") and re.search(reason, each.reason) for each in found), error.value
    for each in found:
        assert lines[each.line - 1].strip() == each.text
        assert f"{path}:{each.line}, in {each.rule}: {each.text}\n    {each.reason}" in str(error.value)


def test_a_step_without_a_result_is_refused(declared):
    env = declared('s["x"] = 1')
    with pytest.raises(RuleError, match=r"in step: def step\(.*\n.*step returns whether .* and this returns nothing"):
        MaskedEnv(env)


def test_every_violation_is_listed_at_once(declared):
    env = declared('a = s["row"] + 1\nb = [1]\nreturn action in NUMBERS')
    for _ in range(2):  # a second look finds the same
        with pytest.raises(RuleError, match="ToyLaw-v0: 3 violations of the law of rules") as error:
            MaskedEnv(env)
        assert [violation.text for violation in error.value.violations] == [
            'a = s["row"] + 1', "b = [1]", "return action in NUMBERS",
        ]  # fmt: skip
    assert pickle.loads(pickle.dumps(error.value)).violations == error.value.violations


def test_an_unmarked_rule_is_refused(declared, monkeypatch):
    env = declared("return False")
    monkeypatch.setattr(env.rules, "observe", lambda s, p, agent, out: None)
    with pytest.raises(RuleError, match="observe is no rule: mark it with @rule"):
        MaskedEnv(env)


def test_a_rule_with_other_arguments_is_refused(declared, monkeypatch):
    env = declared("return False")
    monkeypatch.setattr(env.rules, "observe", env.rules.action_mask.__globals__["reset"])
    with pytest.raises(RuleError, match="observe takes 4 arguments, not 2"):
        MaskedEnv(env)


# --- what is carried --------------------------------------------------------------------------------------------------

CARRIED = {
    "numbers join": "a = 1\nif action > 1:\n    a = 2.5\na += action > 2\nreturn a > 3",
    "while True": "while True:\n    a = action\n    if a > 0 or a == 0:\n        break\nreturn a > 3",
    "both branches": "if action > 1:\n    a = 1\nelse:\n    a = 2\nreturn a > 1",
    "an early return": "if action > 1:\n    return True\nelse:\n    a = 2\nreturn a > 1",
    "constant negative index": 'return s["row"][-1] + NUMBERS[-1] > 3',
    "rows of a table": "for down, right in PAIRS:\n    s[\"x\"] += down - right\nreturn False",
    "elements of arrays": 's["x"] = 0\nfor n in s["row"]:\n    s["x"] += int(n)\nreturn False',
    "rows of arrays": 'for r in s["board"]:\n    fill(r, 1)\nreturn False',
    "an array constant": "return TABLE[action % 2, 1] + TABLE.size + TABLE.shape[0] + len(TABLE) > 9",
    "a chosen constant": "return NUMBERS[action % 3] + PAIRS[action % 2][1] ** 2 > 9",
    "zeros of a constant size": "a = np.zeros(3, np.int64)\na[action % 3] = 4\nreturn a[0] > 1",
    "a field by a constant": 's[FIELD] = 2\nreturn s[FIELD] == 1',
    "slices": 'fill(s["row"][1:3], action)\nreturn count_nonzero(s["row"][: action]) > 3',
    "shapes": 'height, width = s["board"].shape\nreturn s["board"].shape[action % 2] == height * width',
    "flat": 's["board"].flat[action] = 1\nreturn s["board"].flat[0] + s["board"].ndim > 3',
    "math": 'return math.floor(math.sqrt(abs(s["y"])) + math.pi) > 3 and not math.isnan(s["y"])',
    "float32": 'return float(np.float32(s["y"])) > 3.0',
    "an alias": 'row = s["row"]\nrow[action] += 1\nreturn row[0] > 3',
    "a draw": 's["row"][random_below(s["rng"], 5)] = random_below(s["rng"], 9)\nreturn False',
    "a step back": 'for i in range(4, -1, -1):\n    s["row"][i] = i\nreturn False',
}  # fmt: skip


@pytest.mark.parametrize("case", CARRIED)
def test_what_backends_carry_is_not_refused(case, declared):
    """And the Python backend carries it; that numba does is seen for all of them at once below."""
    env = MaskedEnv(declared(CARRIED[case]))
    env.reset(seed=0)
    env.step(3)


def test_numba_carries_what_is_not_refused(declared):
    pytest.importorskip("numba")
    rules = [f"@rule\ndef case_{i}(s, p, action):\n" + "\n".join(f"    {line}" for line in step.splitlines())
             for i, step in enumerate(CARRIED.values())]  # fmt: skip
    calls = "\n".join(f"ended = case_{i}(s, p, action) or ended" for i in range(len(rules)))
    env = declared(f"ended = False\n{calls}\nreturn ended", "\n\n".join(rules))
    results = []
    for backend in ("python", "numba"):
        one = MaskedEnv(env, backend=backend)
        one.reset(seed=1)
        results.append([one.step(3)[1:3], one.get_state().record])
    assert results[0] == results[1]


def test_rules_without_a_source_are_left_to_the_backend():
    """Typed at a prompt, they cannot be read; they run all the same."""
    script = MODULE.format(step="    return action in NUMBERS", before="") + (
        "\nfrom masked_envs.api import MaskedEnv\nenv = MaskedEnv(ENV)\nenv.reset(seed=0)\nprint(env.step(3)[2])"
    )
    done = subprocess.run([sys.executable, "-"], input=script, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and done.stdout.strip() == "True", done.stderr[-2000:]


# --- the package's own rules ------------------------------------------------------------------------------------------


def kinds_of(engine, body):
    """The kinds of the arguments of a row body, from the buffers of an engine."""
    buffers = engine._buffers()
    parameters = record_of(buffers.parameters.dtype, "record of parameters", constant=True)
    known = {"states": Array(state_of(buffers.records.dtype), 1), "parameters": Array(parameters, 1), "i": INT}
    given = {  # to `advance_row`, by the engine
        "new_observations": buffers.per_row["observations"],
        "new_rewards": buffers.per_row["rewards"],
        "earned": np.zeros(engine.rows),
    }
    for name, value in {**buffers.per_row, **buffers.shared, **given, "view": 0, "followed": 0}.items():
        number = INT if isinstance(value, int) else FLOAT
        known[name] = kind_of(value.dtype, name, value.ndim) if isinstance(value, np.ndarray) else number
    return tuple(known[name] for name in arguments_of(body))


@pytest.mark.parametrize(("declared", "chosen"), EVERY, ids=NAMES)
def test_rules_and_loop_together_obey_the_law(declared, chosen):
    """The loop and the rules of the mask as well, in the very combination that runs."""
    engine = Engine(declared, declared.resolve(chosen), rows=2, backend="python")
    law = Law(engine.given_rules())
    for body in row_bodies(engine.given_rules()):
        judgement = law.judge(body, kinds_of(engine, body))
        assert judgement.violations == () and isinstance(judgement.result, Number), "\n".join(
            map(str, judgement.violations)
        )
    assert NOTHING != judgement.result


@pytest.mark.parametrize(("declared", "chosen"), EVERY, ids=NAMES)
def test_no_rule_allocates(declared, chosen):
    engine = Engine(declared, declared.resolve(chosen), backend="python")
    for rule in reached([*row_bodies(engine.given_rules()), *engine.given_rules().values()]):
        assert {"zeros", "empty", "copy", "array"}.isdisjoint(rule.__code__.co_names), rule
