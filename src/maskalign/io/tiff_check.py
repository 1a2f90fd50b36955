"""A TIFF file is opened, and known to be whole, before a frame of it is promised."""

import struct
from math import prod
from pathlib import Path

import tifffile

from maskalign.errors import MovieFileError

__all__ = ["CODECS_HINT", "CUT_SHORT", "first_series", "open_tiff"]

CODECS_HINT = 'Install the codecs: pip install "napari-maskalign[codecs]".'
CUT_SHORT = (
    "It was probably cut short or damaged while it was written or copied; "
    "copy or export it again."
)
_DESCRIPTION = 270


def open_tiff(path: Path) -> tifffile.TiffFile:
    """Open a TIFF file, or raise `MovieFileError` saying why it is none."""
    if path.is_dir():
        msg = (
            f"{path} is a folder; a movie is one TIFF file (.tif, .tiff, .ome.tif) or "
            "the folder of a Zarr store."
        )
        raise MovieFileError(msg)
    try:
        return tifffile.TiffFile(path)
    except (tifffile.TiffFileError, ValueError, LookupError, struct.error) as error:
        if path.stat().st_size == 0:
            msg = f"{path} is empty. {CUT_SHORT}"
        elif "not a TIFF" in str(error):
            msg = (
                f"{path} is not a TIFF file. Movies are read from TIFF, OME-TIFF, "
                "ImageJ hyperstacks and OME-Zarr; save it as one of these."
            )
        else:
            msg = f"{path} is damaged ({error}). {CUT_SHORT}"
        raise MovieFileError(msg) from error


def first_series(tiff: tifffile.TiffFile, path: Path) -> tifffile.TiffPageSeries:
    """Return the first series at its finest level, its planes all within reach.

    Raises
    ------
    MovieFileError
        If there is none, the file is cut short, or its pixels cannot be decoded.
    """
    try:
        found = tiff.series
    except Exception as error:
        msg = f"{path}: its pages cannot be listed ({error}). {CUT_SHORT}"
        raise MovieFileError(msg) from error
    if not found or 0 in found[0].shape:
        msg = f"{path} holds no image. {CUT_SHORT}"
        raise MovieFileError(msg)
    series = found[0].levels[0]
    problem = (
        _broken_list(tiff, series) or _lost_notes(tiff, series) or _cut(tiff, series)
    )
    if problem:
        msg = f"{path} is damaged: {problem}. {CUT_SHORT}"
        raise MovieFileError(msg)
    _check_codec(series.keyframe, path)
    _check_layout(series, path)
    return series


def _broken_list(tiff: tifffile.TiffFile, series: tifffile.TiffPageSeries) -> str:
    """Say where the chain of pages leads out of the file, if it does."""
    if series.kind == "imagej" and series.dataoffset is not None:
        # All that counts is beside the first page, and the list may be very long.
        return ""
    where = tiff.pages.next_page_offset
    size = tiff.tiff.offsetsize
    tiff.filehandle.seek(where or 0)
    # The list ends with a page that has no next one.
    if where is None or tiff.filehandle.read(size) == bytes(size):
        return ""
    return f"its list of pages breaks off after page {len(tiff.pages)}"


def _lost_notes(tiff: tifffile.TiffFile, series: tifffile.TiffPageSeries) -> str:
    """Say so if the text that tells what the pages mean is out of reach.

    Without it a file of many frames could pass for a single image.
    """
    page, form, handle = tiff.pages.first, tiff.tiff, tiff.filehandle
    handle.seek(page.offset)
    (n_tags,) = struct.unpack(form.tagnoformat, handle.read(form.tagnosize))
    table = handle.read(n_tags * form.tagsize)
    codes = {
        struct.unpack_from(f"{form.byteorder}H", table, i * form.tagsize)[0]
        for i in range(n_tags)
    }
    if _DESCRIPTION in codes and _DESCRIPTION not in page.tags:
        return "its description lies beyond its end"
    promised = int((tiff.imagej_metadata or {}).get("images", 1))
    if series.kind in ("generic", "uniform") and promised > len(series):
        return f"it should hold {promised} images, it holds {len(series)}"
    return ""


def _cut(tiff: tifffile.TiffFile, series: tifffile.TiffPageSeries) -> str:
    """Say which pixels lie beyond the end of the file, judging by its tables."""
    if series.dataoffset is not None:
        needed = series.dataoffset + prod(series.shape) * series.dtype.itemsize
        size = tiff.filehandle.size
        short = needed > size
        return f"it should have {needed} bytes, it has {size}" if short else ""
    for number, page in enumerate(series):
        if page is None or not page.dataoffsets or not page.databytecounts:
            continue
        # Strips are written in order: the first and the last speak for all.
        end = max(page.dataoffsets[i] + page.databytecounts[i] for i in (0, -1))
        if end > page.parent.filehandle.size:
            return f"the pixels of page {number} lie beyond its end"
    return ""


def _check_codec(page: tifffile.TiffPage, path: Path) -> None:
    """Raise if the pixels are packed in a way that cannot be undone here."""
    try:
        if page.compression != 1:
            tifffile.TIFF.DECOMPRESSORS[page.compression]
        if page.predictor != 1:
            tifffile.TIFF.UNPREDICTORS[page.predictor]
    except KeyError as error:
        name = getattr(page.compression, "name", page.compression)
        msg = f"{path} is compressed ({name}), which needs imagecodecs. {CODECS_HINT}"
        raise MovieFileError(msg) from error


def _check_layout(series: tifffile.TiffPageSeries, path: Path) -> None:
    """Raise if the pages do not add up to the series."""
    shape, page = series.shape, series.keyframe.shape
    whole = series.dataoffset is not None or prod(shape) == prod(page) * len(series)
    if series.dtype is None or shape[len(shape) - len(page) :] != page or not whole:
        msg = (
            f"{path}: {len(series)} pages of shape {page} do not make up an array of "
            f"shape {shape}. Save it anew as TIFF, with Fiji for one."
        )
        raise MovieFileError(msg)
