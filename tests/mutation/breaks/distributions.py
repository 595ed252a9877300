"""The masked distributions of torch."""

from ..table import Break

ROOM = "masked_envs/torch"
NUMERICS, DEFINED = "tests/unit/test_torch_numerics.py", "tests/unit/test_torch_distributions.py"
SAMPLING, INTERVAL, ERRORS = (f"tests/unit/test_torch_{name}.py" for name in ("sampling", "interval", "errors"))

BREAKS = [
    Break(f"{ROOM}/_numerics.py", "shifted = torch.where(mask, logits, -math.inf)\n        row_max", "shifted = logits + (mask.float() - 1) * 1e9\n        row_max", f"{NUMERICS} {DEFINED}"),
    Break(f"{ROOM}/_numerics.py", "return torch.addcmul(grad, exp(log_probs), grad.sum(-1, keepdim=True), value=-1), None", "return torch.addcmul(grad, exp(log_probs), grad.mean(-1, keepdim=True), value=-1), None", NUMERICS),
    Break(f"{ROOM}/_numerics.py", "entropy: Tensor = 0.0 - mean_log_prob", "entropy: Tensor = -mean_log_prob", NUMERICS),
    Break(f"{ROOM}/_numerics.py", "slope: Tensor = exp(log_probs) * log_probs.clamp(min=_LOG_PROB_FLOOR)", "slope: Tensor = exp(log_probs) * log_probs", NUMERICS),
    Break(f"{ROOM}/_numerics.py", "outside = (mask_p & ~mask_q) | ((p > 0) & q_is_zero)", "outside = (p > 0) & q_is_zero", DEFINED),
    Break(f"{ROOM}/_numerics.py", "        score.clamp_(min=torch.finfo(score.dtype).min)\n", "", SAMPLING),
    Break(f"{ROOM}/_numerics.py", "precise = torch.float32 if log_probs", "precise = torch.float16 if log_probs", f"{SAMPLING} {NUMERICS}"),
    Break(f"{ROOM}/categorical.py", "return torch.where(self._mask, self._log_probs.detach(), -math.inf).argmax(-1)", "return self._log_probs.detach().argmax(-1)", SAMPLING),
    Break(f"{ROOM}/categorical.py", "return torch.where(chosen == -math.inf, -math.inf, chosen)", "return chosen", NUMERICS),
    Break(f"{ROOM}/categorical.py", "    if p.nvec != q.nvec or p.batch_shape != q.batch_shape:", "    if p.nvec != q.nvec:", DEFINED),
    Break(f"{ROOM}/factored.py", "[math.prod(self.nvec[head + 1 :]) for head", "[math.prod(self.nvec[:head]) for head", DEFINED),
    Break(f"{ROOM}/factored.py", "log_odds = torch.where(bit_mask.all(-1), logits, 0.0)", "log_odds = logits", f"{DEFINED} {NUMERICS}"),
    Break(f"{ROOM}/factored.py", "        return torch.cat(parts, -1).all(-1)\n", "        return torch.cat(parts, -1).any(-1)\n", DEFINED),
    Break(f"{ROOM}/interval.py", "self._a = torch.where(self._point, self._low - 0.5, self._low)", "self._a = self._low", INTERVAL),
    Break(f"{ROOM}/interval.py", "divergence = torch.where(self._point & ~other._point, math.inf, divergence)\n", "pass\n", INTERVAL),
    Break(f"{ROOM}/interval.py", "        inside = self._inside(value)\n        safe", "        inside = self._inside(value) | True\n        safe", INTERVAL),
    Break(f"{ROOM}/_normal.py", "share = torch.where(mirrored, 1 - share, share)", "share = share + 0", INTERVAL),
    Break(f"{ROOM}/_normal.py", "return torch.where(narrow, flat, wide)", "return wide", INTERVAL),
]  # fmt: skip
