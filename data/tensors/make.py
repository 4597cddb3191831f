"""Golden values for the gradient tape, computed by PyTorch in double precision from numbers that single holds.

    python3 -m venv venv && venv/bin/pip install torch numpy && venv/bin/python data/tensors/make.py

Weights lie one after the other in one flat buffer, as the tape's parameters do.
"""

import json
import pathlib

import torch

torch.manual_seed(7)
torch.set_default_dtype(torch.float64)


def random(*shape, scale=1.0):
    return (scale * torch.randn(*shape)).float().double()


class Flat:
    """A flat buffer of parameters and views of it."""

    def __init__(self, *shapes, scale=0.4):
        self.flat = torch.cat([random(*shape, scale=scale).reshape(-1) for shape in shapes]).requires_grad_()
        self.views, at = [], 0
        for shape in shapes:
            count = torch.Size(shape).numel()
            self.views.append(self.flat[at : at + count].view(shape))
            at += count


def case(parameters, inputs, loss, output):
    gradients = torch.autograd.grad(loss, [parameters.flat] + list(inputs.values()), allow_unused=True)
    listed = lambda t: t.detach().reshape(-1).tolist()
    return {
        "parameters": listed(parameters.flat),
        "inputs": {name: listed(x) for name, x in inputs.items()},
        "output": listed(output),
        "loss": loss.item(),
        "parameterGradient": listed(gradients[0]),
        "inputGradients": {n: listed(g) for n, g in zip(inputs, gradients[1:]) if g is not None},
    }


def mlp():
    """Linear (out, in), layer norm, gelu, linear, softplus; root of the weighted mean square error."""
    p = Flat((16, 6), (16,), (16,), (16,), (3, 16), (3,))
    w1, b1, gamma, beta, w2, b2 = p.views
    x, target = random(5, 6).requires_grad_(), random(5, 3).requires_grad_()
    weights = torch.tensor([0.5, 1.0, 2.0])
    h = torch.nn.functional.layer_norm(torch.nn.functional.linear(x, w1, b1), (16,), gamma, beta)
    h = torch.nn.functional.gelu(h, approximate="tanh")
    y = torch.nn.functional.softplus(torch.nn.functional.linear(h, w2, b2))
    return case(p, {"x": x, "target": target}, (weights * (y - target) ** 2).mean().sqrt(), y)


def ring():
    """Two circular convolutions on a ring of 7, tanh between them, unrolled over two residual steps."""
    p = Flat((5, 2, 4), (4,), (3, 4, 2))
    w1, b1, w2 = p.views
    x = random(3, 7, 2).requires_grad_()
    conv = lambda x, w: torch.nn.functional.conv1d(
        torch.nn.functional.pad(x.transpose(1, 2), (w.shape[0] // 2,) * 2, mode="circular"), w.permute(2, 1, 0)
    ).transpose(1, 2)
    y = x
    for _ in range(2):
        y = y + 0.5 * conv(torch.tanh(conv(y, w1) + b1), w2)
    return case(p, {"x": x}, (y**2).mean(), y)


def square():
    """A circular convolution on a square of 4 × 5 with 3 × 3 taps, sigmoid, mean over the lattice."""
    p = Flat((3, 3, 2, 3))
    (w,) = p.views
    x = random(2, 4, 5, 2).requires_grad_()
    padded = torch.nn.functional.pad(x.permute(0, 3, 1, 2), (1, 1, 1, 1), mode="circular")
    y = torch.nn.functional.conv2d(padded, w.permute(3, 2, 0, 1)).permute(0, 2, 3, 1)
    pooled = torch.sigmoid(y).mean(dim=(1, 2))
    return case(p, {"x": x}, (pooled * torch.sin(pooled)).sum(), y)


SOURCES, TARGETS = [1, 4, 0, 2, 1, 3, 2, 4, 3, 0, 2], [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 0]


def messages(x, w1, b1, w2):
    """Messages tanh([x_i, x_j, x_i - x_j] w1 + b1) w2, their mean over the neighbours."""
    i, j = x[:, TARGETS], x[:, SOURCES]
    m = torch.tanh(torch.cat([i, j, i - j], -1) @ w1 + b1) @ w2
    degree = torch.zeros(5).index_add(0, torch.tensor(TARGETS), torch.ones(len(TARGETS)))
    return torch.zeros(x.shape[0], 5, m.shape[-1]).index_add(1, torch.tensor(TARGETS), m) / degree[:, None]


def graph():
    p = Flat((9, 8), (8,), (8, 3))
    x = random(4, 5, 3).requires_grad_()
    y = x + messages(x, *p.views)
    return case(p, {"x": x}, (torch.exp(0.25 * y)).mean(), y)


def forces():
    """The energy of a graph; the loss is the mean square error of its forces -dE/dx."""
    p = Flat((9, 8), (8,), (8, 3))
    x, target = random(4, 5, 3).requires_grad_(), random(4, 5, 3)
    energy = torch.nn.functional.softplus(messages(x, *p.views)).sum()
    (slope,) = torch.autograd.grad(energy, x, create_graph=True)
    loss = ((-slope - target) ** 2).mean()
    result = case(p, {"x": x}, loss, -slope)
    result["inputs"]["target"] = target.reshape(-1).tolist()
    result["energy"] = energy.item()
    return result


def fourier():
    """A Fourier neural operator of two layers on a ring of 9: four modes, width 5, gelu between them and in the projection."""
    p = Flat((2, 5), (5,), (4, 2, 5, 5), (5, 5), (5,), (4, 2, 5, 5), (5, 5), (5,), (5, 6), (6,), (6, 2), (2,))
    lift, b0, s1, w1, b1, s2, w2, b2, q1, c1, q2, c2 = p.views
    x = random(3, 9, 2).requires_grad_()
    gelu = lambda x: torch.nn.functional.gelu(x, approximate="tanh")

    def layer(v, modes, w, b):
        low = torch.fft.rfft(v, dim=1)[:, :4]
        mixed = torch.zeros(3, 5, 5, dtype=torch.complex128)
        mixed[:, :4] = torch.einsum("bmi,mio->bmo", low, torch.complex(modes[:, 0], modes[:, 1]))
        return torch.fft.irfft(mixed, n=9, dim=1) + v @ w + b

    v = layer(gelu(layer(x @ lift + b0, s1, w1, b1)), s2, w2, b2)
    y = gelu(v @ q1 + c1) @ q2 + c2
    return case(p, {"x": x}, (y**2).mean(), y)


cases = {f.__name__: f() for f in (mlp, ring, square, graph, forces, fourier)}
path = pathlib.Path(__file__).with_name("tape.json")
path.write_text(json.dumps(cases, indent=None, separators=(",", ":")) + "\n")
print(path, path.stat().st_size, "bytes, torch", torch.__version__)
