"""Windows that share pygame's one event queue: each gets the events that happened in it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .canvas import pygame

WITHOUT_SCREEN = ("dummy", "offscreen")
"""SDL's video drivers that take windows and show them nowhere; it falls back on them without a word."""
BORDERS = (16, 60)
"""Pixels of a screen that windows' frames, titles and the bars of a desktop take, at a guess."""
INBOX = 256
"""Events kept for a program that does not ask for them."""


@dataclass(frozen=True)
class RawEvent:
    """A click at a pixel, a move of the mouse while its button is held, a key by name, or the wish to close the
    window.
    """

    kind: Literal["click", "drag", "key", "quit"]
    position: tuple[float, float] = (0.0, 0.0)
    key: str = ""


_open: list[Window] = []
_display_is_ours = False


class Window:
    """A window on the screen, at most as large as the screen has room for; frames are scaled to its size.

    Attributes:
        pointer: the pixel of the frame under the mouse; None before it has moved.
        closed_by_person: they clicked it away.
        lost: it is gone for another reason (somebody called `pygame.quit()`); open a new one.
    """

    def __init__(self, title: str, size: tuple[int, int]) -> None:
        _start_display()
        self._size = fitting(size, room())  # that this class has asked for; the person may have chosen another
        self._window = pygame.Window(title, self._size, resizable=True)
        self._scale, self._corner = 1.0, (0, 0)  # of the frame in the window
        self.pointer: tuple[float, float] | None = None
        self._clock = pygame.time.Clock()
        self._inbox: deque[RawEvent] = deque(maxlen=INBOX)
        self.closed_by_person = False
        _open.append(self)

    @property
    def lost(self) -> bool:
        """Whether the window vanished without anybody closing it."""
        return not self.closed_by_person and not (pygame.display.get_init() and self in _open)

    def show(self, frame: NDArray[np.uint8], fps: float) -> None:
        """Show a frame, uint8 (height, width, 3), and wait until the next is due."""
        surface = pygame.image.frombuffer(frame.tobytes(), (frame.shape[1], frame.shape[0]), "RGB")
        size = fitting(surface.get_size(), room())
        if size != self._size and self._window.size == self._size:
            self._window.size = size
        self._size = size
        self._draw(surface)
        self._window.flip()
        _deliver()
        self._clock.tick(fps)

    def events(self) -> list[RawEvent]:
        """What happened in this window since the last call."""
        _deliver()
        events = list(self._inbox)
        self._inbox.clear()
        return events

    def take(self, event: pygame.event.Event) -> None:
        """Note an event of this window."""
        if event.type == pygame.MOUSEBUTTONDOWN and event.button == 1:
            self._inbox.append(RawEvent("click", position=self._in_frame(event.pos)))
        elif event.type == pygame.MOUSEMOTION:
            self.pointer = self._in_frame(event.pos)
            if event.buttons[0]:
                self._inbox.append(RawEvent("drag", position=self.pointer))
        elif event.type == pygame.KEYDOWN:
            self._inbox.append(RawEvent("key", key=pygame.key.name(event.key)))
        elif event.type in (pygame.WINDOWCLOSE, pygame.QUIT):
            self._inbox.append(RawEvent("quit"))
            self.closed_by_person = True
            self.close()

    def close(self) -> None:
        """Take the window off the screen; twice is fine."""
        global _display_is_ours
        if self in _open:
            _open.remove(self)
            self._window.destroy()
        if not _open and _display_is_ours:
            pygame.display.quit()
            _display_is_ours = False

    def owns(self, event: pygame.event.Event) -> bool:
        """Whether the event happened here; events without a window (QUIT) happen everywhere."""
        return getattr(event, "window", None) in (None, self._window)

    def _draw(self, frame: pygame.Surface) -> None:
        """Put a frame into the middle of the window, as large as it can be there."""
        (width, height), across, down = self._window.size, frame.get_width(), frame.get_height()
        self._scale = min(width / across, height / down)
        size = (max(1, round(across * self._scale)), max(1, round(down * self._scale)))
        self._corner = ((width - size[0]) // 2, (height - size[1]) // 2)
        target = self._window.get_surface()
        if self._corner != (0, 0):
            target.fill(frame.get_at((0, 0)))
        target.blit(frame if size == frame.get_size() else pygame.transform.smoothscale(frame, size), self._corner)

    def _in_frame(self, position: tuple[float, float]) -> tuple[float, float]:
        x, y = position
        return ((x - self._corner[0]) / self._scale, (y - self._corner[1]) / self._scale)


def room() -> tuple[int, int]:
    """Width and height that the smallest screen has for a window, its title and the desktop's bars left out."""
    _start_display()
    sizes = [size for size in pygame.display.get_desktop_sizes() if min(size) > 0] or [(10**6, 10**6)]
    width, height = (min(side) for side in zip(*sizes, strict=True))
    return (width - BORDERS[0], height - BORDERS[1])


def fitting(size: tuple[int, int], most: tuple[int, int]) -> tuple[int, int]:
    """The size, made smaller in both directions alike until it is at most as large as `most`."""
    scale = min(1.0, most[0] / size[0], most[1] / size[1])
    return (max(1, int(size[0] * scale)), max(1, int(size[1] * scale)))


def shows_nothing() -> str:
    """The name of SDL's video driver if it is one without a screen; "" for all others."""
    _start_display()
    driver = pygame.display.get_driver()
    return driver if driver in WITHOUT_SCREEN else ""


def _start_display() -> None:
    global _display_is_ours
    if not pygame.display.get_init():
        _open.clear()
        pygame.display.init()
        _display_is_ours = True


def _deliver() -> None:
    if not pygame.display.get_init():
        return
    for event in pygame.event.get():
        for window in list(_open):
            if window.owns(event):
                window.take(event)
