"""When a launch is shared out to threads; that it gives the same is in tests/catalogue/test_parity.py."""

from __future__ import annotations

import pytest

from masked_envs.core.backends import threads

pytestmark = [pytest.mark.core, pytest.mark.once]


class Clock:
    """Launches that take as long as they are told, by a clock that nothing else moves."""

    def __init__(self, monkeypatch, **seconds):
        self.now, self.seconds, self.done = 0.0, seconds, []
        monkeypatch.setattr(threads.time, "perf_counter", lambda: self.now)

    def launch(self, name):
        def launch(number):
            self.now += self.seconds[name]
            self.done.append(name)
            return number

        return launch

    def chosen(self, launch, number=50):
        """What is done once the tries are over."""
        tries = 2 + 2 * threads.TRIES
        assert [launch(k) for k in range(tries + number)] == list(range(tries + number))
        (found,) = set(self.done[tries:])
        return found


def faster_of(clock):
    return threads.the_faster(clock.launch("alone"), clock.launch("together"))


@pytest.mark.parametrize(
    ("alone", "together", "expected"), [(1e-3, 6e-4, "together"), (1e-3, 9.5e-4, "alone"), (1e-3, 2e-3, "alone")]
)
def test_the_faster_way_is_taken(monkeypatch, alone, together, expected):
    clock = Clock(monkeypatch, alone=alone, together=together)
    assert clock.chosen(faster_of(clock)) == expected
    assert {"alone", "together"} == set(clock.done[: 2 + 2 * threads.TRIES])


def test_a_short_launch_never_wakes_a_thread(monkeypatch):
    clock = Clock(monkeypatch, alone=2e-4, together=1e-9)
    assert clock.chosen(faster_of(clock), 3 * threads.DECIDED) == "alone"
    assert "together" not in clock.done


def test_the_choice_is_made_anew(monkeypatch):
    """So a core that becomes busy, or free, is noticed."""
    clock = Clock(monkeypatch, alone=1e-3, together=6e-4)
    launch = faster_of(clock)
    assert clock.chosen(launch) == "together"
    clock.seconds["together"] = 3e-3
    for k in range(threads.DECIDED + 2 + 2 * threads.TRIES):
        launch(k)
    clock.done.clear()
    assert launch(1) == 1 and clock.done == ["alone"]
