"""Votes: readings over several looks become one."""

from hypothesis import given
from hypothesis import strategies as st

from device import formats
from device.watch.track import Track

CEP = formats.get("cep")
PAPER = (0, 0, 640, 360)


def track(*looks, least=0.8, format=CEP, known=None) -> Track:
    made = Track(format, least, known)
    for look in looks:
        made.add(look)
    return made


def test_one_look_settles_nothing_however_sure(reading) -> None:
    assert track([reading("01310100", 0.999)]).settled(PAPER) == []


def test_two_sure_looks_that_agree_settle(reading) -> None:
    (settled,) = track([reading("01310100")], [reading("01310100")]).settled(PAPER)
    assert (settled.code, settled.accepted, settled.reason) == ("01310-100", True, None)


def test_what_was_settled_is_not_settled_again(reading) -> None:
    made = track([reading("01310100")], [reading("01310100")])
    made.settled(PAPER)
    made.add([reading("01310100")])
    assert made.settled(PAPER) == []


def test_votes_weigh_as_much_as_they_are_sure(reading) -> None:
    looks = [[reading("01310107", 0.3)], [reading("01310107", 0.3)], [reading("01310100", 0.95)]]
    ((_, standing),) = track(*looks).standing(PAPER)
    assert standing.digits == "01310100"


def test_looks_that_read_otherwise_make_it_less_sure(reading) -> None:
    agreed = track(*[[reading("01310100", 0.9)]] * 3).standing(PAPER)[0][1]
    doubted = track(*[[reading("01310100", 0.9)]] * 3, [reading("01310107", 0.9)]).standing(PAPER)[0][1]
    assert doubted.confidence < agreed.confidence


def test_what_comes_into_view_late_is_as_sure_as_if_nothing_had_been_looked_at_before(reading) -> None:
    sender, addressee = reading("20040020", box=(20, 20, 100, 14)), reading("01310100", 0.9, (300, 240, 160, 24))
    late, alone = track(), track()
    for look in [[]] * 4 + [[sender]] * 6 + [[sender, addressee]] * 3:
        late.add_carried(look)
    for look in [[sender, addressee]] * 3:
        alone.add_carried(look)
    (of_late,), (of_alone,) = late.standing(PAPER), alone.standing(PAPER)
    assert late.looks == 9
    assert of_late[1].digits == "01310100"
    assert of_late[1].confidence == of_alone[1].confidence


def test_a_code_that_the_format_does_not_have_wins_nothing(reading) -> None:
    looks = [[reading("00000000", 0.95), reading("0131010", 0.9)]] * 3
    assert track(*looks).settled(PAPER) == []


def test_a_known_code_wins_over_a_likelier_one(reading) -> None:
    looks = [[reading("01310107", 0.6)], [reading("01310100", 0.55)], [reading("01310107", 0.6)]]
    ((_, standing),) = track(*looks, known=frozenset({"01310100"})).standing(PAPER)
    assert standing.digits == "01310100"


def test_the_senders_code_is_not_taken_for_the_addressees(reading) -> None:
    sender, addressee = (20, 20, 100, 14), (300, 240, 160, 24)
    looks = [[reading("20040020", 0.97, sender), reading("01310100", 0.9, addressee)]] * 3
    (settled,) = track(*looks).settled(PAPER)
    assert settled.digits == "01310100"


def test_a_code_in_the_senders_corner_alone_is_refused(reading) -> None:
    made = track(*[[reading("20040020", 0.97, (20, 20, 100, 14))]] * 3)
    assert made.settled(PAPER) == []
    assert made.standing(PAPER)[0][1].reason == "not-the-addressee"


def test_the_senders_code_however_sure_is_not_settled_where_another_may_be_the_addressees(reading) -> None:
    sender = reading("20040020", 0.9999, (20, 20, 100, 14))
    made = track(*[[sender, reading(digits, 0.3, (300, 240, 160, 24))] for digits in ("01310100", "01310107") * 4])
    assert made.settled(PAPER) == []
    ((_, standing),) = made.standing(PAPER)
    assert (standing.digits[:-1], standing.reason) == ("0131010", "not-sure")
    assert [one.digits for one in track(*[[sender]] * 4).settled(PAPER)] == ["20040020"]


def test_a_day_is_hardly_a_code(reading) -> None:
    assert track(*[[reading("16112020", 0.9)]] * 3).settled(PAPER) == []
    assert track(*[[reading("16112020", 0.999999)]] * 8).settled(PAPER) == []
    assert track(*[[reading("16132020", 0.9)]] * 3).settled(PAPER)


def test_two_codes_either_of_which_may_be_the_addressees_are_refused(reading) -> None:
    looks = [[reading("20040020", 0.96, (300, 100, 160, 24)), reading("01310100", 0.96, (300, 240, 160, 24))]] * 3
    assert track(*looks).settled(PAPER) == []


def test_a_surer_line_does_not_win_where_another_is_likely_a_code_too(reading) -> None:
    """Such as a street's number after letters that look like ones, above a code in an odd hand."""
    street = reading("61112957", 0.85, (300, 160, 160, 24))
    odd, torn = (reading("53009880", confidence, (300, 240, 160, 24)) for confidence in (0.6, 0.2))
    assert track(*[[street, odd]] * 5).settled(PAPER) == []
    assert [one.digits for one in track(*[[street, torn]] * 5).settled(PAPER)] == ["61112957"]


def test_lines_of_digits_each_settle(reading) -> None:
    places = (10, 10, 90, 20), (10, 90, 90, 20)
    looks = [[reading(f"1234{k}", 0.97, box, format="digits") for k, box in enumerate(places)]] * 2
    settled = track(*looks, format=formats.get("digits")).settled(PAPER)
    assert [one.digits for one in settled] == ["12340", "12341"]


@given(st.lists(st.tuples(st.sampled_from(["01310100", "01310107", "20040020"]), st.floats(0, 1)), max_size=8))
def test_what_is_settled_was_read_and_is_as_sure_as_asked(votes) -> None:
    from tests.device.watch.conftest import reading_of

    made = track(*[[reading_of(digits, confidence)] for digits, confidence in votes])
    for settled in made.settled(PAPER):
        assert settled.digits in {digits for digits, _ in votes}
        assert 0.8 <= settled.confidence <= 1


def test_a_look_has_one_vote_at_a_place_the_surest(reading) -> None:
    made = track([reading("01310107", 0.5), reading("01310100", 0.97), reading("01310107", 0.4)])
    (place,) = made.places
    assert [vote.digits for vote in place.votes] == ["01310100"]
    assert made.settled(PAPER) == []
