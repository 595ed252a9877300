"""What a user has set on a config before `configure`: kept where it can be, and refused by name where it cannot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.algorithms.sac.torch.sac_torch_learner import SACTorchLearner
from ray.rllib.utils import force_list

from .learners import LEARNERS
from .metrics import MaskMetrics
from .modules import MaskedObservations
from .options import is_default
from .random_module import MaskedRandomModule
from .ray_internals.catalogs import MaskedCatalog
from .ray_internals.given import module_spec_of, set_env_config, specs_in
from .ray_internals.sac_module import MaskedSACLearner

ENV_CONFIG = "env_config"


class Arguments(dict[str, Any]):
    """An env_config that `configure` has set: a later call, for another environment, starts anew.

    `undo` has each option that `configure` has changed, with its values before and after.
    """

    undo: Mapping[str, tuple[Any, Any]]


def state_of(config: AlgorithmConfig) -> dict[str, Any]:
    """The options of a config; dicts, which RLlib changes in place, are copied."""
    return {name: dict(value) if type(value) is dict else value for name, value in vars(config).items()}


def remember(config: AlgorithmConfig, before: Mapping[str, Any], arguments: Mapping[str, Any]) -> None:
    """Set env_config, which remembers what `configure` has changed."""
    given = Arguments(arguments)
    after = vars(config)
    changed = {name: (value, after[name]) for name, value in before.items() if after[name] is not value}
    given.undo = changed | {ENV_CONFIG: (before[ENV_CONFIG], None)}
    set_env_config(config, given)


def start_anew(config: AlgorithmConfig) -> None:
    """Undo what an earlier call of `configure` has set; what was set since stays."""
    given = config.env_config
    if not isinstance(given, Arguments):
        return
    for name, (before, after) in given.undo.items():
        if name == ENV_CONFIG or vars(config)[name] is after:
            setattr(config, name, before)


@dataclass(frozen=True)
class Kept:
    """Classes of modules and catalogs that a user has set, per module id ("" for one agent)."""

    modules: Mapping[str, Any] = field(default_factory=dict)

    def of(
        self, module_id: str, served: tuple[Any, type[MaskedCatalog]]
    ) -> tuple[Any, type[MaskedCatalog], dict[str, Any]]:
        """Module class, catalog class and model config of a module."""
        spec = self.modules.get(module_id, self.modules.get(""))
        if spec is None:
            return (*served, {})
        return spec.module_class or served[0], spec.catalog_class or served[1], dict(spec.model_config or {})


def kept_modules(config: AlgorithmConfig, served: tuple[Any, type[MaskedCatalog]]) -> Kept:
    """The user's modules.

    Raises:
        ValueError: one that would not mask.
    """
    specs = specs_in(module_spec_of(config))
    for spec in specs.values():
        modules = (MaskedObservations, MaskedRandomModule)
        for name, base, ours in (("module", modules, served[0]), ("catalog", (MaskedCatalog,), served[1])):
            given = getattr(spec, f"{name}_class")
            if given is not None and not issubclass(given, base):
                raise ValueError(
                    f"the {name}_class {given.__name__} of rl_module(rl_module_spec=...) does not mask: derive it from "
                    f"masked_envs.rllib.{ours.__name__}, or leave it out"
                )
    return Kept(specs)


def kept_runner(config: AlgorithmConfig, ours: type) -> type:
    """The user's env runner class, or ours."""
    given: type | None = config.env_runner_cls
    return ours if given is None else given


def add_metrics(config: AlgorithmConfig) -> None:
    """Add `MaskMetrics` to the user's callbacks; alone, as the class, since RLlib's `serialize` takes no list."""
    given = [] if is_default(config, "callbacks_class") else force_list(config.callbacks_class)
    if not any(issubclass(callback, MaskMetrics) for callback in given):
        config.callbacks([*given, MaskMetrics] if given else MaskMetrics)


def set_learner(config: AlgorithmConfig) -> None:
    """RLlib's learners of IMPALA, APPO and SAC become ours; a learner class of the user's stays."""
    ours = LEARNERS | {SACTorchLearner: MaskedSACLearner}
    config.learners(learner_class=ours.get(config.learner_class, config.learner_class))
