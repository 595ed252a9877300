"""Reference agents, run from a checkout; they use the public interface of `masked_envs`.

`ppo_minimal.py` is masked PPO in one file. `ppo_torch` is the complete agent, and `rllib` trains with RLlib.
"""
