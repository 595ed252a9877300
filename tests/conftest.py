"""Settings of the test process: no window, one thread per worker, no verdict by the clock."""

import os
import sys

import hypothesis

# Read when pygame, matplotlib and OpenMP (torch) start, so set before a test imports them.
os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("RAY_ADDRESS", "local")  # else Ray joins a cluster that another test has started
# Ray lowers the priority of its workers, so that they would hardly run beside the other tests.
os.environ.setdefault("RAY_worker_niceness", "0")
if "torch" in sys.modules:
    sys.modules["torch"].set_num_threads(1)

# Hypothesis's deadline would fail an example for the time its first compilation takes.
hypothesis.settings.register_profile("masked_envs", deadline=None)
hypothesis.settings.load_profile("masked_envs")
