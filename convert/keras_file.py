"""Keras files that others made: opened without running anything that is in them, or refused by name.

Keras' own safe mode is on, and not relied on: a file's configuration is read as JSON first, and every object in it has
to be one of Keras' own that computes and does nothing else.  That holds for .h5 as for .keras.
"""

from __future__ import annotations

import json
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import keras

from convert import sizes
from convert.errors import ConversionError

HOMES = (
    "keras.layers", "keras.models", "keras.src.models.functional", "keras.initializers", "keras.regularizers",
    "keras.constraints", "keras.dtype_policies",
)  # fmt: skip
"""Where a class is looked for when the file does not say: .h5 files never do."""
LAYERS = "keras.src.layers."
PURE = (
    *(f"{LAYERS}{folder}." for folder in "activations attention convolutional merging normalization pooling".split()),
    *(f"{LAYERS}{folder}." for folder in "preprocessing.image_preprocessing regularization reshaping rnn".split()),
    *(f"{LAYERS}core.{name}" for name in "dense einsum_dense identity input_layer masking".split()),
    *(f"{LAYERS}preprocessing.{name}" for name in ("normalization", "rescaling")),
    *(f"keras.src.{name}" for name in "models. ops. initializers. regularizers. constraints. dtype_policies.".split()),
)
"""Where classes are defined that compute and neither run code of the file's nor open other files."""
VALUES = {"__keras_tensor__", "__tensor__", "__numpy__", "__slice__", "__ellipsis__"}
"""What is no class, but written as if it were one."""
ACTIVATIONS = ("activation", "recurrent_activation")
"""Where a layer names functions by a word."""
MOST_CONFIGURATION = 4 * 2**20
"""Bytes of a configuration; that of a hundred layers has 100,000."""
UNREADABLE = (OSError, KeyError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error, EOFError)
"""What a file that Keras did not save, or not all of it, makes the libraries raise.  RuntimeError is zipfile's, of one
that is encrypted or compressed in a way that it does not know, and that of JSON nested without end."""


def open_file(path: Path) -> keras.Model:
    """Open a .keras or .h5 file of a whole network, not compiled.

    Raises ConversionError, one line: what is in the file, or is not, that keeps it from being opened.
    """
    for said in _refusals(_configuration(path), "the network"):
        raise ConversionError(f"{path}: {said}")
    try:
        with sizes.limited():
            model = keras.models.load_model(path, compile=False, safe_mode=True)
        sizes.require_small(model)
    except ConversionError as error:
        raise ConversionError(f"{path}: {error}") from error
    except Exception as error:  # whatever a damaged file makes Keras raise
        first = next(iter(str(error).splitlines()), "") or type(error).__name__
        raise ConversionError(f"{path}: Keras cannot open it: {first}") from error
    return model


def _configuration(path: Path) -> Any:
    """What the file says of its layers, as JSON."""
    if path.is_dir():
        raise ConversionError(f"{path} is a folder, perhaps a SavedModel; save the network as .keras and give that")
    if not path.is_file():
        raise ConversionError(f"{path} is not there")
    read = {".keras": _of_zip, ".h5": _of_hdf5, ".hdf5": _of_hdf5}.get(path.suffix)
    if read is None:
        raise ConversionError(f"{path} is neither .keras nor .h5; save the network with model.save('NAME.keras')")
    try:
        return json.loads(read(path))
    except ConversionError:
        raise
    except UNREADABLE as error:
        said = " ".join(str(error).split())
        raise ConversionError(f"{path} is not a {path.suffix} file that Keras saved: {said}") from error


def _of_zip(path: Path) -> str | bytes:
    with zipfile.ZipFile(path) as file:
        told = file.getinfo("config.json")
        if told.file_size > MOST_CONFIGURATION:
            size = f"{told.file_size:,} bytes, and {MOST_CONFIGURATION:,} are the most"
            raise ConversionError(f"{path} is not a network to be opened: its configuration has {size}")
        return file.read(told)  # and that is no more than it tells


def _of_hdf5(path: Path) -> str | bytes:
    with h5py.File(path) as file:
        if "model_config" not in file.attrs:
            raise ConversionError(f"{path} holds weights only; save the whole network with model.save('NAME.keras')")
        found = file.attrs["model_config"]
    return found if isinstance(found, str | bytes) else str(found)


def _refusals(entry: Any, layer: str) -> Iterator[str]:
    """Of all that an entry of the configuration holds, what may not be opened; layer: that it belongs to."""
    if isinstance(entry, list):
        for one in entry:
            yield from _refusals(one, layer)
    if not isinstance(entry, dict):
        return
    if isinstance(entry.get("class_name"), str):
        layer = _name(entry) or layer
        yield from _refusal(entry, layer)
    for key, value in entry.items():
        if key in ACTIVATIONS and isinstance(value, str) and not hasattr(keras.activations, value):
            yield f"layer {layer} has the custom activation {value!r}: only Keras' own can be converted"
        elif key not in ("compile_config", "build_config"):  # neither is used
            yield from _refusals(value, layer)


def _refusal(entry: dict[str, Any], layer: str) -> Iterator[str]:
    """Why one object may not be opened, if so."""
    name = entry["class_name"]
    if name in VALUES:
        return
    if name == "function":
        if entry.get("module", "builtins") != "builtins" or not hasattr(keras.activations, str(entry.get("config"))):
            yield f"layer {layer} uses the custom function {entry.get('config')!r}: only Keras' own can be converted"
    elif name in ("Lambda", "__lambda__"):
        yield f"layer {layer} is a Lambda, Python code that the file brings along; build it of Keras' own layers"
    elif (kind := _class(entry)) is None:
        said = entry.get("registered_name") or name
        yield f"layer {layer} is a custom object, {said!r}: only Keras' own layers can be converted"
    elif issubclass(kind, keras.layers.Layer) and not issubclass(kind, keras.layers.InputLayer):
        yield from _other_precision(entry, layer)


def _other_precision(entry: dict[str, Any], layer: str) -> Iterator[str]:
    """A layer that computes in another type than float32: the converted network would not be the one that is given."""
    inner = entry.get("config")
    policy = inner.get("dtype") if isinstance(inner, dict) else None
    if isinstance(policy, dict):
        told = policy.get("config")
        policy = told.get("name", policy.get("class_name")) if isinstance(told, dict) else policy.get("class_name")
    if policy not in (None, "float32"):
        remedy = "build the same network with the dtype policy float32, give it the weights by set_weights, and save it"
        yield f"layer {layer} computes as {policy}, float32 is wanted: {remedy}"


def _class(entry: dict[str, Any]) -> type | None:
    """The class that an entry names, if it is one of Keras' own that computes and does nothing else."""
    name, registered = entry["class_name"], entry.get("registered_name")
    if registered not in (None, name):
        return None
    homes = [str(entry["module"])] if entry.get("module") else HOMES
    found = next((found for home in homes if (found := getattr(sys.modules.get(home), name, None))), None)
    return found if isinstance(found, type) and f"{found.__module__}.".startswith(PURE) else None


def _name(entry: dict[str, Any]) -> str | None:
    """Of a layer; other objects have none."""
    inner = entry.get("config")
    own = inner.get("name") if isinstance(inner, dict) and entry["class_name"] != "DTypePolicy" else None
    return entry.get("name") or own
