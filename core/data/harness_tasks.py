"""Tasks of EleutherAI's lm-evaluation-harness: a data set written as one, and a folder of them checked.

A task is a YAML file with templates, and the harness runs Python that such a file names. Here nothing of a
folder is run: files that name Python, other data than files beside them, or settings that we do not know are
refused.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.data import splits
from core.data.dataset import Dataset, Split
from core.data.spread import evenly
from core.errors import InputError
from core.specs import EvaluateSpec
from core.workspace import durable
from core.workspace.workspace import Workspace

#: Stands for a task made of the evaluated data.
OWN = "data"
ROWS = "rows.jsonl"
_SHORT_WORDS = 8
_OUTPUTS = ("multiple_choice", "generate_until", "loglikelihood_rolling")
_METRICS = frozenset(
    {
        "acc", "acc_norm", "acc_bytes", "exact_match", "word_perplexity", "byte_perplexity",
        "bits_per_byte", "mcc", "f1", "bleu", "chrf", "ter"
    }
)  # fmt: skip
#: Everything that only templates and names; `!function`, `include` and `custom_dataset` are not among them.
_KEYS = frozenset(
    {
        "task", "task_alias", "tag", "dataset_path", "dataset_kwargs", "test_split", "validation_split",
        "training_split", "fewshot_split", "output_type", "doc_to_text", "doc_to_target",
        "doc_to_choice", "description", "target_delimiter", "fewshot_delimiter", "num_fewshot",
        "metric_list", "filter_list", "generation_kwargs", "repeats", "metadata"
    }
)  # fmt: skip


@dataclass(frozen=True)
class HarnessTask:
    """A task that may be run.

    Attributes:
        name: As the harness calls it.
        file: Its YAML file.
        content: What is in it.
    """

    name: str
    file: Path
    content: dict[str, Any]


def export(data: Dataset, split: Split, folder: Path, limit: int | None = None) -> HarnessTask:
    """Writes the rows of a split and a task that asks them, for `lm_eval --include_path`.

    Labels become choices, short answers are compared letter by letter, long ones by BLEU and chrF, and texts
    are read. Of a conversation of several turns, what was said before stands in the question.

    Raises:
        InputError: The split is empty.
    """
    import yaml

    talks = evenly([data.messages(row) for row in data.rows(split)], limit)
    if not talks:
        raise splits.no_rows(split, data.info.name)
    folder.mkdir(parents=True, exist_ok=True)
    durable.write_text(
        folder / ROWS, "".join(json.dumps(_row(talk), ensure_ascii=False) + "\n" for talk in talks)
    )
    name = re.sub(r"[^a-z0-9]+", "_", data.info.name.lower()).strip("_") or "rows"
    content = {
        "task": name,
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": ROWS}},
        "test_split": "test",
        **_asking(str(data.info.task), talks, data.info.labels or ()),
        "metadata": {"version": 1.0},
    }
    file = folder / f"{name}.yaml"
    durable.write_text(file, yaml.safe_dump(content, sort_keys=False, allow_unicode=True))
    return HarnessTask(name, file, content)


def _row(talk: Sequence[dict[str, str]]) -> dict[str, str]:
    if talk[0]["role"] == "document":
        return {"text": talk[0]["content"]}
    said = [item for item in talk[:-1] if item["role"] != "system"]
    if len(said) == 1:
        return {"question": said[0]["content"], "answer": talk[-1]["content"]}
    told = "\n\n".join(f"{item['role'].capitalize()}: {item['content']}" for item in said)
    return {"question": told, "answer": talk[-1]["content"]}


def _asking(task: str, talks: Sequence[Sequence[dict[str, str]]], labels: Sequence[str]) -> dict[str, Any]:
    """What is asked and how it is counted."""
    if talks[0][0]["role"] == "document":
        return {
            "output_type": "loglikelihood_rolling",
            "doc_to_text": "",
            "doc_to_target": "{{text}}",
            "metric_list": [_metric("word_perplexity", False), _metric("bits_per_byte", False)],
        }
    system = talks[0][0]["content"] if talks[0][0]["role"] == "system" else ""
    asked = {
        **({"description": f"{{{{ {json.dumps(system, ensure_ascii=False)} }}}}"} if system else {}),
        "doc_to_text": "{{question}}",
        "doc_to_target": "answer",
        "target_delimiter": "",
    }
    if task == "classification":
        known = sorted({*labels, *(talk[-1]["content"] for talk in talks)})
        return {
            "output_type": "multiple_choice",
            **asked,
            "doc_to_choice": known,
            "metric_list": [_metric("acc"), _metric("acc_norm")],
        }
    words = sorted(len(talk[-1]["content"].split()) for talk in talks)
    short = words[len(words) // 2] <= _SHORT_WORDS
    return {
        "output_type": "generate_until",
        **asked,
        "generation_kwargs": {"until": [], "max_gen_toks": 64 if short else 256, "do_sample": False},
        "metric_list": [_metric("exact_match")] if short else [_metric("bleu"), _metric("chrf")],
    }


_AGGREGATED = {
    "word_perplexity": "weighted_perplexity",
    "bits_per_byte": "bits_per_byte",
    "bleu": "bleu",
    "chrf": "chrf",
}


def _metric(name: str, higher_is_better: bool = True) -> dict[str, Any]:
    return {
        "metric": name,
        "aggregation": _AGGREGATED.get(name, "mean"),
        "higher_is_better": higher_is_better,
    }


def refuse(_workspace: Workspace, spec: EvaluateSpec) -> None:
    """Refuses harness tasks where there is no harness, and those that must not be run.

    Raises:
        InputError: It is not installed, or a task names Python or rows elsewhere.
    """
    if spec.harness is None:
        return
    if importlib.util.find_spec("lm_eval") is None:
        raise InputError(
            "lm-evaluation-harness is not installed.",
            why="It is an extra of its own, since most people never need it.",
            fix='Install it: pip install -c constraints.txt -e ".[harness]". `data export` writes its tasks '
            "without it.",
            code="harness.missing",
        )
    if spec.harness != OWN:
        read(Path(spec.harness).expanduser())


def read(folder: Path) -> list[HarnessTask]:
    """The tasks of a folder, by name.

    Raises:
        InputError: There are none, or one of them must not be run here; says which and why.
    """
    files = sorted(folder.glob("*.yaml")) if folder.is_dir() else []
    if not files:
        raise InputError(
            f"There are no harness tasks in {folder}.",
            why="A task is a YAML file, with its rows in a file beside it.",
            fix="Give the folder that holds them, or `data` to ask the data's own rows.",
            code="harness.none",
        )
    tasks = [_checked(path) for path in files]
    if len({task.name for task in tasks}) < len(tasks):
        raise _refusal(folder, "two of its tasks have the same name")
    return tasks


def _checked(path: Path) -> HarnessTask:
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        said = "it names Python to be run" if "!function" in str(error) else "it is no plain YAML"
        raise _refusal(path, said) from error
    if not isinstance(content, dict) or not isinstance(content.get("task"), str):
        raise _refusal(path, "it names no task")
    if unknown := sorted(set(content) - _KEYS):
        raise _refusal(path, f"it sets {', '.join(map(str, unknown))}, which cannot be used here")
    if content.get("output_type") not in _OUTPUTS:
        raise _refusal(path, f"its output_type must be one of {', '.join(_OUTPUTS)}")
    if content.get("dataset_path") != "json":
        raise _refusal(path, "its rows must be in a file beside it (dataset_path: json)")
    for name in _data_files(path, content):
        if Path(name).name != name or not (path.parent / name).is_file():
            raise _refusal(path, f"its file of rows {name!r} must be beside it")
    metrics = content.get("metric_list") or []
    names = [item.get("metric") if isinstance(item, dict) else None for item in metrics]
    if not names or not all(isinstance(name, str) and name in _METRICS for name in names):
        raise _refusal(path, f"its metrics must be among {', '.join(sorted(_METRICS))}")
    if any(set(item) - {"metric", "aggregation", "higher_is_better"} for item in metrics):
        raise _refusal(path, "its metrics may only name metric, aggregation and higher_is_better")
    return HarnessTask(content["task"], path, content)


def _data_files(path: Path, content: dict[str, Any]) -> list[str]:
    kwargs = content.get("dataset_kwargs")
    files = kwargs.get("data_files") if isinstance(kwargs, dict) and set(kwargs) == {"data_files"} else None
    named = list(files.values()) if isinstance(files, dict) else [files]
    flat = [name for item in named for name in (item if isinstance(item, list) else [item])]
    names = [name for name in flat if isinstance(name, str)]
    if not flat or len(names) < len(flat):
        raise _refusal(path, "dataset_kwargs must name its files of rows, and nothing else")
    return names


def _refusal(path: Path, why: str) -> InputError:
    return InputError(
        f"{path.name} cannot be run as a harness task.",
        why=f"{why[0].upper()}{why[1:]}.",
        fix="Change it, or run it with lm_eval itself if you trust it.",
        code="harness.refused",
    )
