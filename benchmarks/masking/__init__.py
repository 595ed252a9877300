"""What a mask is worth: agents with and without one, right and wrong, on tasks that differ in one thing at a time.

Run as `python -m benchmarks.masking`; docs/masking.md shows what came out. Reading order: `tasks` (what is played),
`arms` (what an agent does with the mask), `learner` (PPO of many seeds at once), `experiments` (the grids, with what
was expected), `runs` (results on disk), `aggregate` (means and intervals), `page` (docs/masking.md).
"""
