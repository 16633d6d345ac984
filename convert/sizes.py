"""What a stranger's network may take: no more parameters and values than any reader of digits needs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras

from convert.errors import ConversionError

MOST = 50_000_000
"""Parameters of a network, and values that one layer gives for one picture: 200 MB each.  VGG-16's convolutions have
15 million, LeNet-5 has 61,706."""


@contextmanager
def limited() -> Iterator[None]:
    """Within it no network of more than MOST parameters is built; Keras is stopped before it makes room for them.

    A configuration of a few hundred bytes can ask for any number.  Raises ConversionError.
    """
    add, asked, over = keras.layers.Layer.add_weight, 0, ""

    def counted(self: keras.layers.Layer, *args: Any, **kwargs: Any) -> Any:
        nonlocal asked, over
        asked += math.prod(kwargs.get("shape", args[0] if args else None) or ())
        if asked > MOST:
            over = f"layer {self.name} brings the parameters to {asked:,}, and {MOST:,} are the most that are opened"
            raise ConversionError(over)
        return add(self, *args, **kwargs)

    keras.layers.Layer.add_weight = counted
    try:
        yield
    except Exception as error:
        if over:  # what Keras made of it on the way
            raise ConversionError(over) from error
        raise
    finally:
        keras.layers.Layer.add_weight = add


def require_small(model: keras.Model) -> None:
    """Raise a ConversionError for a layer that gives more than MOST values for one picture."""
    for one in getattr(model, "operations", model.layers):
        if isinstance(one, keras.Model):
            require_small(one)
        for given in keras.tree.flatten(getattr(one, "output", None)):
            values = math.prod(length or 1 for length in getattr(given, "shape", ())[1:])
            if values > MOST:
                raise ConversionError(f"layer {one.name} gives {values:,} values, and {MOST:,} are the most")
