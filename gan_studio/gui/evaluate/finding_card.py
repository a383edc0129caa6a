"""A finding of the doctor as a card: what it is, since when, where it is seen, and what helps."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout

from ...jobs.verdict import figure
from .. import theme
from ..signs import Sign, colour_of
from ..widgets import chart
from ..widgets.chart import Chart, Line, Zone
from ..widgets.fold import quiet

if TYPE_CHECKING:
    from ...conditions import Evidence, Finding, Remedy
    from .examining import Curve, Examined

STRIPE = 5  # pixels
HEAD, FOOT = 0.34, 0.1  # of the heights: the title stands above the line


class EvidencePlot(Chart):
    """A curve, the stretch where it tells something shaded, and the line that it has crossed."""

    def __init__(self, name: str):
        super().__init__(f"The curve {name}", y_title=name)
        self.setFixedHeight(120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_evidence(self, evidence: Evidence, curve: Curve, severity: str) -> None:
        steps, values = np.asarray(curve[0], float), np.asarray(curve[1], float)
        ends = [*values.tolist(), *([] if evidence.threshold is None else [evidence.threshold])]
        low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
        room = (high - low) or 1.0
        self.x_range = (0.0, float(max(evidence.last, steps[-1] if len(steps) else 1, 1)))
        self.set_y_range(low - FOOT * room, high + HEAD * room)
        if evidence.threshold is not None:
            self.levels = [(evidence.threshold, "")]
            self.y_title = f"{evidence.curve}, dashed: {figure(evidence.threshold)}"
        zone = Zone(float(evidence.first), float(evidence.last), "", partial(colour_of, severity))
        self.show_lines([Line(steps, values, chart.of_q)], [zone])
        told = f"Steps {evidence.first:,} to {evidence.last:,} are shaded."
        line = f" The dashed line is {figure(evidence.threshold)}." if evidence.threshold is not None else ""
        self.setAccessibleDescription(told + line)
        self.setToolTip(told + line)


class FindingCard(QFrame):
    remedy_wanted = Signal(object, object)  # the Finding, and the Remedy

    def __init__(self, finding: Finding, found: Examined):
        super().__init__()
        self.finding = finding
        self.title = QLabel(textFormat=Qt.TextFormat.PlainText, wordWrap=True)
        font = self.title.font()
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() * 1.15)
        self.title.setFont(font)
        self.since = QLabel()
        self.since.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.sign = Sign(finding.severity)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.sign)
        head.addWidget(self.title, 1)
        head.addWidget(self.since, 0, Qt.AlignmentFlag.AlignTop)
        self.sentence = sentence("")
        self.plots = {e.curve: EvidencePlot(e.curve) for e in finding.evidence if e.curve in found.curves}
        row = QHBoxLayout()
        row.setSpacing(8)
        for plot in self.plots.values():
            row.addWidget(plot)
        column = QVBoxLayout(self)
        column.setContentsMargins(STRIPE + 12, 10, 12, 12)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self.sentence)
        column.addLayout(row)
        if finding.learn:
            column.addWidget(quiet(QLabel(finding.learn, textFormat=Qt.TextFormat.PlainText)))
        remedies = QGridLayout()
        remedies.setHorizontalSpacing(10)
        remedies.setVerticalSpacing(6)
        remedies.setColumnStretch(1, 1)
        self.buttons: dict[QPushButton, str] = {}  # and what each does, in the order of the remedies
        for number in range(len(finding.remedies)):
            self._add_remedy(number, remedies)
        column.addLayout(remedies)
        self.renew(finding, found)

    def can_become(self, finding: Finding) -> bool:
        """Whether it is the same condition, with the same plots and remedies."""
        old = self.finding
        plots = [[evidence.curve for evidence in one.evidence] for one in (old, finding)]
        same = (old.condition, old.remedies, old.healthy) == (finding.condition, finding.remedies, finding.healthy)
        return same and plots[0] == plots[1]

    def renew(self, finding: Finding, found: Examined) -> None:
        """As it is by now."""
        self.finding = finding
        self.setAccessibleName(f"{finding.title}, since step {finding.since:,}")
        self.title.setText(finding.title)
        self.since.setText(f"since step {finding.since:,}")
        self.sentence.setText(finding.sentence)
        self.sign.show_verdict(finding.severity)
        for evidence in finding.evidence:
            if evidence.curve in self.plots and evidence.curve in found.curves:
                self.plots[evidence.curve].show_evidence(evidence, found.curves[evidence.curve], finding.severity)
        self.update()

    def _add_remedy(self, number: int, rows: QGridLayout) -> None:
        remedy = self.finding.remedies[number]
        anew = remedy.anew or self.finding.healthy is None
        button = QPushButton("Begin anew" if anew else f"Branch from {self.finding.healthy:,}")
        changes = ", ".join(f"{path} = {value}" for path, value in remedy.changes.items())
        where = "A new run" if anew else f"A new run from the checkpoint of step {self.finding.healthy:,}"
        self.buttons[button] = f"{where}, with {changes}. It is not started before you say so."
        button.setToolTip(self.buttons[button])
        button.setAccessibleName(f"{button.text()}: {remedy.sentence}")
        button.clicked.connect(partial(self._want, remedy))
        theme.tint(button, "restart" if anew else "source-branch")
        rows.addWidget(button, number, 0, Qt.AlignmentFlag.AlignTop)
        rows.addWidget(sentence(remedy.sentence), number, 1, Qt.AlignmentFlag.AlignVCenter)

    def _want(self, remedy: Remedy) -> None:
        self.remedy_wanted.emit(self.finding, remedy)

    def allow(self, reason: str) -> None:
        """Whether a branch can be made now; `reason` is why not."""
        for button, tip in self.buttons.items():
            button.setEnabled(not reason)
            button.setToolTip(reason or tip)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.colours().grid, 1))
        painter.setBrush(self.palette().color(QPalette.ColorRole.Base))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour_of(self.finding.severity))
        painter.drawRoundedRect(QRectF(6, 10, STRIPE, self.height() - 20), 2, 2)


def sentence(text: str) -> QLabel:
    label = QLabel(text, textFormat=Qt.TextFormat.PlainText, wordWrap=True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
