"""The menu that writes what the compare page shows to a file."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from app.widgets.menu_button import MenuButton


class ExportButton(MenuButton):
    """A page, a table or a picture; the system's dialog asks where.

    Signals:
        file_chosen: The file, with the ending that says what is written.
    """

    file_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(QCoreApplication.translate("ExportButton", "Export"), parent)
        self.set_icon_name("download")
        self._name = "comparison"
        self.dialog: QFileDialog | None = None
        self.page_action = self.add(self.tr("Page with everything (HTML)"), "file-text", self._on_page)
        self.table_action = self.add(self.tr("Table for a spreadsheet (CSV)"), "list-checks", self._on_table)
        self.picture_action = self.add(self.tr("Picture as shown (PNG)"), "eye", self._on_picture)

    def set_name(self, name: str) -> None:
        """How the file is called if nothing else is typed."""
        self._name = name

    @Slot()
    def _on_page(self) -> None:
        self._ask("html", self.tr("Web page (*.html)"))

    @Slot()
    def _on_table(self) -> None:
        self._ask("csv", self.tr("Table (*.csv)"))

    @Slot()
    def _on_picture(self) -> None:
        self._ask("png", self.tr("Picture (*.png)"))

    def _ask(self, suffix: str, filter: str) -> None:
        """Opens the system's dialog without waiting for it; it asks before it replaces a file."""
        start = Path.home() / f"{self._name}.{suffix}"
        dialog = self.dialog = QFileDialog(
            self.window(), self.tr("Export the comparison"), str(start), filter
        )
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(suffix)
        dialog.selectFile(str(start))
        dialog.fileSelected.connect(self.file_chosen)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
