"""MaskedSeeker from its card."""

import math

import numpy as np

PARAMETERS = [
    {"num_obstacles": 0, "max_step": 3.0, "time_limit": 0},
    {"num_obstacles": 25, "max_step": 0.3, "time_limit": 20},
    {"num_obstacles": 2, "max_step": 10.0},
]
STEPS = 300

REWARD_TOLERANCE = 1e-6  # the card does not say how a distance is computed

SIDE, ARRIVED, BONUS = 10.0, 0.5, 10.0


class Reference:
    to_move = 0

    def __init__(self, parameters):
        self.max_step, self.num_obstacles = parameters["max_step"], parameters["num_obstacles"]

    def reset_from(self, record):
        self.position, self.goal = record["position"].tolist(), record["goal"].tolist()
        self.obstacles = record["obstacles"].tolist()
        assert len(self.obstacles) == self.num_obstacles
        assert all(0 <= number <= SIDE for number in [*self.position, *self.goal]) and self.distance() >= 4
        for left, bottom, right, top in self.obstacles:
            assert 0 <= left and right <= SIDE and 0 <= bottom and top <= SIDE
            assert 0.5 <= right - left <= 3 and 0.5 <= top - bottom <= 3
            for x, y in (self.position, self.goal):
                assert not (left - 0.6 < x < right + 0.6 and bottom - 0.6 < y < top + 0.6)

    def distance(self):
        return math.dist(self.position, self.goal)

    def check_mask(self, mask):
        """Every place the box of displacements leads to is reached past no obstacle and no wall.

        The box holds the displacement 0, so the places are a rectangle around the position, and the straight ways to
        them lie in it.
        """
        assert mask.dtype == np.float32 and mask.shape == (2, 2)
        assert (mask[0] <= 0).all() and (mask[1] >= 0).all() and abs(mask).max() <= np.float32(self.max_step)
        low, high = mask.astype(float) + self.position
        assert (low >= 0).all() and (high <= SIDE).all()
        for left, bottom, right, top in self.obstacles:
            assert high[0] < left or low[0] > right or high[1] < bottom or low[1] > top

    def observation(self, agent):
        numbers = [*self.position, *self.goal, *(side for obstacle in self.obstacles for side in obstacle)]
        return np.array(numbers, np.float32)

    def step(self, action, record):
        before = self.distance()
        self.position = [here + float(move) for here, move in zip(self.position, action, strict=True)]
        arrived = self.distance() <= ARRIVED
        return [before - self.distance() + (BONUS if arrived else 0.0)], arrived
