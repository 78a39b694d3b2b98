"""librdkafka's statistics become ends and positions, and never an exception inside of `consume`."""

import json

from scrubber.stream.statistics import follow, followed
from scrubber.telemetry import ClientError, PartitionsFollowed

UNKNOWN = -1001


class Told(list):
    def emit(self, happening):
        self.append(happening)


def statistics(**partition):
    known = {
        "ls_offset": 90,
        "hi_offset": 100,
        "app_offset": 40,
        "committed_offset": 30,
        "next_offset": 20,
        "desired": True,
    } | partition
    return json.dumps({"topics": {"app": {"topic": "app", "partitions": {"3": known}}}})


def test_the_end_is_that_of_the_last_whole_transaction():
    assert followed(statistics()).places == {"app[3]": (90, 40)}
    assert followed(statistics(ls_offset=UNKNOWN)).places == {"app[3]": (100, 40)}


def test_before_the_first_record_what_the_group_committed_counts_or_else_where_reading_begins():
    assert followed(statistics(app_offset=UNKNOWN)).places == {"app[3]": (90, 30)}
    assert followed(statistics(app_offset=UNKNOWN, committed_offset=UNKNOWN)).places == {"app[3]": (90, 20)}


def test_what_is_not_known_or_not_read_is_left_out():
    unknown = dict.fromkeys(("app_offset", "committed_offset", "next_offset"), UNKNOWN)
    assert followed(statistics(**unknown)).places == {}
    assert followed(statistics(ls_offset=UNKNOWN, hi_offset=UNKNOWN)).places == {}
    assert followed(statistics(desired=False)).places == {}
    assert followed("{}").places == {}


def test_nothing_is_raised_whatever_librdkafka_says():
    told = Told()
    on_statistics = follow(told)
    for said in (statistics(), "no JSON", '{"topics": {"app": {}}}', "[]"):
        on_statistics(said)
    assert told == [PartitionsFollowed({"app[3]": (90, 40)})] + [
        ClientError("statistics", name) for name in ("JSONDecodeError", "KeyError", "AttributeError")
    ]
