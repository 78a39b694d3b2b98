"""The Kafka room: it knows a `scrub(chunk)` callable, not the model behind it."""
