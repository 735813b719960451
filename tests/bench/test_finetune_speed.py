"""Rows a second against the plain Trainer with PEFT at its defaults: same ids, labels, order, rate, batch."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, Trainer, TrainingArguments
from transformers.data.data_collator import pad_without_fast_tokenizer_warning

from core.data import starter
from core.data.dataset import Dataset, build
from core.engines import add_model
from core.engines.training import examples, packing, precision, weights
from core.engines.training.templates import IGNORED, without_default_system
from core.engines.training.trainer import Plan, WorkbenchTrainer
from core.specs import AddModelSpec, ImportDataSpec
from tests.core.engines import tiny

ROWS, BATCH, ROUNDS, RATE = 256, 16, 5, 8e-4
STEPS = ROWS // BATCH

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The starter model's folder and 256 rows as ids and labels."""
    folder = tmp_path_factory.mktemp("bench")
    job, _out = tiny.job(folder / "add")
    add_model.run(AddModelSpec(source="starter", name="starter"), job)
    base = folder / "add" / "out" / "model"
    (folder / "d").mkdir()
    build(
        ImportDataSpec(source=str(starter.train()), name="b", test_source=str(starter.test())), folder / "d"
    )
    tokenizer = weights.load_tokenizer(base)
    tokenizer.chat_template = without_default_system(tokenizer).template
    *_, found = examples.encode(Dataset(folder / "d"), "train", tokenizer, 512)
    torch.set_num_threads(torch.get_num_threads())
    return folder, base, tokenizer, found.usable[:ROWS]


class PlainTrainer(Trainer):
    """The peer, with nothing of ours but the order of the rows."""

    def _get_train_sampler(self, *_args: object) -> Iterable[int]:
        order = packing.ShuffledBatches(len(self.train_dataset), BATCH, seed=17)
        return [index for step in order for index in step]

    def training_step(self, *args, **kwargs):
        loss = super().training_step(*args, **kwargs)
        self.losses.append(float(loss))
        self.times.append(time.perf_counter())
        return loss


def plain(folder, base, tokenizer, rows, **loading):
    """Losses and step end times of the plain Trainer."""
    model = AutoModelForCausalLM.from_pretrained(base, **loading)
    torch.manual_seed(17)
    model = get_peft_model(
        model,
        LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM"),
    )

    def collate(chosen):
        longest = max(len(row["labels"]) for row in chosen)
        labels = [row["labels"] + [IGNORED] * (longest - len(row["labels"])) for row in chosen]
        ids = [{"input_ids": row["input_ids"], "attention_mask": row["attention_mask"]} for row in chosen]
        tokenizer.padding_side = "right"
        padded = pad_without_fast_tokenizer_warning(tokenizer, ids, return_tensors="pt")
        return {**padded, "labels": torch.tensor(labels)}

    data = [{"input_ids": r.ids, "attention_mask": [1] * len(r.ids), "labels": r.labels} for r in rows]
    trainer = PlainTrainer(
        model=model,
        train_dataset=data,
        data_collator=collate,
        args=TrainingArguments(
            output_dir=str(folder / "plain"),
            per_device_train_batch_size=BATCH,
            max_steps=len(rows) // BATCH,
            learning_rate=RATE,
            lr_scheduler_type="cosine",
            use_cpu=True,
            report_to="none",
            save_strategy="no",
            disable_tqdm=True,
            seed=17,
        ),
    )
    trainer.losses, trainer.times = [], []
    trainer.train()
    return trainer.losses, trainer.times


def ours(folder, base, _tokenizer, rows, bf16):
    """Losses and step end times of this program's trainer."""
    dtype = torch.bfloat16 if bf16 else torch.float32
    model = AutoModelForCausalLM.from_pretrained(base, dtype=dtype)
    assert packing.prepare(model, rows)
    model = weights.attach_lora(model, rank=16, alpha=32, dropout=0.0, base_name="b", seed=17)
    plan = Plan(
        steps=len(rows) // BATCH,
        steps_per_epoch=len(rows) // BATCH,
        batch_size=BATCH,
        pack_tokens=packing.PACK_TOKENS,
        learning_rate=RATE,
        warmup_steps=0,
        weight_decay=0.0,
        bf16=bf16,
        checkpoint_every=10 * STEPS,
        validate_every=10 * STEPS,
        seed=17,
    )
    job, _out = tiny.job(folder / f"ours-{time.time_ns()}")
    losses, times = [], []

    class Timed(WorkbenchTrainer):
        def training_step(self, *args, **kwargs):
            loss = super().training_step(*args, **kwargs)
            losses.append(float(loss))
            times.append(time.perf_counter())
            return loss

    Timed(model, plan, job, rows, [], lambda step: None, ("s", "d", "m")).train()
    return losses, times


def rows_per_s(times):
    """Over all steps but the first, which warms up."""
    return BATCH * (len(times) - 1) / (times[-1] - times[0])


def test_training_is_at_least_twice_as_fast_with_the_same_losses(lab, capsys):
    bf16 = precision.choose(precision.race()) == "bf16"
    speeds: dict[str, list[float]] = {"plain Trainer + PEFT": [], "this program": []}
    for _ in range(ROUNDS):
        peer_losses, times = plain(*lab)
        speeds["plain Trainer + PEFT"].append(rows_per_s(times))
        our_losses, times = ours(*lab, bf16)
        speeds["this program"].append(rows_per_s(times))

    medians = {name: statistics.median(values) for name, values in speeds.items()}
    ratio = medians["this program"] / medians["plain Trainer + PEFT"]
    with capsys.disabled():
        print(
            f"\n{ROWS} rows, batch {BATCH}, {torch.get_num_threads()} threads, {'bf16' if bf16 else 'fp32'}"
        )
        for name, values in speeds.items():
            spread = f"median of {ROUNDS}; {min(values):.2f}…{max(values):.2f}"
            print(f"{name:<22}{medians[name]:8.2f} rows/s  ({spread})")
        print(f"{'ratio':<22}{ratio:8.2f}")
        ends = [round(losses[at], 4) for losses in (peer_losses, our_losses) for at in (0, -1)]
        print("loss, first and last step:", ends)
    assert abs(our_losses[0] - peer_losses[0]) < 0.02 * peer_losses[0]
    assert abs(statistics.mean(our_losses) - statistics.mean(peer_losses)) < 0.05 * statistics.mean(
        peer_losses
    )
    assert ratio >= 2


def test_the_losses_are_the_plain_ones_in_fp32(lab):
    """Without bf16 nothing but the order of sums differs."""
    folder, base, tokenizer, rows = lab
    peer_losses, _times = plain(folder, base, tokenizer, rows[:64], dtype=torch.float32)
    our_losses, _times = ours(folder, base, tokenizer, rows[:64], bf16=False)
    for peer, our in zip(peer_losses, our_losses, strict=True):
        assert abs(peer - our) < 5e-3 * peer
