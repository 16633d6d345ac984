"""Typefaces for printed, typed and handwritten text, each from a named package with its licence (SIL OFL or Apache).

Pip's packages `fontpkg-NAME` and npm's `@fontsource/NAME` hold the fonts of Google Fonts as files.
They are fetched once, without dependencies, into the cache folder, and one whose hash is another
is not opened.  DejaVu is kept out: the benchmark prints in it.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from train.data import cache_folder
from train.errors import DataError
from train.files import write_atomically
from train.limit import run_limited

WAIT = 180.0
"""Longest wait for all packages of one kind together (52 and 7 MB), seconds of wall clock."""
PRINTED = {
    "arimo": ("1.341", "8d4f38675b6a1b54f7c8c5b8c04f094f9e3aafd7e51d17d37c0fa8d4eebf076e"),
    "noto-sans": ("2.15", "54016cb4dfbfdd8f0cae3d71a9401a73e786a473debd12f1d79067e349c9a4a3"),
    "noto-serif": ("2.15", "3cc09442fea9c5f852ca4b3ae2984acf7033c20f5d67bb35f4381549c74f370f"),
    "roboto": ("3.15", "5502431dd22fe30911cd497cefac11760e48b4a1ed78df26c02288664eeddb9f"),
    "roboto-mono": ("3.1", "b41ec5c52073de992a5f7f12d365be688bb3d206bf4a0347e3faa8e983ac481b"),
    "roboto-slab": ("2.2", "48e15750db5677f21c23590e92d7889c40e104cd9bf9ab1f38b6432c2ae6d72c"),
    "roboto-condensed": ("3.8", "b56f599e211bdeab356cf18e4b0af4e4665a18d6586455a3650a374f03ae745c"),
    "open-sans": ("3.3", "de2b20526dacabfb0b7f736b01a6c0175b9d6a3e83453ea14d268c59dec0424c"),
    "lato": ("2.15", "7bce7eef5522260b06ab597c21edd20d840c89909f0ec9b8ac3da2812a43ed93"),
    "source-code-pro": ("1.26", "986a0c5b67ed28c3753b49d9c51139f1dfb517c9b441b901c79cb7545076089f"),
    "source-sans-3": ("3.52", "2e931608ceeaad770916b53a35cf87090e28133875bf770e41b266146126abd8"),
    "source-serif-4": ("4.4", "6c33ac5d27b0396b0ed228e400d9c7ee4445c359ce21b3d8d9b9723e8c5c49a7"),
    "ibm-plex-mono": ("2.3", "a4ac4311b1fe40e715a5b93e7bdefb6d23d608217f560e064446b25c1ffa2804"),
    "ibm-plex-sans": ("3.201", "f29ba7da5a7f6d561562d52712265a7adf39d6df86cbe402333afa59580683bc"),
    "ibm-plex-serif": ("2.6", "d06670ebdedf646c65b4f1738b2fe86124ac9af1a28898ad4846e5ab728346d9"),
    "inconsolata": ("3.1", "9428dd98d26739e511fc97032c22c35666f925a686119fc91c9540801bea67f1"),
    "pt-sans": ("2.3", "fb2c27a66528be53ca9a63e963a152a2c7f58d55d674c39d3cf4b5fdbc8e75cd"),
    "pt-serif": ("1.0", "f3980ea3ffb56e34d65d8e425ffedd012dbd8313dcff9780fc7476712d98b2af"),
    "pt-sans-narrow": ("2.3", "dec7a1c18cbae57e784a8dcff8147af3d85567ec153a84ccdf97e6f24d606f39"),
    "merriweather": ("2.100", "61aefb10d743f23dc59c07a26c21f7ad0b181cc7e1ad304d6527df792bc4d7da"),
    "fira-sans": ("4.203", "2e2657d1d4774a552dd4c551ac8640aaf665ac0fa2db7a96999d02476e154618"),
    "fira-code": ("5.2.post1", "6e791df212ca8ba4e334613e7ae7f95c0faa2d13b31a322977918e107879a5cd"),
    "space-mono": ("1.3", "e3b106370fee08de2a63d87d5b8c24fb1bb0c474a3f0b3c95832c239e14e5c7a"),
    "dm-mono": ("1.0", "544c508bcd4c560fc97e67d1b6bfa78fe0fba84aa096356bbc35aaa7cd2bb76a"),
    "jetbrains-mono": ("2.211", "546e53afe7048f4c4ac2be8cbc00c42d7208bb5f6cd00f852225aa2797335de4"),
    "montserrat": ("9.0", "0baf3f7a2061e590a1511bce18bd06c437bf124dc87f8b710eeab2f2d0efe6d1"),
    "nunito": ("3.602", "aa03f5c6cced0c3a12ae980f517b3d3c4c92aeb1a60abd8637ba5ae978031bf2"),
    "inter": ("4.1.post1", "b1105c8b368787112e9352ba657fe4fd32feb0722cc3046a308f65962298ddf8"),
    "work-sans": ("2.12", "33ffc04b7fa9c846b99a9d5eb1dd3b548331ffcd1d942258e787f61eb2cf32c1"),
    "barlow": ("1.408", "04165f5e6c4fcdf657b60f66c88c1e9c5536f7d1d4bf58077cbad65c5c6a5420"),
    "barlow-condensed": ("1.408", "e2a6cb16603dc65043ab102720343f336bfd3cccf5dc23d55eef0477c3c491ae"),
    "karla": ("2.4", "78ef7f3772d7794b45a553d58add78bdb916239a1dc0d77874d35920ad3fdaeb"),
    "libre-baskerville": ("2.5", "649dfdafc2d2ce20e87e53ee1d51c887bb15bc0da00c2e8aa01465c6df2534b5"),
    "lora": ("3.8", "b0d7761989bf25e4b5f23e2d5964bd896fcac2a7e2719a294c19fe5235552043"),
    "crimson-text": ("1.100", "25e7eeb1b3aa5381d17d629f3e099b0342feba1e721ae61371f6730b036bbb44"),
    "zilla-slab": ("1.2", "d1163b58e383e33f28c5788b232bf85fd51fa20a9661bdeadb1006086862492d"),
    "arvo": ("1.6", "f3caf38b561bf547a1b886c31d8cb8a7ef6249c00890ec1b53881cb940a12aa0"),
    "rubik": ("2.300", "3ccc6fd3555759415c5919d90ebf22d2831925545bba50ac300dea9288ca47a4"),
    "titillium-web": ("1.2", "156fdfc93c986f5dac07f3f7dbc301365d4e6bc5fb03489806275a9b5eedd361"),
    "cabin": ("3.1", "2a6f7ecbe0d2b4cf72aa257702c77b175484b21885b7ff6e0ddb713b3da1e791"),
    "bitter": ("3.21", "0a55a79b3bb239fab78e0ba3dac635d79271acac48dc20e5717e3b486badf428"),
    "oxygen": ("0.201", "f622d9a894424168ef78f974473c27638d3b885b9190c8fee5d83a8cd4a1e8ea"),
    "cardo": ("1.45", "d9add3eb290e717821b28adba99e2119397dfe27665f6736ac113dddab790116"),
    "abril-fatface": ("1.1", "3ed5bfda9351aa0941bd168e3935f078c30665552059a3193f1b63b9d4f96475"),
    "andada-pro": ("3.3", "e77a07ed33d506a84a649cb4df531f70adf59bedaf0eca27953a56c9609cd26f"),
    "bodoni-moda": ("2.5", "cc7cc1f7eff2fdc6e0bef016ac878edb8f482d16ff4a2755eabbb5657690460b"),
    "crimson-pro": ("1.3", "5da8ede84e1c0972a543b24955f9d6a333012289b9257d203f69e6dcfa58374f"),
    "dm-serif-display": ("5.200", "a3144e70efccb84843ac02b844bae74d82679e367ab2bda9f23aecdc3df86af4"),
    "dm-serif-text": ("5.200", "197236ef35bbc7519bd85d9e434c307dec08acc711ea202afae3c6d7ecbba283"),
    "domine": ("2.0", "729f0d7d295c32f133779a2c3fa66487d2db9bebe8a79328af4768ad75280215"),
    "eb-garamond": ("1.3", "026191b72c59d5fa6657657b49972604bb583fbe496e16afbb0d3849b6bd62b7"),
    "frank-ruhl-libre": ("6.4", "14bf0836f5e13ea13a2fc56e4b3326388b3309fcb2988ec38f5435b4646f15d4"),
    "fraunces": ("1.0", "5215b2c1e177b969ba977e0b01cde6794d1c3ccc8b61da47c5a91f0c53544119"),
    "instrument-serif": ("1.0", "360a68fd950ac78514c753569a39843e1859cb85bf20de069ba0970447e7b6b4"),
    "libre-franklin": ("3.0", "8aa29dd56c06fa12a789cac243201e5d04bbb9fe494819064f270b779d0aa575"),
    "literata": ("3.103", "0a6f8f6b3c26c7c988f93497b35b4581cb259feb189581ae6d0f2d3926f22d28"),
    "newsreader": ("1.3", "b4becf475d453c0f71b0a089e794113dbc4647f0cf8e96328459911228c58abc"),
    "sanchez": ("1.1", "829a914ff984842433dfedff15ba21629c30bd81aea553ba3eed4f9347a38487"),
    "slabo-27px": ("1.20", "6a763ff3b6729a20938cc480d8c0e33ee49b2c7a75318b0e86495e6a8ed1ac82"),
}
"""Faces whose figures are lining; name → version and sha256 of the package's file."""
HANDWRITTEN = {
    "caveat": ("2.0", "fcab480da07243af667fd70098d54f34129f8e5c42c1bf5da5c5842b7c187c19"),
    "kalam": ("2.1", "6effb7ee67f3b862de84524a705beb362777153da60c4417805c93b3548e147d"),
    "indie-flower": ("2.0", "30fd37149b5d91068e7614628b0f3d139d9fb880929d7e163d389691d778c21d"),
    "shadows-into-light": ("1.0", "342bece4a8f7f0e55de8162079804b0a50a31a95a4f220250318398a6775d2c2"),
    "permanent-marker": ("1.1", "3bda49f36186ba545f07b5610f4670e68e68b3b9ad1fa5007d34910a55753675"),
    "zeyada": ("1.2", "b9a18ff45fd3be8fa13a6540b0a93e61acc8859a061c19419b6447f5987b27be"),
    "delius": ("1.1", "1b20ada0a77dab0c680ba8d8881fbce8ea33ba22b898d34684a96c982f76ad03"),
    "dancing-script": ("2.1", "93289d8e20448317d94091f8aac2201009d75e650ac7e88639d8c88587782f25"),
    "satisfy": ("1.1", "7a2ec779ff1b3e329d11d28a8a442fb1fc215ef315864f010c5328da58e41ead"),
    "great-vibes": ("1.103", "31945472e065e42c9a54a8530fa22c416bbbfd57898305a453ddfbad8b52af4b"),
    "yellowtail": ("1.2", "819ce6b66969c8d621ea9e43c7d3e2089e912c6184370375f963ce9b58681fe5"),
    "pacifico": ("3.1", "669f25256961b8fc2b27a5bacd0cefd8f74d50d2efad0fa1d157bebf05aa99b1"),
}
FONTSOURCE = {
    "annie-use-your-telescope": ("5.3.0", "ed1cea10322cff6e760b1c1d2cb3be8b5a3b08ddea41feae31f9f938f39fe1ab"),
    "architects-daughter": ("5.3.0", "791d2009fbdc46ca3eb942c27c62c0ee353668cd290dfad17f401b8488c727a1"),
    "bad-script": ("5.3.0", "3b51fb49d57c31345272b0d483be17ec99d67a3e6baf06d462b800fd6d9478cd"),
    "bilbo": ("5.3.0", "b0eafd23dbd6ab037cca2aed1c75f6204a657d954ab6e309fb73bd7fb3c34a12"),
    "calligraffitti": ("5.3.0", "1a4d04efce9a6bb55088b5d616b118a80d9801ebd9a87661954d0eccf503f876"),
    "caveat-brush": ("5.3.0", "90bdf6714e7152db9b03cd62ec69fe6ff96efe4ba30eacef71b40e7492a53089"),
    "cedarville-cursive": ("5.3.0", "dd07000aae10231af25d83ab5ea2c53a22a8c20d8eccc137d6e5798a55edc80e"),
    "comic-neue": ("5.3.0", "0d242660fa8a3e31deb4ba0005b830904db4533ae3366f9c41724ff452662fa6"),
    "coming-soon": ("5.3.0", "aac84961066a709d468766331ec2dcbe9c45bbf5260537ca859e411703d20395"),
    "covered-by-your-grace": ("5.3.0", "1bd27256356f90c7bc7b463d36c05565ef4b3d655bc56d0dd7b7387114b1308d"),
    "crafty-girls": ("5.3.0", "5d6ed9d0860995963dc7c5895765e49a605e3a1e5c63d3aee65c65e767c4e808"),
    "dawning-of-a-new-day": ("5.3.0", "90b517633db0d0b77ccbd6ba10c9befaaefd3aa0d964957fc7af064ce377037a"),
    "edu-nsw-act-foundation": ("5.3.0", "ca91298947e4e95be9595a7e234a81e494f4bbcd57a2b6006c74cf1809fa3db0"),
    "edu-sa-beginner": ("5.3.0", "a91f987d2a9e11937fac52c9adc0eaecd2e7ad69f4532152680c84717b202def"),
    "fuzzy-bubbles": ("5.3.0", "2c83ab005ae5e49410060fcddde95f799921821c8c0b5a2fe567c98002e5ba8a"),
    "give-you-glory": ("5.3.0", "53dc8a5a8571d4ddbf30961e9be717e4a9395e7c4c172bacc76151cae70955aa"),
    "gloria-hallelujah": ("5.3.0", "8755cc046e06286eeebee193f9f753bd0f03eec44c7bf188fc883db66e7a9d91"),
    "gochi-hand": ("5.3.0", "6e206b6139093775d8762503196d6d991408bd5f8393ea0357f4f89b75b195a3"),
    "grape-nuts": ("5.3.0", "93b250022fe6d3cf2a1b84288eabe24c98dfd9d206d3c76c6c8c0e545ac886ec"),
    "handlee": ("5.3.0", "e1fbeba16906d4807b42add8ab85dec533c3e667575be00ba96f050b5fc452ce"),
    "homemade-apple": ("5.3.0", "0ad668da20f63bd47bb32c86e160a7cae8ef0f2e1844c405bc40e278c86b91d0"),
    "just-another-hand": ("5.3.0", "58754de1b8784c97defb535f0c7e5d683ace09c17533e20c0c8c627da8239d2f"),
    "just-me-again-down-here": ("5.3.0", "f50dfa4391c0155de091e83454aa53c82e6fd03d79e0ef27d16615186af6f9f8"),
    "kristi": ("5.3.0", "17fc68a1e21cdf6e59112e7ea2450e039b1590caeb3714ed53d958b791f2ee64"),
    "la-belle-aurore": ("5.3.0", "48be5aefc80ad78aa9b2b1c992dd65678235c2496ae2a88f694e594ab9d7abed"),
    "loved-by-the-king": ("5.3.0", "d058a205828a2e29748c87c533dd917fb9b3e4156d6ae564f48cef24f5e9eb69"),
    "mansalva": ("5.3.0", "ed850c14e8a1729761348b17e15f9ec7dc5693594d3d4a60456489ce301d883d"),
    "marck-script": ("5.3.0", "c4e6f14fd3736ec94a872db215192ea7dea04f1315df1385b451c153510575da"),
    "mynerve": ("5.3.0", "0ecc298409c3206a75447721e3f462ed7dca74efc9c7c88e4d3644529e37a033"),
    "neucha": ("5.3.0", "8f2718549556a0c406a766edc9689801a950dc79a71cbb646fc5e2d67c49cca0"),
    "nothing-you-could-do": ("5.3.0", "dac48ef024df5e754bf8586157d73d0dba139d6353f28b9ec6de77b0dadf0add"),
    "over-the-rainbow": ("5.3.0", "5f231cee244b4c3a734da05bf23d4e07fec1062ffa1824358e933f59fc94e313"),
    "pangolin": ("5.3.0", "0b7bd4f9ad33a18fc9de29e28dfb23fc4281635cc153df856443106c94f0e0b3"),
    "patrick-hand": ("5.3.0", "c3428d02610c7b8fa92b044cf766f8c30b88bb32a47460b4ac42fa14e0bcdcc0"),
    "rancho": ("5.3.0", "577fe931e414956a67cae67a5f0ecbae9600132f9d70cdbdc6a77125f48520ab"),
    "reenie-beanie": ("5.3.0", "8a2406f9b3c0b76199dcd87288ea40480fcd8547ba1af2f9f3156205f1688be9"),
    "rock-salt": ("5.3.0", "c298a87c9a667bcd034b4a5c87430394a0d9bdc03ff6182eaacac2abb868db57"),
    "schoolbell": ("5.3.0", "08901884344f129587928d2260a84e6d8cc7baae54ecdce19ff225694314b704"),
    "sedgwick-ave": ("5.3.0", "0531aaf259af059ed01c20108b5c4a7e80b5868e4e2095910e3ceaf06c597dc1"),
    "short-stack": ("5.3.0", "10ff174d6c256fd5e5417466b24a561de4fd1c5d090975849c77cc7746d8f470"),
    "sriracha": ("5.3.0", "934c3629d255c4f86f66b218cdefef90d6328727be5036fc28f953ac53a7b6f4"),
    "sue-ellen-francisco": ("5.3.0", "93c9f047a1709b2879db10b52058ffba7c1642f0acbec422eb358433c937ee00"),
    "swanky-and-moo-moo": ("5.3.0", "3a1b7f26957986f2bd645c3656f4044812a8b6995eeb2870c90a2f6b86426cd5"),
    "the-girl-next-door": ("5.3.0", "d4ac864cbcda87dffe808b5366045e8d75c149fd2a00d081cc8343ab36699545"),
    "vibur": ("5.3.0", "1c6332aa95f3de8d6a1a471ef3eff7fdd21fef034b4efc0fc25cfc41feca67fb"),
    "waiting-for-the-sunrise": ("5.3.0", "6f9c645d858526553e72f0b56abb32742d5d4c10d6acdb392e5d3fa843ef7141"),
    "walter-turncoat": ("5.3.0", "d9f63db4a95c587d988e1c1ba6eed706a2d134f60aab91bba0d5d2e47fae3d51"),
}
"""Handwriting that pip has no package of: npm's."""
PACKAGES = PRINTED | HANDWRITTEN | FONTSOURCE
WEIGHT = b"Weight"
"""The axis along which a variable font grows bolder."""
APACHE = frozenset(
    "calligraffitti coming-soon crafty-girls homemade-apple just-another-hand permanent-marker rancho roboto-slab "
    "rock-salt satisfy schoolbell walter-turncoat yellowtail".split()
)
"""Packages under the Apache License 2.0; all others are under the SIL Open Font License 1.1."""


@dataclass(frozen=True, slots=True)
class Face:
    path: Path
    hand: bool
    weight: int | None = None
    """Of a typeface whose weight varies: 400 is regular, 700 bold."""

    def glyph(self, text: str, height: float) -> NDArray[np.uint8]:
        """A character or word as ink: uint8[h, w], 255 = ink, cut to its extent; height of its capitals in pixels."""
        font = _font(self.path, max(6, round(height * 1.4)), self.weight)
        left, top, right, bottom = font.getbbox(text)
        sheet = Image.new("L", (int(right - left) + 4, int(bottom - top) + 4), 0)
        ImageDraw.Draw(sheet).text((2 - left, 2 - top), text, font=font, fill=255)
        return np.array(sheet)

    def rise(self, text: str, height: float) -> float:
        """How far a character's top lies below the top of the capitals, pixels."""
        font = _font(self.path, max(6, round(height * 1.4)), self.weight)
        return float(font.getbbox(text)[1] - font.getbbox("8")[1])


@lru_cache(maxsize=512)
def _font(path: Path, size: int, weight: int | None) -> ImageFont.FreeTypeFont:
    font = ImageFont.truetype(str(path), size)
    if weight is not None:
        font.set_variation_by_axes([_along(axis, weight) for axis in font.get_variation_axes()])
    return font


def _along(axis: ImageFont.Axis, weight: int) -> float:
    """Where on an axis of variation a weight lies: on all but its own at the usual place."""
    if axis["name"] != WEIGHT:
        return float(axis["default"] or 0)
    return float(np.clip(weight, axis["minimum"] or 0, axis["maximum"] or 1000))


def _weights(path: Path) -> tuple[int | None, ...]:
    """Regular and bold, where one file holds both."""
    try:
        axes = ImageFont.truetype(str(path), 12).get_variation_axes()
    except OSError:  # the weight is the file's own
        return (None,)
    return (400, 700) if any(axis["name"] == WEIGHT for axis in axes) else (None,)


def provide(folder: Path | None = None, names: Sequence[str] | None = None) -> Path:
    """The folder in which the packages' wheels lie: the one named, else the cache, into which they are fetched once.

    Raises DataError, one line, when a wheel is missing there and cannot be had, or is not the one whose hash is known.
    """
    wanted = tuple(PACKAGES if names is None else names)
    if folder is not None:
        if missing := [name for name in wanted if not (folder / file_name(name)).is_file()]:
            raise DataError(f"{folder} lacks {_listed(missing)}; without --fonts FOLDER they are fetched")
    else:
        folder = cache_folder() / "fonts"
        _fetch([name for name in wanted if not _is_good(folder / file_name(name), name)], folder)
    if wrong := [name for name in wanted if not _is_good(folder / file_name(name), name)]:
        raise DataError(f"{folder}: {file_name(wrong[0])} has another hash than it should")
    return folder


def load(folder: Path) -> list[Face]:
    """The faces of every package that lies in a folder, unpacked in the cache, always in the same order."""
    faces = []
    for name, (_, digest) in PACKAGES.items():
        package = folder / file_name(name)
        if package.is_file():
            for path in _unpack(package, name, cache_folder() / "faces" / digest[:12]):
                faces += [Face(path, name not in PRINTED, weight) for weight in _weights(path)]
    if not faces:
        raise DataError(f"{folder} has none of the fonts' packages")
    return faces


def record(folder: Path) -> dict[str, dict[str, str]]:
    """Version, hash and licence of every package that lies in a folder."""
    return {
        name: {"version": version, "sha256": digest, "licence": "Apache-2.0" if name in APACHE else "OFL-1.1"}
        for name, (version, digest) in PACKAGES.items()
        if (folder / file_name(name)).is_file()
    }


def file_name(name: str) -> str:
    """The name of a package's file: a wheel, or npm's archive."""
    version, _ = PACKAGES[name]
    if name in FONTSOURCE:
        return f"fontsource-{name}-{version}.tgz"
    return f"fontpkg_{name.replace('-', '_')}-{version}-py3-none-any.whl"


def _package(name: str) -> str:
    return f"@fontsource/{name}" if name in FONTSOURCE else f"fontpkg-{name}"


def _fetch(names: Sequence[str], target: Path) -> None:
    """Download packages, with pip and with npm, and move those that are what they should be."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
    pip += ["--no-deps", "--only-binary=:all:", "--dest"]
    wheels = [name for name in names if name not in FONTSOURCE]
    _fetch_with(pip, "==", wheels, target)
    archives = [name for name in names if name in FONTSOURCE]
    if archives and shutil.which("npm") is None:
        what = f"npm, which brings {_listed(archives)}, is not installed"
        raise DataError(f"{what}: install it (Debian's package npm), or name a folder of these with --fonts FOLDER")
    _fetch_with(["npm", "pack", "--silent", "--pack-destination"], "@", archives, target)


def _fetch_with(command: list[str], equals: str, names: Sequence[str], target: Path) -> None:
    if not names:
        return
    with tempfile.TemporaryDirectory(prefix="postread-fonts-", ignore_cleanup_errors=True) as folder:
        pinned = [f"{_package(name)}{equals}{PACKAGES[name][0]}" for name in names]
        try:
            run_limited([*command, folder, *pinned], WAIT, Path(folder))
            for name in names:
                write_atomically(target / file_name(name), _checked(Path(folder) / file_name(name), name))
        except DataError as error:
            what = f"{_listed(names)} cannot be had ({error})"
            raise DataError(f"{what}; name a folder of these packages with --fonts FOLDER") from error


def _checked(package: Path, name: str) -> bytes:
    if not package.is_file():
        raise DataError(f"{package.name} was not downloaded")
    content = package.read_bytes()
    if hashlib.sha256(content).hexdigest() != PACKAGES[name][1]:
        raise DataError(f"{package.name} has another hash than it should")
    return content


def _is_good(package: Path, name: str) -> bool:
    return package.is_file() and hashlib.sha256(package.read_bytes()).hexdigest() == PACKAGES[name][1]


def _listed(names: Sequence[str]) -> str:
    first = ", ".join(map(_package, names[:3]))
    return first if len(names) <= 3 else f"{first} and {len(names) - 3} more"


def _unpack(package: Path, name: str, folder: Path) -> list[Path]:
    """A package's upright faces as files."""
    paths = []
    for file, content in _fontsource(package, name) if name in FONTSOURCE else _wheel(package):
        paths.append(folder / file)
        if not paths[-1].is_file() or paths[-1].stat().st_size != len(content):
            write_atomically(paths[-1], content)
    return paths


def _wheel(package: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(package) as archive:
        for member in sorted(archive.namelist()):
            if member.endswith((".ttf", ".otf")) and "Italic" not in member:
                yield Path(member).name, archive.read(member)


def _fontsource(package: Path, name: str) -> Iterator[tuple[str, bytes]]:
    """The one face of regular weight; a file's name up to its first hyphen is its family."""
    with tarfile.open(package) as archive:
        member = archive.extractfile(f"package/files/{name}-latin-400-normal.woff")
        assert member is not None, package
        yield f"{name.replace('-', '')}-regular.woff", member.read()
