"""A hook of mkdocs: environments and modules stand in the menu without being listed twice."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
import api_pages  # noqa: E402


def on_config(config: Any) -> Any:
    folder = Path(config["docs_dir"]) / "envs"
    pages = sorted(path for path in folder.glob("*.md") if path.name != "index.md")
    (entry,) = [entry["Environments"] for entry in config["nav"] if "Environments" in entry]
    entry += [{path.stem: f"envs/{path.name}"} for path in pages]
    (listed,) = [entry["API reference"] for entry in config["nav"] if "API reference" in entry]
    listed += [{module: f"reference/{module}.md"} for module in api_pages.MODULES]
    return config
