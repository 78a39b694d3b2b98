"""Sentences and messages about nothing personal, read from the running Python's own standard library."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

_DOCUMENTED: Final = (
    "argparse", "array", "asyncio.tasks", "ast", "base64", "bisect", "calendar", "cmd", "codecs", "collections", "configparser",
    "contextlib", "copy", "csv", "dataclasses", "datetime", "decimal", "difflib", "doctest", "email.message", "enum", "filecmp",
    "fileinput", "fractions", "ftplib", "functools", "gettext", "glob", "gzip", "heapq", "html.parser", "http.client", "imaplib",
    "inspect", "io", "ipaddress", "json", "locale", "logging", "mailbox", "mimetypes", "multiprocessing.pool", "netrc", "optparse",
    "os", "pathlib", "pdb", "pickle", "platform", "plistlib", "poplib", "pprint", "profile", "queue", "random", "sched", "secrets",
    "selectors", "shelve", "shlex", "shutil", "smtplib", "socket", "socketserver", "sqlite3", "ssl", "statistics", "string",
    "subprocess", "tarfile", "tempfile", "textwrap", "threading", "timeit", "tkinter", "trace", "traceback", "turtle", "typing",
    "unittest.case", "unittest.mock", "urllib.parse", "urllib.request", "uuid", "warnings", "wave", "webbrowser", "xmlrpc.client", "zipfile",
)  # fmt: skip
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+")
_PLAIN: Final = re.compile(r"[A-Z][a-z]*(?: [a-z][a-z',]*){4,22}[.!?]")
_HOLE: Final = re.compile(r"%[-+# 0-9.]*[srdxXcfgia]|\{[^{}]*\}")
_MESSAGE: Final = re.compile(r"[A-Za-z{][\w{}'\"(),.:;=<>/ \-]{14,110}")
_LOGGED: Final = frozenset(
    {"debug", "info", "warning", "warn", "error", "exception", "critical", "log", "fail", "print"}
)


def _trees() -> Iterator[ast.Module]:
    for name in _DOCUMENTED:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None and spec.origin.endswith(".py"):
            yield ast.parse(Path(spec.origin).read_text(encoding="utf-8"))


@cache
def _texts() -> tuple[tuple[str, ...], tuple[str, ...]]:
    prose: dict[str, None] = {}
    messages: dict[str, None] = {}
    for tree in _trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                text = " ".join((ast.get_docstring(node) or "").split())
                prose.update(dict.fromkeys(s for s in _SENTENCE.split(text) if _PLAIN.fullmatch(s)))
            elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                messages.update(dict.fromkeys(_said(node.exc)))
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
                if name in _LOGGED:
                    messages.update(dict.fromkeys(_said(node)))
    return tuple(sorted(prose)), tuple(sorted(messages))


def _said(call: ast.Call) -> Iterator[str]:
    """The strings among a call's arguments, with `{}` where a value goes."""
    for argument in call.args:
        for node in ast.walk(argument):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = _HOLE.sub("{}", node.value).replace("%%", "%").strip()
                if _MESSAGE.fullmatch(text) and " " in text:
                    yield text


def prose() -> tuple[str, ...]:
    """Sentences of docstrings; only those of plain lower-case words, so that no name slips in unlabelled."""
    return _texts()[0]


def messages() -> tuple[str, ...]:
    """Messages of exceptions and logging calls; `{}` stands for a value."""
    return _texts()[1]
