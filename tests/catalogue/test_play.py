"""Every environment can be played in a window: legal choices are carried out, forbidden ones refused with a reason."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import pytest

from masked_envs.catalogue import CATALOGUE

pygame = pytest.importorskip("pygame")

from at_the_window import Player, key  # noqa: E402

from masked_envs.cli.play import table_of  # noqa: E402
from masked_envs.play.game import HELP, LEAVE, UNDO  # noqa: E402

MOST_STEPS = 40
SMALL = (800, 500)  # pixels of a screen
COMMANDS = [LEAVE, *UNDO, *HELP]
COMMANDS.remove("f1")  # a cell of a chess board, which no key types


@pytest.fixture
def player(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Player]:
    """Someone at a small screen."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setattr(pygame.display, "get_desktop_sizes", lambda: [SMALL])
    words = {"id": request.param, "param": [], "opponent": None, "agent": None, "mask_fn": None, "mask_at": None}
    someone = Player(table_of(argparse.Namespace(**words)))
    yield someone
    someone.leaves()


@pytest.mark.parametrize("player", CATALOGUE, indirect=True)
def test_a_person_plays(player: Player) -> None:
    """Two steps by what the frame offers, a third that is taken back, and a forbidden choice, which moves nothing."""
    game, tried = player.game, False
    assert all(side < most for side, most in zip(game.renderer._window._window.size, SMALL, strict=True))
    scene = game.look.scene
    assert not [name for name in COMMANDS if scene.actions_for_key(name, game.table.view)]  # none hides an action
    while game.steps < 2 or not tried:
        assert game.steps < MOST_STEPS, "nothing was forbidden in all this time"
        if game.over:
            player.does(key("return"))
        if not tried:
            before, steps = position(player), game.steps
            tried = player.tries_something_forbidden()
            assert (position(player), game.steps, game.refused) == (before, steps, int(tried))
            assert player.is_refused() == tried and (": " in game.refusal) == tried
        player.takes_a_step()
    if game.over:
        player.does(key("return"))
    before, steps = position(player), game.steps
    player.takes_a_step()
    assert position(player) != before
    player.does(key("u"))
    assert (position(player), game.steps, game.refused) == (before, steps, 1)
    assert game.table.env.invalid_actions == 0  # the environment was given legal actions only


def position(player: Player) -> object:
    return player.game.table.env.get_state()  # type: ignore[attr-defined]
