"""One case in one process: ``python -m benchmarks.child CASE OUT.json [--quick]``."""

import json
import sys
import warnings
from dataclasses import asdict
from pathlib import Path

from benchmarks.cases import CASES


def main(name: str, out: str, *flags: str) -> None:
    """Run a case and write its tables as JSON."""
    # What a warning would say of a scene, the tables say.
    warnings.simplefilter("ignore")
    tables = CASES[name].load()(quick="--quick" in flags)
    Path(out).write_text(json.dumps([asdict(t) for t in tables]), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
