"""Headers that the Python client cannot send, though every other one can: their names are bytes to Kafka."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterable
from pathlib import Path

import confluent_kafka

_END, _TOPIC, _PARTITION, _VALUE, _FLAGS, _HEADER = 0, 1, 3, 4, 7, 9  # librdkafka's rd_kafka_vtype_t
_PRODUCER, _COPY, _ERROR_BYTES, _FLUSH_MS = 0, 2, 512, 30_000


def produce_with_header(bootstrap: str, topic: str, partition: int, value: bytes, header: tuple[bytes, bytes]) -> None:
    """Produce one record by the C library of the client, whose names of headers are bytes."""
    library = ctypes.CDLL(_library())
    library.rd_kafka_conf_new.restype = library.rd_kafka_new.restype = ctypes.c_void_p
    error = ctypes.create_string_buffer(_ERROR_BYTES)
    settings = ctypes.c_void_p(library.rd_kafka_conf_new())
    assert library.rd_kafka_conf_set(settings, b"bootstrap.servers", bootstrap.encode(), error, _ERROR_BYTES) == 0
    producer = ctypes.c_void_p(library.rd_kafka_new(_PRODUCER, settings, error, _ERROR_BYTES))
    assert producer, error.value
    name, content = header
    arguments: Iterable[object] = (
        *(ctypes.c_int(_TOPIC), ctypes.c_char_p(topic.encode())),
        *(ctypes.c_int(_PARTITION), ctypes.c_int32(partition)),
        *(ctypes.c_int(_VALUE), ctypes.c_char_p(value), ctypes.c_size_t(len(value))),
        *(ctypes.c_int(_FLAGS), ctypes.c_int(_COPY)),
        *(ctypes.c_int(_HEADER), ctypes.c_char_p(name), ctypes.c_char_p(content), ctypes.c_ssize_t(len(content))),
        ctypes.c_int(_END),
    )
    try:
        assert library.rd_kafka_producev(producer, *arguments) == 0
        assert library.rd_kafka_flush(producer, _FLUSH_MS) == 0
    finally:
        library.rd_kafka_destroy(producer)


def _library() -> str:
    """Where the client has its C library from: it is loaded already."""
    assert confluent_kafka.libversion()
    loaded = re.search(r"\S*librdkafka\S*", Path("/proc/self/maps").read_text())
    assert loaded is not None
    return loaded[0]
