"""Masked PPO, APPO, IMPALA and DQN on RLlib, through Ray Tune; `python -m agents.rllib --help` lists the flags.

RLlib does the work; `masked_envs.rllib.configure` gives it modules that know the mask. From one machine to a cluster:
`--address auto` joins a running one, whose nodes need `masked_envs` installed and, for checkpoints, a `--storage-path`
that all of them reach.

Every run ends with a line such as `decisions 204800, invalid 0 (95% upper bound 1.5e-5), negative control 3871`: the
sum of what the environments of every worker counted, in training, in evaluation, and after the last checkpoint was
loaded again. The negative control is the number of invalid actions that the same modules take, before they learn, if
the mask is kept from them.
"""
