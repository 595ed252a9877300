"""MaskedKuhn from its card."""

import numpy as np

PARAMETERS = [{"num_cards": 2}, {"num_cards": 13, "time_limit": 2}]

CHECK, BET, FOLD, CALL = range(4)


class Reference:
    def __init__(self, parameters):
        self.num_cards = parameters["num_cards"]

    def reset_from(self, record):
        self.cards = record["cards"].tolist()
        assert len(set(self.cards)) == 2 and set(self.cards) <= set(range(self.num_cards))
        self.actions = []

    @property
    def to_move(self):
        return len(self.actions) % 2

    def mask(self, agent):
        return np.array([0, 0, 1, 1] if BET in self.actions else [1, 1, 0, 0], np.int8)

    def observation(self, agent):
        shown = [action + 1 for action in self.actions[:2]]
        return np.array([self.cards[agent], agent, *shown, *[0] * (2 - len(shown))], np.int64)

    def step(self, action, record):
        player = self.to_move
        self.actions.append(int(action))
        if action == FOLD:
            return [-1.0 if agent == player else 1.0 for agent in (0, 1)], True
        if action == CALL or self.actions == [CHECK, CHECK]:
            chips = 2.0 if action == CALL else 1.0
            return [chips if self.cards[agent] == max(self.cards) else -chips for agent in (0, 1)], True
        return [0.0, 0.0], False
