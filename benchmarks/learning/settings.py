"""What is run in an environment: benchmarks/learning/<id>/settings.json, beside the results."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from masked_envs.catalogue import CATALOGUE
from masked_envs.files import atomic_write
from masked_envs.registration import declaration

FOLDER = Path(__file__).resolve().parent
FEW, MANY = 5, 10  # seeds; so many where a run takes less than a minute
START_SEED, STARTS = 1_000_001, 100
"""Every policy, random play and the best possible are judged on the episodes of these seeds, from the first on."""


@dataclass(frozen=True)
class Settings:
    """What is run.

    Attributes:
        env_args: parameters of the environment.
        ppo: settings of `agents/ppo_torch`, beside its defaults.
        best: the most that the starts can bring on average: a number, or the name of one of `bounds.BOUNDS`. None if
            it is not known.
        best_is: what that is, in words, which begin with "a bound" if no policy need reach it.
        heuristic: the name of one of `heuristics.HEURISTICS`.
        note: why less than 95% of the way from random play to the best is reached, where it is.
    """

    env_args: dict[str, Any] = field(default_factory=dict)
    ppo: dict[str, Any] = field(default_factory=dict)
    best: float | str | None = None
    best_is: str = ""
    heuristic: str | None = None
    note: str = ""

    def fingerprint(self, learner: str) -> str:
        """What a result of a learner depends on, besides the code; "ppo", "maskable" or "references"."""
        parts: dict[str, Any] = {"env_args": self.env_args}
        parts |= {"best": self.best, "heuristic": self.heuristic} if learner == "references" else {"ppo": self.ppo}
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]


NEW = Settings(
    ppo={"num_envs": 64, "num_steps": 32, "minibatches": 4, "learning_rate": 1e-3, "total_decisions": 300_000}
)
"""Of an environment that has none."""


def ids() -> list[str]:
    """The environments with settings, in the order of the catalogue."""
    return [env_id for env_id in CATALOGUE if path(env_id, "settings").exists()]


def path(env_id: str, name: str) -> Path:
    return FOLDER / env_id / f"{name}.json"


def read(env_id: str) -> Settings:
    found = path(env_id, "settings")
    return Settings(**json.loads(found.read_text(encoding="utf-8"))) if found.exists() else NEW


def write(env_id: str, settings: Settings) -> None:
    """Raises:
    TypeError, ValueError: parameters that the environment does not take.
    """
    declaration(env_id).resolve(settings.env_args)
    write_json(path(env_id, "settings"), asdict(settings))


def changed(settings: Settings, ppo: dict[str, Any], env_args: dict[str, Any], **others: Any) -> Settings:
    given = {name: value for name, value in others.items() if value is not None}
    return replace(settings, ppo={**settings.ppo, **ppo}, env_args={**settings.env_args, **env_args}, **given)


def write_json(to: Path, content: dict[str, Any]) -> None:
    """With a list of lists in one line."""
    text = json.dumps({**content, **({"curve": "CURVE"} if "curve" in content else {})}, indent=1)
    if "curve" in content:
        text = text.replace('"CURVE"', json.dumps(content["curve"]))
    to.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(to) as file:
        file.write((text + "\n").encode())
