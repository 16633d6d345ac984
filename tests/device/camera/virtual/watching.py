"""Runs inside the userland: the command line of postread, with the virtual camera in picamera2's place."""

import os
import sys
from pathlib import Path

import virtual_picamera2  # noqa: F401

from device.cli import main

Path("/kept/pid").write_text(str(os.getpid()))
sys.exit(main(sys.argv[1:]))
