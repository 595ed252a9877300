"""MaskedQueues from its card."""

import numpy as np

PARAMETERS = [
    {"num_queues": 1, "periods": 9, "load": 2.0},
    {"num_queues": 2, "periods": 30, "load": 0.0},
    {"num_queues": 2, "periods": 200, "load": 0.3, "time_limit": 25},
    {"num_queues": 7, "periods": 12, "load": 1.1},
]


class Reference:
    to_move = 0

    def __init__(self, parameters):
        self.num_queues, self.periods, self.load = (parameters[name] for name in ("num_queues", "periods", "load"))

    def reset_from(self, record):
        self.costs, self.service, self.arrival = (record[name].tolist() for name in ("cost", "service", "arrival"))
        self.waiting = record["length"].tolist()
        self.passed = 0
        assert len(self.costs) == len(self.waiting) == self.num_queues
        assert set(self.costs) <= set(range(1, 10)) and set(self.waiting) <= set(range(1, 6))
        for service, arrival in zip(self.service, self.arrival, strict=True):
            share = self.load * service / self.num_queues
            assert 0.2 <= service < 0.9
            assert min(0.5 * share, 1) * (1 - 1e-12) <= arrival <= min(1.5 * share, 1) * (1 + 1e-12)

    def mask(self, agent):
        return np.array([number > 0 for number in self.waiting], np.int8)

    def observation(self, agent):
        return np.array([self.waiting, self.costs, self.service, self.arrival], np.float32).T

    def step(self, action, record):
        """Chance draws who is done and who comes, and so how many periods pass: more than one if nobody waits."""
        cost = sum(cost * number for cost, number in zip(self.costs, self.waiting, strict=True)) / 10
        before, self.waiting = self.waiting, record["length"].tolist()
        self.check_changes(int(action), before, int(record["period"]) - self.passed)
        self.passed = int(record["period"])
        assert self.passed == self.periods or (self.passed < self.periods and any(self.waiting))
        return [-cost], self.passed == self.periods

    def check_changes(self, served, before, passed):
        assert passed >= 1
        if passed > 1:  # the only customer was served, and nobody came until the last period
            assert [number > 0 for number in before] == [queue == served for queue in range(self.num_queues)]
            assert before[served] == 1
            assert not any(arrival == 1 for arrival in self.arrival)
            before, served = [0] * self.num_queues, None
        for queue, (number, now, arrival) in enumerate(zip(before, self.waiting, self.arrival, strict=True)):
            come = {arrival > 0, arrival == 1}  # the most and the fewest
            gone = {0, 1} if queue == served else {0}
            assert now in {number + came - left for came in come for left in gone}
