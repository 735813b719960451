"""Spec of the job that has a teacher write examples."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import model_validator

from core.specs.base import SEED_HELP, THREADS_HELP, Option, Spec

#: What the teacher is asked to do; `auto` takes what the data teaches.
Preset = Literal[
    "classification",
    "extraction",
    "question_answering",
    "conversation",
    "inference",
    "mathematics",
    "summarization",
    "generation",
]
PresetChoice = Literal["auto", Preset]
PromptSource = Literal["prompts", "seeds", "documents"]
#: Fields that decide how many answers there are and which are kept, but not what is asked and answered.
_BESIDE_ANSWERS = frozenset(
    {
        "rows",
        "answers_per_prompt",
        "min_characters",
        "max_characters",
        "drop_cut",
        "drop_refusals",
        "drop_near_duplicates",
        "valid_json",
        "check_label",
        "agreement",
        "judge_at_least",
        "concurrency",
        "requests_per_minute",
        "timeout_s",
        "budget",
        "max_tokens_total",
        "with_rows",
        "validation_fraction",
        "threads",
    }
)


class GenerateSpec(Spec):
    """Makes a new data set whose answers a teacher wrote: a model of the library, here or at an endpoint."""

    kind: ClassVar[str] = "generate"
    title: ClassVar[str] = "Generate data"

    teacher: str = Option(label="Teacher", help="The model that answers: one of yours, or an endpoint.")
    data: str = Option(label="Data", help="The data whose prompts, examples or documents are used.")
    like: str | None = Option(
        None,
        label="Like",
        help="For questions without answers: data of yours whose task, labels and instruction the answers "
        "follow, and whose test rows the new data keeps; empty asks by the task alone.",
    )
    source: PromptSource = Option(
        "prompts",
        label="Questions",
        help="prompts asks the data's own training prompts; seeds has the teacher make up new ones after "
        "examples of the data; documents has it ask and answer about pieces of plain documents.",
    )
    task: PresetChoice = Option(
        "auto", label="Task", help="What the teacher is told to do; auto takes what the data teaches."
    )
    rows: int = Option(
        100,
        label="Rows",
        help="How many prompts are asked, drawn by chance where the data has more.",
        ge=1,
        le=1_000_000,
    )
    answers_per_prompt: int = Option(
        1, label="Answers a prompt", help="How often each prompt is answered.", ge=1, le=32
    )
    turns: int = Option(
        2,
        label="Turns",
        help="In conversations: how many questions are asked; the teacher plays the user too.",
        advanced=True,
        ge=1,
        le=16,
    )
    examples: int = Option(
        3,
        label="Examples shown",
        help="With seeds: how many rows of the data the teacher sees before it makes up a new one.",
        unit="rows",
        advanced=True,
        ge=1,
        le=20,
    )
    chunk_characters: int = Option(
        2000,
        label="Piece of a document",
        help="With documents: about how long a piece is; it ends at a paragraph or a sentence.",
        unit="characters",
        advanced=True,
        ge=200,
        le=50_000,
    )
    system: str = Option(
        "", label="System line", help="What the teacher is told first; empty takes the line of the task."
    )
    as_learnt: bool = Option(
        False,
        label="As it learnt",
        help="Asks a model of yours without a line before, as it learnt this very task.",
        advanced=True,
    )
    temperature: float = Option(
        0.7, label="Temperature", help="0 always gives the likeliest answer; higher varies.", ge=0.0, le=2.0
    )
    top_p: float = Option(
        1.0,
        label="Top p",
        help="Draws only from the likeliest words that together have this share; 1 draws from all.",
        advanced=True,
        gt=0.0,
        le=1.0,
    )
    max_new_tokens: int = Option(
        256, label="Longest answer", help="An answer is cut here.", unit="tokens", ge=1, le=32768
    )
    min_characters: int = Option(
        1, label="Shortest kept", help="Shorter answers are dropped.", unit="characters", advanced=True, ge=0
    )
    max_characters: int | None = Option(
        None,
        label="Longest kept",
        help="Longer answers are dropped; empty keeps all.",
        unit="characters",
        advanced=True,
        ge=1,
    )
    drop_cut: bool = Option(
        True,
        label="Drop cut answers",
        help="Drops answers that reached the longest length before they ended.",
        advanced=True,
    )
    drop_refusals: bool = Option(
        True, label="Drop refusals", help="Drops answers that say that the teacher cannot or will not answer."
    )
    drop_near_duplicates: float | None = Option(
        0.9,
        label="Drop near-duplicates",
        help="Drops rows that are so like an earlier one (0 to 1) with the same answer; empty keeps them.",
        advanced=True,
        ge=0.5,
        le=1.0,
    )
    valid_json: bool = Option(
        True,
        label="Valid JSON",
        help="In extraction: drops answers that are no JSON object.",
        advanced=True,
    )
    check_label: bool = Option(
        False,
        label="Check against the data",
        help="Drops answers that differ from the data's own answer to that prompt; in mathematics the final "
        "figure counts.",
    )
    agreement: float = Option(
        0.0,
        label="Agreement",
        help="Of several answers to a prompt, keeps the most frequent if this share agrees; 0 keeps all.",
        ge=0.0,
        le=1.0,
    )
    judge_at_least: int | None = Option(
        None,
        label="Judge",
        help="Has the teacher rate each answer from 1 to 5, and drops those below this; empty rates none.",
        ge=1,
        le=5,
    )
    rubric: str = Option(
        "", label="Rubric", help="What the judge looks at; empty takes the usual one.", advanced=True
    )
    concurrency: int = Option(
        4,
        label="At once",
        help="With an endpoint: how many requests are under way at once.",
        unit="requests",
        advanced=True,
        ge=1,
        le=64,
    )
    requests_per_minute: int | None = Option(
        None,
        label="Requests a minute",
        help="With an endpoint: no more than so many; empty sets no limit.",
        advanced=True,
        ge=1,
        le=100_000,
    )
    timeout_s: float = Option(
        120.0,
        label="Patience",
        help="With an endpoint: how long one answer may take before it is asked for again.",
        unit="seconds",
        advanced=True,
        gt=0.0,
        le=3600.0,
    )
    budget: float | None = Option(
        None,
        label="Budget",
        help="Hard limit of what this may cost by the endpoint's prices; what there is by then is kept.",
        gt=0.0,
    )
    max_tokens_total: int | None = Option(
        None,
        label="Tokens in all",
        help="Hard limit of tokens in prompts and answers together; what there is by then is kept.",
        unit="tokens",
        advanced=True,
        ge=1,
    )
    with_rows: bool = Option(
        False,
        label="With answered rows",
        help="The new data also has the rows that it follows: those of `like`, or with seeds the data's own. "
        "So people's answers and the teacher's are learnt together.",
    )
    validation_fraction: float = Option(
        0.1,
        label="Validation share",
        help="Share of the new rows watched while learning.",
        advanced=True,
        ge=0.0,
        le=0.5,
    )
    seed: int = Option(17, label="Seed", help=SEED_HELP, advanced=True, ge=0)
    threads: int | None = Option(None, label="Threads", help=THREADS_HELP, advanced=True, ge=1, le=1024)

    @model_validator(mode="after")
    def _goes_together(self) -> GenerateSpec:
        if self.answers_per_prompt > 1 and not self.temperature:
            raise ValueError("several answers to a prompt are all the same at temperature 0")
        if self.agreement and self.answers_per_prompt < 2:
            raise ValueError("agreement needs several answers to a prompt (answers_per_prompt)")
        if self.agreement and self.source == "documents":
            raise ValueError("each answer about a document has a question of its own, so none can agree")
        if self.like is not None and self.source != "prompts":
            raise ValueError("only questions of your own can be answered like other data (source=prompts)")
        if self.with_rows and self.like is None and self.source != "seeds":
            raise ValueError(
                "answered rows come along only where answers follow data of yours (like), or questions are "
                "made up from examples (source=seeds, with_rows)"
            )
        if self.as_learnt and self.system.strip():
            raise ValueError("a system line and none contradict each other (as_learnt, system)")
        if self.as_learnt and self.source != "prompts":
            raise ValueError("a model has only learnt to answer; it cannot make questions up (as_learnt)")
        if self.check_label and self.source != "prompts":
            raise ValueError("only the data's own prompts have answers to check against (source=prompts)")
        if self.max_characters is not None and self.max_characters < self.min_characters:
            raise ValueError("the longest kept answer is shorter than the shortest (max_characters)")
        return self

    def answers_alike(self, other: GenerateSpec) -> bool:
        """Whether what one run was answered is what the other would be, so that it need not ask again."""
        mine, others = (item.model_dump(exclude=set(_BESIDE_ANSWERS)) for item in (self, other))
        return mine == others

    def may_be_remote(self) -> tuple[str, ...]:
        """The teacher."""
        return (self.teacher,)

    def may_lack_answers(self) -> tuple[str, ...]:
        """The data: the teacher writes them."""
        return (self.data,)

    def inputs(self) -> tuple[str, ...]:
        """The teacher, the data, and what its answers are to be like."""
        return (self.teacher, self.data, *([self.like] if self.like else []))
