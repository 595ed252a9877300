"""The episode player of the pages: its recordings are episodes, and a browser plays them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from masked_envs.catalogue import CATALOGUE

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
MOST_BYTES = 550_000  # of a recording
NAMES = [env_id.rpartition("-")[0] for env_id in CATALOGUE]

pytestmark = pytest.mark.once


def recording(path: Path) -> dict[str, Any]:
    found = re.fullmatch(r"maskedEpisodes\.push\((.*)\);\n", path.read_text(encoding="utf-8"))
    assert found, path.name
    content: dict[str, Any] = json.loads(found[1])
    return content


# --- the recordings ---


@pytest.mark.parametrize("name", NAMES)
def test_a_recording_holds_an_episode(name: str) -> None:
    for path in DOCS.glob(f"episodes/{name}.*.js"):
        content = recording(path)
        frames, elements = content["frames"], content["elements"]
        assert path.name == f"{name}.{content['play']}.js" and path.stat().st_size <= MOST_BYTES
        assert len(frames) >= 2 and len({json.dumps(frame["draw"]) for frame in frames}) >= 2
        assert {number for frame in frames for number in frame["draw"]} == set(range(len(elements)))
        for frame in frames:
            assert frame["legal"] is None or 0 <= frame["legal"] <= 1, frame["says"]  # 0: intervals of one point
        whole = "".join(elements[number] for number in frames[-1]["draw"])
        assert len(ElementTree.fromstring(f"<svg>{whole}</svg>")) == len(frames[-1]["draw"])
    assert (DOCS / "episodes" / f"{name}.random.js").exists()


@pytest.mark.parametrize("name", NAMES)
def test_a_recording_shows_something_forbidden(name: str) -> None:
    frames = recording(DOCS / "episodes" / f"{name}.random.js")["frames"]
    assert min(frame["legal"] for frame in frames if frame["legal"] is not None) < 1


def test_the_point_of_seeker_reaches_its_goal() -> None:
    """It terminates nowhere else."""
    assert "terminated" in recording(DOCS / "episodes" / "MaskedSeeker.random.js")["frames"][-1]["says"]


@pytest.fixture
def episodes(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.syspath_prepend(DOCS)
    import episodes

    yield episodes
    del sys.modules["episodes"]


def test_a_recording_shows_what_the_environment_shows(episodes: Any, tmp_path: Path) -> None:
    from masked_envs.registration import declaration

    declared = declaration("MaskedTaxi-v0")
    path, pictures, shares = tmp_path / "MaskedTaxi.random.js", [], []
    episodes.write_random(declared, path)
    for env in episodes.played(declared):
        pictures.append(env.render())
        over = env.picture.status(0).over
        shares.append(None if over else pytest.approx(sum(env.action_mask) / 6, abs=1e-4))
    content = recording(path)
    drawn = ["".join(content["elements"][number] for number in frame["draw"]) for frame in content["frames"]]
    assert [part in picture for part, picture in zip(drawn, pictures, strict=True)] == [True] * len(pictures)
    assert [frame["legal"] for frame in content["frames"]] == shares and len(shares) > 10


def test_a_long_recording_is_cut_and_whole(episodes: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from masked_envs.registration import declaration

    monkeypatch.setattr(episodes, "MOST_BYTES", 20_000)
    episodes.write_random(declaration("MaskedTaxi-v0"), tmp_path / "short.js")
    content = recording(tmp_path / "short.js")
    assert 2 < len(content["frames"]) < 41 and (tmp_path / "short.js").stat().st_size <= 20_000
    assert {number for frame in content["frames"] for number in frame["draw"]} == set(range(len(content["elements"])))


# --- the player ---

PAGE = """<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<link rel="stylesheet" href="stylesheets/extra.css"><body style="margin: 0">
<div class="episode-player" data-episode="{name}" data-plays="random"></div>
<script src="javascripts/player.js"></script>
<script>
const errors = [];
addEventListener("error", (event) => errors.push(String(event.message)));
const player = document.querySelector(".episode-player");
const press = (key) => player.dispatchEvent(new KeyboardEvent("keydown", {{ key, bubbles: true, cancelable: true }}));
const state = () => [player.querySelector("input").value, player.querySelector(".episode-says").textContent,
                     player.querySelector(".episode-stage svg").children.length];
setTimeout(() => {{
  const seen = {{ start: state(), last: player.querySelector("input").max }};
  press("ArrowRight"); seen.right = state();
  press("ArrowLeft"); press("ArrowLeft"); seen.left = state();
  press("End"); seen.end = state();
  press("ArrowRight"); seen.beyond = state();
  press("Home"); seen.home = state();
  player.querySelector(".episode-next").click(); seen.next = state();
  player.querySelector(".episode-back").click(); seen.back = state();
  const range = player.querySelector("input");
  range.value = 5; range.dispatchEvent(new Event("input")); seen.scrubbed = state();
  const box = player.querySelector(".episode-chart").getBoundingClientRect();
  player.querySelector(".episode-chart").dispatchEvent(new MouseEvent("click", {{ clientX: box.right }}));
  seen.chart = state();
  press("Home"); press(" "); seen.button = player.querySelector(".episode-play").textContent;
  setTimeout(() => {{
    seen.playing = Number(state()[0]);
    press(" "); seen.paused = player.querySelector(".episode-play").textContent;
    seen.wide = [document.documentElement.scrollWidth, innerWidth];
    seen.errors = errors;
    document.body.dataset.seen = JSON.stringify(seen);
  }}, 1800);
}}, 500);
</script></body>"""


@pytest.mark.skipif(BROWSER is None, reason="needs Chromium")
@pytest.mark.parametrize("width", [400, 1400])
def test_a_browser_steps_scrubs_and_plays(width: int, tmp_path: Path) -> None:
    name = "MaskedTaxi"
    for folder in ("javascripts", "stylesheets", "episodes"):
        shutil.copytree(DOCS / folder, tmp_path / folder, ignore=lambda _, names: [
            one for one in names if one.endswith("js") and not one.startswith((name, "player"))])  # fmt: skip
    (tmp_path / "page.html").write_text(PAGE.format(name=name), encoding="utf-8")
    quiet = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync")  # fmt: skip
    done = subprocess.run(
        [str(BROWSER), *quiet, f"--user-data-dir={tmp_path / 'profile'}", f"--window-size={width},900",
         "--virtual-time-budget=20000", "--dump-dom", (tmp_path / "page.html").as_uri()],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    found = re.search(r'data-seen="([^"]*)"', done.stdout)
    assert found, done.stdout[-2000:] + done.stderr[-2000:]
    seen = json.loads(found[1].replace("&quot;", '"').replace("&amp;", "&"))
    content = recording(DOCS / "episodes" / f"{name}.random.js")
    last = len(content["frames"]) - 1

    def at(step: int) -> list[Any]:
        frame = content["frames"][step]
        return [str(step), frame["says"], len(frame["draw"])]

    assert (seen["start"], seen["last"]) == (at(0), str(last))
    assert (seen["right"], seen["left"], seen["end"], seen["beyond"], seen["home"]) == (
        at(1), at(0), at(last), at(last), at(0)
    )  # fmt: skip
    assert (seen["next"], seen["back"], seen["scrubbed"], seen["chart"]) == (at(1), at(0), at(5), at(last))
    assert (seen["button"], seen["paused"]) == ("pause", "play") and 0 < seen["playing"] < last
    assert seen["wide"][0] <= seen["wide"][1] and seen["errors"] == []
