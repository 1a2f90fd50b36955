"""Laying one frame over another, whatever comes of it."""

from dataclasses import replace
from threading import Lock

from maskalign.core.empty_edge import has_empty_edge, warn_empty_edge
from maskalign.core.lags import LagWindow
from maskalign.core.pinned import looks_pinned, warn_pinned
from maskalign.core.pixels import Pixels
from maskalign.core.register import match
from maskalign.core.tile_sums import Sums, compiled
from maskalign.errors import NoContrastError, NoOverlapError, NoValidPixelsError
from maskalign.model import status
from maskalign.model.options import MatchOptions
from maskalign.model.results import Registration
from maskalign.pipeline.shots import Shot
from maskalign.pipeline.start import Start

__all__ = ["Pairing", "nothing", "share_moved"]

#: The word for each reason why there is no estimate.
_STATUS = {
    NoContrastError: status.BLANK,
    NoValidPixelsError: status.EMPTY,
    NoOverlapError: status.LOW_OVERLAP,
}
#: Frames that are looked at for what may mislead, static structure and an empty border,
#: and the share of them that, where it is found, is worth a warning.
_PROBES, _MANY = 16, 0.25


def nothing(word: str, ndim: int) -> Registration:
    """Return what stands for no estimate, and why."""
    unknown, nan = (float("nan"),) * ndim, float("nan")
    return Registration(unknown, nan, nan, unknown, nan, word)


def share_moved(found: Registration, shot: Shot) -> float:
    """Return how far a frame is moved, as a share of its size."""
    steps = zip(found.shift, shot.shape, strict=True)
    return max(abs(step) / size for step, size in steps)


class Pairing:
    """Lays frames over frames; says why where that cannot be done.

    Parameters
    ----------
    options : MatchOptions
        How to search.
    start : Start or None
        Where to search.
    n_frames : int
        Number of frames; some of them are looked at for what may mislead.
    """

    def __init__(self, options: MatchOptions, start: Start | None, n_frames: int):
        self._options = options
        self._start = start
        self._n_frames = n_frames
        self._probe_every = max(n_frames // _PROBES, 1)
        self._pinned: dict[int, bool] = {}
        self._bordered: dict[int, bool] = {}
        self._lock = Lock()

    def __call__(
        self, reference: Shot, moving: Shot, place: int | None = None
    ) -> Registration:
        """Return the shift that lays `moving` over `reference`.

        Parameters
        ----------
        reference, moving : Shot
            The two frames.
        place : int, optional
            The frame in whose place the reference lies, if it is none itself.
        """
        try:
            found = self._match(reference, moving, place)
        except tuple(_STATUS) as error:
            return nothing(_STATUS[type(error)], len(reference.shape))
        moved = share_moved(found, moving)
        word = moving.defects.beside(reference.defects, moved)
        return replace(found, status=word) if word else found

    def window(
        self, reference: Shot, moving: Shot, place: int | None = None
    ) -> LagWindow:
        """Return the lags to search for two frames."""
        around = None
        if self._start is not None:
            here = reference.frame if place is None else place
            around = self._start.between(here, moving.frame)
        whole = LagWindow.within(
            reference.shape, moving.shape, self._options.max_shift, around
        )
        counts = reference.pixels.valid.count, moving.pixels.valid.count
        return whole.overlapping(self._options.min_overlap * min(counts))

    def warn(self) -> None:
        """Warn if in many frames something stands still, or is empty, and misleads."""
        if _are_many(self._pinned):
            warn_pinned("In many frames", stacklevel=3)
        if _are_many(self._bordered):
            warn_empty_edge("In many frames", stacklevel=3)

    def _match(self, reference: Shot, moving: Shot, place: int | None) -> Registration:
        options = self._options
        fixed, moved = reference.pixels, moving.pixels
        window = self.window(reference, moving, place)
        found = match(
            reference.prepared(window),
            moved,
            reference.terms(window, moved.valid, options.min_overlap),
            subpixel=options.subpixel,
            sums=self._sums(moved) if options.subpixel else None,
        )
        if self._to_probe(moving.frame):
            self._pinned[moving.frame] = looks_pinned(fixed, moved, found.shift)
            self._bordered[moving.frame] = has_empty_edge(moved)
        return found

    def _sums(self, pixels: Pixels) -> Sums | None:
        """Return the compiled sums if there are frames enough; the same for all."""
        n = self._n_frames * pixels.values.size
        return compiled(n, pixels.values.ndim, pixels.values.dtype)

    def _to_probe(self, frame: int) -> bool:
        """Tell whether a frame is to be looked at, once."""
        with self._lock:
            wanted = frame % self._probe_every == 0 and frame not in self._pinned
            if wanted:
                self._pinned[frame] = False
            return wanted


def _are_many(seen: dict[int, bool]) -> bool:
    return sum(seen.values()) > _MANY * len(seen)
