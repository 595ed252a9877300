"""MaskedYahtzee from its card."""

import numpy as np

PARAMETERS = [
    {"num_players": 1},
    {"num_players": 3, "rounds": 2},
    {"num_players": 8, "rounds": 1, "time_limit": 11},
]

STEPS = 300  # most of what dice can score is rare

FULL_HOUSE, SMALL_STRAIGHT, LARGE_STRAIGHT, YAHTZEE, CHANCE = range(8, 13)


class Reference:
    def __init__(self, parameters):
        self.num_players, self.rounds = parameters["num_players"], parameters["rounds"]

    def reset_from(self, record):
        self.points = [{} for _ in range(self.num_players)]  # by category
        self.totals = [0] * self.num_players
        self.turns, self.rolls_left, self.to_move = 0, 2, 0
        self.take_dice(record)

    def take_dice(self, record):
        self.dice = record["dice"].tolist()
        assert len(self.dice) == 5 and set(self.dice) <= set(range(1, 7))

    def is_extra_yahtzee(self, player):
        return len(set(self.dice)) == 1 and YAHTZEE in self.points[player]

    def is_joker(self, player):
        return self.is_extra_yahtzee(player) and self.dice[0] - 1 in self.points[player]

    def categories(self, player):
        """The legal ones at the end of a turn."""
        return {category for category in range(13) if category not in self.points[player]}

    def mask(self, agent):
        legal = {0} if self.rolls_left else self.categories(agent)
        category = np.array([number in legal for number in range(13)], np.int8)
        keep = np.array([[self.rolls_left > 0, True]] * 5, np.int8)
        return {"category": category, "keep": keep}

    def observation(self, agent):
        order = [(agent + i) % self.num_players for i in range(self.num_players)]
        players = [
            [*(self.points[player].get(category, -1) for category in range(13)), self.totals[player]]
            for player in order
        ]
        return np.array([*self.dice, self.rolls_left, order.index(self.to_move), *sum(players, [])], np.int64)

    def score(self, category):
        dice, numbers, is_joker = self.dice, set(self.dice), self.is_joker(self.to_move)
        most = max(dice.count(number) for number in numbers)

        def has_row(length):
            return any({first + i for i in range(length)} <= numbers for first in range(1, 7))

        if category < 6:
            return dice.count(category + 1) * (category + 1)
        if category < 8:
            return sum(dice) if most >= category - 3 else 0
        return {
            FULL_HOUSE: 25 * (sorted(map(dice.count, numbers)) == [2, 3] or is_joker),
            SMALL_STRAIGHT: 30 * (has_row(4) or is_joker),
            LARGE_STRAIGHT: 40 * (has_row(5) or is_joker),
            YAHTZEE: 50 * (most == 5),
            CHANCE: sum(dice),
        }[category]

    def step(self, action, record):
        rewards = [0.0] * self.num_players
        if self.rolls_left:
            before, kept = self.dice, action["keep"].tolist()
            self.take_dice(record)
            assert all(old == new for old, new, keep in zip(before, self.dice, kept, strict=True) if keep)
            self.rolls_left -= 1
            return rewards, False
        rewards[self.to_move] = float(self.count_in(int(action["category"])))
        self.turns += 1
        self.to_move, self.rolls_left = (self.to_move + 1) % self.num_players, 2
        self.take_dice(record)
        return rewards, self.turns == self.rounds * self.num_players

    def count_in(self, category):
        """The points in the category, and the bonuses."""
        mine = self.points[self.to_move]
        upper = sum(mine.get(number, 0) for number in range(6))
        points = self.score(category)
        bonus = 100 if self.is_extra_yahtzee(self.to_move) and mine[YAHTZEE] == 50 else 0
        mine[category] = points
        if upper < 63 <= sum(mine.get(number, 0) for number in range(6)):
            bonus += 35
        self.totals[self.to_move] += points + bonus
        return points + bonus
