"""The network that was fitted on public traces: inputs in, a mixture around the anchors out."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from foreload_core.density.mixture import Mixture

Floats = NDArray[np.float32]
FORMAT = "foreload-density-1"
FREE_REACH = 4.0
"""Components without an anchor reach so far from the reference, in log demand."""
LOG_SCALE_MIDDLE, LOG_SCALE_REACH = -3.35, 2.85
MOST_STANDARD = 6.0


@dataclass(frozen=True, slots=True)
class Weights:
    """A fitted network.

    Attributes:
        mean, deviation: of each input.
        matrices, biases: of each layer.
        card: what the file says of itself: what it was fitted on, and when.
    """

    mean: Floats
    deviation: Floats
    matrices: tuple[Floats, ...]
    biases: tuple[Floats, ...]
    card: dict[str, object] = field(default_factory=dict[str, object])

    def outputs(self, inputs: Floats) -> Floats:
        """The last layer, (rows, outputs)."""
        hidden = (inputs - self.mean) / self.deviation
        np.minimum(np.maximum(hidden, -MOST_STANDARD, out=hidden), MOST_STANDARD, out=hidden)
        last = len(self.matrices) - 1
        for number, (matrix, bias) in enumerate(zip(self.matrices, self.biases, strict=True)):
            hidden = hidden @ matrix + bias
            if number < last:
                hidden = hidden / (1.0 + np.exp(-hidden))
        return hidden


def mixture_of(outputs: Floats, anchors: Floats, reference: Floats) -> Mixture:
    """The mixture that the network's outputs mean, before what was learned online.

    Args:
        outputs: (rows, 3 x components): place, log scale, log weight.
        anchors: (rows, anchors).
        reference: log demand that all places are relative to, one a row.
    """
    count = outputs.shape[1] // 3
    moved = np.tanh(outputs[:, : 2 * count])
    place, log_scale, weight = moved[:, :count], moved[:, count:], outputs[:, 2 * count :]
    anchored = anchors.shape[1]
    centre = np.empty(place.shape, np.float32)
    centre[:, :anchored] = anchors + place[:, :anchored]
    centre[:, anchored:] = reference[:, None] + FREE_REACH * place[:, anchored:]
    scale = np.exp(LOG_SCALE_MIDDLE + LOG_SCALE_REACH * log_scale)
    weight = np.exp(weight - weight.max(axis=1, keepdims=True))
    return Mixture(centre, scale, weight / weight.sum(axis=1, keepdims=True))


def write_weights(weights: Weights) -> bytes:
    """The network as a file: one line of JSON, then all numbers as 16-bit floats."""
    arrays = [weights.mean, weights.deviation, *weights.matrices, *weights.biases]
    head = {"format": FORMAT, "shapes": [list(array.shape) for array in arrays], "card": weights.card}
    return json.dumps(head, sort_keys=True).encode() + b"\n" + b"".join(a.astype("<f2").tobytes() for a in arrays)


def read_weights(content: bytes) -> Weights:
    """What `write_weights` made.

    Raises:
        ValueError: the content is no such file, or is cut off.
    """
    line, _, numbers = content.partition(b"\n")
    try:
        head = json.loads(line)
        shapes: list[list[int]] = head["shapes"]
        if head["format"] != FORMAT:
            raise ValueError(f"the format is {head['format']!r}; allowed is {FORMAT!r}")
    except (UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError) as error:
        raise ValueError("not a file of weights: its first line has to be a JSON object with format, shapes") from error
    expected = 2 * sum(int(np.prod(shape)) for shape in shapes)
    if len(numbers) != expected:
        raise ValueError(f"the weights are {len(numbers)} bytes; expected are {expected}")
    arrays: list[Floats] = []
    place = 0
    for shape in shapes:
        size = int(np.prod(shape))
        arrays.append(np.frombuffer(numbers, "<f2", size, place).astype(np.float32).reshape(shape))
        place += 2 * size
    layers = (len(arrays) - 2) // 2
    return Weights(arrays[0], arrays[1], tuple(arrays[2 : 2 + layers]), tuple(arrays[2 + layers :]), head["card"])
