"""Third-party environments: masks found and read, and the gate that judges and counts actions."""

from ..table import Break

ROOM = "masked_envs/adaptation"
QUICK = '-k "not law and not wrong_mask_of and not videos and not ppo"'  # the others check whole environments
OWN, ADAPT = f"tests/unit/test_action_mask.py {QUICK}", "tests/unit/test_adapt.py"
GAMES = "tests/unit/test_pettingzoo_masks.py"

BREAKS = [
    Break(ROOM, "            self.counts[one.counter] += is_invalid\n", "            self.counts[one.counter] |= is_invalid\n", f"{GAMES} {OWN}"),
    Break(ROOM, "            self.rng = np.random.default_rng([int(seed), SALT])\n", "            self.rng = np.random.default_rng()\n", OWN),
    Break(ROOM, 'if is_invalid and self.on_invalid == "resample":', "if False:", OWN),
    Break(ROOM, 'return {} if self.on_invalid == "raise" else {"invalid_action": invalid}', "return {}", f"{GAMES} {OWN}"),
    Break(ROOM, 'if self.on_invalid == "raise" and any(invalid):', 'if self.on_invalid == "raise" and all(invalid):', OWN),
    Break(f"{ROOM}/action_mask.py", "        if not over and self.mask_spec.is_empty(", "        if False and self.mask_spec.is_empty(", OWN),
    Break(f"{ROOM}/action_mask.py", "        if not terminated:\n            self._mask = trees", "        if True:\n            self._mask = trees", OWN),
    Break(f"{ROOM}/vector_action_mask.py", "self._refuse_empty(np.flatnonzero(where & ~over).tolist())", "self._refuse_empty([])", OWN),
    Break(f"{ROOM}/vector_action_mask.py", "fresh = self._read(where & ~terminated)", "fresh = self._read(where)", OWN),
    Break(ROOM, "forbids = array <= FORBIDDING_SCORE", "forbids = array < -1e30", ADAPT),
    Break(ROOM, "    if as_bits is not None and listed != sorted(listed):\n", "    if False:\n", ADAPT),
    Break(ROOM, "    if not (choices == 2).any():\n", "    if False:\n", ADAPT),
    Break(ROOM, "return np.stack([choices != 1, choices != 0], axis=-1).astype(np.int8)", "return np.stack([choices != 0, choices != 1], axis=-1).astype(np.int8)", ADAPT),
    Break(ROOM, "isinstance(value, Mapping) and set(value) == set(spec.keys)", "isinstance(value, Mapping)", f"{ADAPT} {OWN}"),
]  # fmt: skip
