"""Action-masked graph colouring: colour node after node, neighbours differently, and do not get stuck.

Description
    The nodes of a graph are coloured in the order of their numbers. A node must not have the colour of a neighbour. A
    colour that is legal now can leave no legal colour for a later node: then the episode ends.

Action space
    `Discrete(num_colors)`.

    | action | meaning |
    |---|---|
    | k, 0 to num_colors - 1 | give the next node colour k |

Mask
    Kind flat, meaning legal: int8 (num_colors,); a colour is legal if no neighbour of the next node has it. It is a
    function of the observation and never empty before the end.

Observation
    `Box (num_nodes + 1, num_nodes) int8`.

    | row | meaning |
    |---|---|
    | 0 to num_nodes - 1 | the adjacency matrix, symmetric with 0 on the diagonal |
    | num_nodes | the colour of each node plus one, 0 for a node without a colour |

Rewards
    1 for each node coloured.

Start
    No node has a colour. With `graph="random"` each pair of nodes is an edge with probability `edge_probability`, drawn
    in each episode. "path" joins node i and i + 1; "cycle" also the first and the last.

Episode end
    Terminated when every node has a colour, or when no colour is legal for the next node. Never truncated, unless
    `time_limit` is set.

Arguments
    `num_nodes`, `num_colors`, `graph`, `edge_probability`. `edge_probability` is only used by random graphs.

References
    With k colours a path of n nodes has k (k - 1)^(n - 1) colourings, a cycle (k - 1)^n + (-1)^n (k - 1): Read, "An
    introduction to chromatic polynomials", Journal of Combinatorial Theory 4, 1968.

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import Declaration, Parameter, copy_to, count_nonzero, fill, rule, state_record
from ...mask_spec import MaskSpec
from ...render import Scene, agent_ink
from .graphs import PARAMETERS, circle_size, draw_edges, draw_graph, edge_list, node_places, observe_graph

NO_COLOR = 0  # a node holds NO_COLOR, or its colour plus one


def state(values):
    nodes = values["num_nodes"]
    return state_record(
        adjacency=(np.int8, (nodes, nodes)),
        colors=(np.int8, (nodes,)),
        free=(np.int8, (values["num_colors"],)),  # colours of the next node, all 0 when there is none
        colored=np.int64,
    )


@rule
def reset(s, p):
    draw_graph(s["rng"], p, s["adjacency"])
    fill(s["colors"], NO_COLOR)
    fill(s["free"], 1)
    s["colored"] = 0


@rule
def action_mask(s, p, agent, out):
    copy_to(s["free"], out)


@rule
def step(s, p, color, rewards):
    s["colors"][s["colored"]] = color + 1
    s["colored"] += 1
    rewards[0] += 1.0
    find_free(s, p)
    return count_nonzero(s["free"]) == 0


@rule
def observe(s, p, agent, out):
    observe_graph(s["adjacency"], s["colors"], out)


@rule
def find_free(s, p):
    node, free = s["colored"], s["free"]
    if node == p["num_nodes"]:
        fill(free, 0)
        return
    fill(free, 1)
    for other in range(node):
        if s["adjacency"][node, other] != 0:
            free[s["colors"][other] - 1] = 0


# --- picture: the nodes on a circle, the colours below --------------------------------------------------------------


def draw(s, p):
    nodes, size = p["num_nodes"], circle_size(p["num_nodes"])
    scene = Scene(size, size)
    draw_edges(scene, s["adjacency"])
    for node, (x, y) in enumerate(node_places(nodes)):
        color = int(s["colors"][node])
        scene.disc(x, y, 0.4, "cell" if color == NO_COLOR else agent_ink(color - 1))
        if node == s["colored"]:
            scene.disc(x, y, 0.46, "outline", outline=0.06)
        scene.text(x, y, f"{node}", 0.3, "text")
    scene.strip(p["num_colors"], title="colours")
    colors = "".join(f" {color - 1}" if color else " ." for color in s["colors"].astype(int))
    scene.glyph_rows = [f"edges {edge_list(s['adjacency'])}", f"colours{colors}"]
    return scene


ENV = Declaration(
    id="MaskedGraphColoring-v0",
    module=__name__,
    state=state,
    mask=lambda values: MaskSpec.flat(values["num_colors"]),
    observation=lambda values: Box(
        0, max(1, values["num_colors"]), (values["num_nodes"] + 1, values["num_nodes"]), np.int8
    ),
    parameters={**PARAMETERS, "num_colors": Parameter(4, "colours", low=1, high=100)},
)
