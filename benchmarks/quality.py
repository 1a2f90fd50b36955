"""Do the quality figures tell the truth? Coverage of sigma, ROC, and the status."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from benchmarks.report import Table, verdict
from benchmarks.scenes import Pair, field_pair
from maskalign import register
from maskalign.model import status
from maskalign.model.results import Registration

__all__ = ["quality"]

_MAX_SHIFT = 16
#: A shift that is off by more is wrong, pixels.
_WRONG = 1.0
_WITHIN, _TOLERANCE = 68, 8
_AUC = 0.98
_WRONG_NAMED, _RIGHT_OK = 95, 90
_SEED = 10_000


@dataclass(frozen=True, slots=True)
class _Trial:
    kind: str
    found: Registration
    #: Largest error of an axis, pixels; infinite where there is no right answer.
    error: float


def quality(*, quick: bool) -> list[Table]:
    """Measure the coverage of sigma, and how well wrong shifts are told from right."""
    trials = 30 if quick else 300
    mixed = _mixture(trials)
    wrong = np.array([trial.error > _WRONG for trial in mixed])
    rows = [*_coverage(trials), *_roc(mixed, wrong), *_named(mixed, wrong)]
    note = (
        f"Coverage: {trials} pairs of SNR 1 to 10, two axes each. The rest: {trials} "
        f"pairs, of each three one unrelated, one of SNR 0.05 to 0.3, one of SNR 0.5 "
        f"to 10; max_shift={_MAX_SHIFT}; {wrong.sum()} shifts were wrong by more than "
        f"{_WRONG:g} px, {(~wrong).sum()} right."
    )
    return [
        Table("Quality", ("measure", "ours", "target", "met"), tuple(rows), (note,)),
        _confusion(mixed, wrong),
    ]


def _coverage(trials: int) -> list[tuple[str, ...]]:
    """Return the rows that say how often an error is within its sigma."""
    snr = np.geomspace(1, 10, trials)
    ratios = []
    for seed, level in enumerate(snr):
        pair = field_pair(_SEED + seed, level)
        found = _register(pair)
        ratios.append(abs(np.subtract(found.shift, pair.shift)) / found.shift_std)
    one, two = (100 * float(np.mean(np.array(ratios) <= k)) for k in (1, 2))
    met = abs(one - _WITHIN) <= _TOLERANCE
    target = f"{_WITHIN} % ± {_TOLERANCE}"
    return [
        ("errors within 1 sigma", f"{one:.0f} %", target, verdict(met)),
        ("errors within 2 sigma (95 % if normal)", f"{two:.0f} %", "-", verdict(None)),
    ]


def _mixture(trials: int) -> list[_Trial]:
    rng = np.random.default_rng(_SEED)
    out = []
    for k in range(trials):
        seed = 2 * _SEED + 2 * k
        kind = ("unrelated", "SNR 0.05 to 0.3", "SNR 0.5 to 10")[k % 3]
        if kind == "unrelated":
            pair = field_pair(seed, 10)
            other = field_pair(seed + 1, 10)
            found = _register(replace(pair, moving=other.moving))
            out.append(_Trial(kind, found, float("inf")))
            continue
        low, high = (0.05, 0.3) if k % 3 == 1 else (0.5, 10)
        pair = field_pair(seed, low * (high / low) ** rng.random())
        found = _register(pair)
        error = float(np.max(abs(np.subtract(found.shift, pair.shift))))
        out.append(_Trial(kind, found, error))
    return out


def _roc(mixed: Sequence[_Trial], wrong: NDArray[np.bool_]) -> list[tuple[str, ...]]:
    figures = {
        "sigma": [-max(trial.found.shift_std) for trial in mixed],
        "ncc": [trial.found.ncc for trial in mixed],
        "peak_ratio": [trial.found.peak_ratio for trial in mixed],
    }
    areas = {name: _auc(values, wrong) for name, values in figures.items()}
    return [
        (
            f"ROC-AUC of {name}: wrong or right",
            f"{area:.3f}",
            f">= {_AUC}",
            verdict(area >= _AUC),
        )
        for name, area in areas.items()
    ]


def _auc(values: ArrayLike, wrong: NDArray[np.bool_]) -> float:
    """Return how often a right shift has the higher value than a wrong one."""
    # No figure at all speaks for no shift.
    ranks = rankdata(np.where(np.isnan(values), -np.inf, values))
    n_right, n_wrong = np.count_nonzero(~wrong), np.count_nonzero(wrong)
    above = ranks[~wrong].sum() - n_right * (n_right + 1) / 2
    return float(above / (n_right * n_wrong))


def _named(mixed: Sequence[_Trial], wrong: NDArray[np.bool_]) -> list[tuple[str, ...]]:
    ok = np.array([trial.found.status == status.OK for trial in mixed])
    named, kept = 100 * np.mean(~ok[wrong]), 100 * np.mean(ok[~wrong])
    return [
        (
            'wrong shifts whose status is not "ok"',
            f"{named:.1f} %",
            f">= {_WRONG_NAMED} %",
            verdict(bool(named >= _WRONG_NAMED)),
        ),
        (
            'right shifts whose status is "ok"',
            f"{kept:.1f} %",
            f">= {_RIGHT_OK} %",
            verdict(bool(kept >= _RIGHT_OK)),
        ),
    ]


def _confusion(mixed: Sequence[_Trial], wrong: NDArray[np.bool_]) -> Table:
    """Count the words of the status, for each kind of pair, wrong and right."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    for trial, is_wrong in zip(mixed, wrong, strict=True):
        key = (trial.kind, "wrong" if is_wrong else "right")
        counts.setdefault(key, Counter())[trial.found.status] += 1
    words = [word for word in status.MEANING if any(c[word] for c in counts.values())]
    rows = tuple(
        (*key, *(str(counts[key][word]) for word in words)) for key in sorted(counts)
    )
    return Table("Status of wrong and right shifts", ("pairs", "shift", *words), rows)


def _register(pair: Pair) -> Registration:
    return register(pair.reference, pair.moving, max_shift=_MAX_SHIFT)
