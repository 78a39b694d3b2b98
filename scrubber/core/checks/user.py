"""User names: what stands in the place of one, and is not."""

from __future__ import annotations

import re

from scrubber.core.checks.field_name import is_visibility
from scrubber.core.checks.state import is_state

_NOT_NAMES = frozenset(
    b"""none null nil true false undefined unknown anonymous yes no and or not is was has had the a an in on at to of
    by for from with
    user username login name password passwd uid gid account id ip host server client invalid illegal failed failure
    error ok success
    ssh ssh2 unix unix-user pam system local localhost virtual authentication authenticated session opened closed
    request using unset found such peer input tried attempted denied nonexistent non-existent existing authorization
    role roles group groups permission permissions model object entity quota
    defined data agent agents space mode interface action activity preferences
    profile settings phone str string int integer varchar""".split()
)
_STATES = frozenset(
    b"""already missing empty taken too wrong incorrect correct valid unique different same case must only now
    system scheduler migration""".split()
)
_NOT_FIRST = b"<%$({[*=/:|&?-"
_PLACEHOLDER = re.compile(rb"[A-Z][A-Z0-9_]*(?::[^>]*)?")
_UUID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ADDRESS = re.compile(rb"\d{1,3}(?:\.\d{1,3}){3}.*|[0-9a-f:]*:[0-9a-f:]*|[\w\-]+(?:\.[\w\-]+){2,}")
_THINGS = frozenset(
    b"""account accounts action actions adapter admin administrator administrators admins agent agents all amazon
    america analytics android api app apple application applications aws azure background backup basic billing
    bot browser bug build business care catalog center chat chrome client cloud cluster company connection
    contact contacts container controller core corp corporate corporation customer data database default
    delivery department deploy desktop device devices disk domain drive driver edge engine enterprise error
    event events export external feature field file firefox foundation framework free gateway global gmbh
    google group groups hat helpdesk hook host https image import inc info integration interface internal
    internet item job kingdom label lead leads library limited linux list llc local lock login ltd machine
    mail main manager master mastercard member microsoft mobile mode model module monitor mozilla net network
    new no node none not notification office operations operator operators oracle order orders organization
    package page paypal pipeline plan platform plugin policy pool port portal premium primary print printer
    private process product production profile program project proxy public query queue rack region registry
    release remote report reports request resource resources response result role root router rule safari
    sales scheduler schema search secondary secure security server servers service services session setting
    settings setup shop site software source spooler standard states status step storage store stream
    subscription subsystem support switch sync system systems table task team teams technical temp template
    test testing that the this tools transfer trial unit united universal unknown update upgrade us user users
    utility version view virtual visa volume web webhook website windows wireless worker workflow workspace
    your""".split()
)
"""Words of what has a name and is no person: machines and programs, firms and their teams, countries."""
_SAID = frozenset(
    b"""hello hey hi i im is it no nope oh ok okay please sorry sure thank thanks that well what yeah yep yes""".split()
)
"""Words that somebody says in a chat, behind a key that says who: `Patient: Hi, I am late`."""
_ASKED_FOR = frozenset(b"first last full middle given required optional missing invalid blank please enter".split())
"""What stands behind the key of a name that was not given: `first_name: First name is required`."""
_WORD = re.compile(rb"[a-z\x80-\xff]+")
_SHARED_HOMES = frozenset(b"shared public default all app www html lost+found linuxbrew runner ubuntu".split())


def user_name(value: bytes, text: bytes = b"", start: int = 0, end: int = 0) -> bool:
    """Whether `value` may name a user: not a number (`uid=0`), a word of the message, or a placeholder
    (`<USER_NAME>`).
    """
    name = value.strip(b"\"'`").lower()
    if not name or name.isdigit() or name in _NOT_NAMES or name[0] in _NOT_FIRST:
        return False
    if b"/" in name or _UUID.fullmatch(name) or is_visibility(text, start):
        return False
    if text[end : end + 1] == b"=":  # the next key, where the value is empty: `ruser= rhost=a`
        return False
    if text[max(0, start - 2) : start] == b"><":  # a tag, where the text of an element might stand
        return False
    return not (text[start - 1 : start] == b"<" and text[end : end + 1] == b">" and _PLACEHOLDER.fullmatch(value))


def user_login(value: bytes, text: bytes = b"", start: int = 0, end: int = 0) -> bool:
    """Whether what follows `login failed for` is a user: not an address or a host either."""
    return user_name(value, text, start, end) and _ADDRESS.fullmatch(value.lower()) is None


def user_stated(value: bytes, text: bytes = b"", start: int = 0, end: int = 0) -> bool:
    """Whether what follows `username is` is one: not what is the matter with it (`required`, `already taken`), and
    no machine (`created_by: system`).
    """
    word = value.lower()
    if word in _STATES or is_state(word):
        return False
    return user_login(value, text, start, end)


def user_home(value: bytes, text: bytes = b"", start: int = 0, end: int = 0) -> bool:
    """Whether a directory in the place of home directories is somebody's."""
    name = value.lower()
    return user_name(value, text, start, end) and name not in _SHARED_HOMES and not name.startswith(b"default")


def person_name(value: bytes, text: bytes = b"", start: int = 0, end: int = 0) -> bool:
    """Whether the value of a key such as `first_name` is filled in, and does not say that it is to be."""
    if value.partition(b" ")[0].lower() in _ASKED_FOR:
        return False
    return user_name(value, text, start, end) and any(chr(char).isalpha() for char in value)


def full_name(value: bytes, text: bytes = b"", start: int = 0, end: int = 0) -> bool:
    """Whether a name of several words is a person's: no word of machines, firms or teams, and none of chats."""
    words = _WORD.findall(value.lower())
    return person_name(value, text, start, end) and _THINGS.isdisjoint(words) and _SAID.isdisjoint(words)
