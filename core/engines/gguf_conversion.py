"""GGUF → transformers folder, by transformers' own reader, with its four gaps closed.

The gaps: it refuses to save a model that came from GGUF until the weights sit in a model whose configuration
has no `quantization_config`; it drops the pre-tokenizer that the file names; it takes each head of Qwen 3 for
one of 128 numbers; and it trusts declared sizes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

from numpy.typing import NDArray

from core.errors import InputError
from core.models import architectures

if TYPE_CHECKING:
    from gguf import GGUFReader

#: Pre-tokenizers by their GGUF name that transformers' converter gets right, or that we put right below.
_KNOWN_PRE = frozenset({"default", "gpt-2", "smollm", "llama-bpe", "qwen2"})


@dataclass(frozen=True)
class GgufFacts:
    """What the file says about itself."""

    architecture: str
    quantization: str
    licence: str
    pre_tokenizer: str
    reader: GGUFReader


def inspect(path: Path) -> GgufFacts:
    """Reads the file's keys and compares every tensor's place with the file's length.

    Raises:
        InputError: The file is damaged, or of a family we do not support.
    """

    def refuse(why: str, fix: str) -> InputError:
        return InputError(f"{path} cannot be added.", why=why, fix=fix)

    try:
        reader = _reader(path)
        fields = {key: field.contents() for key, field in reader.fields.items() if "tokens" not in key}
        size = path.stat().st_size
        types: Counter[str] = Counter()
        for tensor in reader.tensors:
            if int(tensor.data_offset) + int(tensor.n_bytes) > size:
                raise refuse(f"The tensor {tensor.name!r} lies beyond its end.", "Download the file again.")
            types[tensor.tensor_type.name] += int(tensor.n_elements)
    except InputError:
        raise
    except Exception as error:  # the reader indexes into the file without checks; any error means damage
        raise refuse(f"The file is damaged ({type(error).__name__}).", "Download the file again.") from error
    family = str(fields.get("general.architecture", ""))
    if family not in architectures.GGUF:
        raise refuse(
            f"It holds the architecture {family!r}, which cannot be converted.",
            f"Choose one of: {', '.join(architectures.GGUF)}; or get the model as a transformers folder.",
        )
    pre = str(fields.get("tokenizer.ggml.pre", "default"))
    if fields.get("tokenizer.ggml.model") == "gpt2" and pre not in _KNOWN_PRE:
        raise refuse(
            f"Its tokenizer splits text in a way ({pre}) that the conversion does not keep.",
            "Get the model as a transformers folder instead.",
        )
    return GgufFacts(
        architecture=architectures.GGUF[family],
        quantization=types.most_common(1)[0][0] if types else "unknown",
        licence=str(fields.get("general.license", "unknown")),
        pre_tokenizer=pre,
        reader=reader,
    )


def _reader(path: Path) -> GGUFReader:
    """The file's reader on a plain array: on the library's memory map it slices four times as slowly."""
    import gguf
    import numpy as np

    class Reader(gguf.GGUFReader):
        def _get(self, *args: Any, **kwargs: Any) -> NDArray[Any]:
            self.data: Any = self.data.view(np.ndarray)
            found: NDArray[Any] = super()._get(*args, **kwargs)
            return found

    return Reader(path)


def load(path: Path, facts: GgufFacts) -> tuple[Any, Any]:
    """The file's tokenizer and its model in fp32.

    Raises:
        InputError: transformers cannot read it.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    source: dict[str, Any] = {
        "pretrained_model_name_or_path": path.parent,
        "gguf_file": path.name,
        "local_files_only": True,
        "trust_remote_code": False,
    }
    try:
        with _read_once(facts.reader):
            tokenizer = AutoTokenizer.from_pretrained(**source)
            read = AutoModelForCausalLM.from_pretrained(**source, dtype=torch.float32)
    except Exception as error:
        raise InputError(
            f"{path} cannot be converted.",
            why=f"{type(error).__name__}: {str(error).splitlines()[0][:200]}",
            fix="Get the model as a transformers folder instead.",
            details=str(error),
        ) from error
    _restore_pre_tokenizer(tokenizer, facts.pre_tokenizer)
    return tokenizer, read


def convert(path: Path, facts: GgufFacts, folder: Path) -> None:
    """Writes config, tokenizer, template and bfloat16 weights into `folder`."""
    import torch
    from transformers import AutoModelForCausalLM

    tokenizer, read = load(path, facts)
    config = type(read.config).from_dict(
        {
            key: value
            for key, value in read.config.to_dict().items()
            if key not in ("quantization_config", "_name_or_path")
        }
    )
    fresh: Any = AutoModelForCausalLM
    with torch.device("meta"):  # its weights come from the file; random ones first would take seconds
        model = fresh.from_config(config, dtype=torch.float32)
    model.load_state_dict(read.state_dict(), assign=True)
    model.tie_weights()
    model.generation_config = read.generation_config
    model.to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


@contextmanager
def _read_once(reader: GGUFReader) -> Iterator[None]:
    """Transformers parses the file three times, and builds the table of names anew for every tensor."""
    import gguf
    from transformers.modeling_gguf_pytorch_utils import GGUF_TO_TRANSFORMERS_MAPPING as MAPPING

    names = lru_cache(gguf.get_tensor_name_map)
    with (
        mock.patch.dict(MAPPING["config"]["qwen3"], {"attention.key_length": "head_dim"}),
        mock.patch.object(gguf, "GGUFReader", return_value=reader),
        mock.patch.object(gguf, "get_tensor_name_map", names),
    ):
        yield


def _restore_pre_tokenizer(tokenizer: Any, pre: str) -> None:
    """SmolLM cuts numbers into digits before byte-level BPE; the converter leaves that out."""
    if pre != "smollm":
        return
    from tokenizers import pre_tokenizers

    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
