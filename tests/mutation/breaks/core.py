"""The stepping loop, the engine, backends, the law of rules, random numbers, what a mask of each kind allows."""

from ..table import Break

CORE = "masked_envs/core"
LOOP, ENGINE, RULES, STATE = (f"{CORE}/{name}.py" for name in ("loop", "engine", "rules", "state"))
MASKS, RANDOM, BINDING, TREES = (f"{CORE}/{n}.py" for n in ("mask_rules", "random", "mask_binding", "dependent_heads"))
KEYS, PYTHON, NUMBA = f"{CORE}/binding.py", f"{CORE}/backends/python.py", f"{CORE}/backends/numba.py"
THREADS, SEALED, POSITION = f"{CORE}/backends/threads.py", f"{CORE}/sealed.py", "masked_envs/adaptation/position.py"
STATEMENTS, EXPRESSIONS, CALLS, KINDS_OF = (
    f"{CORE}/law/{name}.py" for name in ("statements", "expressions", "calls", "kinds")
)
VECTOR, VERBS = "tests/unit/test_vector_env.py", "tests/unit/test_core_rules.py"
# Plain Python shows most breaks; compiling every toy anew for each would take minutes.
KINDS = 'tests/unit/test_kinds_through_engine.py -k "not numba"'
INPUT = 'tests/catalogue/test_bad_input.py -k "not numba"'
LAW, STATES, LIMITS, CACHE = (f"tests/unit/test_{name}.py" for name in ("rule_law", "states", "limits", "disk_cache"))
WRAPPER_STATES = "tests/unit/test_wrapper_states.py"
LEAVES, BOUNDS = "tests/unit/test_dependent_heads.py", "tests/catalogue/test_bounds.py"

BREAKS = [
    Break(LOOP, "        if terminated:\n            allow_all(", "        if False:\n            allow_all(", VECTOR),
    Break(LOOP, '    s["elapsed_steps"] = 0\n', "", VECTOR),
    Break(LOOP, "    truncated[i] = False\n", "", VECTOR),
    Break(LOOP, "invalid_counts[i] += found", "invalid_counts[i] = found", INPUT),
    Break(LOOP, "        elif view < 0 or v == view:", "        else:", KINDS),
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
    Break(LOOP, "        if resting[i]:\n", "        if False:\n", VECTOR),
    Break(LOOP, "    if resting[i]:\n        earned", "    if False:\n        earned", VECTOR),
    Break(ENGINE, 'MOVED = (\n    "records", ', "MOVED = (\n    ", VECTOR),
    Break(ENGINE, "seed_words(seeds)[chosen]", "seed_words([0 for _ in seeds])[chosen]", VECTOR),
    Break(ENGINE, 'self.records["rng"][chosen] = seed_words(', 'self.records["rng"][:] = seed_words(', VECTOR),
    Break(ENGINE, "        if self.terminated[row]:\n            mask[0]", "        if False:\n            mask[0]", f"tests/unit/test_set_state_below.py {KINDS}"),
    Break(ENGINE, "            self._run.look_row(where)\n\n    def save", "            pass\n\n    def save", "tests/catalogue/test_parity.py -k position"),
    Break(ENGINE, "return int(np.argmax(self.invalid[:, checked].any(axis=1)))", "return 0", "tests/catalogue/test_parity.py -k threads_count"),
    Break(ENGINE, "        self._observations_are_old = moved.observations is not self._observations\n", "", f"{VECTOR} -k callers"),
    Break(ENGINE, "moved.masks[rows] = self.shown_masks[rows]", "moved.masks[rows] = 1", VECTOR),
    Break(THREADS, "min(seconds[False]) < WORTH_TRYING", "False", "tests/unit/test_threads.py"),
    Break(THREADS, "return together < GAIN * alone", "return True", "tests/unit/test_threads.py"),
    Break(PYTHON, "    if not indexed:\n        return list(array)\n", "", f"{BOUNDS} -k num_robots"),
    Break(NUMBA, "None if where is None else where[rows]", "None if where is None else where[: len(where[rows])]", "tests/catalogue/test_parity.py -k threads"),
    Break(NUMBA, "(array[rows] for array", "(array[: len(array[rows])] for array", "tests/catalogue/test_parity.py -k threads"),
    Break(NUMBA, "                after(rows)\n", "                after(slice(0, 1))\n", "tests/catalogue/test_parity.py -k threads"),
    Break(NUMBA, "    except RuntimeError as error:\n        _warn_once(str(error))\n", "    except ZeroDivisionError as error:\n        _warn_once(str(error))\n", CACHE),
    Break(NUMBA, "        record_type.mangling_args = before\n", "        pass\n", CACHE),
    Break(NUMBA, "    if not _reasons:\n", "    if True:\n", CACHE),
    Break(NUMBA, "            if compiled is None:\n                raise\n", "            raise\n", CACHE),
    Break(KEYS, "*generated, *constants, *replaced]", "*generated, *replaced]", f"{VERBS} -k 'cache_key'"),
    Break(KEYS, "*generated, *constants, *replaced]", "*generated, *constants]", f"{VERBS} -k 'cache_key'"),
    Break(RULES, "        if np.dtype(dtype) == np.bool_:", "        if False:", f"{VERBS} -k 'verb or nonzero or counting'"),
    Break(RULES, "out.flat[i] = array.flat[i] == value", "out.flat[i] = array.flat[i] >= value", f"{VERBS} -k 'verb or nonzero or counting'"),
    Break(RULES, "if 0 <= n < len(where) else -1", "if n < len(where) else -1", f"{VERBS} -k 'verb or nonzero or counting'"),
    Break(RULES, "        if array.flat[i] != 0:\n            total += 1", "        if array.flat[i] > 0:\n            total += 1", f"{VERBS} -k 'verb or nonzero or counting'"),
    Break(RANDOM, "j = random_below(rng, i + 1)", "j = random_below(rng, i)", f"{VERBS} -k 'subset or order'"),
    Break(RANDOM, "position = random_below(rng, last + 1)", "position = random_below(rng, last)", f"{VERBS} -k 'subset or order'"),
    Break(RANDOM, "words += [z & LOW_32, z >> 32]", "words += [z >> 32, z & LOW_32]", f"{VERBS} -k 'splitmix'"),
    Break(RANDOM, "turned = ((c << 21) | (c >> 11)) & LOW_32", "turned = ((c << 21) | (c >> 12)) & LOW_32", f"{VERBS} -k 'sfc32'"),
    Break(RANDOM, "    if not 0 <= seed <= LOW_64:\n", "    if False:\n", LIMITS),
    Break(RANDOM, "(high * 2097152 + (random_word(rng) >> 11))", "(high * 2097152)", LEAVES),
    Break(
        f"{CORE}/parameters.py",
        "self.low is not None and number < self.low",
        "self.low is not None and number <= self.low",
        f"{VERBS} tests/catalogue/test_catalogue.py",
    ),
    Break(f"{CORE}/parameters.py", "    if not math.isfinite(value):\n        raise ValueError(f\"{name} must be finite, not {shown(number)}\")\n", "", LIMITS),
    Break(STATE, "if not _same(state.parameters, parameters) or len(", "if len(", "tests/catalogue/test_bad_arguments.py"),
    Break(SEALED, "    if not value.is_intact():\n", "    if False:\n", STATES),
    Break(SEALED, "            sums.sort()", "            pass", WRAPPER_STATES),
    Break(SEALED, "    check_fields(value, owner)\n    if", "    if", WRAPPER_STATES),
    Break(POSITION, "    check_intact(state, wrapper)\n", "", WRAPPER_STATES),
    Break(POSITION, "    if state.owner != owner:\n", "    if False:\n", WRAPPER_STATES),
    Break(STATE, "zlib.crc32(bytes(flags), ", "zlib.crc32(b\"\", ", STATES),
    Break("masked_envs/api/aec_env.py", "        check_intact(state, engine.declaration.id)\n", "", STATES),
    Break(TREES, "            legal = bool(choices[choice])\n", "            legal = True\n", LEAVES),
    Break(TREES, "chosen = random_below_large(s[\"rng\"], leaves + number)", "chosen = random_below_large(s[\"rng\"], leaves // 2 + number)", LEAVES),
    Break(TREES, "    return leaves + number\n", "    return leaves + 1\n", LEAVES),
    Break(TREES, "        if not allows_flat(choices, action[k], heads):\n            return False\n", "", KINDS),
    Break(TREES, "            choice = random_below(s[\"rng\"], int(heads[k]))\n", "            choice = max(0, nth_nonzero(choices, 0))\n", LEAVES),
    Break(BINDING, "head, draw = head + len(part.heads), draw + part.num_draws", "head, draw = head + len(part.heads), 0", KINDS),
    Break(BINDING, "    over = bool(engine.terminated[row])", "    over = False", f"{KINDS} tests/catalogue/test_conformance.py"),
    Break(STATEMENTS, "        if node.id not in self._set:\n", "        if False:\n", LAW),
    Break(STATEMENTS, "        return before  # it may have run not once\n", "        return self._set\n", LAW),
    Break(STATEMENTS, "return meet(breaks if endless else [before, *breaks])", "return meet([before, *breaks])", LAW),
    Break(STATEMENTS, "            joined = UNKNOWN\n        self._kinds", "            joined = kind\n            self._violations.clear()\n        self._kinds", LAW),
    Break(STATEMENTS, "        if len(node.targets) > 1:\n", "        if False:\n", LAW),
    Break(STATEMENTS, "elif isinstance(base, Record) and place == INT and kind == FLOAT:", "elif False:", LAW),
    Break(STATEMENTS, "if not is_core(rule) or is_core(self.rule)]", "if True]", LAW),
    Break(EXPRESSIONS, "if not 1 <= exponent <= LARGEST_EXPONENT:", "if not 1 <= exponent:", LAW),
    Break(EXPRESSIONS, "        if kind not in (INT, UNKNOWN):\n", "        if False:\n", LAW),
    Break(EXPRESSIONS, "        if part.step is not None:\n", "        if False:\n", LAW),
    Break(EXPRESSIONS, "            if self.constant(right) == 0:\n", "            if False:\n", LAW),
    Break(CALLS, "        if node.keywords:\n", "        if False:\n", LAW),
    Break(CALLS, "        if len(node.args) < 2:\n", "        if False:\n", LAW),
    Break(KINDS_OF, "if shape is None or len(elements) != 1 or", "if shape is None or", LAW),
    Break(KINDS_OF, "    if len(shapes) != 1:\n        return None\n", "    if len(shapes) != 1:\n        return (9,)\n", LAW),
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
