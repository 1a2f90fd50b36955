"""What a caller may want to catch.

Every error of maskalign is a `TypeError` (the wrong kind of thing) or a `ValueError`
(the wrong value); the names below are the `ValueError`s that a program may want to tell
apart.
"""

__all__ = [
    "AxesError",
    "DriftTableError",
    "EmptyBorderWarning",
    "MaskError",
    "MovieFileError",
    "NoContrastError",
    "NoOverlapError",
    "NoValidPixelsError",
    "NothingMovesWarning",
    "StaticStructureWarning",
]


class MaskError(ValueError):
    """A mask does not fit its image or movie."""


class NoValidPixelsError(ValueError):
    """Nothing is left of an image: all masked out, NaN or infinite."""


class NoContrastError(ValueError):
    """An image is constant where it may be used, so nothing can be matched."""


class NoOverlapError(ValueError):
    """No lag leaves enough pixels that are valid in both images."""


class AxesError(ValueError):
    """The axes of a movie are missing, ambiguous or do not fit its array."""


class DriftTableError(ValueError):
    """A drift table cannot be read, or does not fit the movie."""


class MovieFileError(ValueError):
    """A movie file cannot be read or written."""


class EmptyBorderWarning(UserWarning):
    """An empty border of the images is matched like the sample; mask it."""


class NothingMovesWarning(UserWarning):
    """What stands still cannot be told from the sample: that is not seen to move."""


class StaticStructureWarning(UserWarning):
    """A zero shift looks like dirt or a beam stop that stands still; mask it."""
