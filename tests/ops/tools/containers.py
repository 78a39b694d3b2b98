"""Building and running the image where no Docker daemon is: buildah and podman with a store of their own.

The base is the image that `SCRUBBER_OPS_BASE` names (one that podman has or can pull), otherwise a stand-in made with
debootstrap: Debian's Python 3.11 instead of the official image.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from tests.kafka_lab.distribution import Unavailable
from tests.ops.tools.steps import make_ready, once, run
from tests.ops.tools.system import cache_folder, program

REPOSITORY = Path(__file__).parents[3]
STAND_IN = "localhost/scrubber-stand-in-base:bookworm-headers"
BUILD_SECS = 1_200
LOOK_SECS = 60
KEEP_STAGES = "48h"  # stages of earlier builds, which make the next one quick
PACKAGES = ("buildah", "podman", "runc", "conmon", "debootstrap")
STAND_IN_PACKAGES = "ca-certificates,libpython3-dev,netbase,python3-minimal,python3-pip,python3-venv"

# podman without systemd, in a container whose cgroups it may only partly use.
SETTINGS = """\
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
pids_limit = 0
[engine]
cgroup_manager = "cgroupfs"
runtime = "runc"
events_logger = "file"
"""


class Layer(NamedTuple):
    """What one step of the Dockerfile put into the image."""

    made_by: str
    bytes: int


class Container:
    """A container that lives as long as the `with` block at most."""

    def __init__(self, image: str, *arguments: str, options: tuple[str, ...] = ()) -> None:
        self._command = ["run", "--detach", "--network", "host", *options, image, *arguments]

    def __enter__(self) -> Self:
        self.name = podman(*self._command).strip()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        podman("rm", "--force", "--time", "0", self.name)

    @property
    def state(self) -> dict[str, Any]:
        return dict(json.loads(podman("inspect", self.name))[0]["State"])

    @property
    def said(self) -> str:
        command = [*_podman(), "logs", self.name]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=_env(), timeout=LOOK_SECS)
        return done.stdout + done.stderr

    def execute(self, *command: str) -> str:
        """Run a command inside; what it printed."""
        return podman("exec", self.name, *command)

    def healthy(self) -> bool:
        """Run the image's HEALTHCHECK once (podman leaves its timer to systemd)."""
        return _holds("healthcheck", "run", self.name)

    def memory_limit(self) -> int:
        """What the kernel lets it have, bytes."""
        group = Path(f"/proc/{self.state['Pid']}/cgroup").read_text().splitlines()
        paths = {controllers: path for _, controllers, path in (line.split(":", 2) for line in group)}
        if "memory" in paths:
            return int(Path(f"/sys/fs/cgroup/memory{paths['memory']}/memory.limit_in_bytes").read_text())
        return int(Path(f"/sys/fs/cgroup{paths['']}/memory.max").read_text())

    def end(self, signal: str, secs: float) -> dict[str, Any]:
        """Send a signal and wait for the end; the state then."""
        podman("kill", "--signal", signal, self.name)
        deadline = time.monotonic() + secs
        while (state := self.state)["Running"]:
            assert time.monotonic() < deadline, f"still there {secs} s after {signal}: {self.said}"
            time.sleep(0.2)
        return state


def until(condition: Callable[[], bool], container: Container, secs: float = 120, *, alive: bool = True) -> None:
    """Wait until the condition holds, while the container runs."""
    deadline = time.monotonic() + secs
    while not condition():
        assert not alive or container.state["Running"], f"the container ended: {container.said}"
        assert time.monotonic() < deadline, f"waited {secs} s in vain: {container.said}"
        time.sleep(0.2)


def build(target: str) -> str:
    """Build a target of the Dockerfile as it is; the name of the image."""
    name = f"localhost/scrubber:{target}"
    certificates = Path("/etc/ssl/certs")  # of whoever stands between this machine and the package registry
    mounted = ["--volume", f"{certificates}:{certificates}:ro"] if certificates.is_dir() else []
    _try()
    buildah = [program("buildah", *PACKAGES), *_store()]
    options = ["--isolation", "chroot", "--format", "docker", "--layers", *mounted]
    make_ready(
        *buildah, "build", *options, "--build-arg", f"BASE={base()}", "--target", target, "--tag", name, REPOSITORY,
        secs=BUILD_SECS, env=_env(),
    )  # fmt: skip
    podman("image", "prune", "--force", "--filter", f"until={KEEP_STAGES}")
    return name


@once
def base() -> str:
    """The image to build on, made first if need be.

    Raises:
        Unavailable: containers cannot be built here.
    """
    program("podman", *PACKAGES)
    if chosen := os.environ.get("SCRUBBER_OPS_BASE"):
        return chosen
    if os.geteuid() != 0:
        raise Unavailable("only root can make a base with debootstrap: name an image in SCRUBBER_OPS_BASE")
    if not _holds("image", "exists", STAND_IN):
        try:
            _make_stand_in()
        except AssertionError as failed:
            raise Unavailable(f"no base can be made here: {_last_line(failed)}") from None
    return STAND_IN


@once
def _try() -> None:
    """Run something as small as the base has, with limits. Raises Unavailable: containers do not run here."""
    limited = ("--network", "host", "--read-only", "--cap-drop", "ALL", "--memory", "64m")
    try:
        podman("run", "--rm", *limited, "--entrypoint", "true", base())
    except AssertionError as failed:
        raise Unavailable(f"containers do not run here: {_last_line(failed)}") from None


def layers(image: str) -> list[Layer]:
    """The layers of an image that are not empty, from the base up."""
    told = json.loads(podman("history", "--format", "json", "--no-trunc", image))
    return [Layer(each["CreatedBy"], each["size"]) for each in reversed(told) if each["size"]]


def podman(*command: str, **options: Any) -> str:
    """Run a podman command to its end; what it printed."""
    return run(*_podman(), *command, env=_env(), **options)


def _make_stand_in() -> None:
    buildah = [program("buildah", *PACKAGES), *_store()]
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "root"
        debootstrap = [program("debootstrap", *PACKAGES), "--variant=minbase", f"--include={STAND_IN_PACKAGES}"]
        make_ready(*debootstrap, "bookworm", root, secs=600)
        for name in ("python", "python3"):  # where the official image has it
            (root / "usr/local/bin" / name).symlink_to("/usr/bin/python3")
        for emptied in ("var/cache/apt/archives", "var/lib/apt/lists"):
            run("find", root / emptied, "-type", "f", "-delete")
        container = run(*buildah, "from", "scratch", env=_env()).strip()
        run(*buildah, "add", "--quiet", container, root, "/", env=_env())
        run(*buildah, "commit", "--quiet", "--rm", container, STAND_IN, env=_env())


def _holds(*question: str) -> bool:
    """Whether a podman command that answers by its exit status says yes."""
    asked = [*_podman(), *question]
    return subprocess.run(asked, capture_output=True, check=False, env=_env(), timeout=LOOK_SECS).returncode == 0


def _last_line(failed: AssertionError) -> str:
    return str(failed).strip().splitlines()[-1]


def _podman() -> list[str]:
    return [program("podman", *PACKAGES), *_store()]


def _store() -> list[str]:
    folder = cache_folder("containers")
    return ["--root", str(folder / "store"), "--runroot", str(folder / "run")]


def _env() -> dict[str, str]:
    settings = cache_folder("containers") / "containers.conf"
    settings.write_text(SETTINGS)
    return {**os.environ, "CONTAINERS_CONF": str(settings)}
