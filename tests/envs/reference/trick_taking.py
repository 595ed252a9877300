"""MaskedTrickTaking from its card."""

import numpy as np

PARAMETERS = [
    {"num_players": 2, "num_suits": 1, "num_ranks": 2, "hand_size": 1},
    {"num_players": 3, "num_suits": 5, "num_ranks": 4, "hand_size": 6, "trump": "none"},
    {"num_players": 5, "num_suits": 3, "num_ranks": 7, "hand_size": 4, "time_limit": 12},
    {"num_players": 2, "num_suits": 2, "num_ranks": 20, "hand_size": 20},
]


class Reference:
    def __init__(self, parameters):
        self.num_players, self.hand_size = parameters["num_players"], parameters["hand_size"]
        self.num_suits, self.num_ranks = parameters["num_suits"], parameters["num_ranks"]
        self.cards, self.has_trump = self.num_suits * self.num_ranks, parameters["trump"] == "random"

    def reset_from(self, record):
        holder, self.trump = record["holder"].tolist(), int(record["trump"])
        self.hands = [{card for card in range(self.cards) if holder[card] == i} for i in range(self.num_players)]
        assert all(len(hand) == self.hand_size for hand in self.hands)
        assert self.trump in range(self.num_suits) if self.has_trump else self.trump == -1
        self.played_by = {}
        self.trick = []  # cards, in order
        self.won = [0] * self.num_players
        self.to_move = 0

    def suit(self, card):
        return card // self.num_ranks

    def mask(self, agent):
        hand = self.hands[agent]
        if self.trick:
            hand = {card for card in hand if self.suit(card) == self.suit(self.trick[0])} or hand
        return np.array([card in hand for card in range(self.cards)], np.int8)

    def observation(self, agent):
        cards = range(self.cards)
        order = [(agent + i) % self.num_players for i in range(self.num_players)]
        held = [card in self.hands[agent] for card in cards]
        played = [order.index(self.played_by[card]) + 1 if card in self.played_by else 0 for card in cards]
        place = [self.trick.index(card) + 1 if card in self.trick else 0 for card in cards]
        return np.array([*held, *played, *place, *(self.won[i] for i in order), self.trump + 1], np.int64)

    def step(self, action, record):
        card = int(action)
        self.hands[self.to_move].remove(card)
        self.played_by[card] = self.to_move
        self.trick.append(card)
        rewards = [0.0] * self.num_players
        if len(self.trick) < self.num_players:
            self.to_move = (self.to_move + 1) % self.num_players
            return rewards, False
        trumps = [card for card in self.trick if self.suit(card) == self.trump]
        highest = max(trumps or [card for card in self.trick if self.suit(card) == self.suit(self.trick[0])])
        self.to_move = self.played_by[highest]
        self.trick = []
        self.won[self.to_move] += 1
        rewards[self.to_move] = 1.0
        return rewards, sum(self.won) == self.hand_size
