"""What needs the teacher in memory while the student learns: its own answers judged, both matched inside."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from core.engines import merging
from core.engines.distilling import matching, teacher
from core.engines.distilling.lessons import carried
from core.engines.distilling.matching import Matching
from core.engines.distilling.soft import entries
from core.engines.distilling.teacher import TorchTeacher
from core.engines.distilling.trainer import OwnAnswers
from core.engines.prune import REPORT
from core.engines.runtimes.dialect import stop_ids
from core.engines.training import packed_attention
from core.engines.training.preparation import Prepared
from core.errors import InputError
from core.models import compatibility, records
from core.specs import DistillSpec

if TYPE_CHECKING:
    from core.jobs.context import JobContext

Load = Callable[[], TorchTeacher]


def require_own_answers(spec: DistillSpec, job: JobContext) -> None:
    """Own answers need one teacher that reads the student's very tokens.

    Raises:
        InputError: There are several, it is an exported one, or it has another tokenizer.
    """
    reason = ""
    if len(spec.teachers) > 1:
        reason = "That works with one teacher."
    elif records.describe(job.input(spec.teachers[0])).format == "onnx":
        reason = "The teacher is an exported model, which reads one row at a time."
    else:
        theirs, ours = _vocabularies(spec, job)
        if theirs != ours:
            reason = "Teacher and student have different tokenizers."
    if reason:
        raise InputError(
            "The student cannot answer itself here.",
            why=reason,
            fix="Set own answers (on_policy) to 0.",
            code="distill.on_policy",
        )


def require_inside(spec: DistillSpec, job: JobContext) -> None:
    """Matching needs a teacher that reads the student's tokens, and hidden states one of the same width.

    Raises:
        InputError: The teacher is none of that.
    """
    folder = job.input(spec.teachers[0])
    said = records.describe(folder)
    exported = said.format == "onnx"
    theirs, ours = _vocabularies(spec, job)
    widths = (0, 0) if exported else tuple(merging.root_shape(job, id).hidden for id in _pair(spec))
    found = compatibility.obstacles(
        said.name or "The teacher",
        exported=exported,
        foreign=len(ours.keys() - theirs.keys()),
        widths=(widths[0], widths[1]),
    )
    for part, finding in found.items():
        if getattr(spec, part):
            raise _unmatched(finding.what, finding.fix)


def _pair(spec: DistillSpec) -> tuple[str, str]:
    return spec.teachers[0], spec.model


def _vocabularies(spec: DistillSpec, job: JobContext) -> tuple[dict[str, int], dict[str, int]]:
    """The teacher's and the student's."""
    theirs, ours = (
        teacher.load_tokenizer(job.input(id), keep_system=spec.default_system).get_vocab()
        for id in _pair(spec)
    )
    return theirs, ours


def loader(spec: DistillSpec, job: JobContext, prepared: Prepared) -> Load:
    """Loads the teacher when it is first needed, once."""
    found: list[TorchTeacher] = []

    def load() -> TorchTeacher:
        if not found:
            found.append(teacher.load_torch(job, spec.teachers[0], prepared.train.usable, prepared.decisions))
        return found[0]

    return load


def own_answers(spec: DistillSpec, job: JobContext, prepared: Prepared, load: Load) -> OwnAnswers:
    """The student's answers, and the teacher that judges them."""
    stop = stop_ids(prepared.tokenizer, [job.input(spec.model)])
    top_k = entries(spec.top_k, int(prepared.model.config.vocab_size))

    def judge() -> TorchTeacher:
        job.log("The teacher is in memory to judge the student's own answers.")
        return load()

    return OwnAnswers(judge, top_k, spec.temperature, stop)


def matching_inside(spec: DistillSpec, job: JobContext, prepared: Prepared, load: Load) -> Matching:
    """What brings both together inside.

    Raises:
        InputError: One of them is built in a way that cannot be watched.
    """
    job.log("The teacher stays in memory while the student learns, to be matched inside.")
    live, student = load(), prepared.model
    packed = student.config._attn_implementation == packed_attention.NAME
    if (packed and not live.packed) or (spec.attention_weight and not packed):
        raise _unmatched(
            "The attention of one of them is of a kind that this program cannot follow.",
            "Set attention_weight to 0." if not packed else "Set hidden_weight and attention_weight to 0.",
        )
    layers = [len(matching.layers_of(model)) for model in (student, live.model)]
    widths = [int(model.config.get_text_config().hidden_size) for model in (student, live.model)]
    if spec.hidden_weight and (not all(layers) or widths[0] != widths[1]):
        raise _unmatched(
            f"Their hidden states are {widths[0]:,} and {widths[1]:,} numbers wide, in {layers[0]} and "
            f"{layers[1]} layers.",
            "Set hidden_weight to 0.",
        )
    kept = _kept(spec, job, *layers)
    theirs = teacher.load_tokenizer(job.input(spec.teachers[0]), keep_system=spec.default_system)
    if spec.hidden_weight:
        how = "those that it was cut out of" if kept else "layers evenly spread over the teacher's"
        job.log(f"The hidden states of the student's {layers[0]} layers are matched with {how}.")
    return Matching(
        live.model,
        matching.layer_pairs(layers[0], layers[1], kept) if spec.hidden_weight else (),
        carried(prepared.tokenizer, theirs),
        hidden_weight=spec.hidden_weight,
        attention_weight=spec.attention_weight,
        bf16=live.bf16,
    )


def _kept(spec: DistillSpec, job: JobContext, student: int, teacher: int) -> list[int]:
    """The teacher's layers that the student was cut down to; empty where it was not cut out of it."""
    path = merging.root(job, spec.model) / REPORT
    if not path.is_file():
        return []
    cut: Any = records.read_json(path).get("layers")
    fits = isinstance(cut, dict) and cut.get("before") == teacher and len(cut.get("kept", ())) == student
    return [int(at) for at in cut["kept"]] if fits else []


def _unmatched(why: str, fix: str) -> InputError:
    return InputError(
        "Teacher and student cannot be matched inside.", why=why, fix=fix, code="distill.inside"
    )
