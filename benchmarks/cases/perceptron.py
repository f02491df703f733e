"""A perceptron 784-128-10 on a batch of 256 with softmax cross entropy: matrix products and middle-sized arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.case import Case, Data, Function, value_and_gradient

BATCH, PIXELS, HIDDEN, CLASSES = 256, 784, 128, 10


def data() -> Data:
    random = np.random.default_rng(784)
    images = random.uniform(size=(BATCH, PIXELS))
    labels = np.eye(CLASSES)[random.integers(CLASSES, size=BATCH)]
    weights = (
        random.normal(size=(PIXELS, HIDDEN)) / np.sqrt(PIXELS), random.normal(size=HIDDEN) / 10,
        random.normal(size=(HIDDEN, CLASSES)) / np.sqrt(HIDDEN), random.normal(size=CLASSES) / 10,
    )  # fmt: skip
    return Data((*weights, images, labels))


def program(np: Any, logsumexp: Any) -> Function:
    def loss(W1: Any, b1: Any, W2: Any, b2: Any, images: Any, labels: Any) -> Any:
        scores = np.tanh(images @ W1 + b1) @ W2 + b2
        return np.sum(logsumexp(scores, axis=1) - np.sum(scores * labels, axis=1)) / BATCH

    return loss


def by_hand() -> Function:
    def value_and_gradient(W1: Any, b1: Any, W2: Any, b2: Any, images: Any, labels: Any) -> Any:
        hidden = images @ W1
        hidden += b1
        np.tanh(hidden, out=hidden)
        scores = hidden @ W2
        scores += b2
        right = np.vdot(scores, labels)
        top = scores.max(axis=1, keepdims=True)
        scores -= top
        np.exp(scores, out=scores)
        total = scores.sum(axis=1, keepdims=True)
        value = (np.log(total).sum() + top.sum() - right) / BATCH
        total *= BATCH
        scores /= total
        scores -= labels / BATCH
        back = scores @ W2.T
        slope = hidden * hidden
        np.subtract(1, slope, out=slope)
        back *= slope
        return value, (images.T @ back, back.sum(axis=0), hidden.T @ scores, scores.sum(axis=0))

    return value_and_gradient


CASES = [
    Case("perceptron", "perceptron 784-128-10, batch 256, softmax cross entropy", data, program, by_hand,
         value_and_gradient(0, 1, 2, 3)),
]  # fmt: skip
