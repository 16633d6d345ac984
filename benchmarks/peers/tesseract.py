"""Tesseract 5, its C library called from any Python: with page segmentation mode 7 (one line) or 3 (a page).

    apt-get install libtesseract5 tesseract-ocr-eng

As a library it loads its model once, as the other readers do; its program would load it for each picture.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import sys
from collections.abc import Callable
from typing import Any

from benchmarks.peers.protocol import Found, serve

LIBRARIES = {"tesseract": "libtesseract.so.5", "lept": "liblept.so.5"}
LINE = 7
"""The mode for a picture of one line."""
DEFAULT_DPI = 300
"""What a picture is taken for that does not say; it only spares a warning."""


def library(name: str) -> ctypes.CDLL:
    """A library by its usual name, or as the loader finds it."""
    for file in (LIBRARIES[name], ctypes.util.find_library(name)):
        try:
            if file:
                return ctypes.CDLL(file)
        except OSError:
            continue
    sys.exit(f"there is no {LIBRARIES[name]}: apt-get install libtesseract5 tesseract-ocr-eng")


def function(owner: ctypes.CDLL, name: str, gives: Any, *takes: Any) -> Callable[..., Any]:
    """A C function with its types."""
    found: Callable[..., Any] = getattr(owner, name)
    found.restype, found.argtypes = gives, list(takes)  # type: ignore[attr-defined]
    return found


def main(mode: int) -> None:
    """Load it, then answer."""
    pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    tesseract, leptonica = library("tesseract"), library("lept")
    create = function(tesseract, "TessBaseAPICreate", pointer)
    start = function(tesseract, "TessBaseAPIInit3", number, pointer, text, text)
    variable = function(tesseract, "TessBaseAPISetVariable", number, pointer, text, text)
    set_mode = function(tesseract, "TessBaseAPISetPageSegMode", None, pointer, number)
    show = function(tesseract, "TessBaseAPISetImage2", None, pointer, pointer)
    dpi = function(tesseract, "TessBaseAPISetSourceResolution", None, pointer, number)
    found = function(tesseract, "TessBaseAPIGetUTF8Text", pointer, pointer)
    sure = function(tesseract, "TessBaseAPIMeanTextConf", number, pointer)
    forget = function(tesseract, "TessDeleteText", None, pointer)
    open_picture = function(leptonica, "pixRead", pointer, text)
    close_picture = function(leptonica, "pixDestroy", None, ctypes.POINTER(pointer))

    handle = create()
    if start(handle, None, b"eng"):
        sys.exit("Tesseract has no English model: apt-get install tesseract-ocr-eng")
    set_mode(handle, mode)
    if mode == LINE:  # digits are all that is asked of a line; on a page its words tell lines apart
        variable(handle, b"tessedit_char_whitelist", b"0123456789")

    def read(path: str) -> Found:
        picture = pointer(open_picture(os.fsencode(path)))
        if not picture:
            raise ValueError("not a picture that Leptonica reads")
        try:
            show(handle, picture)
            dpi(handle, DEFAULT_DPI)
            said = found(handle)
            words = (ctypes.string_at(said) if said else b"").decode("utf-8", "replace")
            forget(said)
            return words, sure(handle) / 100 if words.strip() else None
        finally:
            close_picture(ctypes.byref(picture))

    serve(read)


if __name__ == "__main__":
    main(int(sys.argv[1]))
