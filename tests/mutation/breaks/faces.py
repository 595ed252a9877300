"""What people see: pictures, text, and the command line."""

from ..table import Break

RENDER, CLI, GAME = "masked_envs/render", "masked_envs/cli", "masked_envs/play"
PARTIAL, KINDS, CHOOSING = (
    f"tests/unit/test_{name}.py" for name in ("partial_action", "play_kinds", "render_choosing")
)
SCENE, COMMANDS, PLAY = "tests/unit/test_render_scene.py", "tests/unit/test_cli.py", "tests/unit/test_cli_play.py"

BREAKS = [
    Break(RENDER, "    if look.legal is False:\n        paint_veil(canvas, theme, box)\n", "    if False:\n        paint_veil(canvas, theme, box)\n", SCENE),
    Break(RENDER, "    if look.legal is False:\n        _cross(canvas, _inset(box, 4), edge, 1.5)\n", "", SCENE),
    Break(RENDER, "height = min(1.0, probability) * h", "height = h", SCENE),
    Break(RENDER, "    if look.chosen:\n", "    if False:\n", SCENE),
    Break(RENDER, "return None if value is None else bool(value)", "return None if value is None else not value", SCENE),
    Break(RENDER, "return leaf[strip.offset : strip.offset + strip.size]", "return leaf[: strip.size]", SCENE),
    Break(RENDER, '("forbidden", ~legal))', '("forbidden", legal))', SCENE),
    Break(RENDER, "return shorten(runs(np.flatnonzero(chosen).tolist()), MOST_WORDS, total)", "return shorten(runs(np.flatnonzero(chosen).tolist()), MOST_WORDS, 0)", SCENE),
    Break(RENDER, "if array.dtype.kind not in \"bui\" or array.ndim == 0 or not ((array == 0) | (array == 1)).all():", "if array.ndim == 0:", SCENE),
    Break(RENDER, "if length != agents or isinstance(value, Mapping):", "if False:", SCENE),
    Break(CLI, "return TRUTH.get(word.lower(), word)", "return bool(word)", COMMANDS),
    Break(CLI, 'return FAILED if "failed" in verdicts else NOT_JUDGED if "not judged" in verdicts else 0', "return 0", f"{COMMANDS} tests/unit/test_check_tools.py"),
    Break(CLI, '    if declared.play != "single":\n        makers', "    if False:\n        makers", COMMANDS),
    Break(GAME, "            self._point(view, self.renderer.nearest(meant, view) or (legal or meant)[0])", "            self._point(view, self.renderer.nearest(meant, view) or meant[0])", KINDS),
    Break(GAME, "        if agent != self.table.view:\n", "        if False:\n", PLAY),
    Break(GAME, "        self.over = over\n", "        self.over = False\n", PLAY),
    Break(GAME, 'return "" if options[int(value)] else REASONS[self.spec.meaning]', 'return ""', PARTIAL),
    Break(GAME, "            self.values[head + 1 :] = [None] * (len(self.values) - head - 1)\n", "            pass\n", PARTIAL),
    Break(GAME, "        return float(np.clip(rounded, self.low[head], self.high[head]))", "        return number", PARTIAL),
    Break(GAME, "                if only is not None:\n", "                if False:\n", PARTIAL),
    Break(GAME, "        if self.partial is not None and self.partial.take_back():\n", "        if False:\n", KINDS),
    Break(GAME, "            self._masks[head_key(key, head)] = options\n", "            self._masks[head_key(key, head)] = np.ones_like(options)\n", KINDS),
    Break(RENDER, "        if in_x >= w or in_y >= h or not (0 <= across < self.columns and 0 <= down < rows):", "        if in_x >= w or in_y >= h or not (0 <= across < self.columns and 0 <= down):", CHOOSING),
    Break(RENDER, "shares = ((across - left) / w, 1 - (down - top) / h)", "shares = ((across - left) / w, (down - top) / h)", KINDS),
    Break(CLI, "self._seed, self._rng = seed, np.random.default_rng(seed)", "self._seed, self._rng = seed, np.random.default_rng()", COMMANDS),
    Break("masked_envs", 'return f", at least {low}" if low is not None else', 'return f", at most {low}" if low is not None else', f"{COMMANDS} tests/house/test_docs.py"),
]  # fmt: skip
