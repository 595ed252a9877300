"""Action-masked independent set: pick as many nodes of a graph as possible, no two of them neighbours.

Description
    The agent picks one node of a graph after another, never two neighbours. The episode ends when no further node can
    be picked.

Action space
    `Discrete(num_nodes)`.

    | action | meaning |
    |---|---|
    | k, 0 to num_nodes - 1 | pick node k |

Mask
    Kind flat, meaning legal: int8 (num_nodes,); a node is legal if neither it nor a neighbour has been picked. It is a
    function of the observation and never empty before the end.

Observation
    `Box (num_nodes + 1, num_nodes) int8`.

    | row | meaning |
    |---|---|
    | 0 to num_nodes - 1 | the adjacency matrix, symmetric with 0 on the diagonal |
    | num_nodes | 1 for each node picked |

Rewards
    1 for each node picked.

Start
    Nothing is picked. With `graph="random"` each pair of nodes is an edge with probability `edge_probability`, drawn in
    each episode. "path" joins node i and i + 1; "cycle" also the first and the last.

Episode end
    Terminated when no node is legal. Never truncated, unless `time_limit` is set.

Arguments
    `num_nodes`, `graph`, `edge_probability`. `edge_probability` is only used by random graphs.

References
    Karp, "Reducibility Among Combinatorial Problems", 1972. A path of n nodes has as many independent sets as the
    Fibonacci number F(n + 2), a cycle of n > 1 nodes as the Lucas number L(n): Prodinger and Tichy, "Fibonacci numbers
    of graphs", Fibonacci Quarterly 20, 1982.

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import Declaration, copy_to, count_nonzero, fill, rule, state_record
from ...mask_spec import MaskSpec
from ...render import Scene
from .graphs import PARAMETERS, circle_size, draw_edges, draw_graph, edge_list, node_places, observe_graph


def state(values):
    nodes = values["num_nodes"]
    return state_record(adjacency=(np.int8, (nodes, nodes)), picked=(np.int8, (nodes,)), free=(np.int8, (nodes,)))


@rule
def reset(s, p):
    draw_graph(s["rng"], p, s["adjacency"])
    fill(s["picked"], 0)
    fill(s["free"], 1)


@rule
def action_mask(s, p, agent, out):
    copy_to(s["free"], out)


@rule
def step(s, p, node, rewards):
    s["picked"][node] = 1
    rewards[0] += 1.0
    s["free"][node] = 0
    for other in range(p["num_nodes"]):
        if s["adjacency"][node, other] != 0:
            s["free"][other] = 0
    return count_nonzero(s["free"]) == 0


@rule
def observe(s, p, agent, out):
    observe_graph(s["adjacency"], s["picked"], out)


# --- picture --------------------------------------------------------------------------------------------------------


def draw(s, p):
    nodes = p["num_nodes"]
    scene = Scene(circle_size(nodes), circle_size(nodes))
    draw_edges(scene, s["adjacency"])
    for node, (x, y) in enumerate(node_places(nodes)):
        scene.disc(x, y, 0.4, "highlight" if s["picked"][node] else "cell", outline=0.03)
        scene.text(x, y, f"{node}", 0.3, "text")
        scene.action(node, x - 0.42, y - 0.42, 0.84, 0.84, style="area", name=f"node {node}")
    picked = " ".join(map(str, np.flatnonzero(s["picked"]))) or "none"
    scene.glyph_rows = [f"edges {edge_list(s['adjacency'])}", f"picked {picked}"]
    return scene


ENV = Declaration(
    id="MaskedIndependentSet-v0",
    module=__name__,
    state=state,
    mask=lambda values: MaskSpec.flat(values["num_nodes"]),
    observation=lambda values: Box(0, 1, (values["num_nodes"] + 1, values["num_nodes"]), np.int8),
    parameters=PARAMETERS,
)
