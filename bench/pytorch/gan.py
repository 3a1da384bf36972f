"""The published GANs in PyTorch: written for speed, with "compiled" compiled too, or, with "plain", as in tutorials.

A contender of `pnpm bench engines`: reads requests from standard input, a line of JSON each, and
writes a reply to each on standard output; src/contender.ts describes both.
"""

import json
import resource
import sys
import time

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

LATENT = 100
LEARNING_RATE = 3e-4
LEAKY_SLOPE = 0.2


def mlp():
    generator = nn.Sequential(
        nn.Linear(LATENT, 256), nn.ReLU(inplace=True),
        nn.Linear(256, 256), nn.ReLU(inplace=True),
        nn.Linear(256, 784), nn.Tanh(),
        nn.Unflatten(1, (1, 28, 28)),
    )
    discriminator = nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, 256), nn.LeakyReLU(LEAKY_SLOPE, inplace=True),
        nn.Linear(256, 256), nn.LeakyReLU(LEAKY_SLOPE, inplace=True),
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
        nn.Conv2d(1, 32, 5, padding=2), nn.LeakyReLU(LEAKY_SLOPE, inplace=True), nn.AvgPool2d(2),
        nn.Conv2d(32, 64, 5, padding=2), nn.LeakyReLU(LEAKY_SLOPE, inplace=True), nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(3136, 1024), nn.LeakyReLU(LEAKY_SLOPE, inplace=True),
        nn.Linear(1024, 1),
    )
    return generator, discriminator


PRESETS = {"mlp": mlp, "conv": conv}


class Training:
    """Written for speed."""

    form = "eager, tuned"
    # Channels last and the fused Adam were the fastest of their variants on the CPU.
    layout = torch.channels_last
    fused_adam = True

    def __init__(self, preset, batch, threads, device, seed=0):
        if device == "cuda" and not torch.cuda.is_available():
            raise RuntimeError(f"PyTorch {torch.__version__} finds no CUDA device")
        torch.manual_seed(seed)
        torch.set_num_threads(threads)
        torch.set_flush_denormal(True)
        # TF32 off, as in the other contenders.
        torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cudnn.allow_tf32 = False
        torch.backends.cudnn.benchmark = True
        self.batch, self.device = batch, torch.device(device)
        self.generator, self.discriminator = [
            network.to(self.device, memory_format=self.layout)
            for network in PRESETS[preset]()
        ]
        self.g_adam, self.d_adam = [
            torch.optim.Adam(network.parameters(), lr=LEARNING_RATE, fused=self.fused_adam)
            for network in (self.generator, self.discriminator)
        ]
        pixels = torch.arange(batch * 784) * 7919 % 256
        self.images = pixels.to(torch.uint8).view(batch, 28, 28, 1)
        self.ones = torch.ones(batch, 1, device=self.device)
        self.zeros = torch.zeros(batch, 1, device=self.device)
        where = f"{threads} threads" if device == "cpu" else torch.cuda.get_device_name()
        self.description = f"PyTorch {torch.__version__}, {self.form}, on {where}"
        self.parameters = sum(
            parameter.numel()
            for network in (self.generator, self.discriminator)
            for parameter in network.parameters()
        )

    def latents(self):
        return torch.randn(self.batch, LATENT, device=self.device)

    def step(self):
        """Gives the losses of the discriminator and of the generator."""
        real = self.real_images()
        with torch.no_grad():
            fake = self.generator(self.latents())
        # Without batch statistics, one pass over both is the same function, and faster.
        on_real, on_fake = self.discriminator(torch.cat((real, fake))).chunk(2)
        d_loss = binary_cross_entropy_with_logits(on_real, self.ones)
        d_loss = d_loss + binary_cross_entropy_with_logits(on_fake, self.zeros)
        self.d_adam.zero_grad(set_to_none=True)
        d_loss.backward()
        self.d_adam.step()

        # Frozen: no gradients of its weights.
        self.discriminator.requires_grad_(False)
        on_fake = self.discriminator(self.generator(self.latents()))
        g_loss = binary_cross_entropy_with_logits(on_fake, self.ones)
        self.g_adam.zero_grad(set_to_none=True)
        g_loss.backward()
        self.g_adam.step()
        self.discriminator.requires_grad_(True)
        return d_loss.detach(), g_loss.detach()

    def real_images(self):
        return self.images.to(self.device).permute(0, 3, 1, 2).float() * (2 / 255) - 1

    def run(self, steps):
        """Takes steps, then reads their losses, which waits for a GPU."""
        losses = [loss for _ in range(steps) for loss in self.step()]
        if not torch.stack(losses).isfinite().all().item():
            raise RuntimeError("a loss is not a finite number")


class PlainTraining(Training):
    """As tutorials write it: a pass each over real and fake, default layout and optimiser."""

    form = "eager, plain"
    layout = torch.contiguous_format
    fused_adam = None

    def step(self):
        d_loss = binary_cross_entropy_with_logits(self.discriminator(self.real_images()), self.ones)
        fake = self.generator(self.latents()).detach()
        d_loss = d_loss + binary_cross_entropy_with_logits(self.discriminator(fake), self.zeros)
        self.d_adam.zero_grad()
        d_loss.backward()
        self.d_adam.step()

        fake = self.generator(self.latents())
        g_loss = binary_cross_entropy_with_logits(self.discriminator(fake), self.ones)
        self.g_adam.zero_grad()
        g_loss.backward()
        self.g_adam.step()
        return d_loss.detach(), g_loss.detach()


class CompiledTraining(Training):
    """The same, with both networks compiled."""

    form = "compiled, tuned"

    def __init__(self, preset, batch, threads, device):
        super().__init__(preset, batch, threads, device)
        self.generator.compile()
        self.discriminator.compile()


FORMS = {(): Training, ("plain",): PlainTraining, ("compiled",): CompiledTraining}
TRAINING = FORMS[tuple(sys.argv[1:])]


def answer(request, training):
    """Gives the training, and the reply to the request."""
    if request["type"] == "create":
        training = TRAINING(**request["options"])
        ready = {"type": "ready", "description": training.description}
        return training, ready | {"parameters": training.parameters}
    if request["type"] == "run":
        start = time.perf_counter()
        training.run(request["steps"])
        return training, {"type": "ran", "seconds": time.perf_counter() - start}
    # ru_maxrss is in kilobytes.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return training, {"type": "ended", "peakBytes": peak}


def main():
    training = None
    for line in sys.stdin:
        try:
            training, reply = answer(json.loads(line), training)
        except Exception as error:
            reply = {"type": "failed", "reason": str(error)}
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
