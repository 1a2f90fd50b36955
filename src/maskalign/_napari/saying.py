"""A line that says in words what was done or what went wrong."""

from collections.abc import Callable

from napari.utils.notifications import notification_manager, show_error

from maskalign._napari.controls import WrappedLabel
from maskalign._napari.wording import describe_error

__all__ = ["StatusLine", "notify"]

#: Errors whose message is meant for the user; any other is a fault of ours.
_EXPECTED = (ValueError, TypeError, OSError, MemoryError)


class StatusLine(WrappedLabel):
    """Says what is happening, what was found, or what went wrong.

    Expected errors are shown in words, once, in this line and as a notification; errors
    that we did not think of go to napari with their traceback.
    """

    def attempt(self, action: Callable[[], str | None]) -> None:
        """Do something quick; say what it returns, or in words what went wrong."""
        try:
            said = action()
        except Exception as error:  # noqa: BLE001 - magicgui would show an empty box
            self.fail(error)
        else:
            if said is not None:
                self.value = said

    def fail(self, error: Exception) -> None:
        """Say what went wrong, once."""
        self.value = notify(error)


def notify(error: Exception) -> str:
    """Let napari tell what went wrong, and return it in words."""
    said = describe_error(error)
    if isinstance(error, _EXPECTED):
        show_error(said)
        return said
    notification_manager.receive_error(type(error), error, error.__traceback__)
    return f"Something went wrong that should not: {said}"
