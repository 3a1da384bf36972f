"""The published GANs in PyTorch, as one would write them for speed.

A contender of `pnpm bench engines`: reads requests from standard input and writes a reply to each on
standard output, a line of JSON each; src/contender.ts describes both.
"""

import json
import resource
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

LATENT = 100
LEARNING_RATE = 3e-4


def mlp():
    generator = nn.Sequential(
        nn.Linear(LATENT, 256), nn.ReLU(inplace=True),
        nn.Linear(256, 256), nn.ReLU(inplace=True),
        nn.Linear(256, 784), nn.Tanh(),
        nn.Unflatten(1, (1, 28, 28)),
    )
    discriminator = nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, 256), nn.LeakyReLU(0.2, inplace=True),
        nn.Linear(256, 256), nn.LeakyReLU(0.2, inplace=True),
        nn.Linear(256, 1),
    )
    return generator, discriminator


def conv():
    generator = nn.Sequential(
        nn.Linear(LATENT, 3136), nn.Unflatten(1, (1, 56, 56)),
        nn.BatchNorm2d(1), nn.ReLU(inplace=True),
        nn.Conv2d(1, 50, 3, padding=1), nn.BatchNorm2d(50), nn.ReLU(inplace=True),
        nn.Conv2d(50, 25, 3, padding=1), nn.BatchNorm2d(25), nn.ReLU(inplace=True),
        nn.Conv2d(25, 1, 2, stride=2), nn.Tanh(),
    )
    discriminator = nn.Sequential(
        nn.Conv2d(1, 32, 5, padding=2), nn.LeakyReLU(0.2, inplace=True), nn.AvgPool2d(2),
        nn.Conv2d(32, 64, 5, padding=2), nn.LeakyReLU(0.2, inplace=True), nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(3136, 1024), nn.LeakyReLU(0.2, inplace=True),
        nn.Linear(1024, 1),
    )
    return generator, discriminator


PRESETS = {"mlp": mlp, "conv": conv}


class Training:
    def __init__(self, preset, batch, threads, device="cpu", compile=False, channels_last=False,
                 joint=True, fused=True):
        torch.manual_seed(0)
        torch.set_num_threads(threads)
        torch.set_flush_denormal(True)
        self.batch, self.device = batch, torch.device(device)
        layout = torch.channels_last if channels_last else torch.contiguous_format
        networks = [network.to(self.device, memory_format=layout) for network in PRESETS[preset]()]
        self.generator, self.discriminator = networks
        self.g_adam, self.d_adam = [
            torch.optim.Adam(network.parameters(), lr=LEARNING_RATE, fused=fused)
            for network in networks
        ]
        self.joint = joint
        pixels = torch.arange(batch * 784) * 7919 % 256
        self.images = pixels.to(torch.uint8).view(batch, 28, 28, 1)
        self.losses = torch.compile(self._d_loss) if compile else self._d_loss, \
            torch.compile(self._g_loss) if compile else self._g_loss

    def _latents(self):
        return torch.randn(self.batch, LATENT, device=self.device)

    def _d_loss(self, images, z):
        real = images.permute(0, 3, 1, 2).float() * (2 / 255) - 1
        with torch.no_grad():
            fake = self.generator(z)
        # The discriminator has no batch statistics: one pass over both is the same, and faster.
        if self.joint:
            on_real, on_fake = self.discriminator(torch.cat((real, fake))).chunk(2)
        else:
            on_real, on_fake = self.discriminator(real), self.discriminator(fake)
        return (
            F.binary_cross_entropy_with_logits(on_real, torch.ones_like(on_real))
            + F.binary_cross_entropy_with_logits(on_fake, torch.zeros_like(on_fake))
        )

    def _g_loss(self, z):
        on_fake = self.discriminator(self.generator(z))
        return F.binary_cross_entropy_with_logits(on_fake, torch.ones_like(on_fake))

    def step(self):
        d_losses, g_losses = self.losses
        self.d_adam.zero_grad(set_to_none=True)
        d_loss = d_losses(self.images.to(self.device), self._latents())
        d_loss.backward()
        self.d_adam.step()

        # Frozen, so that no gradient of its weights is computed.
        self.discriminator.requires_grad_(False)
        self.g_adam.zero_grad(set_to_none=True)
        g_loss = g_losses(self._latents())
        g_loss.backward()
        self.g_adam.step()
        self.discriminator.requires_grad_(True)
        # Reading the losses is what any training loop does, and waits for the step.
        return d_loss.item(), g_loss.item()


def describe(threads, device, compile):
    mode = "torch.compile" if compile else "eager"
    where = torch.cuda.get_device_name() if device == "cuda" else f"threads: {threads}"
    return f"PyTorch {torch.__version__}, {device}, {mode}, {where}"


def answer(request, state):
    if request["type"] == "create":
        options = request["options"]
        state["training"] = Training(**options)
        return {"type": "ready", "description": "PyTorch " + torch.__version__}
    if request["type"] == "run":
        start = time.perf_counter()
        for _ in range(request["steps"]):
            state["training"].step()
        return {"type": "ran", "seconds": time.perf_counter() - start}
    # ru_maxrss is in kilobytes.
    return {"type": "ended", "peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}

if __name__ == "__main__":
    state = {}
    for line in sys.stdin:
        reply = answer(json.loads(line), state)
        print(json.dumps(reply), flush=True)
