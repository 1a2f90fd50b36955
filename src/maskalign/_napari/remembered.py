"""What was set last, for as long as napari is open."""

from collections.abc import Mapping
from typing import Any

__all__ = ["forget", "recall", "remember"]

_SETTINGS: dict[str, Any] = {}


def remember(settings: Mapping[str, Any]) -> None:
    """Keep settings by their names; later ones replace earlier ones."""
    _SETTINGS.update(settings)


def recall() -> dict[str, Any]:
    """Return what was kept.

    Examples
    --------
    >>> remember({"max_shift": 40})
    >>> recall()["max_shift"]
    40
    >>> forget()
    """
    return dict(_SETTINGS)


def forget() -> None:
    """Begin from nothing."""
    _SETTINGS.clear()
