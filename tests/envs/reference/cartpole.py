"""MaskedCartPole from its card: the physics of Gymnasium's CartPole-v1, bit for bit."""

import math

import numpy as np

PARAMETERS = [
    {"num_actions": 2},
    {"num_actions": 7, "num_available": 5, "availability": "step", "time_limit": 9},
    {"num_actions": 50, "num_available": 49, "layout_seed": 3, "time_limit": 0},
    {"num_actions": 12, "num_available": 4, "availability": "context"},
]

LAYOUTS = {}  # the legal subset with availability="fixed", the same in every environment of these parameters


def push(x, x_dot, theta, theta_dot, force):
    """The next state; Gymnasium, classic_control/cartpole.py, "euler"."""
    gravity, mass_pole, total_mass, length, tau = 9.8, 0.1, 1.1, 0.5, 0.02
    cos, sin = math.cos(theta), math.sin(theta)
    temp = (force + mass_pole * length * (theta_dot * theta_dot) * sin) / total_mass
    theta_acc = (gravity * sin - cos * temp) / (length * (4.0 / 3.0 - mass_pole * (cos * cos) / total_mass))
    x_acc = temp - mass_pole * length * theta_acc * cos / total_mass
    return x + tau * x_dot, x_dot + tau * x_acc, theta + tau * theta_dot, theta_dot + tau * theta_acc


def fallen(x, theta):
    return abs(x) > 2.4 or abs(theta) > math.radians(12)


def check_subset(available, num_available):
    """Exactly that many, and one of each direction."""
    assert set(available.tolist()) <= {0, 1} and available.sum() == num_available
    assert available[0::2].any() and available[1::2].any()


class Reference:
    to_move = 0

    def __init__(self, parameters):
        self.num_available, self.availability = parameters["num_available"], parameters["availability"]
        self.layout = (parameters["num_actions"], self.num_available, parameters["layout_seed"])

    def reset_from(self, record):
        self.state = tuple(float(record[name]) for name in ("x", "x_dot", "theta", "theta_dot"))
        assert all(-0.05 <= number < 0.05 for number in self.state)
        self.take_subset(record)

    def take_subset(self, record):
        self.available = record["available"].copy()
        check_subset(self.available, self.num_available)
        if self.availability == "fixed":
            assert np.array_equal(LAYOUTS.setdefault(self.layout, self.available), self.available)
        if self.availability == "context":
            assert sorted(self.blocks().sum(1)) == [0] * (len(self.blocks()) - 1) + [self.num_available]

    def blocks(self):
        return self.available.reshape(-1, self.num_available)

    def mask(self, agent):
        return self.available

    def observation(self, agent):
        shown = self.blocks().max(1) if self.availability == "context" else ()
        return np.array([*self.state, *shown], np.float32)

    def step(self, action, record):
        self.state = push(*self.state, 10.0 if action % 2 else -10.0)
        if self.availability in ("step", "context"):
            self.take_subset(record)
        return [1.0], fallen(self.state[0], self.state[2])
