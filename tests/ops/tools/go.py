"""Programs that are had as Go modules: built once from the folders beside this file, whose go.sum pins every module.

Versions are those of go.mod. The binaries are kept in the cache folder, under a name that says what they were made of:
a run that finds them needs no Go.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import Final

from tests.kafka_lab.distribution import Unavailable
from tests.ops.tools.steps import make_ready, once, run
from tests.ops.tools.system import kept, program

MODULES: Final = Path(__file__).with_name("go")
KUBERNETES: Final = "1.36.3"
OLDEST_GO: Final = (1, 26)
SECS: Final = 1_200

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


@once
def binaries(module: str) -> Path:
    """The folder with the binaries of one of our Go modules, built first if need be.

    Raises:
        Unavailable: there is no Go, one that is too old, or no way to the sources.
        AssertionError: it cannot be built; with what Go said.
    """
    variables = _VARIABLES.get(module, {})

    def build(made: Path) -> None:
        sources = made.with_name("sources")
        shutil.copytree(MODULES / module, sources)
        if module == "otelcol":
            _generate_collector(sources)
        made.mkdir()
        link = " ".join(["-s -w", *(f"-X {name}={value}" for name, value in variables.items())])
        _go("build", "-trimpath", "-ldflags", link, "-o", f"{made}/", *_PACKAGES[module], folder=sources)

    beside = (MODULES / "builder" / "go.mod",) if module == "otelcol" else ()
    made_of = [file.read_bytes() for file in (*sorted((MODULES / module).iterdir()), *beside)]
    return kept("bin", module, [*made_of, json.dumps(variables).encode()], build)


@once
def module_files(owner: str, module: str, parts: tuple[str, ...]) -> Path:
    """A folder with files or folders of a module that `owner`, one of our Go modules, requires.

    Raises:
        Unavailable: as for `binaries`.
    """

    def copy(made: Path) -> None:
        _go("mod", "download", module, folder=MODULES / owner)
        sources = Path(_go("list", "-m", "-f", "{{.Dir}}", module, folder=MODULES / owner).strip())
        for part in parts:
            (made / part).parent.mkdir(parents=True, exist_ok=True)
            if (sources / part).is_dir():
                shutil.copytree(sources / part, made / part, copy_function=shutil.copyfile)
            else:
                shutil.copyfile(sources / part, made / part)

    pinned = [(MODULES / owner / name).read_bytes() for name in ("go.mod", "go.sum")]
    return kept("sources", module.rpartition("/")[2], [*pinned, json.dumps(parts).encode()], copy)


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
    return make_ready(program("go"), *words, secs=SECS, cwd=folder, env=environment)
