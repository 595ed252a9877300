"""What card games with tricks share: a deck of suits and ranks, dealing, following suit, and who wins a trick.

A card is suit * num_ranks + rank; a higher rank beats a lower one. `holder` (cards,) has the player who holds a
card, or NOBODY.
"""

from ...core import fill, rule, shuffle

NOBODY = -1
NO_TRUMP = -1


@rule
def deal(rng, deck, holder, num_players, hand_size):
    """Shuffle a deck (cards,) and give every player `hand_size` of its cards; the rest is nobody's."""
    for card in range(deck.size):
        deck[card] = card
    shuffle(rng, deck)
    fill(holder, NOBODY)
    for k in range(num_players * hand_size):
        holder[deck[k]] = k % num_players


@rule
def mark_playable(holder, player, led_suit, num_ranks, out):
    """Write a mask (cards,) of what a player may play: of the suit led, if there is one and the player has it."""
    must_follow = led_suit >= 0 and has_suit(holder, player, led_suit, num_ranks)
    for card in range(holder.size):
        out[card] = holder[card] == player and (not must_follow or card // num_ranks == led_suit)


@rule
def has_suit(holder, player, suit, num_ranks):
    for card in range(suit * num_ranks, (suit + 1) * num_ranks):
        if holder[card] == player:
            return True
    return False


@rule
def winner_of(trick, trump, num_ranks):
    """Which card of a trick (players,), in the order of play, wins: the highest trump, else of the suit led."""
    best = 0
    for k in range(1, trick.size):
        if beats(trick[k], trick[best], trump, num_ranks):
            best = k
    return best


@rule
def beats(card, other, trump, num_ranks):
    """Whether a card beats an earlier one that has won so far."""
    if card // num_ranks == other // num_ranks:
        return card > other
    return card // num_ranks == trump
