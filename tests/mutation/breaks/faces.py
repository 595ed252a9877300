"""What people see: pictures, text, and the command line."""

from ..table import Break

RENDER, CLI = "masked_envs/render", "masked_envs/cli"
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
    Break(CLI, "            self._choose(self.view, (legal or meant)[0])", "            self._choose(self.view, meant[0])", PLAY),
    Break(CLI, "        if agent != self.view:\n", "        if False:\n", PLAY),
    Break(CLI, "        self.over = terminated or truncated\n", "        self.over = False\n", PLAY),
    Break(CLI, "self._seed, self._rng = seed, np.random.default_rng(seed)", "self._seed, self._rng = seed, np.random.default_rng()", COMMANDS),
    Break("masked_envs", 'return f", at least {low}" if low is not None else', 'return f", at most {low}" if low is not None else', f"{COMMANDS} tests/house/test_docs.py"),
]  # fmt: skip
