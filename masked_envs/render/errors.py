"""Errors of rendering that can be caught without pygame."""

from __future__ import annotations


class RenderDependencyError(ImportError):
    """pygame-ce is not installed, or another pygame is."""


class WindowClosedError(RuntimeError):
    """The person closed the window, and the program went on rendering to it."""
