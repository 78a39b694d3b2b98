# ruff: noqa: INP001 - a script
"""Fill a volume with the weights of a model: `fetch.py FILES.json FOLDER`.

Each file must have the SHA-256 that the list says. What is there and right is left alone; what is missing is fetched
where the list has a URL. Anything else ends with 1, and the worker does not start.
"""

import hashlib
import json
import sys
import urllib.request
from pathlib import Path

CHUNK_BYTES = 1 << 20
TIMEOUT_SECS = 60


def main(listed: Path, folder: Path) -> str:
    """Return what is wrong, or nothing."""
    for file in json.loads(listed.read_text()):
        target = folder / file["path"]
        if target.exists() and digest(target) == file["sha256"]:
            continue
        if "url" not in file:
            return f"{file['path']} is {'another file' if target.exists() else 'missing'}, and the list has no URL"
        partial = target.with_name(f"{target.name}.partial")
        partial.parent.mkdir(parents=True, exist_ok=True)
        with urllib.request.urlopen(file["url"], timeout=TIMEOUT_SECS) as source, partial.open("wb") as sink:  # noqa: S310
            while part := source.read(CHUNK_BYTES):
                sink.write(part)
        if digest(partial) != file["sha256"]:
            partial.unlink()
            return f"{file['path']} was fetched, and its SHA-256 is not the one that the list says"
        partial.rename(target)
    return ""


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])) or 0)
