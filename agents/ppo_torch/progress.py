"""How far a run is: a bar in a terminal, lines elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from tqdm import tqdm

MOST_SILENCE = 30.0  # seconds


class Progress:
    """Shows progress on stderr until it is left.

    Where stderr is no terminal, as in a log file, there is a line whenever another tenth of the run is done, and after
    30 seconds without one.

    Args:
        total: decisions of the whole run.
        done: decisions made before, in a resumed run.
    """

    def __init__(self, total: int, done: int) -> None:
        self.total, self.tenth = total, 10 * done // total
        self.began = self.shown = time.monotonic()
        self.bar = tqdm(total=total, initial=done, unit=" decisions") if sys.stderr.isatty() else None

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if self.bar is not None:
            self.bar.close()

    def update(self, done: int, metrics: dict[str, float]) -> None:
        """After an iteration; of the metrics, the returns are shown."""
        returns = {name: round(value, 1) for name, value in metrics.items() if name.endswith("_return")}
        if self.bar is not None:
            self.bar.update(done - self.bar.n)
            self.bar.set_postfix(returns)
            return
        now, tenth = time.monotonic(), 10 * done // self.total
        if tenth > self.tenth or now - self.shown >= MOST_SILENCE:
            self.tenth, self.shown = tenth, now
            words = [f"{done:,} of {self.total:,} decisions in {now - self.began:.0f} s"]
            words += [f"{name.replace('_', ' ')} {value}" for name, value in returns.items()]
            print(", ".join(words), file=sys.stderr, flush=True)
