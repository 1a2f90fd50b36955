import json
from dataclasses import asdict

import numpy as np
import pytest

from maskalign.model.options import ApplyOptions


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (7, 7),
        (np.float32(0.5), 0.5),
        (np.uint16(9), 9),
        (np.array(3), 3),
        (True, True),
        (np.True_, True),
        ("edge", "edge"),
    ],
)
def test_a_fill_is_a_plain_number_or_a_word(given, kept):
    options = ApplyOptions(fill_value=given)
    assert options.fill_value == kept
    assert type(options.fill_value) is type(kept)
    assert json.loads(json.dumps(asdict(options)))["fill_value"] == kept


@pytest.mark.parametrize("fill", ["mirror", None, 1j, [0, 1], np.zeros(2)])
def test_what_is_neither_is_refused(fill):
    with pytest.raises(TypeError, match="a real number or 'edge', got"):
        ApplyOptions(fill_value=fill)
