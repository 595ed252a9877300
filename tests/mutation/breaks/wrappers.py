"""Wrappers of masked environments: other forms of action, observation wrappers, the recorder."""

from ..table import Break

ROOM = "masked_envs/wrappers"
VECTOR = 'tests/unit/test_vector_action_forms.py -k "rows_are_those"'
FORMS, AWARE = 'tests/unit/test_action_forms.py -k "not laws"', "tests/unit/test_mask_aware_wrappers.py"

BREAKS = [
    Break(ROOM, "np.where(equal, 1, self.bins)[..., None]", "np.where(equal, self.bins, self.bins)[..., None]", FORMS),
    Break(ROOM, "whole = outer([part.reshape(", "whole = outer([part[..., ::-1].reshape(", FORMS),
    Break(ROOM, "places[..., 0] + int(self.spec.action_space.start)", "places[..., 0]", FORMS),
    Break(ROOM, "np.where((places == self.bins - 1) & (low < high), high, point)", "point * np.float32(0.999)", FORMS),
    Break(ROOM, "forced.argmax(axis=1), len(bits))[:, None]", "len(bits), len(bits))[:, None]", FORMS),
    Break(ROOM, "~forced.any(axis=1, keepdims=True)])", "np.ones_like(forced[:, :1])])", FORMS),
    Break(ROOM, "        if bad.any():\n", "        if False:\n", VECTOR),
    Break(ROOM, "info = self._with_final(info, self._flat(", "info = dict(info, ignored=self._flat(", VECTOR),
    Break(ROOM, "np.where(moving, 0, count)", "count", VECTOR),
    Break(ROOM, "        masks[self._terminated] = True", "        pass", VECTOR),
    Break(ROOM, "{AutoresetMode.NEXT_STEP: ended, AutoresetMode.SAME_STEP: over}", "{AutoresetMode.SAME_STEP: over}", VECTOR),
    Break(ROOM, "if repeats and self._previous is not None and self._allows(self._previous):", "if repeats and self._previous is not None:", AWARE),
    Break(ROOM, "self._rng = np.random.default_rng([seed, 0x737469636B])", "self._rng = np.random.default_rng()", AWARE),
    Break(ROOM, "        self._actions.append(copy.deepcopy(action))\n", "", AWARE),
    Break(ROOM, "        if len(self.records) < self.most:\n", "        if True:\n", AWARE),
]  # fmt: skip
