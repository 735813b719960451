"""What rounding each part of a model costs, and how many bits it got: a picture of layers and parts."""

from __future__ import annotations

import math

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from app.formats import number_text, size_text
from app.models.run_record import RunRecord
from app.plots.heat_map import Cell, HeatMap
from app.widgets.card import Card, Facts
from app.widgets.labels import Label
from core.models.quantizing.plan import GROUPS
from core.models.quantizing.sensitivity import Tried, Unit

_DECADES = 2.0  # from the palest to the darkest square
_PALEST, _DARKEST = 0.1, 0.85


class DamageCard(Card):
    """Fills while parts are measured; in the end it says what was chosen, and against what."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent=parent)
        self.set_title(self.tr("What rounding costs"))
        self.set_note(
            self.tr(
                "Each square is a part of a layer; the stronger its colour, the more the answers change "
                "when it alone gets 4 bits. Framed squares keep 8."
            )
        )
        self._shown: tuple[object, ...] = ()
        self.map = HeatMap(self.tr("Damage by layer and part"), self)
        self.said = Label("", "note", wrap=True)
        self.summary = Label("", wrap=True)
        self.plans = Facts(self)
        self.map.named.connect(self._on_named)
        for part in (self.map, self.said, self.summary, self.plans):
            self.add(part)
        self.hide()

    def show_record(self, record: RunRecord) -> None:
        """Shows what is known, or hides the card for a run that measures no parts."""
        self.setVisible(bool(record.units))
        shown = (id(record), len(record.units), record.head, record.tried)
        if not record.units or shown == self._shown:
            return
        self._shown = shown
        units = list(record.units.values())
        groups = [group for group in GROUPS if any(unit.group == group for unit in units)]
        groups += sorted({unit.group for unit in units} - set(groups))
        most = max(unit.damage / max(unit.weights, 1) for unit in units)
        cells = [self._cell(unit, groups.index(unit.group), most) for unit in units]
        layers = max(record.layers, max(unit.layer for unit in units) + 1)
        columns = [str(layer) for layer in range(layers)]
        summary = self._summary(units)
        self.map.show_cells([self._row_name(group) for group in groups], columns, cells, summary)
        self.summary.setText(summary)
        self.said.setText(self._hint())
        self._show_plans(record)

    def _cell(self, unit: Unit, row: int, most: float) -> Cell:
        dense = unit.damage / max(unit.weights, 1)
        share = 1 + math.log10(max(dense, 1e-30) / max(most, 1e-30)) / _DECADES
        shade = _PALEST + (_DARKEST - _PALEST) * max(share, 0.0)
        part = unit.chosen
        text = self.tr("Layer {layer}, {part}: KL {damage} nats a token in 4 bits").format(
            layer=unit.layer, part=self._row_name(unit.group), damage=f"{unit.damage:.4f}"
        )
        if part is not None:
            chosen = self.tr("gets {bits} bits in blocks of {block}")
            text += " · " + chosen.format(bits=part.bits, block=part.block)
        mark = str(part.bits) if part is not None else ""
        return Cell(unit.layer, row, shade, mark, text, strong=part is not None and part.bits == 8)

    def _summary(self, units: list[Unit]) -> str:
        worst = max(units, key=lambda unit: unit.damage / max(unit.weights, 1))
        text = self.tr("For its size, {part} of layer {layer} costs most.").format(
            part=self._row_name(worst.group), layer=worst.layer
        )
        if all(unit.chosen is not None for unit in units):
            weights = sum(unit.weights for unit in units)
            eight = sum(unit.weights for unit in units if unit.chosen and unit.chosen.bits == 8)
            kept = self.tr("{share} % of the layers' weights keep 8 bits, the others get 4.")
            text += " " + kept.format(share=round(100 * eight / weights))
        return text

    def _show_plans(self, record: RunRecord) -> None:
        self.plans.clear()
        fixed = record.tried[:1]
        taken = tuple(item for item in record.tried if item.taken and item not in fixed)
        for item in (*fixed, *taken):
            figures = self.tr("KL {kl} at {size}").format(kl=f"{item.kl:.3f}", size=size_text(item.bytes))
            if item.answer_ms is not None:
                time = self.tr("about {time} ms an answer").format(time=number_text(item.answer_ms))
                figures = f"{figures} · {time}"
            self.plans.set_fact(self._plan_name(item), figures)

    def _plan_name(self, item: Tried) -> str:
        if not item.taken:
            return self.tr("Fixed recipe {name}").format(name=item.name)
        if item.algorithm == "gptq":
            return self.tr("Taken, rounded with GPTQ")
        return self.tr("Taken")

    def _row_name(self, group: str) -> str:
        names = {
            "qkv": self.tr("q, k, v"),
            "o": self.tr("output"),
            "gate": self.tr("gate"),
            "up": self.tr("up"),
            "down": self.tr("down"),
        }
        return names.get(group, group)

    def _hint(self) -> str:
        return self.tr("Point at a square, or go through them with the arrow keys.")

    @Slot(str)
    def _on_named(self, text: str) -> None:
        self.said.setText(text or self._hint())
