"""docs/rllib.md: every new name in its table exists in the installed Ray, and every old one is gone or deprecated."""

import ast
import importlib
import inspect
import re
from pathlib import Path

import pytest

pytest.importorskip("ray")
import gymnasium
from ray import tune
from ray._common.deprecation import DEPRECATED_VALUE
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.core.rl_module.rl_module import RLModule

import masked_envs
from masked_envs.rllib import TrainedPolicy, configure, load

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "rllib.md").read_text(encoding="utf-8")
TABLE = PAGE.partition("<!-- names:start -->")[2].partition("<!-- names:end -->")[0]
ROWS = [row.strip("| ").split(" | ") for row in TABLE.strip().splitlines()[2:]]
SECTIONS = ("env_runners", "evaluation", "training", "learners", "fault_tolerance", "rl_module")
KNOWN = {
    "PPOConfig": PPOConfig,
    "RunConfig": tune.RunConfig,
    "CheckpointConfig": tune.CheckpointConfig,
    "Tuner": tune.Tuner,
    "RLModule": RLModule,
    "gymnasium": gymnasium,
    "configure": configure,
    "load": load,
    "TrainedPolicy": TrainedPolicy,
    "masked_envs": masked_envs,
    **{name: getattr(PPOConfig, name) for name in SECTIONS},
}


def parameters(function):
    """Those that are not deprecated, of a method also those that its base classes take."""
    found = dict(inspect.signature(function).parameters)
    if getattr(function, "__name__", "") in SECTIONS:
        found |= inspect.signature(getattr(AlgorithmConfig, function.__name__)).parameters
    return {name for name, parameter in found.items() if parameter.default != DEPRECATED_VALUE}


def look_up(node):
    """The object that an expression of the table names; it is not called.

    Raises:
        AttributeError, ImportError, KeyError: there is none.
    """
    if isinstance(node, ast.Call):
        function = look_up(node.func)
        unknown = {keyword.arg for keyword in node.keywords} - parameters(function)
        if unknown:
            raise AttributeError(f"{ast.unparse(node.func)} does not take {unknown}")
        return function
    if isinstance(node, ast.Name):
        return importlib.import_module(node.id) if node.id == "ray" else KNOWN[node.id]
    whole = ast.unparse(node)
    if whole.startswith("ray.") and "(" not in whole:
        module, _, name = whole.rpartition(".")
        return getattr(importlib.import_module(module), name)
    return getattr(look_up(node.value), node.attr)


def new_names():
    return sorted({name for row in ROWS for name in re.findall(r"`([^`]+)`", row[1])})


def test_the_table_has_the_names_that_people_arrive_with():
    assert len(ROWS) > 20
    for name in ("evaluation_num_episodes", "local_dir", "keep_checkpoints_num", "checkpoint_freq", "custom_model",
                 "register_env", "rollouts"):  # fmt: skip
        assert any(name in row[0] for row in ROWS), name


@pytest.mark.parametrize("name", new_names())
def test_a_new_name_is_there(name):
    look_up(ast.parse(name, mode="eval").body)


@pytest.mark.parametrize(
    "name",
    [
        "evaluation(evaluation_num_episodes=...)",
        "evaluation(evaluation_num_workers=...)",
        "RunConfig(keep_checkpoints_num=...)",
        "PPOConfig.no_such_method",
        "ray.rllib.agents.ppo.PPOTrainer",
        "no_such_name",
    ],
)
def test_an_old_or_a_wrong_name_is_found_out(name):
    """Negative control."""
    with pytest.raises((AttributeError, ImportError, KeyError)):
        look_up(ast.parse(name, mode="eval").body)


def test_rollouts_and_custom_models_are_errors_today():
    with pytest.raises(ValueError, match="env_runners"):
        PPOConfig().rollouts(num_rollout_workers=1)
    old = PPOConfig().environment("CartPole-v1").training(model={"custom_model": "mine"})
    with pytest.raises(ValueError, match="custom_model"):
        old.validate()


def test_nothing_reads_action_mask_key():
    """The trap at the end of the page; should Ray ever read it, the page must change."""
    import ray.rllib

    root = Path(ray.rllib.__file__).parent
    files = [path for path in root.rglob("*.py") if "examples" not in path.relative_to(root).parts]
    readers = [path.name for path in files if "action_mask_key" in path.read_text(encoding="utf-8")]
    assert readers == ["algorithm_config.py"]
