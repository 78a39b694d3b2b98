"""Generated texts that are made of what rules are made of: keys, values, pieces of values, boundaries."""

import random
import re

from scrubber.detect.rules.load import builtin_rules
from scrubber.detect.rules.selftest import expand

_GLUE = [
    " ",
    "\n",
    "\r\n",
    "\t",
    "\x0b",
    "\x0c",
    "\x00",
    "\x85",
    "\xa0",
    "é",
    ",",
    ";",
    ":",
    "=",
    '"',
    "'",
    "{",
    "}",
    "|",
    "/",
]
_GLUE += ["\\", '\\"', "-", ".", "_", "@", "%40", "&", "<", ">", "(", ")", "[", "]", "", "", "1", "a", "X", "9" * 9]


def pieces():
    """Whole examples, their values, and halves of both."""
    found = []
    for rule in builtin_rules():
        for example in (*rule.examples, *rule.counter_examples):
            text = expand(example)
            plain = re.sub("[«»]", "", text)
            found += [plain, plain[: len(plain) // 2], plain[len(plain) // 2 :], *text.split("«")[1:]]
    return [piece.replace("»", "").encode() for piece in found]


def texts(count, seed):
    """`count` texts of 1 to 10 pieces."""
    source, available = random.Random(seed), pieces()
    glue = [piece.encode() for piece in _GLUE]
    return [
        b"".join(source.choice(available if source.random() < 0.4 else glue) for _ in range(source.randint(1, 10)))
        for _ in range(count)
    ]
