"""Loads what every transformers model or adapter needs, for processes that begin as copies of this one."""

from core.engines.seal import seal, without_four_bit

seal()
without_four_bit()

import peft  # noqa: E402, F401
from transformers import AutoModelForCausalLM, LlamaForCausalLM  # noqa: E402, F401

from core.engines.runtimes import torch_runtime  # noqa: E402, F401
