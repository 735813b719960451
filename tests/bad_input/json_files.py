"""Bad JSON and JSONL files, chats among them."""

from __future__ import annotations

from tests.bad_input.bad_file import CHAT, BadFile, chat, raw

FILES: tuple[BadFile, ...] = (
    # --- JSON ---
    BadFile("broken.jsonl", raw(b'{"text": "a", "label": "x"}\n{"text": "b", "label": }\n'), "data.json", 2),
    BadFile("cut.jsonl", raw(b'{"text": "a", "label": "x"}\n{"text": "b", "la'), "data.json", 2),
    BadFile("single_quotes.jsonl", raw(b"{'text': 'a', 'label': 'x'}\n"), "data.json", 1),
    BadFile(
        "two_in_a_line.jsonl",
        raw(b'{"text": "a", "label": "x"} {"text": "b", "label": "y"}\n'),
        "data.json",
        1,
    ),
    BadFile("raw_tab.jsonl", raw(b'{"text": "a\tb", "label": "x"}\n'), "data.json", 1),
    BadFile("array_row.jsonl", raw(b'["a", "x"]\n'), "data.json_row", 1),
    BadFile("text_row.jsonl", raw(b'{"text": "a", "label": "x"}\n"b"\n'), "data.json_row", 2),
    BadFile(
        "duplicate_key.jsonl", raw(b'{"text": "a", "label": "x", "text": "b"}\n'), "data.duplicate_key", 1
    ),
    BadFile(
        "duplicate_key_below.json",
        raw(b'[{"text": "a",\n "label": "x",\n "m": {"k": 1, "k": 2}}]'),
        "data.duplicate_key",
        1,
    ),
    BadFile("nan.jsonl", raw(b'{"text": "a", "label": NaN}\n'), "data.nan", 1),
    BadFile(
        "infinity.json",
        raw(b'[{"text": "a", "label": "x"},\n{"text": "a", "label": -Infinity}]'),
        "data.nan",
        2,
    ),
    BadFile(
        "surrogate.jsonl",
        raw(b'{"text": "a", "label": "x"}\n{"text": "\\ud800", "label": "x"}\n'),
        "data.surrogate",
        2,
    ),
    BadFile("surrogate.json", raw(b'[\n{"text": "\\uDFFF", "label": "x"}]'), "data.surrogate", 2),
    BadFile(
        "surrogate_pair.jsonl",
        raw(b'{"text": "\\ud83d\\ude00", "label": "x"}\n'),
        rows=1,
        first={"text": "😀", "label": "x"},
    ),
    BadFile("deep.jsonl", lambda: b'{"text": ' + b"[" * 200_000 + b"]" * 200_000 + b"}\n", "data.deep", 1),
    BadFile("deep.json", lambda: b'[{"text": ' + b'{"a":' * 200_000, "data.deep", 1),
    BadFile(
        "deep_below_the_stack.jsonl",
        lambda: b'{"text": ' + b"[" * 500 + b"]" * 500 + b', "label": "x"}\n',
        "data.deep",
        1,
    ),
    BadFile(
        "huge_number.jsonl",
        raw(b'{"text": ' + b"9" * 5000 + b', "label": 1e999}\n'),
        rows=1,
        first={"text": "9" * 5000, "label": "1e999"},
    ),
    BadFile(
        "literals.jsonl",
        raw(b'{"text": 1.0, "label": true, "n": null, "o": {"a": 1.50}}\n'),
        rows=1,
        first={"text": "1.0", "label": "true", "o": '{"a": 1.50}'},
    ),
    BadFile("missing_bracket.json", raw(b'[{"text": "a", "label": "x"}\n'), "data.json", 2),
    BadFile("trailing_comma.json", raw(b'[{"text": "a", "label": "x"},\n]'), "data.json", 2),
    BadFile("extra.json", raw(b'[{"text": "a", "label": "x"}]\n]'), "data.json", 2),
    BadFile("no_list.json", raw(b'{"version": 1, "text": "a"}'), "data.json_shape"),
    BadFile(
        "two_lists.json",
        raw(b'{"data": [{"text": "a", "label": "x"}],\n"rows": [{"text": "a"}]}'),
        "data.json_shape",
        2,
    ),
    BadFile("numbers.json", raw(b"[1, 2, 3]"), "data.json_row", 1),
    BadFile("columns_of_lists.json", raw(b'{"text": ["a", "b"], "label": ["x", "y"]}'), "data.json_shape"),
    BadFile(
        "examples.json",
        raw(b'{"version": 1.0, "examples": [{"text": "a", "label": "x"}], "note": "n"}'),
        rows=1,
    ),
    BadFile(
        "lines.json",
        raw(b'{"text": "a", "label": "x"}\n{"text": "b", "label": "y"}\n'),
        rows=2,
        why="JSONL under a wrong name",
    ),
    BadFile("list.txt", raw(b'[{"text": "a", "label": "x"}]'), rows=1, why="JSON under a wrong name"),
    BadFile(
        "unlike_keys.jsonl",
        lambda: b"".join(b'{"k%d": "v"}\n' % n for n in range(5000)),
        "data.columns",
        4097,
        roles={"user": "k0", "label": "k1"},
    ),
    # --- chats ---
    BadFile("chat.jsonl", raw(CHAT.encode()), rows=1),
    BadFile(
        "chat_role.jsonl",
        raw((CHAT + "\n" + chat(("user", "a"), ("tool", "b"))).encode()),
        "data.messages",
        2,
    ),
    BadFile(
        "chat_open.jsonl",
        raw((CHAT + "\n" + chat(("user", "a"), ("assistant", "b"), ("user", "c"))).encode()),
        "data.messages",
        2,
    ),
    BadFile("chats_open.jsonl", raw(chat(("user", "a"), ("assistant", "b"), ("user", "c")).encode()), rows=1),
    BadFile(
        "chat_twice.jsonl",
        raw(chat(("user", "a"), ("user", "b"), ("assistant", "c")).encode()),
        "data.messages",
        1,
    ),
    BadFile("chat_answer_first.jsonl", raw(chat(("assistant", "a")).encode()), "data.messages", 1),
    BadFile(
        "chat_late_system.jsonl",
        raw(chat(("user", "a"), ("system", "b"), ("assistant", "c")).encode()),
        "data.messages",
        1,
    ),
    BadFile(
        "chat_picture.jsonl",
        raw(chat(("user", [{"type": "image"}]), ("assistant", "c")).encode()),
        "data.messages",
        1,
    ),
    BadFile("chat_number.jsonl", raw(chat(("user", 7), ("assistant", "c")).encode()), "data.messages", 1),
    BadFile("chat_null.jsonl", raw(chat(("user", None), ("assistant", "c")).encode()), "data.messages", 1),
)
