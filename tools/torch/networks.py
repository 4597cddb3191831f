"""The networks and the loss of docs/learning.md in PyTorch, under the published names: what Holstream is compared with.

A state is one vector of 2L² + 2L numbers: rho (L, L, 2), Q (L), P (L). Works with PyTorch 1.13 and later.
"""

import math

import torch
from torch import nn

COMPONENTS = ("rho", "Q", "P")


class ChannelNorm(nn.Module):
    """LayerNorm over the channels of each site."""

    def __init__(self, channels):
        super().__init__()
        self.ln = nn.LayerNorm(channels)

    def forward(self, x):
        return self.ln(x.movedim(1, -1)).movedim(-1, 1)


class Block(nn.Module):
    def __init__(self, channels, dropout):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, padding_mode="circular")
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, padding_mode="circular")
        self.ln1 = ChannelNorm(channels)
        self.ln2 = ChannelNorm(channels)
        self.dropout = nn.Dropout2d(dropout)

    def forward(self, x, mask):
        y = self.conv1(torch.tanh(self.ln1(x)))
        y = torch.tanh(self.ln2(y))
        y = self.dropout(y) if mask is None else y * mask[:, :, None, None]
        return x + self.conv2(y)


class Trunk(nn.Module):
    def __init__(self, channels, blocks, dropout, zero_output):
        super().__init__()
        self.input_conv = nn.Conv2d(4, channels, 3, padding=1, padding_mode="circular")
        self.blocks = nn.ModuleList(Block(channels, dropout) for _ in range(blocks))
        self.output_conv = nn.Conv2d(channels, 4, 1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.xavier_uniform_(module.weight, gain=5 / 3)
                nn.init.zeros_(module.bias)
        if zero_output:
            nn.init.zeros_(self.output_conv.weight)

    def forward(self, x, masks):
        x = torch.tanh(self.input_conv(x))
        for k, block in enumerate(self.blocks):
            x = block(x, None if masks is None else masks[:, k])
        return self.output_conv(torch.tanh(x))


class Network(nn.Module):
    """State to state: scales, embeds Q and P on the diagonal, and takes the diagonal out again."""

    def __init__(self, channels, blocks, dropout, zero_output, scale_in, scale_out):
        super().__init__()
        self.CNN = Trunk(channels, blocks, dropout, zero_output)
        for name, value in zip(COMPONENTS, scale_in):
            self.register_buffer(f"in_scale_{name}", torch.tensor(1 / value))
        for name, value in zip(COMPONENTS, scale_out):
            self.register_buffer(f"out_scale_{name}", torch.tensor(value))

    def forward(self, state, masks=None):
        batch = state.shape[0]
        sites = round((math.sqrt(4 + 8 * state.shape[1]) - 2) / 4)
        rho = state[:, : 2 * sites**2].reshape(batch, sites, sites, 2)
        q = state[:, 2 * sites**2 : 2 * sites**2 + sites]
        p = state[:, 2 * sites**2 + sites :]
        x = torch.stack(
            [
                rho[..., 0] * self.in_scale_rho,
                rho[..., 1] * self.in_scale_rho,
                torch.diag_embed(q * self.in_scale_Q),
                torch.diag_embed(p * self.in_scale_P),
            ],
            dim=1,
        )
        y = self.CNN(x, masks)
        out = torch.stack([y[:, 0], y[:, 1]], dim=-1) * self.out_scale_rho
        return torch.cat(
            [
                out.reshape(batch, -1),
                torch.diagonal(y[:, 2], dim1=-2, dim2=-1) * self.out_scale_Q,
                torch.diagonal(y[:, 3], dim1=-2, dim2=-1) * self.out_scale_P,
            ],
            dim=1,
        )


def project(state):
    """The nearest states whose rho is Hermitian with trace L / 2 of half filling."""
    sites = round((math.sqrt(4 + 8 * state.shape[1]) - 2) / 4)
    rho = state[:, : 2 * sites**2].reshape(-1, sites, sites, 2)
    turned = rho.transpose(1, 2)
    real = (rho[..., 0] + turned[..., 0]) / 2
    imaginary = (rho[..., 1] - turned[..., 1]) / 2
    shift = (sites / 2 - torch.diagonal(real, dim1=1, dim2=2).sum(1)) / sites
    real = real + shift[:, None, None] * torch.eye(sites, dtype=real.dtype)
    rho = torch.stack([real, imaginary], dim=-1)
    return torch.cat([rho.reshape(state.shape[0], -1), state[:, 2 * sites**2 :]], dim=1)


def keep_spectrum(state):
    """The same, and the eigenvalues of rho are brought back to 0, 1/2 and 1 by x^3 (35 - 42 x^2 + 15 x^4) / 8, x = 2 rho - 1."""
    sites = round((math.sqrt(4 + 8 * state.shape[1]) - 2) / 4)
    state = project(state)
    rho = torch.view_as_complex(state[:, : 2 * sites**2].reshape(-1, sites, sites, 2).contiguous())
    one = torch.eye(sites, dtype=rho.dtype)
    x = 2 * rho - one
    y = x @ x
    rho = torch.view_as_real((one + x @ y @ (35 * one - 42 * y + 15 * y @ y) / 8) / 2)
    return project(torch.cat([rho.reshape(state.shape[0], -1), state[:, 2 * sites**2 :]], dim=1))


class Model(nn.Module):
    """`cnn` (direct) or `differentiator` and `integrator` (PARC); projected where the checkpoint says `constraint`."""

    def __init__(self, family, channels, blocks, dropout, scalars, constraint=None):
        super().__init__()
        states = [scalars[k] for k in ("rho", "Q", "P")]
        rates = [scalars[k] for k in ("drho", "dQ", "dP")]
        steps = [scalars[k] for k in ("delta_rho", "delta_Q", "delta_P")]
        self.family = family
        self.constraint = constraint
        if family == "cnn":
            self.cnn = Network(channels, blocks, dropout, True, states, steps)
        else:
            self.differentiator = Network(channels, blocks, dropout, False, states, rates)
            self.integrator = Network(channels, blocks, dropout, True, rates, steps)

    def forward(self, state, masks=None):
        """The next state and the derivative (None for the direct model). masks: (B, networks, blocks, C)."""
        if self.family == "cnn":
            return self.constrained(state + self.cnn(state, None if masks is None else masks[:, 0])), None
        rate = self.differentiator(state, None if masks is None else masks[:, 0])
        return self.constrained(state + self.integrator(rate, None if masks is None else masks[:, 1])), rate

    def constrained(self, state):
        if self.constraint == "spectrum":
            return keep_spectrum(state)
        return project(state) if self.constraint else state

    def scales(self):
        """The buffers that hold the scales, by their names in the state dict."""
        return {name: value for name, value in self.named_buffers() if "_scale_" in name}

    def unroll(self, state, steps, masks=None):
        """States (B, N, S) and derivatives (B, N, S) or None. masks: (B, N, networks, blocks, C)."""
        states, rates = [], []
        for n in range(steps):
            state, rate = self(state, None if masks is None else masks[:, n])
            states.append(state)
            rates.append(rate)
        return torch.stack(states, 1), None if rates[0] is None else torch.stack(rates, 1)


def components(errors):
    """The four components of (B, N, S) errors: diagonal of rho, the rest of rho, Q, P."""
    size = errors.shape[-1]
    sites = round((math.sqrt(4 + 8 * size) - 2) / 4)
    rho = torch.view_as_complex(errors[..., : 2 * sites**2].reshape(*errors.shape[:-1], sites, sites, 2).contiguous())
    off = ~torch.eye(sites, dtype=torch.bool)
    return [
        torch.diagonal(rho, dim1=-2, dim2=-1),
        rho[..., off],
        errors[..., 2 * sites**2 : 2 * sites**2 + sites],
        errors[..., 2 * sites**2 + sites :],
    ]


def loss_terms(model, inputs, labels, rate_labels, steps, masks=None):
    """The loss and its 4 or 8 terms. labels, rate_labels: (B, N, S)."""
    states, rates = model.unroll(inputs, steps, masks)
    terms = [torch.sqrt((e.abs() ** 2).mean()) for e in components(labels - states)]
    if rates is not None:
        terms += [torch.sqrt((e.abs() ** 2).mean()) for e in components(rate_labels - rates)]
    return sum(terms), terms
