"""Pictures of environments with their masks: scenes as data, drawn to pixels, windows, words and GIFs.

Environments need `Scene` alone. pygame and Pillow are imported when a `Renderer` or `write_gif` is first
used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import RenderDependencyError, WindowClosedError
from .listing import action_words
from .mask_view import Choosing, MaskView
from .scene import Scene
from .status import Status
from .theme import Theme, UnknownInkError, agent_ink

if TYPE_CHECKING:
    from .ansi import render_ansi
    from .gif import write_gif
    from .pygame_renderer import Event, Renderer, poll
    from .svg import render_svg

__all__ = [
    "Choosing",
    "Event",
    "MaskView",
    "RenderDependencyError",
    "Renderer",
    "Scene",
    "Status",
    "Theme",
    "UnknownInkError",
    "WindowClosedError",
    "action_words",
    "agent_ink",
    "poll",
    "render_ansi",
    "render_svg",
    "write_gif",
]

_LAZY = {
    "Event": "pygame_renderer",
    "Renderer": "pygame_renderer",
    "poll": "pygame_renderer",
    "render_ansi": "ansi",
    "render_svg": "svg",
    "write_gif": "gif",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_LAZY[name]}", __name__), name)
