"""What a chunk became is counted as it was written."""

from scrubber.core.quarantine import Quarantine
from scrubber.core.records import Chunk, Clean, Partition, Record, ScrubbedChunk
from scrubber.errors import Reason
from scrubber.stream.outbox import Outbox
from scrubber.stream.routes import RouteTable
from scrubber.stream.settings import Route


class Producer(list):
    def produce(self, topic, value=None, key=None, partition=-1, *_):
        self.append((topic, partition, key, value))


def seal(record, reason, *, with_payload=True):
    return Quarantine().seal(record, reason, "digest", with_payload=with_payload)


def test_records_and_bytes_are_counted_by_what_became_of_them():
    records = [
        Record("app", number, offset, 0, b"key", b"raw value", None) for number, offset in ((0, 7), (0, 8), (1, 3))
    ]
    outcomes = [
        Clean(b"key", b"clean", [("scrubber-policy", b"x")], b"{}"),
        seal(records[1], Reason.UNDECODABLE),
        Clean(b"key", b"never", None, None),
    ]
    producer = Producer()
    done = ScrubbedChunk(Chunk(records), outcomes)
    sent = Outbox(RouteTable((Route("r", ("app",)),)), seal, {}).produce(producer, done, {Partition("app", 0)})
    assert [message[0] for message in producer] == ["app.clean", "app.audit", "app.quarantine"]
    assert (sent.records, sent.audited, sent.dropped_stale) == (2, 1, 1)
    assert sent.clean_bytes == len(b"keyclean")
    assert sent.quarantined == {"undecodable": 1}
    assert sent.quarantined_bytes == {"undecodable": len(b"keyraw value")}
    assert sent.next_offsets == {Partition("app", 0): 9}
