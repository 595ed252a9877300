"""graph-jsp-env: job shop scheduling on the disjunctive graph."""

from __future__ import annotations

from typing import Any

import numpy as np

PACKAGE = "graph-jsp-env"
DISTRIBUTIONS = ("graph-jsp-env", "numpy", "gymnasium", "networkx")


def job_shop(**arguments: Any) -> Any:
    """The example of its README: four machines and three jobs."""
    from graph_jsp_env.disjunctive_graph_jsp_env import DisjunctiveGraphJspEnv

    machines = [[0, 1, 2, 3], [0, 2, 1, 3], [1, 0, 2, 3]]
    durations = [[11, 3, 3, 12], [5, 16, 7, 4], [6, 10, 11, 9]]
    return DisjunctiveGraphJspEnv(jps_instance=np.array([machines, durations]), verbose=0, **arguments)


ENVIRONMENTS = {
    "DisjunctiveGraphJspEnv, env_transform='mask'": "job_shop(env_transform='mask')",
    "DisjunctiveGraphJspEnv, action_mode='job'": "job_shop(env_transform='mask', action_mode='job')",
}
OPTIONS: dict[str, dict[str, Any]] = {"": {"time_budget": 20}}
