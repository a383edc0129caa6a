"""What is to be made: seeds, a walk, strips or the starred ones, with what is measured of them."""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from ...config import ConfigError
from ...jobs.explore import View
from ...jobs.gallery_plan import Plan, seeds_in
from ...jobs.walk import Walk
from .. import theme
from ..form_fields import bounds_of, field_title
from ..widgets.editors import CheckBox, ChoiceBox, NumberBox, TextLine
from ..widgets.fold import alarming, quiet

WAYS = {"seeds": "Seeds in a row", "walk": "A walk", "strips": "Strips", "starred": "The starred ones"}
USED = {  # which fields each way uses, beside what all use
    "seeds": ("first", "count", "classes", "truncation"),
    "walk": ("seeds", "classes", "count", "loop", "truncation"),
    "strips": ("seeds", "classes", "steps", "truncation"),
    "starred": (),
}
Editor = NumberBox | CheckBox | ChoiceBox | TextLine


class MakePanel(QWidget):
    make_wanted = Signal()
    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._reason = "Choose a run above."
        self._view: View | None = None  # of the Explore tab: its edits
        self._keys: tuple[View, ...] = ()  # of the Explore tab, instead of seeds
        self._walk: Walk | None = None
        self._has_classes = False
        self.editors: dict[str, Editor] = {}
        self._form = QFormLayout()
        self._form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.DontWrapRows)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for name in Plan.model_fields:
            self._add(name)
        self.problem = alarming(QLabel(textFormat=Qt.TextFormat.PlainText))
        self.make_button = QPushButton("Make")
        self.make_button.setAccessibleName("Make the pictures")
        self.make_button.clicked.connect(self.make_wanted)
        theme.tint(self.make_button, "image-multiple-outline")
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(8)
        column.addWidget(self._from_explore())
        column.addLayout(self._form)
        column.addWidget(self.problem)
        column.addWidget(self.make_button)
        column.addStretch(1)
        self._offer()

    def _add(self, name: str) -> None:
        """A field of Plan, with its title, range and sentence."""
        field = Plan.model_fields[name]
        editor = self.editors[name] = _editor(field)
        title = field_title(name, field)
        editor.set_value(field.get_default())
        editor.setAccessibleName(title)
        editor.setToolTip(field.description or "")
        editor.edited.connect(self._changed)
        if isinstance(editor, CheckBox):
            editor.setText(title)
            self._form.addRow("", editor)
        else:
            label = QLabel(title)
            label.setBuddy(editor)
            self._form.addRow(label, editor)

    def _from_explore(self) -> QWidget:
        """What the Explore tab has handed over, until it is taken away."""
        self.handed = QWidget()
        self.handed_label = quiet(QLabel(textFormat=Qt.TextFormat.PlainText))
        self.clear_button = QToolButton(autoRaise=True)
        self.clear_button.setToolTip("Without what came from the Explore tab")
        self.clear_button.setAccessibleName("Without what came from the Explore tab")
        self.clear_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.clear_button.clicked.connect(self.forget)
        theme.tint(self.clear_button, "close")
        row = QHBoxLayout(self.handed)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.handed_label, 1)
        row.addWidget(self.clear_button, 0, Qt.AlignmentFlag.AlignTop)
        self.handed.hide()
        return self.handed

    # what is wanted

    def plan(self) -> Plan:
        """Raises ConfigError."""
        values = {name: editor.value() for name, editor in self.editors.items()}
        plan = Plan.parse(values if self._has_classes else values | {"classes": ""})
        if "seeds" in self._used() and not self._keys:
            seeds_in(plan.seeds)
        return plan

    def commit(self) -> None:
        """What is still being typed counts."""
        for editor in self.editors.values():
            editor.commit()

    @property
    def handed_over(self) -> tuple[View | None, tuple[View, ...], Walk | None]:
        """(a view that gives the edits, views instead of seeds, how one goes through them)"""
        return self._view, self._keys, self._walk

    def take(self, views: tuple[View, ...], walk: Walk | None) -> None:
        """One view of the Explore tab gives its edits to all seeds; several are what a walk leads through."""
        self._view, self._keys, self._walk = views[0], views if len(views) > 1 else (), walk
        values: dict[str, Any] = {"truncation": views[0].psi}
        if self._keys:
            values |= {"way": "walk"}
            values |= {"count": min(walk.frames, 500), "loop": walk.loop or walk.way == "circle"} if walk else {}
        else:
            values |= {"way": "seeds", "first": min(views[0].seed, 2**32 - 1 - 50_000)}
        for name, value in values.items():
            self.editors[name].set_value(value)
        self._changed()

    def forget(self) -> None:
        self._view, self._keys, self._walk = None, (), None
        self._changed()

    # what can be done

    def set_reason(self, reason: str) -> None:
        """Why nothing can be made now; "" if it can."""
        self._reason = reason
        self._offer()

    def set_classes(self, count: int) -> None:
        """How many the generator has, as far as that is known."""
        self._has_classes = count > 0
        self.editors["classes"].setToolTip(f"{Plan.model_fields['classes'].description} It has {count:,}.")
        self._offer()

    def _used(self) -> tuple[str, ...]:
        return USED[str(self.editors["way"].value())]

    def _changed(self, _: object = None) -> None:
        self._offer()
        self.changed.emit()

    def _offer(self) -> None:
        used = {"way", "scored", "novel", *self._used()} - ({"seeds", "classes", "truncation"} if self._keys else set())
        if not self._has_classes:
            used.discard("classes")
        if self.editors["novel"].value():
            used.add("by_features")
        for name, editor in self.editors.items():
            self._form.setRowVisible(editor, name in used)
        self.handed.setVisible(self._view is not None)
        self.handed_label.setText(self._handed_words())
        problem = ""
        try:
            self.plan()
        except ConfigError as error:
            problem = error.problems[0].sentence
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        self.make_button.setEnabled(not problem and not self._reason)
        self.make_button.setToolTip(self._reason or problem or "Draw them; what was made before makes room (F7).")

    def _handed_words(self) -> str:
        if self._view is None:
            return ""
        if self._keys:
            return f"Through {len(self._keys)} key-frames of the Explore tab."
        count = len(self._view.edits)
        return f"With {count} direction{'s' * (count != 1)} of the Explore tab." if count else "As in the Explore tab."


def _editor(field: Any) -> Editor:
    if get_origin(field.annotation) is Literal:
        return ChoiceBox([(value, WAYS[value], "") for value in get_args(field.annotation)])
    if field.annotation is bool:
        return CheckBox()
    if field.annotation in (int, float):
        bounds = bounds_of(field)
        extra = field.json_schema_extra
        return NumberBox(field.annotation is int, bounds["ge"], bounds["le"], unit=extra["unit"], log=extra["log"])
    return TextLine()
