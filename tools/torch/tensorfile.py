"""Reads and writes safetensors files of float32 arrays with numpy alone."""

import json
import struct

import numpy as np


def write(path, arrays, metadata):
    header, offset, body = {"__metadata__": metadata}, 0, b""
    for name in sorted(arrays):
        data = np.ascontiguousarray(arrays[name], dtype="<f4")
        header[name] = {"dtype": "F32", "shape": list(data.shape), "data_offsets": [offset, offset + data.nbytes]}
        offset += data.nbytes
        body += data.tobytes()
    text = json.dumps(header, sort_keys=True).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + body)


def read(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        body = file.read()
    for name, entry in header.items():
        if name != "__metadata__" and entry["dtype"] != "F32":
            raise ValueError(f"the tensor {name} is {entry['dtype']}, and not F32")
    arrays = {
        name: np.frombuffer(body[slice(*entry["data_offsets"])], "<f4").reshape(entry["shape"])
        for name, entry in header.items()
        if name != "__metadata__"
    }
    return arrays, header.get("__metadata__", {})
