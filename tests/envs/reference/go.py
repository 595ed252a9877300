"""MaskedGo from its card."""

import numpy as np

PARAMETERS = [{"size": 2, "komi": 0.0}, {"size": 3, "komi": -1.5}, {"size": 5, "komi": 1.0, "time_limit": 8}]


class Reference:
    def __init__(self, parameters):
        self.size, self.komi = parameters["size"], parameters["komi"]
        self.points = [(row, column) for row in range(self.size) for column in range(self.size)]
        self.beside = {
            (row, column): {(row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)}
            & set(self.points)
            for row, column in self.points
        }

    def reset_from(self, record):
        self.stones = {}  # point -> player
        self.seen = {self.text(self.stones)}
        self.to_move = self.passes = self.actions = 0

    def text(self, stones):
        return "".join(str(stones.get(point, ".")) for point in self.points)

    def area(self, stones, start):
        """The points of one content that hang together with the start, and the points at their border."""
        inside, border, open_points = {start}, set(), [start]
        while open_points:
            for point in self.beside[open_points.pop()] - inside:
                if stones.get(point) == stones.get(start):
                    inside.add(point)
                    open_points.append(point)
                else:
                    border.add(point)
        return inside, border

    def has_liberty(self, stones, point):
        return any(each not in stones for each in self.area(stones, point)[1])

    def after(self, point):
        """The stones after a stone on the point, or None where that is forbidden."""
        if point in self.stones:
            return None
        stones = {**self.stones, point: self.to_move}
        for each in self.beside[point]:
            if stones.get(each) == 1 - self.to_move and not self.has_liberty(stones, each):
                for captured in self.area(stones, each)[0]:
                    del stones[captured]
        if not self.has_liberty(stones, point) or self.text(stones) in self.seen:
            return None
        return stones

    def mask(self, agent):
        return np.array([*(self.after(point) is not None for point in self.points), True], np.int8)

    def observation(self, agent):
        planes = np.zeros((4, self.size, self.size), np.int8)
        for (row, column), player in self.stones.items():
            planes[0 if player == agent else 1, row, column] = 1
        planes[2] = agent == 0
        planes[3] = self.passes > 0
        return planes

    def score(self, player):
        """Stones, and empty points from which only stones of the player are reached."""
        number = list(self.stones.values()).count(player)
        for point in self.points:
            if point not in self.stones:
                border = self.area(self.stones, point)[1]
                number += {self.stones[each] for each in border} == {player}
        return number

    def step(self, action, record):
        if action == len(self.points):
            self.passes += 1
        else:
            self.passes = 0
            self.stones = self.after(self.points[action])
            self.seen.add(self.text(self.stones))
        self.to_move = 1 - self.to_move
        self.actions += 1
        if self.passes < 2 and self.actions < 3 * self.size**2:
            return [0.0, 0.0], False
        lead = self.score(0) - self.score(1) - self.komi
        return [float(np.sign(lead)), float(np.sign(-lead))], True
