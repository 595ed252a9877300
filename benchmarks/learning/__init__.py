"""What can be reached in each environment: random play, a heuristic, masked PPO, MaskablePPO, and the best possible."""
