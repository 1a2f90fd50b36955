"""What may be asked of a report on an alignment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Integral
from typing import get_args

from maskalign.model.types import MaskFrame

__all__ = ["ReportOptions"]


def _help(text: str) -> Mapping[str, str]:
    return {"help": text}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportOptions:
    """How an alignment is looked at."""

    channel: int | str | None = field(
        default=None,
        metadata=_help(
            "Channel to look at, for a movie with channels: its number, its name, or "
            "'mean'. Left out: the one that the table was made on."
        ),
    )
    second_channel: int | str | None = field(
        default=None,
        metadata=_help(
            "Take the error of the table from the drift of this channel, in place of "
            "that of two halves of the image."
        ),
    )
    mask_follows: MaskFrame | None = field(
        default=None,
        metadata=_help(
            "What a mask for all frames is fixed to, the 'camera' or the 'sample'. "
            "Left out: as the table says it was made."
        ),
    )
    two_halves: bool = field(
        default=True,
        metadata=_help(
            "Measure the error of the table on two halves of the image. That takes "
            "most of the time: the drift is estimated twice more."
        ),
    )
    max_frames: int = field(
        default=100,
        metadata=_help(
            "Of more good frames so many are looked at, evenly spaced; 2 or more."
        ),
    )

    def __post_init__(self) -> None:
        if self.mask_follows not in (None, *get_args(MaskFrame)):
            msg = (
                "mask_follows must be one of None, 'camera', 'sample'; "
                f"got {self.mask_follows!r}."
            )
            raise ValueError(msg)
        n = self.max_frames
        if isinstance(n, bool) or not isinstance(n, Integral):
            msg = f"max_frames must be a whole number of frames, got {n!r}."
            raise TypeError(msg)
        if n < 2:
            msg = f"max_frames must be 2 or more, got {n}."
            raise ValueError(msg)
