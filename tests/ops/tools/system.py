"""Programs that the parts need: those that are installed, or Debian's packages where we may install them."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from tests.kafka_lab.cache import cache_root, filled
from tests.kafka_lab.distribution import Unavailable
from tests.ops.tools.steps import make_ready, once, run

POLICY = Path("/usr/sbin/policy-rc.d")
# Another run may be at it; what does not answer is not waited for.
APT = ("-q", "-y", "-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=30")


def cache_folder(name: str) -> Path:
    """A folder that is kept between runs: `~/.cache/scrubber/ops/NAME`, or under what `SCRUBBER_CACHE` names."""
    folder = cache_root() / "ops" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def kept(kind: str, name: str, made_of: Iterable[bytes], make: Callable[[Path], None]) -> Path:
    """A folder in the cache of that kind, filled by `make` unless there is one that was made of the same."""
    digest = hashlib.sha256(b"".join(made_of)).hexdigest()[:12]
    return filled(cache_folder(kind) / f"{name}-{digest}", make)


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


def _which(name: str) -> str | None:
    beside = Path(sys.executable).parent  # what comes from a Python package
    return shutil.which(name, path=f"{beside}:{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin")


@once
def _install(packages: tuple[str, ...]) -> None:
    """Fetch the packages, which may be given up at any time, and install them, which may not."""
    named = ", ".join(packages)
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        raise Unavailable(f"install Debian's packages {named}: only root can have that done here")
    install = [apt, *APT, "--no-install-recommends", "install", *packages]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    mine = not POLICY.exists()
    if mine:  # the packages' services are not to be started
        POLICY.write_text("#!/bin/sh\nexit 101\n")
        POLICY.chmod(0o755)
    try:
        with suppress(AssertionError, Unavailable):  # what is known of before may do
            make_ready(apt, *APT, "update", secs=180, env=environment)
        make_ready(*install, "--download-only", secs=600, env=environment)
        run(*install, "--no-download", secs=600, env=environment)
    except AssertionError as failed:
        raise Unavailable(f"apt-get could not install {named}: {str(failed).strip()[-500:]}") from None
    finally:
        if mine:
            POLICY.unlink()
