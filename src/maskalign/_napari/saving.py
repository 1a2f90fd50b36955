"""Writing an aligned movie to a file, frame by frame: pure functions, no Qt."""

from collections.abc import Generator
from contextlib import closing
from dataclasses import asdict, dataclass
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
from numpy.typing import NDArray

from maskalign._napari.apply_to import kind_of
from maskalign._napari.axes import decide_axes
from maskalign._napari.layers import movie_of
from maskalign._napari.luminance import all_colours, finest
from maskalign.io.movies import iter_save_movie
from maskalign.io.units import normalize_unit
from maskalign.model.drift_table import DriftTable
from maskalign.model.movie import PIXEL, Movie
from maskalign.model.options import ApplyOptions
from maskalign.pipeline.apply import apply_drift
from maskalign.pipeline.canvas import canvas
from maskalign.pipeline.lazy_frames import as_lazy

if TYPE_CHECKING:
    from napari.layers import Image, Labels

    from maskalign._napari.worker import Stop

__all__ = [
    "FORMATS",
    "Saving",
    "aligned_movie",
    "describe_saving",
    "layer_movie",
    "outline",
    "saving_path",
]

#: What a person may choose, and the suffix that it gives.
FORMATS = {
    "OME-TIFF (*.ome.tif)": ".ome.tif",
    "TIFF for Fiji (*.tif)": ".tif",
    "OME-Zarr (*.ome.zarr)": ".ome.zarr",
}
_SUFFIXES = (".tif", ".tiff", ".zarr")


def aligned_movie(movie: Movie, table: DriftTable, options: ApplyOptions) -> Movie:
    """Return a movie as it is aligned, lazy, with its calibration and its place.

    Raises
    ------
    ValueError
        If table or options do not fit.
    """
    table.check_fits(movie.n_frames, len(movie.frame_shape))
    aligned: Movie = apply_drift(movie, table.repaired(), **asdict(options))
    return aligned.replace(name=f"{movie.name} (aligned)")


def outline(movie: Movie, table: DriftTable, options: ApplyOptions) -> Movie:
    """Return a movie of the size that the aligned one has, without its pixels.

    Raises
    ------
    ValueError
        If table or options do not fit.
    """
    table.check_fits(movie.n_frames, len(movie.frame_shape))
    frame = canvas(
        movie.frame_shape,
        table.repaired(),
        options.canvas,
        interpolation=options.interpolation,
    )
    sizes = dict(zip(movie.axes, movie.shape, strict=True))
    sizes |= dict(zip(movie.spatial_axes, frame.shape, strict=True))
    shape = tuple(sizes[a] for a in movie.axes)
    return movie.replace(data=np.broadcast_to(np.zeros((), movie.dtype), shape))


def layer_movie(layer: "Image | Labels") -> Movie:
    """Return the movie that a layer shows, as it is to be saved.

    Labels of 64 bits, which files of movies do not have, become ones of 32.

    Raises
    ------
    ValueError
        If it is no movie. Labels that need more than 32 bits raise it when they are
        read.
    """
    if kind_of(layer) == "Image":
        return all_colours(layer, movie_of(layer)[0])
    data = finest(layer)
    axes = decide_axes(data.shape, layer.axis_labels, layer.units).axes
    if data.dtype.itemsize > 4:
        narrow = np.dtype("i4" if data.dtype.kind == "i" else "u4")
        chunks = tuple(1 if letter in "TC" else -1 for letter in axes)
        lazy = as_lazy(data, chunks)
        data = da.map_blocks(_narrowed, lazy, narrow, dtype=narrow)
    return Movie(
        data,
        axes,
        scale=tuple(float(s) for s in layer.scale),
        units=tuple(normalize_unit(str(u)) for u in layer.units),
        origin=tuple(float(o) for o in layer.translate),
        name=layer.name,
    )


def _narrowed(labels: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    limits = np.iinfo(dtype)
    if labels.size and not limits.min <= labels.min() <= labels.max() <= limits.max:
        msg = (
            f"A label is {labels.max()}: files of movies hold numbers up to "
            f"{limits.max}. Number the labels anew."
        )
        raise ValueError(msg)
    return labels.astype(dtype)


def saving_path(text: str, kind: str) -> Path:
    """Return where to save to: what was typed, with a suffix that says the format.

    Parameters
    ----------
    text : str
        What was typed.
    kind : str
        One of `FORMATS`, which counts where nothing was typed that says it.

    Examples
    --------
    >>> saving_path("cells", "OME-Zarr (*.ome.zarr)").name
    'cells.ome.zarr'
    >>> saving_path("cells.v2", "OME-TIFF (*.ome.tif)").name
    'cells.v2.ome.tif'
    >>> saving_path("cells.tif", "OME-TIFF (*.ome.tif)").name
    'cells.tif'
    """
    path = Path(text)
    if path.suffix.lower() in _SUFFIXES:
        return path
    return path.with_name(path.name + FORMATS.get(kind, ".ome.tif"))


def describe_saving(movie: Movie) -> str:
    """Return what would be written, in words.

    Examples
    --------
    >>> import numpy as np
    >>> pixels = np.broadcast_to(np.uint16(0), (9, 64, 48))
    >>> print(
    ...     describe_saving(Movie(pixels, scale=(2, 0.1, 0.1), units=("s", "um", "um")))
    ... )
    9 frames of 64 x 48 px, uint16, 55.3 kB; pixels of 0.1 x 0.1 µm, a frame every 2 s.
    >>> print(describe_saving(Movie(pixels)))
    9 frames of 64 x 48 px, uint16, 55.3 kB; size of a pixel not known.
    """
    size = " x ".join(map(str, movie.frame_shape))
    text = f"{movie.n_frames} frame{'s' * (movie.n_frames != 1)} of {size} px, "
    if "C" in movie.axes:
        text += f"{movie.shape[movie.axes.index('C')]} channels, "
    text += f"{movie.dtype}, {_bytes(prod(movie.shape) * movie.dtype.itemsize)}; "
    units = [normalize_unit(u) for u in movie.along("units", movie.spatial_axes)]
    if set(units) == {PIXEL}:
        return f"{text}size of a pixel not known."
    sizes = [f"{s:.4g}" for s in movie.along("scale", movie.spatial_axes)]
    if len(set(units)) == 1:
        text += f"pixels of {' x '.join(sizes)} {units[0]}"
    else:
        pairs = (f"{s} {u}" for s, u in zip(sizes, units, strict=True))
        text += f"pixels of {' x '.join(pairs)}"
    (unit,), (step,) = movie.along("units", "T"), movie.along("scale", "T")
    if normalize_unit(unit) != PIXEL:
        text += f", a frame every {step:.4g} {normalize_unit(unit)}"
    return f"{text}."


def _bytes(n: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if n < 1000:
            return f"{n:.3g} {unit}"
        n /= 1000
    return f"{n:.3g} TB"


@dataclass(frozen=True, slots=True, eq=False)
class Saving:
    """A movie to be written, and where to."""

    path: Path
    movie: Movie
    overwrite: bool = False

    @property
    def n_steps(self) -> int:
        """Number of frames, each a step."""
        return self.movie.n_frames

    def run(self, stop: "Stop") -> Generator[int, None, str]:
        """Write it frame by frame, and return what to say.

        Asked to stop, it leaves no file behind, and one that was there untouched.

        Raises
        ------
        FileExistsError
            If the file exists and `overwrite` is not set.
        OSError, ValueError
            If it cannot be written there, or not as such a file.
        """
        written = iter_save_movie(self.path, self.movie, overwrite=self.overwrite)
        with closing(written) as frames:  # type: ignore[type-var]
            for number in frames:
                if stop.requested:
                    stop.leave()
                yield number
        return f"Saved {self.path}: {describe_saving(self.movie)}"
