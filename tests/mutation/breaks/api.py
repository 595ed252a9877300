"""The public environments: single, vector, AEC, parallel, and the controlled agent of a game."""

from ..table import Break

API = "masked_envs/api"
VECTOR = (
    'tests/unit/test_vector_env.py -k "ConnectFour or BinPack or seed or partial or limit or opponent or batch or seat"'
)
WHERE = "tests/unit/test_step_where.py"
KINDS, INPUT = "tests/unit/test_kinds_through_engine.py", "tests/catalogue/test_bad_input.py -k python"
PEERS, PARITY = "tests/catalogue/test_peer_checkers.py -k ConnectFour", "tests/catalogue/test_parity.py -k"
LAWS = 'tests/catalogue/test_conformance.py -k "law and (Duel or Crew or ConnectFour)"'
ARGUMENTS = "tests/catalogue/test_bad_arguments.py"

BREAKS = [
    Break(API, "        if name in held:\n", "        if False:\n", "tests/unit/test_fixed.py"),
    Break(f"{API}/gymnasium_env.py", "self._over = terminated or truncated or not engine.started[0]", "self._over = terminated or not engine.started[0]", "tests/catalogue/test_bad_input.py -k after_the_end"),
    Break(f"{API}/vector_env.py", "            over = terminated | truncated\n", "            over = terminated\n", f"{VECTOR}"),
    Break(f"{API}/vector_env.py", "self._engine.seed(numbers, where & (given | ~self._seeded))", "self._engine.seed(numbers, where)", VECTOR),
    Break(f"{API}/vector_env.py", "            terminated[resting] = truncated[resting] = False\n", "            pass\n", VECTOR),
    Break(API, "        kept[~over] = 0\n", "", f"{VECTOR}"),
    Break(API, "    return [first + i for i in range(rows)]\n", "    return [first for i in range(rows)]\n", VECTOR),
    Break(f"{API}/vector_env.py", "self._view.find_invalid(where)", "self._view.find_invalid()", WHERE),
    Break(f"{API}/vector_env.py", "self._view.step(where if resting is None else ~resting)", "self._view.step(None if resting is None else ~resting)", WHERE),
    Break(f"{API}/vector_env.py", "ended if where is None else ended & where", "ended", WHERE),
    Break(f"{API}/observations.py", "column[..., None] - start == np.arange(n)", "column[..., None] == np.arange(n)", "tests/unit/test_flat_observations.py -k any_space"),
    Break(f"{API}/seats.py", "        self._game(\"agents\")\n", "", "tests/unit/test_seats.py -k one_agent"),
    Break(f"{API}/single_agent.py", "        np.minimum(engine.invalid_counts, before + 1, out=engine.invalid_counts)\n", "", f"{KINDS} tests/unit/test_vector_env.py -k 'together or Race or Warehouse or once or at_once'"),
    Break(f"{API}/single_agent.py", "            earned[waiting] += engine.rewards[waiting, self.agent]\n", "", VECTOR),
    Break(f"{API}/single_agent.py", "self._choose_beside(where & ~refused)", "self._choose_beside(where)", INPUT),
    Break(f"{API}/single_agent.py", "            engine.mask_of(int(row), self.agent, engine.masks[row])\n", "", f"{LAWS}"),
    Break(f"{API}/single_agent.py", "            self.engine.restore(saved)\n", "", VECTOR),
    Break(f"{API}/single_agent.py", "return earned + engine.invalid_reward * engine.invalid.any(axis=1)", "return earned + engine.invalid_reward * engine.invalid.sum(axis=1)", f"{INPUT}"),
    Break(f"{API}/single_agent.py", "            if encoded is None or not engine.is_legal(int(row), view):", "            if encoded is None:", VECTOR),
    Break(f"{API}/aec_env.py", "        self._cumulative_rewards[agent] = 0.0\n", "", f"{KINDS} -k 'parallel or aec'"),
    Break(f"{API}/aec_env.py", "begins=self._chosen == 0", "begins=True", LAWS),
    Break(f"{API}/aec_env.py", "            self._clear_rewards()\n", "            pass\n", f"{KINDS} -k 'parallel or aec'"),
    Break(f"{API}/parallel_env.py", "set(actions) != set(self.agents)", "not set(actions) >= set(self.agents)", INPUT),
    Break(f"{API}/parallel_env.py", "        if engine.terminated[0] or engine.truncated[0]:\n            self.agents = []", "        if engine.terminated[0]:\n            self.agents = []", "tests/catalogue/test_bad_input.py -k after_the_end"),
    Break(f"{API}/multi_agent.py", "if self._simultaneous or agent == engine.acting.item(0):\n            rows = engine", "if True:\n            rows = engine", f"{LAWS}"),
    Break(API, 'reason = "is forbidden by the action mask" if _in_range(spec, action) else "is out of range"', 'reason = "is forbidden by the action mask"', "tests/catalogue/test_bad_input.py -k error_says"),
    Break(f"{API}/observations.py", "    if seed < 0:", "    if False:", f"{ARGUMENTS} -k seeds"),
    Break("masked_envs/trees.py", "return map(lambda array: array.copy(), tree)", "return map(lambda array: array, tree)", "tests/unit/test_trees.py tests/unit/test_action_mask.py"),
    Break("masked_envs/trees.py", "        out[where] = array[where]\n", "        out[...] = array\n", "tests/unit/test_trees.py tests/unit/test_action_mask.py"),
]  # fmt: skip
