"""Linear models over hashed blocks of features, as the package's data holds them; numpy alone evaluates them.

A model is one file: a line of JSON, then deflated arrays. For each block, in the order of the header, there is one byte
a place for how much a feature weighs by its rarity (idf), then one signed byte a place and label for the weights.

    {"labels": [...], "temperature": 1.0, "bias": [one a label],
     "blocks": [{"name": "grams", "bits": 14, "weight": 1.0, "idf_scale": 0.04, "scales": [one a label]}, ...]}

A text's features count `1 + log(count)` times their rarity; each block is brought to length 1, times its weight.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from zlib import compress, decompress

import numpy as np
from numpy.typing import NDArray


class Bag(NamedTuple):
    """The features of one block that occur: their places, ascending, and how often each does."""

    places: NDArray[np.intp]
    counts: NDArray[np.float32]


Bags = Mapping[str, Bag]


@dataclass(frozen=True, slots=True)
class Block:
    """The part of a model for one block of features.

    Attributes:
        name: of the block, as the bags call it.
        weight: length of the block's vector.
        idf: rarity, one a place.
        weights: whole numbers from -127 to 127, a row a place and a column a label; as floats, since those are summed.
        scales: what one step of a weight is worth, one a label.
    """

    name: str
    weight: float
    idf: NDArray[np.float32]
    weights: NDArray[np.float32]
    scales: NDArray[np.float32]

    def values(self, bag: Bag) -> NDArray[np.float32]:
        """The features of a bag as they enter the sum."""
        values = (np.log(bag.counts, dtype=np.float32) + np.float32(1.0)) * self.idf[bag.places]
        length = float(np.sqrt(values @ values))
        return values * np.float32(self.weight / length) if length else values


class LinearModel:
    """A linear model with a calibrated softmax.

    Args:
        labels: what is told apart.
        blocks: the weights.
        bias: one a label.
        temperature: scores are divided by it before they become probabilities.
    """

    def __init__(
        self, labels: Sequence[str], blocks: Sequence[Block], bias: Sequence[float], temperature: float
    ) -> None:
        self.labels = tuple(labels)
        self.blocks = tuple(blocks)
        self.temperature = temperature
        self._bias = np.array(bias, np.float32)

    @staticmethod
    def of_bytes(data: bytes) -> LinearModel:
        """The model in a file's bytes.

        Raises:
            ValueError: the arrays are not as long as the header says.
        """
        line, _, packed = data.partition(b"\n")
        header: dict[str, Any] = json.loads(line)
        raw = decompress(packed)
        labels: list[str] = header["labels"]
        blocks: list[Block] = []
        at = 0
        for entry in header["blocks"]:
            places = 1 << int(entry["bits"])
            idf = np.frombuffer(raw, np.uint8, places, at) * np.float32(entry["idf_scale"])
            weights = np.frombuffer(raw, np.int8, places * len(labels), at + places).reshape(places, len(labels))
            at += places * (1 + len(labels))
            scales = np.array(entry["scales"], np.float32)
            blocks.append(Block(entry["name"], float(entry["weight"]), idf, weights.astype(np.float32), scales))
        if at != len(raw):
            raise ValueError(f"the model's arrays hold {len(raw)} bytes; its header tells of {at}")
        return LinearModel(labels, blocks, header["bias"], float(header["temperature"]))

    def scores(self, bags: Bags) -> NDArray[np.float32]:
        """The sum for each label; a block that is missing or empty adds nothing."""
        total = self._bias.copy()
        for block in self.blocks:
            bag = bags.get(block.name)
            if bag is not None and len(bag.places):
                total += (block.values(bag) @ block.weights[bag.places]) * block.scales
        return total

    def scores_of_all(self, many: Sequence[Bags]) -> NDArray[np.float32]:
        """The sums of several texts, a row each."""
        rows = [self.scores(bags) for bags in many]
        return np.stack(rows) if rows else np.zeros((0, len(self.labels)), np.float32)

    def probabilities(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """How likely each label is, from the scores of one text or of several (a row each)."""
        scaled = scores / self.temperature
        powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
        return powers / powers.sum(axis=-1, keepdims=True)


def to_bytes(
    labels: Sequence[str],
    blocks: Sequence[tuple[str, float, NDArray[np.uint8], float, NDArray[np.float32]]],
    bias: Sequence[float],
    temperature: float,
) -> bytes:
    """The file of a model.

    Args:
        labels: what is told apart.
        blocks: for each its name, its weight, the rarity of each place as a byte, what one step of that is worth, and
            the weights, a row a place and a column a label; they are rounded to signed bytes.
        bias: one a label.
        temperature: of the softmax.
    """
    entries: list[dict[str, Any]] = []
    raw: list[bytes] = []
    for name, weight, idf, idf_scale, weights in blocks:
        scales = np.abs(weights).max(axis=0) / 127.0
        scales[scales == 0] = 1.0
        entries.append(
            {
                "name": name,
                "bits": (len(idf) - 1).bit_length(),
                "weight": round(weight, 4),
                "idf_scale": round(idf_scale, 8),
                "scales": [float(f"{scale:.6g}") for scale in scales],
            }
        )
        raw += [idf.tobytes(), np.rint(weights / scales).astype(np.int8).tobytes()]
    header = {
        "labels": list(labels),
        "temperature": round(temperature, 4),
        "bias": [float(f"{value:.6g}") for value in bias],
        "blocks": entries,
    }
    return json.dumps(header).encode() + b"\n" + compress(b"".join(raw), 9)
