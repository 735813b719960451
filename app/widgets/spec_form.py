"""A form made from a spec's own fields, so that page, command help and documentation say the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.tokens import SPACE_L
from app.widgets.buttons import LinkButton
from app.widgets.spec_field import SpecField
from core.specs.base import Spec


class SpecForm(QWidget):
    """Edits chosen fields of a spec; advanced ones open with one click.

    Args:
        spec: The spec's class.
        fields: Names of the fields that are always shown, in order.
        advanced: Names of those that open with *Advanced*; every advanced field of the spec when left out.
        choices: For a field of fixed values, the label of each value.
        columns: Fields in a row.
        parent: Owner.

    Signals:
        values_changed: A value was edited, set or reset.
        validity_changed: Whether every value is allowed now.
    """

    values_changed = Signal()
    validity_changed = Signal(bool)

    def __init__(
        self,
        spec: type[Spec],
        fields: Sequence[str],
        advanced: Sequence[str] | None = None,
        choices: dict[str, dict[str, str]] | None = None,
        columns: int = 3,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._was_valid = True
        self._fields: dict[str, SpecField] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_L)
        if fields:
            column.addWidget(self._grid_of(spec, fields, choices or {}, columns))
        if advanced is None:
            advanced = [
                name
                for name, info in spec.model_fields.items()
                if isinstance(info.json_schema_extra, dict)
                and info.json_schema_extra.get("advanced")
                and name not in fields
            ]
        self._advanced_names = list(advanced)
        foot = QHBoxLayout()
        self.advanced_button = LinkButton("", "chevron-right", self)
        self.advanced_button.clicked.connect(self.toggle_advanced)
        self.reset_button = LinkButton(self.tr("Reset"), parent=self)
        self.reset_button.clicked.connect(self.reset)
        foot.addWidget(self.advanced_button)
        foot.addStretch(1)
        foot.addWidget(self.reset_button)
        column.addLayout(foot)
        self._advanced = self._grid_of(spec, self._advanced_names, choices or {}, columns)
        self._advanced.hide()
        column.addWidget(self._advanced)
        self.advanced_button.setVisible(bool(self._advanced_names))
        self._refresh()

    def _grid_of(
        self, spec: type[Spec], names: Sequence[str], choices: dict[str, dict[str, str]], columns: int
    ) -> QWidget:
        holder = QWidget(self)
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(SPACE_L)
        grid.setVerticalSpacing(SPACE_L)
        for index, name in enumerate(names):
            field = SpecField(name, spec.model_fields[name], choices.get(name), holder)
            field.value_changed.connect(self._on_value_changed)
            self._fields[name] = field
            grid.addWidget(field, index // columns, index % columns)
        for place in range(len(names), columns):  # empty places keep the columns of all grids in line
            grid.addWidget(QWidget(holder), 0, place)
        for place in range(columns):
            grid.setColumnStretch(place, 1)
        return holder

    def field(self, name: str) -> SpecField:
        """The editor of a field, for example to hide it or to change its help."""
        return self._fields[name]

    def values(self) -> dict[str, Any]:
        """Checked values by field, ready for `Spec.model_validate({...})`.

        Raises:
            ValidationError: A value is not allowed; ask `is_valid` first.
        """
        return {name: field.value() for name, field in self._fields.items()}

    def changed_values(self) -> dict[str, Any]:
        """Only the values that differ from the defaults."""
        return {name: field.value() for name, field in self._fields.items() if field.is_changed}

    def set_values(self, values: dict[str, Any]) -> None:
        """Changes some values; names that the form does not show are ignored."""
        for name, value in values.items():
            if name in self._fields:
                self._fields[name].set_value(value)
        self._after_change()

    def set_defaults(self, values: dict[str, Any]) -> None:
        """Takes other values as the defaults; fields that the person changed keep what stands in them."""
        for name, field in self._fields.items():
            field.set_default(values.get(name, field.own_default))
        self._refresh()

    def errors(self) -> dict[str, str]:
        """What is wrong, by field."""
        return {name: text for name, field in self._fields.items() if (text := field.error())}

    @property
    def is_valid(self) -> bool:
        """Whether every value is allowed."""
        return not self.errors()

    def reset(self) -> None:
        """Puts all defaults back."""
        for field in self._fields.values():
            field.reset()
        self._after_change()

    def toggle_advanced(self) -> None:
        """Opens or closes the advanced fields."""
        self.show_advanced(self._advanced.isHidden())

    def show_advanced(self, on: bool) -> None:
        """Opens or closes the advanced fields."""
        self._advanced.setVisible(on)
        self.advanced_button.set_icon_name("chevron-down" if on else "chevron-right")

    def _on_value_changed(self, _name: str) -> None:
        self._after_change()

    def _after_change(self) -> None:
        self._refresh()
        self.values_changed.emit()
        valid = self.is_valid
        if valid != self._was_valid:
            self._was_valid = valid
            self.validity_changed.emit(valid)

    def _refresh(self) -> None:
        count = sum(self._fields[name].is_changed for name in self._advanced_names)
        text = self.tr("Advanced · {count} changed from the default")
        self.advanced_button.setText(text.format(count=count))
        self.reset_button.setEnabled(any(field.is_changed for field in self._fields.values()))
