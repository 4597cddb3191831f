"""Reads safetensors files of float32 tensors, with bounds, as memory maps."""

import json
import math
import os
import struct

import numpy as np

from ._errors import HolstreamError

_LARGEST_HEADER = 100_000_000


def read(path):
    """Tensors by name, read-only views of the file, and the metadata, text by text.

    Raises HolstreamError for a file that breaks the format.
    """
    size = os.path.getsize(path)

    def fail(reason):
        return HolstreamError(f"{path}: {reason}")

    with open(path, "rb") as file:
        start = file.read(8)
        if len(start) < 8:
            raise fail("is no safetensors file: it has fewer than eight bytes")
        (length,) = struct.unpack("<Q", start)
        if length > min(_LARGEST_HEADER, size - 8):
            raise fail(f"is no safetensors file: its header would have {length} bytes")
        try:
            header = json.loads(file.read(length))
        except ValueError as error:
            raise fail("is no safetensors file: its header is not JSON") from error
    if not isinstance(header, dict):
        raise fail("is no safetensors file: its header is no object")
    metadata = header.pop("__metadata__", {})
    body = size - 8 - length
    whole = np.memmap(path, np.uint8, "r", offset=8 + length, shape=(body,)) if body else np.zeros(0, np.uint8)
    tensors = {}
    for name, entry in header.items():
        try:
            dtype, shape, (first, last) = entry["dtype"], tuple(map(int, entry["shape"])), entry["data_offsets"]
        except (KeyError, TypeError, ValueError) as error:
            raise fail(f"tensor {name} lacks its type, shape or place") from error
        if dtype != "F32":
            continue
        if min(shape, default=0) < 0 or not 0 <= first <= last <= body or last - first != 4 * math.prod(shape):
            raise fail(f"tensor {name} lies outside the file, or has another size than its shape {list(shape)}")
        tensors[name] = whole[first:last].view("<f4").reshape(shape)
    return tensors, metadata
