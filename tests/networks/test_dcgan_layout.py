"""The DCGAN at 64 px has the keys and shapes of the PyTorch DCGAN example (nz 100, ngf 64, ndf 64, nc 3)."""

import pytest
import torch
from torch.nn import functional

from gan_studio.networks import DISCRIMINATORS, GENERATORS

GENERATOR_LAYERS = {0: (100, 512), 3: (512, 256), 6: (256, 128), 9: (128, 64), 12: (64, 3)}  # [in, out, 4, 4]
GENERATOR_NORMS = {1: 512, 4: 256, 7: 128, 10: 64}
DISCRIMINATOR_LAYERS = {0: (64, 3), 2: (128, 64), 5: (256, 128), 8: (512, 256), 11: (1, 512)}  # [out, in, 4, 4]
DISCRIMINATOR_NORMS = {3: 128, 6: 256, 9: 512}


def example_weights(layers, norms):
    """A state dict as the example saves it, with weights of a few epochs' size."""
    state = {f"main.{i}.weight": torch.randn(a, b, 4, 4) * 0.03 for i, (a, b) in layers.items()}
    for i, channels in norms.items():
        state |= {
            f"main.{i}.weight": torch.rand(channels) + 0.5,
            f"main.{i}.bias": torch.randn(channels) * 0.1,
            f"main.{i}.running_mean": torch.randn(channels) * 0.1,
            f"main.{i}.running_var": torch.rand(channels) + 0.5,
            f"main.{i}.num_batches_tracked": torch.tensor(7),
        }
    return state


def normalised(h, state, i):
    mean, var = state[f"main.{i}.running_mean"], state[f"main.{i}.running_var"]
    return functional.batch_norm(h, mean, var, state[f"main.{i}.weight"], state[f"main.{i}.bias"])


def test_generator_takes_the_example_file():
    torch.manual_seed(0)
    state, z = example_weights(GENERATOR_LAYERS, GENERATOR_NORMS), torch.randn(2, 100)
    G = GENERATORS["dcgan"]().build(100, (3, 64, 64)).eval()
    assert {k: v.shape for k, v in G.state_dict().items()} == {k: v.shape for k, v in state.items()}
    G.load_state_dict(state, strict=True)

    h = functional.conv_transpose2d(z[:, :, None, None], state["main.0.weight"])
    for i in (1, 4, 7, 10):
        h = functional.conv_transpose2d(
            normalised(h, state, i).relu(), state[f"main.{i + 2}.weight"], stride=2, padding=1
        )
    torch.testing.assert_close(G(z), h.tanh(), atol=1e-5, rtol=1e-4)


def test_discriminator_takes_the_example_file():
    torch.manual_seed(0)
    state, x = example_weights(DISCRIMINATOR_LAYERS, DISCRIMINATOR_NORMS), torch.rand(2, 3, 64, 64) * 2 - 1
    D = DISCRIMINATORS["dcgan"]().build((3, 64, 64)).eval()
    assert {k: v.shape for k, v in D.state_dict().items()} == {k: v.shape for k, v in state.items()}
    D.load_state_dict(state, strict=True)

    h = functional.leaky_relu(functional.conv2d(x, state["main.0.weight"], stride=2, padding=1), 0.2)
    for i in (2, 5, 8):
        h = functional.conv2d(h, state[f"main.{i}.weight"], stride=2, padding=1)
        h = functional.leaky_relu(normalised(h, state, i + 1), 0.2)
    torch.testing.assert_close(D(x), functional.conv2d(h, state["main.11.weight"]).flatten(), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("norm", ["instance", "layer", "none"])
def test_other_norms_leave_the_convolutions_in_their_places(norm):
    G = GENERATORS.parse({"kind": "dcgan", "width": 2, "norm": norm}).build(4, (3, 64, 64))
    D = DISCRIMINATORS.parse({"kind": "dcgan", "width": 2, "norm": norm}).build((3, 64, 64))
    assert {k for k, v in G.state_dict().items() if v.ndim == 4} == {f"main.{i}.weight" for i in GENERATOR_LAYERS}
    assert {k for k, v in D.state_dict().items() if v.ndim == 4} == {f"main.{i}.weight" for i in DISCRIMINATOR_LAYERS}


def test_resize_convolution():
    G = GENERATORS.parse({"kind": "dcgan", "width": 2, "upsampling": "nearest"}).build(4, (3, 32, 32)).eval()
    assert G(torch.randn(2, 4)).shape == (2, 3, 32, 32)
    assert not any(type(layer) is torch.nn.ConvTranspose2d for layer in G.modules())
