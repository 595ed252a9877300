"""The checker: each law without one of its conditions, so that some broken environment passes."""

from ..table import Break

ROOM = "masked_envs/conformance"
LAWS = f"{ROOM}/laws"
TESTS = "tests/catalogue/test_conformance.py"
THEIRS, TOOLS = "tests/unit/test_foreign_conformance.py", "tests/unit/test_check_tools.py"


def found_out(*words: str) -> str:
    """The broken environments of tests/helpers/mutants.py whose names have one of these words."""
    return (
        f'{TESTS} -k "a_broken_environment_is_found_out and ({" or ".join(words)})"'
        if words
        else f"{TESTS} -k found_out"
    )


BREAKS = [
    Break(f"{LAWS}/meaning.py", "    yield from _inversion(context)\n", "", found_out("inver")),
    Break(f"{LAWS}/form.py", "            if not space.contains(agent.observation):", "            if False:", found_out()),
    Break(f"{LAWS}/form.py", "                if not _has_form(spec, mask, agent):", "                if False:", found_out()),
    Break(f"{LAWS}/form.py", "                if fingerprint(mask) != canonical:", "                if False:", found_out()),
    Break(f"{LAWS}/fresh.py", "        if step_digest(state.time_step) != before:", "        if False:", found_out()),
    Break(f"{LAWS}/fresh.py", "    if asked.position() != before:", "    if False:", found_out()),
    Break(f"{LAWS}/ends.py", 'yield from (f" in head {k}" for k, head in enumerate(heads) if not head.any())', "yield from ()", f"{TESTS} -k test_an_empty_part_of_a_mask_is_named"),
    Break(f"{LAWS}/ends.py", "        if not same(mask, state.view.spec(name).full()):\n            yield", "        if False:\n            yield", found_out()),
    Break(f"{LAWS}/ends.py", "            if agent.truncated and true.acting and not same(agent.mask, true.mask):", "            if False:", found_out()),
    Break(f"{LAWS}/legality.py", "                elif not allowed and refused is False:", "                elif False:", found_out()),
    Break(f"{LAWS}/legality.py", "                if allowed and refused and (result", "                if False and (result", found_out()),
    Break(f"{LAWS}/legality.py", "    if float(agent.reward) != penalty:", "    if False:", found_out()),
    Break(f"{LAWS}/legality.py", "        if moved != expected:", "        if False:", found_out()),
    Break(f"{LAWS}/legality.py", "    if after != before:\n", "    if False:\n", found_out()),
    Break(f"{LAWS}/reproducible.py", "    if first != second:\n        yield _parting(\n", "    if False:\n        yield _parting(\n", found_out()),
    Break(f"{LAWS}/reproducible.py", "        if step_digest(view.reset(context.seed)) != start:", "        if False:", found_out()),
    Break(f"{LAWS}/reproducible.py", "        if _continued(context, again) != expected:", "        if False:", found_out()),
    Break(f"{LAWS}/reproducible.py", "    if first != second:\n        yield _parting(context, first, second, \"the two", "    if False:\n        yield _parting(context, first, second, \"the two", found_out()),
    Break(ROOM, "CLEARLY = 0.9", "CLEARLY = 0.1", f"{TOOLS} {THEIRS}"),
    Break(ROOM, "return is_still(before, after) if self.still", "return True if self.still", f"{TOOLS} {THEIRS}"),
    Break(ROOM, "return all(len(values) == 1 for values in self.seen.values()) if self.repeated else None", "return True if self.repeated else None", f"{THEIRS} {TESTS} -k 'hidden or profile'"),
]  # fmt: skip
