"""Which characters a text file's bytes mean: by its mark, by being valid UTF-8, or by a guess that is said.

One quick pass over the whole file settles the encoding before a row is read. It also finds the first damaged
byte, NUL characters, and lines without end, so that reading may trust plain line iteration afterwards.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from pathlib import Path

from core.data import limits, signature
from core.data.problem import refuse

_CHUNK = 1 << 20
_MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LEGACY = [
    "cp1252",
    "cp1250",
    "cp1251",
    "cp1253",
    "cp1254",
    "cp1255",
    "cp1256",
    "cp1257",
    "iso8859_2",
    "iso8859_15",
    "koi8_r",
    "mac_roman",
    "cp932",
    "shift_jis",
    "euc_jp",
    "gb18030",
    "big5",
    "cp949",
    "euc_kr",
]
_SAVE_UTF8 = "Save the file as UTF-8 (in Excel: CSV UTF-8) and add it again."


@dataclass(frozen=True)
class Encoding:
    """How to decode a file.

    Attributes:
        name: Name of the Python codec.
        guessed: True when neither a mark nor valid UTF-8 settled it.
        endless_line: A line longer than `limits.RECORD`, if there is one; JSON arrays may be one line.
    """

    name: str
    guessed: bool
    endless_line: int | None


@dataclass
class _Survey:
    lines: int = 1
    nul_line: int | None = None
    endless_line: int | None = None
    beyond_ascii: bool = False
    damage: int | None = None


def detect(path: Path) -> Encoding:
    """Settles the encoding of a text file.

    Raises:
        Refusal: It is no text, or its bytes fit no encoding throughout.
    """
    with open(path, "rb") as file:
        head = file.read(8192)
    marked = next((name for mark, name in _MARKS if head.startswith(mark)), None)
    name = marked or _unmarked_utf16(head) or "utf-8"
    if name == "utf-8" and _is_binary(head):
        raise refuse("data.format", path.name, "This is not a text file.", f"Add a {signature.FORMATS} file.")
    survey = _survey(path, name)
    guessed = False
    if survey.damage is not None:
        if name != "utf-8" or survey.beyond_ascii:
            raise _damaged(path, name, survey)
        name, survey, guessed = _legacy(path, survey)
    if survey.nul_line is not None:
        raise refuse(
            "data.nul",
            path.name,
            "The text holds a NUL character, which no model can read.",
            "Remove the character, or export the data again.",
            line=survey.nul_line,
        )
    return Encoding(name, guessed, survey.endless_line)


def _is_binary(head: bytes) -> bool:
    """Whether there are more control characters than a text has by accident."""
    control = sum(byte < 9 or 13 < byte < 32 for byte in head)
    return control > max(3, len(head) * 0.05)


def _unmarked_utf16(head: bytes) -> str | None:
    """Text in western letters as UTF-16 has a zero in every other byte."""
    pairs = len(head) // 2
    if pairs < 2:
        return None
    if head[1::2].count(0) > pairs * 0.4 and head[::2].count(0) < pairs * 0.1:
        return "utf-16-le"
    if head[::2].count(0) > pairs * 0.4 and head[1::2].count(0) < pairs * 0.1:
        return "utf-16-be"
    return None


def _survey(path: Path, encoding: str) -> _Survey:
    survey = _Survey()
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    run = 0
    with open(path, "rb") as file:
        offset = 0
        while True:
            chunk = file.read(_CHUNK)
            pending = len(decoder.getstate()[0])
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                survey.damage = offset - pending + error.start
                good = error.object[: error.start]
                survey.beyond_ascii = survey.beyond_ascii or not good.isascii()
                survey.lines += good.count(b"\n")
                return survey
            except UnicodeError:  # UTF-16 without its mark where one is needed
                survey.damage = offset
                return survey
            if not chunk:
                return survey
            offset += len(chunk)
            if survey.nul_line is None and "\0" in text:
                survey.nul_line = survey.lines + text.count("\n", 0, text.find("\0"))
            run = _longest(text, run, survey)
            survey.lines += text.count("\n")
            survey.beyond_ascii = survey.beyond_ascii or not text.isascii()


def _longest(text: str, run: int, survey: _Survey) -> int:
    """Length of the unfinished line after `text`; notes the first line beyond the limit."""
    end = "\n" if "\n" in text else "\r"
    first = text.find(end)
    length = run + (len(text) if first < 0 else first)
    if length > limits.RECORD and survey.endless_line is None:
        survey.endless_line = survey.lines
    return length if first < 0 else len(text) - text.rfind(end) - 1


def _legacy(path: Path, broken: _Survey) -> tuple[str, _Survey, bool]:
    """Guesses an older encoding from the bytes around the first one that is not UTF-8."""
    from charset_normalizer import from_bytes

    assert broken.damage is not None
    with open(path, "rb") as file:
        file.seek(max(0, broken.damage - 4096))
        sample = file.read(1 << 17)
    matches = from_bytes(sample, cp_isolation=_LEGACY)
    best = matches.best()
    if best is not None:
        equals = [match.encoding for match in matches if match.chaos <= best.chaos]
        # A few accented letters fit many code pages; the western one is by far the most frequent.
        few = sum(byte > 0x7F for byte in sample) < 32
        name = "cp1252" if "cp1252" in equals and few else best.encoding
        survey = _survey(path, name)
        if survey.damage is None:
            return name, survey, True
    raise refuse(
        "data.encoding",
        path.name,
        f"The byte at offset {broken.damage} is not UTF-8, and the text fits no other known encoding.",
        _SAVE_UTF8,
        line=broken.lines,
    )


def _damaged(path: Path, name: str, survey: _Survey) -> Exception:
    return refuse(
        "data.encoding",
        path.name,
        f"The file is {name.upper().removesuffix('-SIG')}, but not the byte at offset {survey.damage}.",
        f"Copy the file again, or correct that place. {_SAVE_UTF8}",
        line=survey.lines,
    )
