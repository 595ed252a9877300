"""Wrappers of masked environments: other forms of action, observation wrappers, the recorder."""

from ..table import Break

ROOM = "masked_envs/wrappers"
FORMS, AWARE = "tests/unit/test_action_forms.py", "tests/unit/test_mask_aware_wrappers.py"

BREAKS = [
    Break(f"{ROOM}/enumeration.py", "return _outer([np.arange(self.bins) < (1 if meets else self.bins) for meets in met])", "return _outer([np.arange(self.bins) < self.bins for meets in met])", FORMS),
    Break(f"{ROOM}/enumeration.py", "whole = (whole[:, None] & mask).reshape(-1)", "whole = (mask[:, None] & whole).reshape(-1)", FORMS),
    Break(f"{ROOM}/enumeration.py", 'return int(number) + int(getattr(spec.action_space, "start", 0))', "return int(number)", FORMS),
    Break(f"{ROOM}/enumeration.py", "np.where(places == self.bins - 1, np.where(low == high, point, high), point)", "point", FORMS),
    Break(f"{ROOM}/choices.py", "reachable = np.arange(len(sizes)) <= (forced[0] if len(forced) else len(sizes))", "reachable = np.arange(len(sizes)) <= len(sizes)", FORMS),
    Break(f"{ROOM}/choices.py", "rising & reachable & (mask[:, 1] != 0), len(forced) == 0)", "rising & reachable & (mask[:, 1] != 0), True)", FORMS),
    Break(f"{ROOM}/sequential_actions.py", "        self._made, self._over, self._last = [], over, (observation, info)\n", "        self._over, self._last = over, (observation, info)\n", FORMS),
    Break(f"{ROOM}/sequential_actions.py", "        if self._terminated:  #", "        if False:  #", FORMS),
    Break(f"{ROOM}/on_observation.py", "if repeats and self._previous is not None and self._allows(self._previous):", "if repeats and self._previous is not None:", AWARE),
    Break(f"{ROOM}/on_observation.py", "self._rng = np.random.default_rng([seed, 0x737469636B])", "self._rng = np.random.default_rng()", AWARE),
    Break(f"{ROOM}/on_observation.py", '        self.shown_mask = observation["action_mask"]\n        rest', '        self.shown_mask = observation["action_mask"] if self.shown_mask is None else self.shown_mask\n        rest', AWARE),
    Break(f"{ROOM}/record_invalid_actions.py", "        self._actions.append(copy.deepcopy(action))\n", "", AWARE),
    Break(f"{ROOM}/record_invalid_actions.py", "        if len(self.records) < self.most:\n", "        if True:\n", AWARE),
]  # fmt: skip
