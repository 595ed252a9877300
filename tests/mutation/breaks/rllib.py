"""RLlib: modules, distributions, learners, the env runner, metrics and configs."""

from ..table import Break

ROOM = "masked_envs/rllib"
MODULES, RUNNER, LEARNERS = (f"tests/adapters/test_rllib_{name}.py" for name in ("modules", "env_runner", "learners"))
CONFIGURE, GAMES = "tests/adapters/test_rllib_configure.py", "tests/adapters/test_rllib_multi_agent.py"
PROOF = "tests/adapters/test_rllib_proof.py"
EMPTY, OPTIONS, NAMING, RECORDING, SAC = (
    f"tests/adapters/test_rllib_{name}.py" for name in ("empty_masks", "options", "naming", "recording", "sac")
)
ACTING = "tests/adapters/test_rllib_acting.py"
ENCODERS, POLICY = "tests/adapters/test_rllib_encoders.py", "tests/adapters/test_rllib_trained_policy.py"

BREAKS = [
    Break(ROOM, "return {**outputs, key: torch.where(self.legal(batch), logits, FORBIDDEN)}", "return {**outputs, key: torch.where(self.legal(batch), logits, logits - 50)}", MODULES),
    Break(ROOM, "return self._masked(outputs, batch, self._old_scores, TARGET_NETWORK_ACTION_DIST_INPUTS)", "return self._masked(outputs, batch, self.scores, TARGET_NETWORK_ACTION_DIST_INPUTS)", MODULES),
    Break(f"{ROOM}/ray_internals/dqn_module.py", "return legal | ~legal.any(-1, keepdim=True)", "return legal", f"{MODULES} {LEARNERS} -k 'dqn'"),
    Break(f"{ROOM}/ray_internals/sac_module.py", "return legal | ~legal.any(-1, keepdim=True)", "return legal", f"{SAC} -k 'gradients'"),
    Break(ROOM, "MOST_ENTROPY: legal.sum(-1).float().log()", "MOST_ENTROPY: legal.float().sum(-1)", f"{SAC} -k softmax"),
    Break(ROOM, "log_probs = torch.log_softmax(torch.where(legal, logits, FORBIDDEN), -1)", "log_probs = torch.log_softmax(logits, -1)", f"{SAC} -k softmax"),
    Break(ROOM, "refuse_empty(self.scores.spec, batch[Columns.OBS][ACTION_MASK])", "pass", f"{EMPTY} -k forward_of_the_module"),
    Break(ROOM, "masks, where = trees.row(masks, acting), f", "masks, where = masks, f", f"{EMPTY} -k after_the_last"),
    Break(ROOM, "        self._refuse_empty(observations)\n", "", f"{EMPTY} -k first_mask"),
    Break(ROOM, "            one.allows_empty_masks = value", "            pass", f"{EMPTY} -k between_samples"),
    Break(ROOM, "            if any(end.get(ALL) for end in ends):", "            if False:", f"{EMPTY} -k several_agents"),
    Break(ROOM, "np.logical_not(self.spec.allows(self.masks, actions)).sum()", "np.zeros(1).sum()", f"{EMPTY} -k 'not_refused'"),
    Break(ROOM, "        del self._samples[:rows]", "        del self._samples[rows:]", f"{RECORDING} -k 'written'"),
    Break(ROOM, "        if name == ENV_CONFIG or vars(config)[name] is after:", "        if name == ENV_CONFIG:", f"{OPTIONS} -k replaces"),
    Break(ROOM, "            if given is not None and not issubclass(given, base):", "            if False:", f"{OPTIONS} -k cannot_stay"),
    Break(ROOM, "    return Named(env if module else _class_of(make, env), make, native)", "    return Named(env, make, native)", f"{NAMING} -k only_this_process"),
    Break(ROOM, "torch.where(legal, values, -torch.inf)", "torch.where(legal, values, -1e6)", MODULES),
    Break(ROOM, "            return check_finite(outputs)\n", "            return outputs\n", f"{MODULES} -k diverged"),
    Break(ROOM, "check_finite(torch.where(legal, values, 0.0))", "check_finite(legal.float())", f"{MODULES} -k diverged"),
    Break(ROOM, "return torch.where(legal, outputs, -torch.inf) if centred else outputs", "return outputs", MODULES),
    Break(ROOM, "random = torch.where(legal, torch.rand(legal.shape, device=legal.device), -1.0).argmax(-1)", "random = legal.float().argmax(-1)", MODULES),
    Break(ROOM, "gumbel_argmax(self.log_probs, self.legal,", "gumbel_argmax(self.log_probs, torch.ones_like(self.legal),", MODULES),
    Break(ROOM, "LOG_PROB_OF_NO_STEP = 1e4", "LOG_PROB_OF_NO_STEP = 0.0", f"{LEARNERS} -k test_v_trace_leaves_exact_values_alone"),
    Break(ROOM, "new = counter - (self._counted[1] if self._counted[0] is base else 0)", "new = counter", f"{PROOF} -k lifetime_counts"),
    Break(ROOM, "own = slice(buffer.lookback, buffer.lookback + len(episode))", "own = slice(0, len(episode))", "tests/adapters -k 'legal_fraction or metrics or own_without'"),
    Break(ROOM, "        recorder.begins[began] = len(recorder)\n", "        recorder.begins[began] = len(recorder) - 1\n", f"{RUNNER} -k default"),
    Break(ROOM, "steps += self.num_envs - int(np.count_nonzero(self._ended))", "steps += self.num_envs", f"{RUNNER} -k 'default or counts'"),
    Break(ROOM, "self._global_steps(steps)", "steps", f"{RUNNER} -k global_steps"),
    Break(ROOM, "        if self._state is not None and began.any():", "        if False:", f"{RUNNER} -k 'episodes_equal and lstm'"),
    Break(ROOM, "lookback = min(self.lookback, episode.t_started, begin)", "lookback = min(self.lookback, begin)", f"{RUNNER} -k 'default or lookback'"),
    Break(ROOM, "arguments = ({\"on_invalid\": \"noop\"} if named.id_of_package else {}) | dict(given)", "arguments = dict(given)", CONFIGURE),
    Break(ROOM, 'return {"normalize_actions": False} if spec.is_continuous else {}', "return {}", f"{PROOF} -k 'test_sampling_is_legal and PPO'"),
    Break(ROOM, "        values = values.float() / 255 if self.scaled else values.float()", "        values = values.float()", f"{ENCODERS} -k 'one_image or layout'"),
    Break(ROOM, "            values = values.flatten(-4, -3) if self.first else values.movedim(-4, -2).flatten(-2)", "            values = values.flatten(-4, -3) if self.first else values.movedim(-4, -1).flatten(-2)", f"{ENCODERS} -k layout"),
    Break(ROOM, "        return middle == last\n    return first < last", "        return middle == last\n    return first <= last", f"{ENCODERS} -k found_by_the_shape"),
    Break(ROOM, "        self.vector = Features(observation_space, only=parts.keys() - self.images.keys())", "        self.vector = Features(observation_space)", f"{ENCODERS} -k 'one_image or joined'"),
    Break(ROOM, "        folded = {name: stream.reshape(-1, *stream.shape[len(lead) :]) for name, stream in streams.items()}", "        folded = streams", f"{ENCODERS} -k lstm"),
    Break(ROOM, "self._encoder_config = self._with_memory(encoder) if options[\"use_lstm\"] else encoder", "self._encoder_config = encoder", f"{ENCODERS} -k lstm"),
    Break(ROOM, "        catalog = catalog_for(type(self), catalog_class or self.default_catalog)", "        catalog = catalog_class or self.default_catalog", f"{ENCODERS} -k ones_own"),
    Break(ROOM, "            self.state = outputs.pop(Columns.STATE_OUT)\n", "            self.state = outputs.pop(Columns.STATE_OUT)\n            self.state = trees.map(np.zeros_like, self.state)\n", f"{POLICY} -k 'state_is_kept'"),
    Break(ROOM, "        self.state = trees.merge(fresh, self.state, np.asarray(rows, np.bool_))", "        self.state = fresh", f"{POLICY} -k forget_by_themselves"),
    Break(ROOM, "            forward = self.module.forward_exploration if explore else self.module.forward_inference", "            forward = self.module.forward_inference", f"{POLICY} -k epsilon"),
    Break(ROOM, "END_OF_SCHEDULES = 2**53", "END_OF_SCHEDULES = 0", f"{POLICY} -k epsilon"),
    Break(ROOM, "self.mask_spec.sample(masks, self._rng)", "self.mask_spec.sample(self.mask_spec.full(len(trees.leaves(masks)[0])), self._rng)", "tests/adapters/test_rllib_opponents.py -k uniform"),
    Break(ROOM, "        if spaces.setdefault(policy, own) != own:", "        if False:", GAMES),
    Break(ROOM, ".masked_fill_(illegal, FORBIDDEN)", ".masked_fill_(illegal, -50.0)", f"{ACTING} -k 'flat or choices'"),
    Break(ROOM, "steps = max(1, min(ahead, MOST_NOISE // log_probs.numel()))", "steps = 2 * ahead", f"{ACTING} -k flat"),
    Break(ROOM, "        if changed or not is_plain(module):", "        if not is_plain(module):", f"{ACTING} -k another_way"),
    Break(ROOM, "    if is_plain(network):\n", "    if True:\n", f"{ACTING} -k hooks"),
    Break(ROOM, "    return {name: np.stack([infos[name][rows] for infos in slots], axis=1) for name in first}", "    return {name: np.stack([infos[name][:][rows] for infos in slots[::-1]], axis=1) for name in first}", f"{RUNNER} -k default"),
]  # fmt: skip
