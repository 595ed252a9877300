"""`python -m agents.ppo_torch` in the checkout, or `python PATH/TO/agents/ppo_torch` in any directory."""

import os
import sys

if not __package__:
    # A directory run by its path is no package. What `-m` would search: the checkout, and the current directory,
    # which may hold the environment to train on.
    checkout = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    sys.path[:1] = [checkout, os.getcwd()]

if __name__ == "__main__":
    from agents.starting import run

    run("agents.ppo_torch.main", extra="torch")
