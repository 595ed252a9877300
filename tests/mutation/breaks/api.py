"""The public environments: single, vector, AEC, parallel, and the caller's side of a game."""

from ..table import Break

API = "masked_envs/api"
VECTOR, KINDS, INPUT = (
    "tests/unit/test_vector_env.py",
    "tests/unit/test_kinds_through_engine.py",
    "tests/catalogue/test_bad_input.py",
)
PEERS, PARITY = "tests/catalogue/test_peer_checkers.py", "tests/catalogue/test_parity.py"
LAWS, ARGUMENTS = "tests/catalogue/test_conformance.py", "tests/catalogue/test_bad_arguments.py"

BREAKS = [
    Break(f"{API}/gymnasium_env.py", '        if engine.on_invalid != "raise":\n            info["invalid_action"]', '        if engine.invalid[0].any():\n            info["invalid_action"]', f"{KINDS} {INPUT}"),
    Break(f"{API}/gymnasium_env.py", "self._over = terminated or truncated or not engine.started[0]", "self._over = terminated or not engine.started[0]", INPUT),
    Break(f"{API}/gymnasium_env.py", "        self._read_ends()\n        self._seeded = True\n", "        self._seeded = True\n", PARITY),
    Break(f"{API}/gymnasium_env.py", '            info["rewards"] = engine.rewards[0].copy()', '            info["rewards"] = engine.rewards[0]', f"{LAWS} {KINDS}"),
    Break(f"{API}/vector_env.py", "            over = terminated | truncated\n", "            over = terminated\n", f"{VECTOR} {PARITY}"),
    Break(f"{API}/vector_env.py", "        where = ~ended\n", "        where = ended | ~ended\n", VECTOR),
    Break(f"{API}/vector_env.py", "self._engine.seed(numbers, where & (given | ~self._seeded))", "self._engine.seed(numbers, where)", f"{VECTOR} {PARITY}"),
    Break(f"{API}/vector_env.py", "        terminated, truncated = engine.terminated & where, engine.truncated & where\n", "        terminated, truncated = engine.terminated.copy(), engine.truncated.copy()\n", f"{VECTOR} {PARITY}"),
    Break(f"{API}/vector_env.py", "return [None] * rows if first is None else [first + i for i in range(rows)]", "return [None] * rows if first is None else [first for i in range(rows)]", f"{VECTOR} {PARITY}"),
    Break(f"{API}/vector_env.py", "min(limit, max_episode_steps) if limit else max_episode_steps", "max_episode_steps", VECTOR),
    Break(f"{API}/vector_env.py", "    kept[~over] = 0\n", "", f"{VECTOR} {LAWS} {PARITY}"),
    Break(f"{API}/single_agent.py", "        np.minimum(engine.invalid_counts, before + 1, out=engine.invalid_counts)\n", "", f"{INPUT} {KINDS}"),
    Break(f"{API}/single_agent.py", "            earned[waiting] += engine.rewards[waiting, self.agent]\n", "", VECTOR),
    Break(f"{API}/single_agent.py", "self._choose_beside(where & ~refused)", "self._choose_beside(where)", f"{INPUT} {LAWS}"),
    Break(f"{API}/single_agent.py", "            engine.mask_of(int(row), self.agent, engine.masks[row])\n", "", f"{LAWS} {KINDS} {VECTOR}"),
    Break(f"{API}/single_agent.py", "            self.engine.restore(saved)\n", "", VECTOR),
    Break(f"{API}/single_agent.py", "return earned + engine.invalid_reward * engine.invalid.any(axis=1)", "return earned + engine.invalid_reward * engine.invalid.sum(axis=1)", f"{INPUT} {KINDS}"),
    Break(f"{API}/single_agent.py", "return engine.rewards.ravel().take(self._first_rewards + movers)", "return engine.rewards.ravel().take(self._first_rewards)", f"{PEERS} {KINDS} {PARITY}"),
    Break(f"{API}/single_agent.py", "            if encoded is None or not engine.is_legal(int(row), view):", "            if encoded is None:", VECTOR),
    Break(f"{API}/aec_env.py", "        self._cumulative_rewards[agent] = 0.0\n", "", f"{KINDS} {PEERS}"),
    Break(f"{API}/aec_env.py", "        if self._over or agent == self.agent_selection:\n            return self._views.mask", "        if True:\n            return self._views.mask", LAWS),
    Break(f"{API}/aec_env.py", "begins=self._chosen == 0", "begins=True", f"{KINDS} {LAWS} {INPUT}"),
    Break(f"{API}/aec_env.py", "            self._clear_rewards()\n", "            pass\n", f"{KINDS} {PEERS}"),
    Break(f"{API}/parallel_env.py", "set(actions) != set(self.agents)", "not set(actions) >= set(self.agents)", INPUT),
    Break(f"{API}/parallel_env.py", "        if engine.terminated[0] or engine.truncated[0]:\n            self.agents = []", "        if engine.terminated[0]:\n            self.agents = []", f"{INPUT} {KINDS} {PEERS}"),
    Break(f"{API}/multi_agent.py", "        self._begun = True\n        self.gave_invalid[:] = False\n", "        self._begun = True\n", f"{KINDS} {LAWS} {INPUT}"),
    Break(f"{API}/multi_agent.py", "if self._simultaneous or agent == engine.acting.item(0):\n            rows = engine", "if True:\n            rows = engine", f"{KINDS} {LAWS}"),
    Break(f"{API}/observations.py", 'reason = "is forbidden by the action mask" if _in_range(spec, action) else "is out of range"', 'reason = "is forbidden by the action mask"', f"{INPUT} {KINDS}"),
    Break(f"{API}/observations.py", 'return full[::-1].copy() if spec.kind == "interval" else np.zeros_like(full)', "return np.zeros_like(full)", f"{LAWS} {KINDS}"),
    Break(f"{API}/observations.py", "    if seed < 0:", "    if False:", ARGUMENTS),
    Break("masked_envs/trees.py", "else value.copy()\n", "else value\n", "tests/unit/test_action_mask.py tests/unit/test_adapt.py"),
    Break("masked_envs/trees.py", "return {key: stack([row[key] for row in rows]) for key in first}", "return {key: stack([row[key] for row in rows[::-1]]) for key in first}", "tests/unit/test_mask_dialects.py"),
]  # fmt: skip
