"""Whole numbers as people write them: ``1, 4-6``."""

from collections.abc import Sequence

__all__ = ["read_numbers", "write_numbers"]


def read_numbers(text: str, what: str) -> tuple[int, ...]:
    """Return the whole numbers that a text names, in its order.

    Parameters
    ----------
    text : str
        Numbers and ranges with commas between them; empty for none.
    what : str
        What they are, for the message.

    Raises
    ------
    ValueError
        If it cannot be read.

    Examples
    --------
    >>> read_numbers("1, 4-6", "Exclude"), read_numbers(" ", "Exclude")
    ((1, 4, 5, 6), ())
    """
    found: list[int] = []
    for part in text.replace(";", ",").split(","):
        if not part.strip():
            continue
        first, _, last = (piece.strip() for piece in part.partition("-"))
        if not first.isdecimal() or not (last or first).isdecimal():
            msg = f"{what}: {text!r} cannot be read; write whole numbers: 1, 4-6."
            raise ValueError(msg)
        found.extend(range(int(first), int(last or first) + 1))
    return tuple(found)


def write_numbers(numbers: Sequence[int]) -> str:
    """Return whole numbers as `read_numbers` reads them.

    Examples
    --------
    >>> write_numbers((1, 4, 5, 6))
    '1, 4, 5, 6'
    """
    return ", ".join(map(str, numbers))
