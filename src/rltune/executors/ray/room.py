"""Which places the executor has, and whether there is room for one more: its own books beside what Ray says."""

from __future__ import annotations

from collections.abc import Sequence

import ray

from rltune.errors import ExecutorError
from rltune.executors.ray.cluster import Cluster
from rltune.executors.ray.needs import Needs, Resources, describe, has_room, how_many, largest, less, more
from rltune.executors.ray.place import PlaceTerms
from rltune.executors.ray.seat import SHORT_ID, Seat


class Room:
    """All places: those with a trial, those that wait for a node, and the idle ones, which count as free."""

    def __init__(self) -> None:
        self._seats: list[tuple[Seat, PlaceTerms]] = []
        self._seen: dict[str, Resources] = {}

    def seen(self, cluster: Cluster) -> dict[str, Resources]:
        """What each node had that was ever there, by its id."""
        self._seen |= cluster.totals
        return self._seen

    def ever(self, cluster: Cluster, resource: str) -> bool:
        """Whether any node ever had some of it."""
        return any(resources.get(resource, 0.0) > 0 for resources in self.seen(cluster).values())

    def capacity(self, cluster: Cluster, needs: Needs) -> int:
        """How many such trials the nodes of now could hold, at least 1."""
        return max(1, how_many(needs, cluster.totals))

    def check_feasible(self, cluster: Cluster, needs: Needs, order_id: str) -> None:
        """Raises ExecutorError if no node was ever large enough."""
        seen = self.seen(cluster)
        if not any(needs.fit(resources) for resources in seen.values()):
            raise ExecutorError(
                f"a trial needs {needs} on one node, and the largest of the {len(seen)} nodes has "
                f"{describe(largest(seen))}",
                where=order_id,
                hint="lower cpus, gpus or resources of the executor, or add a larger node",
            )

    def has(self, cluster: Cluster, needs: Needs, unplaced: Sequence[Needs]) -> bool:
        """Whether such a trial has room beside those that aren't placed yet."""
        return has_room(needs, self._free(cluster), unplaced)

    def _free(self, cluster: Cluster) -> dict[str, Resources]:
        """By node. What was placed a moment ago isn't in Ray's numbers yet, but it is in these."""
        free = {}
        said = cluster.free
        for node, total in cluster.totals.items():
            here = [seat for seat, _ in self._seats if seat.node == node]
            own, now = total, said[node]
            for seat in here:
                own = less(own, seat.needs)
            lower: Resources = {name: min(own.get(name, 0.0), now.get(name, 0.0)) for name in total}
            for seat in here:
                lower = more(lower, seat.needs) if seat.idle_since is not None else lower
            free[node] = lower
        return free

    def take(self, cluster: Cluster, needs: Needs, terms: PlaceTerms, avoid: Sequence[str] = ()) -> Seat:
        """A place for a trial: an idle one of its size, else a new one, for which idle ones make room if they must.

        Args:
            avoid: machines (see `Order.avoid`) where it is only put if no other has room.
        """
        shunned = {node for node in cluster.totals if any(f"({node[:SHORT_ID]})" in name for name in avoid)}
        elsewhere = ""
        if shunned:
            free = self._free(cluster).items()
            elsewhere = next((node for node, left in free if node not in shunned and needs.fit(left)), "")
        usable = cluster.totals.keys() - (shunned if elsewhere else set())
        for seat, made_with in self._seats:
            if seat.idle_since is not None and (seat.needs, made_with) == (needs, terms) and seat.node in usable:
                seat.idle_since = None
                return seat
        free = cluster.free
        if not has_room(needs, {elsewhere: free[elsewhere]} if elsewhere else free, ()):
            self.release_idle(float("inf"))
        seat = Seat(needs, terms, elsewhere)
        self._seats.append((seat, terms))
        return seat

    def give_back(self, seat: Seat, now: float) -> None:
        """Its trial has ended."""
        seat.idle_since = now

    def drop(self, seat: Seat) -> None:
        """Frees a place, whatever is in it."""
        self._seats = [entry for entry in self._seats if entry[0] is not seat]
        seat.kill()

    def release_idle(self, since: float) -> None:
        """Frees the places that have been idle since before a moment (monotonic seconds)."""
        for seat, _ in list(self._seats):
            if seat.idle_since is not None and seat.idle_since < since:
                self.drop(seat)

    def close(self, seconds: float) -> None:
        """Frees all places; waits up to `seconds` for the end of their processes."""
        closing = [seat.close() for seat, _ in self._seats]
        if closing:
            ray.wait(closing, num_returns=len(closing), timeout=seconds)
        for seat, _ in list(self._seats):
            self.drop(seat)
