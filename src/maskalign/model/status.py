"""The words for how an estimate went.

``"ok"`` means that the shift may be used as it stands. Every other word says what went
wrong. Where a number could be had it is kept beside the word; where none could, the
shift is NaN. Never is a frame that failed reported as (0, 0).
"""

OK = "ok"
BLANK = "blank"
EMPTY = "empty"
LOW_OVERLAP = "low-overlap"
AT_LIMIT = "at-limit"
UNSURE = "unsure"
AMBIGUOUS = "ambiguous"
EXCLUDED = "excluded"

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
    EXCLUDED: "The frame was left out on request.",
}
