"""ParametricCartPole from its card; the pole is that of cartpole.py."""

import numpy as np

from .cartpole import check_subset, fallen, push

PARAMETERS = [
    {"num_actions": 2, "embedding_dim": 1, "embedding_noise": 1.0},
    {"num_actions": 9, "num_available": 4, "availability": "step", "embedding_dim": 3, "time_limit": 8},
    {"num_actions": 40, "num_available": 11, "availability": "fixed", "embedding_noise": 0.25, "layout_seed": 5},
]

CORNERS, LAYOUTS = {}, {}  # drawn from layout_seed: the same in every environment of these parameters


class Reference:
    to_move = 0

    def __init__(self, parameters):
        self.parameters = parameters
        self.corner_key = tuple(parameters[name] for name in ("layout_seed", "embedding_dim"))
        self.layout = tuple(parameters[name] for name in ("num_actions", "num_available", "layout_seed"))

    def reset_from(self, record):
        self.state = tuple(float(record[name]) for name in ("x", "x_dot", "theta", "theta_dot"))
        assert all(-0.05 <= number < 0.05 for number in self.state)
        self.meanings, self.embeddings = record["meanings"].copy(), record["embeddings"].copy()
        assert sorted(self.meanings) == list(range(self.parameters["num_actions"]))
        left = CORNERS.setdefault(self.corner_key, np.sign(self.embeddings[self.meanings % 2 == 0][0]))
        corners = np.where(self.meanings[:, None] % 2 == 0, left, -left)
        assert (np.sign(self.embeddings) == corners).all()
        assert (abs(self.embeddings - corners) <= self.parameters["embedding_noise"]).all()
        self.take_subset(record)

    def take_subset(self, record):
        self.available = record["available"].copy()
        check_subset(self.available, self.parameters["num_available"])
        if self.parameters["availability"] == "fixed":
            assert np.array_equal(LAYOUTS.setdefault(self.layout, self.available), self.available)

    def mask(self, agent):
        return self.available[self.meanings]

    def observation(self, agent):
        return {"observation": np.array(self.state, np.float32), "action_embeddings": self.embeddings}

    def step(self, action, record):
        self.state = push(*self.state, 10.0 if self.meanings[action] % 2 else -10.0)
        if self.parameters["availability"] == "step":
            self.take_subset(record)
        return [1.0], fallen(self.state[0], self.state[2])
