"""What graph problems share: graphs as adjacency matrices, drawn at random or of a known form, and their picture."""

import math

from ...core import Parameter, copy_to, fill, random_uniform, rule

FORMS = ("random", "path", "cycle")
RANDOM, PATH, CYCLE = range(len(FORMS))

PARAMETERS = {
    "num_nodes": Parameter(12, "nodes of the graph", low=1, high=200),
    "graph": Parameter("random", "the form of the graph", choices=FORMS),
    "edge_probability": Parameter(0.3, "of each edge of a random graph", low=0.0, high=1.0),
}


@rule
def observe_graph(adjacency, marks, out):
    """Write the adjacency matrix and, in the row below, a mark for each node."""
    nodes = marks.size
    for node in range(nodes):
        copy_to(adjacency[node], out[node])
    copy_to(marks, out[nodes])


@rule
def draw_graph(rng, p, adjacency):
    """Write the adjacency matrix of a new graph: symmetric, with 0 on the diagonal."""
    nodes = p["num_nodes"]
    fill(adjacency, 0)
    for i in range(nodes):
        for j in range(i):
            if p["graph"] == RANDOM:
                is_edge = random_uniform(rng, 0.0, 1.0) < p["edge_probability"]
            else:
                is_edge = i - j == 1 or (p["graph"] == CYCLE and i - j == nodes - 1)
            if is_edge:
                adjacency[i, j] = 1
                adjacency[j, i] = 1


# --- picture: the nodes on a circle ---------------------------------------------------------------------------------


def circle_size(nodes):
    """Width and height of a picture whose nodes, of one unit, do not touch."""
    return max(4.0, 1.3 * nodes / math.pi + 1.2)


def node_places(nodes):
    """The centres of the nodes."""
    middle = circle_size(nodes) / 2
    radius = middle - 0.6
    angles = [2 * math.pi * node / nodes - math.pi / 2 for node in range(nodes)]
    return [(middle + radius * math.cos(angle), middle + radius * math.sin(angle)) for angle in angles]


def draw_edges(scene, adjacency):
    places = node_places(len(adjacency))
    for i in range(len(adjacency)):
        for j in range(i):
            if adjacency[i, j]:
                scene.line([places[i], places[j]], 0.05, "muted")


def edge_list(adjacency):
    """The edges as text, such as "0-1 0-4"."""
    nodes = range(len(adjacency))
    return " ".join(f"{j}-{i}" for i in nodes for j in range(i) if adjacency[i, j]) or "no edges"
