"""The command: each case runs in a fresh process, its tables are printed and kept."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click

from benchmarks import machine, report
from benchmarks.cases import CASES

ROOT = Path(__file__).resolve().parents[1]
#: Libraries read these when they are loaded, so they are set before that.
ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
        "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
    ),
    "1",
)

#: glibc then keeps what memory a process has had, and what is timed is the work. Given
#: back and taken anew, pages cost a virtual machine from a tenth of the work to more
#: than all of it, by the minute; peers take the most.
KEEP_MEMORY = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(2**36),
    "MALLOC_ARENA_MAX": "1",
}


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(CASES)), metavar="[CASE]...")
@click.option("--quick", is_flag=True, help="Small images, few trials: a minute or so.")
@click.option(
    "--markdown",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the tables into this file, between its two marks if it has them.",
)
@click.option("--list", "only_list", is_flag=True, help="List the cases and stop.")
def main(
    names: tuple[str, ...], *, quick: bool, markdown: Path | None, only_list: bool
) -> None:
    """Measure maskalign beside its peers, all cases or those named."""
    if only_list:
        for case in CASES.values():
            click.echo(f"{case.name:15}{case.about}")
        return
    if markdown is not None:
        report.check(markdown)
    facts, source = machine.facts(quick=quick), machine.source()
    click.echo("\n".join(facts))
    tables, failed = [], []
    for name in names or CASES:
        found = _run(name, quick=quick)
        if found is None:
            failed.append(name)
            continue
        for table in found:
            click.echo("\n" + report.as_text(table))
        tables += found
    tables = report.merged(tables)
    if machine.source() != source:
        facts.append("maskalign's source changed during the run: rows may not agree.")
        click.echo(f"\n{facts[-1]}")
    if markdown is not None:
        report.write(markdown, report.as_markdown(facts, tables))
    missed = report.missed(tables)
    click.echo("\nNot met:" + "".join(f"\n  {row}" for row in missed or ["nothing"]))
    if failed:
        msg = f"These cases failed, see above: {', '.join(failed)}."
        raise click.ClickException(msg)


def _run(name: str, *, quick: bool) -> list[report.Table] | None:
    """Run one case in a process of its own; None if it failed."""
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "tables.json"
        command = [sys.executable, "-m", "benchmarks.child", name, str(out)]
        done = subprocess.run(
            command + ["--quick"] * quick,
            cwd=ROOT,
            env=os.environ | ONE_THREAD | (KEEP_MEMORY if CASES[name].timed else {}),
            check=False,
        )
        click.echo(f"\n{name}: {time.monotonic() - start:.0f} s", err=True)
        if done.returncode:
            return None
        return [report.Table.of(table) for table in json.loads(out.read_text("utf-8"))]


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
