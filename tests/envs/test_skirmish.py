"""MaskedSkirmish: duels whose end and rewards are known in closed form, and all that a crowd may do, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from positions import changed, read

import masked_envs

ENV_ID = "MaskedSkirmish-v0"
HOLD, RIGHT, LEFT, ATTACK = 0, 2, 4, 5


def placed(env, units, **fields):
    """A running fight with these units: (row, column, hit points, pause), None for a fallen one."""
    shape = read(env.get_state())["board"].shape
    board, rows = np.full(shape, -1), [unit or (0, 0, 0, 0) for unit in units]
    for number, unit in enumerate(units):
        if unit:
            board[unit[:2]] = number
    env.set_state(changed(env.get_state(), units=rows, board=board, **fields))
    return env


def fight(**parameters):
    env = masked_envs.make_parallel(ENV_ID, **parameters)
    env.reset(seed=0)
    return env


# --- duels in closed form ---------------------------------------------------------------------------------------------
# Who attacks whenever it may, from step `first` on, lands its k-th hit in step first + (k - 1) * (cooldown + 1). So it
# needs until first + (H - 1) * (cooldown + 1) for H hit points, and has landed floor((t - first) / (cooldown + 1)) + 1
# hits after step t >= first.


def fells(first, hit_points, cooldown):
    return first + (hit_points - 1) * (cooldown + 1)


def landed(step, first, cooldown):
    return max(0, math.floor((step - first) / (cooldown + 1)) + 1)


@pytest.mark.parametrize("cooldown", [0, 1, 3])
@pytest.mark.parametrize("hit_points", [1, 2, 5])
@pytest.mark.parametrize("firsts", [(1, 1), (1, 2), (4, 1), (1, 3)])
def test_a_duel_ends_in_closed_form(firsts, hit_points, cooldown):
    env = fight(rows=1, cols=4, team_size=1, hit_points=hit_points, cooldown=cooldown, attack_range=3, time_limit=0)
    agents = env.possible_agents
    earned, step = dict.fromkeys(agents, 0.0), 0
    while env.agents:
        step += 1
        masks = env.action_mask
        actions = {a: ATTACK if masks[a][ATTACK] and step >= f else HOLD for a, f in zip(agents, firsts, strict=True)}
        _, rewards, terminations, _, _ = env.step(actions)
        for agent in agents:
            earned[agent] += rewards[agent]
    ends = [fells(first, hit_points, cooldown) for first in firsts]
    last = min(ends)
    hits = [landed(last, first, cooldown) for first in firsts]
    wins = [last == end and min(hits) < hit_points for end in ends]
    assert step == last and all(terminations.values())
    for agent, mine, its, wins_it in zip(agents, hits, hits[::-1], wins, strict=True):
        assert earned[agent] == mine - its + 5.0 * wins_it
    left = [max(0, hit_points - n) for n in hits[::-1]]
    assert read(env.get_state())["units"][:, 2].tolist() == left
    assert sum(wins) == (0 if hits[0] == hits[1] else 1) and (min(left) == 0)


@pytest.mark.parametrize(("attackers", "hit_points", "cooldown"), [(2, 5, 1), (3, 3, 2), (3, 7, 0), (4, 4, 1)])
def test_a_focus_of_fire_fells_in_closed_form(attackers, hit_points, cooldown):
    """`attackers` on one enemy, who holds: the volley that fells it is number ceil(H / attackers)."""
    env = fight(rows=attackers, cols=4, team_size=attackers, hit_points=hit_points, cooldown=cooldown, attack_range=20)
    volleys, step = math.ceil(hit_points / attackers), 0
    victim = f"yellow_{attackers - 1}"
    while victim in env.agents:
        step += 1
        masks = env.action_mask
        actions = {
            a: ATTACK + attackers - 1 if a.startswith("red") and masks[a][ATTACK + attackers - 1] else HOLD
            for a in env.agents
        }
        _, rewards, terminations, _, infos = env.step(actions)
    assert step == 1 + (volleys - 1) * (cooldown + 1)
    assert rewards[victim] == -attackers  # the whole volley, though fewer hits may have been enough
    assert terminations == {a: a == victim for a in env.possible_agents} and victim not in env.agents
    assert (infos[victim]["action_mask"] == 1).all() and len(env.agents) == 2 * attackers - 1
    assert all(not env.action_mask[a][ATTACK + attackers - 1] for a in env.agents if a.startswith("red"))


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_range_pause_walls_and_neighbours_are_in_the_mask():
    env = placed(fight(rows=3, cols=5, team_size=2), [(0, 0, 3, 0), (1, 1, 3, 2), (1, 0, 1, 0), (2, 4, 3, 0)])
    masks = {agent: mask.tolist() for agent, mask in env.action_mask.items()}
    #                          hold up right down left; attack 0, 1
    assert masks["red_0"] == [1, 0, 1, 0, 0, 1, 0]  # yellow_0 is one away, and stands below
    assert masks["red_1"] == [1, 1, 1, 1, 0, 0, 0]  # it pauses
    assert masks["yellow_0"] == [1, 0, 0, 1, 0, 1, 1]
    assert masks["yellow_1"] == [1, 1, 0, 0, 1, 0, 0]


def test_who_falls_attacks_and_does_not_move_and_its_cell_is_free_only_later():
    env = placed(fight(rows=1, cols=6, team_size=2), [(0, 0, 3, 0), (0, 3, 1, 0), (0, 4, 1, 0), (0, 5, 3, 0)])
    # red_1 and yellow_0 fell each other; red_0 closes up; yellow_1 may not enter the cell of yellow_0 in this step.
    assert env.action_mask["yellow_1"][LEFT] == 0
    actions = {"red_0": RIGHT, "red_1": ATTACK, "yellow_0": ATTACK + 1, "yellow_1": HOLD}
    _, rewards, terminations, *_ = env.step(actions)
    assert rewards == {"red_0": 0.0, "red_1": 0.0, "yellow_0": 0.0, "yellow_1": 0.0}
    assert [agent for agent, over in terminations.items() if over] == ["red_1", "yellow_0"]
    assert read(env.get_state())["units"].tolist() == [[0, 1, 3, 0], [0] * 4, [0] * 4, [0, 5, 3, 0]]
    assert env.agents == ["red_0", "yellow_1"] and env.action_mask["yellow_1"][LEFT] == 1


def test_the_lowest_number_has_the_cell_that_several_choose():
    env = placed(fight(rows=1, cols=5, team_size=1), [(0, 1, 3, 0), (0, 3, 3, 0)])
    env.step({"red_0": RIGHT, "yellow_0": LEFT})
    assert read(env.get_state())["units"][:, 1].tolist() == [2, 3]


@pytest.mark.parametrize("first", [0, 1])
def test_the_last_volley_wins_or_nobody_does(first):
    """Two of red against the last of yellow, with one hit point each: red wins if one of it is left."""
    units = [(0, 0, 1, 0), (0, 1, 1, 0) if first else None, (0, 2, 1, 0), None]
    env = placed(fight(rows=1, cols=4, team_size=2), units)
    actions = {"red_0": ATTACK, "yellow_0": ATTACK} | ({"red_1": HOLD} if first else {})
    _, rewards, terminations, *_ = env.step(actions)
    assert all(terminations.values()) and env.agents == []
    assert rewards == {"red_0": 0.0, "yellow_0": 0.0} | ({"red_1": 5.0} if first else {})


def test_the_start_is_fair_and_any_cells_of_two_columns():
    envs = masked_envs.make_vec(ENV_ID, 1200, backend="python", rows=2, cols=5, team_size=2)
    envs.reset(seed=0)
    seen: dict[tuple[int, ...], int] = {}
    for state in envs.get_state():
        units = read(state)["units"]
        assert (units[2:, 0] == units[:2, 0]).all() and (units[2:, 1] == 4 - units[:2, 1]).all()
        cells = tuple((units[:2, 0] * 2 + units[:2, 1]).tolist())
        seen[cells] = seen.get(cells, 0) + 1
    assert len(seen) == 12  # ordered pairs of four cells
    stats = pytest.importorskip("scipy.stats")
    assert stats.chisquare(list(seen.values())).pvalue > 1e-4


def test_a_team_must_fit_into_two_columns():
    fight(rows=3, team_size=6)
    with pytest.raises(ValueError, match="team_size=7 .*rows=3: at most 6"):
        fight(rows=3, team_size=7)
