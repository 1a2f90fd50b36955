"""Make the picture of a report.

Run by hand: ``python docs/make_report_picture.py``. The retina sample is aligned and
drawn as ``maskalign report --plot`` draws it.
"""

import tempfile
from pathlib import Path

from PIL import Image

import maskalign
from maskalign.data.samples import retina
from maskalign.io.report_picture import save_report_picture

OUT = Path(__file__).with_name("img") / "report-retina.png"
#: Colours of the picture; more would not be seen in a documentation.
COLOURS = 96


def main() -> None:
    """Align, draw, and write a small PNG."""
    sample = retina()
    table = maskalign.estimate_drift(sample.movie, mask=sample.mask, max_shift=60)
    with tempfile.TemporaryDirectory() as folder:
        drawn = Path(folder) / "report.png"
        title = "A living retina, before and after"
        save_report_picture(drawn, sample.movie, table, mask=sample.mask, title=title)
        picture = Image.open(drawn).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(OUT, optimize=True)


if __name__ == "__main__":
    main()
