"""Routes as the worker uses them: what to subscribe to, and where the records of a topic go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from scrubber.errors import FatalStreamError
from scrubber.stream.settings import Route


class Outputs(NamedTuple):
    """Names of the three topics that take what one input topic yields."""

    clean: str
    audit: str
    quarantine: str


class RouteTable:
    """Looks up routes by input topic; the first route that matches wins (the configuration refuses overlaps)."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._routes = tuple(routes)
        self._outputs: dict[str, Outputs] = {}

    def subscription(self) -> list[str]:
        """Topic names and, for patterns, `^...$` as librdkafka wants them."""
        names = [topic for route in self._routes for topic in route.topics]
        patterns = [f"^{route.pattern.removeprefix('^').removesuffix('$')}$" for route in self._routes if route.pattern]
        return names + patterns

    def route(self, topic: str) -> Route:
        """Return the route of an input topic; raises `FatalStreamError` where there is none."""
        for route in self._routes:
            if route.matches(topic):
                return route
        raise FatalStreamError(f"no route for topic {topic!r}: its pattern means something else to the broker client")

    def outputs(self, topic: str) -> Outputs:
        """Return the output topics of an input topic; raises as `route` does."""
        known = self._outputs.get(topic)
        if known is None:
            route = self.route(topic)
            known = Outputs(*(name.replace("{topic}", topic) for name in (route.clean, route.audit, route.quarantine)))
            self._outputs[topic] = known
        return known
