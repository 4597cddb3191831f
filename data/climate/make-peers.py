"""Figures of other people's programs on one small pair of trajectories, for the tests of the climate metrics.

    pip install numpy scipy statsmodels && pip install --no-deps dysts==0.96
    python data/climate/make-peers.py data/climate/peers.json

The trajectories are Lorenz-63 with two values of rho, rounded to four digits so that everybody reads the same numbers.
"""

import importlib.util
import json
import pathlib
import sys
import types

import numpy as np
import scipy
import scipy.ndimage
import scipy.signal
import scipy.stats
import statsmodels
from statsmodels.tsa.stattools import acf



def load_dysts_metrics():
    """The one module that is wanted, without the heavy ones that its package imports."""
    spec = importlib.util.find_spec("dysts")
    if spec is None:
        sys.exit("needs dysts 0.96: pip install --no-deps dysts==0.96")
    package, utils = types.ModuleType("dysts"), types.ModuleType("dysts.utils")
    package.__path__ = []
    utils.has_module = lambda name: False
    sys.modules.update({"dysts": package, "dysts.utils": utils})
    path = pathlib.Path(spec.origin).parent / "metrics.py"
    spec = importlib.util.spec_from_file_location("dysts.metrics", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


dysts_metrics = load_dysts_metrics()


def lorenz(rho, start, frames, dt=0.01, every=5, transient=2000):
    def rate(u):
        x, y, z = u
        return np.array([10 * (y - x), x * (rho - z) - y, x * y - 8 / 3 * z])

    u = np.array(start, float)
    out = []
    for step in range(transient + frames * every):
        if step >= transient and (step - transient) % every == 0:
            out.append(u)
        k1 = rate(u)
        k2 = rate(u + dt / 2 * k1)
        k3 = rate(u + dt / 2 * k2)
        k4 = rate(u + dt * k3)
        u = u + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return np.round(np.array(out), 4)


def teacher_forcing_hellinger(a, b, sigma=20):
    """The published recipe in scipy's terms: its padding is what scipy calls mirror."""

    def spectrum(x):
        x = (x - x.mean(0)) / x.std(0)
        p = np.abs(np.fft.rfft(x, axis=0)) ** 2
        p = scipy.ndimage.gaussian_filter1d(p, sigma, axis=0, mode="mirror", truncate=4)
        return p / p.sum(0)

    p, q = spectrum(a), spectrum(b)
    return (np.sqrt(((np.sqrt(p) - np.sqrt(q)) ** 2).sum(0)) / np.sqrt(2)).tolist()


def binned_divergence(a, b, bins=30, alpha=1e-5):
    deviation = a.std(0, ddof=1)
    low, high = a.min(0) - 0.1 * deviation, a.max(0) + 0.1 * deviation
    edges = [np.linspace(l, h, bins + 1) for l, h in zip(low, high)]
    p = np.histogramdd(a, edges)[0] + alpha
    q = np.histogramdd(b, edges)[0] + alpha
    return float(scipy.stats.entropy(p.ravel() / p.sum(), q.ravel() / q.sum()))


truth = lorenz(28.0, (1.0, 1.0, 20.0), 500)
other = lorenz(32.0, (-2.0, 1.0, 25.0), 500)
scaled = [(x - truth.mean(0)) / truth.std(0) for x in (truth, other)]
np.random.seed(1)
divergences = [dysts_metrics.estimate_kl_divergence(*scaled, n_samples=1000, sigma_scale=1.0) for _ in range(20)]
frequencies, density = scipy.signal.periodogram(truth[:, 2], fs=1 / 0.05, detrend="constant")
result = {
    "made with": {
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "statsmodels": statsmodels.__version__,
        "dysts": "0.96",
    },
    "timeStep": 0.05,
    "truth": truth.T.tolist(),
    "other": other.T.tolist(),
    "scipy.stats.wasserstein_distance": [
        scipy.stats.wasserstein_distance(truth[:, d], other[:, d]) for d in range(3)
    ],
    "scipy.signal.periodogram": density[:40].tolist(),
    "statsmodels.acf": acf(truth[:, 2], adjusted=True, nlags=60, fft=False).tolist(),
    "teacher forcing hellinger": teacher_forcing_hellinger(truth, other),
    "dysts.average_hellinger_distance": [
        dysts_metrics.average_hellinger_distance(truth[:, d : d + 1], other[:, d : d + 1]) for d in range(3)
    ],
    "binned divergence, x and z": binned_divergence(truth[:, [0, 2]], other[:, [0, 2]]),
    "dysts.estimate_kl_divergence": {
        "mean": float(np.mean(divergences)),
        "standard error": float(np.std(divergences, ddof=1) / np.sqrt(len(divergences))),
        "deviation of one": float(np.std(divergences, ddof=1)),
    },
}
with open(sys.argv[1], "w") as file:
    json.dump(result, file, indent=None, separators=(",", ":"))
    file.write("\n")
