"""The peer of bench-recurrent: the same networks in PyTorch on two threads, forced by the data, with RAdam.

usage: recurrent.py FAMILY HIDDEN LATENT RECTIFIED STEPS BATCH FORCING   prints seconds of a training step and of a step of a
rollout, the least of several, as one JSON object
"""
import json
import sys
import time

import torch

family = sys.argv[1]
hidden, latent, rectified, steps, batch = map(int, sys.argv[2:7])
forcing = float(sys.argv[7])
torch.set_num_threads(2)
torch.manual_seed(1)
data = torch.randn(batch, steps + 1, 3)


class Shallow(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.A = torch.nn.Parameter(0.9 * torch.ones(3))
        self.W1 = torch.nn.Parameter(0.1 * torch.randn(3, hidden))
        self.W2 = torch.nn.Parameter(0.1 * torch.randn(hidden, 3))
        self.h1 = torch.nn.Parameter(torch.zeros(3))
        self.h2 = torch.nn.Parameter(torch.zeros(hidden))

    def begin(self, x):
        return x

    def step(self, z):
        inner = z @ self.W2.T
        return self.A * z + (torch.relu(inner + self.h2) - torch.relu(inner)) @ self.W1.T + self.h1

    def force(self, z, x, k):
        return (1 - forcing) * z + forcing * x


class AlmostLinear(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.A = torch.nn.Parameter(0.9 * torch.ones(latent))
        self.W = torch.nn.Parameter(0.1 * torch.randn(latent, latent))
        self.h = torch.nn.Parameter(torch.zeros(latent))
        self.first = torch.nn.Linear(3, latent - 3)

    def begin(self, x):
        return torch.cat([x, self.first(x)], 1)

    def step(self, z):
        phi = torch.cat([z[:, :-rectified], torch.relu(z[:, -rectified:])], 1)
        return self.A * z + phi @ self.W.T + self.h

    def force(self, z, x, k):
        return torch.cat([x, z[:, 3:]], 1) if k % 16 == 0 else z


model = Shallow() if family == "shplrnn" else AlmostLinear()
optimizer = torch.optim.RAdam(model.parameters(), lr=1e-3)


def train():
    optimizer.zero_grad()
    z = model.begin(data[:, 0])
    predicted = []
    for k in range(steps):
        if k:
            z = model.force(z, data[:, k], k)
        z = model.step(z)
        predicted.append(z[:, :3])
    loss = ((torch.stack(predicted, 1) - data[:, 1:]) ** 2).mean()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()


def rollout(count=500):
    with torch.no_grad():
        z = model.begin(data[:1, 0])
        for _ in range(count):
            z = model.step(z)
    return z


def seconds(body, repeats):
    body()
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        body()
        times.append(time.perf_counter() - begin)
    return min(times)


print(json.dumps({"train": seconds(train, 10), "rollout": seconds(rollout, 5) / 500}))
