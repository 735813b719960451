"""Rows a second against transformers' Trainer with PEFT and TRL's SFTTrainer, each at its defaults.

Same token ids, labels, order, learning rate and batch; the model's full chat template with its default system
line. Rounds are short and the contenders take turns, so that a busy neighbour hits all alike.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, Trainer, TrainerCallback, TrainingArguments
from transformers.data.data_collator import pad_without_fast_tokenizer_warning

from core.data import starter
from core.data.dataset import Dataset, build
from core.engines import add_model, tokenizing
from core.engines.training import adapters, examples, packing, precision
from core.engines.training.templates import IGNORED
from core.engines.training.trainer import Plan, WorkbenchTrainer
from core.specs import AddModelSpec, FinetuneSpec, ImportDataSpec
from tests.core.engines import tiny

ROWS, BATCH, RATE = 256, 16, 8e-4
ROUNDS, ROUND_ROWS = 5, 48  # one step warms up, two are timed
LEARNT_ROWS = 128  # for the validation loss after learning
VALIDATION_ROWS = 64

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]
PLAN = Plan(
    steps=0,
    steps_per_epoch=0,
    batch_size=BATCH,
    pack_tokens=packing.PACK_TOKENS,
    learning_rate=RATE,
    warmup_steps=0,
    weight_decay=0.0,
    bf16=False,
    checkpoint_every=10_000,
    validate_every=10_000,
    seed=17,
)
SPEC = FinetuneSpec(model="m", data="d", lora_rank=16, lora_alpha=32, lora_dropout=0.0, seed=17)


@dataclass
class Lab:
    """The starter model's folder and 256 Banking77 rows as ids and labels."""

    folder: object
    base: object
    tokenizer: object
    rows: list
    validation: list


@dataclass
class Trained:
    """Losses and end times of the steps, and the loss on the validation rows afterwards."""

    losses: list[float] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    validation_loss: float = 0.0

    @property
    def rows_per_s(self) -> float:
        """Over all steps but the first, which warms up."""
        return BATCH * (len(self.times) - 1) / (self.times[-1] - self.times[0])


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench")
    job, _out = tiny.job(folder / "add")
    add_model.run(AddModelSpec(source="starter", name="starter"), job)
    base = folder / "add" / "out" / "model"
    (folder / "d").mkdir()
    build(
        ImportDataSpec(source=str(starter.train()), name="b", test_source=str(starter.test())), folder / "d"
    )
    tokenizer = tokenizing.load(base)
    data = Dataset(folder / "d")
    *_, train = examples.encode(data, "train", tokenizer, 512)
    *_, validation = examples.encode(data, "validation", tokenizer, 512)
    return Lab(folder, base, tokenizer, train.usable[:ROWS], validation.usable[:VALIDATION_ROWS])


def validation_loss(model, rows) -> float:
    """Mean loss of the learnt tokens, row by row, by the model itself; the same for every contender."""
    model.eval()
    total = 0.0
    with torch.no_grad():
        for row in rows:
            output = model(input_ids=torch.tensor([row.ids]), labels=torch.tensor([row.labels]))
            total += float(output.loss) * row.targets
    return total / sum(row.targets for row in rows)


def order_of(rows) -> list[int]:
    return [index for step in packing.ShuffledBatches(len(rows), BATCH, seed=17) for index in step]


def in_order(rows) -> list[dict]:
    """The rows as a peer's data set, laid out in the order in which they are learnt."""
    chosen = [rows[index] for index in order_of(rows)]
    return [{"input_ids": r.ids, "attention_mask": [1] * len(r.ids), "labels": r.labels} for r in chosen]


class InOrder:
    """A peer that takes its rows in order and notes when a step ends; nothing else is ours."""

    def _get_train_sampler(self, *_args: object) -> Iterable[int]:
        return range(len(self.train_dataset))

    def training_step(self, *args, **kwargs):
        loss = super().training_step(*args, **kwargs)
        self.trained.losses.append(float(loss))
        return loss


class StepEnds(TrainerCallback):
    def __init__(self, trained: Trained) -> None:
        self.trained = trained

    def on_step_end(self, *_args, **_kwargs) -> None:
        self.trained.times.append(time.perf_counter())


COMMON = {
    "per_device_train_batch_size": BATCH,
    "learning_rate": RATE,
    "lr_scheduler_type": "cosine",
    "use_cpu": True,
    "report_to": "none",
    "save_strategy": "no",
    "disable_tqdm": True,
    "seed": 17,
}
LORA = {"r": 16, "lora_alpha": 32, "target_modules": "all-linear", "task_type": "CAUSAL_LM"}


def plain(lab: Lab, rows, **loading) -> Trained:
    """transformers' Trainer with PEFT."""
    trained = Trained()
    model = AutoModelForCausalLM.from_pretrained(lab.base, **loading)
    torch.manual_seed(17)
    model = get_peft_model(model, LoraConfig(**LORA))

    def collate(chosen):
        longest = max(len(row["labels"]) for row in chosen)
        labels = [row["labels"] + [IGNORED] * (longest - len(row["labels"])) for row in chosen]
        ids = [{key: row[key] for key in ("input_ids", "attention_mask")} for row in chosen]
        lab.tokenizer.padding_side = "right"
        padded = pad_without_fast_tokenizer_warning(lab.tokenizer, ids, return_tensors="pt")
        return {**padded, "labels": torch.tensor(labels)}

    class Peer(InOrder, Trainer):
        pass

    peer = Peer(
        model=model,
        train_dataset=in_order(rows),
        data_collator=collate,
        callbacks=[StepEnds(trained)],
        args=TrainingArguments(output_dir=str(lab.folder / "plain"), max_steps=len(rows) // BATCH, **COMMON),
    )
    peer.trained = trained
    peer.train()
    trained.validation_loss = validation_loss(peer.model, lab.validation)
    return trained


def trl(lab: Lab, rows, **loading) -> Trained:
    """TRL's SFTTrainer on rows that are tokens already."""
    datasets = pytest.importorskip("datasets")
    sft = pytest.importorskip("trl")
    precise = {"bf16": False} if loading else {}
    trained = Trained()
    torch.manual_seed(17)

    class Peer(InOrder, sft.SFTTrainer):
        pass

    peer = Peer(
        model=AutoModelForCausalLM.from_pretrained(lab.base, **loading),
        processing_class=lab.tokenizer,
        train_dataset=datasets.Dataset.from_list(
            [{"input_ids": row["input_ids"], "labels": row["labels"]} for row in in_order(rows)]
        ),
        peft_config=LoraConfig(**LORA),
        callbacks=[StepEnds(trained)],
        args=sft.SFTConfig(
            output_dir=str(lab.folder / "trl"), max_steps=len(rows) // BATCH, **COMMON, **precise
        ),
    )
    peer.trained = trained
    peer.train()
    trained.validation_loss = validation_loss(peer.model, lab.validation)
    return trained


def ours(lab: Lab, rows, *, bf16: bool) -> Trained:
    """This program's trainer."""
    trained = Trained()
    model = AutoModelForCausalLM.from_pretrained(lab.base, dtype=torch.bfloat16 if bf16 else torch.float32)
    assert packing.prepare(model, rows)
    model = adapters.attach(model, SPEC, "lora", "b")
    plan = replace(PLAN, steps=len(rows) // BATCH, steps_per_epoch=len(rows) // BATCH, bf16=bf16)
    job, _out = tiny.job(lab.folder / f"ours-{time.time_ns()}")

    class Timed(WorkbenchTrainer):
        def training_step(self, *args, **kwargs):
            loss = super().training_step(*args, **kwargs)
            trained.losses.append(float(loss))
            return loss

    trainer = Timed(model, plan, job, rows, [], lambda step: None, ("s", "d", "m"))
    trainer.add_callback(StepEnds(trained))
    trainer.train()
    model.set_attn_implementation("sdpa")
    trained.validation_loss = validation_loss(model, lab.validation)
    return trained


def show(capsys, lines: Iterable[str]) -> None:
    with capsys.disabled():
        print("\n" + "\n".join(lines))


def test_lora_learns_three_times_the_rows_a_second_of_its_peers(lab, capsys):
    bf16 = precision.choose(precision.race()) == "bf16"
    loading = {} if bf16 else {"dtype": torch.float32}
    contenders: dict[str, Callable[[list], Trained]] = {
        "transformers Trainer + PEFT": lambda rows: plain(lab, rows, **loading),
        "TRL SFTTrainer": lambda rows: trl(lab, rows, **loading),
        "this program": lambda rows: ours(lab, rows, bf16=bf16),
    }
    speeds: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(ROUNDS):
        rows = lab.rows[number * ROUND_ROWS :][:ROUND_ROWS]
        for name, train in contenders.items():
            speeds[name].append(train(rows).rows_per_s)
    learnt = {name: train(lab.rows[:LEARNT_ROWS]) for name, train in contenders.items()}

    medians = {name: statistics.median(values) for name, values in speeds.items()}
    mine = medians["this program"]
    gflops = precision.race()
    lines = [
        f"batch {BATCH}, {torch.get_num_threads()} threads, {'bf16' if bf16 else 'fp32'}, {gflops} GFLOP/s"
    ]
    for name, values in speeds.items():
        spread = f"median of {ROUNDS}; {min(values):.2f}…{max(values):.2f}"
        lines.append(
            f"{name:<28}{medians[name]:8.2f} rows/s  {mine / medians[name]:5.2f}×  ({spread})  "
            f"validation loss {learnt[name].validation_loss:.4f}"
        )
    show(capsys, lines)
    our_loss = learnt["this program"].validation_loss
    for name, trained in learnt.items():
        assert abs(trained.losses[0] - learnt["this program"].losses[0]) < 0.02 * trained.losses[0], name
        assert abs(trained.validation_loss - our_loss) < 0.05 * our_loss, name
    assert mine >= 3.0 * medians["transformers Trainer + PEFT"]
    assert mine >= 3.0 * medians["TRL SFTTrainer"]


def test_the_losses_are_the_plain_ones_in_fp32(lab):
    """Without bf16 nothing but the order of sums differs."""
    rows = lab.rows[:64]
    peer, mine = plain(lab, rows, dtype=torch.float32), ours(lab, rows, bf16=False)
    for theirs, our in zip(peer.losses, mine.losses, strict=True):
        assert abs(theirs - our) < 5e-3 * theirs


def test_full_training_reaches_half_of_the_matrix_peak(lab, capsys):
    """Useful operations a second over the peak of a matrix product, measured in the same minute."""
    bf16 = precision.choose(precision.race()) == "bf16"
    shares = []
    for number in range(ROUNDS):
        model = AutoModelForCausalLM.from_pretrained(lab.base, dtype=torch.float32)
        rows = lab.rows[number * ROUND_ROWS :][:ROUND_ROWS]
        assert packing.prepare(model, rows)
        plan = replace(PLAN, steps=len(rows) // BATCH, steps_per_epoch=3, bf16=bf16, learning_rate=5e-5)
        job, _out = tiny.job(lab.folder / f"full-{time.time_ns()}")
        trained = Trained()
        trainer = WorkbenchTrainer(model, plan, job, rows, [], lambda step: None, ("s", "d", "m"))
        trainer.add_callback(StepEnds(trained))
        trainer.train()
        peak = precision.race()["bf16" if bf16 else "fp32"]
        body = sum(p.numel() for p in model.model.layers.parameters())
        steps = [
            packing.batch([rows[i] for i in step]) for step in packing.ShuffledBatches(len(rows), BATCH, 17)
        ]
        done = sum(
            pack.ids.shape[1] * body + pack.targets.numel() * model.lm_head.weight.numel()
            for step in steps[1:]
            for pack in step.packs
        )
        shares.append(6 * done / (trained.times[-1] - trained.times[0]) / 1e9 / peak)
    show(
        capsys,
        [
            f"full fine-tuning, {'bf16' if bf16 else 'fp32'}: {statistics.median(shares):.0%} of the "
            f"matrix peak (median of {ROUNDS}; {min(shares):.0%}…{max(shares):.0%})"
        ],
    )
    assert statistics.median(shares) >= 0.5
