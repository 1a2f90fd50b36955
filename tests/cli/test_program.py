"""The program as it is started from a shell."""

import os
import re
import signal
import struct
import subprocess
import sys
from dataclasses import fields
from importlib.metadata import entry_points, version

import numpy as np
import pytest
import tifffile

from maskalign.cli import main
from maskalign.cli.align import align
from maskalign.cli.apply import apply
from maskalign.model.options import ApplyOptions, DriftOptions, help_for

HEAVY = {"dask", "matplotlib", "napari", "qtpy", "scipy", "tifffile", "tqdm"}


def start(*arguments, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "maskalign", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def finish(process):
    """Return exit code, stdout and stderr."""
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


@pytest.mark.parametrize(
    ("command", "options"),
    [(align, DriftOptions), (align, ApplyOptions), (apply, ApplyOptions)],
)
def test_options_are_those_of_the_model(command, options):
    made = {p.name: p for p in command.params}
    for field in fields(options):
        assert made[field.name].default == field.default
        assert made[field.name].help.startswith(help_for(options, field.name))


@pytest.mark.parametrize("command", [[], ["align"], ["apply"], ["demo"]])
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_teaches(maskalign, command, flag):
    result = maskalign(*command, flag)
    assert result.exit_code == 0
    words = " ".join(result.output.split())
    assert "Exit codes: 0 done" in words
    assert "130 interrupted" in words


def test_help_of_align_says_what_a_mask_and_a_shift_are(maskalign):
    words = " ".join(maskalign("align", "--help").output.split())
    assert "maskalign align movie.tif -o aligned.tif --mask mask.tif" in words
    assert "non-zero where a pixel may be used" in words
    assert "--invert-mask" in words
    assert "added to the position of a frame" in words


def test_the_version(maskalign):
    result = maskalign("--version")
    assert result.output == f"maskalign {version('napari-maskalign')}\n"


def test_the_program_is_installed():
    (program,) = entry_points(group="console_scripts", name="maskalign")
    assert program.load() is main


def test_help_loads_nothing_heavy():
    code = (
        "import sys\n"
        "from maskalign.cli.program import program\n"
        "try:\n"
        "    program(['align', '--help'])\n"
        "finally:\n"
        "    print(*sys.modules, file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert "Usage" in done.stdout
    assert HEAVY & set(done.stderr.split()) == set()


def test_results_go_to_stdout_and_progress_to_stderr(folder):
    code, out, err = finish(start("align", "movie.tif", "--drift", "drift.csv"))
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == ["movie.tif:", "Wrote"]
    assert err == "Estimating the drift: 5 frames\n"
    again = ["align", "movie.tif", "--drift", "other.csv", "--reference", "redundant"]
    assert finish(start(*again))[2] == "Estimating the drift: 5 frames, 2 passes\n"


def test_doubtful_frames_are_named_on_stderr(folder, frames):
    spoilt = frames.copy()
    spoilt[[1, 2, 4]] = 7
    tifffile.imwrite("movie.tif", spoilt)
    code, out, err = finish(start("align", "movie.tif", "--drift", "drift.csv"))
    assert code == 0
    assert "Frames 1-2, 4: blank." in err
    assert "Frame" not in out


def test_errors_are_one_line_on_stderr(folder):
    code, out, err = finish(start("align", "none.tif", "-o", "out.tif"))
    assert (code, out) == (1, "")
    assert err == "Error: IN: there is no file none.tif.\n"


def test_debug_prints_the_traceback(folder):
    code, _, err = finish(start("align", "none.tif", "-o", "out.tif", "--debug"))
    assert code == 1
    assert "Traceback" in err


def test_wrong_usage_is_2(folder):
    assert finish(start("align"))[0] == 2
    assert finish(start("aling", "movie.tif"))[0] == 2


def test_a_mistake_of_ours_asks_for_a_report(folder, maskalign, monkeypatch):
    from maskalign.pipeline import plan

    def broken(*_, **__):
        raise RuntimeError("the wheel came off")

    monkeypatch.setattr(plan, "plan_drift", broken)
    result = maskalign("align", "movie.tif", "-o", "out.tif")
    assert result.exit_code == 1
    assert "RuntimeError: the wheel came off" in result.output
    assert "report" in result.output


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals there")
def test_somebody_who_watches_sees_a_bar(folder):
    import fcntl
    import termios

    ours, theirs = os.openpty()
    # 24 rows, 80 columns: a terminal of no size shows no bar.
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    subprocess.run(
        [sys.executable, "-m", "maskalign", "align", "movie.tif", "-o", "out.tif"],
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        check=True,
    )
    shown = os.read(ours, 100_000).decode()
    assert re.search(r"Estimating the drift: 100%.* 5/5 ", shown)
    assert re.search(r"Writing out\.tif: 100%.* 5/5 ", shown)


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is not a signal there")
def test_ctrl_c_leaves_no_file(folder):
    movie = np.random.default_rng(0).integers(0, 999, (1000, 160, 160)).astype("u2")
    tifffile.imwrite("long.tif", movie)
    before = sorted(folder.iterdir())
    process = start("align", "long.tif", "-o", "out.tif", "--drift", "drift.csv")
    assert process.stderr.readline().startswith("Estimating the drift")
    process.send_signal(signal.SIGINT)
    code, out, err = finish(process)
    assert (code, out) == (130, "")
    assert "Interrupted" in err
    assert "Traceback" not in err
    assert sorted(folder.iterdir()) == before
