"""Takes the steps of pytorch.slow.test.ts in PyTorch: JSON from standard input, and to standard output."""

import base64
import json
import sys

import torch
from torch import autograd, nn
from torch.nn.functional import relu, softplus
from torch.nn.utils import spectral_norm


def array(text, dtype=torch.float32):
    return torch.frombuffer(bytearray(base64.b64decode(text)), dtype=dtype)


def networks(normalise):
    generator = nn.Sequential(
        nn.Linear(6, 128), nn.Unflatten(1, (8, 4, 4)), nn.Tanh(),
        nn.ConvTranspose2d(8, 3, 4, stride=2, padding=1), nn.Tanh(),
    )
    discriminator = nn.Sequential(
        normalise(nn.Conv2d(3, 8, 3, padding=1)), nn.Tanh(),
        normalise(nn.Conv2d(8, 16, 4, stride=2, padding=1)), nn.Tanh(),
        nn.Flatten(), normalise(nn.Linear(256, 1)),
    )
    return generator, discriminator


def squared_slope(discriminator, images):
    """|∇D|² at each image."""
    images = images.detach().requires_grad_()
    (slope,) = autograd.grad(discriminator(images).sum(), images, create_graph=True)
    return slope.square().sum((1, 2, 3))


def wgan_gp(discriminator, real, fake, given, turn):
    share = array(given["feeds"][f"discriminator.{turn}.gradient.share"]).view(-1, 1, 1, 1)
    norm = squared_slope(discriminator, share * real + (1 - share) * fake).sqrt()
    loss = discriminator(fake).mean() - discriminator(real).mean()
    return loss, 10 * (norm - 1).square().mean()


def hinge(discriminator, real, fake, given, turn):
    # One pass, for one power iteration.
    on_real, on_fake = discriminator(torch.cat((real, fake))).chunk(2)
    return relu(1 - on_real).mean() + relu(1 + on_fake).mean(), None


def r3gan(discriminator, real, fake, given, turn):
    r1, r2 = [squared_slope(discriminator, images).mean() / 2 for images in (real, fake)]
    loss = softplus(discriminator(fake) - discriminator(real)).mean()
    return loss, given["gamma"] * (r1 + r2)


CRITERIA = {"wasserstein": wgan_gp, "hinge": hinge, "relativistic": r3gan}


def step(given, loss, adams, generator, discriminator, turns):
    feeds = given["feeds"]
    pixels = array(feeds["images"], torch.uint8).view(-1, 8, 8, 3).permute(0, 3, 1, 2)
    reals = (pixels.float() * (2 / 255) - 1).chunk(turns)
    latents = array(feeds["discriminator.z"]).view(-1, 6).chunk(turns)
    for adam in adams.values():
        adam.param_groups[0]["betas"] = tuple(map(float, given["betas"]))
    for turn, (real, z) in enumerate(zip(reals, latents)):
        fake = generator(z).detach()
        d_loss, penalty = CRITERIA[loss](discriminator, real, fake, given, turn)
        adams["discriminator"].zero_grad()
        (d_loss if penalty is None else d_loss + penalty).backward()
        adams["discriminator"].step()
    fake = discriminator(generator(array(feeds["generator.z"]).view(-1, 6)))
    if loss == "relativistic":
        g_loss = softplus(discriminator(reals[-1]) - fake).mean()
    else:
        g_loss = -fake.mean()
    adams["generator"].zero_grad()
    g_loss.backward()
    adams["generator"].step()
    metrics = {"dLoss": d_loss, "gLoss": g_loss}
    return metrics if penalty is None else metrics | {"penalty": penalty}


def main():
    torch.set_num_threads(1)
    given = json.load(sys.stdin)
    normalise = spectral_norm if given["spectralNorm"] else lambda layer: layer
    generator, discriminator = networks(normalise)
    named = {"generator": generator, "discriminator": discriminator}
    tensors = {
        f"{name}.{key}".removesuffix("_orig"): value
        for name, network in named.items() for key, value in network.state_dict().items()
        if not key.endswith("weight_v")
    }
    for name, value in tensors.items():
        value.copy_(array(given["state"][name]).view(value.shape))
    adams = {
        name: torch.optim.Adam(network.parameters(), lr=given["learningRate"], eps=1e-8)
        for name, network in named.items()
    }
    taken = [
        step(each, given["loss"], adams, generator, discriminator, given["turns"])
        for each in given["steps"]
    ]
    metrics = [{name: float(value) for name, value in each.items()} for each in taken]
    state = {
        name: base64.b64encode(value.numpy().tobytes()).decode() for name, value in tensors.items()
    }
    json.dump({"metrics": metrics, "state": state}, sys.stdout)


if __name__ == "__main__":
    main()
