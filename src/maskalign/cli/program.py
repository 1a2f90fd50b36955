"""The program ``maskalign``: its commands, its version, its manners."""

import click

from maskalign.cli.align import align
from maskalign.cli.apply import apply
from maskalign.cli.compare import compare
from maskalign.cli.demo import demo
from maskalign.cli.errors import EXIT_CODES
from maskalign.cli.ncc_map import ncc_map
from maskalign.cli.report_command import report

__all__ = ["program"]


@click.group(
    epilog=EXIT_CODES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 88},
)
@click.version_option(package_name="napari-maskalign", message="maskalign %(version)s")
def program() -> None:
    """Align microscopy movies by masked normalized cross-correlation.

    Dust, a beam stop, a scale bar or a cell that wanders on its own pull an alignment
    the wrong way. Mark them in a mask, and they no longer count.

    \b
    See it work on a real movie:
      maskalign demo
    Align a movie:
      maskalign align movie.tif -o aligned.tif --mask mask.tif --max-shift 20
    """  # noqa: D301 - click keeps lines after this character


for command in (demo, align, apply, compare, ncc_map, report):
    program.add_command(command)
