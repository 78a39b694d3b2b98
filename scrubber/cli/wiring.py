"""Joins the rooms: from a checked configuration to the one callable that scrubs.

`run`, `pipe`, `demo` and the others all get their engine here, so that the same text has the same answer everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from scrubber.config import Config, ModelSection
from scrubber.config.rules import all_rules
from scrubber.config.sources import read_yaml
from scrubber.core.keys import NO_KEYS, KeyRing
from scrubber.core.policy import Policy
from scrubber.core.quarantine import Quarantine
from scrubber.core.records import Chunk, Records, ScrubbedChunk, Touched
from scrubber.detect.detector import Detector
from scrubber.detect.hub import EMBEDDED, Located, locate
from scrubber.detect.models import kind_of, load_model, on_device, usual_memory
from scrubber.detect.options import ModelOptions
from scrubber.detect.pipeline import Scrubber
from scrubber.detect.rules.load import builtin_rules
from scrubber.detect.rules.ready import ready_tier
from scrubber.detect.rules.rule import Rule
from scrubber.detect.shadow import Pair, Shadow
from scrubber.detect.texts import TextPipeline
from scrubber.detect.tokens.loader import NO_LABELS
from scrubber.errors import ConfigError, Problem
from scrubber.logs import frames
from scrubber.policies import PRESETS, load_policy
from scrubber.stream.outbox import Seal, sealing
from scrubber.stream.routes import RouteTable
from scrubber.telemetry import Fanout, PoliciesInForce, RecordFailed, Telemetry

SILENT = Fanout(())


class Engine(NamedTuple):
    """What scrubs, what seals a record that cannot be written, and what tries other policies on the same records.

    `digests` has those of a worker's policies, by name, `rules` that of its rules.
    """

    scrub: Scrubber
    seal: Seal
    shadow: Shadow | None = None
    digests: Mapping[str, str] = MappingProxyType({})
    rules: str = ""

    def touched(self, records: Records) -> Touched:
        """Scrub records of the stream, and tell how the shadows would have done it. Raises DetectorError."""
        touched = self.scrub.touched(records)
        if self.shadow is not None:
            each = records.all()
            self.shadow.compare(ScrubbedChunk(Chunk(each), touched.of_all(each)))
        return touched


def load_policies(config: Config) -> dict[str, Policy]:
    """Return the policy of each name that a route uses; raises `ConfigError` with every problem of all of them."""
    policies: dict[str, Policy] = {}
    problems: list[Problem] = []
    wanted = {name for route in config.stream.routes for name in (route.policy, route.shadow) if name is not None}
    for name in sorted(wanted):
        try:
            policies[name] = _load_policy(name, config.policies, config.keys)
        except ConfigError as error:
            problems += [problem._replace(path=f"policies.{name}.{problem.path}") for problem in error.problems]
    if problems:
        raise ConfigError(problems)
    return policies


@contextmanager
def open_detectors(*models: ModelSection, telemetry: Telemetry = SILENT) -> Iterator[tuple[Detector, ...]]:
    """Load and warm up what looks for things without a shape, each model behind a thread that owns its device.

    Raises `ConfigError` where a model or an extra that it needs is missing.
    """
    with ExitStack() as opened:
        yield tuple(opened.enter_context(_open(model, telemetry)) for model in models if model.kind != "none")


@contextmanager
def _open(model: ModelSection, telemetry: Telemetry) -> Iterator[Detector]:
    options = ModelOptions(model.device, model.dtype, model.max_width, model.max_batch_tokens, model.runtime)
    loaded = load_model(
        _located(model),
        options,
        weights=model.weights,
        labels=NO_LABELS if isinstance(model.labels, str) else model.labels,
        asks_all=model.labels != "auto",
        sha256=model.sha256 or "",
        observe=telemetry.emit,
    )
    detector = on_device(
        loaded,
        memory=usual_memory(model.kind) if model.cache == "auto" else model.cache,
        max_bytes=model.cache_mb << 20,
        digits_matter=frozenset(model.digits_matter),
        observe=telemetry.emit,
    )
    try:
        detector.warm_up()
        yield detector
    finally:
        detector.close()


def _located(model: ModelSection) -> Located:
    if model.kind == EMBEDDED:
        return locate(EMBEDDED)
    if model.path is None:
        raise ConfigError([Problem("model.path", "is missing", "the folder of the model")])
    located = locate(model.path, model.revision)
    if (kind := kind_of(located)) != model.kind:
        raise ConfigError([Problem("model.kind", f"{model.path} is a model of kind {kind}")])
    return located


def worker_engine(config: Config, detectors: Sequence[Detector], telemetry: Telemetry = SILENT) -> Engine:
    """Return the engine of `scrubber run`: the policy of a record is the one of its topic's route."""
    policies = load_policies(config)
    routes = RouteTable(config.stream.routes)
    scoped: dict[str, Policy] = {}

    def policy_for(topic: str) -> Policy:
        if topic not in scoped:
            scoped[topic] = policies[routes.route(topic).policy].scoped(topic)
        return scoped[topic]

    tier = ready_tier(all_rules(config.rules))
    in_force = sorted({route.policy for route in config.stream.routes})
    digests = tuple((name, policies[name].digest) for name in in_force)
    telemetry.emit(PoliciesInForce(digests, len(tier.rules), tier.digest))
    pipeline = TextPipeline(tier, detectors, telemetry.emit)

    def tell(error: Exception) -> None:
        telemetry.emit(RecordFailed(type(error).__qualname__, tuple(frames(error))))

    engine = _engine(pipeline, policy_for, Quarantine(config.quarantine_keys), config.keys, tell)
    shadow = _shadow(config, policies, TextPipeline(tier, detectors), telemetry)
    return engine._replace(shadow=shadow, digests=dict(digests), rules=tier.digest)


def single_policy_engine(
    policy: Policy,
    detectors: Sequence[Detector] = (),
    *,
    rules: tuple[Rule, ...] | None = None,
    quarantine_keys: KeyRing = NO_KEYS,
    keys: KeyRing = NO_KEYS,
    stumbled: Callable[[Exception], None] | None = None,
) -> Engine:
    """Return an engine with one policy for everything: for text that comes from no topic. `rules` None: built-in."""
    pipeline = TextPipeline(ready_tier(builtin_rules() if rules is None else rules), detectors)
    return _engine(pipeline, lambda _topic: policy, Quarantine(quarantine_keys), keys, stumbled)


def _engine(
    pipeline: TextPipeline,
    policy_for: Callable[[str], Policy],
    quarantine: Quarantine,
    keys: KeyRing,
    stumbled: Callable[[Exception], None] | None,
) -> Engine:
    ring = keys if len(keys) else None
    scrubber = Scrubber(pipeline, policy_for, quarantine=quarantine, keys=ring, stumbled=stumbled)
    return Engine(scrubber, sealing(quarantine, lambda topic: policy_for(topic).digest))


def _shadow(
    config: Config, policies: Mapping[str, Policy], pipeline: TextPipeline, telemetry: Telemetry
) -> Shadow | None:
    routes = RouteTable(config.stream.routes)
    if not any(route.shadow for route in config.stream.routes):
        return None

    def pair_for(topic: str) -> Pair | None:
        route = routes.route(topic)
        return Pair(route.policy, route.shadow) if route.shadow is not None else None

    def policy_for(topic: str) -> Policy:
        pair = pair_for(topic)
        assert pair is not None, "A topic without a shadow was given to it. This is a bug."
        return policies[pair.shadow].scoped(topic)

    return Shadow(Scrubber(pipeline, policy_for, quarantine=Quarantine(NO_KEYS)), pair_for, telemetry.emit)


def _load_policy(name: str, files: Mapping[str, Path], keys: KeyRing) -> Policy:
    if name in files:
        return load_policy(read_yaml(files[name]), keys)
    if name in PRESETS:
        return load_policy(name, keys)
    raise ConfigError([Problem("", f"no policy is called {name!r}", f"presets are {', '.join(PRESETS)}")])
