"""What the figures were measured on and with: facts of the machine, versions."""

import hashlib
import os
import platform
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

__all__ = ["facts", "source"]

_PACKAGES = (
    "napari-maskalign",
    "numpy",
    "scipy",
    "dask",
    "numba",
    "scikit-image",
    "SimpleITK",
    "opencv-python-headless",
    "pystackreg",
    "scikit-ued",
)


def facts(*, quick: bool) -> list[str]:
    """Return lines that say how and where a run was made; no names, no paths."""
    cores = os.cpu_count() or 1
    lines = [
        f"{_processor()}, {cores} core{'s' * (cores > 1)}; {platform.system()} "
        f"{platform.machine()}; Python {platform.python_version()}",
        ", ".join(f"{name} {_version(name)}" for name in _PACKAGES),
    ]
    if hasattr(os, "getloadavg"):
        lines.append(
            f"Load average when the run began: {os.getloadavg()[0]:.1f} "
            "(0 is a quiet machine)."
        )
    if quick:
        lines.append(
            "A quick run: smaller images, few trials; the targets are for a full one."
        )
    return lines


def source() -> str:
    """Return a digest of maskalign's source, to notice a change during a run."""
    digest = hashlib.sha256()
    found = find_spec("maskalign")
    for folder in (found and found.submodule_search_locations) or ():
        for path in sorted(Path(folder).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    models = [x.split(":", 1)[1].strip() for x in lines if x.startswith("model name")]
    return models[0] if models else platform.machine()
