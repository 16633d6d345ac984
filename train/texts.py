"""What is written on rendered lines: numbers as people write them, words, letters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from train.letters import LETTERS

DIGITS = "0123456789"
MANY_ONES = np.array([7, 37, *[7] * 8]) / 100
"""How often each digit is written where ones are frequent: they are what their neighbours swallow."""
WORDS = (
    "Rua Avenida Travessa Praca Largo Estrada Alameda Vila Jardim Centro Norte Sul Cidade Nova Santa "
    "Maria Jose Pedro Antonio Carlos Ferreira Almeida Barbosa Martins Gomes Ribeiro Campos Brasil "
    "Portugal Street Road Avenue North West Court Suite Apartment House Strasse Platz Weg Allee "
    "Hauptstrasse Berlin Hamburg Muenchen Calle Mayor Madrid Plaza Via Roma Milano Napoli Rue de la "
    "Republique Paris Lyon Marseille Bureau Mexico India Delhi Mumbai Kerala Tokyo Remessa Carta Postal "
    "Impressos Devolver Caixa Apto Bloco Fone Data Valor Numero Nome Ltda Comercio Editora Banco "
).split()


def digits_text(rng: np.random.Generator) -> str:
    """A string as people write them: codes, amounts, numbers with marks between and after."""
    count = int(rng.integers(1, 10))
    body = "".join(rng.choice(list(DIGITS), count, p=MANY_ONES if rng.random() < 0.25 else None))
    style = rng.random()
    if style < 0.3 and count > 3:  # an amount: zeros at its end
        zeros = int(rng.integers(1, min(count, 6)))
        body = body[: count - zeros] + "0" * zeros
    if style < 0.40 and count > 3:
        mark = rng.choice([".", ",", ".", "-"])
        cut = count - 3
        body = body[:cut] + mark + body[cut:]
        if cut > 3:
            body = body[: cut - 3] + mark + body[cut - 3 :]
    elif style < 0.52 and count > 2:
        cut = int(rng.integers(1, count))
        body = body[:cut] + str(rng.choice(["-", "-", " ", "/", "."])) + body[cut:]
    if rng.random() < 0.22:
        body += str(rng.choice([".", ".-", "-", "-", ".-", "=", ",", "~", "*", "/"]))
    if rng.random() < 0.06:
        body = str(rng.choice(["$", "#", "*", "-"])) + body
    return body


def words_text(rng: np.random.Generator) -> str:
    words = [str(rng.choice(WORDS)) for _ in range(int(rng.integers(1, 4)))]
    if rng.random() < 0.25:
        words = [word.upper() for word in words]
    text = " ".join(words)
    if rng.random() < 0.35:
        text += rng.choice([", ", " ", " - "]) + str(rng.integers(1, 3000))
    return text


def street_text(rng: np.random.Generator) -> str:
    """Words and a number of one to five digits, after them or before."""
    street = " ".join(str(rng.choice(WORDS)) for _ in range(int(rng.integers(1, 4))))
    street = street.upper() if rng.random() < 0.2 else street
    number = str(rng.integers(1, 10 ** int(rng.integers(1, 6))))
    style = rng.random()
    if style < 0.6:
        return f"{street}, {number}"
    return f"{street} {number}" if style < 0.8 else f"{number} {street}" if style < 0.9 else f"{street} n. {number}"


def letters_text(rng: np.random.Generator, known: Sequence[str] = tuple(LETTERS)) -> list[str]:
    """Some of the known letters (and, by hand, runs of running hand), in no order."""
    return [str(letter) for letter in rng.choice(list(known), int(rng.integers(1, 7)))]
