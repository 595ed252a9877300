"""MaskedLiarsDice from its card."""

import numpy as np

PARAMETERS = [
    {"num_dice": 1, "num_faces": 1},
    {"num_dice": 3, "num_faces": 3, "wild_ones": True},
    {"num_players": 3, "num_dice": 1, "num_faces": 4, "wild_ones": True, "time_limit": 4},
    {"num_players": 5, "num_dice": 2, "num_faces": 2},
]


class Reference:
    def __init__(self, parameters):
        self.num_players, self.num_dice = parameters["num_players"], parameters["num_dice"]
        self.num_faces, self.wild_ones = parameters["num_faces"], parameters["wild_ones"]
        self.bids = self.num_players * self.num_dice * self.num_faces

    def reset_from(self, record):
        self.dice = record["dice"].tolist()
        assert np.shape(self.dice) == (self.num_players, self.num_dice)
        assert all(1 <= die <= self.num_faces for own in self.dice for die in own)
        self.made = []
        self.to_move = 0

    def count(self, dice, face):
        return sum(die == face or (die == 1 and self.wild_ones) for die in dice)

    def mask(self, agent):
        last = self.made[-1] if self.made else -1
        return np.array([*(bid > last for bid in range(self.bids)), bool(self.made)], np.int8)

    def observation(self, agent):
        counts = [self.count(self.dice[agent], face) for face in range(1, self.num_faces + 1)]
        return np.array([*counts, agent, *(bid in self.made for bid in range(self.bids))], np.int64)

    def step(self, action, record):
        rewards = [0.0] * self.num_players
        challenger, bidder = self.to_move, (self.to_move - 1) % self.num_players
        self.to_move = (self.to_move + 1) % self.num_players
        if action < self.bids:
            self.made.append(int(action))
            return rewards, False
        number, face = divmod(self.made[-1], self.num_faces)
        there = sum(self.count(own, face + 1) for own in self.dice)
        winner, loser = (bidder, challenger) if there >= number + 1 else (challenger, bidder)
        rewards[winner], rewards[loser] = 1.0, -1.0
        return rewards, True
