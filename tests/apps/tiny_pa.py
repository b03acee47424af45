"""An amplifier and a signal for it, small enough to train on in a second."""

import json

import numpy as np

RATE, BANDWIDTH = 800e6, 200e6


def band_limited(samples, seed):
    """A complex signal of amplitude up to 1 whose spectrum lies inside the bandwidth."""
    rng = np.random.default_rng(seed)
    spectrum = rng.standard_normal(samples) + 1j * rng.standard_normal(samples)
    spectrum[abs(np.fft.fftfreq(samples, 1 / RATE)) > BANDWIDTH / 2] = 0
    signal = np.fft.ifft(spectrum)
    return signal / abs(signal).max()


def mild_amplifier(u):
    """Compression, a little phase shift and one sample of memory."""
    return 1.1 * u - 0.25 * u * abs(u) ** 2 * np.exp(0.3j) + 0.05 * np.concatenate([[0], u[:-1]])


def write_capture(folder, splits=(2400, 800, 800)):
    """A data set of the folder layout: samples of `mild_amplifier` in train, val and test."""
    folder.mkdir()
    spec = {"input_signal_fs": RATE, "bw_main_ch": BANDWIDTH, "n_sub_ch": 5, "nperseg": 400}
    (folder / "spec.json").write_text(json.dumps(spec))
    x = band_limited(sum(splits), 0)
    y = mild_amplifier(x)
    ends = np.cumsum((0, *splits))
    for split, first, last in zip(("train", "val", "test"), ends[:-1], ends[1:], strict=True):
        part = slice(first, last)
        for end, signal in (("input", x), ("output", y)):
            table = np.stack([signal[part].real, signal[part].imag], 1)
            np.savetxt(folder / f"{split}_{end}.csv", table, delimiter=",", header="I,Q", comments="", fmt="%.17g")
    return folder
