"""A bundle's networks, float32 beside quantised, each opened and asked as the device does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from convert import gate
from convert.forms import FormParity
from convert.parity import layers, sets
from convert.parity.figures import Parity, compare
from convert.parity.layers import Layer
from convert.parity.sets import TestSet
from convert.statistics import wilson
from device.classify import Classifier, log_softmax
from device.model import Bundle, Network, Precision
from train.data import Glyphs, Mnist
from train.evaluate import logits_of
from train.pieces import NOT_A_DIGIT
from train.recipe import DIGIT

BATCH = 500
"""Glyphs in one invoke."""
LAYER_GLYPHS = 500
"""Glyphs on which layers are compared, and float32 with Keras; their figures no longer move with more."""

Float32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Sides:
    """What is compared: the float32 networks of one bundle, and the quantised ones of the same or of another."""

    float32: Bundle
    quantised: Bundle
    precision: Precision = "int8"
    """Under which the second bundle lists the quantised networks."""
    scheme: str = "int8"
    """How they were made, in words."""


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """One network's two files on one set."""

    role: str
    scheme: str
    shown: TestSet
    parity: Parity
    layers: tuple[Layer, ...]
    limits: gate.Limits
    float32: Float32
    quantised: Float32
    """Both files' logits, float32[N, classes]."""
    temperature: float = 1.0
    """At which the device makes confidences of them."""
    digits: Parity | None = None
    """Of those glyphs alone that are digits, where others are among them."""
    reference: tuple[str, ...] = ()
    """How float32 is not the Keras network that it was made from, where that is at hand."""

    @property
    def changed(self) -> NDArray[np.int64]:
        """Numbers of the glyphs that were given another class."""
        return np.flatnonzero(self.float32.argmax(axis=1) != self.quantised.argmax(axis=1))

    @property
    def taken(self) -> tuple[float, float]:
        """Share of those that are no digit and are taken for one, by float32 and quantised; none of none."""
        others = self.shown.glyphs.labels >= NOT_A_DIGIT
        if not others.any():
            return 0.0, 0.0
        said = [logits[others].argmax(axis=1) < NOT_A_DIGIT for logits in (self.float32, self.quantised)]
        return float(said[0].mean()), float(said[1].mean())

    @property
    def blamed(self) -> Layer | None:
        """Where most of the noise comes in."""
        return layers.worst(self.layers)

    def failures(self) -> list[str]:
        """Each threshold that is not met; empty when the network may be shipped."""
        every = [*self.reference, *gate.failures(self.parity, self.limits, self.layers)]
        if self.digits is None:
            return every
        return every or [f"of the digits among them: {one}" for one in gate.failures(self.digits, self.limits)]

    def require(self) -> None:
        """Raise a ParityError that names every threshold not met."""
        n, title = len(self.shown.glyphs), self.shown.title
        gate.require(f"{self.role}: {self.scheme} is not good enough on {n:,} of {title}", self.failures())

    def record(self) -> dict[str, Any]:
        """All figures as JSON has them."""
        out: dict[str, Any] = {"role": self.role, "set": self.shown.name, "title": self.shown.title}
        out |= self.parity.record() | {"limits": asdict(self.limits), "failures": self.failures()}
        if self.digits is not None:
            taken = dict(zip(("float32", "quantised"), self.taken, strict=True))
            out |= {"digits": self.digits.record(), "not_digits_taken": taken}
        return out | {"layers": [layer.record() for layer in self.layers]}

    def table(self) -> str:
        """The figures for people."""
        parity, rows, width = self.digits or self.parity, [], max(7, len(self.scheme))
        for name, wrong in (("float32", parity.float32_wrong), (self.scheme, parity.quantised_wrong)):
            low, high = wilson(wrong, parity.n)
            interval = f"95 % {low:.2%} to {high:.2%}"
            rows.append(f"{name:<{width}} {wrong:>5,} of {parity.n:,} wrong   {wrong / parity.n:.2%}   {interval}")
        if self.digits is not None:
            rows.append("not digits, taken for one: float32 {:.2%}, quantised {:.2%}".format(*self.taken))
        noisy = [f"most noise comes in at {self.blamed.said()}"] if self.blamed else []
        return "\n".join([f"{self.role}, {self.shown.title}", *rows, *_common(self.parity), *noisy])


def _common(parity: Parity) -> list[str]:
    parted = f"{parity.only_float32_wrong} only float32 wrong, {parity.only_quantised_wrong} only quantised"
    calibration = f"{parity.float32_calibration:.2%} and {parity.quantised_calibration:.2%}"
    return [
        f"same class on {parity.agreeing:,} of {parity.n:,} ({parity.agreement:.2%})",
        f"{parted}; McNemar p = {parity.p:.3g}",
        f"logits: SQNR {parity.sqnr:.1f} dB, largest difference {parity.largest_difference:.3f}",
        f"confidence: {parity.confidence_shift:+.3%} on average, {parity.largest_shift:.1%} at most; "
        f"calibration error {calibration}",
    ]


@dataclass(frozen=True, slots=True)
class Compared:
    """Every comparison of a bundle's networks, and their fast graphs against the plain ones."""

    networks: tuple[Comparison, ...]
    forms: tuple[FormParity, ...] = ()
    """At conversion, and where there is a fast graph."""

    def of(self, role: str) -> Comparison | None:
        """A role's own comparison: that of the set it is for, the first one made."""
        return next((one for one in self.networks if one.role == role), None)

    @property
    def digit(self) -> Parity:
        """The first network on MNIST."""
        return self.networks[0].parity

    def require(self) -> None:
        """Raise a ParityError that names every threshold not met."""
        for one in (*self.forms, *self.networks):
            one.require()

    def table(self) -> str:
        """The figures for people."""
        return "\n".join(one.table() for one in (*self.networks, *self.forms))


def compare_bundle(
    bundle: Bundle, mnist: Mnist, glyphs: Mapping[str, Glyphs], models: Mapping[str, keras.Model] | None = None
) -> Compared:
    """What conversion asks: the first network on MNIST's test digits, the others on glyphs, if there are any.

    glyphs: for each role, as its network looks at them.
    models: the Keras networks that the bundle's were made from, by role.
    """
    sides, models = Sides(bundle, bundle), models or {}
    shown = [(DIGIT, sets.of_mnist(mnist.test))]
    shown += [(network.role, sets.of_held_out(glyphs[network.role])) for network in bundle.networks[1:] if glyphs]
    return Compared(tuple(compare_network(sides, role, one, models.get(role)) for role, one in shown))


def compare_network(sides: Sides, role: str, shown: TestSet, model: keras.Model | None = None) -> Comparison:
    """Classify a set with both files of a network, as it is shown to it.

    model: the Keras network that they were made from.
    """
    network, mate = sides.float32.network(role), sides.quantised.network(role)
    own = shown.seen_by(network)
    pixels, labels = own.glyphs.pixels, own.glyphs.labels
    float32, quantised = classify(network, "float32", pixels), classify(mate, sides.precision, pixels)
    temperature = float(sides.float32.decoder.get("temperature", 1.0)) if role == DIGIT else 1.0
    held = labels < NOT_A_DIGIT
    found = Comparison(
        role,
        sides.scheme,
        own,
        compare(float32, quantised, labels, temperature),
        measure_layers(network, mate, sides.precision, pixels[:LAYER_GLYPHS]),
        gate.limits(role, network.arch, own.name == sets.MNIST),
        float32,
        quantised,
        temperature,
        reference=held_against(model, own, float32) if model else (),
    )
    return found if held.all() else replace(found, digits=compare(float32[held], quantised[held], labels[held]))


def held_against(model: keras.Model, shown: TestSet, float32: Float32) -> tuple[str, ...]:
    """How the converted float network's answers to a set are not Keras' own."""
    theirs = logits_of(model, shown.glyphs[:LAYER_GLYPHS])
    return tuple(gate.reference_failures(log_softmax(theirs), log_softmax(float32[:LAYER_GLYPHS])))


def measure_layers(
    network: Network, mate: Network, precision: Precision, pixels: NDArray[np.uint8]
) -> tuple[Layer, ...]:
    """Each layer's error, of the files themselves."""
    return layers.measure(network.file("float32").read(), mate.file(precision).read(), pixels)


def classify(network: Network, precision: Precision, pixels: NDArray[np.uint8]) -> Float32:
    """Logits as the device computes them: float32[N, classes]."""
    classifier = Classifier.open(network, precision=precision)
    return np.concatenate([classifier.logits(pixels[i : i + BATCH]) for i in range(0, len(pixels), BATCH)])
