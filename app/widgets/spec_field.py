"""One field of a spec as an editor: label, control, help, and what is wrong with the value."""

from __future__ import annotations

import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtGui import QDoubleValidator, QValidator
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from app.i18n import spec_text
from app.theme import restyle
from app.tokens import CONTROL_HEIGHT, SPACE_XS
from app.widgets.labels import Label


class SpecField(QWidget):
    """An editor for one field; numbers are typed with a point, whatever the language.

    Args:
        name: The field's name in the spec.
        info: The field, with the metadata `core.specs.base.Option` gave it.
        choices: Labels for the values of a `Literal`; the values themselves when left out.
        parent: Owner.
    """

    value_changed = Signal(str)

    def __init__(
        self, name: str, info: FieldInfo, choices: dict[str, str] | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.name = name
        self.own_default = info.default
        self.default = info.default
        self.kind, self.optional = _kind_of(info.annotation)
        kind: Any = Annotated[(info.annotation, *info.metadata)] if info.metadata else info.annotation
        self._adapter: TypeAdapter[Any] = TypeAdapter(kind)
        extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
        title, help_text, unit = info.title or name, info.description or "", str(extra.get("unit", ""))
        self.control = self._make_control(info.annotation, choices or {})
        label = spec_text(title) + (f" ({spec_text(unit)})" if unit else "")
        self._help_text = spec_text(help_text)
        self.control.setAccessibleName(label)
        self.control.setAccessibleDescription(self._help_text)
        self.control.setMinimumHeight(CONTROL_HEIGHT if self.kind != "bool" else 28)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_XS)
        if isinstance(self.control, QCheckBox):
            self.control.setText(label)
        else:
            self.label = Label(label)
            self.label.setBuddy(self.control)
            column.addWidget(self.label)
        column.addWidget(self.control)
        self.help = Label(self._help_text, "note", wrap=True)
        self.error_label = Label("", "error", wrap=True)
        self.error_label.hide()
        column.addWidget(self.help)
        column.addWidget(self.error_label)
        column.addStretch(1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.reset()

    def _make_control(self, annotation: Any, choices: dict[str, str]) -> QWidget:
        if self.kind == "choice":
            combo = QComboBox(self)
            for value in get_args(_without_none(annotation)):
                combo.addItem(choices.get(str(value), str(value)), value)
            combo.currentIndexChanged.connect(self._on_changed)
            return combo
        if self.kind == "bool":
            box = QCheckBox(self)
            box.toggled.connect(self._on_changed)
            return box
        line = QLineEdit(self)
        if self.kind in ("int", "float"):
            line.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        if self.optional:
            line.setPlaceholderText(self.tr("automatic"))
        if self.kind == "float":
            line.setValidator(_plain_numbers(line))
        line.textEdited.connect(self._on_changed)
        return line

    def _on_changed(self, *_value: object) -> None:
        self.check()
        self.value_changed.emit(self.name)

    def raw(self) -> Any:
        """What stands in the control, not yet checked."""
        if isinstance(self.control, QComboBox):
            return self.control.currentData()
        if isinstance(self.control, QCheckBox):
            return self.control.isChecked()
        assert isinstance(self.control, QLineEdit)
        text = self.control.text().strip()
        return None if not text and self.optional else text

    def value(self) -> Any:
        """The value in the field's own type.

        Raises:
            ValidationError: The text is no allowed value.
        """
        return self._adapter.validate_python(self.raw())

    def error(self) -> str:
        """What is wrong, as a sentence, or an empty text."""
        try:
            self.value()
        except ValidationError as error:
            return self._sentence(error)
        return ""

    def check(self) -> str:
        """Shows what is wrong below the control, and returns it."""
        text = self.error()
        self.error_label.setText(text)
        self.error_label.setVisible(bool(text))
        self.help.setVisible(not text and bool(self.help.text()))
        restyle(self.control, invalid=bool(text))
        return text

    def explain(self, reason: str) -> None:
        """Switches the field off and says why in place of its help; an empty reason switches it on."""
        self.setEnabled(not reason)
        self.help.setText(reason or self._help_text)
        self.control.setAccessibleDescription(reason or self._help_text)

    def set_value(self, value: Any) -> None:
        """Changes the value without a signal."""
        blocked = self.control.blockSignals(True)
        if isinstance(self.control, QComboBox):
            self.control.setCurrentIndex(self.control.findData(value))
        elif isinstance(self.control, QCheckBox):
            self.control.setChecked(bool(value))
        elif isinstance(self.control, QLineEdit):
            self.control.setText("" if value is None else _plain_text(value))
        self.control.blockSignals(blocked)
        self.check()

    def set_default(self, default: Any) -> None:
        """Takes another value as the default, and shows it unless the person has changed the field."""
        if default == self.default:
            return
        changed, self.default = self.is_changed, default
        if not changed:
            self.reset()

    def reset(self) -> None:
        """Puts the default back; a required field becomes empty."""
        default = self.default
        self.set_value(default if isinstance(default, bool | int | float | str) else None)

    @property
    def is_changed(self) -> bool:
        """Whether the value differs from the default."""
        try:
            return bool(self.value() != self.default)
        except ValidationError:
            return True

    def _sentence(self, error: ValidationError) -> str:
        first = error.errors()[0]
        context = first.get("ctx", {})
        match first["type"]:
            case "greater_than_equal":
                return self.tr("At least {limit}").format(limit=_plain_text(context["ge"]))
            case "greater_than":
                return self.tr("More than {limit}").format(limit=_plain_text(context["gt"]))
            case "less_than_equal":
                return self.tr("At most {limit}").format(limit=_plain_text(context["le"]))
            case "int_parsing" | "int_from_float":
                return self.tr("Type a whole number")
            case "float_parsing" | "finite_number":
                return self.tr("Type a number, such as 0.0008")
            case _:
                return self.tr("This value is not possible here")


def _without_none(annotation: Any) -> Any:
    if get_origin(annotation) in (Union, types.UnionType):
        return next(part for part in get_args(annotation) if part is not type(None))
    return annotation


def _kind_of(annotation: Any) -> tuple[str, bool]:
    inner = _without_none(annotation)
    optional = inner is not annotation
    if get_origin(inner) is Literal:
        return "choice", optional
    kinds = {bool: "bool", int: "int", float: "float", str: "str"}
    if inner not in kinds:
        raise TypeError(f"no editor for a field of type {annotation}")
    return kinds[inner], optional


def _plain_numbers(owner: QLineEdit) -> QValidator:
    validator = QDoubleValidator(owner)
    validator.setLocale(QLocale.c())
    return validator


def _plain_text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
