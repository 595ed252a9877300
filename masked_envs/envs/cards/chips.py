"""What games for chips share."""

from ...core import rule


@rule
def pay(rewards, winner, chips):
    """Give chips of the other of two players to the winner."""
    rewards[winner] += chips
    rewards[1 - winner] -= chips
