r"""Names of fields: in a list of them (`"user", "password", "email"`) what follows a telling name is the next name."""

from __future__ import annotations

import re

_WORDS = frozenset(
    b"""id ids uuid guid key keys name names first last full middle given family user users username login nickname
    email emails mail phone phones mobile telephone fax address addresses street city state country zip postcode postal
    region province county age birth birthdate birthday dob gender sex title role roles group groups team status type
    kind category code value values count total amount price currency size length width height number date time datetime
    timestamp created updated deleted modified changed expires expiry at on by is has can active enabled disabled
    verified confirmed locked version description comment comments note notes message body text content subject label
    tag tags url uri link path file filename image avatar photo picture language lang locale timezone ip host hostname
    port domain device session token tokens access refresh secret secrets password passwords passwd pwd hash salt digest
    api auth authorization credential credentials otp pin cvv cvc ssn card iban account accounts bank tax passport
    license data meta metadata info options settings config preferences profile source target parent child owner author
    client customer company organisation organization department job position salary order orders product item items
    quantity payment method scope scopes redirect grant response nonce signature remember confirm confirmation current
    new old repeat""".split()
)
_NAME = re.compile(rb"[A-Za-z]+(?:[_\-. ][A-Za-z]+)*")
_WORD = re.compile(rb"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_LISTED = re.compile(rb"""["']\s?,\s?[ubr]?["']$|\t["']?$""")
_LONGEST_GAP = 6
_VISIBILITY = re.compile(rb'(?:[\w\\]{1,200}\\{0,3}"?:)?(?:private|protected)\]')


def listed_name(value: bytes, text: bytes, start: int) -> bool:
    """Whether `value`, at `start` of `text`, stands behind a quoted comma or a tab, and is made of words of names only.

    Behind `:` or `=` even `email` is a value: there the key is evidence, whatever the value looks like.
    """
    if _LISTED.search(text[max(0, start - _LONGEST_GAP) : start]) is None:
        return False
    return _NAME.fullmatch(value) is not None and all(word.lower() in _WORDS for word in _WORD.findall(value))


def is_visibility(text: bytes, start: int) -> bool:
    """Whether who may see a member of a PHP object begins at `start`, not its value: `["pin":"User":private]=>`."""
    return _VISIBILITY.match(text, start) is not None
