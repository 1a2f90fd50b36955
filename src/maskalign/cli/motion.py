"""Which of a drift is believed and taken out, as options of a command."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from maskalign.cli.options import PIXELS

if TYPE_CHECKING:
    from maskalign.model.drift_table import DriftTable

__all__ = ["check_limit", "flagged", "motion_options", "to_take_out"]

F = TypeVar("F", bound=Callable[..., Any])

_SIGMA = 2.0


def motion_options(function: F) -> F:
    """Add the options for what of the drift is believed and taken out."""
    for add in (
        click.option(
            "--sigma",
            type=click.FloatRange(0, min_open=True),
            default=_SIGMA,
            show_default=True,
            help="For --take-out jitter or slow: what changes within a few times so "
            "many frames is jitter.",
        ),
        click.option(
            "--take-out",
            type=click.Choice(["all", "jitter", "slow"]),
            default="all",
            show_default=True,
            help="Which motion is taken out of OUT: all of it; 'jitter' alone, so that "
            "slow motion stays; or 'slow' drift alone. The drift table has all.",
        ),
        click.option(
            "--outlier-limit",
            metavar=PIXELS.name,
            type=PIXELS,
            help="Call a frame an outlier that is further than this from where its "
            "neighbours say, in pixels; for all axes or for each. As in 3, or 1,3,3.",
        ),
        click.option(
            "--flag-outliers",
            is_flag=True,
            help="Do not believe frames that do not fit those before and after them.",
        ),
    ):
        function = add(function)
    return function


def check_limit(ndim: int, **values: Any) -> None:
    """Raise now what `flagged` would raise after the long work."""
    from maskalign.model.drift_table import DriftTable

    flagged(DriftTable.from_shifts([(0.0,) * ndim]), **values)


def flagged(
    table: "DriftTable",
    *,
    flag_outliers: bool,
    outlier_limit: float | tuple[float, ...] | None,
    **_: Any,
) -> "DriftTable":
    """Return the table with outliers called so, if that was asked for."""
    if flag_outliers or outlier_limit is not None:
        return table.flag_outliers(limit=outlier_limit)
    return table


def to_take_out(
    table: "DriftTable", *, take_out: str, sigma: float, **_: Any
) -> "DriftTable":
    """Return the table of the motion that is taken out of the movie."""
    if take_out == "jitter":
        return table.jitter(sigma)
    return table.smoothed(sigma) if take_out == "slow" else table.repaired()
