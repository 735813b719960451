"""Tiny but real: a two-layer Llama with a byte-level BPE tokenizer and a ChatML template, built in a second.

The template adds a system line of its own, as SmolLM2's does.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    GenerationConfig,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)

from core.data.dataset import build
from core.jobs.context import JobContext
from core.models import records
from core.specs import ImportDataSpec
from core.workspace import manifest

SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
SYSTEM_LINE = "<|im_start|>system\nYou are a tiny assistant<|im_end|>\n"
TEMPLATE = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou are a tiny assistant<|im_end|>\n' }}{% endif %}"
    "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
INTENTS = {
    "card_lost": ("I lost my card", "my card is gone", "where is my card, I cannot find it"),
    "top_up": ("how do I top up", "adding money fails", "top up by bank transfer please"),
    "pin_change": ("change my PIN", "I want another PIN number", "how can the pin be changed?"),
}


def rows(count: int) -> list[dict[str, str]]:
    """`count` different questions with their intent."""
    names = list(INTENTS)
    made = []
    for at in range(count):
        label = names[at % len(names)]
        phrases = INTENTS[label]
        made.append({"text": f"{phrases[at // len(names) % len(phrases)]} ({at})", "category": label})
    return made


def tokenizer() -> PreTrainedTokenizerFast:
    """A byte-level BPE of about 400 tokens, trained on the questions."""
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    texts = [*(f"user\n{row['text']}\nassistant\n{row['category']}\n" for row in rows(60)), TEMPLATE]
    backend.train_from_iterator(texts, trainer)
    made = PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token="<|im_start|>",
        eos_token="<|im_end|>",
        pad_token="<|im_end|>",
        unk_token="<|endoftext|>",
    )
    made.chat_template = TEMPLATE
    return made


def model(vocabulary: int, *, seed: int = 5, layers: int = 2, hidden: int = 64) -> LlamaForCausalLM:
    """Two layers if nothing else is said, four heads over two key heads, tied output: 0.1 M parameters."""
    torch.manual_seed(seed)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocabulary,
            hidden_size=hidden,
            intermediate_size=96,
            num_hidden_layers=layers,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=512,
            tie_word_embeddings=True,
            bos_token_id=1,
            eos_token_id=2,
            pad_token_id=2,
        )
    )


def model_folder(folder: Path, *, seed: int = 5, layers: int = 2, hidden: int = 64) -> Path:
    """A model artifact as the library keeps it. Returns its folder."""
    words = tokenizer()
    made = model(len(words), seed=seed, layers=layers, hidden=hidden)
    return keep(folder, made, words, "tiny")


def keep(folder: Path, made: PreTrainedModel, words: PreTrainedTokenizerFast, name: str) -> Path:
    """Writes a model and its tokenizer as an artifact of the library. Returns its folder."""
    folder.mkdir(parents=True)
    made.generation_config = GenerationConfig(bos_token_id=1, eos_token_id=2, pad_token_id=2)
    made.save_pretrained(folder)
    words.save_pretrained(folder)
    records.write(
        folder,
        records.Description(
            format="hf",
            name=name,
            architecture=type(made).__name__,
            parameters=made.num_parameters(),
            context=512,
            licence="Apache-2.0",
            dtype="f32",
        ),
    )
    manifest.write(folder)
    return folder


def data_folder(folder: Path, count: int = 48, *, chosen: list[dict[str, str]] | None = None) -> Path:
    """A data set artifact with all three splits. Returns its folder."""
    source = folder.with_suffix(".csv")
    text = io.StringIO()
    writer = csv.DictWriter(text, ["text", "category"])
    writer.writeheader()
    writer.writerows(chosen or rows(count))
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text(text.getvalue(), encoding="utf-8", newline="")
    folder.mkdir(parents=True)
    build(
        ImportDataSpec(
            source=str(source),
            name="tiny",
            roles={"user": "text", "label": "category"},
            test_fraction=0.2,
            validation_fraction=0.2,
        ),
        folder,
    )
    manifest.write(folder)
    return folder


def job(run: Path, *, resumed: bool = False, **inputs: Path) -> tuple[JobContext, io.StringIO]:
    """A job that writes its events to memory."""
    run.mkdir(parents=True, exist_ok=True)
    out = io.StringIO()
    return JobContext(run, inputs, out, resumed=resumed, threads=1, name="tuned"), out
