"""The adapters of training libraries."""

from ..table import Break

TIANSHOU, TORCHRL, SKRL, JAX = (f"masked_envs/{room}" for room in ("tianshou", "torchrl", "skrl", "jax"))
FORM, CONTRACT = "masked_envs/wrappers/for_library.py", "tests/adapters/test_contract.py"
OF_TIANSHOU, OF_TORCHRL, OF_SKRL, OF_JAX = (
    f"tests/adapters/test_{room}.py" for room in ("tianshou", "torchrl", "skrl", "jax")
)
DM_ENV, OPEN_SPIEL = (f"masked_envs/{room}.py" for room in ("dm_env", "open_spiel"))
OF_DM_ENV, OF_OPEN_SPIEL = (f"tests/adapters/test_{room}.py" for room in ("dm_env", "open_spiel"))

BREAKS = [
    Break(FORM, "if spec.kind in self.numbered and not spec.needs_head_mask:", "if False:", f"{CONTRACT} -k tianshou"),
    Break(FORM, "made = {\"mask_in\": \"info\", **parameters}", "made = {**parameters}", OF_TIANSHOU),
    Break(TIANSHOU, "return torch.where(mask, logits, torch.finfo(logits.dtype).min), state", "return logits, state", OF_TIANSHOU),
    Break(TIANSHOU, "        actions[rows] = given\n", "        actions[: len(rows)] = given\n", OF_TIANSHOU),
    Break(TIANSHOU, '"reset_mask": where}', '"reset_mask": np.ones_like(where)}', OF_TIANSHOU),
    Break(TIANSHOU, "observations = trees.row(observations, rows)", "observations = trees.row(observations, np.sort(rows))", OF_TIANSHOU),
    Break(TORCHRL, "            seed = super().set_seed(seed, static_seed)\n", "            seed = None if seed is None else seed + 1\n", OF_TORCHRL),
    Break(TORCHRL, "        chosen = {} if where is None else {\"where\": where}\n", "        chosen = {}\n", OF_TORCHRL),
    Break(TORCHRL, '            options = {**options, "reset_mask": where}\n', "            pass\n", OF_TORCHRL),
    Break(TORCHRL, 'in_keys={"logits": logits, "mask": mask},', 'in_keys={"logits": logits, "mask": within(group, "other")},', OF_TORCHRL),
    Break(TORCHRL, '        action_mask_key="action_mask",\n', "", OF_TORCHRL),
    Break(SKRL, "        logits = torch.where(mask, logits, torch.finfo(logits.dtype).min)\n", "", OF_SKRL),
    Break(SKRL, '            "mean_actions": logits.argmax(dim=-1, keepdim=True),\n', "", OF_SKRL),
    Break(SKRL, "    if not (mask | (shown == 0)).all():", "    if False:", OF_SKRL),
    Break(DM_ENV, "dm_env.termination if terminated else ", "", OF_DM_ENV),
    Break(DM_ENV, "lambda leaf: np.asarray(leaf)[()]", "lambda leaf: np.asarray(leaf).astype(int)[()]", OF_DM_ENV),
    Break(DM_ENV, "        if self._over:\n            return self.reset()\n", "", OF_DM_ENV),
    Break(OPEN_SPIEL, "        self.set_state(position)\n", "", OF_OPEN_SPIEL),
    Break(OPEN_SPIEL, "        self._seen = tuple(seen)\n", "", OF_OPEN_SPIEL),
    Break(OPEN_SPIEL, "_digest(self._seen[player], self.observed(player)", "_digest(self._seen[0], self.observed(player)", OF_OPEN_SPIEL),
    Break(OPEN_SPIEL, "(paid + new for paid, new in", "(new for paid, new in", OF_OPEN_SPIEL),
    Break(OPEN_SPIEL, "np.flatnonzero(env.action_mask)", "np.flatnonzero(env.action_mask + 1)", OF_OPEN_SPIEL),
    Break(JAX, "            trees.map(lambda batch, some: batch.__setitem__(over, some), final, ended)\n", "", OF_JAX),
    Break(JAX, "    known = jnp.where(legal, logits, 0.0)\n", "    known = logits\n", OF_JAX),
    Break(JAX, "return jnp.where(legal, noisy, -jnp.inf).argmax(axis=-1)", "return noisy.argmax(axis=-1)", OF_JAX),
    Break(JAX, "return jnp.where((legal & ~allowed).any(axis=-1), jnp.inf, terms.sum(axis=-1))", "return terms.sum(axis=-1)", OF_JAX),
]  # fmt: skip
