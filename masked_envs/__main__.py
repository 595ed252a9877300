"""`python -m masked_envs`: the same as the command `masked-envs`."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
