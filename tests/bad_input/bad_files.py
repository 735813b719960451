"""All bad data files: those thought of one by one, format by format, and those made by combining."""

from __future__ import annotations

from tests.bad_input import (
    combined_files,
    delimited_files,
    foreign_files,
    json_files,
    parquet_files,
    text_files,
    workbook_files,
)
from tests.bad_input.bad_file import BadFile

FILES: tuple[BadFile, ...] = (
    *delimited_files.FILES,
    *json_files.FILES,
    *workbook_files.FILES,
    *parquet_files.FILES,
    *text_files.FILES,
    *foreign_files.FILES,
    *combined_files.FILES,
)
