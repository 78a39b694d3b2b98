"""Programs that are had as Go modules: built once from the folders beside this file, whose go.sum pins every module.

Versions are those of go.mod. The binaries are kept in the cache folder, under a name that says what they were made of.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Final

from tests.kafka_lab.distribution import Unavailable
from tests.ops.tools.system import cache_folder, program, run

MODULES: Final = Path(__file__).with_name("go")
KUBERNETES: Final = "1.36.3"
OLDEST_GO: Final = (1, 26)
SECS: Final = 3_000

_HELM = "helm.sh/helm/v3"
_PACKAGES: Final = {
    "builder": ["go.opentelemetry.io/collector/cmd/builder"],
    "helm": [f"{_HELM}/cmd/helm"],
    "kubeconform": ["github.com/yannh/kubeconform/cmd/kubeconform"],
    "kubernetes": [
        f"k8s.io/kubernetes/cmd/{name}"
        for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl")
    ],
    "kwok": ["sigs.k8s.io/kwok/cmd/kwok"],
    "otelcol": ["."],
}
# Without them helm takes the cluster for an old one, and the API server does not know its own version.
_VARIABLES: Final = {
    "helm": {
        f"{_HELM}/internal/version.version": "v3.22.0",
        f"{_HELM}/pkg/chartutil.k8sVersionMajor": "1",
        f"{_HELM}/pkg/chartutil.k8sVersionMinor": "36",
        f"{_HELM}/pkg/lint/rules.k8sVersionMajor": "1",
        f"{_HELM}/pkg/lint/rules.k8sVersionMinor": "36",
    },
    "kubernetes": {
        "k8s.io/component-base/version.gitVersion": f"v{KUBERNETES}",
        "k8s.io/component-base/version.gitMajor": "1",
        "k8s.io/component-base/version.gitMinor": "36",
    },
}


@cache
def binaries(module: str) -> Path:
    """The folder with the binaries of one of our Go modules, built first if need be.

    Raises:
        Unavailable: there is no Go, or one that is too old.
        AssertionError: it cannot be built; with what Go said.
    """
    variables = _VARIABLES.get(module, {})
    made_of = [
        *sorted((MODULES / module).iterdir()),
        *((MODULES / "builder" / "go.mod",) if module == "otelcol" else ()),
    ]
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in made_of) + json.dumps(variables).encode())
    folder = cache_folder("bin") / f"{module}-{digest.hexdigest()[:12]}"
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            sources = Path(scratch) / "sources"
            shutil.copytree(MODULES / module, sources)
            if module == "otelcol":
                _generate_collector(sources)
            made = Path(scratch) / module
            made.mkdir()
            link = " ".join(["-s -w", *(f"-X {name}={value}" for name, value in variables.items())])
            _go("build", "-trimpath", "-ldflags", link, "-o", f"{made}/", *_PACKAGES[module], folder=sources)
            made.rename(folder)
    return folder


def module_folder(owner: str, module: str) -> Path:
    """The sources of a module that `owner`, one of our Go modules, requires."""
    _go("mod", "download", module, folder=MODULES / owner)
    return Path(_go("list", "-m", "-f", "{{.Dir}}", module, folder=MODULES / owner).strip())


def _generate_collector(sources: Path) -> None:
    """Write the collector's main package; its modules are pinned here, not by the builder."""
    config = sources / "builder.yaml"
    config.write_text(config.read_text().replace("dist:\n", f"dist:\n  output_path: {sources}\n"))
    builder = binaries("builder") / "builder"
    run(builder, "--config", config, "--skip-get-modules", "--skip-compilation", cwd=sources)


def _go(*words: str, folder: Path) -> str:
    version = run(program("go"), "env", "GOVERSION").strip()
    if tuple(int(part) for part in re.findall(r"\d+", version)[:2]) < OLDEST_GO:
        raise Unavailable(f"{version} is too old: Go {OLDEST_GO[0]}.{OLDEST_GO[1]} or newer builds the tools")
    environment = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly -buildvcs=false"}
    return run(program("go"), *words, secs=SECS, cwd=folder, env=environment)
