"""The stepping loop, the engine, the verbs of the rules, random numbers, what a mask of each kind allows."""

from ..table import Break

LOOP, ENGINE, RULES = "masked_envs/core/loop.py", "masked_envs/core/engine.py", "masked_envs/core/rules.py"
MASKS, RANDOM, BINDING = (f"masked_envs/core/{name}.py" for name in ("mask_rules", "random", "mask_binding"))
VECTOR, VERBS = "tests/unit/test_vector_env.py", "tests/unit/test_core_rules.py"
KINDS, INPUT = "tests/unit/test_kinds_through_engine.py", "tests/catalogue/test_bad_input.py"

BREAKS = [
    Break(LOOP, "        if terminated:\n            allow_all(", "        if False:\n            allow_all(", VECTOR),
    Break(LOOP, '            s["elapsed_steps"] = 0\n', "", VECTOR),
    Break(LOOP, "            truncated[i] = False\n            look(", "            look(", VECTOR),
    Break(LOOP, "invalid_counts[i] += 1", "invalid_counts[i] = 1", INPUT),
    Break(LOOP, "if found and first < 0:", "if found:", f"{VECTOR} {INPUT}"),
    Break(LOOP, "rewards[i][mover + v] += invalid_reward", "rewards[i][v] += invalid_reward", INPUT),
    Break(LOOP, "ended = on_invalid == TERMINATE", "ended = False", INPUT),
    Break(
        LOOP,
        '0 < time_limit <= s["elapsed_steps"] and not ended',
        '0 < time_limit <= s["elapsed_steps"]',
        f"{VECTOR} {KINDS} tests/catalogue/test_conformance.py",
    ),
    Break(LOOP, '    s["elapsed_steps"] += 1\n', '    s["elapsed_steps"] += 0 if refused else 1\n', INPUT),
    Break(LOOP, 'random_uniform(s["rng"], 0.0, 1.0)', "0.5", f"{KINDS} {INPUT}"),
    Break(LOOP, "    if not refused:\n", "    if True:\n", INPUT),
    Break(ENGINE, 'MOVED = ("records", ', "MOVED = (", VECTOR),
    Break(ENGINE, "seed_words([int(seed) % 2**64 for seed in seeds])[chosen]", "seed_words([0 for _ in seeds])[chosen]", VECTOR),
    Break(ENGINE, 'self.records["rng"][chosen] = seed_words(', 'self.records["rng"][:] = seed_words(', VECTOR),
    Break(ENGINE, "        if self.terminated[row]:\n            mask[0]", "        if False:\n            mask[0]", "tests/catalogue"),
    Break(ENGINE, "            self.look(where)\n", "            pass\n", "tests/catalogue/test_parity.py"),
    Break(
        "masked_envs/core/blocks.py",
        "return next((row for row in found if row is not None and row >= 0), -1)",
        "return found[0]",
        "tests/catalogue/test_parity.py -k threads",
    ),
    Break(
        "masked_envs/core/compile.py",
        "parts = [*modules, *sources, *generated, *constants, *stands_for]",
        "parts = [*modules, *sources, *generated, *stands_for]",
        VERBS,
    ),
    Break(
        "masked_envs/core/compile.py",
        "parts = [*modules, *sources, *generated, *constants, *stands_for]",
        "parts = [*modules, *sources, *generated, *constants]",
        VERBS,
    ),
    Break(RULES, "    if np.dtype(dtype) == np.bool_:".replace("    if", "        if"), "        if False:", VERBS),
    Break(RULES, "out.flat[i] = array.flat[i] == value", "out.flat[i] = array.flat[i] >= value", VERBS),
    Break(RULES, "if 0 <= n < len(where) else -1", "if n < len(where) else -1", VERBS),
    Break(RULES, "        if array.flat[i] != 0:\n            total += 1", "        if array.flat[i] > 0:\n            total += 1", VERBS),
    Break(RANDOM, "j = random_below(rng, i + 1)", "j = random_below(rng, i)", VERBS),
    Break(RANDOM, "position = random_below(rng, last + 1)", "position = random_below(rng, last)", VERBS),
    Break(RANDOM, "words += [z & LOW_32, z >> 32]", "words += [z >> 32, z & LOW_32]", VERBS),
    Break(RANDOM, "turned = ((c << 21) | (c >> 11)) & LOW_32", "turned = ((c << 21) | (c >> 12)) & LOW_32", VERBS),
    Break(
        "masked_envs/core/parameters.py",
        "self.low is not None and number < self.low",
        "self.low is not None and number <= self.low",
        f"{VERBS} tests/catalogue/test_catalogue.py",
    ),
    Break(
        "masked_envs/core/state.py",
        "if state.parameters != like.parameters or len(",
        "if len(",
        "tests/catalogue/test_bad_arguments.py",
    ),
    Break(BINDING, "action[k] = pick_flat(later, u[k - 1])", "action[k] = pick_flat(later, 0.0)", KINDS),
    Break(BINDING, "        if not allows_flat(later, action[k], heads):\n            return False\n", "", KINDS),
    Break(BINDING, "head, draw = head + len(part.heads), draw + part.num_draws", "head, draw = head + len(part.heads), 0", KINDS),
    Break(BINDING, "    if engine.terminated[row]:", "    if False:", f"{KINDS} tests/catalogue/test_conformance.py"),
    Break(MASKS, "bool(mask[action]) if 0 <= action < mask.size else False", "bool(mask[action]) if action < mask.size else False", f"{KINDS} tests/unit/test_mask_spec.py"),
    Break(MASKS, "    left, i = chosen + 1, -1\n", "    left, i = chosen, -1\n", "tests/unit/test_mask_spec.py"),
    Break(MASKS, "            index += seen <= chosen\n", "            index += seen < chosen\n", f"tests/unit/test_mask_spec.py {VERBS}"),
    Break(MASKS, "        if not (0 <= action[k] <= 1 and", "        if not (action[k] <= 1 and", f"tests/unit/test_mask_errors.py {KINDS}"),
    Break(MASKS, "if not (mask[0, k] <= action[k] <= mask[1, k]):", "if not (mask[0, k] < action[k] <= mask[1, k]):", f"tests/unit/test_mask_interval.py {KINDS}"),
    Break(
        MASKS,
        "max(low, min(high, (1.0 - u[k]) * low + u[k] * high))",
        "(1.0 - u[k]) * low + u[k] * high",
        "tests/unit/test_mask_interval.py",
    ),
    Break(MASKS, "action[k] = cell % heads[k]", "action[k] = cell % heads[0]", f"tests/unit/test_mask_spec.py {KINDS}"),
]  # fmt: skip
