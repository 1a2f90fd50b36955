"""The work behind *Align two images*: what is found, and the picture of it. No Qt."""

from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from maskalign._napari.luminance import all_colours
from maskalign._napari.pair_side import Side
from maskalign._napari.place import Lie, embedded
from maskalign._napari.preview import overlay
from maskalign._napari.wording import describe_shift, in_world
from maskalign.core.placed import CommonGrid, register_placed
from maskalign.core.resample import on_grid, resample
from maskalign.model.options import MatchOptions
from maskalign.model.results import CorrelationSurface, Registration
from maskalign.model.types import Interpolation, ValidArray
from maskalign.pipeline.frame_blocks import move_blocks
from maskalign.pipeline.parallel import compute

if TYPE_CHECKING:
    from maskalign._napari.worker import Stop

__all__ = ["OUTPUTS", "Output", "Paired", "Pairing", "Surface", "SurfaceTask"]

Output: TypeAlias = Literal["move the layer", "resample on the reference"]
#: What may be made of the moving layer.
OUTPUTS: tuple[Output, ...] = get_args(Output)


@dataclass(frozen=True, slots=True, eq=False)
class Pairing:
    """What is to be aligned and how: collected from the widgets, then left alone."""

    reference: Side
    moving: Side
    lie: Lie
    options: MatchOptions
    output: Output = "move the layer"
    interpolation: Interpolation = "linear"

    @property
    def n_steps(self) -> int:
        """Reading, matching, moving."""
        return 3

    def run(self, stop: "Stop") -> Generator[str, None, "Paired"]:
        """Find the shift, and move the image if its pixels are to be moved.

        Raises
        ------
        TypeError, ValueError
            If images, masks and options do not fit together.
        """
        images, valids = self.read(stop)
        yield "read"
        found = register_placed(
            *images,
            self.lie.matrix,
            reference_mask=valids[0],
            moving_mask=valids[1],
            **asdict(self.options),
        )
        yield "matched"
        if stop.requested:
            stop.leave()
        data = None
        if self.output == "resample on the reference":
            data = self._resampled(found)
        yield "moved"
        used = [1.0 if v is None else float(np.mean(v)) for v in valids]
        return Paired(self, found, images, (used[0], used[1]), data)

    def read(
        self, stop: "Stop"
    ) -> tuple[
        tuple[NDArray[Any], NDArray[Any]],
        tuple[ValidArray | None, ValidArray | None],
    ]:
        """Return both images, and their masks."""
        images, valids = [], []
        for side in stop.watch((self.reference, self.moving)):
            valids.append(side.valid(stop))
            images.append(side.read())
        if stop.requested:
            stop.leave()
        return (images[0], images[1]), (valids[0], valids[1])

    def placed(self, shift: Sequence[float] | None = None) -> NDArray[np.float64]:
        """Return what takes pixels of the reference to those of the moving image.

        Where it lies now, or once it is shifted.
        """
        there = self.lie.matrix.copy()
        if shift is not None:
            there[:-1, -1] += np.array(shift)
        back = np.asarray(np.linalg.inv(there), np.float64)
        return back

    def _resampled(self, found: Registration) -> Any:
        """Return the moving layer on the grid of the reference.

        Of a movie all frames, lazily; of an image with the colours that it has.
        """
        movie = all_colours(self.moving.layer, self.moving.movie)
        place = self.placed(found.shift)
        shape = tuple(self.reference.image.shape)
        extra = len(movie.spatial_axes) - len(shape)
        if extra:
            # Of a volume of which one plane was matched, every plane.
            place = embedded(place, len(place) - 1 + extra)
            shape = (*movie.frame_shape[:extra], *shape)
        floating = np.dtype(movie.dtype).kind == "f"
        move = partial(
            _laid,
            place=place,
            shape=shape,
            interpolation=self.interpolation,
            fill_value=np.nan if floating else 0,
        )
        nowhere = np.zeros((movie.n_frames, len(shape)))
        moved = move_blocks(
            movie.data, movie.axes, nowhere, move, shape=shape, dtype=movie.dtype
        )
        return moved if "T" in movie.axes else compute(moved)

    @property
    def record(self) -> dict[str, Any]:
        """What was asked for, for the metadata of layers."""
        sides: dict[str, Any] = {}
        for name, side in (("reference", self.reference), ("moving", self.moving)):
            mask = side.mask
            sides |= {
                name: side.text,
                f"{name}_mask": None if mask is None else mask.layer.name,
                f"{name}_painted": None if mask is None else mask.meaning,
            }
        resampling = {}
        if self.output == "resample on the reference":
            resampling = {"interpolation": self.interpolation}
        return sides | asdict(self.options) | {"result": self.output} | resampling


def _laid(
    image: NDArray[Any],
    _shift: Sequence[float],
    *,
    place: NDArray[np.float64],
    shape: tuple[int, ...],
    interpolation: Interpolation,
    fill_value: float,
) -> NDArray[Any]:
    """Return one image on another grid."""
    return resample(
        image, place, shape, interpolation=interpolation, fill_value=fill_value
    )


@dataclass(frozen=True, slots=True, eq=False)
class Paired:
    """What came out."""

    request: Pairing
    #: The shift, in pixels of the reference.
    found: Registration
    #: The reference and the moving image, as they were matched.
    images: tuple[NDArray[Any], NDArray[Any]]
    #: Share of either that its mask leaves, 0 to 1.
    used: tuple[float, float]
    #: The moving layer on the grid of the reference, if that was asked for.
    data: Any = None

    @property
    def record(self) -> dict[str, Any]:
        """How it was made, for the metadata of its layer."""
        return {"registration": self.found, "options": self.request.record}

    @property
    def text(self) -> str:
        """What was found, in words."""
        one, other = self.request.reference, self.request.moving
        found = describe_shift(self.found, one.scale, one.units)
        world = in_world(self.found.shift, one.scale, one.units)
        if world:
            found += f"\nIn the world: {world}."
        text = f"{other.layer.name} over {one.layer.name}: {found}"
        shares = [
            f"{share:.0%} of {side.layer.name}".replace("%", " %")
            for side, share in zip((one, other), self.used, strict=True)
            if share < 1
        ]
        return f"{text}\nMatched on {' and '.join(shares)}." if shares else text

    def picture(self, *, after: bool, plane: int | None = None) -> NDArray[np.uint8]:
        """Return both over each other, in green and magenta, (Y, X, 3).

        Each is as dark and bright as its layer.

        Parameters
        ----------
        after : bool
            Whether the moving image is where it belongs.
        plane : int, optional
            Of volumes, which plane of the reference; the middle one if left out.
        """
        one, other = self.images
        place = self.request.placed(self.found.shift if after else None)
        shape = one.shape
        if one.ndim == 3:
            plane = len(one) // 2 if plane is None else min(plane, len(one) - 1)
            one, shape = one[plane], (1, *shape[1:])
            place[:, -1] += plane * place[:, 0]
        laid = on_grid(other, None, place, shape).reshape(one.shape)
        sides = self.request.reference, self.request.moving
        shades = []
        for side, image in zip(sides, (one, laid), strict=True):
            low, high = side.limits(image)
            span = max(high - low, np.finfo(float).tiny)
            shades.append((image.astype(float) - low) / span)
        return overlay(shades[0], shades[1], (0, 1))


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """The correlation of two images at every shift that is searched."""

    request: Pairing
    surface: CorrelationSurface
    #: Size of a step, and the shift of the lag 0, in pixels of the reference.
    step: NDArray[np.float64]
    first: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class SurfaceTask:
    """What is to be shown as a correlation surface."""

    request: Pairing

    @property
    def n_steps(self) -> int:
        """Reading, correlating."""
        return 2

    def run(self, stop: "Stop") -> Generator[str, None, Surface]:
        """Correlate the images."""
        images, valids = self.request.read(stop)
        yield "read"
        grid = CommonGrid.of(*images, self.request.lie.matrix, *valids)
        surface = grid.surface(self.request.options)
        yield "correlated"
        return Surface(self.request, surface, grid.step, grid.first)
