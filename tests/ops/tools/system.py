"""Programs that the parts need: those that are installed, or Debian's packages where we may install them."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

from tests.kafka_lab.distribution import Unavailable, _cache


def cache_folder(name: str) -> Path:
    """A folder that is kept between runs: `~/.cache/scrubber/ops/NAME`, or under what `SCRUBBER_CACHE` names."""
    folder = _cache() / "ops" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def kept(kind: str, name: str, made_of: Iterable[bytes], make: Callable[[Path], None]) -> Path:
    """A folder in the cache of that kind, filled by `make` unless there is one that was made of the same."""
    digest = hashlib.sha256(b"".join(made_of)).hexdigest()[:12]
    folder = cache_folder(kind) / f"{name}-{digest}"
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            made = Path(scratch) / "made"
            make(made)
            try:
                made.rename(folder)
            except OSError:
                if not folder.exists():  # else another process was quicker
                    raise
    return folder


def program(name: str, *packages: str) -> str:
    """The path of a program; Debian's `packages` that have it are installed where this user may do that.

    Raises:
        Unavailable: it is not here and cannot be installed.
    """
    if found := _which(name):
        return found
    if packages:
        _install(packages)
        if found := _which(name):
            return found
    raise Unavailable(f"{name} is not installed" + (f" (Debian's packages: {', '.join(packages)})" if packages else ""))


def run(*command: str | Path, secs: float = 600, **options: object) -> str:
    """Run a command to its end and return what it printed on stdout.

    Raises:
        AssertionError: it failed; with all it printed.
    """
    done = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        timeout=secs,
        check=False,
        **options,  # type: ignore[call-overload]
    )
    assert done.returncode == 0, f"{' '.join(map(str, command))}\nended with {done.returncode}\n{_end(done)}"
    return str(done.stdout)


def _end(done: subprocess.CompletedProcess[str]) -> str:
    return f"{done.stdout[-4_000:]}\n{done.stderr[-8_000:]}"


def _which(name: str) -> str | None:
    beside = Path(sys.executable).parent  # what comes from a Python package
    return shutil.which(name, path=f"{beside}:{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin")


@cache
def _install(packages: tuple[str, ...]) -> None:
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        raise Unavailable(f"install Debian's packages {', '.join(packages)}: only root can have that done here")
    apt_get = [apt, "-q", "-y", "-o", "DPkg::Lock::Timeout=300"]  # another run may be at it
    quiet = {"env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, "capture_output": True, "text": True}
    policy = Path("/usr/sbin/policy-rc.d")
    mine = not policy.exists()
    if mine:  # the packages' services are not to be started
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
    try:
        subprocess.run([*apt_get, "update"], check=False, timeout=300, **quiet)
        install = [*apt_get, "--no-install-recommends", "install", *packages]
        done = subprocess.run(install, check=False, timeout=900, **quiet)
    finally:
        if mine:
            policy.unlink()
    if done.returncode:
        raise Unavailable(f"apt-get could not install {', '.join(packages)}: {done.stderr[-500:]}")
