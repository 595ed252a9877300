"""When a launch is shared out to threads; that it gives the same is in tests/catalogue/test_parity.py."""

from __future__ import annotations

import gc
import threading

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


# --- the threads themselves -------------------------------------------------------------------------------------------


class Together:
    """Tasks that end only when each is in a thread of its own, and the names of these threads."""

    def __init__(self, number):
        self.barrier, self.threads = threading.Barrier(number, timeout=60), []

    def task(self, result):
        def task():
            self.threads.append(threading.current_thread())
            self.barrier.wait()
            if isinstance(result, BaseException):
                raise result
            return result

        return task


def test_every_thread_works_and_all_results_are_counted():
    crew, together = threads.Crew(3), Together(3)
    assert crew.run([together.task(number) for number in (1, 20, 300)]) == 321
    assert len(set(together.threads)) == 3
    assert crew.run([lambda: 5] * 100) == 500


def test_an_error_in_another_thread_reaches_the_caller():
    crew, together = threads.Crew(2), Together(2)
    mine = threading.current_thread()

    def fail_elsewhere():
        together.task(None)()
        if threading.current_thread() is not mine:
            raise OverflowError("of the other thread")
        return 0

    with pytest.raises(OverflowError, match="of the other thread"):
        crew.run([fail_elsewhere, fail_elsewhere])
    assert crew.run([lambda: 1, lambda: 1]) == 2, "the thread goes on"


def test_an_error_of_the_caller_leaves_no_task_running():
    crew, done = threads.Crew(2), []
    together = Together(2)
    mine = threading.current_thread()

    def task():
        together.barrier.wait()
        if threading.current_thread() is mine:
            raise KeyboardInterrupt
        done.append(True)
        return 0

    with pytest.raises(KeyboardInterrupt):
        crew.run([task, task, lambda: done.append(False) or 0])
    assert done[0] is True, "what another thread had begun was waited for"


def test_threads_end_with_their_crew():
    crew, together = threads.Crew(2), Together(2)
    crew.run([together.task(1), together.task(1)])
    (further,) = set(together.threads) - {threading.current_thread()}
    del crew
    gc.collect()
    further.join(timeout=60)
    assert not further.is_alive()
