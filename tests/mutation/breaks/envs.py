"""The rules of the environments: one break each, for the test of what is special to it."""

from ..table import Break

ENVS = "masked_envs/envs"

BREAKS = [
    Break(f"{ENVS}/bandit/huge.py", "            number, place = last, size  #", "            number, place = last, place  #", "tests/envs/test_huge.py"),
    Break(f"{ENVS}/bandit/huge.py", '    set_entries(s["before"], 0, out)\n', "", "tests/envs/test_huge.py"),
    Break(f"{ENVS}/board/connect_four.py", "DIRECTIONS = ((0, 1), (1, 0), (1, 1), (1, -1))", "DIRECTIONS = ((0, 1), (1, 0), (1, 1))", "tests/envs/test_connect_four.py"),
    Break(f"{ENVS}/classic_control/cartpole.py", "POLE_HALF_LENGTH * (4.0 / 3.0 -", "POLE_HALF_LENGTH * (1.3333333 -", "tests/envs/test_cartpole.py"),
    Break(f"{ENVS}/classic_control/cartpole.py", "    while left == 0 or right == 0:", "    while left == 0:", "tests/envs/test_cartpole.py"),
    Break(f"{ENVS}/classic_control/parametric_cartpole.py", "out[candidate] = available[meanings[candidate]]", "out[candidate] = available[candidate]", "tests/envs/test_parametric_cartpole.py"),
    Break(f"{ENVS}/classic_control/pendulum.py", "/ per_torque - MARGIN)", "/ per_torque + MARGIN)", "tests/envs/test_pendulum.py"),
    Break(f"{ENVS}/energy/unit_commitment.py", 'and s["power"][unit] <= starting_power(p, unit)', "", "tests/envs/test_unit_commitment.py"),
    Break(f"{ENVS}/energy/unit_commitment.py", '            cost += START_COST[unit] * on\n', "", "tests/envs/test_unit_commitment.py"),
    Break(f"{ENVS}/gridworld/taxi.py", 'out[DROP_OFF] = landmark != NOWHERE and s["passenger"] == IN_TAXI', 'out[DROP_OFF] = s["passenger"] == IN_TAXI and landmark == s["destination"]', "tests/envs/test_taxi.py"),
    Break(f"{ENVS}/logistics/warehouse.py", 'rewards[robot] += 1.0\n', 'rewards[0] += 1.0\n', "tests/envs/test_warehouse.py"),
    Break(f"{ENVS}/logistics/warehouse.py", "if other != robot and goals[other, 0]", "if False and goals[other, 0]", "tests/envs/test_warehouse.py"),
    Break(f"{ENVS}/navigation/seeker.py", "across_low = s[\"position\"][other] + box[LOW, other] - MARGIN", "across_low = s[\"position\"][other] - MARGIN", "tests/envs/test_seeker.py"),
    Break(f"{ENVS}/packing/bin_pack.py", "    for row in range(board.shape[0] - height + 1):", "    for row in range(board.shape[0] - height):", "tests/envs/test_bin_pack.py"),
    Break(f"{ENVS}/packing/knapsack.py", 's["items"][WEIGHTS, item] <= s["room"]', 's["items"][WEIGHTS, item] < s["room"]', "tests/envs/test_knapsack.py"),
    Break(f"{ENVS}/packing/knapsack.py", "        if chosen[item] != 0 and fits(s, item):", "        if chosen[item] != 0:", "tests/envs/test_knapsack.py"),
    Break(f"{ENVS}/puzzle/mastermind.py", "if right + (color == digit(guess, 0)) != black or common + is_common != black + white:", "if common + is_common != black + white:", "tests/envs/test_mastermind.py"),
    Break(f"{ENVS}/puzzle/minesweeper.py", "            if random_below(s[\"rng\"], cells) < left:", "            if random_below(s[\"rng\"], cells) <= left:", "tests/envs/test_minesweeper.py"),
    Break(f"{ENVS}/puzzle/pairs.py", "out[i, j] = i != j and picked[i, j] == 0", "out[i, j] = i <= j and picked[i, j] == 0", "tests/envs/test_pairs.py"),
    Break(f"{ENVS}/puzzle/tetris.py", "                copy_to(board[row], board[to])\n", "                copy_to(board[to], board[row])\n", "tests/envs/test_tetris.py"),
    Break(f"{ENVS}/strategy/orders.py", "return MOVES[kind]", "return True", "tests/envs/test_micro_rts.py"),
    Break(f"{ENVS}/strategy/micro_rts.py", "if s[\"hit_points\"][target] > damage:", "if s[\"hit_points\"][target] >= damage:", "tests/envs/test_micro_rts.py"),
]  # fmt: skip
