"""Command-line options, made from the fields of `maskalign.model.options`."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from types import NoneType
from typing import (
    TYPE_CHECKING,
    Any,
    Literal,
    TypeVar,
    get_args,
    get_origin,
    get_type_hints,
)

import click

from maskalign.model.options import DriftOptions, help_for
from maskalign.model.types import FillValue, MaxShift

__all__ = [
    "FILE",
    "PIXELS",
    "axes_option",
    "options_from",
    "overwrite_option",
    "select",
]

F = TypeVar("F", bound=Callable[..., Any])

#: A file, not yet looked at: what is wrong with it is said by `check_files`.
FILE = click.Path(path_type=Path)

axes_option = click.option(
    "--axes",
    metavar="LETTERS",
    help=(
        "Axes of IN, one letter of T C Z Y X for each in the order of the file, such "
        "as TZYX; if left out, as the file says."
    ),
)

overwrite_option = click.option(
    "--overwrite", is_flag=True, help="Replace output files that exist."
)


if TYPE_CHECKING:
    ParamType = click.ParamType[Any]
else:
    # Before click 8.4 it takes no argument.
    ParamType = click.ParamType


class _Written(ParamType):
    """A type of ours; its name says how a value is written."""


class _Pixels(_Written):
    """One number, or several with commas between them."""

    name = "PX[,PX...]"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float | tuple[float, ...]:
        try:
            numbers = tuple(float(number) for number in str(value).split(","))
        except ValueError:
            self.fail(
                f"{value!r} is not a number, nor numbers like 5,20,20.", param, ctx
            )
        return numbers[0] if len(numbers) == 1 else numbers


class _NumberOrName(_Written):
    """An index, or a name."""

    name = "INT|NAME"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | str:
        try:
            return int(value)
        except ValueError:
            return str(value)


class _Reference(_Written):
    """An index, a word that `DriftOptions` knows, or else the path of an image."""

    name = "NAME|INT|IMAGE"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | str | Path:
        reference = _NumberOrName().convert(value, param, ctx)
        try:
            return DriftOptions(reference=reference).reference
        except ValueError as error:
            path = Path(value)
            if not path.suffix and not path.exists():
                self.fail(f"{error} There is no file of that name.", param, ctx)
            return path


class _Frames(_Written):
    """Whole numbers with commas between them."""

    name = "INT[,INT...]"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        if not isinstance(value, str):
            return value if isinstance(value, tuple) else (value,)
        try:
            return tuple(int(number) for number in value.split(",") if number.strip())
        except ValueError:
            self.fail(f"{value!r} is not whole numbers like 3,7,12.", param, ctx)


class _TimeLags(_Written):
    """One whole number, or several with commas between them."""

    name = "INT[,INT...]"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | tuple[int, ...]:
        numbers = _Frames().convert(value, param, ctx)
        return numbers[0] if len(numbers) == 1 and "," not in str(value) else numbers


class _Fill(_Written):
    """A number, or the word for what is repeated."""

    name = "VALUE|edge"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float | str:
        if value == "edge":
            return str(value)
        try:
            return float(value)
        except ValueError:
            self.fail(f"{value!r} is neither a number nor 'edge'.", param, ctx)


PIXELS = _Pixels()

#: How a value of each annotated type is written on the command line.
_KINDS: dict[Any, ParamType] = {
    float: click.FLOAT,
    int: click.INT,
    int | None: click.INT,
    FillValue: _Fill(),
    Sequence[int]: _Frames(),
    int | Sequence[int]: _TimeLags(),
    MaxShift: PIXELS,
    str | int: _Reference(),
    int | str | None: _NumberOrName(),
}


def options_from(options: type[Any], **notes: str) -> Callable[[F], F]:
    """Return a decorator that adds an option for each field of an options class.

    Parameters
    ----------
    options : type
        A dataclass of `maskalign.model.options`.
    **notes : str
        By field, what to add to its help on the command line.
    """
    made = [_option(options, f.name, notes.get(f.name, "")) for f in fields(options)]

    def decorate(function: F) -> F:
        for add in reversed(made):
            function = add(function)
        return function

    return decorate


def select(values: dict[str, Any], options: type[Any]) -> dict[str, Any]:
    """Return those of the values that are fields of an options class."""
    return {f.name: values[f.name] for f in fields(options)}


def _option(options: type[Any], name: str, note: str) -> Callable[[F], F]:
    (field,) = (f for f in fields(options) if f.name == name)
    hint = get_type_hints(options)[name]
    flag = f"--{name.replace('_', '-')}"
    settings: dict[str, Any] = {}
    if hint is bool:
        flag = f"{flag}/--no{flag[1:]}"
    else:
        settings["type"] = kind = _kind(hint)
        if isinstance(kind, _Written):
            settings["metavar"] = kind.name
    return click.option(
        flag,
        default=field.default,
        show_default=field.default not in (None, ()),
        help=f"{help_for(options, name)} {note}".strip(),
        callback=_validator(options, name),
        **settings,
    )


def _kind(hint: Any) -> ParamType:
    if hint in _KINDS:
        return _KINDS[hint]
    if get_origin(hint) is not Literal:
        # A choice that may be left out is a choice.
        (hint,) = (part for part in get_args(hint) if part is not NoneType)
    return click.Choice(get_args(hint))


def _validator(
    options: type[Any], name: str
) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """Return a callback that lets the options class judge one value."""

    def validate(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
        if not isinstance(value, Path):
            try:
                options(**{name: value})
            except (TypeError, ValueError) as error:
                raise click.BadParameter(str(error), ctx, param) from error
        return value

    return validate
