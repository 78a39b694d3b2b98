"""The smallest configuration, and how tests change it."""

from __future__ import annotations

MINIMAL = {"kafka": {"bootstrap_servers": "kafka.example:9092", "group_id": "logs"}, "routes": [{"topics": ["app"]}]}

SECRET = "sesame-open-7"

SASL = {
    "security": {"protocol": "SASL_SSL", "sasl": {"mechanism": "SCRAM-SHA-512", "username": "u", "password": SECRET}}
}


def merged(base, over):
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return over
    return base | {key: merged(base.get(key), value) for key, value in over.items()}
