"""Where a bundle comes from, as its card tells it: how each network was trained, and the commands that make it again.

Cards of networks that somebody brought tell less; what a card does not tell is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from device.errors import ModelError
from device.model import Bundle


@dataclass(frozen=True, slots=True)
class Origin:
    """How one network was made."""

    role: str
    command: str | None
    """What trained it; None for a network that was brought."""
    versions: Mapping[str, str]
    """Of Python and the libraries it was trained with."""
    data: Mapping[str, Any]
    """What it was trained on: counts, hashes, versions."""
    recipe: Mapping[str, Any]
    """All that decided how the training went, the seed among it."""
    keras: Path
    """The network that was converted; it lies beside the card in a checkout, and nowhere in an installation."""
    keras_sha256: str
    base: Mapping[str, Any] | None
    """Of a fine-tuned network: the bundle it started from (``bundle``) and its network there (``keras_sha256``)."""


def origins(bundle: Bundle) -> dict[str, Origin]:
    """Of each network, by its role.  Raises ModelError where the card does not tell."""
    made_by = bundle.card.get("made_by", {})
    try:
        return {
            network.role: _origin(network.role, made_by if number == 0 else made_by[network.role], bundle.path.parent)
            for number, network in enumerate(bundle.networks)
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{bundle.path}: the card does not tell how its networks were made (no {error})") from error


def _origin(role: str, told: Mapping[str, Any], folder: Path) -> Origin:
    training, keras = told.get("training", {}), told["keras"]
    return Origin(
        role,
        training.get("command"),
        dict(training.get("versions", {})),
        dict(training.get("data", {})),
        dict(told.get("recipe", {})),
        folder / Path(keras["file"]).name,
        str(keras["sha256"]),
        told.get("base"),
    )


def steps(bundle: Bundle) -> list[str]:
    """The commands that make the bundle again, in order."""
    made_by, fitted = bundle.card.get("made_by", {}), bundle.decoder.get("fitted", {})
    trainings = [*_held_out(made_by), *(one for origin in origins(bundle).values() for one in _trainings(origin))]
    taken = bundle.decoder.get("taken_from")  # then another bundle's command fitted it
    commands = [*trainings, made_by.get("command"), None if taken else fitted.get("command")]
    return list(dict.fromkeys(str(command) for command in commands if command))


def _trainings(origin: Origin) -> tuple[Any, Any]:
    """What trained a network's teacher, if it had one, and then the network."""
    return origin.data.get("teacher", {}).get("command"), origin.command


def _held_out(made_by: Mapping[str, Any]) -> tuple[Any, Any]:
    """The same of the network on whose held-out digits the temperature was fitted."""
    told = made_by.get("temperature")
    return (told.get("teacher"), told.get("training")) if isinstance(told, Mapping) else (None, None)


def record(bundle: Bundle) -> dict[str, Any]:
    """All of it as JSON; None where the card tells nothing."""
    found = origins(bundle)
    return {
        "networks": [
            {
                "role": one.role,
                "trained_on": trained_on(one),
                "seed": one.recipe.get("seed"),
                "epochs": one.recipe.get("epochs"),
                "command": one.command,
                "versions": dict(one.versions),
                "data": dict(one.data),
                "keras_sha256": one.keras_sha256,
                "base": None if one.base is None else dict(one.base),
            }
            for one in found.values()
        ],
        "converted_with": dict(bundle.card.get("made_by", {}).get("versions", {})),
        "decoder": {"taken_from": bundle.decoder.get("taken_from"), **_fitted(bundle.decoder.get("fitted", {}))},
        "steps": steps(bundle),
    }


def _fitted(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: told.get(name) for name in ("command", "seed", "lines")}


def trained_on(origin: Origin) -> str:
    """What a network was trained on, in words."""
    data, parts = origin.data, []
    if origin.base is not None:
        crops = data.get("crops", {})
        parts.append(f"{crops.get('training', 0):,} digits of {crops.get('pictures', 0):,} crops, among")
    if "scenes" in data:
        lines, glyphs = data["scenes"].get("training", 0), data["glyphs"].get("training", 0)
        mnist = data.get("mnist_digits", 0)
        parts.append(f"{glyphs:,} glyphs of {lines:,} rendered lines and {mnist:,} digits of MNIST")
    elif "training" in data:
        parts.append(f"{data['training']:,} digits of {data.get('name', 'MNIST')}")
    if "teacher" in data:
        parts.append(f"as {data['teacher'].get('run', 'another network')} read them")
    return " ".join(parts) or "what its card does not tell"


def lines(told: Mapping[str, Any]) -> list[str]:
    """A record for people."""
    out = []
    for one in told["networks"]:
        out.append(f"{one['role']}: trained on {one['trained_on']}")
        if one["base"] is not None:
            out.append(f"  from the network {one['base']['keras_sha256'][:12]} of the bundle {one['base']['bundle']}")
        if one["seed"] is not None:
            out.append(f"  {one['epochs']} epochs at most, seed {one['seed']}; {_versions(one['versions'])}")
        out += [f"  {name} {digest}" for name, digest in _hashes(one["data"])]
    decoder = told["decoder"]
    if decoder["taken_from"]:
        out.append(f"decoder: as it was fitted to {decoder['taken_from']}")
    elif decoder["lines"]:
        out.append(f"decoder: fitted on {decoder['lines']:,} rendered lines of each kind, seed {decoder['seed']}")
    if told["steps"]:
        out.append("made again in a checkout by `make reproduce`, or step by step:")
        out += [f"  {step}" for step in told["steps"]]
    return out


def _versions(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def _hashes(data: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    """What tells a training's data from others."""
    crops = data.get("crops", {}).get("sha256")
    named = {"MNIST": data.get("sha256", data.get("mnist")), "pen digits": data.get("pendigits"), "crops": crops}
    found = [(name, f"sha256 {digest[:12]}…") for name, digest in named.items() if digest]
    fonts = data.get("fonts", {})
    return [*found, (f"{len(fonts)} typefaces,", "each with its version and hash in the card")] if fonts else found
