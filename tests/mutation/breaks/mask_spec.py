"""The kinds of mask, their values and errors, and the dialects of other libraries."""

from ..table import Break

SPEC = "masked_envs/mask_spec"
VALUES, ERRORS = "tests/unit/test_mask_spec.py", "tests/unit/test_mask_errors.py"
DIALECTS, INTERVAL = "tests/unit/test_mask_dialects.py", "tests/unit/test_mask_interval.py"
OPERATIONS = "tests/unit/test_mask_operations.py tests/unit/test_mask_forms.py tests/unit/test_mask_dependent_heads.py"

BREAKS = [
    Break(SPEC, "plain_array(mask) is None or not self._has_mask_dtype", "not self._has_mask_dtype", ERRORS),
    Break(SPEC, " and not holds_hidden(value) else None", " else None", ERRORS),
    Break(SPEC, "return index if 0 <= index < self.n else NOT_AN_INDEX", "return index", ERRORS),
    Break(SPEC, "return rows + self.start if batch else int(rows) + self.start", "return rows if batch else int(rows) + self.start", f"{VALUES} {OPERATIONS}"),
    Break(SPEC, "np.flatnonzero(self._one(mask))[:limit]", "np.flatnonzero(self._one(mask))", f"{VALUES} {OPERATIONS}"),
    Break(SPEC, "return np.split(mask, np.cumsum(self.nvec)[:-1], axis=-1)", "return np.split(mask, np.cumsum(self.nvec)[:-1], axis=0)", f"{VALUES} {DIALECTS}"),
    Break(SPEC, 'or choices.dtype.char not in "b?" or not only_bits(choices):', 'or choices.dtype.char not in "b?":', f"{ERRORS} {OPERATIONS}"),
    Break(SPEC, "    if 0 in known:\n        return 0\n", "", f"{VALUES} {ERRORS} {INTERVAL} {OPERATIONS}"),
    Break(SPEC, "if len({(batch, length(rows)) for rows, batch in checked}) != 1:", "if not checked:", ERRORS),
    Break(SPEC, "return super().contains(mask) and bool((mask[..., 0, :] <= mask[..., 1, :]).all())", "return super().contains(mask)", INTERVAL),
    Break(SPEC, "if not ((mask >= low) & (mask <= high)).all():", "if not (mask <= high).all():", ERRORS),
    Break(SPEC, "return bool(np.maximum.reduce(mask.view(np.uint8), axis=None) <= 1)", "return bool(np.maximum.reduce(mask.view(np.uint8), axis=None) <= 2)", f"{ERRORS} {VALUES}"),
    Break(SPEC, "        return rows.astype(INT8)\n", "        return rows.view(INT8)\n", f"{VALUES} tests/unit/test_kinds_through_engine.py"),
    Break(SPEC, "return bool(mask.dtype != np.bool_)", "return True", VALUES),
    Break(SPEC, "            return np.full(shape, self.malformed, self.action_buffer.base)\n", "            return np.zeros(shape, self.action_buffer.base)\n", f"{ERRORS} tests/unit/test_hostile_actions.py"),
    Break(SPEC, "    if not np.isin(array, range(most + 1)).all():", "    if False:", DIALECTS),
    Break(SPEC, "    if not np.array_equal(heads_to_joint(spec, mask), joint):", "    if False:", DIALECTS),
    Break(f"{SPEC}/dialects", "    if len(spec.nvec) > 2:", "    if False:", DIALECTS),
    Break(SPEC, "return np.where(may_be_0 & may_be_1, FREE, may_be_1).astype(np.int8)", "return np.where(may_be_0 & may_be_1, FREE, may_be_0).astype(np.int8)", DIALECTS),
    Break(SPEC, "    if len(stuck):", "    if False:", DIALECTS),
    Break(SPEC, "        spec.check(canonical)\n", "        pass\n", f"{DIALECTS} tests/unit/test_mask_forms.py"),
    Break(SPEC, "        if space.start != 0:", "        if False:", "tests/unit/test_mask_spec_values.py"),
    Break(SPEC, 'return dtype.kind in "iu" and np.can_cast(dtype, np.int64)', 'return dtype.kind in "iu"', f"{ERRORS} tests/unit/test_hostile_actions.py"),
]  # fmt: skip
