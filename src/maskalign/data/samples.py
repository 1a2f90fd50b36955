"""Small crops of real movies, shipped with the package.

Origin, licence, and what was done to each: ``samples/README.md``.
"""

from importlib.resources import files
from pathlib import Path

import numpy as np

from maskalign.data.sample import Sample
from maskalign.io.movies import load_movie
from maskalign.model.drift_table import DriftTable

__all__ = ["Sample", "organoid", "retina"]


def retina() -> Sample:
    """Open a movie of a living human retina between two dark bars.

    Returns
    -------
    Sample
        uint8, axes TYX, shape (16, 320, 1000), lazy. The mask leaves out the bars,
        which belong to the instrument: without it the movie seems to stand still in x.
        The shifts are those of a reference measurement.

    Examples
    --------
    >>> retina().movie
    Movie(retina: uint8; T 16 x 1 pixel, Y 320 x 1 pixel, X 1000 x 1 pixel)
    """
    return Sample(
        load_movie(_path("retina.tif")),
        mask=np.asarray(load_movie(_path("retina_mask.tif")).data) > 0,
        shifts=DriftTable.from_csv(_path("retina_shifts.csv")).shifts,
        story=(
            "A living human retina drifts under an adaptive-optics scanning laser "
            "ophthalmoscope, by up to 60 pixels; the dark bars at both sides stand "
            "still with the instrument. From MustafaArikan/AO_Registration, MIT "
            "licence."
        ),
    )


def organoid() -> Sample:
    """Open a movie of an organoid in three dimensions and two channels.

    Returns
    -------
    Sample
        uint8, axes TZCYX, shape (5, 20, 2, 96, 92), channels ``"cytosol"`` and
        ``"nuclei"``, lazy. Nothing needs a mask. From the third frame on the view jumps
        by exactly (-4, -6, 12) voxels, beside a drift below a voxel; the shifts are the
        jump and a reference measurement of the rest.

    Examples
    --------
    >>> organoid().movie.channels
    ('cytosol', 'nuclei')
    """
    return Sample(
        load_movie(_path("organoid.tif")),
        mask=None,
        shifts=DriftTable.from_csv(_path("organoid_shifts.csv")).shifts,
        story=(
            "An organoid in 3-D and two channels, cytosol and nuclei, drifts by less "
            "than a voxel, but jumps once by more than ten. From "
            "COSC-Lab/napari-fast4dreg, BSD-3-Clause licence."
        ),
    )


def _path(name: str) -> Path:
    return Path(str(files("maskalign.data") / "samples" / name))
