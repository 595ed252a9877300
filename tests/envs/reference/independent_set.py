"""MaskedIndependentSet from its card."""

import numpy as np

PARAMETERS = [
    {"num_nodes": 1, "graph": "cycle"},
    {"num_nodes": 2, "graph": "cycle"},
    {"num_nodes": 5, "edge_probability": 0.0, "time_limit": 3},
    {"num_nodes": 4, "edge_probability": 1.0},
    {"num_nodes": 30, "edge_probability": 0.1},
]


class Reference:
    to_move = 0

    def __init__(self, parameters):
        self.num_nodes, self.graph = parameters["num_nodes"], parameters["graph"]
        self.edge_probability = parameters["edge_probability"]

    def reset_from(self, record):
        nodes = range(self.num_nodes)
        self.edges = {(i, i + 1) for i in nodes[:-1]}  # (lower, higher)
        if self.graph == "cycle" and self.num_nodes > 1:
            self.edges.add((0, self.num_nodes - 1))
        if self.graph == "random":
            self.edges = {(i, j) for i in nodes for j in nodes if i < j and record["adjacency"][i, j]}
            assert self.edge_probability > 0 or not self.edges
            assert self.edge_probability < 1 or len(self.edges) == self.num_nodes * (self.num_nodes - 1) // 2
        self.picked = set()

    def are_joined(self, i, j):
        return (min(i, j), max(i, j)) in self.edges

    def is_legal(self, node):
        return node not in self.picked and not any(self.are_joined(node, other) for other in self.picked)

    def mask(self, agent):
        return np.array([self.is_legal(node) for node in range(self.num_nodes)], np.int8)

    def observation(self, agent):
        nodes = range(self.num_nodes)
        adjacency = [[int(self.are_joined(i, j)) for j in nodes] for i in nodes]
        return np.array([*adjacency, [int(node in self.picked) for node in nodes]], np.int8)

    def step(self, action, record):
        self.picked.add(int(action))
        return [1.0], not self.mask(0).any()
