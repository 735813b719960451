"""The list of data sets: how many rows each has to learn from, or questions for a teacher."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from app.formats import count_text
from app.models.item_table import Column, ItemTableModel
from app.models.library import DataItem
from app.pages.data.task_text import task_text
from app.pages.item_list import ItemList
from app.widgets.card import Card

_NONE = "–"


class ListCard(Card):
    """Questions are counted in a column of their own, where there are any: nothing learns from them yet."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._has_questions = False
        self._table = ItemTableModel(self._columns(), self)
        self.list = ItemList(self.tr("Data sets"), self._table, self)
        self.add(self.list)

    def show_items(self, items: Sequence[DataItem]) -> None:
        """Shows the data sets."""
        has_questions = any(not item.has_answers for item in items)
        if has_questions != self._has_questions:
            self._has_questions = has_questions
            self._table.set_columns(self._columns())
        self._table.set_items(list(items))

    def _columns(self) -> list[Column[DataItem]]:
        questions = Column(self.tr("For a teacher"), _questions, _question_count, is_figure=True)
        return [
            Column(self.tr("Name"), _name),
            Column(self.tr("To learn from"), _train, _train_count, is_figure=True),
            Column(self.tr("To watch"), _validation, _validation_count, is_figure=True),
            Column(self.tr("For the test"), _test, _test_count, is_figure=True),
            *([questions] if self._has_questions else []),
            Column(self.tr("Labels"), _labels, _label_count, is_figure=True),
            Column(self.tr("Task"), _task),
        ]


def _name(item: DataItem) -> str:
    return item.name


def _task(item: DataItem) -> str:
    return task_text(item.task)


def _train(item: DataItem) -> str:
    return count_text(item.train) if item.has_answers else _NONE


def _train_count(item: DataItem) -> int:
    return item.train if item.has_answers else 0


def _validation(item: DataItem) -> str:
    return count_text(item.validation) if item.has_answers else _NONE


def _validation_count(item: DataItem) -> int:
    return item.validation


def _test(item: DataItem) -> str:
    return count_text(item.test) if item.has_answers else _NONE


def _test_count(item: DataItem) -> int:
    return item.test


def _questions(item: DataItem) -> str:
    return _NONE if item.has_answers else count_text(item.train)


def _question_count(item: DataItem) -> int:
    return 0 if item.has_answers else item.train


def _labels(item: DataItem) -> str:
    return count_text(item.labels) if item.labels else _NONE


def _label_count(item: DataItem) -> int:
    return item.labels
