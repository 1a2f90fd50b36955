"""Begin, cancel, progress and a line that says how it went: the foot of a widget."""

from collections.abc import Callable, Generator
from typing import Any, Protocol

from magicgui.widgets import Container, ProgressBar, PushButton, Widget
from napari.utils.notifications import (
    notification_manager,
    show_error,
    show_warning,
)

from maskalign._napari.controls import WrappedLabel
from maskalign._napari.wording import describe_error
from maskalign._napari.worker import Done, Failed, Job, Outcome, Stop

__all__ = ["RunPanel", "Task"]

#: Errors whose message is meant for the user; any other is a fault of ours.
_EXPECTED = (ValueError, TypeError, OSError, MemoryError)


class Task(Protocol):
    """Work that a panel can run."""

    @property
    def n_steps(self) -> int:
        """How many steps to expect."""

    def run(self, stop: Stop) -> Generator[Any, None, Any]:
        """Yield a step now and then, and return the result."""


class RunPanel(Container[Widget]):
    """Runs one task at a time beside the window, and shows how it goes.

    Expected errors are shown in words, once, in the status line and as a notification;
    errors that we did not think of go to napari with their traceback. Whatever happens,
    the buttons are free again afterwards.

    Parameters
    ----------
    text, tooltip : str
        What the button says that begins.
    prepare : callable
        Collects what is asked for and returns a `Task`; called when it begins, quick,
        and free to raise.
    finish : callable
        Takes the result and returns the text of the status line.

    Attributes
    ----------
    begin, cancel : PushButton
        `begin` is disabled while a task runs, `cancel` while none does.
    progress : ProgressBar
        On show while a task runs.
    status : WrappedLabel
        What is happening, what was found, or what went wrong.
    """

    def __init__(
        self,
        text: str,
        *,
        tooltip: str,
        prepare: Callable[[], Task],
        finish: Callable[[Any], str],
        welcome: str = "",
    ) -> None:
        self._title = text
        self._prepare = prepare
        self._finish = finish
        self._job: Job[Any, Any] | None = None
        self._warnings: list[str] = []
        self.begin = PushButton(text=text, tooltip=tooltip)
        self.cancel = PushButton(
            text="Cancel", enabled=False, tooltip="Stop. Nothing is added."
        )
        self.progress = ProgressBar(min=0, max=1, visible=False)
        self.status = WrappedLabel(value=welcome)
        buttons = Container(
            widgets=[self.begin, self.cancel], layout="horizontal", labels=False
        )
        buttons.margins = (0, 0, 0, 0)
        super().__init__(widgets=[buttons, self.progress, self.status], labels=False)
        self.margins = (0, 0, 0, 0)
        self.begin.changed.connect(self._on_begin)
        self.cancel.changed.connect(self._on_cancel)

    def stop_with(self, dock: Widget) -> None:
        """Stop when `dock`, the whole widget, is closed or destroyed.

        napari only takes a widget out of a dock that is closed; it lives on, and may be
        docked again. Closing the viewer destroys it.
        """

        def moved() -> None:
            if dock.native.parent() is None:
                self._on_undocked()

        dock.native_parent_changed.connect(moved)
        dock.native.destroyed.connect(self._on_destroyed)

    def _on_begin(self) -> None:
        if self._job is not None:
            return
        try:
            task = self._prepare()
        except Exception as error:  # noqa: BLE001 - magicgui would show an empty box
            self._fail(error)
            return
        self._n_steps = task.n_steps
        self._job = Job(
            task.run,
            total=self._n_steps,
            title=self._title,
            on_step=self._on_step,
            on_warning=self._on_warning,
            on_end=self._on_end,
        )
        self._n_done = 0
        self._warnings = []
        self._show_running(running=True)
        self.status.value = "Starting ..."
        self._job.start()

    def _on_cancel(self) -> None:
        if self._job is not None:
            self.cancel.enabled = False
            self.status.value = "Stopping ..."
            self._job.cancel()

    def _on_step(self, _step: Any) -> None:
        self._n_done += 1
        self.progress.value = min(self._n_done, self._n_steps)
        if self.cancel.enabled:
            self.status.value = f"Frame {self._n_done} of {self._n_steps} ..."

    def _on_warning(self, text: str) -> None:
        self._warnings.append(text)
        show_warning(text)

    def _on_end(self, outcome: Outcome[Any]) -> None:
        self._job = None
        self._show_running(running=False)
        match outcome:
            case Failed(error):
                self._fail(error)
            case Done(result):
                try:
                    found = self._finish(result)
                    self.status.value = "\n\n".join([found, *self._warnings])
                except Exception as error:  # noqa: BLE001 - as above
                    self._fail(error)
            case _:
                self.status.value = "Cancelled; nothing was added."

    def _on_undocked(self) -> None:
        if self._job is not None:
            self._on_destroyed()
            self._show_running(running=False)
            self.status.value = "Cancelled, for the dock was closed."

    def _on_destroyed(self) -> None:
        if self._job is not None:
            self._job.abandon()
            self._job = None

    def _show_running(self, *, running: bool) -> None:
        self.begin.enabled = not running
        self.cancel.enabled = running
        self.progress.max = max(self._n_steps, 1)
        self.progress.value = 0
        self.progress.visible = running

    def _fail(self, error: Exception) -> None:
        """Say what went wrong, once."""
        if isinstance(error, _EXPECTED):
            self.status.value = describe_error(error)
            show_error(self.status.value)
            return
        self.status.value = (
            f"Something went wrong that should not: {describe_error(error)}"
        )
        notification_manager.receive_error(type(error), error, error.__traceback__)
