"""Scores embeddings with ONNX Runtime, one thread: MODEL EMBEDDINGS CALLS.

Each turn scores CALLS times and says the seconds of each call, and once what was predicted.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import onnxruntime
from serve import serve


def main(model: str, embeddings: str, calls: str) -> None:
    """Opens a session, then scores for each line of stdin."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    given = {"embeddings": np.load(embeddings, allow_pickle=False)}

    def score() -> dict[str, list[float]]:
        seconds = []
        for _ in range(int(calls)):
            start = time.perf_counter()
            session.run(None, given)
            seconds.append(time.perf_counter() - start)
        said = session.run(None, given)
        return {"seconds": seconds, "predicted": [float(values[0]) for values in said]}

    serve(score)


if __name__ == "__main__":
    main(*sys.argv[1:])
