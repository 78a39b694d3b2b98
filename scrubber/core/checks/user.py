"""User names: what stands in the place of one, and is not."""

from __future__ import annotations

_NOT_NAMES = frozenset(
    b"""none null nil true false undefined unknown anonymous yes no and or not is was has had the a an in on at to of
    by for from with
    user username login name password passwd uid gid account id ip host server client invalid illegal failed failure
    error ok success
    ssh ssh2 unix pam system local localhost virtual authentication authenticated session opened closed request
    using""".split()
)
_NOT_FIRST = b"<%$({[*=/:|&"


def user_name(value: bytes, _text: bytes = b"", _start: int = 0, _end: int = 0) -> bool:
    """Whether `value` may name a user: not a number (`uid=0`), a word of the message, or a placeholder
    (`<USER_NAME>`).
    """
    name = value.strip(b"\"'`").lower()
    return bool(name) and not name.isdigit() and name not in _NOT_NAMES and name[0] not in _NOT_FIRST
