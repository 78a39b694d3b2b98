from collections import OrderedDict

from hypothesis import given
from hypothesis import strategies as st

from scrubber.core.lru import Lru

KEYS = st.sampled_from([b"a", b"b", b"c", b"d", b"e"])
STEPS = st.lists(st.tuples(st.sampled_from(["get", "put"]), KEYS, st.integers(1, 12)), max_size=60)


@given(STEPS, st.integers(1, 30))
def test_it_remembers_what_was_used_last_and_never_more_than_its_bytes(steps, max_bytes):
    lru, model = Lru(max_bytes), OrderedDict()
    for step, (what, key, size) in enumerate(steps):
        if what == "get":
            expected = model.get(key)
            assert lru.get(key) == (expected and expected[0])
            if expected:
                model.move_to_end(key)
        else:
            lru.put(key, step + 1, size)
            model.pop(key, None)
            if size <= max_bytes:
                model[key] = (step + 1, size)
            while sum(entry[1] for entry in model.values()) > max_bytes:
                model.popitem(last=False)
        assert lru.bytes == sum(entry[1] for entry in model.values()) <= max_bytes
        assert len(lru) == len(model)


def test_a_value_larger_than_the_memory_is_not_kept_and_forgets_its_former_self():
    lru = Lru(10)
    lru.put(b"a", 1, 5)
    lru.put(b"a", 2, 11)
    assert lru.get(b"a") is None
    assert lru.bytes == 0
