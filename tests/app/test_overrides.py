"""A Python error inside an override that Qt wants a value from ends the process, so each one is guarded."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from PySide6 import QtCore, QtGui, QtWidgets

import app

_APP = Path(app.__file__).parent
_EVENTS = frozenset({"event", "eventFilter", "viewportEvent", "nativeEvent"})
#: Methods of Qt that must give a value back.
_VALUE_NAMES = frozenset(
    {
        "data",
        "headerData",
        "rowCount",
        "columnCount",
        "flags",
        "index",
        "parent",
        "setData",
        "sizeHint",
        "minimumSizeHint",
        "heightForWidth",
        "hasHeightForWidth",
        "hitButton",
        "lessThan",
        "filterAcceptsRow",
        "createEditor",
        "boundingRect",
        "shape",
        "translate",
        "focusNextPrevChild",
        "mimeData",
        "canFetchMore",
        "roleNames",
        "notify",
        "tabSizeHint",
        "validate",
        "fixup",
    }
    | _EVENTS
)


_MODULES = sorted(path.relative_to(_APP) for path in _APP.rglob("*.py"))


def _qt_class(name: str) -> bool:
    return any(hasattr(module, name) for module in (QtCore, QtGui, QtWidgets))


@pytest.mark.parametrize("path", _MODULES, ids=str)
def test_value_returning_overrides_are_guarded(path: Path) -> None:
    tree = ast.parse((_APP / path).read_text(encoding="utf-8"))
    for found in ast.walk(tree):
        if not isinstance(found, ast.ClassDef):
            continue
        if not any(isinstance(base, ast.Name) and _qt_class(base.id) for base in found.bases):
            continue
        for method in found.body:
            if isinstance(method, ast.FunctionDef) and method.name in _VALUE_NAMES:
                guards = [ast.unparse(item) for item in method.decorator_list]
                assert any("safe_override" in item or "property" in item for item in guards), (
                    f"{path.name}: {found.name}.{method.name} is not guarded by safe_override"
                )


@pytest.mark.parametrize("path", _MODULES, ids=str)
def test_no_lambda_and_no_formatted_string_reaches_qt(path: Path) -> None:
    tree = ast.parse((_APP / path).read_text(encoding="utf-8"))
    for call in (item for item in ast.walk(tree) if isinstance(item, ast.Call)):
        if not isinstance(call.func, ast.Attribute):
            continue
        if call.func.attr == "connect":
            bound = not isinstance(call.args[0], ast.Lambda)
            assert bound, f"{path}:{call.lineno}: connect a bound method"
        if call.func.attr == "tr":
            literal = isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str)
            assert literal, f"{path.name}:{call.lineno}: tr needs a literal"
