"""The checker: each law without one of its conditions, so that some broken environment passes."""

from ..table import Break

ROOM = "masked_envs/conformance"
LAWS = f"{ROOM}/laws"
SIGNS = f"{ROOM}/invalid_behaviour"
TESTS = "tests/catalogue/test_conformance.py"
THEIRS, TOOLS, VERDICTS = (f"tests/unit/test_{name}.py" for name in ("foreign_conformance", "check_tools", "verdicts"))


def found_out(*words: str) -> str:
    """The broken environments of tests/helpers/mutants.py whose names have one of these words."""
    return f'{TESTS} -k "a_broken_environment_is_found_out and ({" or ".join(words)})"'


BREAKS = [
    Break(f"{LAWS}/meaning.py", "    if result.inverted:\n        yield Failure(", "    if False:\n        yield Failure(", found_out("inverted")),
    Break(f"{LAWS}/meaning.py", "            if declared not in MEANINGS:", "            if False:", found_out("nothing")),
    Break(f"{LAWS}/form.py", "            if not space.contains(agent.observation):", "            if False:", found_out("outside")),
    Break(f"{LAWS}/form.py", "                if not _has_form(spec, mask, agent):", "                if False:", found_out("floats", "bools", "twos", "shape")),
    Break(f"{LAWS}/form.py", "        if fingerprint(mask) != canonical:\n            yield", "        if False:\n            yield", found_out("observation", "infos")),
    Break(f"{LAWS}/form.py", "            if lacks and state.view.declares:", "            if False:", found_out("info")),
    Break(f"{LAWS}/fresh.py", "            if changed := differing(before[name], again):", "            if False and (changed := differing(before[name], again)):", found_out("again")),
    Break(f"{LAWS}/fresh.py", "    if asked.position() != before:", "    if False:", found_out("nothing")),
    Break(f"{LAWS}/fresh.py", "    changed = differing(before, handed_out(state.time_step))\n", "    changed = ()\n", found_out("aliased")),
    Break(f"{LAWS}/fresh.py", "            array[...] = np.zeros((), array.dtype)\n", "            pass\n", found_out("caller")),
    Break(f"{LAWS}/ends.py", "for choice in spec.empty_choices(mask, state.view.head_mask(name), limit=MOST_PROBES):", "for choice in ():", f'{TESTS} -k "test_an_empty_part_of_a_mask_is_named"'),
    Break(f"{LAWS}/ends.py", "        if not same(mask, state.view.spec(name).full()):\n            yield", "        if False:\n            yield", found_out("end")),
    Break(f"{LAWS}/ends.py", "            if agent.truncated and true.acting and not same(agent.mask, true.mask):", "            if False:", found_out("truncated")),
    Break(f"{LAWS}/ends.py", "    if not agent.acting and not agent.ended and not allows_nothing(state.view.spec(name), agent.mask):", "    if False:", found_out("everybody")),
    Break(f"{LAWS}/exact.py", "    for response in result.accepted:", "    for response in ():", found_out("clamped", "lax")),
    Break(f"{LAWS}/exact.py", "    for response in result.refused:", "    for response in ():", found_out("lax")),
    Break(f"{LAWS}/refusal.py", "    if float(agent.reward) != penalty:", "    if False:", found_out("penalty")),
    Break(f"{LAWS}/refusal.py", '    if mode == "noop" and not agent.ended and _without', "    if False and _without", found_out("noop")),
    Break(f"{LAWS}/refusal.py", "    if not isinstance(error, InvalidActionError):", "    if False:", found_out("error")),
    Break(f"{LAWS}/refusal.py", "    if tried.position() != untouched.position():", "    if False:", found_out("raising", "batch")),
    Break(f"{LAWS}/refusal.py", "    if not result.flagged(name):", "    if False:", found_out("unflagged")),
    Break(f"{LAWS}/refusal.py", '    if mode == "terminate" and not (agent.terminated and not agent.truncated):', "    if False:", found_out("goes")),
    Break(f"{LAWS}/refusal.py", "        if moved != expected:", "        if False:", found_out("counted", "uncounted")),
    Break(f"{LAWS}/refusal.py", "    if after != before:\n", "    if False:\n", found_out("episode")),
    Break(f"{LAWS}/refusal.py", "    elif any((result.counted or {}).values()):", "    elif False:", found_out("discarded")),
    Break(f"{LAWS}/reproducible.py", "    if (parting := parted(first, second)) is not None:\n        sentence", "    if False and (parting := parted(first, second)) is not None:\n        sentence", found_out("noise")),
    Break(f"{LAWS}/reproducible.py", "        if differs := differing(start, again):", "        if False and (differs := differing(start, again)):", found_out("once")),
    Break(f"{LAWS}/reproducible.py", "        if number is not None:\n", "        if False:\n", found_out("pickled", "stream")),
    Break(f"{LAWS}/reproducible.py", '    again.attribute("set_state")(position)\n', "", found_out("stream")),
    Break(f"{LAWS}/reproducible.py", "    if (parting := parted(first, second)) is not None:\n        yield", "    if False and (parting := parted(first, second)) is not None:\n        yield", found_out("backends")),
    Break(f"{LAWS}/reproducible.py", "    elif (parting := parted(first, there)) is not None:", "    elif False and (parting := parted(first, there)) is not None:", "tests/unit/test_other_process.py"),
    Break(f"{LAWS}/reproducible.py", "            if _digest_of_row(row) != _digest_of_row(alone):", "            if False:", f"{TESTS} -k rows_that_share"),
    Break(f"{SIGNS}/implicit.py", "CLEARLY = 0.3 ", "CLEARLY = 0.0 ", f"{VERDICTS} {TOOLS} {THEIRS}"),
    Break(f"{SIGNS}/explicit.py", "CLEARLY = 0.5 ", "CLEARLY = 0.05 ", f"{VERDICTS} {TOOLS} {THEIRS}"),
    Break(f"{SIGNS}/signs.py", '    return set(response.changed) <= (set() if no_effect == "nothing" else clock)', "    return True", f"{VERDICTS} {TOOLS} {THEIRS}"),
    Break(f"{SIGNS}/case.py", 'accepted += [r for r in found if r.kind in ("malformed", "near") and r.reported is False]', "pass", found_out("clamped", "rounded")),
    Break(f"{SIGNS}/implicit.py", "        and any(other.key == response.key for other in others)\n", "", f"{VERDICTS} {TOOLS} {THEIRS}"),
    Break(f"{SIGNS}/implicit.py", "    if upside_down is not None and not exact:\n        return upside_down\n", "", f"{VERDICTS} {TOOLS} {THEIRS}"),
    Break(f"{SIGNS}/explicit.py", "    another = another_way(case, rest) if refusing and not allowed else None", "    another = None", f"{VERDICTS} {TOOLS} {THEIRS}"),
    Break(f"{SIGNS}/explicit.py", "    refusing = [response for response in forbidden if not response.is_defect]", "    refusing = forbidden", f"{VERDICTS} {TOOLS} {THEIRS}"),
    Break(f"{LAWS}/traces.py", "            if changed:\n                yield", "            if False:\n                yield", f"{VERDICTS} {TOOLS} {THEIRS}"),
    Break(ROOM, "return all(len(values) == 1 for values in self.seen.values()) if self.repeated else None", "return True if self.repeated else None", f"{THEIRS} {TESTS} -k 'hidden or profile'"),
    Break(ROOM, "        random.setstate(python)\n        np.random.set_state(legacy)\n", "        pass\n", found_out("noise")),
]  # fmt: skip
