"""How an environment responds to invalid actions, found by trying some.

`responses` records what follows actions that the mask allows and forbids; `weighing` finds the sign of a refusal that
explains them, of those in `explicit` and `implicit`; law L7 is judged by it.
"""

from .case import Weighed
from .signs import Behaviour
from .weighing import known_behaviour, weighed
from .words import HOW

__all__ = ["HOW", "Behaviour", "Weighed", "known_behaviour", "weighed"]
