"""A pytest plugin that holds environments of your own to the laws of the mask, with one test for each of both.

In `pytest.ini` or `pyproject.toml`, what to check::

    [tool.pytest.ini_options]
    addopts = ["-p", "masked_envs.pytest_plugin"]
    masked_envs = ["my_package.envs:Scheduling", "MaskedCartPole-v0"]
    masked_envs_time_budget = "10"  # seconds for each environment

or, without settings, in a test module, a list of the same, or of functions::

    from masked_envs.pytest_plugin import mask_laws

    test_masks = mask_laws(Scheduling, lambda: Scheduling(jobs=12), time_budget=5)

`pytest -v` then has a line for each environment and law. A law that fails does so with its reproduction. L7 fails too
where it is not judged, for then it is not known whether the mask is exact; other laws that are not judged, or do not
apply, are skipped with the reason.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from .conformance import LAWS, Report, check_masked_env

DEFAULT_BUDGET = 10.0  # seconds


def pytest_addoption(parser: pytest.Parser) -> None:
    """The two settings."""
    parser.addini("masked_envs", "environments to hold to the laws of the mask: ids, or module:name", type="args")
    parser.addini("masked_envs_time_budget", "seconds for each of them", default=str(DEFAULT_BUDGET))


def mask_laws(*targets: Any, **options: Any) -> Callable[..., None]:
    """A test function, parametrised over environments and laws.

    Args:
        targets: what `check_masked_env` takes.
        options: of `check_masked_env`.
    """
    if not targets:
        raise TypeError("mask_laws needs an environment: an id, a class or a function that makes one")
    reports = {k: functools.cache(functools.partial(_report, target, options)) for k, target in enumerate(targets)}
    names = {k: name_of(target, k) for k, target in enumerate(targets)}

    @pytest.mark.parametrize("law", LAWS)
    @pytest.mark.parametrize("number", reports, ids=list(names.values()))
    def test_mask_laws(number: int, law: str) -> None:
        assert_law(reports[number](), law)

    return test_mask_laws


def assert_law(report: Report, law: str) -> None:
    """Fail if a law failed, or if it is L7 and not judged; skip if it is not judged or does not apply."""
    findings = [finding for finding in report.findings if finding.law == law]
    verdict = report.verdicts[law]
    shown = [finding for finding in findings if finding.status == verdict]
    if verdict == "failed" or (verdict == "not judged" and law == "L7"):
        pytest.fail("\n".join([report.target, *map(str, shown)]), pytrace=False)
    if verdict != "passed":
        pytest.skip(f"{verdict}: " + "; ".join(finding.sentence for finding in shown))


def name_of(target: Any, number: int = 0) -> str:
    """The name of a target in the name of a test."""
    if isinstance(target, str):
        return target
    name = getattr(target, "__qualname__", "") or type(getattr(target, "unwrapped", target)).__name__
    return f"environment{number}" if "<lambda>" in name or "<locals>" in name else str(name)


def _report(target: Any, options: dict[str, Any]) -> Report:
    return check_masked_env(target, **{"time_budget": DEFAULT_BUDGET, "raise_on_failure": False, **options})


# --- environments named in the settings -------------------------------------------------------------------------------


def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Add the tests of the environments named in the settings."""
    words = config.getini("masked_envs")
    if words and not config.getoption("file_or_dir"):
        items.extend(_collected(session, words, float(config.getini("masked_envs_time_budget"))))


def _collected(session: pytest.Session, words: list[str], budget: float) -> Iterator[pytest.Item]:
    for word in words:
        report = functools.cache(functools.partial(_report_of_word, word, budget))
        for law in LAWS:
            name = f"{word}[{law}]"
            yield LawItem.from_parent(session, name=name, nodeid=f"masked_envs::{name}", report=report, law=law)


def _report_of_word(word: str, budget: float) -> Report:
    from .cli.targets import load

    return _report(load(word, "masked_envs") if ":" in word else word, {"time_budget": budget})


class LawItem(pytest.Item):
    """One law of one environment."""

    def __init__(self, *, report: Callable[[], Report], law: str, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.report, self.law = report, law

    def runtest(self) -> None:
        """Check the environment, once for all its laws."""
        assert_law(self.report(), self.law)

    def repr_failure(self, excinfo: Any, style: Any = None) -> str:
        """The finding without a traceback."""
        return str(excinfo.value)

    def reportinfo(self) -> Any:
        """The heading in the output."""
        return self.path, None, f"masked_envs: {self.name}"
