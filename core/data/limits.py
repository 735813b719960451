"""How large a file's parts may be. Beyond these nobody has examples; there are broken or hostile files."""

from __future__ import annotations

#: Characters of one value. Long documents have some hundred thousand.
VALUE = 10_000_000
#: Characters of one line or one JSON object.
RECORD = 16_000_000
#: Columns of a table.
COLUMNS = 4_096
#: Rows of one file. Fine-tuning on this many takes weeks on a processor; beyond it memory would pass 500 MB.
ROWS = 10_000_000
#: Different labels of a classification.
LABELS = 10_000
#: Depth of nested JSON that is kept as text.
DEPTH = 64
#: Bytes of a workbook's parts after unpacking; its shared strings lie in memory.
UNPACKED = 512 * 1024 * 1024
#: Rows looked at to guess delimiter, columns and roles.
SAMPLE = 200
