"""Begin, cancel, progress and a line that says how it went: the foot of a widget."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from time import monotonic
from typing import Any, Protocol

from magicgui.widgets import Container, ProgressBar, PushButton, Widget
from napari.utils.notifications import show_warning

from maskalign._napari.saying import StatusLine
from maskalign._napari.wording import time_left
from maskalign._napari.worker import Done, Failed, Job, Outcome, Stop

__all__ = ["Errand", "RunPanel", "Task"]


class Task(Protocol):
    """Work that a panel can run."""

    @property
    def n_steps(self) -> int:
        """How many steps to expect."""

    def run(self, stop: Stop) -> Generator[Any, None, Any]:
        """Yield a step now and then, and return the result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """How a task is spoken of, and who takes what comes of it."""

    #: What the activity dock calls it.
    title: str
    #: Takes the result and returns the text of the status line.
    finish: Callable[[Any], str]
    #: What a step of the task is called.
    step: str = "Frame"
    #: Takes every step that the task yields.
    each: Callable[[Any], None] | None = None
    #: Called when the task has ended without a result.
    undone: Callable[[], None] | None = None
    #: What the button says that cancels.
    stopping: str = "Stop. Nothing is added."
    #: What is said when it was cancelled.
    stopped: str = "Cancelled; nothing was added."


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
    welcome : str
        What the status line says at first.
    step : str
        What a step of the task is called.
    each : callable, optional
        Takes every step that the task yields.
    undone : callable, optional
        Called when a task has ended without a result.
    stopping : str
        What the button says that cancels.

    Attributes
    ----------
    begin, cancel : PushButton
        `begin` is disabled while a task runs, `cancel` while none does.
    progress : ProgressBar
        On show while a task runs.
    status : StatusLine
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
        step: str = "Frame",
        each: Callable[[Any], None] | None = None,
        undone: Callable[[], None] | None = None,
        stopping: str = "Stop. Nothing is added.",
    ) -> None:
        self._prepare = prepare
        self._errand = self._main = Errand(
            title=text,
            finish=finish,
            step=step,
            each=each,
            undone=undone,
            stopping=stopping,
        )
        self._job: Job[Any, Any] | None = None
        self._told: list[Callable[[bool], None]] = []
        self._warnings: list[str] = []
        self.begin = PushButton(text=text, tooltip=tooltip)
        self.cancel = PushButton(text="Cancel", enabled=False, tooltip=stopping)
        self.progress = ProgressBar(min=0, max=1, visible=False)
        self.status = StatusLine(value=welcome)
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

    def tell(self, callback: Callable[[bool], None]) -> None:
        """Call when a task begins (True), and when it has ended (False)."""
        self._told.append(callback)

    @property
    def running(self) -> bool:
        """Whether a task runs."""
        return self._job is not None

    def attempt(self, action: Callable[[], str | None]) -> None:
        """Do something quick; say what it returns, or in words what went wrong."""
        self.status.attempt(action)

    def start(self, prepare: Callable[[], Task], errand: Errand | None = None) -> None:
        """Run the task that `prepare` returns, unless one is running.

        It is spoken of as of the panel's own task unless an `errand` is given.
        """
        if self._job is not None:
            return
        try:
            task = prepare()
            self._n_steps = task.n_steps
        except Exception as error:  # noqa: BLE001 - as above
            self.status.fail(error)
            return
        self._errand = errand or self._main
        self._job = Job(
            task.run,
            total=self._n_steps,
            title=self._errand.title,
            on_steps=self._on_steps,
            on_warning=self._on_warning,
            on_end=self._on_end,
        )
        self._n_done = 0
        self._began = monotonic()
        self._warnings = []
        self._show_running(running=True)
        self.status.value = "Starting ..."
        self._job.start()

    def _on_begin(self) -> None:
        self.start(self._prepare)

    def _on_cancel(self) -> None:
        if self._job is not None:
            self.cancel.enabled = False
            self.status.value = "Stopping ..."
            self._job.cancel()

    def _on_steps(self, steps: list[Any]) -> None:
        # How many there will be may have been a guess.
        self._n_done = min(self._n_done + len(steps), self._n_steps)
        try:
            if self._errand.each is not None:
                for step in steps:
                    self._errand.each(step)
        except Exception as error:  # noqa: BLE001 - Qt ends the process where it gets one
            self._on_destroyed()
            self._on_end(Failed(error))
            return
        self.progress.value = self._n_done
        if self.cancel.enabled:
            left = time_left(monotonic() - self._began, self._n_done, self._n_steps)
            said = f"{self._errand.step} {self._n_done} of {self._n_steps}"
            self.status.value = f"{said}{left} ..."

    def _on_warning(self, text: str) -> None:
        self._warnings.append(text)
        show_warning(text)

    def _on_end(self, outcome: Outcome[Any]) -> None:
        self._job = None
        self._show_running(running=False)
        match outcome:
            case Failed(error):
                self._tidy()
                self.status.fail(error)
            case Done(result):
                try:
                    found = self._errand.finish(result)
                    self.status.value = "\n\n".join([found, *self._warnings])
                except Exception as error:  # noqa: BLE001 - as above
                    self._tidy()
                    self.status.fail(error)
            case _:
                self._tidy()
                self.status.value = self._errand.stopped

    def _on_undocked(self) -> None:
        if self._job is not None:
            self._on_destroyed()
            self._show_running(running=False)
            self._tidy()
            self.status.value = "Cancelled, for the dock was closed."

    def _on_destroyed(self) -> None:
        if self._job is not None:
            self._job.abandon()
            self._job = None

    def _show_running(self, *, running: bool) -> None:
        self.begin.enabled = not running
        self.cancel.enabled = running
        self.cancel.tooltip = (self._errand if running else self._main).stopping
        self.progress.max = max(self._n_steps, 1)
        self.progress.value = 0
        self.progress.visible = running
        for callback in self._told:
            callback(running)

    def _tidy(self) -> None:
        """Let whoever asked for the task take back what it has shown."""
        if self._errand.undone is not None:
            self._errand.undone()
