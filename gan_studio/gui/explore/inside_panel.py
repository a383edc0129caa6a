"""What happens inside: the channels of any layer of the network, and the frequencies of the picture."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QLabel, QSizePolicy, QVBoxLayout, QWidget

from ...directions import Layer
from ...jobs.look_inside import Inside, Spectrum
from ..widgets.fold import quiet
from .channel_view import ChannelView
from .spectrum_view import SpectrumView

LETTERS = 12  # of a layer's name that are seen at least
HINT = "The channels of a layer for {}, the strongest first; a click says more of one. They are counted from 0."
THIS, FIRST = "this picture", "the first picture"


class InsidePanel(QWidget):
    layer_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._found: Inside | None = None
        self._layers: tuple[Layer, ...] = ()
        self._hint = HINT.format(THIS)
        self.layers = QComboBox()
        self.layers.setAccessibleName("Layer")
        self.layers.setToolTip("The layers of the network in order, with what each makes: channels × rows × columns")
        self.layers.setMinimumContentsLength(LETTERS)
        self.layers.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.layers.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.layers.activated.connect(self.layer_wanted)
        self.channels = ChannelView()
        self.channels.chosen.connect(self._tell)
        self.said = quiet(QLabel(self._hint))
        self.spectrum = SpectrumView()
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 4, 8, 8)
        for widget in (self.layers, self.channels, self.said, self.spectrum):
            column.addWidget(widget)

    def show_layers(self, layers: tuple[Layer, ...], here: str) -> None:
        """`here` is the name of the one that is looked at."""
        if layers != self._layers:
            self._layers = layers
            self.layers.clear()
            for layer in layers:
                self.layers.addItem(f"{layer.name}: {' × '.join(map(str, layer.shape))}", layer.name)
        self.layers.setCurrentIndex(self.layers.findData(here))

    @property
    def layer(self) -> str:
        """ "" where there is none."""
        return self.layers.currentData() or ""

    def show_inside(self, found: Inside, of_first: bool = False) -> None:
        """`of_first` of several pictures."""
        self._found, self._hint = found, HINT.format(FIRST if of_first else THIS)
        self.channels.show_inside(found)

    def show_spectrum(self, found: Spectrum, usual: np.ndarray | None) -> None:
        self.spectrum.show_spectrum(found, usual)

    def clear(self) -> None:
        self._found = None
        self.channels.clear()
        self.spectrum.clear()
        self.said.setText(self._hint)

    def _tell(self, place: int) -> None:
        found = self._found
        if found is None or place < 0:
            self.said.setText(self._hint)
            return
        mean, std = found.means[place], found.stds[place]
        value = f"{mean:.3g}" if found.is_linear else f"mean {mean:.3g}, standard deviation {std:.3g}"
        self.said.setText(f"Channel {found.channels[place]} of {found.shape[0]}: {value}")
        self.channels.setAccessibleDescription(self.said.text())
