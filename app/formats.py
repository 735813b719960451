"""Figures as a person reads them: sizes, times, counts. Never a bare number."""

from __future__ import annotations

import math
from datetime import datetime

from PySide6.QtCore import QCoreApplication, QLocale


def size_text(count: float) -> str:
    """Bytes in decimal units: `3.3 GB`, `52 MB`."""
    for limit, divisor, unit in ((1e6, 1e3, "kB"), (1e9, 1e6, "MB"), (1e12, 1e9, "GB")):
        if count < limit * 0.9995:
            return f"{number_text(count / divisor)} {unit}"
    return f"{number_text(count / 1e12)} TB"


def disk_text(need: float, free: float | None) -> str:
    """What something takes of the disk's room: `1.2 GB of 50 GB`; None where the system does not say."""
    if free is None:
        return QCoreApplication.translate("formats", "up to {need}").format(need=size_text(need))
    text = QCoreApplication.translate("formats", "{need} of {free}")
    return text.format(need=size_text(need), free=size_text(free))


def number_text(value: float) -> str:
    """A figure with as many digits as help: `0.182`, `3.3`, `581`, `12,400`; never in powers of ten."""
    if not math.isfinite(value):
        return QCoreApplication.translate("formats", "not a number")
    locale = QLocale()
    value = float(f"{value:.3g}") if abs(value) < 1000 else value
    size = abs(value)
    if size >= 100 or value == int(value):
        return locale.toString(round(value))
    if size >= 1:
        text = locale.toString(value, "f", 1 if size >= 10 else 2)
        return text.rstrip(locale.zeroDigit())
    return locale.toString(value, "f", 3) if size >= 0.01 else locale.toString(value, "g", 2)


def money_text(amount: float) -> str:
    """An amount in whatever currency the prices are in: cents where they matter, more digits below."""
    return QLocale().toString(amount, "f", 2) if amount >= 1 or amount == 0 else number_text(amount)


def rate_text(value: float) -> str:
    """A learning rate with all its digits: `0.0002`, `0.000015`."""
    if not math.isfinite(value) or value >= 0.01 or value <= 0:
        return number_text(value)
    locale = QLocale()
    text = locale.toString(value, "f", 1 - math.floor(math.log10(value)))
    return text.rstrip(locale.zeroDigit())


def duration_text(seconds: float) -> str:
    """A span of time: `8 s`, `1 min 32 s`, `2 h 5 min`."""
    total = max(0, round(seconds))
    if total < 60:
        return QCoreApplication.translate("formats", "{s} s").format(s=total)
    if total < 3600:
        text = QCoreApplication.translate("formats", "{m} min {s} s")
        return text.format(m=total // 60, s=total % 60)
    text = QCoreApplication.translate("formats", "{h} h {m} min")
    return text.format(h=total // 3600, m=total % 3600 // 60)


def estimate_text(seconds: float) -> str:
    """The same with no more digits than an estimate has: `25 s`, `1 min 35 s`, `4 min`, `12 min 30 s`."""
    step = 1 if seconds < 30 else 5 if seconds < 300 else 30
    total = round(seconds / step) * step
    if 60 <= total < 3600 and total % 60 == 0:
        return QCoreApplication.translate("formats", "{m} min").format(m=total // 60)
    return duration_text(total)


def clock_text(unix: float) -> str:
    """A time of day as in a log: `10:44:31`."""
    return datetime.fromtimestamp(unix).strftime("%H:%M:%S")


def when_text(unix: float, now: float) -> str:
    """When something happened: the time today, otherwise the date with it."""
    then, today = datetime.fromtimestamp(unix), datetime.fromtimestamp(now).date()
    if then.date() == today:
        return QCoreApplication.translate("formats", "today {time}").format(time=then.strftime("%H:%M"))
    return then.strftime("%Y-%m-%d %H:%M")


def count_text(value: int) -> str:
    """A whole number with the user's thousands sign: `1,350`."""
    return QLocale().toString(value)


def rows_text(count: int) -> str:
    """`1 row`, `1,350 rows`."""
    if count == 1:
        return QCoreApplication.translate("formats", "1 row")
    return QCoreApplication.translate("formats", "{count} rows").format(count=count_text(count))


def passes_text(passes: float) -> str:
    """How often a training goes through its rows: `1 pass`, `2.5 passes`."""
    if passes == 1:
        return QCoreApplication.translate("formats", "1 pass")
    return QCoreApplication.translate("formats", "{count} passes").format(count=number_text(passes))


def short_name(name: str, limit: int = 38) -> str:
    """A name that fits on a card: the middle of a longer one is left out."""
    if len(name) <= limit:
        return name
    half = (limit - 1) // 2
    return f"{name[:half]}…{name[-half:]}"


def breakable(text: str, longest: int = 24) -> str:
    """The same text with invisible places to break in words that no line of a card could hold."""

    def parts(word: str) -> list[str]:
        return [word[place : place + 12] for place in range(0, len(word), 12)]

    words = text.split(" ")
    return " ".join("\u200b".join(parts(word)) if len(word) > longest else word for word in words)
