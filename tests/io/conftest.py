import numpy as np
import pytest

from maskalign.io.tiff_read import TiffReader


@pytest.fixture
def pixels():
    """Six frames whose every pixel differs from all others."""
    return np.arange(6 * 20 * 30, dtype="uint16").reshape(6, 20, 30)


@pytest.fixture
def planes_read(monkeypatch):
    """The numbers of the planes that were read from any file, in order."""
    numbers = []
    plane = TiffReader.plane

    def spy(self, number):
        numbers.append(number)
        return plane(self, number)

    monkeypatch.setattr(TiffReader, "plane", spy)
    return numbers
