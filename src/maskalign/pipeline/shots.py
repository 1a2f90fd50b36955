"""Frames as they are compared: read once, prepared once, and shared by threads."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskalign.core.defects import Defects
from maskalign.core.lags import LagWindow
from maskalign.core.masked_ncc import OverlapTerms, PreparedReference
from maskalign.core.pixels import Pixels, Valid
from maskalign.core.validate import as_pixels
from maskalign.model.types import ValidArray
from maskalign.pipeline.frames import Frames
from maskalign.pipeline.masks import MovieMask

__all__ = ["Shot", "Shots"]

#: Search windows for which a shot stays prepared as a reference.
_WINDOWS = 2


class Shot:
    """One image, ready to be laid over others and to have others laid over it.

    What is asked for is computed by whichever thread asks first; the others wait.
    """

    def __init__(
        self, frame: int, shape: tuple[int, ...], dtype: np.dtype[Any], name: str
    ) -> None:
        #: Index of the frame; -1 for an image that is none.
        self.frame = frame
        self.shape = shape
        self._name = name
        self._dtype = dtype
        self._lock = RLock()
        self._pixels: Pixels | ValueError | None = None
        self._defects: Defects | None = None
        self._prepared: dict[LagWindow, PreparedReference] = {}
        self._terms: dict[LagWindow, tuple[Valid, OverlapTerms]] = {}

    @property
    def pixels(self) -> Pixels:
        """The image, validated.

        Raises
        ------
        NoValidPixelsError, NoContrastError
            If there is nothing to compare.
        """
        with self._lock:
            if self._pixels is None:
                image, valid = self._load()
                known = valid if isinstance(valid, Valid) else Valid.of(valid)
                self._defects = self._defects or Defects.of(image, known)
                try:
                    self._pixels = as_pixels(
                        image,
                        known,
                        name=self._name,
                        mask_name="its mask",
                        dtype=self._dtype,
                    )
                    self._defects = self._defects.focused(self._pixels)
                except ValueError as error:
                    self._pixels = error
            if isinstance(self._pixels, ValueError):
                raise self._pixels
            return self._pixels

    @property
    def trouble(self) -> ValueError | None:
        """Why the image cannot be compared with any other, if so."""
        try:
            _ = self.pixels
        except ValueError as error:
            return error
        return None

    @property
    def defects(self) -> Defects:
        """What looks like no picture in it."""
        with self._lock:
            if self._defects is None:
                _ = self.trouble
            assert self._defects is not None
            return self._defects

    def prepared(self, window: LagWindow) -> PreparedReference:
        """Return the image as a reference for one search window."""
        with self._lock:
            if window not in self._prepared:
                self._prepared[window] = PreparedReference(self.pixels, window)
                _drop_oldest(self._prepared)
            return self._prepared[window]

    def terms(
        self, window: LagWindow, moving: Valid, min_overlap: float
    ) -> OverlapTerms:
        """Return what it and a mask of the moving image have between them.

        Kept for the next moving image, which has the same mask as a rule.
        """
        with self._lock:
            known = self._terms.get(window)
            if known is None or known[0] is not moving:
                prepared = self.prepared(window)
                known = moving, prepared.under(moving, min_overlap)
                self._terms[window] = known
                _drop_oldest(self._terms)
            return known[1]

    def _load(self) -> tuple[NDArray[Any], Valid | ValidArray]:
        raise NotImplementedError


class ImageShot(Shot):
    """An image that is no frame of the movie."""

    def __init__(
        self,
        image: NDArray[Any],
        valid: ValidArray | None,
        dtype: np.dtype[Any],
        defects: Defects | None = None,
    ) -> None:
        super().__init__(-1, image.shape, dtype, "the reference")
        known = Valid.everywhere(image.shape) if valid is None else Valid.of(valid)
        self._source = image, known
        self._defects = defects

    def _load(self) -> tuple[NDArray[Any], Valid]:
        return self._source


class FrameShot(Shot):
    """A frame of the movie."""

    def __init__(
        self, frame: int, block: "Block", name: str, valid: ValidArray | None
    ) -> None:
        shots = block.shots
        super().__init__(frame, shots.frames.shape, shots.dtype, name)
        self._block: Block | None = block
        self._valid = valid

    def _load(self) -> tuple[NDArray[Any], Valid | ValidArray]:
        assert self._block is not None
        image, valid = self._block.frame(self.frame)
        # The block is let go of with the last of its frames.
        self._block = None
        return image, valid if self._valid is None else self._valid


class Block:
    """Frames that are stored together, and read together when one is needed."""

    def __init__(self, shots: "Shots", start: int, stop: int) -> None:
        self.shots = shots
        self.range = start, stop
        self._lock = RLock()
        self._read: tuple[NDArray[Any], NDArray[Any] | None] | None = None

    def shot(self, frame: int) -> Shot:
        """Return a frame of the block."""
        return FrameShot(frame, self, f"frame {frame}", None)

    def reference(self, frame: int, valid: ValidArray | None) -> Shot:
        """Return a frame as a reference, under a mask of its own if one is given."""
        return FrameShot(frame, self, f"the reference (frame {frame})", valid)

    def frame(self, number: int) -> tuple[NDArray[Any], Valid | ValidArray]:
        """Return the pixels of one frame and its mask."""
        shots = self.shots
        with self._lock:
            if self._read is None:
                images = shots.frames.read(*self.range)
                self._read = images, shots.mask.read(*self.range)
        images, masks = self._read
        at = number - self.range[0]
        if masks is None:
            return images[at], shots.fixed
        return images[at], shots.mask.spread(masks[at])


@dataclass(frozen=True, slots=True, eq=False)
class Shots:
    """All frames of a movie with their masks."""

    frames: Frames
    mask: MovieMask
    #: Precision in which pixels are compared.
    dtype: np.dtype[Any]
    #: The mask of all frames that have none of their own.
    fixed: Valid = field(init=False)

    def __post_init__(self) -> None:
        mask = self.mask.fixed
        fixed = Valid.everywhere(self.frames.shape) if mask is None else Valid.of(mask)
        object.__setattr__(self, "fixed", fixed)

    def __len__(self) -> int:
        return len(self.frames)

    def block_of(self, frame: int) -> Block:
        """Return the block that holds a frame, unread."""
        return Block(self, *next(b for b in self.frames.blocks if b[0] <= frame < b[1]))

    def stream(self, held: Block | None = None) -> Iterator[Shot]:
        """Yield the frames in order; each is read when it is first used.

        A block that is `held` has been read before its turn, and is not read again.
        """
        for ends in self.frames.blocks:
            block = Block(self, *ends)
            if held is not None and held.range == ends:
                block, held = held, None
            yield from map(block.shot, range(*ends))


def _drop_oldest(kept: dict[Any, Any]) -> None:
    while len(kept) > _WINDOWS:
        del kept[next(iter(kept))]
