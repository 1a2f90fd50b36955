"""The work behind *NCC map*: which images, which mask, the map. No Qt."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from maskalign._napari.luminance import colour_note
from maskalign._napari.map_layer import over_layer, show_map
from maskalign._napari.masks import MaskChoice
from maskalign._napari.still import still_of
from maskalign._napari.world import placement
from maskalign.io.units import normalize_unit
from maskalign.model.map_options import MapOptions
from maskalign.model.map_results import MapSummary
from maskalign.model.movie import Movie
from maskalign.pipeline.frames import Frames
from maskalign.pipeline.map_summary import frame_figures, summary_of
from maskalign.pipeline.maps import local_ncc
from maskalign.pipeline.parallel import in_order, n_workers

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image

    from maskalign._napari.worker import Stop

__all__ = [
    "FIRST",
    "PREVIOUS",
    "SAME",
    "SHOWN",
    "MapRequest",
    "Mapped",
    "Picture",
    "add_map",
    "choices_against",
    "describe_map",
    "describe_pair",
    "picture_of",
]

#: What each frame is compared with, where the reference is a movie.
FIRST, PREVIOUS, SAME, SHOWN = (
    "first frame",
    "previous frame",
    "same frame",
    "shown frame",
)
#: Maps of more bytes are not kept in memory, but computed when they are shown.
_KEPT_BYTES = 1 << 30


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """An image or a movie that a layer shows."""

    layer: "Image"
    movie: Movie
    #: Which channel and which frame are on show; None where there are no such axes.
    channel: int | None
    frame: int | None

    @property
    def frames(self) -> Frames:
        """The frames of the channel on show."""
        return Frames(self.movie, self.channel)

    def one(self, frame: int) -> Any:
        """Return one of its images, unread."""
        return self.frames.block(frame, frame + 1)[0]


def picture_of(layer: "Image | None", point: Sequence[float], what: str) -> Picture:
    """Return what a layer shows, without reading it.

    Raises
    ------
    TypeError, ValueError
        If there is no layer or it is no image or movie; `what` it was meant for is
        said.
    """
    still = still_of(layer, point, what)
    assert layer is not None
    movie = still.movie.replace(
        scale=tuple(float(s) for s in layer.scale),
        units=tuple(normalize_unit(str(u)) for u in layer.units),
        origin=tuple(float(o) for o in layer.translate),
    )
    return Picture(layer, movie, still.channel, still.frame)


def choices_against(reference: Picture, moving: Picture) -> tuple[str, ...]:
    """Return what frames may be compared with, what is most wanted first.

    Examples
    --------
    >>> from napari.layers import Image
    >>> film = picture_of(Image(np.zeros((9, 8, 8))), (0, 0, 0), "image")
    >>> choices_against(film, film)
    ('first frame', 'previous frame', 'shown frame')
    """
    if "T" not in reference.movie.axes:
        return ()
    if "T" not in moving.movie.axes:
        return (SHOWN, FIRST)
    if reference.layer is moving.layer:
        return (FIRST, PREVIOUS, SHOWN)
    if reference.movie.n_frames == moving.movie.n_frames:
        return (SAME, FIRST, SHOWN)
    return (FIRST, SHOWN)


@dataclass(frozen=True, slots=True, eq=False)
class MapRequest:
    """What is to be mapped and how: collected from the widgets, then left alone."""

    reference: Picture
    moving: Picture
    #: One of the choices above, or None where the reference is a single image.
    against: str | None
    #: What is painted over the moving image, and what that means; or None.
    mask: MaskChoice | None
    options: MapOptions

    @property
    def n_steps(self) -> int:
        """Number of frames, each a step."""
        return self.moving.movie.n_frames

    def run(self, stop: "Stop") -> Generator[int, None, "Mapped"]:
        """Compute the map frame by frame, yielding the number of each.

        Raises
        ------
        TypeError, ValueError
            If images, mask and options do not fit together.
        """
        mask = self._mask(stop)
        maps = self._maps(mask)
        frames = Frames(maps)
        keep = maps.data.nbytes <= _KEPT_BYTES
        kept, figures = [], []

        def frame(number: int) -> Any:
            return frames.read(number, number + 1)[0]

        numbers = range(self.n_steps)
        images = in_order(frame, numbers, workers=n_workers())
        for number, image in enumerate(stop.watch(images)):
            figures.append(frame_figures(image))
            if keep:
                kept.append(image)
            yield number
        data = maps.data
        if keep:
            at = maps.axes.index("T") if "T" in maps.axes else None
            data = kept[0] if at is None else np.stack(kept, axis=at)
        used = 1.0 if mask is None else float(np.mean(mask.data))
        return Mapped(self, data, maps.axes, summary_of(figures), used)

    def _maps(self, mask: Movie | None) -> Movie:
        """Return the lazy map."""
        options = self.options
        found: Movie = local_ncc(
            self._reference(),
            self.moving.movie,
            mask=mask,
            channel=self.moving.channel,
            window=options.window,
            weights=options.weights,
            min_valid=options.min_valid,
        )
        return found

    def _reference(self) -> Any:
        match self.against:
            case "previous frame":
                return "previous"
            case "same frame":
                return self.reference.frames.block(0, len(self.reference.frames))
            case "shown frame":
                return self.reference.one(self.reference.frame or 0)
            case _:
                return self.reference.one(0)

    def _mask(self, stop: "Stop") -> Movie | None:
        return None if self.mask is None else self.mask.fixed(stop)


@dataclass(frozen=True, slots=True, eq=False)
class Mapped:
    """What came out."""

    request: MapRequest
    #: The map, with the axes of the moving layer less its channels.
    data: Any
    axes: str
    summary: MapSummary
    #: Share of a frame that the mask leaves, 0 to 1.
    used: float

    @property
    def record(self) -> dict[str, Any]:
        """How it was made, for the metadata of its layer."""
        asked = self.request
        options = {
            "reference": asked.reference.layer.name,
            "moving": asked.moving.layer.name,
            "against": asked.against,
            "mask": None if asked.mask is None else asked.mask.layer.name,
            "painted": None if asked.mask is None else asked.mask.meaning,
            "window": asked.options.window,
            "weights": asked.options.weights,
        }
        return {"ncc_map": self.summary, "options": options}


def add_map(viewer: "ViewerModel", found: Mapped) -> "Image":
    """Show a map over its moving layer: as a new layer, or in place of the last one."""
    moving = found.request.moving
    data, kept = over_layer(found.data, moving.movie)
    placed = placement(moving.layer, kept)
    return show_map(viewer, moving.layer.name, placed, data, found.record)


def describe_pair(reference: Picture, moving: Picture) -> str:
    """Say what would be compared, and what should be known about it."""
    sizes = [p.movie.frame_shape for p in (reference, moving)]
    if sizes[0] != sizes[1]:
        one, other = (" x ".join(map(str, size)) for size in sizes)
        return f"The reference has {one} px and the moving image {other} px."
    n = moving.movie.n_frames
    text = f"{' x '.join(map(str, sizes[0]))} px"
    text += f", {n} frames." if "T" in moving.movie.axes else "."
    if not _same_place(reference, moving):
        text += (
            " The layers do not lie over each other in the viewer: what is compared "
            "is pixels of the same number."
        )
    note = colour_note(reference.layer, moving.layer)
    return f"{text}\n{note}" if note else text


def _same_place(reference: Picture, moving: Picture) -> bool:
    """Tell whether the pixels of two layers lie at the same places."""
    n = len(moving.movie.spatial_axes)
    places = []
    for picture in (reference, moving):
        at = [picture.movie.axes.index(letter) for letter in picture.movie.spatial_axes]
        corners = np.zeros((n + 1, picture.layer.ndim))
        for row, axis in enumerate(at):
            corners[row, axis] = picture.movie.shape[axis]
        world = [np.asarray(picture.layer.data_to_world(corner)) for corner in corners]
        places.append(np.array(world)[:, at])
    step = max(moving.movie.along("scale", moving.movie.spatial_axes))
    return bool(np.abs(places[0] - places[1]).max() <= step / 2)


def describe_map(found: Mapped) -> str:
    """Return what was found, in words."""
    summary, n = found.summary, len(found.summary)
    what = f"{n} frames compared" if n > 1 else "Compared"
    if found.used < 1:
        what += f" on {found.used:.0%} of each".replace("%", " %")
    return f"{what}: {summary}."
