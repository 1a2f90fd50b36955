"""The verdict on an alignment and the words for it."""

import json

import numpy as np
import pytest

from maskalign import AlignmentReport, RemainingMotion
from maskalign.model.report_options import ReportOptions


def motion(**changes):
    still = {
        "frames": ((0, 0), (7, 9)),
        "shift": (0.0, 0.0),
        "shift_std": (0.01, 0.01),
        "rotation": 0.0,
        "rotation_std": 0.01,
        "scale": 0.0,
        "scale_std": 0.01,
        "stretch": 0.0,
        "stretch_std": 0.01,
        "reach": 100.0,
        "local_rms": 0.0,
        "n_windows": 36,
        "n_moving": 0,
        "largest": 0.0,
        "largest_at": None,
    }
    return RemainingMotion(**still | changes)


def report(before=(0.5,) * 4, after=(0.9,) * 4, **changes):
    better = {
        "n_frames": 4,
        "frames": np.arange(4),
        "frame_ncc_before": np.array(before),
        "frame_ncc_after": np.array(after),
        "sharpness_before": 0.4,
        "sharpness_after": 0.95,
        "region": 0.9,
        "axes": "YX",
        "scale": (1.0, 1.0),
        "units": ("pixel", "pixel"),
        "drift_rms": 5.0,
        "error": (0.03, 0.04),
        "error_from": "halves",
        "claimed": (0.02, 0.02),
        "away": (0.01, 0.01),
        "error_frames": (3, 3),
        "closure": 0.02,
        "closure_from": "table",
        "counts": {"ok": 4},
        "remaining": (motion(),),
    }
    return AlignmentReport(**better | changes)


SAME = {"before": (0.8, 0.8, 0.8, 0.8), "after": (0.801, 0.801, 0.801, 0.801)}


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "better"),
        ({"before": (0.9,) * 4, "after": (0.5,) * 4, "sharpness_after": 0.2}, "worse"),
        # Little changes, and it is no sharper.
        (SAME | {"sharpness_after": 0.4}, "no better"),
        (SAME | {"sharpness_after": 0.41}, "better"),
        # More alike, but less sharp.
        ({"sharpness_after": 0.3}, "no better"),
        # Only half of the frames are more alike.
        ({"after": (0.9, 0.9, 0.4, 0.4)}, "no better"),
        # One frame that lay elsewhere.
        (
            {"before": (0.79, 0.79, 0.79, 0.75), "after": (0.795,) * 3 + (0.81,)}
            | {"sharpness_after": 0.4},
            "better",
        ),
        ({"counts": {"ok": 1, "unsure": 3}}, "unknown"),
        ({"counts": {"ok": 2, "unsure": 2}}, "better"),
        ({"counts": {"manual": 4}}, "better"),
        ({"after": (np.nan,) * 4}, "unknown"),
        ({"sharpness_before": np.nan, "sharpness_after": np.nan}, "unknown"),
    ],
)
def test_the_verdict(changes, verdict):
    one = report(**changes)
    assert one.verdict == verdict
    assert str(one).startswith(f"{verdict.capitalize()}: {one.reason}.")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "frames are more like their mean, and it is sharper"),
        (
            {"before": (0.9,) * 4, "after": (0.5,) * 4, "sharpness_after": 0.2},
            "frames are less like their mean, and it is less sharp",
        ),
        (
            {"sharpness_after": 0.3},
            "frames are more like their mean, but it is less sharp",
        ),
        (
            SAME | {"sharpness_after": 0.4},
            "frames are as much like their mean as before, and it is as sharp",
        ),
        (
            SAME | {"sharpness_after": 0.4, "drift_rms": 0.09},
            "nothing moved by more than the error of its measurement",
        ),
        ({"counts": {"ok": 1, "unsure": 3}}, "only 1 of 4 frames could be aligned"),
        (
            {"after": (np.nan,) * 4},
            "too little is seen in two frames or more to compare them",
        ),
        (
            {"sharpness_before": np.nan, "sharpness_after": np.nan},
            "frames have nothing in common, before or after",
        ),
    ],
)
def test_the_reason(changes, words):
    assert report(**changes).reason == words


def test_a_table_is_contradicted_where_the_others_agree_without_it():
    assert not report().contradicted
    assert not report(away=(0.05, 0.05)).contradicted
    far = report(away=(3.0, 4.0), drift_rms=0.0, **SAME, sharpness_after=0.4)
    assert far.contradicted
    assert "5.00 px from what these say" in str(far)
    assert "nothing moved" not in far.reason
    unknown = report(error=(np.nan,) * 2, away=(np.nan,) * 2)
    assert not unknown.contradicted


def test_a_table_that_claims_too_much_is_told_so():
    assert not report().overconfident
    assert not report(claimed=(np.nan, np.nan)).overconfident
    much = report(claimed=(0.02, 0.01))
    assert much.overconfident
    assert "far more than the table claims (y 0.020, x 0.010 px)" in str(much)


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ({}, ()),
        ({"rotation": -1.0}, ("rotation",)),
        # Within four standard errors.
        ({"rotation": 1.0, "rotation_std": 0.3}, ()),
        # 0.09 pixels at the edge.
        ({"rotation": 0.05}, ()),
        ({"scale": -0.2}, ("scale",)),
        ({"stretch": 0.3, "scale": 0.2}, ("stretch", "scale")),
        (
            {"n_moving": 1, "largest": 3.0, "local_rms": 0.5, "largest_at": (3.0, 4.0)},
            ("local",),
        ),
    ],
)
def test_the_kinds_of_motion(changes, kinds):
    one = motion(**changes)
    assert one.kinds == kinds
    assert (one.size > 0) == bool(kinds)


def test_the_largest_motion_is_told():
    little, much = motion(rotation=0.2), motion(scale=2.0, frames=((0, 1), (4, 5)))
    one = report(remaining=(much, little))
    assert one.largest_motion is much
    assert "frames 0-1 to 4-5" in str(one)
    assert "it grows by 2 ± 0.01 per cent (2.00 px at the edge)" in str(one)
    assert "Translation alone does not align this movie." in str(one)
    assert "Translation alone" not in str(report(remaining=(little,)))
    assert report(remaining=()).largest_motion is None
    assert "Still moving: not known" in str(report(remaining=()))


def test_a_scene_that_moves_everywhere_has_no_one_shift():
    parts = {"largest": 3.0, "local_rms": 0.5, "largest_at": (3.0, 4.0)}
    few = report(remaining=(motion(n_moving=18, **parts),))
    most = report(remaining=(motion(n_moving=19, **parts),))
    assert "no one shift aligns it" in str(most)
    assert "no one shift aligns it" not in str(few)
    assert "18 of 36 windows" in str(few)


def test_errors_are_told_in_units_and_with_their_source():
    text = str(report(scale=(0.5, 0.25), units=("µm", "µm")))
    assert "y 0.030, x 0.040 px (0.015 µm, 0.01 µm), from two halves" in text
    assert "3 of 3 frames" in text
    assert "a second channel" in str(report(error_from="channel"))
    assert "Error: not known" in str(report(error=(np.nan,) * 2, error_frames=(0, 3)))
    assert "Error" not in str(report(error_from=None))


def test_frames_are_told_by_status():
    text = str(report(counts={"ok": 2, "manual": 1, "unsure": 1}))
    assert "3 of 4 good (75 %), 1 unsure" in text
    assert "4 of 4 frames; 90 % of the pixels" in str(report())
    some = report(n_frames=400, counts={"ok": 400})
    assert "4 of 400 frames, evenly spaced" in str(some)


def test_to_dict_is_plain():
    one = report(error=(np.nan, 0.1), remaining=(motion(rotation=1.0),))
    numbers = json.loads(json.dumps(one.to_dict(), allow_nan=False))
    assert numbers["error"] == [None, 0.1]
    assert numbers["verdict"] == "better"
    assert numbers["remaining"][0]["kinds"] == ["rotation"]
    assert numbers["ncc_before"] == pytest.approx(0.5)
    fields = set(AlignmentReport.__slots__) - {"remaining"}
    assert fields <= set(numbers)


def test_the_repr_is_one_line():
    assert repr(report()) == (
        "AlignmentReport(better: ncc 0.500 to 0.900, sharpness 0.40 to 0.95)"
    )


def test_options_are_checked():
    assert ReportOptions().max_frames == 100
    for wrong in (1, 0, -3):
        with pytest.raises(ValueError, match="2 or more"):
            ReportOptions(max_frames=wrong)
    for wrong in (True, 2.5, "many"):
        with pytest.raises(TypeError, match="whole number"):
            ReportOptions(max_frames=wrong)
    with pytest.raises(ValueError, match="mask_follows"):
        ReportOptions(mask_follows="stage")
