"""Python in these pages is run by pytest; what it writes goes into a fresh folder."""

import pytest

#: Scripts that open windows; they need napari even to be looked at.
collect_ignore = ["make_screenshots.py", "make_pair_screenshots.py"]


@pytest.fixture(autouse=True)
def _somewhere_else(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
