"""What people see: pictures, text, and the command line."""

from ..table import Break

RENDER, CLI = "masked_envs/render", "masked_envs/cli"
SCENE, COMMANDS, PLAY = "tests/unit/test_render_scene.py", "tests/unit/test_cli.py", "tests/unit/test_cli_play.py"

BREAKS = [
    Break(f"{RENDER}/marks.py", "    if look.legal is False:\n        paint_veil(canvas, theme, box)\n", "    if False:\n        paint_veil(canvas, theme, box)\n", SCENE),
    Break(f"{RENDER}/marks.py", "    if look.legal is False:\n        _cross(canvas, _inset(box, 4), edge, 1.5)\n", "", SCENE),
    Break(f"{RENDER}/marks.py", "height = min(1.0, probability) * h", "height = h", SCENE),
    Break(f"{RENDER}/marks.py", "    if look.chosen:\n", "    if False:\n", SCENE),
    Break(f"{RENDER}/mask_view.py", "return None if value is None else bool(value)", "return None if value is None else not value", SCENE),
    Break(f"{RENDER}/mask_view.py", "starts = np.cumsum((0, *heads)).tolist()\n        yield", "starts = [0] * len(heads) + [0]\n        yield", SCENE),
    Break(f"{RENDER}/mask_view.py", "return leaf[strip.offset : strip.offset + strip.size]", "return leaf[: strip.size]", SCENE),
    Break(f"{RENDER}/ansi.py", '("forbidden", ~legal))', '("forbidden", legal))', SCENE),
    Break(f"{RENDER}/ansi.py", "return shorten(runs(np.flatnonzero(chosen).tolist()), MOST_WORDS, total)", "return shorten(runs(np.flatnonzero(chosen).tolist()), MOST_WORDS, 0)", SCENE),
    Break(f"{RENDER}/mask_form.py", "if array.dtype.kind not in \"bui\" or array.ndim == 0 or not ((array == 0) | (array == 1)).all():", "if array.ndim == 0:", SCENE),
    Break(f"{RENDER}/mask_form.py", "if length != agents or isinstance(value, Mapping):", "if False:", SCENE),
    Break(f"{CLI}/chosen.py", "return TRUTH.get(word.lower(), word)", "return bool(word)", COMMANDS),
    Break(f"{CLI}/check.py", "return 0 if all(report.passed for report in reports) else FAILED", "return 0", f"{COMMANDS} tests/unit/test_check_tools.py"),
    Break(f"{CLI}/check.py", '    if declared.play != "single":\n        makers', "    if False:\n        makers", COMMANDS),
    Break(f"{CLI}/play.py", "            self._choose(self.view, (legal or meant)[0])", "            self._choose(self.view, meant[0])", PLAY),
    Break(f"{CLI}/play.py", "        if agent != self.view:\n", "        if False:\n", PLAY),
    Break(f"{CLI}/play.py", "        self.over = terminated or truncated\n", "        self.over = False\n", PLAY),
    Break(f"{CLI}/random_play.py", "self._seed, self._rng = seed, np.random.default_rng(seed)", "self._seed, self._rng = seed, np.random.default_rng()", COMMANDS),
    Break(f"{CLI}/facts.py", 'return f", at least {low}" if low is not None else', 'return f", at most {low}" if low is not None else', f"{COMMANDS} tests/house/test_docs.py"),
]  # fmt: skip
