"""Movies with known drift, noise, turn, growth and parts that move on their own."""

import numpy as np
import pytest
from scipy import ndimage


def scene_spectrum(rng, n, blur):
    k = 2 * np.pi * np.fft.fftfreq(n)
    lowpass = np.exp(-0.5 * blur**2 * np.add.outer(k**2, k**2))
    return np.fft.fft2(rng.normal(size=(n, n))) * lowpass


@pytest.fixture(scope="session")
def drifting():
    """Make a movie and its true shifts: ``drifting(seed, snr=2)``."""

    def make(seed, *, n_frames=8, size=96, snr=5.0, blur=2.0, still=False):
        rng = np.random.default_rng(seed)
        spectrum = scene_spectrum(rng, 2 * size, blur)
        k = 2 * np.pi * np.fft.fftfreq(2 * size)
        path = np.cumsum(rng.normal(size=(n_frames, 2)), axis=0) * (not still)
        path -= path[0]
        frames = []
        for y, x in path:
            phase = np.exp(1j * np.add.outer(k * y, k * x))
            field = np.fft.ifft2(spectrum * phase).real
            window = field[size // 2 :, size // 2 :][:size, :size] / field.std()
            frames.append(window + rng.normal(size=window.shape) / snr)
        return np.array(frames, np.float32), path

    return make


@pytest.fixture(scope="session")
def warped():
    """Make a movie that drifts and turns, grows, or has a part that moves."""

    def make(seed, *, turn=0.0, growth=0.0, part=0.0, n_frames=6, size=144, snr=5.0):
        rng = np.random.default_rng(seed)
        field = np.fft.ifft2(scene_spectrum(rng, 2 * size, 2.0)).real
        scene = ndimage.spline_filter(field / field.std())
        path = np.cumsum(rng.normal(size=(n_frames, 2)), axis=0)
        path -= path[0]
        y, x = np.indices((size, size)) - (size - 1) / 2
        alone = np.hypot(y - size / 5, x + size / 5) < size / 5
        frames = []
        for t, drift in enumerate(path):
            share = t / (n_frames - 1)
            angle, scale = np.radians(turn * share), 1 + growth * share
            v, u = (y + drift[0]) / scale, (x + drift[1]) / scale
            # The content seen at (v, u) has come from here, counter-clockwise.
            places = np.stack(
                [
                    v * np.cos(angle) + u * np.sin(angle) - part * share * alone,
                    u * np.cos(angle) - v * np.sin(angle),
                ]
            )
            frame = ndimage.map_coordinates(
                scene, places + size, prefilter=False, mode="wrap"
            )
            frames.append(frame + rng.normal(size=frame.shape) / snr)
        return np.array(frames, np.float32), path

    return make
