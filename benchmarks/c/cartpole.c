/* CartPole with a mask as a plain C loop: the rules of masked_envs/envs/classic_control/cartpole.py with availability "fixed",
 * for N rows, with the work that a vector step does: check every action against the mask, move, mask, observation,
 * time limit, and the reset of ended rows one step later (Gymnasium's NEXT_STEP). The yardstick of
 * benchmarks/c_loop.py; nothing of the package uses it. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#define GRAVITY 9.8                  /* m/s^2 */
#define POLE_MASS 0.1                /* kg */
#define TOTAL_MASS (1.0 + POLE_MASS) /* kg */
#define POLE_HALF_LENGTH 0.5         /* m */
#define POLE_MASS_LENGTH (POLE_MASS * POLE_HALF_LENGTH)
#define FORCE 10.0                   /* N */
#define TIME_STEP 0.02               /* s */
#define POSITION_LIMIT 2.4           /* m */
#define ANGLE_LIMIT (12 * 2 * M_PI / 360)
#define START_RANGE 0.05
#define TIME_LIMIT 500               /* steps */

enum { NUM_ACTIONS = 6 };

typedef struct {
    int64_t elapsed_steps;
    double x, x_dot, theta, theta_dot;
    uint32_t rng[4]; /* sfc32 */
    int8_t available[NUM_ACTIONS];
} State;

typedef struct {
    State *states;        /* (N,) */
    float *observations;  /* (N, 4) */
    int8_t *masks;        /* (N, NUM_ACTIONS) */
    double *rewards;      /* (N,) */
    uint8_t *terminated;  /* (N,) */
    uint8_t *truncated;   /* (N,) */
} Batch;

int64_t state_size(void) { return sizeof(State); }

static uint32_t random_word(uint32_t *r) {
    uint32_t word = r[0] + r[1] + r[3]++;
    r[0] = r[1] ^ (r[1] >> 9);
    r[1] = r[2] + (r[2] << 3);
    r[2] = ((r[2] << 21) | (r[2] >> 11)) + word;
    return word;
}

static double start(State *s) { return -START_RANGE + 2 * START_RANGE * (random_word(s->rng) / 4294967296.0); }

static void reset(State *s) {
    s->elapsed_steps = 0;
    s->x = start(s), s->x_dot = start(s), s->theta = start(s), s->theta_dot = start(s);
    for (int k = 0; k < NUM_ACTIONS; k++) s->available[k] = k < 2; /* which two makes no difference to the time */
}

static int move(State *s, int64_t action) {
    double force = action % 2 == 1 ? FORCE : -FORCE;
    double sine = sin(s->theta), cosine = cos(s->theta);
    double push = (force + POLE_MASS_LENGTH * (s->theta_dot * s->theta_dot) * sine) / TOTAL_MASS;
    double theta_acceleration =
        (GRAVITY * sine - cosine * push) /
        (POLE_HALF_LENGTH * (4.0 / 3.0 - POLE_MASS * (cosine * cosine) / TOTAL_MASS));
    double x_acceleration = push - POLE_MASS_LENGTH * theta_acceleration * cosine / TOTAL_MASS;
    s->x += TIME_STEP * s->x_dot;
    s->x_dot += TIME_STEP * x_acceleration;
    s->theta += TIME_STEP * s->theta_dot;
    s->theta_dot += TIME_STEP * theta_acceleration;
    return fabs(s->x) > POSITION_LIMIT || fabs(s->theta) > ANGLE_LIMIT;
}

static void look(const Batch *b, int64_t i) {
    const State *s = &b->states[i];
    float *observation = b->observations + 4 * i;
    observation[0] = (float)s->x, observation[1] = (float)s->x_dot;
    observation[2] = (float)s->theta, observation[3] = (float)s->theta_dot;
    for (int k = 0; k < NUM_ACTIONS; k++) b->masks[i * NUM_ACTIONS + k] = b->terminated[i] || s->available[k];
}

void reset_all(const Batch *b, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        State *s = &b->states[i];
        s->rng[0] = (uint32_t)i, s->rng[1] = (uint32_t)i ^ 0x9E3779B9u, s->rng[2] = 0x243F6A88u, s->rng[3] = 1;
        for (int k = 0; k < 12; k++) random_word(s->rng);
        reset(s);
        b->terminated[i] = b->truncated[i] = 0;
        look(b, i);
    }
}

/* The first row with an invalid action, nothing moved; or -1. */
int64_t step_all(const Batch *b, const int64_t *actions, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        int64_t a = actions[i];
        int ended = b->terminated[i] || b->truncated[i];
        if (!ended && !(0 <= a && a < NUM_ACTIONS && b->masks[i * NUM_ACTIONS + a])) return i;
    }
    for (int64_t i = 0; i < n; i++) {
        State *s = &b->states[i];
        if (b->terminated[i] || b->truncated[i]) {
            reset(s);
            b->rewards[i] = 0.0;
            b->terminated[i] = b->truncated[i] = 0;
        } else {
            b->rewards[i] = 1.0;
            b->terminated[i] = (uint8_t)move(s, actions[i]);
            b->truncated[i] = ++s->elapsed_steps >= TIME_LIMIT && !b->terminated[i];
        }
        look(b, i);
    }
    return -1;
}
