"""Specs of the jobs that make data sets."""

from __future__ import annotations

from typing import ClassVar, Literal

from core.specs.base import SEED_HELP, THREADS_HELP, Option, Spec

#: What a data set teaches.
Task = Literal[
    "classification",
    "extraction",
    "question_answering",
    "summarization",
    "generation",
    "chat",
    "pretraining",
    "questions",
]
TaskChoice = Literal["auto", Task]
#: The task of data that teaches nothing yet: a teacher is to write the answers.
QUESTIONS: Task = "questions"


class ImportDataSpec(Spec):
    """Reads a file of examples, checks it, splits it in three and keeps it."""

    kind: ClassVar[str] = "import_data"
    title: ClassVar[str] = "Add data"

    source: str = Option(label="File", help="The file with your examples.")
    source_sha256: str = Option("", label="Content hash", help="SHA-256 of the file.", advanced=True)
    name: str = Option(label="Name", help="How you will call this data set.")
    roles: dict[str, str] = Option(
        {}, label="Columns", help="Which column is the question, the answer or the label; empty guesses."
    )
    task: TaskChoice = Option(
        "auto",
        label="Task",
        help="What the examples teach; auto guesses from the columns and what stands in them.",
    )
    instruction: str = Option(
        "",
        label="Instruction",
        help="Line put before every question, such as: Summarize in one sentence. Empty puts none.",
    )
    test_source: str | None = Option(
        None, label="Test file", help="A separate file whose rows are kept for the final figure."
    )
    test_sha256: str = Option("", label="Test hash", help="SHA-256 of the test file.", advanced=True)
    validation_fraction: float = Option(
        0.1,
        label="Validation share",
        help="Share of the training rows watched while learning.",
        advanced=True,
        ge=0.0,
        le=0.5,
    )
    test_fraction: float = Option(
        0.1,
        label="Test share",
        help="Share kept for the final figure when there is no test file.",
        advanced=True,
        ge=0.0,
        le=0.5,
    )
    seed: int = Option(17, label="Seed", help=SEED_HELP, advanced=True, ge=0)


class AugmentSpec(Spec):
    """Makes a new version of a data set with varied copies of its training rows; nothing else changes."""

    kind: ClassVar[str] = "augment"
    title: ClassVar[str] = "Add varied rows"

    data: str = Option(label="Data", help="The data set whose training rows are varied.")
    typos: float = Option(
        0.2,
        label="Rows with typos",
        help="Share of the training rows that get a copy with typing errors in the question; 0 adds none.",
        ge=0.0,
        le=1.0,
    )
    typo_rate: float = Option(
        0.05,
        label="Typos",
        help="Share of a question's letters that are mistyped.",
        advanced=True,
        gt=0.0,
        le=0.5,
    )
    paraphrase_model: str | None = Option(
        None,
        label="Rewriting model",
        help="A model of the library that says questions in other words; empty adds no such rows.",
    )
    paraphrase: float = Option(
        0.5,
        label="Rewritten rows",
        help="Share of the training rows that get a copy in other words, when a model is given.",
        advanced=True,
        gt=0.0,
        le=1.0,
    )
    batch_size: int = Option(
        8, label="Batch", help="Questions rewritten at once.", unit="rows", advanced=True, ge=1, le=256
    )
    seed: int = Option(17, label="Seed", help=SEED_HELP, advanced=True, ge=0)
    threads: int | None = Option(None, label="Threads", help=THREADS_HELP, advanced=True, ge=1, le=1024)

    def inputs(self) -> tuple[str, ...]:
        """The data, and the model that rewrites."""
        return (self.data, self.paraphrase_model) if self.paraphrase_model else (self.data,)
