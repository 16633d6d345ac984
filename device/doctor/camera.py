"""The source that is configured: is it there, may this user open it, does picamera2 load?"""

from __future__ import annotations

import grp
import json
import os
import sys
from importlib import metadata
from pathlib import Path

from device.doctor.finding import Finding
from device.doctor.machine import NOT_A_PI, Machine, Said

ASK = "import json, picamera2; print(json.dumps([c['Model'] for c in picamera2.Picamera2.global_camera_info()]))"
"""In a process of its own: libcamera logs, and may hang or die."""
PATIENCE = 60.0
"""For that, seconds."""
INSTALL = "sudo apt install python3-picamera2 --no-install-recommends"
OURS = "python3 -m venv --system-site-packages, as install.sh does"
PACKAGES = "/usr/lib/python3/dist-packages"
"""Where apt has its Python packages."""
CLASH = ("numpy.dtype size changed", "numpy.core.multiarray", "numpy 1.x cannot be run in", "_ARRAY_API not found")
"""What a module says that was built for another numpy."""
NODES = {
    "picamera": ("/dev/video*", "/dev/media*", "/dev/dma_heap/*"),
    "v4l2": ("/dev/video*",),
    "gpio": ("/dev/gpiochip*",),
}


def camera(machine: Machine, source: str) -> Finding:
    """The camera, folder or film that `--source` names."""
    kind, _, rest = source.partition(":")
    if kind == "picamera":
        return _picamera(machine, int(rest) if rest.isdigit() else 0)
    if kind == "v4l2" or source.startswith("/dev/video"):
        return _v4l2(machine, f"/dev/video{rest}" if kind == "v4l2" else source)
    if "://" in source:
        return Finding("camera", "skipped", "a stream: whether it comes, `postread watch` says")
    path = machine.path(rest if kind == "folder" else source)
    if os.path.exists(path):  # noqa: PTH110, path.exists() raises where this user may not look
        return Finding("camera", "ok", f"{source}, in place of a camera")
    return Finding("camera", "fail", f"{source}: there is no such file or folder", "mend source in postread.toml")


def _picamera(machine: Machine, number: int) -> Finding:
    if machine.board is None:
        return Finding("camera", "skipped", NOT_A_PI)
    said = machine.run([sys.executable, "-c", ASK], PATIENCE)
    if said is None or said.code:
        return _not_loaded(said)
    models = json.loads(said.out.strip().splitlines()[-1])
    if number < len(models):
        return Finding("camera", "ok", f"{models[number]}, through picamera2")
    if models:
        there = f"there are {len(models)}, from 0 ({', '.join(models)})"
        return Finding("camera", "fail", f"no camera {number}: {there}", "mend source in postread.toml")
    remedy = (
        "switch off, push the ribbon cable in again on both ends, contacts the right way round; then "
        "rpicam-hello --list-cameras; camera_auto_detect=1 has to stand in /boot/firmware/config.txt"
    )
    return Finding("camera", "fail", "picamera2 sees no camera", remedy)


def _not_loaded(said: Said | None) -> Finding:
    """Why picamera2 cannot be asked."""
    why = (said.err.strip().splitlines() or [f"exit code {said.code}"])[-1] if said else "Python does not run"
    if "No module named 'picamera2'" in why:
        remedy = f"{INSTALL}; the environment must see it: {OURS}"
        return Finding("camera", "fail", "picamera2 is not there", remedy)
    if any(sign in (said.err if said else "") for sign in CLASH):
        return Finding("camera", "fail", f"picamera2 does not load: {why}", "see numpy, below")
    if said is not None and said.code == 124:
        return Finding("camera", "fail", f"libcamera hangs ({why})", "sudo reboot; then rpicam-hello --list-cameras")
    return Finding("camera", "fail", f"picamera2 does not load: {why}", f"sudo apt update; {INSTALL}")


def _v4l2(machine: Machine, node: str) -> Finding:
    if machine.path(node).exists():
        return Finding("camera", "ok", f"{node}{_name(machine, node)}")
    nodes = [machine.named(path) for path in machine.glob("/dev/video*")]
    there = ", ".join(f"{one}{_name(machine, one)}" for one in nodes) or "none at all"
    remedy = "plug it in (lsusb shows it), or mend source in postread.toml"
    return Finding("camera", "fail", f"{node} is not there; there is {there}", remedy)


def _name(machine: Machine, node: str) -> str:
    """`` (HD Webcam)``, where the kernel has a name for it."""
    name = machine.read(f"/sys/class/video4linux/{Path(node).name}/name")
    return f" ({name})" if name else ""


def permissions(machine: Machine, source: str, pins: bool) -> Finding:
    """Whether this user may open the devices that the source and the pins want."""
    kind = source.partition(":")[0]
    kinds = {"picamera": ["picamera"], "v4l2": ["v4l2"]}.get(kind, ["v4l2"] if source.startswith("/dev/video") else [])
    if kind == "picamera" and machine.board is None:
        kinds = []
    nodes = [path for one in kinds + ["gpio"] * pins for pattern in NODES[one] for path in machine.glob(pattern)]
    if not nodes:
        return Finding("permissions", "skipped", "no device is wanted")
    barred = [path for path in nodes if not machine.may_use(path)]
    if not barred:
        return Finding("permissions", "ok", f"{machine.user()} may use {len(nodes)} devices")
    groups = sorted({_group(path) for path in barred})
    some = ", ".join(machine.named(path) for path in barred[:3]) + (" …" if len(barred) > 3 else "")
    remedy = f"sudo usermod --append --groups {','.join(groups)} {machine.user()}, and log in again"
    return Finding("permissions", "fail", f"{machine.user()} may not use {some}", remedy)


def _group(path: Path) -> str:
    number = path.stat().st_gid
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def numpy(machine: Machine) -> Finding:
    """Whether apt's camera packages were built for the numpy that is used here."""
    try:
        own = metadata.version("numpy")
    except metadata.PackageNotFoundError:
        return Finding("numpy", "fail", "numpy is not installed", "run install.sh of the bundle again")
    built_with = [path.name.split("-")[1] for path in machine.glob(f"{PACKAGES}/numpy-*.*-info")]
    if not built_with or not machine.glob(f"{PACKAGES}/simplejpeg") + machine.glob(f"{PACKAGES}/picamera2"):
        return Finding("numpy", "skipped", f"{own}; apt has no picamera2 that it could clash with")
    theirs = built_with[0].removesuffix(".dist").removesuffix(".egg")
    if own.split(".")[0] == theirs.split(".")[0]:
        return Finding("numpy", "ok", f"{own}; apt's picamera2 was built for {theirs}")
    if theirs.startswith("1."):
        remedy = 'pip install "numpy<2" "opencv-python-headless<4.12", or the bundle for bookworm'
    else:
        remedy = 'pip install "numpy>=2" "opencv-python-headless>=4.12", or the bundle for trixie'
    return Finding("numpy", "fail", f"{own}, and apt's picamera2 was built for {theirs}: it will not load", remedy)
