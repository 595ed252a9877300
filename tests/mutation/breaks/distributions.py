"""The masked distributions of torch."""

from ..table import Break

ROOM = "masked_envs/torch"
NUMERICS, DEFINED = "tests/unit/test_torch_numerics.py", "tests/unit/test_torch_distributions.py"
SAMPLING, INTERVAL = "tests/unit/test_torch_sampling.py", "tests/unit/test_torch_interval.py"

BREAKS = [
    Break(ROOM, "shifted = torch.where(mask, logits, -math.inf)\n        row_max", "shifted = logits + (mask.float() - 1) * 1e9\n        row_max", f"{NUMERICS} {DEFINED}"),
    Break(ROOM, "return torch.addcmul(grad, exp(log_probs), grad.sum(-1, keepdim=True), value=-1), None", "return torch.addcmul(grad, exp(log_probs), grad.mean(-1, keepdim=True), value=-1), None", NUMERICS),
    Break(ROOM, "slope: Tensor = exp(log_probs) * log_probs.clamp(min=_LOG_PROB_FLOOR)", "slope: Tensor = exp(log_probs) * log_probs", NUMERICS),
    Break(ROOM, "outside = (mask_p & ~mask_q) | ((p > 0) & q_is_zero)", "outside = (p > 0) & q_is_zero", DEFINED),
    Break(ROOM, "        score.clamp_(min=torch.finfo(score.dtype).min)\n", "", SAMPLING),
    Break(ROOM, "return torch.where(self._mask, self._log_probs.detach(), -math.inf).argmax(-1)", "return self._log_probs.detach().argmax(-1)", SAMPLING),
    Break(ROOM, "    if p.nvec != q.nvec or p.batch_shape != q.batch_shape:", "    if p.nvec != q.nvec:", DEFINED),
    Break(ROOM, "[math.prod(self.nvec[head + 1 :]) for head", "[math.prod(self.nvec[:head]) for head", DEFINED),
    Break(ROOM, "log_odds = torch.where(bit_mask.all(-1), logits, 0.0)", "log_odds = logits", f"{DEFINED} {NUMERICS}"),
    Break(ROOM, "        return torch.cat(parts, -1).all(-1)\n", "        return torch.cat(parts, -1).any(-1)\n", DEFINED),
    Break(ROOM, "self._a = torch.where(self._is_point, self._low - 0.5, self._low)", "self._a = self._low", INTERVAL),
    Break(ROOM, "    if share is None or bool((share == 1.0).all()):", "    if True:", "tests/unit/test_torch_extremes.py"),
    Break(ROOM, "below = torch.where(mirrored, 1 - share, share)", "below = share + 0", INTERVAL),
]  # fmt: skip
