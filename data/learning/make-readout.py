"""Golden values for readouts fitted in closed form, from NumPy in double precision.

    python3 data/learning/make-readout.py

Nonlinear vector autoregression with the settings that were published for Lorenz's equations (dt 0.025, two taps, constant,
linear and quadratic terms, ridge 2.5e-6, 400 points) and for the double scroll (dt 0.25, two taps, linear and cubic terms,
ridge 1e-3, 400 points; Gauthier et al., Nature Communications 12, 5564), and a ring with one readout for all sites. The
least squares are solved as an overdetermined system by the singular value decomposition, which is another way than the
normal equations.
"""

import itertools
import json
import pathlib

import numpy as np
import scipy.integrate


def lorenz(t, u):
    return np.array([10 * (u[1] - u[0]), u[0] * (28 - u[2]) - u[1], u[0] * u[1] - 8 / 3 * u[2]])


def double_scroll(t, u):
    dv = u[0] - u[1]
    g = dv / 3.44 + 2 * 2.25e-5 * np.sinh(11.6 * dv)
    return np.array([u[0] / 1.2 - g, g - u[2], u[1] - 0.193 * u[2]])


def lorenz96(t, u):
    return (np.roll(u, -1) - np.roll(u, 2)) * np.roll(u, 1) - u + 8


def frames(f, start, dt, substeps, skip, count):
    """(count, D) frames by the classical method of Runge and Kutta, rounded to single precision."""
    u, found, h = np.array(start, float), [], dt / substeps
    for index in range(skip + count):
        if index >= skip:
            found.append(u)
        for _ in range(substeps):
            k1 = f(0, u)
            k2 = f(0, u + h / 2 * k1)
            k3 = f(0, u + h / 2 * k2)
            k4 = f(0, u + h * k3)
            u = u + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return np.array(found, np.float32).astype(float)


def published(f, start, dt, skip, count):
    """As the published scripts integrate: second order with a relative tolerance of 1e-3, whose error is part of the data.

    Without it the fit in raw units has rollouts that explode."""
    times = np.linspace(0, (skip + count) * dt, skip + count + 1)
    solution = scipy.integrate.solve_ivp(f, (0, times[-1]), start, t_eval=times, method="RK23")
    return solution.y.T[skip : skip + count].astype(np.float32).astype(float)


def features(x, orders):
    """Products of the columns of x (n, inputs), of each order in `orders`."""
    parts = []
    for order in orders:
        if order == 0:
            parts.append(np.ones((len(x), 1)))
        for factors in itertools.combinations_with_replacement(range(x.shape[1]), order) if order else []:
            parts.append(np.prod(x[:, factors], axis=1)[:, None])
    return np.concatenate(parts, axis=1)


def seen(u, radius):
    """What each site of a ring sees, (n · sites, 2 radius + 1); with radius None the whole state."""
    if radius is None:
        return u
    return np.stack([np.roll(u, -k, axis=1) for k in range(-radius, radius + 1)], axis=-1).reshape(-1, 2 * radius + 1)


def inputs(u, taps, stride, radius):
    """(transitions · sites, inputs), for every frame with enough frames before it but the last."""
    memory = (taps - 1) * stride
    last = len(u) - 1
    return np.concatenate(
        [seen(u[memory - k * stride : last - k * stride], radius) for k in range(taps)], axis=1)


def fit(u, taps, stride, radius, orders, ridge):
    o = features(inputs(u, taps, stride, radius), orders)
    memory = (taps - 1) * stride
    change = u[memory + 1 :] - u[memory:-1]
    y = change if radius is None else change.reshape(-1, 1)
    # Columns of unit length, so that only what is collinear weighs on the condition.
    norm = np.sqrt((o**2).sum(axis=0) + ridge)
    a = np.concatenate([o, np.sqrt(ridge) * np.eye(o.shape[1])]) / norm
    b = np.concatenate([y, np.zeros((o.shape[1], y.shape[1]))])
    return (np.linalg.lstsq(a, b, rcond=None)[0] / norm[:, None]).T, o


def rollout(w, u, taps, stride, radius, orders, steps):
    memory = (taps - 1) * stride
    states = list(u[: memory + 1])
    for _ in range(steps):
        x = inputs(np.array(states[-memory - 1 :] + [states[-1]]), taps, stride, radius)
        states.append(states[-1] + (features(x, orders) @ w.T).reshape(-1))
    return np.array(states[memory + 1 :])


def case(name, u, taps, stride, radius, orders, ridge, steps):
    w, o = fit(u, taps, stride, radius, orders, ridge)
    return {
        "name": name, "taps": taps, "stride": stride, "radius": radius, "orders": orders, "ridge": ridge,
        "size": u.shape[1], "frames": u.reshape(-1).tolist(), "features": o.shape[1],
        "weights": w.reshape(-1).tolist(), "predicted": (o @ w.T)[-8:].reshape(-1).tolist(),
        "rollout": rollout(w, u, taps, stride, radius, orders, steps).reshape(-1).tolist(),
    }


def main():
    scroll = [0.37926545, 0.058339, -0.08167691]
    cases = [
        case("lorenz", published(lorenz, [17.67715816276679, 12.931379185960404, 43.91404334248268], 0.025, 199, 402), 2, 1, None, [0, 1, 2], 2.5e-6, 20),
        case("double scroll", published(double_scroll, scroll, 0.25, 3, 402), 2, 1, None, [1, 3], 1e-3, 20),
        case("strided", frames(lorenz, [1, 1, 25], 0.025, 10, 400, 300), 3, 2, None, [0, 1, 2], 1, 20),
        case("ring", frames(lorenz96, 8 + np.sin(np.arange(8)), 0.02, 2, 500, 80), 2, 1, 2, [0, 1, 2], 1e-4, 20),
    ]
    path = pathlib.Path(__file__).with_name("readout.json")
    path.write_text(json.dumps(cases) + "\n")
    print({c["name"]: c["features"] for c in cases})


main()
