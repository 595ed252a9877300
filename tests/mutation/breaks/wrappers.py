"""Wrappers of masked environments: other forms of action, observation wrappers, the recorder."""

from ..table import Break

ROOM = "masked_envs/wrappers"
FORMS, AWARE = 'tests/unit/test_action_forms.py -k "not laws"', "tests/unit/test_mask_aware_wrappers.py"

BREAKS = [
    Break(ROOM, "return [np.arange(self.bins) < (1 if point else self.bins) for point in equal]", "return [np.arange(self.bins) < self.bins for point in equal]", FORMS),
    Break(ROOM, "first = (first[:, None] & legal).reshape(-1)", "first = (legal[:, None] & first).reshape(-1)", FORMS),
    Break(ROOM, "return places[0] + int(self.spec.action_space.start)", "return places[0]", FORMS),
    Break(ROOM, "np.where((place == self.bins - 1) & (low < high), high, point)", "point * np.float32(0.999)", FORMS),
    Break(ROOM, "reachable = bits <= (forced[0] if len(forced) else len(bits))", "reachable = bits <= len(bits)", FORMS),
    Break(ROOM, "rising & reachable & (mask[:, 1] != 0), len(forced) == 0)", "rising & reachable & (mask[:, 1] != 0), True)", FORMS),
    Break(ROOM, "if repeats and self._previous is not None and self._allows(self._previous):", "if repeats and self._previous is not None:", AWARE),
    Break(ROOM, "self._rng = np.random.default_rng([seed, 0x737469636B])", "self._rng = np.random.default_rng()", AWARE),
    Break(ROOM, "        self._actions.append(copy.deepcopy(action))\n", "", AWARE),
    Break(ROOM, "        if len(self.records) < self.most:\n", "        if True:\n", AWARE),
]  # fmt: skip
