"""The kinds of mask, their values and errors, and the dialects of other libraries."""

from ..table import Break

SPEC = "masked_envs/mask_spec"
VALUES, ERRORS = "tests/unit/test_mask_spec.py", "tests/unit/test_mask_errors.py"
DIALECTS = "tests/unit/test_mask_dialects.py"

BREAKS = [
    Break(f"{SPEC}/discrete.py", "return index if 0 <= index < self.n else NOT_AN_INDEX", "return index", ERRORS),
    Break(f"{SPEC}/discrete.py", "return rows + self.start if batch else int(rows) + self.start", "return rows if batch else int(rows) + self.start", VALUES),
    Break(f"{SPEC}/discrete.py", "counts if math.prod(sizes) <= np.iinfo(np.int64).max else counts.astype(object)", "counts", "tests/unit/test_mask_interval.py"),
    Break(f"{SPEC}/discrete.py", "np.flatnonzero(self._one(mask))[:limit]", "np.flatnonzero(self._one(mask))", VALUES),
    Break(f"{SPEC}/discrete.py", "return np.split(mask, np.cumsum(self.nvec)[:-1], axis=-1)", "return np.split(mask, np.cumsum(self.nvec)[:-1], axis=0)", f"{VALUES} {DIALECTS}"),
    Break(f"{SPEC}/conditional.py", "                leaf -= len(last)\n", "                leaf -= 1\n", VALUES),
    Break(f"{SPEC}/conditional.py", "            if not (0 <= choice < self.nvec[j] and self._choices(table, choices[:j], head_mask)[choice]):", "            if not 0 <= choice < self.nvec[j]:", ERRORS),
    Break(f"{SPEC}/conditional.py", 'or later.dtype.char not in "b?" or not only_bits(later):', 'or later.dtype.char not in "b?":', ERRORS),
    Break(f"{SPEC}/conditional.py", "first: npt.NDArray[Any] = np.any(table, axis=1)", "first: npt.NDArray[Any] = np.any(table, axis=1) | True", VALUES),
    Break(f"{SPEC}/composite.py", "        if any(value is None for value in encoded):\n            return None\n", "        encoded = [0 if value is None else value for value in encoded]\n", ERRORS),
    Break(f"{SPEC}/composite.py", "    if 0 in known:\n        return 0\n", "", f"{VALUES} {ERRORS} tests/unit/test_mask_interval.py"),
    Break(f"{SPEC}/composite.py", "if len({(batch, length(rows)) for rows, batch in checked}) != 1:", "if not checked:", ERRORS),
    Break(f"{SPEC}/vector.py", "return super().contains(mask) and bool((mask[..., 0, :] <= mask[..., 1, :]).all())", "return super().contains(mask)", f"{VALUES} {ERRORS}"),
    Break(f"{SPEC}/vector.py", "        counts[(low > high).any(axis=-1)] = 0.0\n", "", "tests/unit/test_mask_interval.py"),
    Break(f"{SPEC}/vector.py", "if not ((mask >= low) & (mask <= high)).all():", "if not (mask <= high).all():", ERRORS),
    Break(f"{SPEC}/row_mask.py", "return bool(np.maximum.reduce(mask.view(np.uint8), axis=None) <= 1)", "return bool(np.maximum.reduce(mask.view(np.uint8), axis=None) <= 2)", ERRORS),
    Break(f"{SPEC}/row_mask.py", "        return rows.astype(np.int8)\n", "        return rows.view(np.int8)\n", "tests/unit/test_vector_env.py tests/unit/test_mask_spec.py"),
    Break(f"{SPEC}/row_mask.py", "            out = np.full(shape, self.no_action, self.action_buffer.base)\n", "            out = np.zeros(shape, self.action_buffer.base)\n", ERRORS),
    Break(f"{SPEC}/row_mask.py", "return bool(mask.dtype != np.bool_)", "return True", VALUES),
    Break(f"{SPEC}/codec.py", "    if not np.isin(array, range(most + 1)).all():", "    if False:", DIALECTS),
    Break(f"{SPEC}/array_dialects.py", "    if not np.array_equal(heads_to_joint(spec, mask), joint):", "    if False:", DIALECTS),
    Break(f"{SPEC}/array_dialects.py", "    if len(spec.nvec) > 2:", "    if False:", DIALECTS),
    Break(f"{SPEC}/sample_dialects.py", "return np.where(may_be_0 & may_be_1, FREE, may_be_1).astype(np.int8)", "return np.where(may_be_0 & may_be_1, FREE, may_be_0).astype(np.int8)", DIALECTS),
    Break(f"{SPEC}/sample_dialects.py", "    if len(stuck):", "    if False:", DIALECTS),
    Break(f"{SPEC}/dialects.py", "    if start != 0 and dialect in COUNTS_FROM_0:", "    if False:", DIALECTS),
    Break(f"{SPEC}/dialects.py", "    spec.check(canonical)\n", "", DIALECTS),
    Break(f"{SPEC}/from_space.py", "        if space.start != 0:", "        if False:", "tests/unit/test_mask_spec_values.py"),
    Break(f"{SPEC}/actions.py", "        if not {bool, np.bool_}.isdisjoint(map(type, action)):", "        if False:", ERRORS),
    Break(f"{SPEC}/actions.py", 'return dtype.kind in "iu" and np.can_cast(dtype, np.int64)', 'return dtype.kind in "iu"', ERRORS),
]  # fmt: skip
