"""Options that were given and would do nothing: an error is kinder than silence."""

from dataclasses import fields
from typing import Any

import click
from click.core import ParameterSource

from maskalign.model.options import ONLY_FOR, ApplyOptions

__all__ = ["check_idle"]

#: Options about the movie that is written.
_OF_THE_OUTPUT = ("take_out", *(field.name for field in fields(ApplyOptions)))


def check_idle(values: dict[str, Any]) -> None:
    """Raise where an option of `maskalign align` has nothing to act on.

    Parameters
    ----------
    values : dict
        The options by name, as the command got them.
    """
    context = click.get_current_context()

    def given(name: str) -> bool:
        return context.get_parameter_source(name) is ParameterSource.COMMANDLINE

    if given("invert_mask") and not values["mask"]:
        _refuse("invert_mask", "needs --mask.")
    masked = values["mask"] or values.get("auto_mask")
    if given("mask_follows") and not masked:
        _refuse("mask_follows", "needs --mask or --auto-mask.")
    if given("sigma") and values["take_out"] == "all":
        _refuse("sigma", "needs --take-out jitter or slow.")
    for name, strategy in ONLY_FOR.items():
        if given(name) and values["reference"] != strategy:
            _refuse(name, f"needs --reference {strategy}.")
    for name in _OF_THE_OUTPUT:
        if given(name) and not values["output"]:
            _refuse(name, "is about the movie that is written: give -o OUT.")


def _refuse(name: str, why: str) -> None:
    option = "--" + name.replace("_", "-")
    msg = f"{option} {why}"
    raise click.UsageError(msg)
