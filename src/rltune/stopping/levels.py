"""What a run compares itself with: its own early level, its own noise, its own best.

All are folds with an update of O(1) or O(log T). They are given finite numbers only: a rule leaves out the steps at
which its metric is missing or not finite. Nothing here looks at the sign or the size of a reward: shifted rewards and
rewards times a positive factor give the same answers.

Notation, after T values x_1 ... x_T of a curve, for a window of w values:
    n      values averaged, min(w, T);  s = mean of the last n values
    start  s at T = w: mean of the first w values (the mean of all of them while T < w)
    peak   largest s so far, of n_peak values, first had at value number t_peak
    sigma  noise from value to value: median |x_t - x_(t-1)| / (0.6745 sqrt 2), as for normal noise; of rewards, where
           they have few levels, more: see `RewardNoise`
"""

from __future__ import annotations

import heapq
import math
import statistics
from collections import deque

MEDIAN_CHANGE = statistics.NormalDist().inv_cdf(0.75) * math.sqrt(2)
"""Median of |x - y| for independent normal x and y of standard deviation 1."""

_MEDIAN_BEND = statistics.NormalDist().inv_cdf(0.75) * math.sqrt(6)
"""Median of |x - 2 y + z| for independent normal x, y and z of standard deviation 1."""

_BENDS = 3  # so many second differences tell something

_ROUNDING = 1e-9
"""Share of the largest change from the first value below which two means count as equal: floating point only."""


class Smoothed:
    """The mean of the last `window` values."""

    def __init__(self, window: int) -> None:
        self._recent: deque[float] = deque(maxlen=window)
        self.mean = math.nan

    def add(self, value: float) -> float:
        """Takes the next value in and returns the mean."""
        self._recent.append(value)
        self.mean = sum(self._recent) / len(self._recent)
        return self.mean

    @property
    def count(self) -> int:
        """Values averaged."""
        return len(self._recent)


class RunningMedian:
    """The median of all values so far, in O(log T) a value (two heaps that meet in the middle)."""

    def __init__(self) -> None:
        self._low: list[float] = []  # the smaller half, negated: its largest comes first
        self._high: list[float] = []

    def add(self, value: float) -> None:
        heapq.heappush(self._high, -heapq.heappushpop(self._low, -value))
        if len(self._high) > len(self._low):
            heapq.heappush(self._low, -heapq.heappop(self._high))

    @property
    def value(self) -> float:
        """The median, NaN before the first value."""
        if not self._low:
            return math.nan
        if len(self._low) > len(self._high):
            return -self._low[0]
        return self._high[0] / 2 - self._low[0] / 2


class Noise:
    """How much a metric varies from step to step without going anywhere.

    The median of the changes, so that the jump of a collapse doesn't pass for noise.
    """

    def __init__(self) -> None:
        self._changes = RunningMedian()
        self._last: float | None = None

    def add(self, value: float) -> None:
        if self._last is not None:
            self._changes.add(abs(value - self._last))
        self._last = value

    @property
    def sigma(self) -> float:
        """Standard deviation of one value, in the metric's unit; 0 before the second value."""
        median = self._changes.value
        return 0.0 if math.isnan(median) else median / MEDIAN_CHANGE


class RewardNoise:
    """The noise of a reward, which has few levels where few answers are sampled.

    With 8 answers a step the median of the changes comes out a quarter too low; their mean doesn't. Where most steps
    earn the same (2 % right answers) it is 0, as if any right answer were more than luck: then it is the root mean
    square, and a single jump passes for noise in part, by 1 / sqrt(2 T) of its height.
    """

    def __init__(self) -> None:
        self._changes = RunningMedian()
        self._last: float | None = None
        self._count, self._mean, self._square = 0, 0.0, 0.0

    def add(self, value: float) -> None:
        if self._last is not None:
            change = abs(value - self._last)
            self._changes.add(change)
            self._count += 1
            self._mean += (change - self._mean) / self._count
            self._square += (change * change - self._square) / self._count
        self._last = value

    @property
    def sigma(self) -> float:
        """Standard deviation of one reward; 0 before the second."""
        if not self._count:
            return 0.0
        if self._changes.value == 0:
            return math.sqrt(self._square / 2)
        return max(self._changes.value / MEDIAN_CHANGE, self._mean * math.sqrt(math.pi) / 2)


class SlowNoise:
    """How much a reward wanders over blocks of `length` steps: batches that resemble their neighbours, epochs that
    repeat.

    The median second difference of block means, which a steady rise doesn't enter and a single collapse hardly does.
    For independent steps it is their noise again.
    """

    def __init__(self, length: int) -> None:
        self._length = length
        self._block: list[float] = []
        self._means: deque[float] = deque(maxlen=3)
        self._bends, self._count = RunningMedian(), 0

    def add(self, value: float) -> None:
        self._block.append(value)
        if len(self._block) < self._length:
            return
        self._means.append(sum(self._block) / self._length)
        self._block = []
        if len(self._means) == 3:
            first, second, third = self._means
            self._bends.add(abs(first - 2 * second + third))
            self._count += 1

    @property
    def sigma(self) -> float:
        """Standard deviation of one reward that would let independent block means vary as much; 0 while unknown."""
        if self._count < _BENDS:
            return 0.0
        return self._bends.value / _MEDIAN_BEND * math.sqrt(self._length)


class Early:
    """A metric's own early level: the median of its first `count` values."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._first: list[float] = []
        self.level: float | None = None

    def add(self, value: float) -> float | None:
        """Takes the next value in; returns the level, None until `count` values are there."""
        if self.level is None:
            self._first.append(value)
            if len(self._first) == self._count:
                self.level = statistics.median(self._first)
        return self.level


class Standing:
    """Where a reward stands against its own start and its own peak, judged beyond its own noise.

    Args:
        window: steps that the reward is averaged over.
        noise: standard errors that a fall must exceed to be one.
    """

    def __init__(self, window: int, noise: float) -> None:
        self._window, self._noise = window, noise
        self._smoothed, self._changes = Smoothed(window), RewardNoise()
        self._wander = (SlowNoise(window), SlowNoise(2 * window))
        self._origin: float | None = None
        self._seen, self._span = 0, 0.0
        self._newest = self._mean = self._start = (
            0.0  # all from `origin` on, so that a shift doesn't even change the rounding
        )
        self._peak, self._peak_count = -math.inf, 1
        self.peak_seen = 0

    def add(self, reward: float) -> None:
        """Takes the next step's reward in."""
        if self._origin is None:
            self._origin = reward
        self._newest = value = reward - self._origin
        self._seen += 1
        self._span = max(self._span, abs(value))
        self._changes.add(value)
        for slow in self._wander:
            slow.add(value)
        self._mean = self._smoothed.add(value)
        if self._seen <= self._window:
            self._start = self._mean
        if self._mean > self._peak:
            self._peak, self._peak_count, self.peak_seen = self._mean, self._smoothed.count, self._seen

    @property
    def seen(self) -> int:
        """Rewards taken in; `peak_seen` of them when the peak was had."""
        return self._seen

    @property
    def mean(self) -> float:
        return self._mean + (self._origin or 0.0)

    @property
    def start(self) -> float:
        return self._start + (self._origin or 0.0)

    @property
    def peak(self) -> float:
        return (self._peak if self._seen else 0.0) + (self._origin or 0.0)

    @property
    def sigma(self) -> float:
        """Noise of the reward, from step to step or from block to block, whichever is more."""
        return max(self._changes.sigma, *(slow.sigma for slow in self._wander))

    @property
    def rise(self) -> float:
        """How far the mean lies above the start."""
        return self._mean - self._start

    @property
    def fall(self) -> float:
        """How far the mean lies below the peak, >= 0."""
        return self._peak - self._mean if self._seen else 0.0

    @property
    def gain(self) -> float:
        """How far the peak lies above the start, >= 0."""
        return max(self._peak - self._start, 0.0) if self._seen else 0.0

    @property
    def fallen(self) -> bool:
        """The mean lies below the peak by more than noise explains."""
        return self.fall > self.allowance + self._rounding

    @property
    def lost(self) -> bool:
        """The reward has fallen from its peak, and at least half of what it had gained is gone.

        That holds for the mean and for the newest value: a reward that failed for one step, and is back, isn't lost.
        """
        least = self.gain / 2
        return self.fallen and self.rise <= least and self._newest - self._start <= least

    @property
    def down(self) -> bool:
        """The reward stands no higher than at its start, or is `lost`. Noise alone does this, but seldom for long."""
        return self.rise <= self._rounding or self.lost

    @property
    def allowance(self) -> float:
        """How far below its peak the mean may lie by chance.

        The standard error of peak - s, sigma sqrt(1/n_peak + 1/n), times `noise`, and what the largest of T / w means
        of pure noise exceeds their mean by: sigma sqrt(2 ln(T / w) / n_peak).
        """
        if not self._seen:
            return 0.0
        error = math.sqrt(1 / self._peak_count + 1 / self._smoothed.count)
        luck = math.sqrt(2 * math.log(max(self._seen / self._window, 1.0)) / self._peak_count)
        return self.sigma * (self._noise * error + luck)

    @property
    def _rounding(self) -> float:
        return _ROUNDING * self._span
