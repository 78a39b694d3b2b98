"""What every broker of the lab is told, in a process or in a container, and how one fails."""

from __future__ import annotations


class BrokerFailed(RuntimeError):
    """A node did not start, or ended by itself; the message holds the end of its log."""


# Small internal topics, and timeouts at which a test need not wait long for a dead member, a dead node or a forgotten
# transaction. Kafka's defaults otherwise.
_QUICK = {
    "auto.create.topics.enable": "false",
    "num.partitions": "8",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4",
    "log.cleaner.dedupe.buffer.size": "16777216",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "group.consumer.min.session.timeout.ms": "3000",
    "group.consumer.session.timeout.ms": "6000",
    "group.consumer.min.heartbeat.interval.ms": "500",
    "group.consumer.heartbeat.interval.ms": "1000",
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
    "broker.heartbeat.interval.ms": "500",
    "broker.session.timeout.ms": "3000",
}


def broker_settings(nodes: int) -> dict[str, str]:
    """The settings of a broker in a cluster of 1 or 3 nodes: every topic on each of them, two of three in sync."""
    in_sync = "2" if nodes == 3 else "1"
    return {
        **_QUICK,
        "default.replication.factor": str(nodes),
        "min.insync.replicas": in_sync,
        "offsets.topic.replication.factor": str(nodes),
        "transaction.state.log.replication.factor": str(nodes),
        "transaction.state.log.min.isr": in_sync,
        "share.coordinator.state.topic.replication.factor": str(nodes),
        "share.coordinator.state.topic.min.isr": in_sync,
    }
