"""Rows of a speed table: run a race, check every answer, say who is how much faster."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from benchmarks.peers import Peer
from benchmarks.report import Table, verdict
from benchmarks.timing import Call, Race, race

__all__ = ["Answer", "Contest", "Judge", "WrongAnswerError", "shift_error"]

_COLUMNS = (
    "work",
    "peer",
    "times faster",
    "lowest to highest",
    "target",
    "met",
    "ours, ms",
    "peer, ms",
    "error of ours",
    "error of the peer",
)
#: A call that is to use one core may seem to use a little more.
_ONE_CORE = 1.3


class WrongAnswerError(Exception):
    """Ours gave a wrong answer: its speed is of no interest."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How good an answer is, in words, and whether that will do."""

    text: str
    right: bool


Judge = Callable[[Any], Answer]


def shift_error(true: ArrayLike, allowed: float) -> Judge:
    """Return a judge of shifts: the largest error of an axis, pixels."""

    def judge(found: Any) -> Answer:
        shift = getattr(found, "shift", found)
        error = float(np.max(np.abs(np.subtract(shift, true))))
        return Answer(f"{error:.2g} px", error <= allowed)

    return judge


@dataclass(frozen=True, slots=True)
class _Entrant:
    call: Call
    judge: Judge
    cores: int


class Contest:
    """Ours and peers at the same work.

    Parameters
    ----------
    rounds : int
        How often each is timed; what takes long, less often.
    title : str
        Of the table.
    """

    def __init__(self, *, rounds: int, title: str = "Speed") -> None:
        self._rounds = rounds
        self._title = title
        self._entrants: dict[str, _Entrant] = {}
        self._pairs: list[tuple[str, str, float | None]] = []

    def ours(self, work: str, call: Call, judge: Judge, *, cores: int = 1) -> str:
        """Enter ours, and return the name of the work."""
        self._entrants[work] = _Entrant(call, judge, cores)
        return work

    def peer(
        self, work: str, peer: Peer, call: Call, judge: Judge, *, target: float | None
    ) -> None:
        """Let a peer do the work of an earlier entrant, if the peer is installed.

        A peer does the same work once, however many of ours it is compared with.
        """
        if peer.installed:
            self._entrants[peer.label] = _Entrant(call, judge, 1)
        self._pairs.append((work, peer.label, target))

    def table(self) -> Table:
        """Run the race and return its rows.

        Raises
        ------
        WrongAnswerError
            If an answer of ours is wrong.
        """
        entrants = self._entrants
        found = race({k: e.call for k, e in entrants.items()}, rounds=self._rounds)
        answers = {k: e.judge(found.result[k]) for k, e in entrants.items()}
        for work, _, _ in self._pairs:
            if not answers[work].right:
                msg = f"{work}: off by {answers[work].text}."
                raise WrongAnswerError(msg)
        rows = tuple(self._row(found, answers, *pair) for pair in self._pairs)
        # Who took more than one core, or had fewer than it could use.
        cores = tuple(
            f"Cores in use at most, {name}: {found.cores[name]:.1f}."
            for name, entrant in entrants.items()
            if entrant.cores > 1 or found.cores[name] > _ONE_CORE
        )
        return Table(self._title, _COLUMNS, rows, cores)

    def _row(
        self,
        found: Race,
        answers: dict[str, Answer],
        work: str,
        peer: str,
        target: float | None,
    ) -> tuple[str, ...]:
        wanted = "-" if target is None else f">= {target:g} x"
        mine, error = f"{1e3 * found.seconds(work):.3g}", answers[work].text
        if peer not in answers:
            cells = ("not installed", "-", wanted, verdict(None), mine, "-", error, "-")
            return (work, peer, *cells)
        ratio = found.ratio(peer, work)
        theirs = answers[peer]
        return (
            work,
            peer,
            f"{ratio.median:.3g} x",
            f"{ratio.low:.3g} to {ratio.high:.3g}",
            wanted,
            verdict(None if target is None else ratio.median >= target),
            mine,
            f"{1e3 * found.seconds(peer):.3g}",
            error,
            theirs.text if theirs.right else f"{theirs.text} (wrong)",
        )
