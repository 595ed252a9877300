"""A hook of mkdocs: the pages of the environments stand in the menu without being listed twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def on_config(config: Any) -> Any:
    folder = Path(config["docs_dir"]) / "envs"
    pages = sorted(path for path in folder.glob("*.md") if path.name != "index.md")
    (entry,) = [entry["Environments"] for entry in config["nav"] if "Environments" in entry]
    entry += [{path.stem: f"envs/{path.name}"} for path in pages]
    return config
