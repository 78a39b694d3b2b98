"""Scrubbing in a process of its own, so that the interpreter lock of the worker is left to Kafka's clients.

messages.py   what the worker and its scrub process say to each other
process.py    the worker's side: starts the process, hands it chunks, ends it
serve.py      the side of the process
"""
