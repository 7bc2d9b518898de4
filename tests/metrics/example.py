"""A receipt to try things with."""

from sparring.metrics.receipt import Receipt

FD = Receipt(
    metric="fd[classifier:abc]",
    value=12.5,
    interval=(11.0, 14.0),
    floor=2.0,
    best="lower",
    protocol="quick",
    extractor="classifier:abc",
    resize="none",
    quantisation="uint8",
    data="0123",
    split="train",
    real=5000,
    fake=5000,
    floor_real=5000,
    seed=0,
    repeats=1,
    images=100,
)
