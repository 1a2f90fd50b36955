"""What every test may need, and what tests of windows need to run anywhere.

Where napari or a Qt binding is not installed, the tests of the plugin are left out, and
all others run. Without a display Qt is told to draw nowhere; tests marked ``window``,
which look at what is drawn, are then skipped, except where the environment variable
``CI`` is set: there they fail, so that nobody takes them for passed.
"""

import os
import sys
from importlib.util import find_spec

import pytest

_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY")
_DRAWN_NOWHERE = ("offscreen", "minimal", "vnc")

HEADLESS = sys.platform.startswith("linux") and not any(map(os.environ.get, _DISPLAYS))
if HEADLESS:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

_has_qt = any(map(find_spec, ("PyQt6", "PySide6", "PyQt5")))
collect_ignore = [] if find_spec("napari") and _has_qt else ["_napari"]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a display where there is none; fail it in CI."""
    nowhere = os.environ.get("QT_QPA_PLATFORM") in _DRAWN_NOWHERE
    if item.get_closest_marker("window") is None or not (HEADLESS or nowhere):
        return
    why = "needs a display (xvfb-run -a pytest will do)"
    if os.environ.get("CI", "").lower() not in ("", "0", "false"):
        pytest.fail(why, pytrace=False)
    pytest.skip(why)
