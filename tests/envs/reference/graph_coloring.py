"""MaskedGraphColoring from its card."""

import numpy as np

PARAMETERS = [
    {"num_nodes": 1, "num_colors": 1, "graph": "cycle"},
    {"num_nodes": 2, "num_colors": 2, "graph": "cycle"},
    {"num_nodes": 5, "num_colors": 2, "graph": "cycle"},
    {"num_nodes": 6, "num_colors": 5, "edge_probability": 1.0},
    {"num_nodes": 4, "num_colors": 1, "edge_probability": 0.0},
    {"num_nodes": 20, "num_colors": 100, "edge_probability": 0.8, "time_limit": 15},
]


class Reference:
    to_move = 0

    def __init__(self, parameters):
        self.num_nodes, self.num_colors = parameters["num_nodes"], parameters["num_colors"]
        self.graph, self.probability = parameters["graph"], parameters["edge_probability"]

    def reset_from(self, record):
        nodes = range(self.num_nodes)
        pairs = {(a, b) for a in nodes for b in nodes if a != b}
        if self.graph == "random":
            self.edges = {(a, b) for a in nodes for b in nodes if record["adjacency"][a, b]}
            assert self.edges <= pairs and all((b, a) in self.edges for a, b in self.edges)
            assert self.probability > 0 or not self.edges
            assert self.probability < 1 or self.edges == pairs
        else:
            steps = {1, self.num_nodes - 1} if self.graph == "cycle" else {1}
            self.edges = {(a, b) for a, b in pairs if abs(a - b) in steps}
        self.colors = []  # of the nodes so far

    def legal(self):
        node = len(self.colors)
        taken = {color for other, color in enumerate(self.colors) if (node, other) in self.edges}
        return [color not in taken for color in range(self.num_colors)]

    def mask(self, agent):
        return np.array(self.legal(), np.int8)

    def observation(self, agent):
        nodes = range(self.num_nodes)
        table = [[int((a, b) in self.edges) for b in nodes] for a in nodes]
        table.append([color + 1 for color in self.colors] + [0] * (self.num_nodes - len(self.colors)))
        return np.array(table, np.int8)

    def step(self, action, record):
        self.colors.append(int(action))
        return [1.0], len(self.colors) == self.num_nodes or not any(self.legal())
