"""Sets of values that people would install the chart with. Each is linted, rendered and held against the schemas."""

from __future__ import annotations

from typing import Any

OPERATORS = {"serviceMonitor": {"enabled": True}, "prometheusRule": {"enabled": True}, "dashboard": {"enabled": True}}
POLICY = "version: 1\nname: ours\nextends: logs\nlabels:\n  ipv4: {enabled: false}\n"

VALUE_SETS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "deployment": {"staticMembership": {"enabled": False}, "replicas": 3, "config": {"model": "none"}},
    "gpu": {
        "image": {"tag": "0.1.0-gpu"},
        "gpu": {"enabled": True},
        "nodeSelector": {"accelerator": "made-up-card"},
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
        "config": {"model": {"kind": "gliner", "path": "/models/gliner", "device": "cuda"}},
        "weights": {
            "enabled": True,
            "volume": {"persistentVolumeClaim": {"claimName": "weights"}},
            "files": [
                {
                    "path": "gliner/model.safetensors",
                    "sha256": "0" * 64,
                    "url": "https://models.example/gliner/model.safetensors",
                }
            ],
        },
    },
    "secured": {
        "image": {"digest": f"sha256:{'a' * 64}", "pullSecrets": ["registry"]},
        "config": {
            "kafka": {
                "bootstrap_servers": "kafka-1.example:9093,kafka-2.example:9093",
                "security": {
                    "protocol": "SASL_SSL",
                    "sasl": {"mechanism": "SCRAM-SHA-512"},
                    "tls": {"ca_file": "secrets/ca.pem"},
                },
            },
            "routes": [{"pattern": "app[.].*", "policy": "ours"}],
            "policies": {"ours": {"file": "files/ours.yaml"}},
            "quarantine": {"key_file": "secrets/quarantine"},
            "brake": {"window_records": 2_000_000},
        },
        "files": {"ours.yaml": POLICY},
        "secretEnv": [
            {"variable": "SCRUBBER_SASL_USERNAME", "secret": "kafka-user", "key": "username"},
            {"variable": "SCRUBBER_SASL_PASSWORD", "secret": "kafka-user", "key": "password"},
        ],
        "secretFiles": [
            {"name": "ca.pem", "secret": "kafka-ca", "key": "ca.crt"},
            {"name": "quarantine", "secret": "scrubber-keys", "key": "quarantine"},
        ],
        "networkPolicy": {
            "kafkaPorts": [9093],
            "kafkaPeers": [{"ipBlock": {"cidr": "192.0.2.0/24"}}],
            "scrapers": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}],
            "extraEgress": [{"ports": [{"port": 443, "protocol": "TCP"}]}],
        },
    },
    "watched": {**OPERATORS, "podAnnotations": {"team": "logs"}, "podLabels": {"tier": "stream"}},
    "scaled": {
        "autoscaling": {"enabled": True, "maxReplicas": 12, "partitions": 12, "authentication": "kafka"},
        "config": {"routes": [{"topics": ["app.raw", "web.raw"]}]},
    },
    "bare": {
        "serviceAccount": {"create": False, "name": "existing", "annotations": {}},
        "podDisruptionBudget": {"enabled": False},
        "networkPolicy": {"enabled": False},
        "topologySpread": {"enabled": False},
        "priorityClassName": "high",
        "affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}},
    },
}
