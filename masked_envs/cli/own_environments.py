"""Environments of the person's own, for `play` and `demo`: made, with a mask in our places, and with pixels."""

from __future__ import annotations

import argparse
import functools
from collections.abc import Callable
from typing import Any

import gymnasium as gym

from ..adaptation import adapt
from ..adaptation.find import NoMaskFoundError
from ..adaptation.single_agent import SingleAgent
from ..catalogue import CATALOGUE
from ..play.own_table import picture_size
from .targets import CommandError, declaration_of, guessed, load, pairs, registered_id

PIXELS = "rgb_array"


def is_ours(word: str) -> bool:
    """Whether a word is an id of this package; so is what may be a misspelt one."""
    return word in CATALOGUE or (":" not in word and registered_id(word, "ID") is None)


def own_environment(
    given: argparse.Namespace, opponent: str | None = None, agent: str | None = None
) -> gym.Env[Any, Any]:
    """The environment that `given.id` names, with a mask; a game as one of its agents.

    Args:
        given: with `id` (an id of Gymnasium, module:Id-v0 or module:name), `param`, `mask_at` and `mask_fn`.
        opponent, agent: for a game of PettingZoo's interface: who plays the others, and whom the person plays.

    Raises:
        CommandError: nothing of that name, an environment without pixels or without a mask, or a game's argument for
        one that is none.
    """
    word = given.id
    mask_fn = None if given.mask_fn is None else load(given.mask_fn, "--mask-fn")
    where = {} if mask_fn is None and given.mask_at is None else {"mask_fn": mask_fn, "mask_at": given.mask_at}
    try:
        made = _maker(word)(**{name: guessed(value) for name, value in pairs(given.param)})
        if getattr(made, "render_mode", None) != PIXELS:
            raise CommandError(
                f"{word}: a window shows what render() gives in the render mode {PIXELS}; this environment's is "
                f"{getattr(made, 'render_mode', None)}. Let its constructor take render_mode={PIXELS!r}"
            )
        if isinstance(made, gym.Env):
            if opponent is not None or agent is not None:
                raise CommandError(f"{word} has one agent: it takes neither --opponent nor --agent")
            masked: gym.Env[Any, Any] = adapt(made, **where)
        elif opponent == "none":
            raise CommandError(f"{word}: here the others play random legal moves; leave --opponent out")
        else:
            masked = SingleAgent(made, "random", agent, **where)
        masked.reset()
        picture_size("render()", masked.render())
    except NoMaskFoundError as error:
        raise CommandError(f"{error} (on the command line: --mask-at, --mask-fn)") from error
    except (TypeError, ValueError) as error:
        raise CommandError(f"{word}: {error}") from error
    return masked


def _maker(word: str) -> Callable[..., Any]:
    """What makes the environment, in the render mode of pixels where it can be told."""
    registered = registered_id(word, "ID")
    if registered is not None:
        return functools.partial(gym.make, registered, render_mode=PIXELS, disable_env_checker=True)
    if ":" not in word:
        declaration_of(word)  # which suggests the nearest id
    make = load(word, "ID")

    def made(**arguments: Any) -> Any:
        """Its constructor may hand all keywords on, to one that takes `render_mode` or does not."""
        try:
            return make(render_mode=PIXELS, **arguments)
        except TypeError as error:
            if "render_mode" not in str(error):
                raise
        return make(**arguments)

    return made
