"""Third-party environments: masks found and read, and the wrappers that judge and count actions."""

from ..table import Break

ROOM = "masked_envs/adaptation"
OWN, ADAPT = "tests/unit/test_action_mask.py", "tests/unit/test_adapt.py"

BREAKS = [
    Break(f"{ROOM}/action_mask.py", '            self.invalid_actions += 1\n            if self.on_invalid == "raise":\n', '            if self.on_invalid == "raise":\n', OWN),
    Break(f"{ROOM}/action_mask.py", "            self._mask = self.mask_spec.full()\n        else:\n", "            pass\n        else:\n", OWN),
    Break(f"{ROOM}/action_mask.py", "            if not over:\n                self._refuse_empty()", "            if False:\n                self._refuse_empty()", OWN),
    Break(f"{ROOM}/action_mask.py", "np.random.default_rng([seed, 0x6D61736B])", "np.random.default_rng()", OWN),
    Break(f"{ROOM}/action_mask.py", 'terminated = self.on_invalid == "terminate"', "terminated = False", OWN),
    Break(f"{ROOM}/action_mask.py", "float(reward) + self.invalid_reward * invalid", "float(reward)", OWN),
    Break(f"{ROOM}/action_mask.py", "        if self._over:\n            raise", "        if False:\n            raise", OWN),
    Break(f"{ROOM}/vector_action_mask.py", "allowed = self._allowed(masks, given) | self._discards", "allowed = self._allowed(masks, given)", OWN),
    Break(f"{ROOM}/vector_action_mask.py", "        masks[terminated] = spec.full()\n", "", OWN),
    Break(f"{ROOM}/vector_action_mask.py", "        self._discards = self._discards & ~which\n", "", OWN),
    Break(f"{ROOM}/vector_action_mask.py", "        empty = self._empty(masks) & ~over\n", "        empty = self._empty(masks) & False\n", OWN),
    Break(f"{ROOM}/read.py", "forbids = array <= FORBIDDING_SCORE", "forbids = array < -1e30", ADAPT),
    Break(f"{ROOM}/read.py", 'places = numbers.astype(np.int64) - getattr(spec, "start", 0)', "places = numbers.astype(np.int64)", ADAPT),
    Break(f"{ROOM}/read.py", 'kinds = ("joint",) if is_table else ("per_head", "joint")', 'kinds = ("per_head", "joint")', f"{ADAPT} {OWN}"),
    Break(f"{ROOM}/read.py", "if len(set(places.tolist())) != len(places) or (", "if (", ADAPT),
    Break(f"{ROOM}/read.py", "    return array.astype(np.int8) if np.isin(array, (0, 1)).all() else None", "    return array.astype(np.int8)", f"{ADAPT} {OWN}"),
    Break(f"{ROOM}/find.py", "        inspect.signature(method).bind()\n", "        pass\n", ADAPT),
    Break(f"{ROOM}/pettingzoo_action_mask.py", "        self.invalid_actions += 1\n", "", ADAPT),
    Break(f"{ROOM}/pettingzoo_action_mask.py", "            self._was_invalid[agent] = True\n", "            self._was_invalid.update(dict.fromkeys(self.env.possible_agents, True))\n", ADAPT),
    Break(f"{ROOM}/pettingzoo_action_mask.py", "            return nothing_allowed(spec)\n", "            return spec.full()\n", ADAPT),
]  # fmt: skip
