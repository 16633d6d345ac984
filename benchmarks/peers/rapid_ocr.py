"""RapidOCR 3 with the PP-OCR models of its wheel, on a picture of one line (rec) or of anything (full).

pip install rapidocr onnxruntime
"""

from __future__ import annotations

import logging
import sys

from benchmarks.peers.protocol import Found, serve, surest_of


def main(mode: str) -> None:
    """Load it, then answer."""
    from rapidocr import RapidOCR

    logging.disable(logging.CRITICAL)
    engine = RapidOCR()
    detect = mode == "full"

    def read(path: str) -> Found:
        found = engine(path, use_det=detect, use_cls=False, use_rec=True)
        texts = list(getattr(found, "txts", None) or ())
        return (" ".join(texts), surest_of(found.scores)) if texts else ("", None)

    serve(read)


if __name__ == "__main__":
    main(sys.argv[1])
