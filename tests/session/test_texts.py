from __future__ import annotations

from gate.domain.session.texts import FirstAndLast, first_part, last_part, middle_cut, visible


def test_what_fits_stays_as_it_is() -> None:
    text = "one\ntwo\n"

    assert (middle_cut(text, 8), first_part(text, 8), last_part(text, 8)) == (text, text, text)


def test_texts_are_cut_at_lines_and_else_at_words() -> None:
    assert first_part("one\ntwo\nthree", 9) == "one\ntwo"
    assert first_part("one two three", 9) == "one two"
    assert first_part("onetwothree", 9) == "onetwothr"
    assert last_part("one\ntwo\nthree\n", 9) == "three\n"
    assert last_part("one two three", 9) == "three"
    assert last_part("onetwothree", 9) == "etwothree"


def test_the_middle_is_cut_out_with_its_length() -> None:
    text = "first line\n" + "x" * 80 + "\nlast line"

    assert middle_cut(text, 40) == "first line\n[… 82 characters left out …]\nlast line"


def test_what_no_database_takes_becomes_visible() -> None:
    assert visible("plain") == "plain"
    assert visible("a\x00b\ud83dc😀") == "a␀b\ufffdc😀"


def test_the_first_and_the_last_are_kept() -> None:
    kept: FirstAndLast[int] = FirstAndLast(4, 1_000)

    for number in range(10):
        kept.add(number, 1)

    assert (kept.all(), kept.left_out) == ([0, 1, 8, 9], 6)


def test_what_is_kept_is_bounded_by_its_size_too() -> None:
    kept: FirstAndLast[str] = FirstAndLast(100, 40)

    for number in range(10):
        kept.add(str(number), 10)
    kept.add("giant", 500)

    assert (kept.all(), kept.left_out) == (["0", "1"], 9)
