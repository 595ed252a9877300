"""A person at the window with every kind of action: of toys, and of environments that people have written."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

pytest.importorskip("pygame")

import own_envs
from at_the_window import Player, click, key, move
from toys import (
    binary,
    candidates,
    conditional_three,
    conditional_two,
    hybrid,
    hybrid_tuple,
    interval,
    joint,
    per_head,
)

from masked_envs.adaptation import adapt
from masked_envs.api import MaskedEnv
from masked_envs.cli import main
from masked_envs.cli.check import targets_of
from masked_envs.cli.play import table_of
from masked_envs.cli.targets import CommandError
from masked_envs.play.own_table import OwnTable
from masked_envs.play.table import OurTable
from masked_envs.registration import declaration

TOYS = [candidates, per_head, joint, conditional_two, conditional_three, binary, interval, hybrid, hybrid_tuple]
PIXELS = np.full((60, 90, 3), 200, np.uint8)


class Painted(gym.Wrapper):  # type: ignore[type-arg]
    """A toy with a picture."""

    def render(self) -> Any:
        return PIXELS.copy()


@pytest.fixture
def sit(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Any], Player]]:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    players: list[Player] = []

    def sit_down(table: Any) -> Player:
        players.append(Player(table))
        return players[-1]

    yield sit_down
    for player in players:
        player.leaves()


def toy_table(toy: Any) -> OwnTable:
    return OwnTable(Painted(MaskedEnv(toy.ENV, backend="python")), toy.__name__)


def given(word: str, *params: str, **words: Any) -> argparse.Namespace:
    options = {"opponent": None, "agent": None, "mask_fn": None, "mask_at": None, "seed": 0, "json": False, **words}
    return argparse.Namespace(id=word, param=list(params), **options)


@pytest.mark.parametrize("toy", TOYS, ids=lambda toy: toy.__name__)
def test_every_kind_of_action_is_made_and_refused(toy: Any, sit: Any) -> None:
    player = sit(toy_table(toy))
    game, tried = player.game, 0
    for _ in range(8):
        if game.over:
            player.does(key("return"))
        steps, position = game.steps, game.table.env.unwrapped.get_state()
        refused = player.tries_something_forbidden()
        tried += refused
        assert player.is_refused() == refused and game.refused == tried
        assert game.steps == steps and game.table.env.unwrapped.get_state() == position
        player.takes_a_step()
    assert tried > 0 and game.table.env.unwrapped.invalid_actions == 0


def test_choices_are_taken_back_before_steps(sit: Any) -> None:
    player = sit(toy_table(conditional_three))
    game = player.game
    player.takes_a_step()
    assert game.steps == 1
    player.clicks(player.sees(True)[0])
    assert game.partial.parts[()].values[0] is not None and game.steps == 1
    player.does(key("u"))
    assert game.partial.parts[()].values == [None, None, None] and game.steps == 1
    player.does(key("u"))
    assert game.steps == 0 and not game.refusal
    player.does(key("u"))
    assert game.refusal == "there is no step to take back" and game.refused == 0


def test_the_masks_of_dependent_heads_are_shown(sit: Any) -> None:
    """After each choice the frame offers what the environment's own head_mask allows."""
    player = sit(toy_table(conditional_three))
    env = player.game.table.env.unwrapped
    chosen: list[int] = []
    table = env.action_mask
    while player.game.steps == 0:
        values = player.game.partial.parts[()].values
        chosen = [value for value in values if value is not None]
        if len(chosen) == 2:
            seen = {target.path[-1] for target in player.sees(True) if target.path[0] == "head 2"}
            assert seen == set(np.flatnonzero(env.head_mask(2, chosen)).tolist()) and len(seen) > 1
            assert {t.path[-1] for t in player.sees(False) if t.path[0] == "head 2"} == set(range(5)) - seen
        else:
            assert len(player.sees(True)) == table.sum() and len(player.sees(False)) == (1 - table).sum()
        player.clicks(player.sees(True, chosen=False)[-1])
    assert len(chosen) == 2


def test_everything_can_be_done_with_keys(sit: Any) -> None:
    """Arrow keys lead to flags, gears and bars; Space chooses, left and right change numbers, Enter carries out."""
    player = sit(toy_table(hybrid))
    game = player.game
    seen = set()
    for _ in range(12):
        player.does(key("down"))
        target = game.renderer.target
        assert target is not None
        seen.add(target.path)
        if target.is_number:
            before = list(game.partial.parts[("power",)].values)
            player.does(key("right"))
            after = game.partial.parts[("power",)].values
            assert after[target.path[-1]] > before[target.path[-1]]
            player.does(key("home"))
            assert game.partial.parts[("power",)].values[target.path[-1]] == 0.0
            player.does(key("end"))
            assert game.partial.parts[("power",)].values == pytest.approx(
                [game.table.mask["power"][1, i] if (("power", i) in seen) else 0.0 for i in range(2)]
            )
    assert {("power", 0), ("power", 1)} <= seen
    while game.steps == 0 and game.partial.parts[("gear",)].values == [None]:
        player.does(key("up"), key("space"))
    player.does(key("return"))
    assert game.steps == 1 and game.refused <= 12


def test_an_action_that_lacks_a_choice_is_not_carried_out(sit: Any) -> None:
    player = sit(toy_table(hybrid))
    player.does(key("return"))
    assert player.game.steps == 0 and player.game.refused == 0
    assert player.game.refusal == "something is still to be chosen" and player.is_refused()


def test_a_bar_is_dragged_within_the_bounds(sit: Any) -> None:
    player = sit(toy_table(interval))
    place, (low, high) = player.bars()[0]
    x, y, w, h = place.box(0)
    middle = player.place(x + w * (float(low[0] + high[0]) / 2 - place.bars.low[0]) / place.bars.reach(0), y + h / 2)
    player.does(click(*middle))
    assert player.game.partial.action[0] == pytest.approx((low[0] + high[0]) / 2, abs=0.02 * place.bars.reach(0))
    player.does(move(*player.place(x + 2 * w, y + 5 * h), held=True))
    assert player.game.partial.action[0] == high[0] and player.game.refused == 0
    player.does(move(*player.place(x - w, y), held=True))
    assert player.game.partial.action[0] == low[0]
    player.does(move(*middle))  # the button is up
    assert player.game.partial.action[0] == low[0]


@pytest.mark.parametrize("env_id", ["MaskedSeeker-v0", "MaskedPendulum-v0"])
def test_a_place_in_the_picture_is_a_number(env_id: str, sit: Any) -> None:
    declared = declaration(env_id)
    player = sit(OurTable(declared, declared.resolve({}), {}, 0))
    place, (low, high) = player.bars()[0]
    area = player.game.renderer._shown[0].to_pixels(place.bars.area)
    shares = [0.4, 0.7][: len(low)]
    down = 1 - shares[-1]
    player.does(click(*player.place(area[0] + shares[0] * area[2], area[1] + down * area[3])))
    wanted = [place.bars.low[i] + share * place.bars.reach(i) for i, share in enumerate(shares)]
    assert all(a <= number <= b for a, number, b in zip(low, wanted, high, strict=True)), "choose another seed"
    assert player.game.steps == 1
    assert player.game.partial.numbers[()] == pytest.approx(
        np.clip(wanted, *player.game.table.mask), abs=0.02 * place.bars.reach(0)
    )


# --- environments of one's own ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", own_envs.OWN)
def test_own_environments_are_played(kind: str, sit: Any) -> None:
    table = table_of(given(f"own_envs:{own_envs.OWN[kind].__name__}", mask_fn="own_envs:mask_of"))
    player = sit(table)
    game, tried = player.game, False
    while not (game.steps >= 2 and tried) and not game.over:
        tried = player.tries_something_forbidden() or tried
        player.takes_a_step()
    assert tried and game.refused > 0
    frame, steps = np.array(game.renderer._frame), game.steps
    player.does(key("u"))
    assert game.steps == steps - 1 and not game.refusal
    assert (np.array(game.renderer._frame) != frame).any()
    shown = game.renderer._frame
    assert (shown == 255).all(axis=-1).any(), "the environment's own picture is in the frame"


def test_an_id_is_found_in_the_module_that_registers_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sit: Any
) -> None:
    (tmp_path / "my_jobs.py").write_text(
        "import gymnasium\nfrom own_envs import Jobs\n\n\nclass Mine(Jobs):\n"
        "    metadata = {'render_modes': ['rgb_array'], 'render_fps': 5}\n\n"
        "    def __init__(self, render_mode=None, jobs=4):\n"
        "        super().__init__(jobs=jobs)\n        self.render_mode = render_mode\n\n"
        "    def action_masks(self):\n        return self.left\n\n"
        "    def get_action_meanings(self):\n        return [f'job {k}' for k in range(self.jobs)]\n\n\n"
        "gymnasium.register('MyJobs-v0', entry_point=Mine)\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    try:
        assert targets_of("my_jobs:MyJobs-v0") == ["MyJobs-v0"]  # `masked-envs check` takes it too
        player = sit(table_of(given("my_jobs:MyJobs-v0", "jobs=3")))
        assert player.game.look.scene.strips[0].labels == ("job 0", "job 1", "job 2")
        player.takes_a_step()
        assert player.game.steps == 1
        out = tmp_path / "mine.gif"
        assert main(["demo", "my_jobs:MyJobs-v0", "--param", "jobs=3", "--out", str(out), "--seed", "0"]) == 0
        assert out.stat().st_size > 100
        assert main(["demo", "my_jobs:Mine", "--out", str(tmp_path / "class.gif"), "--steps", "2"]) == 0
    finally:
        gym.registry.pop("MyJobs-v0", None)
        sys.modules.pop("my_jobs", None)


@pytest.mark.parametrize(
    ("word", "words", "expected"),
    [
        ("own_envs:Jobs", {}, "--mask-fn"),
        ("own_envs:Nim", {}, "rgb_array"),
        ("CartPole-v1", {}, "--mask-at, --mask-fn"),
        ("own_envs:Jobs", {"mask_fn": "own_envs:mask_of", "agent": "0"}, "takes neither"),
        ("own_envs:nothing", {}, "own_envs has no nothing"),
        ("no_such_module_at_all:Env-v0", {}, "cannot import"),
        ("MaskedConectFour-v0", {}, "MaskedConnectFour-v0"),
    ],
)
def test_what_cannot_be_played_is_said(word: str, words: dict[str, Any], expected: str) -> None:
    with pytest.raises(CommandError, match=expected):
        table_of(given(word, **words))


class Uncopied(own_envs.Jobs):
    """Nothing copies what is open."""

    def __init__(self) -> None:
        super().__init__()
        self.file = sys.stdout


def test_without_state_and_copy_a_step_is_taken_back_by_playing_again(sit: Any) -> None:
    player = sit(OwnTable(adapt(Uncopied(), mask_fn=own_envs.mask_of), "Uncopied"))
    env = player.game.table.env.unwrapped
    player.game.start()  # without a seed of the person's
    times = env.times.tolist()
    player.takes_a_step()
    before = env.left.tolist()
    player.takes_a_step()
    player.takes_a_step()
    for _ in range(2):
        player.does(key("u"))
        assert not player.game.refusal
    assert env.left.tolist() == before and env.times.tolist() == times and player.game.steps == 1


def test_what_comes_out_differently_is_said(sit: Any) -> None:
    class Chance(Uncopied):
        resets = 0

        def reset(self, **arguments: Any) -> Any:
            began = super().reset(**arguments)
            self.left[: type(self).resets % 2] = False
            type(self).resets += 1
            return began

    player = sit(OwnTable(adapt(Chance(), mask_fn=own_envs.mask_of), "Chance"))
    player.clicks(player.sees(True)[-1])
    player.does(key("u"))
    assert player.game.steps == 0 and player.game.refusal == "played again from the same seed, it came out differently"


def test_a_step_that_cannot_be_taken_back_is_said(sit: Any) -> None:
    class Unseeded(Uncopied):
        def reset(self, options: Any = None) -> Any:
            return super().reset(seed=3)

    table = OwnTable(adapt(Unseeded(), mask_fn=own_envs.mask_of), "Unseeded")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(OwnTable, "begin", lambda self, seed, begin=OwnTable.begin: begin(self, None))
        player = sit(table)
    player.takes_a_step()
    player.does(key("u"))
    assert player.game.steps == 1 and "cannot be copied" in player.game.refusal and player.game.refused == 0


def test_of_actions_with_one_name_the_nearest_is_meant(sit: Any) -> None:
    """In a puzzle of numbers, a digit is written into the cell under the mouse, or refused there."""
    declared = declaration("MaskedSudoku-v0")
    player = sit(OurTable(declared, declared.resolve({}), {}, 0))
    legal, forbidden = player.sees(True)[-1], player.sees(False)[-1]
    for target, steps, refused in ((forbidden, 0, 1), (legal, 1, 1)):
        row, column, digit = target.path
        other = next(one for one in player.sees(True) + player.sees(False) if one.path[:2] == (row, column))
        x, y, w, h = other.box
        player.does(move(*player.place(x + w / 2, y + h / 2)), key(str(digit + 1)))
        assert (player.game.steps, player.game.refused) == (steps, refused)
    assert player.game.table.env.get_state() != player.game.past[-1]
    assert legal.path not in [target.path for target in player.sees(True)]


def test_a_game_of_pettingzoo_is_played_by_one_agent(monkeypatch: pytest.MonkeyPatch, sit: Any) -> None:
    own_games = pytest.importorskip("own_games", reason="PettingZoo is missing")

    class Shown(own_games.Chairs):  # type: ignore[name-defined,misc]
        def __init__(self, render_mode: str | None = None) -> None:
            super().__init__()
            self.render_mode = render_mode

        def render(self) -> Any:
            return PIXELS

    monkeypatch.setattr(own_games, "Shown", Shown, raising=False)
    player = sit(table_of(given("own_games:Shown", agent="b")))
    assert player.game.table.who == "you are b, the others play random legal moves"
    player.tries_something_forbidden()
    player.takes_a_step()
    assert player.game.steps == 1 and player.game.refused == 1
    with pytest.raises(CommandError, match="leave --opponent out"):
        table_of(given("own_games:Shown", opponent="none"))
    with pytest.raises(CommandError, match="'a', 'b', 'c'"):
        table_of(given("own_games:Shown", agent="nobody"))


def test_boxes_have_the_numbers_that_the_environment_takes(sit: Any) -> None:
    class Nim(own_envs.Nim):
        render_mode = "rgb_array"
        action_space = gym.spaces.Discrete(3, start=1)

        def step(self, few: Any) -> Any:
            return super().step(few - 1)

        def action_masks(self) -> Any:
            return np.array(self.free())

        def render(self) -> Any:
            return PIXELS

    player = sit(OwnTable(adapt(Nim()), "Nim"))
    assert player.game.look.scene.strips[0].labels == ("1", "2", "3")
    player.does(key("3"))
    assert player.game.table.env.unwrapped.heap == 4
    player.does(key("u"))
    assert player.game.table.env.unwrapped.heap == 7  # by set_state


def test_of_actions_with_one_name_a_legal_one_is_meant(sit: Any) -> None:
    class Named(own_envs.Jobs):
        def get_action_meanings(self) -> list[str]:
            return ["a", "a", "b"]

    player = sit(OwnTable(adapt(Named(jobs=3), mask_fn=own_envs.mask_of), "Named"))
    player.does(key("a"))
    player.does(key("a"))
    assert player.game.table.env.unwrapped.left.tolist() == [False, False, True]
    assert player.game.steps == 2 and player.game.refused == 0
    player.does(key("a"))  # none of them is legal
    assert player.game.steps == 2 and player.game.refused == 1


def test_every_number_of_a_long_action_can_be_set(sit: Any) -> None:
    class Arm(own_envs.Power):
        def __init__(self) -> None:
            super().__init__()
            self.action_space = gym.spaces.Box(-1, 1, (17,), np.float32)

        def free(self) -> Any:
            return np.array([[-0.5] * 17, [0.5] * 17], np.float32)

        def step(self, power: Any) -> Any:
            self.given = power
            return self.seen(), 0.0, False, False, {}

    player = sit(OwnTable(adapt(Arm(), mask_fn=own_envs.mask_of), "Arm"))
    ((place, _),) = player.bars()
    wanted = np.linspace(-0.4, 0.4, 17)
    for i, number in enumerate(wanted):
        player.sets(place, i, float(number))
    player.does(key("return"))
    assert player.game.table.env.unwrapped.given == pytest.approx(wanted, abs=0.02)
