"""Wallet addresses with a checksum."""

from __future__ import annotations

import hashlib

_BASE58 = {char: value for value, char in enumerate(b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")}
_HEX = b"0123456789abcdef"
_BECH32 = {char: value for value, char in enumerate(b"qpzry9x8gf2tvdw0s3jn54khce6mua7l")}
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_BECH32_CONSTANT, _BECH32M_CONSTANT = 1, 0x2BC830A3


def base58check(value: bytes, _text: bytes = b"", _start: int = 0, _end: int = 0) -> bool:
    """Whether the last four bytes are the double SHA-256 of the rest (Bitcoin, Litecoin, Dogecoin, Tron, ...)."""
    if not value.strip(_HEX):  # a trace id: of 10**19 addresses not one
        return False
    number = 0
    for char in value:
        digit = _BASE58.get(char)
        if digit is None:
            return False
        number = number * 58 + digit
    if number >= 1 << 200:
        return False
    raw = number.to_bytes(25, "big")
    return hashlib.sha256(hashlib.sha256(raw[:-4]).digest()).digest()[:4] == raw[-4:]


def bech32(value: bytes, _text: bytes = b"", _start: int = 0, _end: int = 0) -> bool:
    """Whether the checksum of a Bech32 or Bech32m address holds (BIP 173, BIP 350)."""
    prefix, _, data = value.lower().rpartition(b"1")
    if not prefix or len(data) < 6 or any(char not in _BECH32 for char in data):
        return False
    symbols = [c >> 5 for c in prefix] + [0] + [c & 31 for c in prefix] + [_BECH32[c] for c in data]
    state = 1
    for symbol in symbols:
        top = state >> 25
        state = (state & 0x1FFFFFF) << 5 ^ symbol
        for bit, generator in enumerate(_GENERATOR):
            if top >> bit & 1:
                state ^= generator
    return state in (_BECH32_CONSTANT, _BECH32M_CONSTANT)
