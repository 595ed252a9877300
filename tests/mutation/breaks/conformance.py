"""The checker: each law without one of its conditions, so that some broken environment passes."""

from ..table import Break

ROOM = "masked_envs/conformance"
LAWS = f"{ROOM}/laws"
MUTANTS = "tests/catalogue/test_conformance.py -k test_a_broken_environment_is_found_out"
THEIRS, TOOLS = "tests/unit/test_foreign_conformance.py", "tests/unit/test_check_tools.py"

BREAKS = [
    Break(f"{LAWS}/meaning.py", "    yield from _inversion(trial)\n", "", f"{MUTANTS}"),
    Break(f"{LAWS}/form.py", "            if not space.contains(seat.observation):", "            if False:", MUTANTS),
    Break(f"{LAWS}/form.py", "                if not _has_form(spec, mask, seat):", "                if False:", MUTANTS),
    Break(f"{LAWS}/form.py", "                if fingerprint(mask) != canonical:", "                if False:", MUTANTS),
    Break(f"{LAWS}/fresh.py", "        if told(point.moment) != before:", "        if False:", MUTANTS),
    Break(f"{LAWS}/fresh.py", "    if asked.position() != before:", "    if False:", MUTANTS),
    Break(f"{LAWS}/ends.py", 'yield from (f" in head {k}" for k, head in enumerate(heads) if not head.any())', "yield from ()", "tests/catalogue/test_conformance.py -k test_an_empty_part_of_a_mask_is_named"),
    Break(f"{LAWS}/ends.py", "    elif not mask.any():\n        yield", "    elif False:\n        yield", MUTANTS),
    Break(f"{LAWS}/ends.py", "        if not same(mask, point.subject.spec(name).full()):\n            yield point.broken(f\"the episode has", "        if False:\n            yield point.broken(f\"the episode has", MUTANTS),
    Break(f"{LAWS}/ends.py", "            if seat.truncated and true.acting and not same(seat.mask, true.mask):", "            if False:", MUTANTS),
    Break(f"{LAWS}/legality.py", "                elif not allowed and refused is False:", "                elif False:", MUTANTS),
    Break(f"{LAWS}/legality.py", "                if allowed and refused and (outcome", "                if False and (outcome", MUTANTS),
    Break(f"{LAWS}/legality.py", "    if float(seat.reward) != penalty:", "    if False:", MUTANTS),
    Break(f"{LAWS}/legality.py", "    if tried.position() != untouched.position():", "    if False:", MUTANTS),
    Break(f"{LAWS}/legality.py", "        if moved != expected:", "        if False:", MUTANTS),
    Break(f"{LAWS}/legality.py", "    if after != before:\n", "    if False:\n", MUTANTS),
    Break(f"{LAWS}/reproducible.py", "    if first != second:\n        yield _parting(\n", "    if False:\n        yield _parting(\n", MUTANTS),
    Break(f"{LAWS}/reproducible.py", "            if told_alone(row) != told_alone(alone):", "            if False:", "tests/catalogue/test_conformance.py tests/unit"),
    Break(f"{LAWS}/reproducible.py", "        if told(subject.reset(trial.seed)) != start:", "        if False:", MUTANTS),
    Break(f"{LAWS}/reproducible.py", "        if _continued(trial, again) != expected:", "        if False:", MUTANTS),
    Break(f"{LAWS}/reproducible.py", "    elif there != here[: len(there)] or not there:", "    elif False:", f"{MUTANTS}"),
    Break(f"{LAWS}/reproducible.py", '    if first != second:\n        yield _parting(trial, first, second, "the two', '    if False:\n        yield _parting(trial, first, second, "the two', MUTANTS),
    Break(f"{ROOM}/manner.py", "CLEARLY = 0.9", "CLEARLY = 0.1", f"{TOOLS} {THEIRS}"),
    Break(f"{ROOM}/manner.py", "            return is_still(before, after) if self.still", "            return True if self.still".replace("            ", "        ", 1), f"{TOOLS} {THEIRS}"),
    Break(f"{ROOM}/profile.py", "return all(len(values) == 1 for values in self.seen.values()) if self.repeated else None", "return True if self.repeated else None", f"{THEIRS} tests/catalogue/test_conformance.py"),
    Break(f"{ROOM}/trial.py", "                seed, path = seed + 1, []\n", "                seed, path = seed, []\n", f"{TOOLS} {THEIRS}"),
]  # fmt: skip
