"""The reference agents."""

from ..table import Break

ADVANTAGES, TORCH, RUNS = (f"tests/agents/test_ppo_{name}.py" for name in ("advantages", "torch", "runs"))

BREAKS = [
    Break("agents/rollout.py", "next_value[cut, agents[t + 1, cut]], known[cut, agents[t + 1, cut]] = values[t + 1, cut], True", "known[cut, agents[t + 1, cut]] = True", ADVANTAGES),
    Break("agents/rollout.py", "        n = np.flatnonzero(~discarded[t])\n", "        n = np.arange(rows)\n", f"{ADVANTAGES} {TORCH}"),
    Break("agents/rollout.py", "values[t, n], True, 0.0\n", "values[t, n], True, earned[now]\n", ADVANTAGES),
    Break("agents/rollout.py", "gamma * gae_lambda * next_estimate[now]", "gae_lambda * next_estimate[now]", ADVANTAGES),
    Break("agents/ppo_torch.py", "            self._see(t + 1, observation, info)\n", "            self._see(t, observation, info)\n", TORCH),
    Break("agents/ppo_torch.py", "        self.decisions += int((~r.discarded[:steps]).sum())\n", "        self.decisions += r.discarded[:steps].size\n", TORCH),
    Break("agents/ppo_torch.py", 'return config.mask == "off" or (count.invalid == 0 and control != 0)', "return True", RUNS),
    Break("agents/ppo_torch.py", "        torch.set_rng_state(state[\"torch_rng\"])\n", "", RUNS),
    Break("agents/evaluation.py", "            decisions += int((~discarded).sum())\n", "            decisions += len(discarded)\n", f"{RUNS} {TORCH}"),
    Break("agents/evaluation.py", "            live &= ~discarded\n", "            live &= ~terminated\n", RUNS),
    Break("agents/evaluation.py", "return played.count.invalid if played.forbade else None", "return played.count.invalid", RUNS),
    Break("agents/evaluation.py", "    with torch.random.fork_rng(devices=[]):\n        torch.manual_seed(seed)\n", "    if True:\n        torch.manual_seed(seed)\n", RUNS),
]  # fmt: skip
