"""`masked-envs profile` and its picture: the masks of an episode, counted once more by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import masked_envs
from masked_envs.catalogue import CATALOGUE
from masked_envs.cli import main
from masked_envs.cli.demo import RandomPlayer
from masked_envs.cli.profile import mask_history
from masked_envs.registration import declaration
from masked_envs.render import mask_history as drawing
from masked_envs.render.shapes import Rect, Text

Capture = pytest.CaptureFixture[str]
MASTERMIND = "MaskedMastermind-v0"


def profiled(capsys: Capture, *words: str) -> dict[str, Any]:
    assert main(["profile", *words, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_the_masks_are_those_of_the_episode(capsys: Capture) -> None:
    """The same play once more, by the environment's own interface."""
    found = profiled(capsys, MASTERMIND, "--seed", "3")
    player = RandomPlayer(declaration(MASTERMIND), declaration(MASTERMIND).resolve({}), 3)
    masks = [player.env.action_mask for goes_on in player.play(300, 1) if goes_on]
    assert found["legal_entries"] == [int(mask.sum()) for mask in masks] and found["decisions"] == len(masks) > 2
    assert found["legal_fraction"] == pytest.approx([mask.mean() for mask in masks]) and found["entries"] == 6**4
    assert found["legal_entries"][0] == 6**4 and found["legal_entries"] == sorted(found["legal_entries"], reverse=True)


def test_bounds_count_as_shares_of_their_range(capsys: Capture) -> None:
    found = profiled(capsys, "MaskedPendulum-v0", "--seed", "0", "--steps", "30")
    env = masked_envs.make("MaskedPendulum-v0")
    _, info = env.reset(seed=0)
    low, high = info["action_mask"].reshape(-1)
    assert found["legal_fraction"][0] == pytest.approx((high - low) / 12) and found["legal_entries"] is None
    assert found["decisions"] == 30 and found["entries"] == 1


@pytest.mark.parametrize("env_id", CATALOGUE)
def test_every_history_is_a_sound_picture(env_id: str) -> None:
    declared = declaration(env_id)
    history = mask_history(declared, declared.resolve({}), 1, 15)
    steps, entries = history.entries.shape
    assert ((history.entries >= 0) & (history.entries <= 1)).all() and len(history.fractions) == steps <= 15
    assert ((history.fractions >= 0) & (history.fractions <= 1)).all()
    scene = history.scene()
    assert scene.problems() == [] and f"{entries:d} entries" in " ".join(
        shape.string for shape in scene.shapes if isinstance(shape, Text)
    )


def legal_area(history: drawing.MaskHistory, column: int, row: int) -> bool:
    """Whether something green lies in the middle of a cell of a map that is drawn cell by cell."""
    steps, entries = history.entries.shape
    x = drawing.LEFT + (drawing.RIGHT - drawing.LEFT) * (column + 0.5) / steps
    y = drawing.TOP + (drawing.MIDDLE - drawing.TOP) * (row + 0.5) / entries
    rects = [shape for shape in history.scene().shapes if isinstance(shape, Rect) and shape.ink == "legal"]
    return any(one.x <= x <= one.x + one.w and one.y <= y <= one.y + one.h for one in rects)


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_green_is_where_an_entry_is_legal(steps: int, entries: int, seed: int) -> None:
    masks = (np.random.default_rng(seed).random((steps, entries)) < 0.4).astype(float)
    history = drawing.MaskHistory(masks, masks.mean(axis=1), None)
    drawn = [[legal_area(history, i, k) for k in range(entries)] for i in range(steps)]
    assert drawn == (masks > 0).tolist()


@given(st.integers(1, 400), st.integers(1, 200))
def test_one_legal_entry_is_seen_in_the_largest_history(steps: int, entries: int) -> None:
    for place in ((0, 0), (steps - 1, entries - 1), (steps // 2, entries // 3)):
        masks = np.zeros((steps, entries))
        masks[place] = 1
        history = drawing.MaskHistory(masks, masks.mean(axis=1), None)
        assert any(isinstance(shape, Rect) and shape.ink == "legal" for shape in history.scene().shapes)
        assert sum(line.strip("|").strip() != "" for line in history.scene().glyph_rows) == 1


@pytest.mark.parametrize("suffix", [".svg", ".png"])
def test_the_picture_is_written(suffix: str, tmp_path: Path, capsys: Capture) -> None:
    image = pytest.importorskip("PIL.Image") if suffix == ".png" else None
    out = tmp_path / f"mask{suffix}"
    assert main(["profile", MASTERMIND, "--seed", "3", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert f"{out}: the mask over the episode" in said and max(map(len, said.splitlines()[:-1])) <= 80
    if image is None:
        assert "1,296 legal" in "".join(ElementTree.parse(out).getroot().itertext())
    else:
        with image.open(out) as picture:
            assert picture.size[0] == 600


@pytest.mark.parametrize(
    ("words", "reason"),
    [(["--out", "mask.pdf"], "ends in .svg or .png"), (["--out", "no/such/mask.svg"], "there is no directory")],
)
def test_another_file_is_refused(words: list[str], reason: str, capsys: Capture) -> None:
    assert main(["profile", MASTERMIND, *words]) == 2
    assert reason in capsys.readouterr().err
