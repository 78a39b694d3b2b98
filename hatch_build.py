"""Compiles the steps in `scrubber/**/_*.c` where there is a compiler. Where there is none, Python takes them."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from setuptools import Distribution, Extension
from setuptools.command.build_ext import build_ext


class CompiledSteps(BuildHookInterface):
    """Builds each extension beside its source and adds it to the wheel; an editable install finds it there."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - the interface's
        """Compile, and say to which interpreter the wheel belongs then."""
        if self.target_name != "wheel":
            return
        sources = [source.relative_to(self.root) for source in sorted(Path(self.root, "scrubber").rglob("_*.c"))]
        extensions = [
            Extension(".".join(source.with_suffix("").parts), [str(source)], optional=True) for source in sources
        ]
        command = build_ext(Distribution({"ext_modules": extensions}))
        with TemporaryDirectory() as folder:
            command.build_lib = command.build_temp = folder
            command.ensure_finalized()
            command.run()
            for source, extension in zip(sources, extensions, strict=True):
                built = Path(folder, command.get_ext_filename(extension.name))
                place = source.with_name(built.name)
                Path(self.root, place).unlink(missing_ok=True)  # of an older source: worse than none
                if built.exists():
                    shutil.copy(built, Path(self.root, place))
                    build_data["artifacts"].append(str(place))
                    build_data["pure_python"], build_data["infer_tag"] = False, True
