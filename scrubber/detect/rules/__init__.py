"""The rule tier: what has a shape, or a telling key, is found by rules. Read `tier.py` first, then `engine.py`.

Nothing is imported here: reading rules must not wait for what only scanning needs (see `ready.py`).
"""
