"""Recorded episodes for the player of the environments' pages: docs/episodes/<name>.<play>.js.

    python docs/generate.py                     records random play where that is missing
    python docs/episodes.py MaskedTaxi-v0 ...   trains as benchmarks/learning does, and records one greedy episode

A recording is JSON behind an assignment, so that a page opened from a disk can load it too:

    {"play": "random", "width": 600, "height": 420, "elements": ["<rect .../>", ...],
     "frames": [{"draw": [0, 1, 5, ...], "legal": 0.5, "says": "step 3, north: 3 of 6 legal"}, ...]}

`elements` are SVG elements, each written once; `draw` lists those of a frame in their order.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from masked_envs.cli.demo import RandomPlayer
from masked_envs.cli.profile import mask_history, write_picture
from masked_envs.core.declaration import Declaration
from masked_envs.files import atomic_write

FOLDER = Path(__file__).parent / "episodes"
PLAYS = ("random", "trained")
SEED, STEPS = 3, 40
PROFILED = 300  # steps, at most, of a picture of the mask over time
# Of episodes that show more: columns fill up, a queue is empty, the goal is reached.
SEEDS = {"MaskedConnectFour-v0": 45, "MaskedQueues-v0": 7, "MaskedSeeker-v0": 64}
MOST_BYTES = 250_000  # of a recording; a longer episode ends before its time


class Recording:
    """Collects the frames of one episode.

    Args:
        play: what the picture shows: "random" or "trained".
    """

    def __init__(self, play: str) -> None:
        self.play, self.size = play, (0, 0)
        self.numbers: dict[str, int] = {}
        self.frames: list[dict[str, Any]] = []

    def add(self, env: Any) -> None:
        """Draw the state of an environment of one row."""
        picture = env.picture
        canvas, status, view = picture.canvas(0), picture.status(0), picture.view(0)
        self.size = canvas.size
        draw = [self.numbers.setdefault(element, len(self.numbers)) for element in canvas.elements]
        totals, legal = view.totals(), picture.legal_fraction(0)
        words = [f"step {status.step}", *([status.message] if status.message else [])]
        words += [f"{totals[0]:,} of {sum(totals):,} actions legal"] if totals else []
        self.frames.append(
            {"draw": draw, "legal": None if legal is None else round(legal, 4), "says": ", ".join(words)}
        )

    def text(self) -> str:
        content = {
            "play": self.play, "width": self.size[0], "height": self.size[1],
            "elements": list(self.numbers), "frames": self.frames,
        }  # fmt: skip
        return f"maskedEpisodes.push({json.dumps(content, separators=(',', ':'))});\n"

    def write(self, path: Path) -> None:
        """Write the file, with as many frames as fit in `MOST_BYTES`."""
        text = self.text()
        while len(text) > MOST_BYTES and len(self.frames) > 2:
            keep = self.frames[: max(2, int(len(self.frames) * 0.95 * MOST_BYTES / len(text)))]
            used = sorted({number for frame in keep for number in frame["draw"]})
            elements, new = list(self.numbers), {number: place for place, number in enumerate(used)}
            self.numbers = {elements[number]: place for number, place in new.items()}
            self.frames = [{**frame, "draw": [new[number] for number in frame["draw"]]} for frame in keep]
            text = self.text()
        path.parent.mkdir(exist_ok=True)
        with atomic_write(path) as file:
            file.write(text.encode())


def path_of(name: str, play: str = "random") -> Path:
    return FOLDER / f"{name}.{play}.js"


def player(name: str) -> str:
    """The place of a page where its recordings are played."""
    plays = " ".join(play for play in PLAYS if play == "random" or path_of(name, play).exists())
    return f'<div class="episode-player" data-episode="{name}" data-plays="{plays}"></div>'


def played(declared: Declaration) -> Iterator[Any]:
    """An environment in every state of an episode of random legal play, its choices set."""
    player = RandomPlayer(declared, declared.resolve({}), SEEDS.get(declared.id, SEED), "svg")
    for _ in player.play(STEPS, episodes=1):
        yield player.env


def write_random(declared: Declaration, path: Path) -> None:
    recording = Recording("random")
    for env in played(declared):
        recording.add(env)
    recording.write(path)


def write_profile(declared: Declaration, path: Path) -> None:
    """The mask over the whole episode whose beginning is recorded."""
    history = mask_history(declared, declared.resolve({}), SEEDS.get(declared.id, SEED), PROFILED)
    write_picture(history, declared.id, path)


def write_trained(env_id: str) -> None:
    """Train the reference agent with the settings of benchmarks/learning, and record one of its episodes."""
    from agents.ppo_torch import Config, Learner, train
    from agents.ppo_torch.pictures import greedy_states
    from benchmarks.learning.settings import read

    settings = read(env_id)
    learner = Learner(Config(env=env_id, env_args=settings.env_args, seed=1, **settings.ppo))
    train(learner)
    recording = Recording("trained")
    for envs in greedy_states(learner.policy, learner.encoder, learner.config, STEPS):
        recording.add(envs)
    recording.write(path_of(env_id.rpartition("-")[0], "trained"))


if __name__ == "__main__":
    root = Path(__file__).resolve().parents[1]
    sys.path[:0] = [str(root), str(root / "benchmarks")]
    for named in sys.argv[1:]:
        write_trained(named)
        print(f"docs/episodes: {named}; now run python docs/generate.py", flush=True)
