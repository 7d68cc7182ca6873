"""From a judge, which may change its mind, to a watch, which may not."""

from __future__ import annotations

import math
from dataclasses import asdict

from rltune.own_code import address_of
from rltune.stopping.base import Decision, Judge, Rule, Watch
from rltune.types import StepMetrics


class Latch:
    """A watch: passes each step on to its judge until the judge says stop, and repeats that decision ever after."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._last_step = -1
        self._stopped: Decision | None = None

    def update(self, metrics: StepMetrics) -> Decision:
        """As `Watch.update`. Raises ValueError for a step that isn't after the one before."""
        if metrics.step <= self._last_step:
            raise ValueError(f"steps must increase: got step {metrics.step} after step {self._last_step}")
        self._last_step = metrics.step
        if self._stopped is None:
            decision = self._judge.look(metrics)
            if not decision.stop:
                return decision
            self._stopped = decision
        return self._stopped


class Thresholds:
    """What rules that are nothing but thresholds share.

    Subclasses are frozen dataclasses, with `name`, `needs` and `judge`; of the user's own too (see `stopping.own`).
    """

    __slots__ = ()

    @property
    def name(self) -> str:
        raise NotImplementedError

    @property
    def needs(self) -> tuple[str, ...]:
        raise NotImplementedError

    def judge(self) -> Judge:
        raise NotImplementedError

    def watch(self) -> Watch:
        return Latch(self.judge())

    def describe(self) -> dict[str, object]:
        own = not type(self).__module__.startswith("rltune.")
        return {"rule": address_of(type(self)) if own else self.name, **asdict(self)}  # pyright: ignore[reportArgumentType]


def abstention(rule: Rule, metrics: StepMetrics) -> Decision | None:
    """The decision to abstain if a metric that the rule needs is absent or not finite at this step, else None.

    Numbers that aren't finite are the business of the rule `non_finite`; compared with anything they only mislead.
    """
    for name in rule.needs:
        value = metrics.values.get(name)
        if value is None or not math.isfinite(value):
            missing = "is not reported" if value is None else f"is {value}"
            return Decision(False, rule.name, metrics.step, f"abstains: {name} {missing}", abstained=True)
    return None
