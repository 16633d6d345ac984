"""The command and its report: JSON, text and a page that stands alone."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from convert import __main__ as command
from convert.errors import ParityError
from convert.parity import document, run
from convert.parity.codes import Answer, Code
from convert.parity.compare import Sides, compare_network
from convert.parity.report import FILES, Report
from convert.parity.sets import TestSet, of_mnist
from device.errors import InputError
from device.model import ROLES, Bundle
from train import data
from train.data import Glyphs
from train.pieces import NOT_A_DIGIT

LEAST_RIGHT = 0.85
"""Of a few hundred digits: the networks of rendered lines are no more than good at MNIST."""


@pytest.fixture(scope="module")
def bundle(root):
    return Bundle.load(root / "models" / "lenet5.json")


@pytest.fixture(scope="module")
def few(mnist):
    """600 of MNIST's test digits."""
    return of_mnist(mnist.test[:600])


@pytest.fixture(scope="module")
def report(bundle, few):
    """Two networks on few digits and some specks, and three codes, one of which changes."""
    specks = np.zeros((60, 32, 32), np.uint8)
    specks[:, 15:17, 15:17] = np.linspace(100, 255, 60).astype(np.uint8)[:, None, None]
    pixels = np.concatenate([few.glyphs.pixels[:200], specks])
    mixed = TestSet("cut", "cut glyphs", Glyphs(pixels, np.append(few.glyphs.labels[:200], [NOT_A_DIGIT] * 60)))
    sides = Sides(bundle, bundle)
    networks = compare_network(sides, "digit", few), compare_network(sides, "digit-or-not", mixed)
    right, nothing = Answer("123", 0.9, None), Answer(None, 0.4, "not-sure")
    codes = (Code("hand", 0, "123", right, right), Code("hand", 1, "123", nothing, nothing),
             Code("cam", 0, "123", nothing, right, b"\x89PNG"))  # fmt: skip
    return Report(sides, "python -m convert parity", "MNIST's test digits", networks, codes)


@pytest.mark.parametrize("role", ROLES)
def test_every_network_of_the_bundle_is_the_same_in_both_precisions(role, bundle, few):
    if role not in [network.role for network in bundle.networks]:
        return  # the shipped bundle has fewer networks than there are roles
    found = compare_network(Sides(bundle, bundle), role, few)
    assert found.failures() == []
    assert found.parity.float32_error < 1 - LEAST_RIGHT


def test_the_record_has_all_figures(report):
    record = json.loads(json.dumps(report.record(), allow_nan=False))
    assert (record["schema"], record["bundle"], record["scheme"]) == (1, "lenet5", "int8")
    first, second = record["networks"]
    assert (first["role"], first["set"], first["n"]) == ("digit", "mnist", 600)
    assert {"float32_interval", "mcnemar_p", "argmax_agreement", "sqnr", "confidence_shift"} <= set(first)
    assert len(first["layers"]) == 7
    assert (second["n"], second["digits"]["n"]) == (260, 200)
    assert 0 <= second["not_digits_taken"]["quantised"] <= 1
    assert (record["codes"]["n"], record["codes"]["quantised_right"], len(record["codes"]["changed"])) == (3, 2, 1)
    assert set(record["codes"]["kinds"]) == {"hand", "cam"}
    assert record["sha256"]["digit"]["quantised"] == report.sides.float32.network("digit").files["int8"].sha256


def test_the_text_has_them_too(report):
    table = report.table()
    assert "digit, MNIST's test digits\nfloat32" in table
    assert "of 600 wrong" in table
    assert "most noise comes in at " in table
    assert "not digits, taken for one: float32" in table
    assert re.search(r"cam +1 +0\.0% +100\.0%", table)
    assert "  cam       123        not-sure 0.40 → 123 0.90" in table


class Page(HTMLParser):
    """What a page would fetch, and what it is made of."""

    def __init__(self):
        super().__init__()
        self.fetched, self.open, self.pictures = [], [], 0

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.fetched += [found[name] for name in ("src", "href", "xlink:href", "action") if name in found]
        self.pictures += tag == "img"
        if tag not in ("meta", "img", "br", "link", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_stands_alone(report, tmp_path):
    paths = report.write(tmp_path / "seen")
    assert [path.name for path in paths] == list(FILES)
    page = paths[2].read_text()
    parsed = Page()
    parsed.feed(page)
    assert parsed.open == []
    assert all(one.startswith(("#", "data:image/png;base64,")) for one in parsed.fetched)
    assert "<script" not in page
    assert "url(http" not in page
    assert page.count("<svg") == 2
    assert "Every threshold is met" in page or "Not good enough" in page


def test_every_digit_that_changes_its_class_is_on_it_with_both_opinions(report, few):
    found = report.networks[0]
    quantised = found.quantised.copy()
    quantised[[3, 7]] = np.roll(quantised[[3, 7]], 1, axis=1)
    changed = replace(report, networks=(replace(found, quantised=quantised),), codes=())
    from convert.parity.page import page

    text = page(changed)
    before = len(found.changed)
    assert text.count('<figure class="glyph">') == before + 2
    label = int(few.glyphs.labels[3])
    assert f"is a {label}" in text
    assert f'<span class="said ok">float32: {label}, ' in text
    assert f'<span class="said no">int8: {(label + 1) % 10}, ' in text


def test_what_is_not_met_is_on_the_page_and_in_the_error(report):
    strict = tuple(replace(one, limits=replace(one.limits, sqnr=90.0)) for one in report.networks)
    broken = replace(report, networks=strict)
    with pytest.raises(
        ParityError, match=r"int8 is not good enough: digit on MNIST's test digits: the logits' SQNR is"
    ):
        broken.require()
    from convert.parity.page import page

    assert "<strong>Not good enough.</strong>" in page(broken)


def test_codes_beyond_the_threshold_fail(report):
    with pytest.raises(ParityError, match="3 whole codes: whole codes right differ by"):
        replace(report, networks=(), codes=report.codes[2:] * 3).require()


def test_the_tables_go_between_the_markers(report, tmp_path):
    path = tmp_path / "parity.md"
    names = "about networks layers codes".split()
    path.write_text(
        "".join(f"# {name}\n<!-- parity {name} -->\nold\n<!-- end of parity {name} -->\n" for name in names)
    )
    document.update(path, report)
    text = path.read_text()
    assert "old" not in text
    assert "| `digit` | MNIST | 600 |" in text
    assert f"| {report.networks[0].layers[0].name} | " in text
    assert "| all | 3 | 33.3 % " in text
    first = text
    document.update(path, report)
    assert path.read_text() == first
    path.write_text("nothing")
    with pytest.raises(InputError, match="has no place for a table"):
        document.update(path, report)


# ── The command ──


@pytest.fixture
def few_digits(mnist, monkeypatch):
    less = replace(mnist, test=mnist.test[:600])
    monkeypatch.setattr(data, "load", lambda path=None: less)
    return less


def test_the_command_compares_on_mnist_without_typefaces(few_digits, capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(run.typefaces, "provide", lambda folder: pytest.fail("typefaces were asked for"))
    assert command.main(["parity", "--on", "mnist", "--json", "--out", str(tmp_path / "seen")]) == 0
    record = json.loads(capsys.readouterr().out)
    assert [one["role"] for one in record["networks"]][:1] == ["digit"]
    assert record["codes"] is None
    assert record["failures"] == []
    assert json.loads((tmp_path / "seen" / "parity.json").read_text())["networks"] == record["networks"]


@pytest.mark.parametrize("scheme", ["dynamic-range", "float16", "int16x8"])
def test_other_schemes_are_made_from_the_same_network(scheme, few_digits, capsys):
    assert command.main(["parity", "--on", "mnist", "--scheme", scheme]) == 0
    text = capsys.readouterr().out
    assert text.startswith("digit, MNIST's test digits\nfloat32 ")
    assert f"\n{scheme}" in text


def test_a_bundle_without_its_keras_file_cannot_be_made_another_way(root, few_digits, tmp_path, capsys):
    for path in (root / "models").glob("lenet5*"):
        if path.suffix != ".keras":
            (tmp_path / path.name).write_bytes(path.read_bytes())
    assert command.main(["parity", str(tmp_path / "lenet5.json"), "--on", "mnist", "--scheme", "float16"]) == 1
    err = capsys.readouterr().err
    assert "lenet5.keras: no such file" in err
    assert err.count("\n") == 1


def test_the_command_fails_in_one_line(few_digits, capsys, monkeypatch):
    from convert import gate

    monkeypatch.setattr(gate, "ON_MNIST", replace(gate.ON_MNIST, sqnr=90.0))
    assert command.main(["parity", "--on", "mnist"]) == 1
    out, err = capsys.readouterr()
    assert "SQNR" in out
    assert err.startswith(
        "python -m convert: int8 is not good enough: digit on MNIST's test digits: the logits' SQNR is"
    )
    assert err.count("\n") == 1
