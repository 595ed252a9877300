"""How the agents are built: packages without circles, and no paths but for a directory that is run by its path."""

import ast
from pathlib import Path

import pytest

AGENTS = Path(__file__).parents[2] / "agents"
FILES = {".".join(path.relative_to(AGENTS.parent).with_suffix("").parts): path for path in AGENTS.rglob("*.py")}


def imported(name, path):
    """The files of `agents` that a file imports when it is imported."""
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    package = [part for part in package if part != "__init__"]
    found = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.level:
            base = [*package[: len(package) - node.level + 1], *(node.module or "").split(".")]
            base = [part for part in base if part]
            found |= {".".join([*base, alias.name]) for alias in node.names} | {".".join(base)}
    return found & set(FILES)


def circle(graph):
    """Some circle of a graph, or None."""
    done = set()

    def walk(name, way):
        if name in way:
            return [*way[way.index(name) :], name]
        if name not in done:
            for other in sorted(graph[name]):
                if found := walk(other, [*way, name]):
                    return found
            done.add(name)
        return None

    return next((found for name in graph if (found := walk(name, []))), None)


def test_no_file_imports_itself_by_way_of_others():
    graph = {name: imported(name, path) for name, path in FILES.items()}
    assert {"agents.ppo_torch.config", "agents.proof"} <= graph["agents.ppo_torch.evaluation"]
    assert circle(graph) is None


def test_a_circle_is_seen():
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == ["a", "b", "c", "a"]
    assert circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) is None


@pytest.mark.parametrize("name", FILES)
def test_only_a_directory_that_is_run_by_its_path_says_what_is_searched(name):
    assert ("sys.path" in FILES[name].read_text()) == name.endswith("__main__")
