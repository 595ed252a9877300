/* Connect Four as a plain C loop: the rules of masked_envs/envs/board/connect_four.py for N rows, with the work that a
 * vector step does: check every action against the mask, move, mask, observation, and the reset of ended rows one step
 * later (Gymnasium's NEXT_STEP). The yardstick of benchmarks/c_loop.py; nothing of the package uses it. */
#include <stdint.h>
#include <string.h>

enum { ROWS = 6, COLUMNS = 7, LINE = 4, CELLS = ROWS * COLUMNS };

typedef struct {
    int8_t rack[ROWS][COLUMNS]; /* 0 empty, else the player's index plus one */
    int64_t discs, to_move;
} State;

typedef struct {
    State *states;          /* (N,) */
    int8_t *observations;   /* (N, 2, ROWS, COLUMNS) */
    int8_t *masks;          /* (N, COLUMNS) */
    double *rewards;        /* (N, 2) */
    uint8_t *terminated;    /* (N,) */
} Batch;

int64_t state_size(void) { return sizeof(State); }

static int run(const State *s, int row, int column, int down, int right) {
    int disc = s->rack[row][column], length = 0;
    row += down, column += right;
    while (0 <= row && row < ROWS && 0 <= column && column < COLUMNS && s->rack[row][column] == disc) {
        length++;
        row += down, column += right;
    }
    return length;
}

static int completes_line(const State *s, int row, int column) {
    static const int directions[4][2] = {{0, 1}, {1, 0}, {1, 1}, {1, -1}};
    for (int d = 0; d < 4; d++) {
        int down = directions[d][0], right = directions[d][1];
        if (1 + run(s, row, column, down, right) + run(s, row, column, -down, -right) >= LINE) return 1;
    }
    return 0;
}

static int move(State *s, int column, double *rewards) {
    int player = (int)s->to_move, row = ROWS - 1;
    while (s->rack[row][column]) row--;
    s->rack[row][column] = (int8_t)(player + 1);
    s->discs++;
    s->to_move = 1 - player;
    if (completes_line(s, row, column)) {
        rewards[player] = 1.0;
        rewards[1 - player] = -1.0;
        return 1;
    }
    return s->discs == CELLS;
}

static void look(const Batch *b, int64_t i) {
    const State *s = &b->states[i];
    const int8_t *rack = &s->rack[0][0];
    int8_t *own = b->observations + i * 2 * CELLS, *other = own + CELLS, *mask = b->masks + i * COLUMNS;
    for (int k = 0; k < CELLS; k++) own[k] = rack[k] == s->to_move + 1;
    for (int k = 0; k < CELLS; k++) other[k] = rack[k] == 2 - s->to_move;
    for (int k = 0; k < COLUMNS; k++) mask[k] = b->terminated[i] || rack[k] == 0;
}

void reset_all(const Batch *b, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        memset(&b->states[i], 0, sizeof(State));
        b->terminated[i] = 0;
        look(b, i);
    }
}

/* The first row with an invalid action, nothing moved; or -1. */
int64_t step_all(const Batch *b, const int64_t *actions, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        int64_t a = actions[i];
        if (!b->terminated[i] && !(0 <= a && a < COLUMNS && b->masks[i * COLUMNS + a])) return i;
    }
    for (int64_t i = 0; i < n; i++) {
        double *rewards = b->rewards + 2 * i;
        rewards[0] = rewards[1] = 0.0;
        if (b->terminated[i]) {
            memset(&b->states[i], 0, sizeof(State));
            b->terminated[i] = 0;
        } else {
            b->terminated[i] = (uint8_t)move(&b->states[i], (int)actions[i], rewards);
        }
        look(b, i);
    }
    return -1;
}
