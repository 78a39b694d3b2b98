"""Scrubbing in processes of their own, so that the interpreter lock of the worker is left to Kafka's clients.

messages.py   what the worker and its scrub process say to each other
processes.py  the worker's side: starts them, hands them chunks, ends them
serve.py      the side of one of them
"""
