"""The data behind docs/field_report.md: data/<package>.json, one file per package (README.md has the format).

python benchmarks/field/field_data.py          check every file; exit status 1 if anything is wrong
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
DATA, FINDINGS, SCHEMA = HERE / "data", HERE / "findings", HERE / "schema.json"
RUNNING = ("L5",)  # laws about the whole of an episode: a tick needs one that was played to its end


def packages() -> list[str]:
    """The names of the files, in alphabetical order."""
    return sorted(path.stem for path in DATA.glob("*.json"))


def path_of(package: str) -> Path:
    return DATA / f"{package}.json"


def read(package: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path_of(package).read_text(encoding="utf-8"))
    return found


def write(package: str, data: Mapping[str, Any]) -> None:
    DATA.mkdir(exist_ok=True)
    path_of(package).write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def validate(data: Mapping[str, Any]) -> list[str]:
    """A sentence for each thing that is wrong with the data of one package."""
    import jsonschema

    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    wrong = [f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in validator.iter_errors(data)]
    return wrong or [*_environments(data), *_findings(data)]


def _environments(data: Mapping[str, Any]) -> Iterator[str]:
    names = [env["name"] for env in data["environments"]]
    for name in {name for name in names if names.count(name) > 1}:
        yield f"environments: {name} is there twice"
    for env in data["environments"]:
        for law, judged in env["laws"].items():
            if judged["verdict"] == "passed":
                why_not = unreached(law, judged["evidence"]) or too_few(law, judged["evidence"])
                yield from (f"{env['name']}: {law} passed, but {why}" for why in why_not)
        yield from (f"{env['name']}: {words}" for words in contradictions(env))
        if "failed" in [judged["verdict"] for judged in env["laws"].values()]:
            yield from _unexplained(data, env)


def _unexplained(data: Mapping[str, Any], env: Mapping[str, Any]) -> Iterator[str]:
    """Failed laws that no finding is about."""
    explained = {found["law"] for found in data["findings"] if env["name"] in found["environments"]}
    for law, judged in env["laws"].items():
        if judged["verdict"] == "failed" and law not in explained:
            yield f"{env['name']}: {law} failed, and no finding says what happens"


def unreached(law: str, evidence: Mapping[str, Any] | None) -> list[str]:
    """Why what was looked at does not hold the states that a law is about."""
    if evidence is None or not evidence["states"]:
        return ["no state was visited"]
    if law in RUNNING and not evidence["terminated"] + evidence["truncated"]:
        return ["no episode was played to its end"]
    if law == "L6" and not evidence["terminated"]:
        return ["no terminated state was reached"]
    if law == "L7" and not evidence["forbidden"]:
        return ["no forbidden action was tried"]
    return []


def too_few(law: str, evidence: Mapping[str, Any]) -> list[str]:
    """Why there are not enough of these states for the checker of today to pass the law."""
    from masked_envs.conformance.laws.ends import FEWEST_ENDS

    if law == "L6" and evidence["terminated"] < FEWEST_ENDS:
        return [f"of the {FEWEST_ENDS} terminated states that it takes, the walk reached {evidence['terminated']}"]
    return []


def contradictions(env: Mapping[str, Any]) -> Iterator[str]:
    """What the checker said of an environment and the plain script saw otherwise."""
    seen, laws = env["examined"], env["laws"]
    if seen is None:
        return
    verdict = {law: judged["verdict"] for law, judged in laws.items()}
    if seen["empty_while_running"] and verdict["L5"] == "passed":
        yield f"L5 passed, and {seen['script']} saw {seen['empty_while_running']} empty masks in running episodes"
    if not seen["empty_while_running"] and verdict["L5"] == "failed":
        yield f"L5 failed, and {seen['script']} saw no empty mask in a running episode"
    if verdict["L6"] == "passed" and (seen["last_masks"].get("zeros") or seen["last_masks"].get("other")):
        yield f"L6 passed, and {seen['script']} saw other last masks than ones: {seen['last_masks']}"
    if seen["mask_kept"] is False and verdict["L4"] == "passed":
        yield f"L4 passed, and {seen['script']} saw a mask change that had been handed out"
    if verdict["L7"] == "passed" and any(what.startswith("raises") for what in seen["allowed"]):
        yield f"L7 passed, and {seen['script']} saw allowed actions raise: {seen['allowed']}"
    if seen["same_again"] is False and verdict["L10"] == "passed":
        yield f"L10 passed, and {seen['script']} saw two environments with the same seed and actions differ"


def _findings(data: Mapping[str, Any]) -> Iterator[str]:
    names = {env["name"] for env in data["environments"]}
    for found in data["findings"]:
        title, script = found["title"], FINDINGS / found["reproduction"]
        yield from (f"{title}: there is no environment {name}" for name in sorted({*found["environments"]} - names))
        if not script.is_file():
            yield f"{title}: there is no {script.relative_to(HERE)}"
        elif not script.with_suffix(".txt").is_file():
            yield f"{title}: what {script.name} prints is missing: {script.with_suffix('.txt').name}"
        elif "masked_envs" in script.read_text(encoding="utf-8"):
            yield f"{title}: {script.name} must not use masked_envs"
        if not found["upstream"] and found["class"] != "hazard":
            yield f"{title}: {found['class']!r} needs upstream's own sentence"


def main() -> int:
    wrong = [f"{package}: {words}" for package in packages() for words in validate(read(package))]
    print("\n".join(wrong) or f"{len(packages())} files, nothing wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
