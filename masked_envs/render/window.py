"""Windows that share pygame's one event queue: each gets the events that happened in it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .canvas import pygame

INBOX = 256
"""Events kept for a program that does not ask for them."""


@dataclass(frozen=True)
class RawEvent:
    """A click at a pixel, a key by name, or the wish to close the window."""

    kind: Literal["click", "key", "quit"]
    position: tuple[float, float] = (0.0, 0.0)
    key: str = ""


_open: list[Window] = []
_display_is_ours = False


class Window:
    """A window on the screen.

    Attributes:
        closed_by_person: they clicked it away.
        lost: it is gone for another reason (somebody called `pygame.quit()`); open a new one.
    """

    def __init__(self, title: str, size: tuple[int, int]) -> None:
        _start_display()
        self._window = pygame.Window(title, size)
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
        if self._window.size != surface.get_size():
            self._window.size = surface.get_size()
        self._window.get_surface().blit(surface, (0, 0))
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
            self._inbox.append(RawEvent("click", position=event.pos))
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
