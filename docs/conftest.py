"""Python in these pages is run by pytest; what it writes goes into a fresh folder."""

import pytest

#: A script that opens windows; it needs napari even to be looked at.
collect_ignore = ["make_screenshots.py"]


@pytest.fixture(autouse=True)
def _somewhere_else(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
