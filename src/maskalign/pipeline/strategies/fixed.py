"""Every frame over one image: the first frame, another one, or an image of its own."""

from collections.abc import Generator
from dataclasses import dataclass

from maskalign.core.defects import Defects
from maskalign.model.drift_table import DriftRow
from maskalign.model.results import Registration
from maskalign.pipeline.parallel import in_order
from maskalign.pipeline.references import Reference
from maskalign.pipeline.shots import Block, ImageShot, Shot
from maskalign.pipeline.strategies.base import Task, row_of, still
from maskalign.pipeline.strategies.focus import FocusWatch

__all__ = ["Fixed"]


@dataclass(frozen=True, slots=True, eq=False)
class Fixed:
    """Lays every frame over the same reference."""

    task: Task
    reference: Reference
    n_passes: int = 1

    def rows(self) -> Generator[DriftRow, None, None]:
        """Yield each row as soon as it is done."""
        task = self.task
        reference, held = self._open()
        # What is wrong with the reference is wrong with every frame: said at once.
        if reference.trouble is not None:
            msg = f"{reference.trouble} Choose another reference."
            raise type(reference.trouble)(msg)
        if task.shots.mask.one_for_all and task.start is None:
            window = task.pairing.window(reference, reference)
            reference.terms(window, task.shots.fixed, task.options.min_overlap)

        # Pixels are let go of here: what is done may wait for its turn.
        def laid_over(shot: Shot) -> tuple[int, Registration | None, Defects | None]:
            if shot.frame == reference.frame:
                return shot.frame, None, None
            known = task.settled(shot.frame)
            if known is not None:
                return shot.frame, known, None
            return shot.frame, task.pairing(reference, shot), shot.defects

        frames = task.shots.stream(held)
        del held
        focus = FocusWatch()
        for frame, found, defects in in_order(laid_over, frames, workers=task.workers):
            if found is None:
                yield still(frame, frame, task.ndim)
            else:
                found = task.judged(defects, found, focus)
                yield row_of(frame, reference.frame, found)

    def _open(self) -> tuple[Shot, Block | None]:
        """Return the reference, and the block that had to be read for it."""
        image, frame, valid = (
            self.reference.image,
            self.reference.frame,
            self.reference.valid,
        )
        shots = self.task.shots
        if image is not None:
            return ImageShot(image, valid, shots.dtype), None
        block = shots.block_of(frame)
        return block.reference(frame, valid), block
