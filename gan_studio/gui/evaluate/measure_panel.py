"""The left side: how it is measured. Features, metrics and samples; what cannot be used here says why."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPalette, QStandardItem
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ...feature_networks import FEATURE_NETWORKS
from ...metrics import METRICS
from .. import theme
from ..choice_boxes import tool
from ..widgets.editors import NumberBox
from ..widgets.fold import alarming, quiet
from .about import tip_of
from .options_fold import Options, OptionsFold

if TYPE_CHECKING:
    from ...data.published import Published
    from .reading import Fits

KIND = Qt.ItemDataRole.UserRole
AUTO = "auto"  # the feature network that suits the data
OWN = "The data it learns from"
FEWEST, MOST, USUAL = 10, 200_000, 2000  # samples
NO_METRIC = "Check what is to be measured."
NONE_FITS = "No metric is for samples of this kind; their tooltips say why."


class MeasurePanel(QWidget):
    evaluate_wanted = Signal()
    real_changed = Signal()  # what it is compared with
    eye_changed = Signal()  # the options of the features, which may make them usable
    download_wanted = Signal(object)  # a `Published` file of weights
    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.real: Path | None = None  # a folder instead of the data that a run learns from
        self._needs_real = self._is_busy = False
        self._reason = ""  # why nothing can be measured
        self._metrics: dict[str, str] = {}  # those that cannot be used here, and why
        self._eyes: dict[str, str] = {}
        self._suits: frozenset[str] = frozenset()  # metrics that are measured where nobody chose
        self._no_classes: dict[str, str] = {}  # feature networks that tell none apart, and what to do
        self._downloads: dict[str, Published] = {}  # weights that would make feature networks usable
        self._wished: dict[str, bool] = {}  # what the user checked or unchecked
        self.against = QLabel(OWN, textFormat=Qt.TextFormat.PlainText, wordWrap=True)
        self.folder_button = tool("Compare with the pictures of a folder")
        self.own_button = tool("Compare with the data it learns from")
        self.features = QComboBox()
        self.features.setAccessibleName("Features")
        self.features.setMinimumContentsLength(12)
        self.features.setPlaceholderText("None are needed")
        self.features.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.about_features = quiet(QLabel(textFormat=Qt.TextFormat.PlainText))
        self.download_button = QPushButton()
        self.download_button.setAccessibleName("Download the weights")
        self.download_button.hide()
        self.metrics = QListWidget()
        self.metrics.setAccessibleName("Metrics")
        self.metrics.setAccessibleDescription("What is to be measured. Space checks and unchecks.")
        self.metrics.setMinimumHeight(120)
        self.metrics.setSpacing(1)
        self.metrics.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.samples = NumberBox(True, FEWEST, MOST, log=True)
        self.samples.setAccessibleName("Samples")
        self.samples.setToolTip("So many generated and so many real samples are compared, as far as there are as many.")
        self.samples.set_value(USUAL)
        self.eye_options = OptionsFold("the features")
        self.metric_options = OptionsFold("this metric")
        self.problem = alarming(QLabel(textFormat=Qt.TextFormat.PlainText))
        self.evaluate_button = QPushButton("Evaluate")
        self.evaluate_button.setAccessibleName("Evaluate")
        theme.tint(self.evaluate_button, "scale-balance")
        theme.tint(self.folder_button, "folder-open-outline")
        theme.tint(self.own_button, "close")
        theme.tint(self.download_button, "download")
        self._lay_out()
        self._fill()
        self.features.activated.connect(self._eye_chosen)
        self.download_button.clicked.connect(self._ask_to_download)
        self.metrics.itemChanged.connect(self._checked)
        self.metrics.currentRowChanged.connect(self._show_options)
        self.metric_options.changed.connect(self._changed)
        self.eye_options.changed.connect(self.eye_changed)
        self.samples.edited.connect(self._changed)
        self.folder_button.clicked.connect(self.ask_for_folder)
        self.own_button.clicked.connect(self.compare_with_own)
        self.evaluate_button.clicked.connect(self.evaluate_wanted)
        self._offer()

    def _lay_out(self) -> None:
        with_what = QHBoxLayout()
        with_what.setSpacing(4)
        with_what.addWidget(self.against, 1)
        with_what.addWidget(self.own_button)
        with_what.addWidget(self.folder_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(4)
        column.addWidget(quiet(QLabel("Compared with")))
        column.addLayout(with_what)
        for text, widget in (("Features", self.features), ("Metrics", self.metrics), ("Samples", self.samples)):
            label = quiet(QLabel(text))
            label.setBuddy(widget)
            column.addSpacing(4)
            column.addWidget(label)
            column.addWidget(widget, 1 if widget is self.metrics else 0)
            if widget is self.features:
                column.addWidget(self.about_features)
                column.addWidget(self.download_button)
                column.addWidget(self.eye_options)
            if widget is self.metrics:
                column.addWidget(self.metric_options)
        column.addSpacing(6)
        column.addWidget(self.problem)
        column.addWidget(self.evaluate_button)

    def _fill(self) -> None:
        """What stands on the shelves."""
        for network in sorted(FEATURE_NETWORKS, key=lambda network: network.kind != AUTO):
            self.features.addItem(network.title, network.kind)
        for metric in METRICS:
            item = QListWidgetItem(metric.title)
            item.setData(KIND, metric.kind)
            item.setToolTip(tip_of(metric))
            item.setCheckState(Qt.CheckState.Checked)
            self.metrics.addItem(item)

    # what is wanted

    def eye(self) -> str:
        """The kind of feature network."""
        return str(self.features.currentData() or "")

    def chosen_metrics(self) -> tuple[str, ...]:
        """Their kinds: those that are checked, and can be used."""
        return tuple(kind for kind in self._kinds() if self._is_wanted(kind))

    def wished_metrics(self) -> tuple[Options, ...]:
        """As `chosen_metrics`, with their options; () where nobody chose, and all that suit are measured."""
        chosen = self.chosen_metrics()
        usual = {kind for kind in self._suits if not self._lacking(kind)}
        as_it_is = set(chosen) == usual and not any(map(self.metric_options.options, chosen))
        return () if as_it_is else tuple(map(self.metric_options.plain, chosen))

    def wished_eye(self) -> Options:
        """With its options; {} where none is needed."""
        return self.eye_options.plain(self.eye()) if self.eye() else {}

    def _is_wanted(self, kind: str) -> bool:
        return not self._lacking(kind) and self._wished.get(kind, kind in self._suits)

    def _lacking(self, metric: str) -> str:
        """Why it cannot be used here with these features; "" if it can."""
        no_classes = self._no_classes.get(self.eye(), "") if "classes" in METRICS[metric].needs else ""
        return self._metrics.get(metric, "") or no_classes

    def commit(self) -> None:
        """What is still being typed counts."""
        self.samples.commit()

    def kept(self) -> dict[str, Any]:
        """What is remembered from one session to the next."""
        return {
            "eye": self.eye(),
            "metrics": self._wished,
            "samples": self.samples.value(),
            "eyes": self.eye_options.values,
            "options": self.metric_options.values,
        }

    def restore(self, kept: dict[str, Any]) -> None:
        self._wished = {kind: bool(wish) for kind, wish in kept.get("metrics", {}).items() if kind in self._kinds()}
        self.features.setCurrentIndex(max(0, self.features.findData(kept.get("eye"))))
        samples = kept.get("samples")
        if isinstance(samples, int) and FEWEST <= samples <= MOST:
            self.samples.set_value(samples)
        self.eye_options.values = dict(kept.get("eyes", {}))
        self.metric_options.values = dict(kept.get("options", {}))
        self._show_checks()
        self._offer()

    # what can be done

    def show_fits(self, fits: Fits) -> None:
        """What can be used of this subject, and why the rest cannot."""
        self._eyes, self._metrics, self._suits = fits.eyes, fits.metrics, fits.suits
        self._no_classes, self._downloads = fits.no_classes, fits.downloads
        model = self.features.model()
        for row in range(self.features.count()):
            kind = self.features.itemData(row)
            why = self._eyes.get(kind, "")
            item = model.item(row)  # type: ignore[attr-defined]
            assert isinstance(item, QStandardItem)
            role = QPalette.ColorRole.PlaceholderText if why else QPalette.ColorRole.Text
            item.setForeground(self.palette().color(role))  # it can be chosen, as its options may mend it
            item.setToolTip(why or FEATURE_NETWORKS[kind].about)
        if self._is_about_nothing() or not self.eye():
            self._choose_eye()
        self._show_checks()
        self._offer()

    def _is_about_nothing(self) -> bool:
        """Whether no features are needed."""
        return len(self._eyes) == self.features.count() and len(set(self._eyes.values())) == 1

    def _choose_eye(self) -> None:
        """What suits the data, or the first that can be used."""
        kinds = [self.features.itemData(row) for row in range(self.features.count())]
        usable = [kind for kind in (AUTO, *kinds) if kind in kinds and kind not in self._eyes]
        self.features.setCurrentIndex(self.features.findData(usable[0]) if usable else -1)

    def set_reason(self, reason: str, needs_real: bool = False, is_busy: bool = False) -> None:
        """Why nothing can be measured now; "" if it can. `needs_real`: of its own it has nothing to compare with.
        `is_busy`: something is being measured or downloaded."""
        self._reason, self._needs_real, self._is_busy = reason, needs_real, is_busy
        self._offer()

    def compare_with(self, folder: Path | None) -> None:
        if folder != self.real:
            self.real = folder
            self._offer()
            self.real_changed.emit()

    def compare_with_own(self) -> None:
        self.compare_with(None)

    def ask_for_folder(self) -> None:
        start = str(self.real or Path.home())
        if chosen := QFileDialog.getExistingDirectory(self, "Compare with the pictures of a folder", start):
            self.compare_with(Path(chosen))

    def _show_checks(self) -> None:
        self.metrics.blockSignals(True)
        for row in range(self.metrics.count()):
            item = self.metrics.item(row)
            kind = item.data(KIND)
            why = self._lacking(kind)
            flags = item.flags()
            enabled = Qt.ItemFlag.ItemIsEnabled
            item.setFlags(flags & ~enabled if why else flags | enabled)
            item.setToolTip(f"{why}\n\n{tip_of(METRICS[kind])}" if why else tip_of(METRICS[kind]))
            wanted = self._is_wanted(kind)
            item.setCheckState(Qt.CheckState.Checked if wanted else Qt.CheckState.Unchecked)
        self.metrics.blockSignals(False)

    def _wrong_options(self) -> str:
        """What is wrong with options that are seen; those of metrics that are not, measuring tells."""
        wrong = [fold.problem.text() for fold in (self.eye_options, self.metric_options)]
        return next(filter(None, wrong), "")

    def _kinds(self) -> Iterable[str]:
        return [self.metrics.item(row).data(KIND) for row in range(self.metrics.count())]

    def _checked(self, item: QListWidgetItem) -> None:
        kind = item.data(KIND)
        if not self._lacking(kind):
            self._wished[kind] = item.checkState() == Qt.CheckState.Checked
        self._changed()

    def _show_options(self, row: int) -> None:
        item = self.metrics.item(row)
        self.metric_options.show_spec(METRICS[item.data(KIND)] if item else None)

    def _eye_chosen(self) -> None:
        """Other features serve other metrics."""
        self._show_checks()
        self._changed()

    def _ask_to_download(self) -> None:
        self.download_wanted.emit(self._downloads[self.eye()])

    def _changed(self) -> None:
        self._offer()
        self.changed.emit()

    def _offer(self) -> None:
        """The button, and what stands above it."""
        self.own_button.setVisible(self.real is not None and not self._needs_real)
        usual = "Choose a folder of real pictures" if self._needs_real else OWN
        self.against.setText(self.real.name if self.real else usual)
        self.against.setToolTip(str(self.real) if self.real else "")
        kind = self.eye()
        network = FEATURE_NETWORKS[kind] if kind else None
        self.features.setEnabled(not self._is_about_nothing())
        reason = next(iter(self._eyes.values()), "")
        self.features.setToolTip(network.about if network else reason)
        self.about_features.setText(self._eyes.get(kind, "") or (network.paper if network else ""))
        self.about_features.setVisible(bool(self.about_features.text()))
        role = QPalette.ColorRole.BrightText if kind in self._eyes else QPalette.ColorRole.PlaceholderText
        self.about_features.setForegroundRole(role)
        self._offer_download()
        self.eye_options.show_spec(network)
        missing = "Choose a folder of real pictures to compare with." if self._needs_real and not self.real else ""
        none = NO_METRIC if any(not self._lacking(each) for each in self._kinds()) else NONE_FITS
        problem = missing or ("" if self.chosen_metrics() else none)
        problem = problem or self._eyes.get(kind, "") or self._wrong_options()
        why = self._reason or problem
        is_said = problem == self._eyes.get(kind, "")  # beneath the features
        self.problem.setText("" if self._reason or is_said else problem)
        self.problem.setVisible(bool(self.problem.text()))
        self.evaluate_button.setEnabled(not why)
        self.evaluate_button.setToolTip(why or "Draw samples, and measure how good they are; what is measured is kept.")

    def _offer_download(self) -> None:
        """The weights that are lacking, where a download would bring them."""
        file = self._downloads.get(self.eye())
        self.download_button.setVisible(file is not None and self.eye() in self._eyes)
        if file is not None:
            self.download_button.setText(f"Download {file.mb} MB")
            self.download_button.setToolTip(f"Fetch {file.url} into torch's cache. Nothing is fetched before you ask.")
            self.download_button.setEnabled(not self._is_busy)
