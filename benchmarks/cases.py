"""The cases by name. Nothing heavy is loaded before a case runs."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from benchmarks.report import Table

__all__ = ["CASES", "Case"]


@dataclass(frozen=True, slots=True)
class Case:
    """A measurement that can be run by itself."""

    name: str
    #: Function that runs it, ``module:function``, in this package.
    home: str
    about: str
    #: Whether time is what it measures.
    timed: bool = False

    def load(self) -> Callable[..., list[Table]]:
        """Import the function: ``function(quick=...) -> tables``."""
        module, function = self.home.split(":")
        loaded: Callable[..., list[Table]] = getattr(
            import_module(f"benchmarks.{module}"), function
        )
        return loaded


def _timed(name: str, home: str, about: str) -> Case:
    return Case(name, home, about, timed=True)


CASES = {
    case.name: case
    for case in (
        _timed(
            "masked-frame", "speed:masked_frame", "one frame, fixed reference, mask"
        ),
        _timed("masked-pair", "speed:masked_pair", "one pair, every lag, masks"),
        _timed("masked-volume", "speed:masked_volume", "one pair of volumes, masks"),
        _timed("unmasked-frame", "speed:unmasked_frame", "one frame, no mask"),
        _timed("translate", "translation:translation", "moving by part of a pixel"),
        _timed("ncc-map", "maps:ncc_map", "the NCC map of a pair of images"),
        _timed("movie", "movie:movie", "a whole movie, estimated and moved"),
        Case("memory", "memory:memory", "peak memory of pairs and movies"),
        Case("accuracy", "accuracy:accuracy", "errors on scenes of known shift"),
        Case("quality", "quality:quality", "sigma, ncc, peak_ratio and status"),
        Case("drift", "drift:drift", "errors of whole drifts, bad frames"),
    )
}
