"""One spelling for each unit, whatever a file calls it."""

import re
import unicodedata

from maskalign.model.movie import PIXEL

__all__ = ["LENGTHS", "TIMES", "normalize_unit"]

#: Lengths in metres, under the names that OME-XML knows.
LENGTHS = {
    "pm": 1e-12,
    "Å": 1e-10,
    "nm": 1e-9,
    "µm": 1e-6,
    "mm": 1e-3,
    "cm": 1e-2,
    "in": 0.0254,
    "m": 1.0,
}
#: Times that OME-XML knows.
TIMES = ("ns", "µs", "ms", "s", "min", "h", "d")

_SPELLINGS = {
    PIXEL: "pixels px",
    "pm": "picometer picometre",
    "Å": "angstrom ångström",
    "nm": "nanometer nanometre",
    "µm": "um micron micrometer micrometre âµm",
    "mm": "millimeter millimetre",
    "cm": "centimeter centimetre",
    "in": "inch inches",
    "m": "meter metre",
    "ns": "nsec nanosecond",
    "µs": "us usec microsecond",
    "ms": "msec millisecond",
    "s": "sec second",
    "min": "minute",
    "h": "hr hour",
    "d": "day",
}
_WORDS = {
    word: unit
    for unit, words in _SPELLINGS.items()
    for base in words.split()
    for word in (base, base + "s")
}


def normalize_unit(text: str | None) -> str:
    r"""Return the usual symbol of a unit; words that are not known stay as they are.

    Examples
    --------
    >>> [normalize_unit(u) for u in ("micron", "um", r"\u00B5m", "\u03bcm", "Seconds")]
    ['µm', 'µm', 'µm', 'µm', 's']
    >>> normalize_unit("furlong"), normalize_unit("")
    ('furlong', 'pixel')
    """
    # ImageJ writes what is not ASCII as a backslash, u and four digits.
    unescaped = re.sub(
        r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), str(text or "")
    )
    # The micro sign and the Angstrom sign have twins among the letters.
    unit = unicodedata.normalize("NFKC", unescaped).strip().replace("μ", "µ")
    return _WORDS.get(unit.lower(), unit) or PIXEL
