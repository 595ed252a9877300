"""The stepping loop, the engine, the verbs of the rules, random numbers, what a mask of each kind allows."""

from ..table import Break

CORE = "masked_envs/core"
LOOP, ENGINE = f"{CORE}/loop.py", f"{CORE}/engine.py"
VECTOR = 'tests/unit/test_vector_env.py -k "ConnectFour or seed or partial or limit or opponent or batch"'
VERBS = "tests/unit/test_core_rules.py"
KINDS = "tests/unit/test_kinds_through_engine.py"
PLAIN_KINDS = f'{KINDS} -k "python or single or seat or parallel or error"'
INPUT = 'tests/catalogue/test_bad_input.py -k "python or error"'
SPEC = 'tests/unit/test_mask_spec.py tests/unit/test_mask_errors.py tests/unit/test_mask_interval.py'

BREAKS = [
    Break(LOOP, "        if terminated:\n            allow_all(", "        if False:\n            allow_all(", PLAIN_KINDS),
    Break(LOOP, '    s["elapsed_steps"] = 0\n', "", VECTOR),
    Break(LOOP, "    truncated[i] = False\n    started", "    started", VECTOR),
    Break(LOOP, "        invalid_counts[i] += found\n", "        invalid_counts[i] = found\n", INPUT),
    Break(LOOP, "rewards[i][mover + v] += invalid_reward", "rewards[i][v] += invalid_reward", INPUT),
    Break(LOOP, "ended = on_invalid == TERMINATE", "ended = False", INPUT),
    Break(LOOP, '0 < time_limit <= s["elapsed_steps"] and not ended', '0 < time_limit <= s["elapsed_steps"]', f"{VECTOR} tests/unit"),
    Break(LOOP, '    s["elapsed_steps"] += 1\n', '    s["elapsed_steps"] += 0 if refused else 1\n', INPUT),
    Break(LOOP, 'random_uniform(s["rng"], 0.0, 1.0)', "0.5", PLAIN_KINDS),
    Break(LOOP, "    if not refused:\n", "    if True:\n", INPUT),
    Break(ENGINE, 'MOVED = (\n    "records", ', "MOVED = (\n    ", VECTOR),
    Break(ENGINE, "seed_words(seeds)[chosen]", "seed_words([0 for _ in seeds])[chosen]", VECTOR),
    Break(ENGINE, 'self.records["rng"][chosen] = seed_words(', 'self.records["rng"][:] = seed_words(', VECTOR),
    Break(ENGINE, "        if self.terminated[row]:\n            mask[0]", "        if False:\n            mask[0]", f"{KINDS} tests/unit/test_set_state_below.py"),
    Break(ENGINE, "            self.look(where)\n", "            pass\n", "tests/catalogue/test_parity.py -k position"),
    Break(ENGINE, "return int(np.argmax(self.invalid[:, checked].any(axis=1)))", "return 0", f"{INPUT}"),
    Break(CORE, "parts = [*modules, *sources, *generated, *constants, *replaced]", "parts = [*modules, *sources, *generated, *replaced]", VERBS),
    Break(CORE, "        if np.dtype(dtype) == np.bool_:", "        if False:", VERBS),
    Break(f"{CORE}/rules.py", "out.flat[i] = array.flat[i] == value", "out.flat[i] = array.flat[i] >= value", VERBS),
    Break(f"{CORE}/rules.py", "if 0 <= n < len(where) else -1", "if n < len(where) else -1", VERBS),
    Break(f"{CORE}/rules.py", "        if array.flat[i] != 0:\n            total += 1", "        if array.flat[i] > 0:\n            total += 1", VERBS),
    Break(f"{CORE}/random.py", "j = random_below(rng, i + 1)", "j = random_below(rng, i)", VERBS),
    Break(f"{CORE}/random.py", "position = random_below(rng, last + 1)", "position = random_below(rng, last)", VERBS),
    Break(f"{CORE}/random.py", "words += [z & LOW_32, z >> 32]", "words += [z >> 32, z & LOW_32]", VERBS),
    Break(f"{CORE}/random.py", "turned = ((c << 21) | (c >> 11)) & LOW_32", "turned = ((c << 21) | (c >> 12)) & LOW_32", VERBS),
    Break(f"{CORE}/parameters.py", "self.low is not None and number < self.low", "self.low is not None and number <= self.low", f"{VERBS} tests/catalogue/test_catalogue.py"),
    Break(f"{CORE}/state.py", "if state.parameters != like.parameters or len(", "if len(", "tests/catalogue/test_bad_arguments.py -k positions"),
    Break(f"{CORE}/dependent_heads.py", "        if not allows_flat(choices, action[k], heads):\n            return False\n", "", PLAIN_KINDS),
    Break(f"{CORE}/dependent_heads.py", "        if chosen < number:\n", "        if leaves == 0:\n", "tests/unit"),
    Break(f"{CORE}/mask_binding.py", "head, draw = head + len(part.heads), draw + part.num_draws", "head, draw = head + len(part.heads), 0", PLAIN_KINDS),
    Break(f"{CORE}/mask_rules.py", "bool(mask[action]) if 0 <= action < mask.size else False", "bool(mask[action]) if action < mask.size else False", f"{SPEC} {INPUT}"),
    Break(f"{CORE}/mask_rules.py", "    left, i = chosen + 1, -1\n", "    left, i = chosen, -1\n", "tests/unit/test_mask_spec.py"),
    Break(f"{CORE}/mask_rules.py", "            index += seen <= chosen\n", "            index += seen < chosen\n", "tests/unit/test_mask_spec.py"),
    Break(f"{CORE}/mask_rules.py", "        if not (0 <= action[k] <= 1 and", "        if not (action[k] <= 1 and", SPEC),
    Break(f"{CORE}/mask_rules.py", "if not (mask[0, k] <= action[k] <= mask[1, k]):", "if not (mask[0, k] < action[k] <= mask[1, k]):", SPEC),
    Break(f"{CORE}/mask_rules.py", "max(low, min(high, (1.0 - u[k]) * low + u[k] * high))", "(1.0 - u[k]) * low + u[k] * high", "tests/unit/test_mask_interval.py"),
    Break(f"{CORE}/mask_rules.py", "action[k] = cell % heads[k]", "action[k] = cell % heads[0]", SPEC),
]  # fmt: skip
