"""Ten times the length costs about ten times as much."""

import time
import timeit


def assert_linear(named_values, text_of):
    """`text_of` makes a text of about so many bytes.

    The garbage collector stands still meanwhile (`timeit` sees to it): what other tests have loaded is no cost of ours.
    """

    def cost(size):
        text = text_of(size)
        return min(timeit.Timer(lambda: list(named_values(text)), timer=time.process_time).repeat(2, 1))

    assert cost(300_000) < 40 * max(0.01, cost(30_000))
