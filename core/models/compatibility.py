"""Whether a student can learn from a teacher, and how: said before anything is loaded.

Reads the small files only: tokenizers, templates, what the records say.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from core.models import records
from core.models.fit.shape import shape_of
from core.models.records import Description
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace

BY_TOKEN = ("forward_kl", "reverse_kl", "jensen_shannon")
#: Bytes a parameter while the teacher is asked, and what it takes beside its weights.
_BYTES_A_PARAMETER = 4
_BESIDE_BYTES = 900_000_000
#: Of every hundred tokens of the student this many must be the teacher's too to compare by token.
_ENOUGH = 0.9

_CUT = "Cut a student out of the teacher first (prune), or choose a smaller model."

Weight = Literal["good", "note", "stop"]
#: Fields of a distilling that compare what goes on inside both.
Inside = Literal["hidden_weight", "attention_weight"]
INSIDE: tuple[Inside, ...] = ("hidden_weight", "attention_weight")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: good, worth knowing, or in the way."""

    weight: Weight
    what: str
    fix: str = ""


@dataclass(frozen=True)
class Diagnosis:
    """What goes with a pair.

    Attributes:
        findings: In the order of looking.
        divergences: Those that can be used.
        on_policy: Whether the student can answer itself.
        overlap: Share of the student's tokens that the teacher has too.
        inside: What keeps hidden states or attention from being matched, by field; empty where nothing does.
        swapped: Whether the teacher has only some of the student's tokens and is the smaller of the two, so
            that it was cut out of the student, or of its like.
    """

    findings: tuple[Finding, ...]
    divergences: tuple[str, ...] = ()
    on_policy: bool = False
    overlap: float = 0.0
    inside: dict[Inside, Finding] = field(default_factory=dict)
    swapped: bool = False

    @property
    def possible(self) -> bool:
        """Whether nothing stands in the way."""
        return all(finding.weight != "stop" for finding in self.findings)


@dataclass
class _Words:
    """A tokenizer's tokens and a model's template."""

    vocabulary: dict[str, int] = field(default_factory=dict)
    template: str = ""


def diagnose(workspace: Workspace, teacher: Artifact, student: Artifact, memory_free: int) -> Diagnosis:
    """Looks at a teacher and a student.

    Raises:
        WorkbenchError: A folder of theirs is damaged.
    """
    theirs, ours = workspace.artifact_folder(teacher.id), workspace.artifact_folder(student.id)
    said, own = (records.describe_stored(workspace, item.id) for item in (teacher, student))
    findings: list[Finding] = []
    if teacher.id == student.id:
        return Diagnosis((Finding("stop", "A model cannot be its own teacher.", _CUT),))
    if said.format == "endpoint":
        findings.append(
            Finding(
                "stop",
                f"{teacher.name} answers from elsewhere, and does not show how sure it is of each token.",
                f"Let it write answers (generate --teacher {teacher.name}); fine-tune the student on those.",
            )
        )
    if own.format == "endpoint":
        findings.append(
            Finding("stop", f"{student.name} is not on this computer.", "Choose a model that is.")
        )
    if said.format == "endpoint" or own.format == "endpoint":
        return Diagnosis(tuple(findings))
    if own.format == "onnx":
        findings.append(
            Finding(
                "stop",
                f"{student.name} is an exported model; its weights can no longer learn.",
                "Choose the model that it was made from, and quantize the result.",
            )
        )
    first, second = _words(workspace, theirs), _words(workspace, ours)
    shared = len(first.vocabulary.keys() & second.vocabulary.keys()) / max(len(second.vocabulary), 1)
    same = bool(first.vocabulary) and first.vocabulary == second.vocabulary
    sizes = _parameters(workspace, said), _parameters(workspace, own)
    swapped = shared < _ENOUGH and first.vocabulary.keys() < second.vocabulary.keys() and sizes[0] < sizes[1]
    if swapped:
        findings.append(_swapped(shared, teacher.name, student.name))
    else:
        findings.append(_tokens(shared, same=same, sizes=(len(first.vocabulary), len(second.vocabulary))))
    findings += _template(first, second)
    findings += _memory(sizes[0], memory_free, teacher.name)
    findings += [] if swapped else _sizes(*sizes, teacher.name, student.name)
    findings.append(_licence(said, teacher.name))
    divergences = (*BY_TOKEN, "universal") if shared >= _ENOUGH else ("universal",)
    exported = said.format == "onnx"
    inside = obstacles(
        teacher.name,
        exported=exported,
        foreign=len(second.vocabulary.keys() - first.vocabulary.keys()),
        widths=(_width(workspace, theirs), _width(workspace, ours)),
    )
    return Diagnosis(tuple(findings), divergences, same and not exported, shared, inside, swapped)


def together(found: Sequence[Diagnosis]) -> Diagnosis:
    """What goes with a student and all of its teachers, each of which was looked at by itself.

    With several no teacher is in memory while the student learns, so nothing that needs a live one goes.
    """
    if len(found) == 1:
        return found[0]
    return Diagnosis(
        tuple(finding for one in found for finding in one.findings),
        tuple(name for name in found[0].divergences if all(name in one.divergences for one in found)),
        overlap=min(one.overlap for one in found),
    )


def obstacles(name: str, *, exported: bool, foreign: int, widths: tuple[int, int]) -> dict[Inside, Finding]:
    """What keeps hidden states or attention from being matched.

    Args:
        name: The teacher's.
        exported: Whether it is an exported model.
        foreign: How many of the student's tokens it does not have.
        widths: Of its hidden states and of the student's; 0 where that is not known.
    """
    found: dict[Inside, Finding] = {}
    for part in INSIDE:
        if exported:
            what = f"{name} is an exported model; it shows what it answers, not what goes on inside."
            found[part] = Finding(
                "stop", what, f"Let the model that it was made from teach, or set {part} to 0."
            )
        elif foreign:
            what = (
                f"{name} does not have {foreign:,} of the student's tokens, so it cannot read the same rows."
            )
            found[part] = Finding(
                "stop", what, f"Set {part} to 0, or choose a teacher with the same tokenizer."
            )
    if not found and all(widths) and widths[0] != widths[1]:
        what = f"{name}'s hidden states are {widths[0]:,} numbers wide, the student's {widths[1]:,}."
        fix = "Set hidden_weight to 0; attention_weight works with any width."
        found["hidden_weight"] = Finding("stop", what, fix)
    return found


def _words(workspace: Workspace, folder: Path) -> _Words:
    path = folder / "tokenizer.json"
    found = _Words()
    if path.is_file():
        said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        vocabulary = said.get("model", {}).get("vocab", {})
        pairs = vocabulary.items() if isinstance(vocabulary, dict) else _listed(vocabulary)
        found.vocabulary = {str(token): int(number) for token, number in pairs}
        found.vocabulary |= {
            str(token["content"]): int(token["id"]) for token in said.get("added_tokens", ())
        }
    template = folder / records.TEMPLATE
    if template.is_file():
        found.template = template.read_text(encoding="utf-8")
    return found


def _listed(vocabulary: Sequence[Any]) -> list[tuple[str, int]]:
    """Unigram models list tokens with their scores."""
    return [(str(entry[0]), number) for number, entry in enumerate(vocabulary) if isinstance(entry, list)]


def _width(workspace: Workspace, folder: Path) -> int:
    """Of the hidden states of the whole model that an adapter stands on; 0 where it is not known."""
    said = records.describe(folder)
    while said.format == "adapter" and said.base:
        folder = workspace.artifact_folder(said.base)
        said = records.describe_stored(workspace, said.base)
    return shape_of(folder, 0).hidden


def _parameters(workspace: Workspace, said: Description) -> int:
    """Of the whole model that an adapter stands on."""
    while said.format == "adapter" and said.base:
        said = records.describe_stored(workspace, said.base)
    return said.parameters


def _tokens(shared: float, *, same: bool, sizes: tuple[int, int]) -> Finding:
    if same:
        return Finding("good", "Both read and write the same tokens.")
    if shared >= _ENOUGH:
        return Finding(
            "good",
            f"{shared:.0%} of the student's {sizes[1]:,} tokens are the teacher's too; the rest is left to "
            "the other tokens' sum.",
        )
    return Finding(
        "note",
        f"Different tokenizers: only {shared:.0%} of the student's tokens are the teacher's too, so they "
        "cannot be compared token by token.",
        "Compare by rank (universal), or let the teacher write answers and fine-tune the student on them.",
    )


def _swapped(shared: float, teacher: str, student: str) -> Finding:
    return Finding(
        "note",
        f"`{teacher}` is smaller than `{student}` and has only {shared:.0%} of its tokens, as if it was cut "
        "out of it.",
        f"Swap the two: `{student}` teaches, `{teacher}` learns.",
    )


def _template(first: _Words, second: _Words) -> list[Finding]:
    if not first.template or not second.template:
        return [Finding("note", "One of them has no chat template; plain documents work all the same.")]
    if first.template == second.template:
        return [Finding("good", "Both frame conversations alike.")]
    return [Finding("good", "They frame conversations differently; each reads the rows in its own way.")]


def _memory(parameters: int, free: int, name: str) -> list[Finding]:
    need = parameters * _BYTES_A_PARAMETER + _BESIDE_BYTES
    if need > free:
        return [
            Finding(
                "stop",
                f"{name} needs about {need / 1e9:.1f} GB to be asked, and {free / 1e9:.1f} GB are free.",
                "Choose a smaller teacher, or quantize it to int8 and let that teach.",
            )
        ]
    return [Finding("good", f"{name} needs about {need / 1e9:.1f} GB while it is asked; that is free.")]


def _sizes(teacher: int, student: int, first: str, second: str) -> list[Finding]:
    if not teacher or not student:
        return []
    if student >= teacher:
        asked = f"Are the two swapped? `{second}` could teach `{first}`. " if student > 1.1 * teacher else ""
        return [Finding("note", f"`{second}` is not smaller than `{first}`.", asked + _CUT)]
    ratio = teacher / student
    remark = "" if ratio <= 12 else " So much smaller students learn little of it; a step between may help."
    return [Finding("good" if ratio <= 12 else "note", f"{second} is {ratio:.1f}× smaller.{remark}")]


def _licence(said: Description, name: str) -> Finding:
    licence = said.licence.casefold()
    if any(word in licence for word in ("apache", "mit", "bsd")):
        return Finding("good", f"{name}'s licence ({said.licence}) lets other models learn from it.")
    if "llama" in licence:
        return Finding(
            "note",
            f"{name} is under Llama's licence: a student that you pass on must be named Llama-something.",
        )
    if "gemma" in licence:
        return Finding("note", f"{name} is under Gemma's terms, which then hold for the student too.")
    return Finding(
        "note",
        f"{name}'s licence is {said.licence or 'not known'}.",
        "Read whether other models may learn from its answers before you pass the student on.",
    )
