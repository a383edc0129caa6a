"""The options of one entry of a shelf, folded: the fields of its Spec. What was changed is kept for each kind."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QWidget

from ...config import ConfigError, Spec
from ..form_fields import field_title
from ..form_items import editor_for, retire
from ..widgets.editors import CheckBox
from ..widgets.fold import Fold, alarming, quiet

Options = dict[str, Any]


class OptionsFold(Fold):
    changed = Signal()

    def __init__(self, of_what: str):
        super().__init__(f"Options of {of_what}", f"Show or hide the options of {of_what}")
        self.spec: type[Spec] | None = None
        self.values: dict[str, Options] = {}  # {kind: what differs from the defaults}
        self.editors: dict[str, QWidget] = {}
        self._parts: list[QWidget] = []
        self.problem = alarming(QLabel())
        self.rows.addWidget(self.problem)
        self.problem.hide()
        self.hide()

    def show_spec(self, spec: type[Spec] | None) -> None:
        if spec is self.spec:
            return
        self.spec = spec
        for part in self._parts:
            self.rows.removeWidget(part)
            part.hide()
            retire(part)
        self._parts, self.editors = [], {}
        fields = spec.model_fields if spec else {}
        for name in fields:
            self._add(name)
        self.setVisible(bool(fields))
        self._check()

    def _add(self, name: str) -> None:
        assert self.spec
        field = self.spec.model_fields[name]
        editor = editor_for(name, field)
        title = field_title(name, field)
        editor.set_value(self.options().get(name, field.get_default()))
        editor.setAccessibleName(title)
        editor.setToolTip(field.description or title)
        editor.edited.connect(partial(self._edited, name))
        if isinstance(editor, CheckBox):
            editor.setText(title)
        else:
            label = quiet(QLabel(title))
            label.setBuddy(editor)
            self._put(label)
        self._put(editor)
        self.editors[name] = editor

    def _put(self, part: QWidget) -> None:
        self.rows.insertWidget(self.rows.count() - 1, part)
        self._parts.append(part)

    def options(self, kind: str | None = None) -> Options:
        """Of a kind, or of the one that is shown."""
        wanted = kind if kind is not None else self.spec.kind if self.spec else ""
        return self.values.get(wanted, {})

    def plain(self, kind: str) -> Options:
        """As a table of a config."""
        return {"kind": kind, **self.options(kind)}

    def _edited(self, name: str, value: Any) -> None:
        assert self.spec
        now = self.options() | {name: value}
        default = self.spec.model_fields[name].get_default()
        self.values[self.spec.kind] = {key: one for key, one in now.items() if key != name or value != default}
        self._check()
        self.changed.emit()

    def _check(self) -> None:
        """What is wrong with them; measuring would say so, too."""
        sentence = ""
        if self.spec:
            try:
                self.spec.parse(self.options())
            except ConfigError as error:
                sentence = str(error)
        self.problem.setText(sentence)
        self.problem.setVisible(bool(sentence))
