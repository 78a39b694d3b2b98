"""librdkafka's mock cluster in a process of its own: Kafka's protocol without Kafka, for the demo and for tests only.

    with MockCluster({"raw": 8}) as bootstrap:
        Producer({"bootstrap.servers": bootstrap})

What it does not do: it answers transactional calls but has no transactions (readers see open and aborted records,
offsets sent in a transaction are lost, nobody is fenced), keeps 5 MiB or 100,000 batches of a partition and drops the
oldest silently, and forgets all when it stops. So it serves at-least-once only, and proves nothing about exactly
once. librdkafka calls its interface experimental: the version of confluent-kafka is pinned because of it.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import importlib.util
import os
import select
import subprocess
import sys
from collections.abc import Mapping
from enum import IntEnum
from pathlib import Path
from types import TracebackType

REBALANCE_DELAY_MS = 100  # librdkafka's default is 3 s
STOP_TIMEOUT_SECS = 10


class Api(IntEnum):
    """The requests whose answers can be made to fail, by their number in Kafka's protocol."""

    PRODUCE = 0
    FETCH = 1
    LIST_OFFSETS = 2
    METADATA = 3
    OFFSET_COMMIT = 8
    OFFSET_FETCH = 9
    FIND_COORDINATOR = 10
    JOIN_GROUP = 11
    HEARTBEAT = 12
    LEAVE_GROUP = 13
    SYNC_GROUP = 14
    INIT_PRODUCER_ID = 22
    ADD_PARTITIONS_TO_TXN = 24
    ADD_OFFSETS_TO_TXN = 25
    END_TXN = 26
    TXN_OFFSET_COMMIT = 28


class MockCluster:
    """A mock cluster that lives as long as the `with` block, and never longer than this process.

    Args:
        topics: their names and partition counts; more can be created later. A topic that is not here is created with
            four partitions when a client asks for it.
        brokers: how many; they are numbered from 1.
    """

    def __init__(self, topics: Mapping[str, int], *, brokers: int = 1) -> None:
        self._topics = dict(topics)
        self._brokers = brokers
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> str:
        """Start it and return its bootstrap address.

        Raises:
            OSError: the library of confluent-kafka cannot be found or does not start.
        """
        self._process = subprocess.Popen(  # noqa: S603 - this very module, with this very Python
            [sys.executable, "-m", __name__, str(self._brokers), str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for the clients; they need their brokers to stop well
        )
        try:
            bootstrap = self._answer()
            for name, partitions in self._topics.items():
                self.create_topic(name, partitions)
        except BaseException:
            self._stop()
            raise
        return bootstrap

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def create_topic(self, name: str, partitions: int) -> None:
        """Create a topic with one replica."""
        self._tell("topic", name, partitions)

    def fail_next(self, api: Api, *codes: int) -> None:
        """Answer the next requests of a kind with these codes (`KafkaError.NOT_COORDINATOR`, ...); 0 lets one pass."""
        self._tell("fail", int(api), *codes)

    def clear_failures(self, api: Api) -> None:
        """Forget the failures that were not used yet."""
        self._tell("clear", int(api))

    def take_down(self, broker: int = 1) -> None:
        """Close a broker's connections and refuse new ones."""
        self._tell("down", broker)

    def bring_up(self, broker: int = 1) -> None:
        """Undo `take_down`."""
        self._tell("up", broker)

    def slow_down(self, round_trip_ms: int, broker: int = 1) -> None:
        """Let every answer of a broker come this much later."""
        self._tell("rtt", broker, round_trip_ms)

    def _tell(self, *words: str | int) -> None:
        process = self._running()
        assert process.stdin is not None, "Started without a pipe. This is a bug."
        print(*words, file=process.stdin, flush=True)
        answer = self._answer()
        if answer != "ok":
            raise OSError(f"the mock cluster refused {words[0]!r}: {answer}")

    def _answer(self) -> str:
        process = self._running()
        assert process.stdout is not None, "Started without a pipe. This is a bug."
        answer = process.stdout.readline().strip()
        if not answer:
            raise OSError("the mock cluster's process has ended")
        return answer

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            raise OSError("the mock cluster is not running")
        return self._process

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            try:
                process.communicate(timeout=STOP_TIMEOUT_SECS)  # closes its standard input: the order to end
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()


class _Library:
    """The few functions of rdkafka_mock.h that are needed, in the librdkafka that came with confluent-kafka."""

    def __init__(self, brokers: int) -> None:
        self._lib = ctypes.CDLL(_find_library())
        handle, number, text = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p
        new_client = self._function("rd_kafka_new", handle, number, handle, text, ctypes.c_size_t)
        new_settings = self._function("rd_kafka_conf_new", handle)
        set_setting = self._function("rd_kafka_conf_set", number, handle, text, text, text, ctypes.c_size_t)
        new_cluster = self._function("rd_kafka_mock_cluster_new", handle, handle, number)
        addresses = self._function("rd_kafka_mock_cluster_bootstraps", text, handle)
        rebalance_delay = self._function("rd_kafka_mock_group_initial_rebalance_delay_ms", None, handle, ctypes.c_int32)
        self._create = self._function("rd_kafka_mock_topic_create", number, handle, text, number, number)
        self._fail = self._function(
            "rd_kafka_mock_push_request_errors_array",
            None,
            handle,
            ctypes.c_int16,
            ctypes.c_size_t,
            ctypes.POINTER(number),
        )
        self._clear = self._function("rd_kafka_mock_clear_request_errors", None, handle, ctypes.c_int16)
        self._down = self._function("rd_kafka_mock_broker_set_down", number, handle, ctypes.c_int32)
        self._up = self._function("rd_kafka_mock_broker_set_up", number, handle, ctypes.c_int32)
        self._rtt = self._function("rd_kafka_mock_broker_set_rtt", number, handle, ctypes.c_int32, number)

        error = ctypes.create_string_buffer(512)
        settings = new_settings()
        set_setting(settings, b"log_level", b"3", error, len(error))  # or it warns that it has no brokers to ask
        # A producer that nobody uses: the cluster lives in its threads.
        client = new_client(0, settings, error, len(error))
        if not client:
            raise OSError(error.value.decode())
        self._cluster = new_cluster(client, brokers)
        rebalance_delay(self._cluster, REBALANCE_DELAY_MS)
        self.bootstrap: str = addresses(self._cluster).decode()

    def obey(self, command: str) -> int:
        """Carry out one line of the control protocol and return librdkafka's error code."""
        verb, *words = command.split()
        if verb == "topic":
            return int(self._create(self._cluster, words[0].encode(), int(words[1]), 1))
        numbers = [int(word) for word in words]
        if verb == "fail":
            api, *codes = numbers
            self._fail(self._cluster, api, len(codes), (ctypes.c_int * len(codes))(*codes))
            return 0
        if verb == "clear":
            self._clear(self._cluster, *numbers)
            return 0
        return int({"down": self._down, "up": self._up, "rtt": self._rtt}[verb](self._cluster, *numbers))

    def _function(self, name: str, result: type | None, *arguments: type) -> ctypes._NamedFuncPointer:
        function = self._lib[name]
        function.restype = result
        function.argtypes = arguments
        return function


def _find_library() -> str:
    spec = importlib.util.find_spec("confluent_kafka")
    if spec is not None and spec.origin is not None:
        package = Path(spec.origin).parent
        wheels = (*package.parent.glob("confluent_kafka.libs/librdkafka*"), *package.glob(".dylibs/librdkafka*"))
        if wheels:
            return str(wheels[0])
    system = ctypes.util.find_library("rdkafka")
    if system is None:
        raise OSError("librdkafka is neither in confluent-kafka's wheel nor installed on the system")
    return system


def main(brokers: int, owner: int) -> None:
    """Run the cluster until standard input ends or the owner is gone: one command a line, one answer each."""
    library = _Library(brokers)
    print(library.bootstrap, flush=True)  # noqa: T201 - the protocol
    while os.getppid() == owner:
        if select.select([sys.stdin], [], [], 0.5)[0]:
            command = sys.stdin.readline()
            if not command:
                return
            code = library.obey(command)
            print("ok" if code == 0 else f"error {code}", flush=True)  # noqa: T201 - the protocol


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
