"""The reference agents."""

from ..table import Break

ADVANTAGES, TORCH, RUNS, MINIMAL, OWN, CHECKPOINT = (
    f"tests/agents/test_ppo_{name}.py" for name in ("advantages", "torch", "runs", "minimal", "own_envs", "checkpoint")
)
REPLAYED = f"{OWN}::test_a_resumed_run_ends_in_the_same_bytes"
AGENT = "agents/ppo_torch"

BREAKS = [
    Break(f"{AGENT}/rollout.py", "next_value[cut, agents[t + 1, cut]], known[cut, agents[t + 1, cut]] = values[t + 1, cut], True", "known[cut, agents[t + 1, cut]] = True", ADVANTAGES),
    Break(f"{AGENT}/rollout.py", "        n = np.flatnonzero(~discarded[t])\n", "        n = np.arange(rows)\n", f"{ADVANTAGES} {TORCH}"),
    Break(f"{AGENT}/rollout.py", "values[t, n], True, 0.0\n", "values[t, n], True, earned[now]\n", ADVANTAGES),
    Break(f"{AGENT}/rollout.py", "gamma * gae_lambda * next_estimate[now]", "gae_lambda * next_estimate[now]", ADVANTAGES),
    Break(f"{AGENT}/learner.py", "            self._see(t + 1, observation, info)\n", "            self._see(t, observation, info)\n", TORCH),
    Break(f"{AGENT}/learner.py", "        self.decisions += int((~r.discarded[:steps]).sum())\n", "        self.decisions += r.discarded[:steps].size\n", TORCH),
    Break(f"{AGENT}/training.py", 'return config.mask == "off" or (count.invalid == 0 and control != 0)', "return True", RUNS),
    Break(f"{AGENT}/learner.py", "        torch.set_rng_state(state[\"torch_rng\"])\n", "", CHECKPOINT),
    Break(f"{AGENT}/evaluation.py", "            decisions += int((~discarded).sum())\n", "            decisions += len(discarded)\n", f"{RUNS} {TORCH}"),
    Break(f"{AGENT}/evaluation.py", "            live &= ~discarded\n", "            live &= ~terminated\n", RUNS),
    Break(f"{AGENT}/evaluation.py", "return played.count.invalid if played.forbade else None", "return played.count.invalid", RUNS),
    Break(f"{AGENT}/evaluation.py", "    with torch.random.fork_rng(devices=[]):\n        torch.manual_seed(seed)\n", "    if True:\n        torch.manual_seed(seed)\n", RUNS),
    Break(f"{AGENT}/checkpoint.py", "    if hashlib.sha256(body).digest() != content[len(FORMAT) : start]:\n", "    if not body:\n", f"{CHECKPOINT}::test_a_damaged_file_is_a_value_error"),
    Break(f"{AGENT}/main.py", '    if ":" in config.env and "env" not in given:\n', "    if False:\n", f"{OWN}::test_a_checkpoint_imports_a_module_only_where_the_command_names_it"),
    Break(f"{AGENT}/registered_envs.py", "        self._replayed += self.invalid_actions\n", "", f"{REPLAYED}[OwnFlat-v0]"),
    Break(f"{AGENT}/registered_envs.py", "        self._begun[begins] = len(self._actions)\n", "", f"{REPLAYED}[OwnFlat-v0]"),
    Break(f"{AGENT}/main.py", "        rehearse(learner)\n", "", f"{OWN}::test_what_an_environment_lacks_is_found_before_training"),
    Break("agents/ppo_minimal.py", "    kept = ~discarded  # (3)\n", "    kept = torch.ones_like(discarded)  # (3)\n", f"{MINIMAL}::test_discarded_decisions_are_not_learnt"),
    Break("agents/ppo_minimal.py", "distribution = policy.distribution(batch, mask[i])  # (2)\n", "distribution = policy.distribution(batch, torch.ones_like(mask[i]))  # (2)\n", f"{MINIMAL}::test_before_any_update_the_ratio_is_one_under_the_stored_mask"),
    Break("agents/ppo_minimal.py", "args.gamma * value[t + 1] * ~terminated[t]", "args.gamma * value[t + 1] * ~ended[t]", f"{MINIMAL}::test_advantages_equal_those_of_the_complete_agent"),
    Break("agents/ppo_minimal.py", "following * ~ended[t]", "following * ~terminated[t]", f"{MINIMAL}::test_advantages_equal_those_of_the_complete_agent"),
]  # fmt: skip
