"""Gemma 3 as the builder should read it.

onnxruntime-genai 0.18 reads its rotation as transformers 4 wrote it; transformers 5 keeps one for the layers
that see everything and one for those with a window. It also stretches both where only the first is stretched.
"""

from __future__ import annotations

from typing import Any

from onnxruntime_genai.models.builders.gemma import Gemma3Model


class Gemma3(Gemma3Model):
    """The builder's class with both rotations taken from where they are."""

    def make_config_init(self, config: Any) -> None:
        """Puts the rotation of the global layers where the builder looks for the only one."""
        kinds = getattr(config, "rope_parameters", None) or {}
        if "full_attention" in kinds:
            config.rope_parameters = dict(kinds["full_attention"])
            config.rope_local_base_freq = kinds["sliding_attention"]["rope_theta"]
        super().make_config_init(config)

    def make_rotary_embedding_multi_cache(self) -> None:
        """The first rotation, then the one of the layers with a window, unstretched."""
        self.cos_cache_global_name, self.sin_cache_global_name = "cos_cache_global", "sin_cache_global"
        self.cos_cache_local_name, self.sin_cache_local_name = "cos_cache_local", "sin_cache_local"
        self.make_rotary_embedding_caches(
            cos_cache_name=self.cos_cache_global_name, sin_cache_name=self.sin_cache_global_name
        )
        self.rope_attrs |= {"create_caches": True, "theta": self.rope_local_theta, "rescale_factors": 1}
        self.make_rotary_embedding_caches(
            cos_cache_name=self.cos_cache_local_name, sin_cache_name=self.sin_cache_local_name
        )
