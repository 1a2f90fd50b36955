"""The words for how an estimate went.

``"ok"`` means that the shift may be used as it stands, and so does ``"manual"``: a
person has set or accepted it. Every other word says what went wrong. Where a number
could be had it is kept beside the word; where none could, the shift is NaN. Never is a
frame that failed reported as (0, 0).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

OK = "ok"
BLANK = "blank"
EMPTY = "empty"
LOW_OVERLAP = "low-overlap"
AT_LIMIT = "at-limit"
UNSURE = "unsure"
AMBIGUOUS = "ambiguous"
SATURATED = "saturated"
CUT_OFF = "cut-off"
DEFOCUSED = "defocused"
OUTLIER = "outlier"
EXCLUDED = "excluded"
MANUAL = "manual"
NOT_REACHED = "not-reached"
#: Statuses whose shift may be used as it stands.
TRUSTED = (OK, MANUAL)

#: What each status means, in words that a person can act on.
MEANING = {
    OK: "The shift may be used as it stands.",
    BLANK: "The frame is constant where it may be used: nothing to match.",
    EMPTY: "No pixel of the frame may be used: all masked out, NaN or infinite.",
    LOW_OVERLAP: (
        "At no lag do enough valid pixels overlap; lower min_overlap, "
        "raise max_shift or mask less."
    ),
    AT_LIMIT: (
        "The best lag lies at the edge of the search window; raise max_shift "
        "if the true shift may be larger."
    ),
    UNSURE: (
        "Unrelated images would correlate as well somewhere: the shift is only a guess."
    ),
    AMBIGUOUS: (
        "Several lags fit equally well, as in a periodic scene; lower max_shift "
        "so that only one of them is left."
    ),
    SATURATED: (
        "Much of the frame lies at the upper limit of the camera: what is left of the "
        "picture may not be the sample."
    ),
    CUT_OFF: "A part of the frame, along one edge, was never written.",
    DEFOCUSED: "The frame is much less sharp than those before it.",
    OUTLIER: "The shift does not fit those of the frames before and after it.",
    EXCLUDED: "The frame was left out on request.",
    MANUAL: "The shift was set or accepted by hand.",
    NOT_REACHED: "The work was stopped before it came to this frame.",
}


def worse(first: NDArray[Any], second: NDArray[Any]) -> NDArray[Any]:
    """Return the worse of two statuses, row by row; of two that are bad, the first.

    Examples
    --------
    >>> worse(np.array(["ok", "manual", "blank"]), np.array(["unsure", "ok", "unsure"]))
    array(['unsure', 'manual', 'blank'], dtype='<U6')
    """
    trusted = np.isin(first, TRUSTED)
    return np.where(trusted & (second != OK), second, first)
