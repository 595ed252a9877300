"""What Ray does not document is used in one folder, which names the versions of Ray it was tested with."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import warnings
from pathlib import Path
from typing import Any

import pytest

ray = pytest.importorskip("ray", reason="needs RLlib: pip install 'masked-envs[rllib]'")

import masked_envs.rllib  # noqa: E402
from masked_envs.rllib.ray_internals import versions  # noqa: E402

ROOM = Path(masked_envs.rllib.__file__).parent
FOLDER = "ray_internals"
OUTSIDE = sorted(path for path in ROOM.rglob("*.py") if FOLDER not in path.relative_to(ROOM).parts)

# Hooks that RLlib's guide to RLModules tells users to override.
DOCUMENTED = {"_forward", "_forward_train", "_forward_inference", "_forward_exploration"}


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def slots_of_episodes() -> set[str]:
    from ray.rllib.env.multi_agent_episode import MultiAgentEpisode
    from ray.rllib.env.single_agent_episode import SingleAgentEpisode

    return {slot for cls in (SingleAgentEpisode, MultiAgentEpisode) for slot in getattr(cls, "__slots__", ())}


def private_uses(tree: ast.Module, slots: set[str]) -> set[str]:
    """Attributes with an underscore that are not the file's own, and assignments to slots of RLlib's episodes."""
    own = {node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    attributes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    of_self = [a for a in attributes if isinstance(a.value, ast.Name) and a.value.id == "self"]
    own |= {a.attr for a in of_self if isinstance(a.ctx, ast.Store)} - DOCUMENTED
    of_super = {a.attr for a in attributes if isinstance(a.value, ast.Call) and ast.unparse(a.value) == "super()"}
    found = {a.attr for a in attributes if is_private(a.attr) and a.attr not in own}
    found |= {name for name in of_super if is_private(name)}
    written = [a for a in attributes if isinstance(a.ctx, ast.Store) and a not in of_self]
    imported = [alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names]
    return (found | {a.attr for a in written if a.attr in slots} | set(filter(is_private, imported))) - DOCUMENTED


def overridden(cls: type) -> set[str]:
    """Private names of a class of ours that a class of Ray's among its bases has as well."""
    bases = [base for base in cls.__mro__[1:] if base.__module__.partition(".")[0] == "ray"]
    members = {name for name, member in vars(cls).items() if inspect.isroutine(member) or isinstance(member, property)}
    return {name for name in members if is_private(name) and any(name in vars(base) for base in bases)} - DOCUMENTED


@pytest.mark.parametrize("path", OUTSIDE, ids=lambda path: path.name)
def test_no_private_attribute_of_ray_outside_the_folder(path: Path) -> None:
    assert private_uses(ast.parse(path.read_text()), slots_of_episodes()) == set()


def test_no_private_method_of_ray_is_overridden_outside_the_folder() -> None:
    names = [info.name for info in pkgutil.iter_modules([str(ROOM)]) if info.name != FOLDER]
    modules = [importlib.import_module(f"masked_envs.rllib.{name}") for name in names]
    classes = {
        cls
        for module in modules
        for cls in vars(module).values()
        if inspect.isclass(cls) and cls.__module__ == module.__name__
    }
    assert len(classes) > 5
    assert {cls.__name__: overridden(cls) for cls in classes if overridden(cls)} == {}


def test_uses_are_seen() -> None:
    """Negative control, and the folder itself is full of them."""
    slots = {"observations"}
    source = (
        "from ray.x import _hidden\nclass A(B):\n    def __init__(self):\n        self._own = 1\n"
        "    def f(self, episode):\n        self._own, self._forward, self._theirs\n        episode.observations = 1\n"
        "        return super()._f() + episode._start_time\n"
    )
    assert private_uses(ast.parse(source), slots) == {"_hidden", "_theirs", "observations", "_f", "_start_time"}
    inside = [private_uses(ast.parse(path.read_text()), slots_of_episodes()) for path in (ROOM / FOLDER).glob("*.py")]
    assert sum(map(len, inside)) > 10
    assert "_sample" in overridden(masked_envs.rllib.BatchedEnvRunner)


@pytest.fixture
def another_version(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(versions.ray, "__version__", "9.99.1")
    versions.warn_untested.cache_clear()
    yield
    versions.warn_untested.cache_clear()


def test_an_unknown_version_gets_rllibs_own_env_runner_after_one_warning(another_version: Any) -> None:
    from ray.rllib.algorithms.ppo import PPOConfig
    from ray.rllib.env.single_agent_env_runner import SingleAgentEnvRunner

    with pytest.warns(UserWarning, match=r"2\.60.*9\.99\.1.*RLlib's own env runner") as caught:
        config = masked_envs.rllib.configure(PPOConfig(), "MaskedCartPole-v0")
    assert len([warning for warning in caught if "BatchedEnvRunner" in str(warning.message)]) == 1
    assert config.env_runner_cls is SingleAgentEnvRunner
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert masked_envs.rllib.configure(PPOConfig(), "MaskedCartPole-v0").env_runner_cls is SingleAgentEnvRunner


def test_a_tested_version_gets_the_batched_one_without_a_warning() -> None:
    from ray.rllib.algorithms.ppo import PPOConfig

    assert versions.is_tested(), f"add {ray.__version__} to the table once tests/adapters pass with it"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        config = masked_envs.rllib.configure(PPOConfig(), "MaskedCartPole-v0")
    assert config.env_runner_cls is masked_envs.rllib.BatchedEnvRunner
