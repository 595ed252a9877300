"""MaskedPendulum from its card: the physics, costs and start of Gymnasium's Pendulum-v1, but for the mask."""

import math

import numpy as np

PARAMETERS = [
    {"speed_limit": 8.0, "max_torque": 2.0},
    {"speed_limit": 1.0, "max_torque": 100.0, "time_limit": 6},
    {"speed_limit": 8.0, "max_torque": 0.1, "time_limit": 0},
]

REWARD_TOLERANCE = 1e-6  # the card gives the cost as a formula, not the order of its operations
MASK_TOLERANCE = 1e-6  # nor those of the bounds

DT, TOP_SPEED = 0.05, 8.0
MARGIN = 1e-5  # N m, by which the bounds stay inside of what the speed limit allows


class Reference:
    to_move = 0

    def __init__(self, parameters):
        self.speed_limit, self.max_torque = parameters["speed_limit"], parameters["max_torque"]

    def reset_from(self, record):
        self.angle, self.speed = float(record["angle"]), float(record["speed"])
        assert -math.pi <= self.angle < math.pi and -1 <= self.speed < 1

    def speed_after(self, torque):
        push = float(np.float32(3.0 * torque))  # Gymnasium multiplies the action in its own dtype
        speed = self.speed + (15.0 * math.sin(self.angle) + push) * DT
        return min(max(speed, -TOP_SPEED), TOP_SPEED)

    def mask(self, agent):
        if self.speed_limit == TOP_SPEED:
            bounds = [-self.max_torque, self.max_torque]
        else:
            coasting = self.speed + 15.0 * math.sin(self.angle) * DT
            least, most = ((limit - coasting) / (3 * DT) for limit in (-self.speed_limit, self.speed_limit))
            bounds = [max(least + MARGIN, -self.max_torque), min(most - MARGIN, self.max_torque)]
        return np.array(bounds, np.float32).reshape(2, 1)

    def observation(self, agent):
        return np.array([math.cos(self.angle), math.sin(self.angle), self.speed], np.float32)

    def step(self, action, record):
        torque = float(action[0])
        angle = math.remainder(self.angle, 2 * math.pi)
        cost = angle**2 + 0.1 * self.speed**2 + 0.001 * torque**2
        self.speed = self.speed_after(torque)
        assert abs(self.speed) <= self.speed_limit
        self.angle += self.speed * DT
        return [-cost], False
