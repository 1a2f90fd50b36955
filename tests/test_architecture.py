"""The arrows of the house: who may use whom."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import maskalign

ROOT = Path(maskalign.__file__).parent
SHARED = {"maskalign", "maskalign.errors", "numpy"}
MAY_IMPORT = {
    "errors": set(),
    "model": SHARED | {"pandas"},  # only inside `DriftTable.to_pandas`
    # numba only inside the one compiled seam.
    "core": SHARED | {"scipy", "numba", "maskalign.model"},
    "pipeline": SHARED | {"dask", "maskalign.model", "maskalign.core"},
    "io": SHARED
    | {"dask", "tifffile", "matplotlib", "zarr", "maskalign.model", "maskalign.core"},
    "data": SHARED | {"scipy", "maskalign.model", "maskalign.core", "maskalign.io"},
    "cli": SHARED
    | {
        "click",
        "dask",
        "napari",  # only inside `demo --view`
        "tqdm",
        "maskalign.model",
        "maskalign.core",
        "maskalign.pipeline",
        "maskalign.io",
        "maskalign.data",
    },
    "_napari": SHARED
    | {
        "dask",
        "napari",
        "magicgui",
        "qtpy",
        "superqt",
        "maskalign.model",
        "maskalign.core",
        "maskalign.pipeline",
        "maskalign.io",
        "maskalign.data",
    },
    "__main__": {"maskalign.cli"},
}
#: The face of the package hands names on from everywhere, when they are asked for.
FACE = ROOT / "__init__.py"
FILES = sorted(set(ROOT.rglob("*.py")) - {FACE})


def room_of(path):
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            if node.module == "maskalign":
                yield from (f"maskalign.{alias.name}" for alias in node.names)
            else:
                yield node.module


def shortened(module):
    """Keep what the table speaks of: the package, or our own folder."""
    parts = module.split(".")
    ours = parts[0] == "maskalign"
    return ".".join(parts[:2]) if ours else parts[0]


def breaches(path):
    room = room_of(path)
    allowed = MAY_IMPORT[room] | {f"maskalign.{room}"} | set(sys.stdlib_module_names)
    return {m for m in imported(path) if shortened(m) not in allowed}


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_one_way(path):
    # `from maskalign import status` style names resolve to modules or public names.
    public = {f"maskalign.{name}" for name in ("__version__",)}
    assert breaches(path) - public == set()


def test_a_breach_is_noticed(tmp_path, monkeypatch):
    bad = tmp_path / "model" / "bad.py"
    bad.parent.mkdir()
    bad.write_text("import napari\nfrom maskalign.pipeline import apply\n")
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    assert breaches(bad) == {"napari", "maskalign.pipeline"}


def run(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()


def test_importing_loads_nothing_that_is_not_used_yet():
    loaded = run("import sys, maskalign; print(*sys.modules)")
    heavy = {"napari", "qtpy", "magicgui", "vispy", "dask", "scipy", "matplotlib"}
    assert heavy & set(loaded) == set()


def test_using_the_library_needs_no_viewer():
    loaded = run(
        "import sys, maskalign; [getattr(maskalign, n) for n in maskalign.__all__];"
        "print(*sys.modules)"
    )
    assert {"napari", "qtpy", "magicgui", "vispy"} & set(loaded) == set()


def test_every_public_name_is_there_and_documented():
    for name in maskalign.__all__:
        assert getattr(maskalign, name).__doc__
    assert {n for n in dir(maskalign) if n[0] != "_"} == set(maskalign.__all__)


def test_a_name_that_is_not_there_says_so():
    with pytest.raises(AttributeError, match="no attribute 'allign'"):
        maskalign.allign  # noqa: B018
