"""A graph that tells what comes after a prompt's last position alone, changed to tell it of every position.

The builder's `prune_lm_head` cuts all positions but the last off before the output layer. Scores need them.
"""

from __future__ import annotations

from pathlib import Path

_CUT = "/lm_head/prune/"


def read(path: Path) -> bytes | None:
    """The graph without the cut, its weights still where they are; None where there is no cut.

    Raises:
        OSError: The file cannot be read.
    """
    import onnx

    model = onnx.load(str(path), load_external_data=False)
    cut = [node for node in model.graph.node if node.name.startswith(_CUT)]
    if not cut:
        return None
    whole, last = cut[0].input[0], cut[-1].output[0]
    for node in cut:
        model.graph.node.remove(node)
    for node in model.graph.node:
        for at, name in enumerate(node.input):
            if name == last:
                node.input[at] = whole
    behind = [value for value in model.graph.value_info if value.name.startswith("/lm_head/")]
    for value in behind:  # they are described as one position long
        model.graph.value_info.remove(value)
    (logits,) = (value for value in model.graph.output if value.name == "logits")
    logits.type.tensor_type.shape.dim[1].dim_param = "sequence_length"
    graph: bytes = model.SerializeToString()
    return graph
