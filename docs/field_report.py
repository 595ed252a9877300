"""docs/field_report.md, from benchmarks/field: what the checker and a plain script saw in other packages.

docs/generate.py calls this. benchmarks/field/README.md has the format of the data.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

FIELD = Path(__file__).resolve().parent.parent / "benchmarks" / "field"
sys.path.insert(0, str(FIELD))

import field_data  # noqa: E402
from tables import markdown_table as table  # noqa: E402

LAWS = {
    "L2": "the form of the mask",
    "L3": "the places of the mask agree",
    "L4": "a mask that was returned never changes later",
    "L5": "the mask is never empty while the episode runs",
    "L6": "the mask in the last state",
    "L7": "exactly the allowed actions are accepted",
    "L10": "the seed determines the episode",
}
"""The laws that are judged, and what each is about."""
ADVICE = re.compile(r"[,;:] (?:take more steps|say how|refused, or)")  # where a reason goes on with what to try
MOST_WRITTEN = 10**15  # a number with more digits is written as its size
MOST_SHOWN = 3  # results of forbidden actions in a row
VERDICTS = {"passed": "✓", "not judged": "?", "not reached": "◦", "not applicable": "–"}
CLASSES = {
    "contradicts its documentation": ("✗", "Broken: it contradicts its own documentation"),
    "hazard": ("!", "Hazards: the documentation is silent"),
    "another convention": ("≠", "Other documented conventions"),
    "outside the space": ("", "Numbers outside the declared action space"),
}
"""Class of a finding -> its sign in the tables, and its heading."""

NOTICE = "<!-- Written by docs/generate.py from benchmarks/field/data; do not edit. -->"
HEAD = """{notice}

# What the checker finds in other packages

`masked_envs.check_masked_env` checks any action-masked environment against the [laws of the mask](masks.md). Here it
was run on environments of other packages. The laws are conventions of this project; a package that never promised them
is not wrong for having others. **Only what contradicts a package's own documentation is called broken here.**

Each environment was examined twice: by the checker, and by a plain script that does not use masked_envs and counts what
follows allowed and forbidden actions. ("not yet" in the last column of a table: by the checker only.) Where the two
disagreed, a script that uses only the package in question decided, and the checker was corrected if it was wrong. Each
finding comes with such a script and its output.

## How to read the tables

| sign | meaning |
|---|---|
| ✓ | the states that the law is about were reached, and no violation was found; not a proof |
| ◦ | not reached: no such state was reached, for example no end of an episode |
| ? | not judged: the evidence does not decide it, for example because a forbidden action leaves no trace |
| – | does not apply, or is a convention of this project that the package does not share |
| ✗ | broken: it contradicts the package's own documentation; see the finding |
| ! | a hazard: the documentation is silent; see the finding |
| ≠ | another convention, which the package documents; see the finding |

| column | what it is about |
|---|---|
{columns}
| outside | what happens with numbers that are not in the action space |

L7 is about the actions in the declared action space; the column L6 describes the mask. The laws L1, L8, L9 and L11 are
about declarations to this project, and do not apply to these packages.

"A forbidden action" says what followed the forbidden actions that the plain script tried: whether `step` raised, the
episode ended or continued, and the reward. "Changes nothing" refers to observation and mask.

The checker plays random legal actions until an episode has ended (for L6, until twelve have terminated), or for ten
times the usual number of steps, and tries actions on copies or by replaying. "Ends" counts terminated + truncated ends
in one such walk. "Tried" counts the allowed and forbidden actions that were tried, and for the forbidden ones also how
many there were in the visited states. The last column is the walk of the plain script.

## How to object

If something here is wrong or unfair, please open an issue that names the package and the row. It is marked as disputed
at once, and removed if it cannot be reproduced. To reproduce the results: `make test-field` runs every script below
against the installed packages and checks a sample of the rows; `python benchmarks/field/check.py PACKAGE --again` and
`python benchmarks/field/examine.py PACKAGE --again` write the data again.
"""


def page() -> str:
    """The whole page."""
    found = [field_data.read(package) for package in field_data.packages()]
    found.sort(key=lambda data: data["package"].lower())
    columns = "\n".join(f"| {law} | {words} |" for law, words in LAWS.items())
    head = HEAD.format(notice=NOTICE, columns=columns)
    return "\n".join([head, overview(found), *map(section, found), left_out()]) + "\n"


def left_out() -> str:
    """Packages without a file, and why."""
    listed = json.loads((FIELD / "left_out.json").read_text(encoding="utf-8"))
    lines = "\n".join(f"- {one['what']}: {one['why']}" for one in listed)
    return f"## Left out\n\nPackages that were considered, and why they are not in this report:\n\n{lines}\n"


def overview(found: Sequence[Mapping[str, Any]]) -> str:
    """What was found, by class."""
    environments = sum(len(data["environments"]) for data in found)
    parts = ["## Overview", f"{len(found)} packages, {environments} environments."]
    for kind, (_, heading) in CLASSES.items():
        lines = [
            f"- {data['package']}: [{one['title']}](#{anchor(data, one)})"
            for data in found
            for one in data["findings"]
            if one["class"] == kind
        ]
        parts += [f"**{heading}** ({len(lines)})", "\n".join(lines)] if lines else []
    return "\n\n".join(parts) + "\n"


def title(data: Mapping[str, Any], one: Mapping[str, Any]) -> str:
    """The heading of a finding, which no other has."""
    return f"{data['package']}: {one['title']}"


def anchor(data: Mapping[str, Any], one: Mapping[str, Any]) -> str:
    """What mkdocs makes of that heading."""
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", title(data, one)).strip().lower())


def section(data: Mapping[str, Any]) -> str:
    """One package."""
    versions = ", ".join(f"{name} {version}" for name, version in data["versions"].items())
    parts = [
        f"## {data['package']}",
        data["tested"],
        f"{versions}; Python {data['python']}, {data['platform']}, {data['date']}. `{data['install']}`. "
        f"Reports go to <{data['home']}>.",
        verdict_table(data),
        evidence_table(data),
    ]
    notes = list(unjudged(data))
    parts += ["Not judged or not reached:", "\n".join(notes)] if notes else []
    left_out = [f"- {one['what']}: {one['why']}" for one in data["left_out"]]
    parts += ["Left out:", "\n".join(left_out)] if left_out else []
    links = ", ".join(f"[{one['title']}]({one['url']})" for one in data["links"])
    parts += [f"See also: {links}."] if links else []
    return "\n\n".join([*parts, *(finding(data, one) for one in data["findings"])]) + "\n"


def verdict_table(data: Mapping[str, Any]) -> str:
    head = ["environment", "mask in", "a forbidden action", *LAWS, "outside"]
    rows = []
    for env in data["environments"]:
        signs = [last_masks(data, env) if law == "L6" else sign(data, env, law) for law in LAWS]
        rows.append([env["name"], code(env["mask_in"]), answer(env), *signs, outside(data, env)])
    return table(head, rows)


def sign(data: Mapping[str, Any], env: Mapping[str, Any], law: str) -> str:
    """The sign of one law; of a failed one that of the finding about it."""
    verdict = env["laws"][law]["verdict"]
    if verdict != "failed":
        return VERDICTS[verdict]
    classes = {one["class"] for one in data["findings"] if one["law"] == law and env["name"] in one["environments"]}
    return next(mark for kind, (mark, _) in CLASSES.items() if kind in classes)


def last_masks(data: Mapping[str, Any], env: Mapping[str, Any]) -> str:
    """What the mask is in terminated states, after the sign for what is broken, if anything is."""
    findings = [one for one in data["findings"] if one["law"] == "L6" and env["name"] in one["environments"]]
    broken = [CLASSES[one["class"]][0] for one in findings if one["class"] == "contradicts its documentation"]
    return " ".join([*broken[:1], last_mask(env)])


def last_mask(env: Mapping[str, Any]) -> str:
    """What the mask is in terminated states, as the plain script saw it; else what the checker says."""
    seen = (env["examined"] or {}).get("last_masks", {})
    words = {"ones": "all ones", "zeros": "all zeros", "other": "some"}
    if kinds := [words[kind] for kind in words if seen.get(kind)]:
        return " or ".join(kinds)
    return {"passed": "all ones", "not applicable": "others"}.get(env["laws"]["L6"]["verdict"], "◦")


def outside(data: Mapping[str, Any], env: Mapping[str, Any]) -> str:
    """What became of numbers outside the action space; "executed" where either of the two, or a finding, shows that."""
    shown = [one for one in data["findings"] if one["class"] == "outside the space"]
    if env["outside"] == "refused" and any(env["name"] in one["environments"] for one in shown):
        return "executed in some states"
    seen = env["examined"] or {"outside": {}, "forbidden": {}}
    refusals = {kind for kind in seen["forbidden"] if not kind.startswith("goes on")}
    carried_out = [kind for kind in seen["outside"] if not kind.startswith("raises") and kind not in refusals]
    if env["outside"] == "refused":
        return "executed in some states" if carried_out else "refused where tried"
    return str(env["outside"])


def answer(env: Mapping[str, Any]) -> str:
    """What followed forbidden actions: the commonest results, as the plain script saw; else the checker's words."""
    counted = (env["examined"] or {}).get("forbidden", {})
    if not counted:
        words = env["refuses"].removeprefix("an invalid action ").partition(" (")[0] or "?"
        return words.replace("shows the sign that was named", "shows the sign that is named in its shelf")
    number, shown = sum(counted.values()), sorted(counted.items(), key=lambda one: -one[1])[:MOST_SHOWN]
    words = [f"{what} ({times} of {number})" for what, times in shown]
    return "; ".join(words) + ("; others" if len(counted) > MOST_SHOWN else "")


def evidence_table(data: Mapping[str, Any]) -> str:
    head = ["environment", "states", "ends", "allowed tried", "forbidden tried", "seconds", "plain script"]
    return table(head, [[env["name"], *evidence(env), second_look(env)] for env in data["environments"]])


def evidence(env: Mapping[str, Any]) -> list[str]:
    """What the verdicts on L5 and L7 stand on."""
    walked, tried = env["laws"]["L5"]["evidence"], env["laws"]["L7"]["evidence"]
    states = f"{walked['states']:,}" if walked else "0"
    ends = f"{walked['terminated']} + {walked['truncated']}" if walked else "0"
    ends += f", {walked['dead_ends']} dead ends" if walked and walked["dead_ends"] else ""
    if not tried:
        return [states, ends, "0", "0", f"{env['seconds']:.0f}"]
    known = tried["forbidden_in_all"] is not None and tried["forbidden_in_all"] >= tried["forbidden"]
    forbidden = f"{tried['forbidden']:,}" + (f" of {count(tried['forbidden_in_all'])}" if known else "")
    return [states, ends, f"{tried['legal']:,}", forbidden, f"{env['seconds']:.0f}"]


def count(number: int) -> str:
    """All digits of a number that can be read, else its size."""
    return f"{number:,}" if number < MOST_WRITTEN else f"{number:.1e}"


def second_look(env: Mapping[str, Any]) -> str:
    """What the plain script did, and what it wants to add."""
    seen = env["examined"]
    if seen is None:
        return "not yet"
    allowed, forbidden = (sum(seen[side].values()) for side in ("allowed", "forbidden"))
    ends = f"{seen['terminated']} + {seen['truncated']} ends"
    walked = f"{seen['states']:,} decisions, {ends}, {allowed:,} allowed and {forbidden:,} forbidden tried"
    return f"{walked}. {seen['note']}" if seen.get("note") else walked


def unjudged(data: Mapping[str, Any]) -> Iterable[str]:
    """A line for each law without a verdict, and why; environments with the same reason together."""
    together: dict[tuple[str, str], list[str]] = {}
    for env in data["environments"]:
        for law in LAWS:
            judged = env["laws"][law]
            if judged["verdict"] in ("not judged", "not reached"):
                reasons = [note.partition(": ")[2] for note in judged["notes"] if note.startswith(judged["verdict"])]
                together.setdefault((law, reasons[0] if reasons else judged["verdict"]), []).append(env["name"])
    for (law, why), names in together.items():
        yield f"- {', '.join(names)}, {law}: {ADVICE.split(why)[0].replace('|', '/')}"


def finding(data: Mapping[str, Any], one: Mapping[str, Any]) -> str:
    """One finding, with its script and what that prints."""
    script = field_data.FINDINGS / one["reproduction"]
    printed = script.with_suffix(".txt").read_text(encoding="utf-8")
    mark, heading = CLASSES[one["class"]]
    kind = heading.partition(":")[0].removesuffix("s") + (f" ({mark})" if mark else "")
    parts = [
        f"### {title(data, one)}",
        f"{one['law']} ({LAWS[one['law']]}). {kind}. {', '.join(one['environments'])}.",
        one["what"],
    ]
    parts += [f"> {quoted['quote']}\n\n[{quoted['where']}]({quoted['url']})" for quoted in one["upstream"]]
    issues = ", ".join(f"[{issue['title']}]({issue['url']})" for issue in one["issues"])
    parts += [f"Upstream: {issues}." if issues else "A search for an upstream issue found none."]
    parts += [f"**Disputed**: {one['disputed']}"] if one.get("disputed") else []
    parts += [
        f"```python\n{script.read_text(encoding='utf-8').rstrip()}\n```",
        f"```text\n{printed.rstrip()}\n```",
        f"`benchmarks/field/findings/{one['reproduction']}`; confirmed by {one['confirmed_by']}.",
    ]
    return "\n\n".join(parts)


def code(words: str) -> str:
    return f"`{words}`" if words else "–"
