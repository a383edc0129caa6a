"""A translator's network as a file for other programs: ONNX, or its weights by the names of the original programs."""

from __future__ import annotations

import io
import json
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from .. import __version__
from ..config import ConfigError
from ..importers.own_export import KEY
from .events import Exported, Progress
from .exports import refuse_existing, save
from .translators import Translator

OPSET = 20
WEIGHTS = (".safetensors", ".pth")


def export_onnx(translator: Translator, path: Path, replace: bool = False) -> Iterator[Progress | Exported]:
    """For pictures of any number and size that the network takes, [N, C, H, W] in [-1, 1].

    Raises ConfigError where onnx is not installed, or the network cannot be told in ONNX.
    """
    if not replace:
        refuse_existing(path)
    if translator.has_noise:
        raise ConfigError(
            "It is applied as it was trained, with noise that is drawn anew for each picture, which an ONNX file "
            "cannot hold; export it with --no-as-trained, which uses the statistics of its training."
        )
    try:
        import onnx
        import onnxscript  # noqa: F401  # torch's exporter needs it
    except ImportError:
        raise ConfigError("ONNX files need two more packages; type: pip install gan-studio[onnx].") from None
    yield Progress(0, 2, "Following the network")
    program = _program(translator)
    yield Progress(1, 2, "Writing the file")
    model = program.model_proto
    onnx.helper.set_model_props(model, _words(translator))
    save(path, model.SerializeToString())
    yield Exported(path)


def _program(translator: Translator) -> Any:
    needs = translator.needs
    side = -(-max(64, 2 * needs.least) // needs.multiple) * needs.multiple
    x = torch.zeros(2, translator.channels[0], side, side + needs.multiple, device=translator.device)
    any_size = torch.export.Dim.AUTO  # type: ignore[attr-defined]
    quiet = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # of torch's own affairs
            return torch.onnx.export(
                _Named(translator.network).eval(),
                (x,),
                dynamo=True,
                verbose=False,
                opset_version=OPSET,
                input_names=["picture"],
                output_names=["translated"],
                dynamic_shapes=({0: any_size, 2: any_size, 3: any_size},),
            )
    except Exception as error:  # the exporter raises what it pleases
        words = str(error).strip().splitlines()[0][:150] if str(error).strip() else type(error).__name__
        raise ConfigError(f"This network cannot be told in ONNX: {words}") from None
    finally:
        logging.disable(quiet)


class _Named(nn.Module):
    """Its input has a name of its own, whatever the network calls it."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, picture: Tensor) -> Tensor:
        return self.network(picture)


def export_weights(translator: Translator, path: Path, replace: bool = False) -> Iterator[Progress | Exported]:
    """.safetensors with what the network is as JSON beside them, or .pth, a bare state_dict as the original programs
    write it. ResNets and U-Nets have junyanz' names in both. Raises ConfigError.
    """
    if path.suffix.lower() not in WEIGHTS:
        raise ConfigError(f"{path}: weights are written to a name that ends in {' or '.join(WEIGHTS)}.")
    if not replace:
        refuse_existing(path)
    yield Progress(0, 1, "Writing the weights")
    plain = translator.opening.model_copy(update={"as_trained": False}).open("cpu")  # with all that training left
    state = {name: tensor.detach().contiguous() for name, tensor in plain.network.state_dict().items()}
    if path.suffix.lower() == ".pth":
        buffer = io.BytesIO()
        torch.save(state, buffer)
        save(path, buffer.getvalue())
    else:
        from safetensors.torch import save as safetensors_bytes

        save(path, safetensors_bytes(state, _words(translator)))
    yield Exported(path)


def _words(translator: Translator) -> dict[str, str]:
    """What goes along in the file."""
    about = translator.about
    words = {
        "Software": f"GAN Studio {__version__}",
        "title": str(about["title"]),
        "direction": translator.direction,
        "step": str(about["step"]),
        "multiple": str(translator.needs.multiple),
        "least": str(translator.needs.least),
        "scale": str(translator.needs.scale),
        "range": "-1 1",
        "sha256": str(about["sha256"]),
    }
    if translator.network_config is not None:
        said = {"direction": translator.direction, "title": str(about["title"]), "as_trained": translator.as_trained}
        words[KEY] = json.dumps(translator.network_config | said)
    return words
