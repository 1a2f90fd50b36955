"""``maskalign demo``: a real movie, aligned, in one command."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from maskalign.cli.errors import Command
from maskalign.cli.files import check_files
from maskalign.cli.options import overwrite_option
from maskalign.cli.steps import estimate, write_movie
from maskalign.cli.tables import write_table

if TYPE_CHECKING:
    from maskalign.data.sample import Sample
    from maskalign.model.drift_table import DriftTable
    from maskalign.model.movie import Movie

__all__ = ["demo"]

_MAX_SHIFT = 60
_FILES = {
    "movie.tif": "the movie as it was recorded",
    "mask.tif": "its mask, 255 where a pixel may be used",
    "aligned.tif": "the movie, standing still",
    "drift.csv": "the shift of each frame and how far to trust it",
    "drift.png": "the picture of it",
}


@click.command(cls=Command)
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(path_type=Path),
    default=Path("maskalign-demo"),
    show_default=True,
    help="Folder to write to; made if it is not there.",
)
@click.option("--view", is_flag=True, help="Show the movie before and after in napari.")
@overwrite_option
def demo(out: Path, **flags: bool) -> None:
    """Align a real movie that comes with maskalign.

    A living human retina drifts under a scanning ophthalmoscope; dark bars at the sides
    stand still with the instrument. A mask leaves the bars out. The demo aligns the
    movie with the mask and without it, says what it found, and writes the aligned
    movie, the drift table and a picture.
    """
    if flags["view"] and find_spec("napari") is None:
        msg = '--view needs napari: pip install "napari-maskalign[napari]".'
        raise ValueError(msg)
    if out.exists() and not out.is_dir():
        msg = f"{out} is a file; --out names a folder."
        raise NotADirectoryError(msg)
    out.mkdir(parents=True, exist_ok=True)
    check_files({}, {n: out / n for n in _FILES}, overwrite=flags["overwrite"])
    from maskalign.data.samples import retina
    from maskalign.pipeline.apply import apply_drift

    sample = retina()
    click.echo(f"{sample.story}\n")
    table = _estimate(sample, mask=sample.mask)
    unmasked = _estimate(sample, mask=None)
    click.echo(_findings(sample, table, unmasked))
    aligned = apply_drift(sample.movie, table.repaired())
    _write(out, sample, aligned, table)
    click.echo(f"Written to {out}/")
    for name, meaning in _FILES.items():
        click.echo(f"  {name:<12} {meaning}")
    click.echo(f"The same by hand:\n  {_by_hand(out)}")
    if flags["view"]:
        _view(sample, aligned)


def _estimate(sample: "Sample", *, mask: Any) -> "DriftTable":
    from maskalign.pipeline.plan import plan_drift

    plan = plan_drift(sample.movie, mask=mask, max_shift=_MAX_SHIFT)
    how = "without" if mask is None else "with"
    return estimate(plan, f"Estimating the drift {how} the mask")


def _findings(sample: "Sample", table: "DriftTable", unmasked: "DriftTable") -> str:
    """Say what was found with the mask and without it, in figures."""
    from maskalign.io.plots import drift_summary

    return (
        f"With the mask:    {drift_summary(table)}\n"
        f"                  {_agreement(sample, table)}\n"
        f"Without the mask: {drift_summary(unmasked)}\n"
        f"                  {_agreement(sample, unmasked)}\n"
        f"Median of |x|:    {_median_x(table):.1f} px with the mask, "
        f"{_median_x(unmasked):.1f} px without: "
        f"{_verdict(_median_x(table), _median_x(unmasked))}\n"
    )


def _agreement(sample: "Sample", table: "DriftTable") -> str:
    off = np.abs(table.shifts - np.asarray(sample.shifts)).max(axis=1)
    return (
        f"{np.count_nonzero(off <= 1)} of {len(table)} frames within 1 px of the "
        "reference shifts"
    )


def _median_x(table: "DriftTable") -> float:
    return float(np.nanmedian(np.abs(table.shifts[:, -1])))


def _verdict(with_mask: float, without: float) -> str:
    if without < with_mask / 2:
        return "the bars, which stand still, pull x towards zero"
    return "the mask makes little difference"


def _write(out: Path, sample: "Sample", aligned: "Movie", table: "DriftTable") -> None:
    """Write all files; those that were there may be replaced by now."""
    from maskalign.io.movies import save_movie
    from maskalign.io.plots import save_drift_plot

    mask = np.asarray(sample.mask)
    save_movie(out / "movie.tif", sample.movie, overwrite=True)
    save_movie(out / "mask.tif", mask.astype("uint8") * 255, axes="YX", overwrite=True)
    write_movie(out / "aligned.tif", aligned, overwrite=True)
    write_table(table, out / "drift.csv", overwrite=True)
    save_drift_plot(
        out / "drift.png",
        table,
        title="A living retina: the eye drifts, the bars do not",
        images=_before_after(sample, table),
        overwrite=True,
    )


def _before_after(sample: "Sample", table: "DriftTable") -> Any:
    """Return the time averages of the movie before and after."""
    from maskalign.io.plots import BeforeAfter
    from maskalign.pipeline.apply import apply_drift

    frames = np.asarray(sample.movie.data, np.float32)
    moved = apply_drift(frames, table.repaired(), fill_value=np.nan).compute()
    seen = np.isfinite(moved)
    total = np.where(seen, moved, 0).sum(axis=0)
    with np.errstate(invalid="ignore"):
        after = total / seen.sum(axis=0)
    return BeforeAfter(frames.mean(axis=0), after, sample.mask)


def _by_hand(out: Path) -> str:
    return (
        f"maskalign align {out / 'movie.tif'} --mask {out / 'mask.tif'} "
        f"--max-shift {_MAX_SHIFT} -o again.tif"
    )


def _view(sample: "Sample", aligned: "Movie") -> None:
    """Show both movies in napari until its window is closed."""
    import napari  # type: ignore[import-untyped,unused-ignore]

    viewer = napari.Viewer(title="maskalign demo")
    for name, movie in (("retina", sample.movie), ("retina (aligned)", aligned)):
        viewer.add_image(
            movie.data,
            name=name,
            scale=movie.scale,
            units=movie.units,
            axis_labels=movie.axes.lower(),
        )
    viewer.add_labels(
        np.asarray(~np.asarray(sample.mask), np.uint8),
        name="ignored by the mask",
        scale=sample.movie.scale[-2:],
        units=sample.movie.units[-2:],
        axis_labels=("y", "x"),
        visible=False,
    )
    napari.run()
