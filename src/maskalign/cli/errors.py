"""How a command ends: what is said and which exit code is given."""

import warnings
from typing import Any

import click

__all__ = ["EXIT_CODES", "Command", "describe"]

_INTERRUPTED = 130

EXIT_CODES = """\b
Exit codes:
  0    done (a movie with doubtful frames is done: they are named on stderr)
  1    the input has no answer, or a file cannot be read or written
  2    the command was not understood
  130  interrupted
"""

#: What wrong input, files and too little memory raise: said in one line.
_EXPECTED = (TypeError, ValueError, OSError, MemoryError)


class Command(click.Command):
    """A command that says what went wrong in one line, without a traceback."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("epilog", EXIT_CODES)
        super().__init__(*args, **kwargs)
        self.params.append(
            click.Option(
                ["--debug"],
                is_flag=True,
                expose_value=False,
                callback=lambda ctx, _, on: ctx.meta.update({__name__: on}),
                help="Show the traceback of an error.",
            )
        )

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; turn what it raises into a line and an exit code."""
        try:
            with warnings.catch_warnings():
                warnings.showwarning = _say
                return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("\nInterrupted. No file was left half written.", err=True)
            ctx.exit(_INTERRUPTED)
        except (click.ClickException, click.exceptions.Exit, BrokenPipeError):
            raise
        except Exception as error:
            if ctx.meta.get(__name__):
                raise
            raise click.ClickException(describe(error)) from error


def _say(message: Warning | str, *_: Any, **__: Any) -> None:
    """Show a warning as a line, without the place in the code."""
    click.echo(f"Warning: {message}", err=True)


def describe(error: Exception) -> str:
    """Return one line that says what went wrong.

    Examples
    --------
    >>> describe(FileNotFoundError(2, "No such file or directory", "movie.tif"))
    'movie.tif: No such file or directory.'
    """
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}."
    text = " ".join(str(error).split())
    if isinstance(error, MemoryError):
        return f"Not enough memory. {text}".strip()
    if isinstance(error, _EXPECTED) and text:
        return text
    return (
        f"maskalign failed where it should not ({type(error).__name__}: {text}). "
        "Please report it, with what --debug shows."
    )
