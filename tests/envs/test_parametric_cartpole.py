"""ParametricCartPole: what a candidate does stands in its embedding, and nowhere else."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
import pytest
from positions import changed, read

from masked_envs import make, make_vec

ENV_ID = "ParametricCartPole-v0"
AVAILABILITIES = ["fixed", "episode", "step"]


def left_embedding(**arguments: Any) -> np.ndarray:
    """The embedding of a push to the left, found by pushing: the one candidate legal made to move the cart."""
    env = make(ENV_ID, **arguments)
    observation, _ = env.reset(seed=0)
    before = read(env.get_state())["x_dot"]
    candidate = int(np.flatnonzero(env.action_mask)[0])
    env.step(candidate)
    embedding = observation["action_embeddings"][candidate]
    return embedding if read(env.get_state())["x_dot"] < before else -embedding


def goes_right(embeddings: np.ndarray, left: np.ndarray) -> np.ndarray:
    return np.asarray(embeddings @ left < 0)


# --- the embedding, and only the embedding, tells the direction ------------------------------------------------------


@pytest.mark.parametrize("noise", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("dimensions", [1, 2, 7])
def test_every_embedding_tells_the_direction_of_its_candidate(dimensions: int, noise: float) -> None:
    arguments = {"num_actions": 9, "num_available": 3, "embedding_dim": dimensions, "layout_seed": 4}
    left = left_embedding(**arguments)
    env = make(ENV_ID, **arguments, embedding_noise=noise)
    for seed in range(10):
        observation, _ = env.reset(seed=seed)
        # all made legal, since the forbidden ones have directions too
        start = changed(env.get_state(), available=1)
        expected = goes_right(np.sign(observation["action_embeddings"]), left)
        assert expected.sum() == 4  # of nine actions, five push left
        for candidate in range(9):
            env.set_state(start)
            env.step(candidate)
            assert (read(env.get_state())["x_dot"] > read(start)["x_dot"]) == expected[candidate]


def test_an_agent_that_reads_embeddings_balances_the_pole() -> None:
    env = make(ENV_ID, num_actions=20, num_available=4, availability="step", embedding_dim=3, embedding_noise=0.3)
    left = left_embedding(num_actions=20, num_available=4, embedding_dim=3)
    for seed in range(3):
        observation, _ = env.reset(seed=seed)
        steps, over = 0, False
        while not over:
            body = observation["observation"]
            wanted = body @ [0.1, 0.3, 2.0, 0.6] > 0
            fits = goes_right(observation["action_embeddings"], left) == wanted
            candidate = np.flatnonzero(observation["action_mask"].astype(bool) & fits)[0]
            observation, _, terminated, truncated, _ = env.step(int(candidate))
            steps, over = steps + 1, terminated or truncated
        assert steps == 500 and truncated


def dealt(num_actions: int, num_available: int, availability: str, rows: int, layout_seed: int = 0) -> Counter[Any]:
    """How often each (mask, directions) was dealt, read from the first observations alone."""
    arguments: dict[str, Any] = {
        "num_actions": num_actions,
        "num_available": num_available,
        "layout_seed": layout_seed,
    }
    left = left_embedding(**arguments)
    envs = make_vec(ENV_ID, rows, **arguments, availability=availability)
    observation, info = envs.reset(seed=1)
    if availability == "step":
        observation, _, _, _, info = envs.step(info["action_mask"].argmax(axis=1))
    pairs = zip(observation["action_mask"], goes_right(observation["action_embeddings"], left), strict=True)
    return Counter((mask.tobytes(), right.tobytes()) for mask, right in pairs)


@pytest.mark.parametrize("availability", AVAILABILITIES)
def test_every_deal_is_equally_likely(availability: str) -> None:
    """Four candidates, two right, and one legal one of each direction: 6 x 2 x 2 deals."""
    stats = pytest.importorskip("scipy.stats")
    counts = dealt(4, 2, availability, rows=4800)
    assert len(counts) == 24
    assert stats.chisquare(list(counts.values())).pvalue > 1e-4


def test_the_fixed_choice_is_of_actions_and_not_of_candidates() -> None:
    """Three of six available: the layout decides once whether one or two of them push left."""
    kinds = set()
    for layout_seed in range(12):
        counts = dealt(6, 3, "fixed", rows=64, layout_seed=layout_seed)
        rights = {int((np.frombuffer(mask, np.int8) & np.frombuffer(right, np.int8)).sum()) for mask, right in counts}
        assert len(rights) == 1 and len(counts) > 30
        kinds |= rights
    assert kinds == {1, 2}
    counts = dealt(6, 3, "episode", rows=64)
    assert len({int((np.frombuffer(m, np.int8) & np.frombuffer(r, np.int8)).sum()) for m, r in counts}) == 2


@pytest.mark.parametrize("availability", AVAILABILITIES)
@pytest.mark.parametrize(("num_actions", "num_available"), [(2, 2), (3, 2), (6, 2), (6, 5), (6, 6), (300, 40)])
def test_every_mask_has_num_available_ones_and_both_directions(
    num_actions: int, num_available: int, availability: str
) -> None:
    arguments = {"num_actions": num_actions, "num_available": num_available, "availability": availability}
    left, env, masks = left_embedding(**arguments), make(ENV_ID, **arguments), []
    for seed in range(5):
        observation, _ = env.reset(seed=seed)
        for _ in range(6):
            mask = observation["action_mask"].astype(bool)
            right = goes_right(observation["action_embeddings"], left)
            assert mask.sum() == num_available and len(set(right[mask])) == 2
            if num_actions > num_available + 3:  # the forbidden ones look like legal ones, so the mask is needed
                assert len(set(right[~mask])) == 2
            masks.append(mask.tobytes())
            observation = env.step(int(mask.argmax()))[0]
    episodes = [len(set(masks[k : k + 6])) for k in range(0, 30, 6)]
    if (num_actions, availability) == (300, "step"):
        assert episodes == [6] * 5
    elif num_actions == 300:
        assert episodes == [1] * 5 and len(set(masks)) == 5


# --- permuting candidates permutes masks and embeddings and nothing else ------------------------------------------


@pytest.mark.parametrize("availability", AVAILABILITIES)
def test_permuting_candidates_permutes_masks_and_embeddings_and_nothing_else(availability: str) -> None:
    arguments = {"num_actions": 8, "num_available": 3, "availability": availability, "embedding_noise": 0.5}
    first, second = make(ENV_ID, **arguments), make(ENV_ID, **arguments)
    rng, steps = np.random.default_rng(0), 0
    for seed in range(20):
        first.reset(seed=seed)
        second.reset(seed=seed)
        order = rng.permutation(8)  # the second environment's candidate i is the first's candidate order[i]
        record = read(first.get_state())
        permuted = {name: record[name][order] for name in ("meanings", "embeddings")}
        second.set_state(changed(second.get_state(), **permuted))
        over = False
        while not over:
            assert (second.action_mask == first.action_mask[order]).all()
            candidate = int(rng.choice(np.flatnonzero(second.action_mask)))
            one = first.step(int(order[candidate]))
            other = second.step(candidate)
            assert other[0]["observation"].tobytes() == one[0]["observation"].tobytes()
            assert (other[0]["action_embeddings"] == one[0]["action_embeddings"][order]).all()
            assert other[1:4] == one[1:4]
            records = [read(env.get_state()) for env in (first, second)]
            for name in set(records[0].dtype.names) - set(permuted):
                assert np.array_equal(records[0][name], records[1][name])
            over, steps = one[2] or one[3], steps + 1
    assert steps > 200


@pytest.mark.parametrize("availability", ["fixed", "episode"])
def test_it_is_cartpole_under_other_names(availability: str) -> None:
    """From the same seed: the body, and the legal actions that the candidates stand for."""
    arguments = {"num_actions": 7, "num_available": 3, "availability": availability, "layout_seed": 2}
    env, plain = make(ENV_ID, **arguments), make("MaskedCartPole-v0", **arguments)
    rng = np.random.default_rng(0)
    for seed in range(10):
        env.reset(seed=seed)
        plain.reset(seed=seed)
        meanings = read(env.get_state())["meanings"]
        assert sorted(meanings) == list(range(7))
        over = False
        while not over:
            assert (env.action_mask == plain.action_mask[meanings]).all()
            candidate = int(rng.choice(np.flatnonzero(env.action_mask)))
            one, other = env.step(candidate), plain.step(int(meanings[candidate]))
            assert one[0]["observation"].tobytes() == other[0]["observation"].tobytes() and one[1:4] == other[1:4]
            over = one[2] or one[3]


# --- embeddings -----------------------------------------------------------------------------------------------------


def embeddings_of(seed: int | None, **arguments: Any) -> np.ndarray:
    embeddings: np.ndarray = make(ENV_ID, **arguments).reset(seed=seed)[0]["action_embeddings"]
    return embeddings


def two_embeddings(seed: int | None, layout_seed: int) -> set[bytes]:
    return {row.tobytes() for row in embeddings_of(seed, layout_seed=layout_seed, embedding_dim=40)}


def test_embeddings_are_the_same_in_every_instance_seed_and_process() -> None:
    here = two_embeddings(None, 3)
    assert len(here) == 2 and all(two_embeddings(seed, 3) == here for seed in range(10))
    assert len({frozenset(two_embeddings(0, layout)) for layout in range(20)}) == 20  # the layout decides
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as worker:
        assert worker.submit(two_embeddings, None, 3).result() == here


def test_embeddings_are_opposite_corners_of_the_cube_with_bounded_noise() -> None:
    for layout_seed in range(5):
        bare = embeddings_of(0, embedding_dim=6, layout_seed=layout_seed)
        assert bare.shape == (6, 6) and (abs(bare) == 1).all()
        assert (abs(bare @ bare.T) == 6).all()  # the same corner or the opposite one
    noisy = np.concatenate([embeddings_of(seed, embedding_noise=0.25, num_actions=50) for seed in range(20)])
    noise = noisy - np.sign(noisy)
    assert (abs(noise) <= 0.25).all() and noise.min() < -0.249 and noise.max() > 0.249
    assert abs(noise.mean()) < 5 * 0.25 / np.sqrt(3 * noise.size)
    assert len(np.unique(noise)) > 0.99 * noise.size


def test_noise_stays_for_an_episode_and_no_longer() -> None:
    env = make(ENV_ID, embedding_noise=0.1)
    first = env.reset(seed=0)[0]["action_embeddings"]
    second = env.step(int(env.action_mask.argmax()))[0]["action_embeddings"]
    assert (first == second).all() and not np.shares_memory(first, second)
    assert not np.isin(env.reset()[0]["action_embeddings"], first).any()


@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_observations_are_within_their_space(noise: float) -> None:
    env = make(ENV_ID, num_actions=40, embedding_dim=5, embedding_noise=noise)
    assert env.observation_space["action_embeddings"].shape == (40, 5)
    for seed in range(30):
        assert env.reset(seed=seed)[0] in env.observation_space


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"num_available": 7}, r"num_available=7.*num_actions=6"),
        ({"embedding_dim": 0}, "embedding_dim must be at least 1"),
        ({"embedding_noise": 1.5}, "embedding_noise must be at least 0 and at most 1"),
    ],
)
def test_impossible_values_are_refused(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make(ENV_ID, **arguments)
