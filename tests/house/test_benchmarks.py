"""What the benchmarks say is what they measured, and what they compare does the same work."""

import ctypes
import importlib
import itertools
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

import masked_envs
from masked_envs import MaskSpec, throughput
from masked_envs.catalogue import CATALOGUE

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

import adapters  # noqa: E402
import c_loop  # noqa: E402
import compare  # noqa: E402
import environment_peers  # noqa: E402
import environments  # noqa: E402
import forms  # noqa: E402
import measure  # noqa: E402
import report  # noqa: E402
import rllib_minutes  # noqa: E402
import rllib_sampling  # noqa: E402
import run  # noqa: E402

needs_compiler = pytest.mark.skipif(
    not (shutil.which("gcc") or shutil.which("cc")), reason="needs a C compiler (Debian, Ubuntu: apt install gcc)"
)

SAMPLE = {
    "date": "2026-01-02",
    "machine": {"cpu": "A CPU", "cores": 2, "python": "3.11.0"},
    "versions": {"masked-envs": "0.1.0", "gymnasium": "1.2.2"},
    "groups": {
        "one": [
            {"kind": "comparison", "name": "a step", "peer": "Peer", "unit": "steps", "must": 3, "aim": 10.5,
             "ratio": 4.1234, "rate": {"ours": 12_345_678, "peer": 3_000}},
            {"kind": "comparison", "name": "aside", "peer": "Peer", "unit": "steps", "must": None, "aim": None,
             "ratio": 44.4, "rate": {"ours": 44.4, "peer": 1.0}},
        ],
        "two": [
            {"kind": "rate", "name": "a game", "unit": "steps", "must": 2e5, "aim": None, "median": 345_678.9},
            {"kind": "budget", "name": "import", "unit": "ms", "must": 100, "aim": None, "median": 18.4},
            {"kind": "comparison", "name": "a run", "peer": "Peer", "unit": "runs", "must": 3, "aim": 10,
             "ratio": 8.0, "rate": {"ours": 0.4, "peer": 0.05}},
        ],
    },
}  # fmt: skip
TABLE = """\
| what | compared with | measured | must | aim |
|---|---|---|---|---|
| a step | Peer | **4.1x** (12.3 M against 3 k steps/s) | 3x | 10.5x |
| a game | | 346 k steps/s | > 200 k | |
| import | | 18 ms | < 100 ms |  |
| a run | Peer | **8x** (2.5 s against 20.0 s) | 3x | 10x |

Measured on 2026-01-02: A CPU, 2 cores, Python 3.11.0; gymnasium 1.2.2."""


# --- the table ------------------------------------------------------------------------------------------------------


def test_the_readme_quotes_the_newest_results() -> None:
    page = (ROOT / "README.md").read_text()
    block = report.table(json.loads(report.newest().read_text()))
    assert report.written_into(page, block) == page, "run: python benchmarks/report.py --write README.md"


def test_the_newest_results_are_whole_and_keep_every_promise() -> None:
    newest = json.loads(report.newest().read_text())
    assert set(newest["groups"]) == set(run.GROUPS)
    assert not any(newest["skipped"].values())
    for result in itertools.chain(*newest["groups"].values()):
        if result["must"] is not None and result["kind"] == "comparison":
            assert result["ratio"] >= result["must"], result["name"]
        elif result["must"] is not None:
            assert result["median"] < result["must"], result["name"]


def test_the_readme_quotes_the_newest_results_of_the_adapters_and_they_keep_every_promise() -> None:
    for name, newest in adapters.newest().items():
        assert set(newest["groups"]) == {name} and not newest["skipped"].get(name)
        for result in newest["groups"][name]:
            assert result["must"] is None or result["ratio"] >= result["must"], result["name"]
    page = (ROOT / "README.md").read_text()
    written = report.written_into(page, adapters.table(), adapters.START, adapters.END)
    assert written == page, "run: python benchmarks/adapters.py --write README.md"


def test_the_page_of_rllib_quotes_the_newest_results() -> None:
    page = (ROOT / "docs" / "rllib.md").read_text()
    sampling = rllib_sampling.tables(json.loads(report.newest(rllib_sampling.FOLDER).read_text()))
    written = report.written_into(page, sampling, rllib_sampling.START, rllib_sampling.END)
    assert written == page, "run: python benchmarks/rllib_sampling.py --write docs/rllib.md"
    runs = json.loads(rllib_minutes.FILE.read_text())
    written = report.written_into(page, rllib_minutes.table(runs), rllib_minutes.START, rllib_minutes.END)
    assert written == page, "run: python benchmarks/rllib_minutes.py --write docs/rllib.md"
    assert set(runs) == set(rllib_minutes.ALGORITHMS)
    assert all(run["invalid"] == 0 < run["negative_control"] for run in runs.values())


def test_the_page_of_benchmarks_quotes_the_newest_results_of_forms() -> None:
    page = (ROOT / "benchmarks" / "README.md").read_text()
    block = report.table(json.loads(report.newest(forms.RESULTS).read_text()), every_row=True)
    assert report.written_into(page, block, forms.START, forms.END) == page, (
        "run: python benchmarks/forms.py --write benchmarks/README.md"
    )


def test_every_environment_has_its_newest_speed_and_reaches_what_its_family_must() -> None:
    newest = json.loads(report.newest(environments.RESULTS).read_text())
    assert list(newest["groups"]) == list(CATALOGUE), "run: python benchmarks/environments.py"
    assert not any(newest["skipped"].values())
    promised = 0
    for env_id, results in newest["groups"].items():
        assert [result["name"] for result in results] == [case.name for case in environments.cases(env_id)]
        for result in results:
            assert result["must"] is None or result["median"] >= result["must"], result["name"]
            promised += result["must"] is not None
    assert promised == sum(environments.floor(env_id) is not None for env_id in CATALOGUE) > 0
    page = (ROOT / "benchmarks" / "README.md").read_text()
    block = report.table(newest, every_row=True)
    assert report.written_into(page, block, environments.START, environments.END) == page, (
        "run: python benchmarks/environments.py --write benchmarks/README.md"
    )


def test_peers_are_of_ids_that_exist_and_of_parameters_that_they_have() -> None:
    assert set(environment_peers.PEERS) <= set(CATALOGUE)
    for env_id, peers in environment_peers.PEERS.items():
        for peer in peers:
            masked_envs.make_vec(env_id, 1, backend="python", **peer.parameters)


def test_random_actions_for_peers_are_legal_and_any_of_them() -> None:
    mask = np.zeros((200, 3, 4), bool)
    mask[:, 1, 2] = mask[:, 2, 0] = True
    drawn = environment_peers.Legal()(mask)
    assert {tuple(action) for action in drawn.tolist()} == {(1, 2), (2, 0)}
    assert environment_peers.Legal()(np.zeros((2, 3), bool)).tolist() == [0, 0]


@pytest.mark.parametrize("name", adapters.NAMES)
def test_every_adapter_can_say_what_it_measures(name: str) -> None:
    """Without its library: that is asked for when it is measured."""
    cases = importlib.import_module(f"adapter_{name}").comparisons()
    assert cases and len({case.name for case in cases}) == len(cases)
    assert all(callable(case.ours) and callable(case.theirs) for case in cases)


def test_the_table_has_the_promised_rows() -> None:
    assert report.table(SAMPLE) == TABLE
    assert "| aside | Peer | **44x** (44.4 against 1 steps/s) |  |  |" in report.table(SAMPLE, every_row=True)


@pytest.mark.parametrize(
    "page", ["no markers", report.START, report.END + report.START, 2 * (report.START + report.END)]
)
def test_a_page_without_both_markers_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="markers"):
        report.written_into(page, "block")


def test_the_block_goes_between_the_markers() -> None:
    page = f"before\n{report.START}\nold\n{report.END}\nafter\n"
    assert report.written_into(page, "new") == f"before\n{report.START}\nnew\n{report.END}\nafter\n"


def test_newest_is_by_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "RESULTS", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"run\.py"):
        report.newest()
    for name in ("2026-02-01-a", "2025-12-31-z", "2026-01-31-z"):
        (tmp_path / f"{name}.json").write_text("{}")
    assert report.newest().name == "2026-02-01-a.json"


# --- measuring ------------------------------------------------------------------------------------------------------


def test_sides_take_turns_and_medians_are_compared() -> None:
    order: list[str] = []
    rates = {"ours": iter([30, 1, 50]), "peer": iter([10, 5, 1000])}

    def side(name: str) -> measure.Side:
        def once() -> float:
            order.append(name)
            return next(rates[name])

        return once

    case = measure.Comparison("name", "peer", lambda: side("ours"), lambda: side("peer"), 1, 2, repetitions=3)
    result = case.measure()
    assert order == ["ours", "peer", "peer", "ours", "ours", "peer"]
    assert result["rate"] == {"ours": 30, "peer": 10} and result["ratio"] == 3.0
    assert [each["rate"] for each in result["repetitions"]["ours"]] == [30, 1, 50]


def test_checkouts_take_turns_and_each_side_of_ours_is_measured_once() -> None:
    order: list[int] = []

    class Fixed(compare.Checkout):
        def __init__(self, name: int, answers: list[float | str]) -> None:
            self.name, self.answers = name, iter(answers)

        def measure(self, number: int) -> float | str:
            order.append(self.name)
            return next(self.answers)

    assert compare.compared([Fixed(0, [30.0, 1.0, 50.0]), Fixed(1, [10.0, 5.0, 1000.0])], 7, 3) == [30.0, 10.0]
    assert order == [0, 1, 1, 0, 0, 1]
    assert compare.compared([Fixed(0, [1.0]), Fixed(1, ["no torch here"])], 7, 3) == "no torch here"
    names = [case.name for case in compare.cases_of(list(run.GROUPS))]
    assert len(names) == len(set(names)) and "vector step, Connect Four, 4096 envs" in names


def test_what_cannot_be_measured_is_left_out_with_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    def missing() -> measure.Side:
        measure.require("a_module_that_is_not_there")
        raise AssertionError

    cases = [
        measure.Comparison("gone", "peer", missing, missing),
        measure.Budget("kept", lambda: 7.0, must=9, unit="MB"),
    ]
    results, skipped = run.measured(cases)
    assert [result["name"] for result in results] == ["kept"] and results[0]["median"] == 7.0
    assert skipped[0]["name"] == "gone" and "pip install" in skipped[0]["reason"]


def test_names_and_versions_say_where() -> None:
    assert measure.machine()["cores"] >= 1
    assert measure.versions()["gymnasium"].startswith("1.")
    assert run.machine_name().endswith("cores")


# --- the C loops play by the rules of the environments --------------------------------------------------------------


def library_of(source: str, arrays: tuple, rows: int) -> tuple[ctypes.CDLL, list[np.ndarray], ctypes.Array]:
    library = c_loop.compiled(source, "-O3")
    library.state_size.restype = library.step_all.restype = ctypes.c_int64
    batch = [np.zeros((rows, library.state_size()), np.uint8)]
    batch += [np.zeros((rows, *shape), dtype) for shape, dtype in arrays]
    pointers = (ctypes.c_void_p * len(batch))(*(array.ctypes.data for array in batch))
    library.reset_all(pointers, ctypes.c_int64(rows))
    return library, batch, pointers


def step_c(library: ctypes.CDLL, pointers: ctypes.Array, actions: np.ndarray) -> int:
    first: int = library.step_all(pointers, ctypes.c_void_p(actions.ctypes.data), ctypes.c_int64(len(actions)))
    return first


@needs_compiler
def test_connect_four_in_c_is_the_environment() -> None:
    rows, rng = 50, np.random.default_rng(0)
    library, batch, pointers = library_of("connect_four.c", c_loop.GAME, rows)
    _, observations, masks, rewards, terminated = batch
    envs = masked_envs.make_vec("MaskedConnectFour-v0", rows)
    observation, info = envs.reset(seed=0)
    ended = 0
    for _ in range(150):
        np.testing.assert_array_equal(observations, observation["observation"])
        np.testing.assert_array_equal(masks, info["action_mask"])
        actions = MaskSpec.flat(7).sample(info["action_mask"], rng)
        assert step_c(library, pointers, actions) == -1
        observation, _, over, _, info = envs.step(actions)
        np.testing.assert_array_equal(terminated, over)
        np.testing.assert_array_equal(rewards, info["rewards"])
        ended += over.sum()
    assert ended > 3 * rows


@needs_compiler
def test_cartpole_in_c_moves_as_the_environment() -> None:
    rows, rng = 50, np.random.default_rng(0)
    library, batch, pointers = library_of("cartpole.c", c_loop.CART, rows)
    states = batch[0].view(np.float64)[:, 1:5]  # after elapsed_steps: x, x_dot, theta, theta_dot
    envs = masked_envs.make_vec("MaskedCartPole-v0", rows, num_actions=6)
    envs.reset(seed=0)
    for field, values in zip(("x", "x_dot", "theta", "theta_dot"), states.T, strict=True):
        envs._engine.records[field] = values
    ours, (left, right), c_actions = envs.action_mask[0], np.flatnonzero(envs.action_mask[0])[:2], (0, 1)
    if left % 2:
        left, right = right, left
    alive, ended = np.ones(rows, np.bool_), 0
    for _ in range(60):
        push = rng.integers(0, 2, rows)
        assert ours[left] and ours[right]
        assert step_c(library, pointers, np.array(c_actions)[push]) == -1
        observation, _, over, _, _ = envs.step(np.array([left, right])[push])
        np.testing.assert_array_equal(batch[1][alive], observation["observation"][alive])
        np.testing.assert_array_equal(batch[4][alive], over[alive])
        ended += int(over[alive].sum())
        alive &= ~over  # after that, the rows begin again from positions of their own
    assert ended > rows / 2


@needs_compiler
@pytest.mark.parametrize(
    ("source", "arrays", "actions"), [("connect_four.c", c_loop.GAME, 7), ("cartpole.c", c_loop.CART, 6)]
)
@pytest.mark.parametrize("action", [-1, 99, 2**40])
def test_the_c_loops_check_every_action(source: str, arrays: tuple, actions: int, action: int) -> None:
    library, batch, pointers = library_of(source, arrays, 4)
    before = batch[0].copy()
    assert step_c(library, pointers, np.array([0, 1, action, action])) == 2
    np.testing.assert_array_equal(batch[0], before)


# --- steps per second -----------------------------------------------------------------------------------------------


def test_every_row_of_a_step_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = itertools.count(0.0, 0.25)
    monkeypatch.setattr(throughput.time, "perf_counter", lambda: next(clock))
    for num_envs in (1, 3):  # looks at 0.25, 0.5, 0.75, 1.0 s after the beginning, 16 steps from one to the next
        assert throughput.steps_per_second("MaskedCartPole-v0", num_envs, "python", 1.0) == 64 * num_envs


@pytest.mark.parametrize("env_id", list(masked_envs.catalogue.CATALOGUE))
def test_every_environment_can_be_measured(env_id: str) -> None:
    for num_envs in (1, 2):
        assert throughput.steps_per_second(env_id, num_envs, "python", 1e-9) > 0


def test_no_time_is_too_little() -> None:
    with pytest.raises(ValueError, match="more than 0"):
        throughput.steps_per_second("MaskedCartPole-v0", seconds=0)
    with pytest.raises(masked_envs.UnknownEnvironmentError, match="MaskedCartPole-v0"):
        throughput.steps_per_second("MaskedCartPol")
