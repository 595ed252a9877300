"""Every environment once more, written from its card alone, slowly and plainly; test_against_card.py compares.

One file per environment, named as its file below `masked_envs/envs`. Each has `PARAMETERS`, the sets of parameters to
play beside the defaults, and a class `Reference(parameters)` with

- `reset_from(record)`: take the start position, which chance has drawn, from the fields of the state record;
- `mask(agent)` and `observation(agent)`: what the card says that an agent is given, in its shape and dtype;
- `step(action, record)`: carry out an action (a list with one per agent where they act at once) and return the rewards
  of all agents and whether the episode has terminated. Of `record`, the position after the step, it may read nothing
  but what chance has drawn in the step;
- `to_move`: the index of the agent to move;
- `has_left(agent)`, where agents leave one by one: whether it has. `step` is given 0 in its place, and `mask` is that
  of its part of one action for all.

More where a card calls for it: `REWARD_TOLERANCE` and `MASK_TOLERANCE`, relative, where the arithmetic is not given
exactly (otherwise numbers are equal bit for bit); `allowed(agent, k, prefix)`, the mask of a later head;
`check_mask(mask)` in place of `mask`, where the card says what holds of a mask rather than which it is; and `STEPS`,
where the usual number of steps is too small for what is rare.
"""
