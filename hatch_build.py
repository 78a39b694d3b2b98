"""Compiles `scrubber/core/_plain_steps.c` where there is a compiler. Where there is none, Python takes those steps."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from setuptools import Distribution, Extension
from setuptools.command.build_ext import build_ext

FOLDER, NAME = "scrubber/core", "_plain_steps"


class CompiledSteps(BuildHookInterface):
    """Builds the extension beside its source and adds it to the wheel; an editable install finds it there."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - the interface's
        """Compile, and say to which interpreter the wheel belongs then."""
        if self.target_name != "wheel":
            return
        extension = Extension(f"scrubber.core.{NAME}", [f"{FOLDER}/{NAME}.c"], optional=True)
        command = build_ext(Distribution({"ext_modules": [extension]}))
        with TemporaryDirectory() as folder:
            command.build_lib = command.build_temp = folder
            command.ensure_finalized()
            command.run()
            built = Path(folder, command.get_ext_filename(extension.name))
            place = Path(self.root, FOLDER, built.name)
            place.unlink(missing_ok=True)  # of an older source: worse than none
            if built.exists():
                shutil.copy(built, place)
                build_data["artifacts"].append(f"{FOLDER}/{built.name}")
                build_data["pure_python"], build_data["infer_tag"] = False, True
