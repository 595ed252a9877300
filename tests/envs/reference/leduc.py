"""MaskedLeduc from its card."""

import numpy as np

PARAMETERS = [{"num_ranks": 2}, {"num_ranks": 13, "time_limit": 5}, {"num_ranks": 3, "time_limit": 2}]

FOLD, CALL, RAISE = range(3)


class Reference:
    def __init__(self, parameters):
        self.num_ranks = parameters["num_ranks"]

    def reset_from(self, record):
        *self.hidden, self.public = ranks = record["cards"].tolist()
        assert set(ranks) <= set(range(self.num_ranks)) and len(set(ranks)) > 1, "two cards of each rank"
        self.rounds = [[]]  # the actions of each round
        self.chips = [1, 1]
        self.to_move = 0

    def mask(self, agent):
        to_call = self.chips[0] != self.chips[1]
        return np.array([to_call, True, self.rounds[-1].count(RAISE) < 2], np.int8)

    def observation(self, agent):
        public = self.public + 1 if len(self.rounds) == 2 else 0
        taken = [[action + 1 for action in actions] for actions in [*self.rounds, []][:2]]
        table = [number for numbers in taken for number in (numbers + [0] * 4)[:4]]
        return np.array([self.hidden[agent], public, agent, len(self.rounds[-1]), *table], np.int64)

    def step(self, action, record):
        player, other = self.to_move, 1 - self.to_move
        actions = self.rounds[-1]
        actions.append(int(action))
        self.to_move = other
        if action == FOLD:
            return self.paid(other), True
        self.chips[player] = self.chips[other]
        if action == RAISE:
            self.chips[player] += 2 if len(self.rounds) == 1 else 4
        elif actions != [CALL]:
            if len(self.rounds) == 2:
                return self.paid(self.winner()), True
            self.rounds.append([])
            self.to_move = 0
        return [0.0, 0.0], False

    def winner(self):
        """The player with the better hand, or None."""
        hands = [(rank == self.public, rank) for rank in self.hidden]
        return None if hands[0] == hands[1] else hands.index(max(hands))

    def paid(self, winner):
        if winner is None:
            return [0.0, 0.0]
        lost = float(self.chips[1 - winner])
        return [lost if agent == winner else -lost for agent in (0, 1)]
