"""Limits of the house: what importing costs, who imports what, how long files get, and where ids may stand."""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gymnasium
import pytest
from surfaces import has_sb3_form

import masked_envs
from masked_envs.catalogue import CATALOGUE
from masked_envs.registration import declaration

PACKAGE = Path(masked_envs.__file__).parent
FILES = sorted(path for path in PACKAGE.rglob("*.py") if "__pycache__" not in path.parts)
NAMES = [str(path.relative_to(PACKAGE)) for path in FILES]
ENV_FILES = [str(Path("envs", *entry.module.split(".")).with_suffix(".py")) for entry in CATALOGUE.values()]

LONGEST_FILE = 300  # lines of code: without blank ones, comments and docstrings
LONGEST_FUNCTION = 60  # lines, all of them

HEAVY = (
    "numba",
    "torch",
    "pygame",
    "ray",
    "matplotlib",
    "scipy",
    "tensordict",
    "stable_baselines3",
    "imageio",
    "PIL",
    "rich",
)


def tree_of(name):
    return ast.parse((PACKAGE / name).read_text(), name)


def imported(tree):
    """The top-level names of absolute imports anywhere in a file, and the relative ones as they stand."""
    absolute, relative = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            absolute |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                relative.add("." * node.level + (node.module or ""))
            else:
                absolute.add((node.module or "").split(".")[0])
    return absolute, relative


# --- what an import costs ---------------------------------------------------------------------------------------------


def loaded_after(code):
    """Which of the heavy modules a fresh interpreter has loaded after some code."""
    command = f"import sys\n{code}\nprint(*(name for name in {HEAVY!r} if name in sys.modules))"
    paths = os.pathsep.join([str(PACKAGE.parent), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": paths}
    done = subprocess.run([sys.executable, "-c", command], env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def masks_of(env_id):
    """How an environment is asked for its mask: as sb3-contrib does where that has a form for it."""
    declared = declaration(env_id)
    return "action_masks()" if has_sb3_form(declared.mask(declared.resolve({}))) else "action_mask"


@pytest.mark.parametrize(
    "code",
    [
        "import masked_envs",
        "import masked_envs.api, masked_envs.cli, masked_envs.conformance, masked_envs.render, masked_envs.mask_spec",
        *(
            f"import masked_envs\nenv = masked_envs.make({i!r})\nenv.reset(seed=0)\nenv.{masks_of(i)}"
            for i in CATALOGUE
        ),
    ],
    ids=["package", "rooms", *CATALOGUE],
)
def test_nothing_heavy_is_loaded(code):
    assert loaded_after(code) == set()


def test_what_is_loaded_is_seen():
    """Negative control of the test above."""
    pytest.importorskip("numba")
    assert "numba" in loaded_after(
        f"import masked_envs\nmasked_envs.make_vec({next(iter(CATALOGUE))!r}, 2).reset(seed=0)"
    )


# --- who imports what -------------------------------------------------------------------------------------------------

ONLY_HERE = {
    "pygame": ("render/",),
    "torch": ("torch/", "rllib/", "tianshou/", "torchrl/", "skrl/"),
    "numba": ("core/backends/numba.py",),
    "ray": ("rllib/",),
    "stable_baselines3": ("sb3/",),
    "sb3_contrib": ("sb3/",),
    "torchrl": ("torchrl/",),
    "tensordict": ("torchrl/",),
    "tianshou": ("tianshou/",),
    "skrl": ("skrl/",),
    "jax": ("jax/",),
    "optax": (),
    "dm_env": ("dm_env.py",),
    "pyspiel": ("open_spiel.py",),
    "open_spiel": (),
    "rl_games": ("rl_games.py",),
    "matplotlib": (),
    "scipy": (),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_library_is_imported_in_its_own_room_only(name):
    absolute, _ = imported(tree_of(name))
    for library, rooms in ONLY_HERE.items():
        assert library not in absolute or name.startswith(rooms), f"{name} imports {library}"


def test_the_rooms_are_not_empty():
    """Negative control: the libraries are imported where they should be."""
    for library in ("pygame", "torch", "numba"):
        assert any(library in imported(tree_of(name))[0] for name in NAMES if name.startswith(ONLY_HERE[library]))


def modules_of(tree, name):
    """The full names of the modules that a file imports from, relative imports resolved."""
    package = ["masked_envs", *Path(name).parent.parts]
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            found.add(".".join([*base, *([node.module] if node.module else [])]))
    return found


def forbidden_to_rules(tree, name):
    """What an environment's file imports and may not.

    It may import NumPy, math and Gymnasium's spaces; the core, the mask specification and the scene; its family, and
    the shared pieces of any family: modules of masked_envs.envs that are no environment themselves.
    """
    allowed = {
        "numpy",
        "math",
        "gymnasium.spaces",
        *(f"masked_envs.{room}" for room in ("core", "mask_spec", "render")),
    }
    own_family = ".".join(["masked_envs", *Path(name).parent.parts])
    environments = {f"masked_envs.envs.{entry.module}" for entry in CATALOGUE.values()}

    def is_allowed(module):
        in_envs = f"masked_envs.envs.{module.removeprefix('masked_envs.envs.')}" == module
        return module in allowed or below(module, own_family) or (in_envs and module not in environments)

    return {module for module in modules_of(tree, name) if not is_allowed(module)}


@pytest.mark.parametrize("name", ENV_FILES)
def test_rules_import_only_what_they_may(name):
    assert forbidden_to_rules(tree_of(name), name) == set()


def test_a_forbidden_import_of_rules_is_seen():
    source = """
import numpy as np
from gymnasium.spaces import Box
from ...core import rule
from .connect_four import run
from ..cards.decks import deal
from ..packing.knapsack import fits
from ...api import MaskedEnv
import scipy
from gymnasium import spaces
"""
    found = forbidden_to_rules(ast.parse(source), "envs/board/othello.py")
    assert found == {"masked_envs.envs.packing.knapsack", "masked_envs.api", "scipy", "gymnasium"}


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("core/")])
def test_the_core_knows_nothing_above_it(name):
    package = ".".join(["masked_envs", *Path(name).parent.parts])
    ours = {module for module in full_names(tree_of(name), package) if below(module, "masked_envs")}
    above = {module for module in ours if not below(module, "masked_envs.core", "masked_envs.mask_spec")}
    assert not above, f"{name} imports {above}"


@pytest.mark.parametrize(
    "name", [name for name in NAMES if name.startswith(("conformance/", "render/", "cli/", "play/", "torch/"))]
)
def test_rooms_see_no_environment_file(name):
    absolute, relative = imported(tree_of(name))
    assert not any("envs." in module or module.endswith("envs") for module in relative), name


# --- how long things get ----------------------------------------------------------------------------------------------


def lines_of_code(source):
    """Lines that hold code, without docstrings."""
    tree = ast.parse(source)
    docstrings = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            if ast.get_docstring(node) is not None:
                docstrings |= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    code = (
        number
        for number, line in enumerate(source.splitlines(), 1)
        if line.strip() and not line.strip().startswith("#") and number not in docstrings
    )
    return sum(1 for _ in code)


@pytest.mark.parametrize("name", NAMES)
def test_files_and_functions_stay_short(name):
    source = (PACKAGE / name).read_text()
    assert lines_of_code(source) <= LONGEST_FILE, f"{name}: find the missing piece"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = node.end_lineno - node.lineno + 1
            assert length <= LONGEST_FUNCTION, f"{name}: {node.name} has {length} lines"


def test_lines_are_counted_rightly():
    source = '"""Doc\nof two lines."""\n\n# a comment\nx = 1  # one\n\n\ndef f():\n    """Doc."""\n    return x\n'
    assert lines_of_code(source) == 3


# --- where ids may stand ----------------------------------------------------------------------------------------------


MAY_NAME_IDS = ("catalogue.py", "cli/parser.py")  # the examples in the help of the command line are documentation


def ids_in_code(source):
    """Ids in the code of a file; docstrings are documentation."""
    tree = ast.parse(source)
    documentation = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node) is not None
    }
    stems = {env_id.rsplit("-", 1)[0] for env_id in CATALOGUE}
    strings = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return {stem for node in strings if id(node) not in documentation for stem in stems if stem in node.value}


@pytest.mark.parametrize("name", [name for name in NAMES if name not in MAY_NAME_IDS])
def test_no_id_outside_its_own_file_and_the_catalogue(name):
    own = {env_id.rsplit("-", 1)[0] for env_id, file in zip(CATALOGUE, ENV_FILES, strict=True) if file == name}
    assert ids_in_code((PACKAGE / name).read_text()) <= own, f"{name} knows an environment by its name"


def test_ids_in_code_are_found():
    stem = next(iter(CATALOGUE)).rsplit("-", 1)[0]
    assert ids_in_code(f'"""Such as {stem}."""\nx = 1\n') == set()
    assert ids_in_code(f'if env == "{stem}-v0":\n    pass\n') == {stem}


@pytest.mark.parametrize("name", ["core", "api", "conformance", "render", "mask_spec", "torch", "cli", "play"])
def test_every_room_exists(name):
    """The rules above speak of folders by name."""
    assert (PACKAGE / name).is_dir()


# --- the package and the agents together ------------------------------------------------------------------------------

ROOT = PACKAGE.parent
AGENTS = ROOT / "agents"
LONGEST_TEXT = 350  # lines of a file, all of them

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@functools.cache
def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@functools.cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(text_of(path), str(path))


def findings(look: Callable[[Path], Any], *folders: Path) -> dict[str, Any]:
    """What a look at each file finds, where it finds something."""
    paths = [path for folder in folders for path in sorted(folder.rglob("*.py"))]
    assert len(paths) > 5
    return {path.relative_to(ROOT).as_posix(): found for path in paths if (found := look(path))}


def too_long(path: Path) -> list[str]:
    lines = len(text_of(path).splitlines())
    found = [f"{lines} lines"] if lines > LONGEST_TEXT else []
    for node in ast.walk(parsed(path)):
        if isinstance(node, FUNCTIONS) and node.end_lineno - node.lineno + 1 > LONGEST_FUNCTION:
            found.append(f"{node.name}: {node.end_lineno - node.lineno + 1} lines")
    return found


def test_no_text_is_too_long() -> None:
    assert not findings(too_long, PACKAGE, AGENTS)


@pytest.mark.parametrize("more", [0, 1])
def test_length_is_seen(more: int, tmp_path: Path) -> None:
    function, whole = tmp_path / "function.py", tmp_path / "whole.py"
    function.write_text("def f():\n" + "    x = 1\n" * (LONGEST_FUNCTION - 1 + more))
    whole.write_text("y = 2\n" * (LONGEST_TEXT + more))
    assert [len(too_long(path)) for path in (function, whole)] == [more, more]


# --- imports, resolved ------------------------------------------------------------------------------------------------

EVERYWHERE = {"numpy", "gymnasium", "masked_envs", *sys.stdlib_module_names}
ROOMS = {
    **ONLY_HERE,
    "PIL": ("render/",),
    "msgpack": ("rllib/ray_internals/recording.py",),
    "msgpack_numpy": ("rllib/ray_internals/recording.py",),
    "pytest": ("pytest_plugin.py",),
    "rich": ("cli/",),
    "onnx": ("rllib/onnx.py",),
    "onnxscript": ("rllib/onnx.py",),
    "pettingzoo": (
        "api/aec_env.py",
        "api/parallel_env.py",
        "registration.py",
        "rllib/",
        "adaptation/pettingzoo_action_mask.py",
    ),
}
# Where the name to install is not the name to import.
DISTRIBUTIONS = {
    "dm_env": "dm-env",
    "pyspiel": "open_spiel",
    "rl_games": "rl-games",
    "pygame": "pygame-ce",
    "PIL": "pillow",
    "msgpack_numpy": "msgpack-numpy",
    "sb3_contrib": "sb3-contrib",
    "stable_baselines3": "stable-baselines3",
}


def full_names(module: ast.Module, package: str) -> set[str]:
    """Full names of the modules, or names in modules, that are imported anywhere in a file of `package`."""
    found = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            home = ".".join([*base, *([node.module] if node.module else [])])
            found |= {f"{home}.{alias.name}" for alias in node.names}
    return found


def names_imported(path: Path) -> set[str]:
    return full_names(parsed(path), ".".join(path.relative_to(ROOT).parent.parts))


def below(name: str, *modules: str) -> bool:
    return any(name == module or name.startswith(f"{module}.") for module in modules)


def strangers(names: set[str], where: str) -> set[str]:
    """What a file imports though its room does not; `where` is its path below the package."""
    roots = {name.split(".")[0] for name in names} - EVERYWHERE
    return {root for root in roots if not where.startswith(ROOMS.get(root, ()))}


def test_imports_are_resolved() -> None:
    source = "import a.b, c\nfrom d import e as f\ndef g():\n    from . import h\n    from ..i.j import k\n"
    assert full_names(ast.parse(source), "one.two") == {"a.b", "c", "d.e", "one.two.h", "one.i.j.k"}


def test_nothing_else_is_imported() -> None:
    """No library without a room; agents, tests and benchmarks, which import the package, have none in it."""
    assert not findings(lambda path: strangers(names_imported(path), path.relative_to(PACKAGE).as_posix()), PACKAGE)


@pytest.mark.parametrize(
    ("name", "where", "found"),
    [
        ("torch.nn.Module", "mask_spec/spec.py", True),
        ("torch.nn.Module", "torch/dispatch.py", False),
        ("pygame", "api/picture.py", True),
        ("agents.ppo_torch", "cli/demo.py", True),
        ("tests.toys", "conformance/check.py", True),
        ("benchmarks", "throughput.py", True),
        ("scipy.stats", "core/random.py", True),
        ("numpy.typing.NDArray", "core/random.py", False),
    ],
)
def test_a_stranger_is_seen(name: str, where: str, found: bool) -> None:
    assert bool(strangers({name}, where)) == found


@pytest.mark.parametrize(
    ("room", "inside"),
    [("torch", ("masked_envs/torch/", "masked_envs/rllib/")), ("envs", ("masked_envs/envs/",))],
)
def test_a_room_is_imported_by_its_own_files_only(room: str, inside: tuple[str, ...]) -> None:
    """torch would come in by way of its room, which RLlib's needs as well; environments are found by the catalogue."""
    found = findings(lambda path: [n for n in names_imported(path) if below(n, f"masked_envs.{room}")], PACKAGE)
    assert found and all(name.startswith(inside) for name in found)


def test_an_environment_file_takes_what_is_exported() -> None:
    allowed = {"numpy", "math"}
    for package in ("core", "mask_spec", "render"):
        public = importlib.import_module(f"masked_envs.{package}").__all__
        allowed |= {f"masked_envs.{package}.{name}" for name in public}

    def foreign(path: Path) -> list[str]:
        others = names_imported(path) - allowed
        return sorted(name for name in others if not below(name, "gymnasium.spaces", "masked_envs.envs", "__future__"))

    assert not findings(foreign, PACKAGE / "envs")


def test_examples_name_environments_that_exist() -> None:
    def unknown(path: Path) -> set[str]:
        words = re.findall(r"\b[A-Z][a-z]+[A-Z]\w*-v\d+", text_of(path))
        return set(words) - set(gymnasium.registry) - {"MaskedX-v0"}  # X stands for any

    assert not findings(unknown, PACKAGE, AGENTS)


# --- errors -----------------------------------------------------------------------------------------------------------

# The only places that may catch everything and not raise it again: what they call is other people's code.
FOREIGN_CODE = {
    "masked_envs/api/invalid_action.py": {"_shown"},  # the repr of a user's object
    "masked_envs/adaptation/find.py": {"_called"},  # a method that may have a mask
    # an environment under test, here and below
    "masked_envs/conformance/check.py": {"_run", "_weigh", "_profile"},
    "masked_envs/conformance/verdict.py": {"verdict_on"},
    "masked_envs/conformance/preflight.py": {"obstacle"},
    "masked_envs/conformance/env_view/base.py": {"attempt", "raises"},
    "masked_envs/conformance/env_view/copies.py": {"why_not_copied"},
    "masked_envs/conformance/laws/reproducible.py": {"_pickled"},
    "masked_envs/conformance/other_process.py": {"stream_elsewhere", "_answer"},
    "masked_envs/conformance/shrink.py": {"_same_failure"},
    "masked_envs/core/backends/threads.py": {"_work"},  # the calling thread raises what a further thread met
    "masked_envs/core/sealed.py": {"_parts"},  # what an object gives to pickle
    "masked_envs/mask_spec/checks.py": {"shown", "describe"},  # the __repr__ and the shape of any object
    "masked_envs/rllib/ray_internals/refusals.py": {"_connectors"},  # a function that makes connectors
}
NO_ERROR = {"WindowClosedError"}  # a person leaves: the one thing to do is to go on


def handlers(node: ast.AST, function: str = "") -> Iterator[tuple[str, ast.ExceptHandler]]:
    """Every handler, with the name of the function it stands in."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ExceptHandler):
            yield function, child
        yield from handlers(child, child.name if isinstance(child, FUNCTIONS) else function)


def caught(handler: ast.ExceptHandler) -> set[str]:
    if handler.type is None:
        return {"BaseException"}
    parts = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return {ast.unparse(part).rsplit(".", 1)[-1] for part in parts}


def catch_everything(module: ast.Module) -> set[str]:
    """The functions with a handler of every error that does not end in raising it again."""
    return {
        function
        for function, handler in handlers(module)
        if caught(handler) & {"Exception", "BaseException"}
        and not (isinstance(handler.body[-1], ast.Raise) and handler.body[-1].exc is None)
    }


def drop_errors(module: ast.Module) -> set[str]:
    """The functions that drop an error without a word: by an empty handler, or by contextlib.suppress."""
    silent = {
        function
        for function, handler in handlers(module)
        if not caught(handler) <= NO_ERROR and all(ast.unparse(line) in ("pass", "...") for line in handler.body)
    }
    calls = (node for node in ast.walk(module) if isinstance(node, ast.Call))
    suppressed = (node.args for node in calls if ast.unparse(node.func).rsplit(".", 1)[-1] == "suppress")
    return silent | {"suppress" for types in suppressed if not {ast.unparse(t) for t in types} <= NO_ERROR}


def test_only_foreign_code_may_fail_in_any_way() -> None:
    assert findings(lambda path: catch_everything(parsed(path)), PACKAGE, AGENTS) == FOREIGN_CODE


def test_no_error_is_dropped() -> None:
    assert not findings(lambda path: drop_errors(parsed(path)), PACKAGE, AGENTS)


def test_a_swallowed_error_is_seen() -> None:
    def tries(name: str, handler: str) -> str:
        return f"def {name}():\n    try:\n        work()\n    except{handler}\n"

    broad = [
        tries("a", ": return 1"),
        tries("b", " (ValueError, Exception): log()"),
        tries("c", " x.BaseException: f()"),
    ]
    narrow = [tries("d", " ValueError: return 1"), tries("e", " Exception:\n        undo()\n        raise")]
    assert catch_everything(ast.parse("\n".join(broad + narrow))) == {"a", "b", "c"}
    silent = [
        tries("a", " KeyError: pass"),
        tries("b", " KeyError: ..."),
        tries("c", " (OSError, WindowClosedError): pass"),
    ]
    spoken = [tries("d", " KeyError: log()"), tries("e", " WindowClosedError: pass"), tries("f", " KeyError: return 0")]
    assert drop_errors(ast.parse("\n".join(silent + spoken))) == {"a", "b", "c"}
    assert drop_errors(ast.parse("with contextlib.suppress(OSError):\n    f()")) == {"suppress"}


# --- words ------------------------------------------------------------------------------------------------------------


def test_nothing_is_left_to_do() -> None:
    left = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")
    assert left.search("# TODO: later")
    assert not findings(lambda path: left.findall(text_of(path)), PACKAGE, AGENTS)


def undocumented(module: ast.Module, where: str) -> list[str]:
    """Public classes and functions of a file that say nothing of themselves.

    What each rule of an environment does is written once, by the placeholders of the stepping loop; so rules, and the
    functions of an environment file, may go without.
    """
    missing = [] if ast.get_docstring(module) or not module.body else ["the module"]
    for node in module.body:
        if not isinstance(node, (*FUNCTIONS, ast.ClassDef)) or node.name.startswith("_") or ast.get_docstring(node):
            continue
        is_rule = any(ast.unparse(mark) == "rule" for mark in node.decorator_list)
        if isinstance(node, ast.ClassDef) or not (is_rule or where.startswith("masked_envs/envs/")):
            missing.append(node.name)
    return missing


def test_what_is_public_says_what_it_is() -> None:
    assert not findings(lambda path: undocumented(parsed(path), path.relative_to(ROOT).as_posix()), PACKAGE)


def test_a_missing_docstring_is_seen() -> None:
    source = "@rule\ndef a(): ...\ndef b(): ...\nclass C: ...\ndef _d(): ...\ndef e():\n    'words'\n"
    assert undocumented(ast.parse(source), "masked_envs/api/x.py") == ["the module", "b", "C"]
    assert undocumented(ast.parse(source), "masked_envs/envs/x.py") == ["the module", "C"]


def silent_members(cls: type) -> Iterator[str]:
    """Public methods and properties without a docstring of their own or of a class that they override."""
    for name, member in vars(cls).items():
        described = inspect.isroutine(member) or isinstance(member, (property, functools.cached_property))
        if described and not name.startswith("_") and name not in getattr(cls, "__dataclass_fields__", ()):
            if not any(inspect.getdoc(vars(base)[name]) for base in cls.__mro__ if name in vars(base)):
                yield f"{cls.__name__}.{name}"


@pytest.mark.parametrize("package", ["", ".api", ".conformance", ".core", ".mask_spec", ".render", ".torch"])
def test_every_public_method_is_described_somewhere(package: str) -> None:
    if package == ".torch":
        pytest.importorskip("torch")
    module = importlib.import_module(f"masked_envs{package}")
    things = [getattr(module, name) for name in getattr(module, "__all__", vars(module)) if not name.startswith("_")]
    ours = [thing for thing in things if str(getattr(thing, "__module__", "")).startswith("masked_envs")]
    assert ours
    assert not [thing for thing in ours if callable(thing) and not inspect.getdoc(thing)]
    assert not [member for thing in ours if inspect.isclass(thing) for member in silent_members(thing)]


def test_an_undescribed_method_is_seen() -> None:
    class Base:
        def told(self) -> None:
            """Words."""

    class Derived(Base):
        def told(self) -> None: ...

        def untold(self) -> None: ...

        @property
        def size(self) -> int: ...

    assert list(silent_members(Derived)) == ["Derived.untold", "Derived.size"]


# --- what is shipped --------------------------------------------------------------------------------------------------


def project() -> dict[str, Any]:
    tomllib = pytest.importorskip("tomllib", reason="tomllib is in the standard library from Python 3.11 on")
    return tomllib.loads(text_of(ROOT / "pyproject.toml"))


def test_the_wheel_is_the_package_alone() -> None:
    assert project()["tool"]["hatch"]["build"]["targets"]["wheel"] == {"packages": ["masked_envs"]}
    assert (PACKAGE / "py.typed").is_file()
    assert not [path for path in FILES if not (path.parent / "__init__.py").is_file()]


def test_what_the_package_imports_can_be_installed_with_it() -> None:
    declared = project()["project"]
    extras = declared["optional-dependencies"].values()
    names = {
        re.split(r"[^\w.-]", line, maxsplit=1)[0] for lines in (declared["dependencies"], *extras) for line in lines
    }
    libraries = {name.split(".")[0] for path in FILES for name in names_imported(path)}
    libraries -= {"masked_envs", *sys.stdlib_module_names}
    assert {"numpy", "torch", "pygame"} <= libraries
    assert {DISTRIBUTIONS.get(library, library) for library in libraries} <= names
