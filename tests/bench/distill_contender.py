"""Teaches the student in this process until it keeps enough of its teacher, prints figures as JSON and ends.

Usage: `distill_contender.py LAB CONTENDER`: LAB is the JSON file that `test_distill.py` writes, CONTENDER is
`ours`, `gkd`, or `gkd-kept` (GKD that keeps its activations, for a few steps).
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.engines.seal import seal, without_four_bit

seal()
if sys.argv[2:] == ["ours"]:
    without_four_bit()  # as a worker does for such a job; TRL's side loads what TRL loads
os.environ["TRL_EXPERIMENTAL_SILENCE"] = "1"

import torch  # noqa: E402
from torch.utils.data import DataLoader  # noqa: E402
from transformers import AutoModelForCausalLM, TrainerCallback  # noqa: E402
from transformers.data.data_collator import pad_without_fast_tokenizer_warning  # noqa: E402

from core.engines import distill, tokenizing  # noqa: E402
from core.engines.distilling.trainer import DistillTrainer  # noqa: E402
from core.engines.training import packing  # noqa: E402
from core.engines.training.templates import IGNORED  # noqa: E402
from core.jobs.context import JobContext  # noqa: E402
from core.jobs.sampling import cores, peak_rss_bytes  # noqa: E402
from core.specs import DistillSpec  # noqa: E402


@dataclass(frozen=True)
class Lab:
    """What both sides are given.

    Attributes:
        student: Folder of the model that learns.
        teacher: Folder of the one that teaches.
        base: Folder of the model that it came from.
        data: Folder of the data set.
        rows: Its training rows as ids and labels.
        judged: Validation rows: ids, where the answer's tokens are said, and what the teacher says there.
        batch: Rows a step.
        epochs: Passes over the rows at most.
        rate: Learning rate.
        warmup: Share of the steps in which it rises.
        seed: Of the rows' order.
        look_every: Steps between two looks at the judged rows.
        target: Retention at which the clock stops.
        short: Steps of the contender whose time is only measured.
    """

    student: str
    teacher: str
    base: str
    data: str
    rows: list[tuple[list[int], list[int]]]
    judged: list[tuple[list[int], list[int], list[int]]]
    batch: int
    epochs: int
    rate: float
    warmup: float
    seed: int
    look_every: int
    target: float
    short: int

    @property
    def steps(self) -> int:
        """Steps at most."""
        return self.epochs * -(-len(self.rows) // self.batch)


def retention(model: Any, judged: list[tuple[list[int], list[int], list[int]]]) -> float:
    """Share of the answers' tokens at which the student's first choice is the teacher's."""
    model.eval()
    same = total = 0
    with torch.no_grad():
        for ids, places, said in judged:
            logits = model(input_ids=torch.tensor([ids]), use_cache=False).logits[0]
            same += int((logits[places].argmax(-1) == torch.tensor(said)).sum())
            total += len(said)
    return same / total


class Watch(TrainerCallback):
    """The clock: it runs from before the models are loaded, and stands still while it is looked.

    Args:
        lab: What is learnt, and when it is enough.
        short: Steps after which it ends without ever looking; None looks.
    """

    def __init__(self, lab: Lab, short: int | None = None) -> None:
        self.lab = lab
        self.short = short
        self.losses: list[float] = []
        self.curve: list[tuple[int, float]] = []
        self.ends: list[float] = []
        self._looked_s = self._looked_cpu_s = 0.0
        self._began, self._began_cpu = time.perf_counter(), time.process_time()

    @property
    def seconds(self) -> float:
        """Without looking."""
        return time.perf_counter() - self._began - self._looked_s

    def on_train_begin(self, _args: Any, _state: Any, _control: Any, **kwargs: Any) -> None:
        """What the student knows before."""
        if self.short is None:
            self._look(kwargs["model"], 0)

    def on_step_end(self, _args: Any, state: Any, _control: Any, **kwargs: Any) -> None:
        """Notes the time; ends the process when it is enough."""
        self.ends.append(self.seconds)
        if self.short is not None:
            if state.global_step >= self.short:
                self._end(state.global_step)
            return
        last = state.global_step >= self.lab.steps
        if state.global_step % self.lab.look_every and not last:
            return
        if self._look(kwargs["model"], state.global_step) >= self.lab.target or last:
            self._end(state.global_step)

    def _look(self, model: Any, step: int) -> float:
        began, began_cpu = time.perf_counter(), time.process_time()
        self.curve.append((step, retention(model, self.lab.judged)))
        self._looked_s += time.perf_counter() - began
        self._looked_cpu_s += time.process_time() - began_cpu
        return self.curve[-1][1]

    def _end(self, steps: int) -> None:
        result = {
            "seconds": self.ends[-1],
            "cpu_seconds": time.process_time() - self._began_cpu - self._looked_cpu_s,
            "ends": self.ends,
            "steps": steps,
            "losses": self.losses,
            "curve": self.curve,
            "peak_rss_bytes": peak_rss_bytes(),
        }
        print(json.dumps(result), flush=True)
        os._exit(0)


class NotesLosses:
    """A trainer that notes each step's loss."""

    watch: Watch

    def training_step(self, *args: Any, **kwargs: Any) -> torch.Tensor:
        loss: torch.Tensor = super().training_step(*args, **kwargs)  # type: ignore[misc]
        self.watch.losses.append(float(loss))
        return loss


def ours(lab: Lab) -> None:
    """The program's own job, its asking of the teacher included."""
    watch = Watch(lab)

    class Watched(NotesLosses, DistillTrainer):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.watch = watch
            self.add_callback(watch)

    distill.DistillTrainer = Watched  # type: ignore[misc]
    folder = Path(lab.data).parent / "runs" / f"ours-{time.time_ns()}"
    folder.mkdir(parents=True)
    given = {"m": lab.student, "t": lab.teacher, "b": lab.base, "d": lab.data}
    inputs = {name: Path(path) for name, path in given.items()}
    job = JobContext(folder, inputs, open(os.devnull, "w"), threads=cores(), name="student")  # noqa: SIM115
    spec = DistillSpec(
        model="m",
        data="d",
        teachers=("t",),
        temperature=1.0,
        label_weight=0.0,
        batch_size=lab.batch,
        epochs=lab.epochs,
        learning_rate=lab.rate,
        warmup_ratio=lab.warmup,
        seed=lab.seed,
        precision="fp32",
        default_system=True,
        sample_prompts=0,
        early_stopping=None,
        keep_best=False,
        checkpoint_every=10_000,
        validate_every=10_000,
    )
    distill.run(spec, job)


def gkd(lab: Lab, *, kept: bool) -> None:
    """TRL's trainer on the same rows, off-policy, with the plain forward divergence."""
    from datasets import Dataset
    from trl.experimental.gkd import GKDConfig, GKDTrainer

    watch = Watch(lab, lab.short if kept else None)
    torch.set_num_threads(cores())
    tokenizer = tokenizing.load(Path(lab.student))

    def collate(chosen: list[dict[str, list[int]]]) -> dict[str, torch.Tensor]:
        tokenizer.padding_side = "right"
        found = [
            {"input_ids": row["input_ids"], "attention_mask": [1] * len(row["labels"])} for row in chosen
        ]
        padded = pad_without_fast_tokenizer_warning(tokenizer, found, return_tensors="pt")
        longest = padded["input_ids"].shape[1]
        labels = [row["labels"] + [IGNORED] * (longest - len(row["labels"])) for row in chosen]
        return {**padded, "labels": torch.tensor(labels)}

    class Peer(NotesLosses, GKDTrainer):
        def get_train_dataloader(self) -> DataLoader[Any]:
            order = packing.ShuffledBatches(len(lab.rows), lab.batch, lab.seed)
            return DataLoader(self.train_dataset, batch_sampler=order, collate_fn=collate)

    peer = Peer(
        model=AutoModelForCausalLM.from_pretrained(lab.student, dtype=torch.float32),
        teacher_model=AutoModelForCausalLM.from_pretrained(lab.teacher, dtype=torch.float32),
        processing_class=tokenizer,
        data_collator=collate,
        train_dataset=Dataset.from_list([{"input_ids": ids, "labels": labels} for ids, labels in lab.rows]),
        callbacks=[watch],
        args=GKDConfig(
            output_dir=str(Path(lab.data).parent / "gkd"),
            lmbda=0.0,
            beta=0.0,
            max_steps=lab.steps,
            per_device_train_batch_size=lab.batch,
            learning_rate=lab.rate,
            lr_scheduler_type="cosine",
            warmup_steps=round(lab.warmup * lab.steps),
            bf16=False,
            use_cpu=True,
            report_to="none",
            save_strategy="no",
            disable_tqdm=True,
            seed=lab.seed,
            **({"gradient_checkpointing": False} if kept else {}),
        ),
    )
    peer.watch = watch
    peer.train()


if __name__ == "__main__":
    given = Lab(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    if sys.argv[2] == "ours":
        ours(given)
    else:
        gkd(given, kept=sys.argv[2] == "gkd-kept")
