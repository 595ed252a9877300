"""The pages of the API reference: each public name of each public module, with its docstring (mkdocstrings).

Modules are read and not imported, so that the pages can be written without the libraries of all adapters.
"""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "reference"

# Public modules in the order of the menu, and the pages that explain their use.
MODULES = {
    "masked_envs": "quickstart.md",
    "masked_envs.mask_spec": "masks.md",
    "masked_envs.wrappers": "bring_your_own.md",
    "masked_envs.api": "quickstart.md",
    "masked_envs.conformance": "bring_your_own.md",
    "masked_envs.adaptation": "bring_your_own.md",
    "masked_envs.torch": "action_kinds.md",
    "masked_envs.torch.testing": "masking.md",
    "masked_envs.rllib": "rllib.md",
    "masked_envs.sb3": "sb3.md",
    "masked_envs.tianshou": "tianshou.md",
    "masked_envs.torchrl": "torchrl.md",
    "masked_envs.skrl": "skrl.md",
    "masked_envs.jax": "jax.md",
    "masked_envs.rl_games": "rl_games.md",
    "masked_envs.dm_env": "dm_env.md",
    "masked_envs.open_spiel": "open_spiel.md",
    "masked_envs.render": "new_environment.md",
    "masked_envs.core": "new_environment.md",
}


def file_of(module: str) -> Path:
    path = ROOT.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def tree_of(module: str) -> ast.Module:
    return ast.parse(file_of(module).read_text(encoding="utf-8"))


def absolute(module: str, target: str, level: int) -> str:
    """What `from ..target import` means in a module."""
    if level == 0:
        return target
    package = module.split(".") if file_of(module).name == "__init__.py" else module.split(".")[:-1]
    return ".".join([*package[: len(package) - level + 1], *([target] if target else [])])


def tables(module: str) -> dict[str, str]:
    """Where names are defined that a module imports on first use: its tables HOME and _LAZY."""
    found: dict[str, str] = {}
    for node in ast.walk(tree_of(module)):
        if not isinstance(node, (ast.Assign, ast.AnnAssign)) or not isinstance(node.value, ast.Dict):
            continue
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        if isinstance(target, ast.Name) and target.id in ("HOME", "_LAZY"):
            for name, where in ast.literal_eval(node.value).items():
                found[name] = absolute(module, where.lstrip("."), len(where) - len(where.lstrip(".")) or 1)
    return found


def homes(module: str) -> dict[str, str]:
    """Where each name of a module is defined."""
    imports = [node for node in ast.walk(tree_of(module)) if isinstance(node, ast.ImportFrom)]
    found = {
        alias.asname or alias.name: absolute(module, node.module or "", node.level)
        for node in imports
        for alias in node.names
    }
    return found | tables(module)


def public_names(module: str) -> list[str]:
    """`__all__`, as a list or as the names of HOME.

    Raises:
        ValueError: the module says nowhere what is public.
    """
    tree = tree_of(module)
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "__all__":
            if isinstance(node.value, ast.List):
                return [name for name in ast.literal_eval(node.value) if not name.startswith("__")]
            return sorted(tables(module))
    raise ValueError(f"{module} has no __all__")


def page(module: str, guide: str) -> str:
    where, lines = homes(module), [f"# {module}", ""]
    head = ast.get_docstring(tree_of(module)) or ""
    lines += [head.partition("\n")[0], "", f"Guide: [{guide.removesuffix('.md').replace('_', ' ')}](../{guide}).", ""]
    for name in public_names(module):
        lines += [f"::: {where.get(name, module)}.{name}", "    options:", f"      heading: {module}.{name}", ""]
    return "\n".join(lines)


def pages() -> dict[Path, str]:
    """The pages by their paths."""
    return {FOLDER / f"{module}.md": page(module, guide) for module, guide in MODULES.items()}
