"""Artifacts: reports that are understood, pictures that are shown, and what is neither."""

from __future__ import annotations

import json
import struct
import time
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.adapters.artifacts.reader import read_artifact
from gate.domain.evidence import Coverage, TestReport
from gate.domain.session.model import TestCounts
from gate.services.ports.evidence import ArtifactReading

PYTEST = b"""<?xml version="1.0" encoding="utf-8"?>
<testsuites name="pytest tests"><testsuite name="pytest" errors="1" failures="1" skipped="1" tests="4">
<testcase classname="tests.test_invoice.InvoiceTest" name="test_total" time="0.001" />
<testcase classname="tests.test_invoice" name="test_tax"><failure message="1 != 2">E</failure></testcase>
<testcase classname="" name="tests.broken"><error message="collection failure" /></testcase>
<testcase classname="a" name="b"><skipped type="pytest.skip" message="no" /></testcase>
</testsuite></testsuites>"""
BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE testsuites [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<testsuites><testcase name="&b;"/></testsuites>"""
OUTSIDE = b"""<!DOCTYPE testsuite [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<testsuite><testcase name="&x;"/></testsuite>"""
COBERTURA = b"""<?xml version="1.0" ?>
<!DOCTYPE coverage SYSTEM 'http://cobertura.sourceforge.net/xml/coverage-04.dtd'>
<coverage line-rate="0.8391" %s branch-rate="0"><packages><package/></packages></coverage>"""
LCOV = b"TN:\nSF:/a/b.js\nDA:1,1\nLF:10\nLH:9\nend_of_record\nSF:/a/c.js\nLF:5\nLH:1\nend_of_record\n"
_BLOCK = b"a/b.go:5.1,6.2 3 "
GO = (
    b"mode: set\na/b.go:1.2,3.4 2 1\n"
    + _BLOCK
    + b"0\n"
    + _BLOCK
    + b"1\n"
    + _BLOCK
    + b"0\na/c.go:1.1,2.2 4 0\n"
)
COVERAGE_PY = {
    "meta": {"version": "7.6"},
    "files": {},
    "totals": {"covered_lines": 199, "num_statements": 200, "percent_covered": 96.7},
}
ISTANBUL = {"total": {"lines": {"total": 3, "covered": 2, "skipped": 0, "pct": 66.66}}, "/a.js": {}}
TAP = b"""TAP version 14
1..6
ok 1 - adds
not ok 2 - subtracts
  ---
  at: 3
  ...
# Subtest: more
    ok 1 - inner
    1..1
ok 3 - more
ok 4 # SKIP no network
not ok 5 - later # TODO write it
okay, what else
"""


def png(width: int, height: int) -> bytes:
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))


_JFIF = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
JPEG = b"\xff\xd8" + _JFIF + b"\xff\xc0\x00\x11\x08\x00\x10\x00\x20\x03"
GIF = b"GIF89a\x10\x00\x10\x00\x00\x00\x00;"
WEBP = b"RIFF\x24\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00\x0f\x00\x00\x0f\x00\x00"


def report(format: str, counts: TestCounts, *failures: str, fault: str = "") -> ArtifactReading:
    return ArtifactReading("text/plain", report=TestReport("x", format, counts, failures), fault=fault)


def covered(percent: int) -> ArtifactReading:
    return ArtifactReading("text/plain", coverage=Coverage("x", percent))


@pytest.mark.parametrize(
    ("content", "reading"),
    [
        (PYTEST, report("junit", TestCounts(1, 1, 1, 1), "tests.test_invoice.test_tax", "tests.broken")),
        (PYTEST.decode().replace("utf-8", "utf-16").encode("utf-16"), None),
        (b'<testsuite tests="9" failures="2" errors="1"/>', report("junit", TestCounts(6, 2, 1, 0))),
        (b"<testsuites/>", report("junit", TestCounts())),
        (COBERTURA % b"", covered(83)),
        (COBERTURA % b'lines-covered="1" lines-valid="3"', covered(33)),
        (LCOV, covered(66)),
        (GO, covered(55)),
        (json.dumps(COVERAGE_PY).encode(), covered(99)),
        (json.dumps(ISTANBUL).encode(), covered(66)),
        (TAP, report("tap", TestCounts(2, 1, 1, 2), "subtracts", fault="1 of 6 planned tests are missing")),
        (b"ok 1\nok 2\n1..2\n", report("tap", TestCounts(passed=2))),
        (b"1..0 # skipped\n", report("tap", TestCounts())),
        (
            b"TAP version 13\nok 1\nBail out! no disk\nok 2\n",
            report("tap", TestCounts(passed=1), fault="the test run was given up before its end"),
        ),
    ],
)
def test_a_report_is_known_by_what_is_in_it(content: bytes, reading: ArtifactReading | None) -> None:
    read = read_artifact("x", content)

    if reading is None:
        assert read.report is not None
        assert read.report.counts == TestCounts(1, 1, 1, 1)
    else:
        assert read == reading


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (png(16, 16), "image/png"),
        (JPEG, "image/jpeg"),
        (GIF, "image/gif"),
        (WEBP, "image/webp"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "text/plain"),
        (b"<!doctype html><script>alert(1)</script>", "text/plain"),
        (b"just words: ok 3 of them\n", "text/plain"),
        (b"ok 3 of them\n", "text/plain"),
        ("Grüße".encode(), "text/plain"),
        ("Grüß".encode()[:-1], "text/plain"),
        (b"", "text/plain"),
        (b'{"a": 1}', "text/plain"),
        (b"<stdin>:3: error\n", "text/plain"),
        (b"%PDF-1.7\n\x00\xff", "application/pdf"),
        (b"BM\x00\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\xff", "application/octet-stream"),
        (b"\x00\x01\x02\xff", "application/octet-stream"),
    ],
)
def test_anything_else_has_the_media_type_of_its_content(content: bytes, media_type: str) -> None:
    assert read_artifact("picture.png", content) == ArtifactReading(media_type)


@pytest.mark.parametrize("size", [(60_000, 60_000), (2**32 - 1, 2**32 - 1)])
def test_a_picture_that_would_fill_the_browsers_memory_is_not_shown(size: tuple[int, int]) -> None:
    assert read_artifact("x", png(*size)) == ArtifactReading(
        "application/octet-stream", fault="the picture is too large to be shown"
    )


@pytest.mark.parametrize("start", [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"RIFF....WEBPVP8 ", b"GIF89a"])
def test_what_only_begins_like_a_picture_is_none(start: bytes) -> None:
    assert read_artifact("x", start) == ArtifactReading(
        "application/octet-stream", fault="it begins like a picture and is none"
    )


@pytest.mark.parametrize("content", [BOMB, OUTSIDE])
def test_entities_are_refused(content: bytes) -> None:
    fault = "it cannot be read as a report: it declares entities or a document type of its own"

    assert read_artifact("x", content) == ArtifactReading("text/plain", fault=fault)


def test_elements_without_end_are_refused_in_flat_time() -> None:
    started = time.process_time()

    reading = read_artifact("x", b"<testsuites>" + b"<a>" * 2_000_000)

    assert reading.fault == "it cannot be read as a report: its elements are nested too deep"
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    "content",
    [
        b"<testsuites><testcase name='a'>",
        b"<testsuites></testsuite>",
        b'<?xml version="1.0" encoding="utf-7"?><testsuites/>',
        b'<?xml version="1.0" encoding="hex"?><testsuites/>',
        b"<coverage line-rate='nan'/>",
        b"<coverage line-rate='7'/>",
        b'{"meta": {}, "totals": {"percent_covered": "all"}}',
        b'{"total": {"lines": {"pct": "Unknown"}}}',
        b"TN:\nSF:a\nLF:1\nLH:5\nend_of_record\n",
        b"mode: set\nnothing\n",
    ],
)
def test_a_report_that_cannot_be_right_is_a_fault(content: bytes) -> None:
    reading = read_artifact("x", content)

    assert (reading.report, reading.coverage) == (None, None)
    assert reading.fault or b"encoding" in content


def test_what_is_too_large_is_not_read_as_a_report() -> None:
    large = b"<testsuites>" + b" " * (9 << 20) + b"</testsuites>"

    assert read_artifact("x", large).fault == "it is too large to be read as a report"


def test_json_nested_without_end_is_text() -> None:
    assert read_artifact("x", b'{"a":' * 1_000_000) == ArtifactReading("text/plain")


@given(
    st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: text.encode(errors="replace")))
)
def test_no_content_makes_the_reader_fail(content: bytes) -> None:
    assert read_artifact("x", content).media_type


@given(st.sampled_from([PYTEST, TAP, LCOV, GO, COBERTURA, JPEG, WEBP, png(3, 3), BOMB]), st.data())
def test_no_cut_and_no_change_makes_the_reader_fail(content: bytes, draw: st.DataObject) -> None:
    at = draw.draw(st.integers(0, len(content)))
    changed = content[:at] + draw.draw(st.binary(max_size=3)) + content[at + draw.draw(st.integers(0, 9)) :]

    assert read_artifact("x", changed).media_type
