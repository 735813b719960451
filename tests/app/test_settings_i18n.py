from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from app import formats, i18n
from app.settings import SettingsFile


def test_settings_survive_a_restart(tmp_path: Path) -> None:
    file = SettingsFile(tmp_path / "deep" / "settings.json")
    file.update(theme="dark", threads=2)
    again = SettingsFile(file.path)
    assert (again.values.theme, again.values.threads) == ("dark", 2)


def test_one_bad_setting_never_blocks_the_others(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"theme": "pink", "threads": 3, "unknown": 1}), encoding="utf-8")
    values = SettingsFile(path).values
    assert (values.theme, values.threads) == ("system", 3)


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '"x"', "\x00\xff"])
def test_a_broken_settings_file_gives_the_defaults(tmp_path: Path, content: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(content, encoding="utf-8")
    assert SettingsFile(path).values.theme == "system"


def test_settings_that_cannot_be_saved_do_not_disturb(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    file = SettingsFile(tmp_path / "file" / "settings.json")
    file.update(theme="dark")
    assert file.values.theme == "dark"


@pytest.mark.parametrize(
    ("source", "translation", "good"),
    [
        ("{a} of {b}", "{b} / {a}", True),
        ("{a} of {b}", "{a}", False),
        ("{a}", "{a} {c}", False),
        ("%n row(s)", "%n Zeile(n)", True),
        ("%n row(s)", "Zeilen", False),
        ("plain", "broken {", False),
    ],
)
def test_a_translation_with_other_placeholders_is_refused(source: str, translation: str, good: bool) -> None:
    assert i18n.fits(source, translation) is good


def test_direction_is_set_explicitly(qapp: QApplication) -> None:
    i18n.install(qapp, "he")
    assert qapp.layoutDirection() == Qt.LayoutDirection.RightToLeft
    i18n.install(qapp, "en")
    assert qapp.layoutDirection() == Qt.LayoutDirection.LeftToRight


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (512, "0.512 kB"),
        (52_000_000, "52 MB"),
        (3_300_000_000, "3.3 GB"),
        (19_600_000_000, "19.6 GB"),
        (999_999_999, "1 GB"),
    ],
)
def test_sizes_read_as_a_person_says_them(qapp: QApplication, count: int, text: str) -> None:
    i18n.install(qapp, "en")
    assert formats.size_text(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(8, "8 s"), (92, "1 min 32 s"), (7500, "2 h 5 min"), (-1, "0 s")]
)
def test_times_read_as_a_person_says_them(qapp: QApplication, seconds: float, text: str) -> None:
    assert formats.duration_text(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(16.4, "16 s"), (97, "1 min 35 s"), (241.5, "4 min"), (755, "12 min 30 s")]
)
def test_estimates_have_no_more_digits_than_they_know(qapp: QApplication, seconds: float, text: str) -> None:
    assert formats.estimate_text(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1824, "0.182"),
        (3.3, "3.3"),
        (2.25, "2.25"),
        (12.0, "12"),
        (581.2, "581"),
        (12400, "12,400"),
        (float("nan"), "not a number"),
    ],
)
def test_figures_keep_the_digits_that_help(qapp: QApplication, value: float, text: str) -> None:
    assert formats.number_text(value) == text
