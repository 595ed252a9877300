"""MaskedDispatch from its card."""

import math
from typing import NamedTuple

import numpy as np

PARAMETERS = [
    {"num_vehicles": 1, "num_riders": 1, "periods": 1, "reach": 0.05, "arrival": 0.0},
    {"num_vehicles": 2, "num_riders": 3, "periods": 60, "reach": 1.5, "speed": 0.1, "arrival": 0.5, "time_limit": 12},
    {"num_vehicles": 4, "num_riders": 2, "periods": 30, "reach": 0.2, "patience": 1, "arrival": 0.9},
    {"num_vehicles": 3, "num_riders": 7, "periods": 9, "speed": 10.0, "patience": 2, "arrival": 1.0},
]

REWARD_TOLERANCE = 1e-12


class Rider(NamedTuple):
    place: list[float]
    goal: list[float]
    since: int  # the period in which the rider came


class Reference:
    to_move = 0

    def __init__(self, parameters):
        self.num_vehicles, self.num_riders = parameters["num_vehicles"], parameters["num_riders"]
        self.periods, self.reach, self.speed = parameters["periods"], parameters["reach"], parameters["speed"]
        self.patience, self.arrival = parameters["patience"], parameters["arrival"]

    def reset_from(self, record):
        self.period = 0
        self.places, self.busy = record["vehicles"].tolist(), [0] * self.num_vehicles
        assert all(0 <= coordinate < 1 for place in self.places for coordinate in place)
        self.riders = [None] * self.num_riders
        self.take_riders(record)
        assert self.riders[0] and self.is_pair(0, 0)

    def take_riders(self, record):
        """Those who come in this period, as far as they still wait in the period of the record."""
        period = min(int(record["period"]), self.periods - 1)
        for number, (*place, x, y) in enumerate(record["riders"].tolist()):
            if record["waits"][number] and period - record["waited"][number] == self.period:
                assert self.riders[number] is None
                assert self.arrival > 0 or (number == 0 and self.period == 0)
                assert all(0 <= coordinate < 1 for coordinate in (*place, x, y))
                self.riders[number] = Rider(place, [x, y], self.period)

    def is_pair(self, vehicle, rider):
        return not self.busy[vehicle] and self.riders[rider] and self.distance(vehicle, rider) <= self.reach

    def distance(self, vehicle, rider):
        return math.dist(self.places[vehicle], self.riders[rider].place)

    @property
    def pairs(self):
        """Of (vehicle, rider); none after the last period."""
        numbers = ((vehicle, rider) for vehicle in range(self.num_vehicles) for rider in range(self.num_riders))
        return [pair for pair in numbers if self.period < self.periods and self.is_pair(*pair)]

    def mask(self, agent):
        number = len(self.pairs)
        return np.array([1] * number + [0] * (self.num_vehicles * self.num_riders - number), np.int8)

    def observation(self, agent):
        vehicles = [[*place, busy] for place, busy in zip(self.places, self.busy, strict=True)]
        riders = [[1, *rider.place, *rider.goal] if rider else [0] * 5 for rider in self.riders]
        seen = [*np.ravel(vehicles), *np.ravel(riders), self.periods - self.period]
        embeddings = np.zeros((self.num_vehicles * self.num_riders, 6), np.float32)
        for row, pair in zip(embeddings, self.pairs, strict=False):
            row[:] = self.embedding(*pair)
        return {"observation": np.array(seen, np.float32), "action_embeddings": embeddings}

    def embedding(self, vehicle, number):
        rider = self.riders[number]
        shares = vehicle / self.num_vehicles, number / self.num_riders
        waited = (self.period - rider.since) / self.patience
        return *shares, self.distance(vehicle, number), math.dist(rider.place, rider.goal), waited, 1

    def step(self, action, record):
        vehicle, number = self.pairs[action]
        rider, distance = self.riders[number], self.distance(vehicle, number)
        way = distance + math.dist(rider.place, rider.goal)
        self.places[vehicle], self.busy[vehicle] = rider.goal, max(math.ceil(way / self.speed), 1)
        self.riders[number] = None
        while not self.pairs and self.period < self.periods:
            self.pass_period(record)
        return [1 - distance], self.period == self.periods

    def pass_period(self, record):
        """The record has the riders who come now and still wait when there is a pair again; of others nobody hears."""
        self.period += 1
        if self.period == self.periods:
            return
        self.busy = [max(busy - 1, 0) for busy in self.busy]
        for number, rider in enumerate(self.riders):
            if rider and self.period - rider.since >= self.patience:
                self.riders[number] = None
        self.take_riders(record)
