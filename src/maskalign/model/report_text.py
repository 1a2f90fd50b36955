"""What a report on an alignment says, in words."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from maskalign.model.status import TRUSTED

if TYPE_CHECKING:
    from maskalign.model.report import AlignmentReport, RemainingMotion

__all__ = ["reason", "summary"]

#: Changes of the NCC and of the sharpness that are not worth a word.
_SAME = 0.01
#: A drift that is less than so many times its error is none.
_NO_DRIFT = 2.0
#: Motion that is left, from so many pixels on, makes translation the wrong model.
_WRONG_MODEL = 0.5


def summary(report: "AlignmentReport") -> str:
    """Return the summary; see `AlignmentReport.summary`."""
    return "\n".join(_lines(report))


def _lines(report: "AlignmentReport") -> Iterator[str]:
    yield f"{report.verdict.capitalize()}: {report.reason}."
    if np.isfinite(report.ncc_after):
        yield (
            "  NCC of a frame with the mean of the others:   "
            f"{report.ncc_before:.3f} before, {report.ncc_after:.3f} after"
        )
        least = [
            np.nanmin(v) for v in (report.frame_ncc_before, report.frame_ncc_after)
        ]
        yield (
            "    of the frame that is least like them:       "
            f"{least[0]:.3f} before, {least[1]:.3f} after"
        )
    if np.isfinite(report.sharpness_after):
        yield (
            "  Sharpness of the mean (1: as single frames):  "
            f"{report.sharpness_before:.2f} before, {report.sharpness_after:.2f} after"
        )
    if len(report.frames) > 1:
        yield f"  Drift taken out: {report.drift_rms:.2f} px rms"
    yield from _error(report)
    yield from _closure(report)
    yield f"  Frames: {_frames(report)}"
    yield from _moving(report)
    yield f"  Looked at: {_looked_at(report)}"


def reason(report: "AlignmentReport") -> str:
    """Return why the verdict is what it is."""
    if report.verdict == "unknown":
        n_good = sum(report.counts.get(word, 0) for word in TRUSTED)
        if n_good < report.n_frames / 2:
            return f"only {n_good} of {report.n_frames} frames could be aligned"
        if np.isfinite(report.ncc_after):
            return "frames have nothing in common, before or after"
        return "too little is seen in two frames or more to compare them"
    error = float(np.linalg.norm(report.error))
    moved = not report.drift_rms < _NO_DRIFT * error
    if report.verdict == "no better" and not moved and not report.contradicted:
        return "nothing moved by more than the error of its measurement"
    alike = report.ncc_after - report.ncc_before
    sharper = report.sharpness_after - report.sharpness_before
    if report.verdict == "no better" and abs(alike) < _SAME and abs(sharper) < _SAME:
        return "frames are as much like their mean as before, and it is as sharp"
    link = "and" if (alike > 0) == (sharper > 0) else "but"
    return (
        f"frames are {'more' if alike > 0 else 'less'} like their mean, {link} it is "
        f"{'sharper' if sharper > 0 else 'less sharp'}"
    )


def _error(report: "AlignmentReport") -> Iterator[str]:
    if report.error_from is None or not report.error_frames[1]:
        return
    source = {"halves": "two halves of the image", "channel": "a second channel"}
    n_good, n_all = report.error_frames
    what = f"{source[report.error_from]}, {n_good} of {n_all} frames"
    if not np.isfinite(report.error).all():
        yield f"  Error: not known; {what} could be aligned apart"
        return
    pixels = _by_axis(report, report.error)
    yield f"  Error (standard): {pixels} px{_in_units(report)}, from {what}"
    if report.overconfident:
        claimed = _by_axis(report, report.claimed)
        yield f"  It is far more than the table claims ({claimed} px)"
    if report.contradicted:
        away = float(np.linalg.norm(report.away))
        yield f"  The table is {away:.2f} px from what these say: is it of this movie?"


def _closure(report: "AlignmentReport") -> Iterator[str]:
    if not np.isfinite(report.closure):
        return
    where = {"table": "median over frames", "triples": "from some triples of frames"}
    yield f"  Loop closure: {report.closure:.3f} px, {where[report.closure_from]}"


def _frames(report: "AlignmentReport") -> str:
    n_good = sum(report.counts.get(word, 0) for word in TRUSTED)
    bad = [f"{n} {w}" for w, n in report.counts.items() if w not in TRUSTED]
    share = f"{n_good} of {report.n_frames} good ({100 * report.good:.0f} %)"
    return ", ".join([share, *bad])


def _moving(report: "AlignmentReport") -> Iterator[str]:
    motion = report.largest_motion
    if motion is None:
        if len(report.frames) > 1:
            yield "  Still moving: not known, too few windows of the image match"
        return
    when = " to ".join(_stretch(*ends) for ends in motion.frames)
    if not motion.kinds:
        yield f"  Still moving, frames {when}: nothing beyond the error"
        return
    yield f"  Still moving, frames {when}:"
    for kind in motion.kinds:
        yield f"    {_motion(motion, kind)}"
    whole = [k for k in motion.kinds if k != "local"]
    if any(motion.at_edge[kind] > _WRONG_MODEL for kind in whole):
        yield "  Translation alone does not align this movie."
    elif "local" in motion.kinds and 2 * motion.n_moving > motion.n_windows:
        yield "  Most of the scene moves on its own: no one shift aligns it."


def _stretch(first: int, last: int) -> str:
    return f"{first}" if first == last else f"{first}-{last}"


def _motion(motion: "RemainingMotion", kind: str) -> str:
    if kind == "local":
        y, x = motion.largest_at or (0.0, 0.0)
        return (
            f"{motion.n_moving} of {motion.n_windows} windows move on their own, by up "
            f"to {motion.largest:.2f} px (near y {y:.0f}, x {x:.0f})"
        )
    at_edge = f"({motion.at_edge[kind]:.2f} px at the edge)"
    if kind == "rotation":
        way = "counter-clockwise" if motion.rotation > 0 else "clockwise"
        degrees = f"{abs(motion.rotation):.3g} ± {motion.rotation_std:.1g} degrees"
        return f"it turns {way} by {degrees} {at_edge}"
    if kind == "scale":
        way = "grows" if motion.scale > 0 else "shrinks"
        per_cent = f"{abs(motion.scale):.3g} ± {motion.scale_std:.1g} per cent"
        return f"it {way} by {per_cent} {at_edge}"
    return f"it is stretched or sheared by {motion.stretch:.2g} per cent {at_edge}"


def _looked_at(report: "AlignmentReport") -> str:
    n = len(report.frames)
    spaced = ", evenly spaced" if n < report.good * report.n_frames - 0.5 else ""
    return (
        f"{n} of {report.n_frames} frames{spaced}; {100 * report.region:.0f} % of the "
        "pixels"
    )


def _by_axis(report: "AlignmentReport", values: Sequence[float]) -> str:
    named = zip(report.axes.lower(), values, strict=True)
    return ", ".join(f"{axis} {value:.3f}" for axis, value in named)


def _in_units(report: "AlignmentReport") -> str:
    if not report.scale or set(report.units) == {"pixel"}:
        return ""
    lengths = [
        f"{error * size:.2g} {unit}"
        for error, size, unit in zip(
            report.error, report.scale, report.units, strict=True
        )
    ]
    return f" ({', '.join(lengths)})"
