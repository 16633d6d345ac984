"""The loss of LeNet-5 of 1998."""

from __future__ import annotations

from typing import Any

import keras

from train.networks.layers import PACKAGE


@keras.saving.register_keras_serializable(PACKAGE)
class MapCriterion(keras.losses.Loss):
    """The paper's "maximum a posteriori" criterion (LeCun 1998, equation 9), for logits that are negated penalties.

    E = y_D + log(exp(-j) + sum over i of exp(-y_i)), averaged over the digits; D is the right class.  This is the
    cross-entropy of a softmax with one class more, "rubbish", whose logit is always -j and which is never right.
    """

    def __init__(self, rubbish: float, **options: Any) -> None:
        """Take the constant j."""
        super().__init__(**options)
        self.rubbish = float(rubbish)

    def call(self, labels: Any, logits: Any) -> Any:
        """Compute it from int[N] labels and float32[N, classes] logits: float32[N]."""
        logits = keras.ops.convert_to_tensor(logits)
        constant = keras.ops.full_like(logits[:, :1], -self.rubbish)
        return keras.losses.sparse_categorical_crossentropy(
            labels, keras.ops.concatenate([logits, constant], axis=1), from_logits=True
        )

    def get_config(self) -> dict[str, Any]:
        """What Keras keeps in a checkpoint."""
        return super().get_config() | {"rubbish": self.rubbish}
