"""Three bytes before an address spare most of them a closer look, and change no answer."""

from unittest import mock

from hypothesis import example, given
from hypothesis import strategies as st

from scrubber.core.checks import ip

words = st.sampled_from([*(word.decode() for word in sorted(ip._VERSION_WORDS)), "from", "peer", "Chrome", "of", "1"])
before = st.lists(
    st.one_of(words, st.sampled_from(list(" \t:=#\"'(/[,-")), st.text("abervV/ =é", max_size=2)), max_size=5
)
after = st.sampled_from(["", " ", ".1", ".", ":80", "/x", ", 2", ".443: "])


@given(before.map("".join), after)
@example("v", "")
@example("", " port")
@example("IP ", ".443 > ")
def test_three_bytes_change_no_answer(before, after):
    text = f"{before}192.0.2.17{after}".encode()
    start = len(before.encode())
    quick = ip.ipv4(b"", text, start, start + 10)
    with mock.patch.object(ip, "_tells_no_version", return_value=False):
        assert quick == ip.ipv4(b"", text, start, start + 10)
