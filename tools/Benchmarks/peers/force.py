"""The peer of bench-force: the same networks in PyTorch, one thread, as a notebook has them.

usage: force.py FAMILY WIDTHS ACTIVATION SITES rollout|train   prints CPU milliseconds, the least of several
"""
import sys
import time

import torch
from torch import nn

family, widths, activation, sites, what = sys.argv[1:6]
widths, L = [int(w) for w in widths.split("-")], int(sites)
torch.set_num_threads(1)
torch.manual_seed(1)
act = {"relu": torch.relu, "tanh": torch.tanh, "silu": nn.functional.silu}[activation]


def mean(x):  # (N, channels) in rows of L
    x = x.view(L, L, -1)
    return ((x.roll(1, 0) + x.roll(-1, 0) + x.roll(1, 1) + x.roll(-1, 1)) / 4).view(L * L, -1)


class Direct(nn.Module):
    def __init__(self):
        super().__init__()
        sizes = [1] + widths + [1]
        self.own = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))
        self.around = nn.ModuleList(nn.Linear(a, b, bias=False) for a, b in zip(sizes, sizes[1:]))

    def forward(self, x):
        for k, (own, around) in enumerate(zip(self.own, self.around)):
            # The narrower side is averaged.
            x = own(x) + (around(mean(x)) if own.in_features <= own.out_features else mean(around(x)))
            if k + 1 < len(self.own):
                x = act(x)
        return x


class Message(nn.Module):
    def __init__(self, a, b):
        super().__init__()
        self.l1, self.l2 = nn.Linear(a, b), nn.Linear(b, b, bias=False)

    def forward(self, x):
        return self.l2(act(self.l1(x)))


class Energy(nn.Module):
    def __init__(self):
        super().__init__()
        sizes = [1] + widths + [1]
        pairs = list(zip(sizes, sizes[1:]))
        self.around = nn.ModuleList(Message(a, b) for a, b in pairs)
        self.own = nn.ModuleList(Message(a, b) for a, b in pairs)
        self.residual = nn.ModuleList(nn.Linear(a, b) for a, b in pairs)
        self.update = nn.ModuleList(nn.Linear(a, b) for a, b in pairs[:-1])
        self.norm = nn.ModuleList(nn.LayerNorm(b) for _, b in pairs[:-1])

    def forward(self, x):
        for k in range(len(self.own)):
            u = mean(self.around[k](x)) + self.own[k](x)
            if k + 1 < len(self.own):
                u = self.norm[k](u + act(self.update[k](x)))
            x = self.residual[k](x) + u
        return x


model = Energy() if family == "gnn-energy" else Direct()
q, label = 5 * torch.randn(L * L, 1), torch.randn(L * L, 1)


def force(create_graph):
    if family != "gnn-energy":
        return model(q)
    x = q.clone().requires_grad_(True)
    return -torch.autograd.grad(model(x).sum(), x, create_graph=create_graph)[0]


optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)


def step():
    if what == "train":
        optimizer.zero_grad()
        loss = ((force(True) - label) ** 2).mean().sqrt()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1)
        optimizer.step()
    elif family == "gnn-energy":
        force(False)
    else:
        with torch.no_grad():
            force(False)


for _ in range(3):
    step()
best, total = float("inf"), 0.0
while total < 2:
    begin = time.process_time()
    step()
    found = time.process_time() - begin
    best, total = min(best, found), total + found
print(best * 1e3)
