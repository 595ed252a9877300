"""RLlib: modules, distributions, learners, the env runner, metrics and configs."""

from ..table import Break

ROOM = "masked_envs/rllib"
MODULES, RUNNER, LEARNERS = (f"tests/adapters/test_rllib_{name}.py" for name in ("modules", "env_runner", "learners"))
CONFIGURE, FRAGMENTS, GAMES = (
    f"tests/adapters/test_rllib_{name}.py" for name in ("configure", "fragments", "multi_agent")
)
PROOF = "tests/adapters/test_rllib_proof.py"

BREAKS = [
    Break(f"{ROOM}/modules.py", "return {**outputs, key: torch.where(self.legal(batch), logits, FORBIDDEN)}", "return {**outputs, key: torch.where(self.legal(batch), logits, logits - 50)}", MODULES),
    Break(f"{ROOM}/modules.py", "return self._masked(outputs, batch, self._old_scores, TARGET_NETWORK_ACTION_DIST_INPUTS)", "return self._masked(outputs, batch, self.scores, TARGET_NETWORK_ACTION_DIST_INPUTS)", MODULES),
    Break(f"{ROOM}/modules.py", "return legal | ~legal.any(-1, keepdim=True)", "return legal", f"{MODULES} {LEARNERS}"),
    Break(f"{ROOM}/modules.py", "outputs[QF_PREDS].float(), -torch.inf)", "outputs[QF_PREDS].float(), -1e6)", MODULES),
    Break(f"{ROOM}/modules.py", "return torch.where(legal, outputs, -torch.inf) if centred else outputs", "return outputs", MODULES),
    Break(f"{ROOM}/modules.py", "random = torch.where(legal, torch.rand(legal.shape, device=legal.device), -1.0).argmax(-1)", "random = legal.float().argmax(-1)", MODULES),
    Break(f"{ROOM}/distributions.py", "exponential.clamp_min_(torch.finfo(logits.dtype).tiny).log_()", "exponential.log_()", MODULES),
    Break(f"{ROOM}/scores.py", "(torch.matmul(keys, queries) / math.sqrt(self.width))", "torch.matmul(keys, queries)", MODULES),
    Break(f"{ROOM}/learners.py", "LOG_PROB_OF_NO_STEP = 1e4", "LOG_PROB_OF_NO_STEP = 0.0", f"{LEARNERS} -k test_v_trace_leaves_exact_values_alone"),
    Break(f"{ROOM}/metrics.py", "new = counter - (self._counted[1] if self._counted[0] is base else 0)", "new = counter", f"{PROOF} -k lifetime_counts"),
    Break(f"{ROOM}/metrics.py", 'metrics_logger.peek((EVALUATION_RESULTS, ENV_RUNNER_RESULTS, name))', "results[name]", f"{PROOF} -k lifetime_counts"),
    Break(f"{ROOM}/metrics.py", "own = slice(buffer.lookback, buffer.lookback + len(episode))", "own = slice(0, len(episode))", "tests/adapters"),
    Break(f"{ROOM}/env_runner.py", "        recorder.begins[began] = len(recorder)\n", "        recorder.begins[began] = len(recorder) - 1\n", RUNNER),
    Break(f"{ROOM}/env_runner.py", "steps += self.num_envs - int(np.count_nonzero(self._ended))", "steps += self.num_envs", RUNNER),
    Break(f"{ROOM}/env_runner.py", "self._global_steps(steps)", "steps", f"{RUNNER} -k global_steps"),
    Break(f"{ROOM}/env_runner.py", "        if self._state is not None and began.any():", "        if False:", f"{RUNNER} -k 'episodes_equal and lstm'"),
    Break(f"{ROOM}/fragments.py", "lookback = min(self.lookback, episode.t_started, begin)", "lookback = min(self.lookback, begin)", RUNNER),
    Break(f"{ROOM}/configure.py", "arguments = ({\"on_invalid\": \"noop\"} if env_id in CATALOGUE else {}) | dict(env_config or {})", "arguments = dict(env_config or {})", CONFIGURE),
    Break(f"{ROOM}/policies.py", 'return {"normalize_actions": False, "clip_actions": False} if continuous else {}', "return {}", f"{PROOF} -k test_sampling_is_legal"),
    Break(f"{ROOM}/policies.py", "        if spaces.setdefault(policy, own) != own:", "        if False:", GAMES),
]  # fmt: skip
