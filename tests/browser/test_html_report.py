"""The HTML report in a real browser."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest

from conformance.config import Settings
from conformance.model.excerpt import Excerpt
from conformance.model.finding import Finding, Suspect
from conformance.model.http import Source
from conformance.model.known import Entry, Standing
from conformance.model.overview import Overview, overview
from conformance.model.report import Cell, Place, Recurring, Report, Sample, Subject, Tally
from conformance.model.rule import Problem, Severity, Side
from conformance.reports import html
from conformance.run.suite import suite

EVIL = "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">{{ 7 * 7 }}"
EXCHANGES = 100_000
RULES = 40
A4 = 718
"""CSS pixels between the margins of Chromium."""


def _rules() -> dict[str, dict[str, str]]:
    stages = ("status", "media-type", "wire", "schema", "relation")
    return {
        f"rule-{number:02}": {
            "title": f"Something of kind {number} is wrong.",
            "severity": "error",
            "subject": "messages",
            "stage": stages[number % len(stages)],
        }
        for number in range(RULES)
    }


def _subject() -> Subject:
    real = suite(Settings()).subject()
    return Subject(
        version=real.version,
        contract=real.contract,
        apis=real.apis,
        operations=real.operations,
        rules=_rules(),
        settings={"seed": 1},
    )


def _recurring(operation: str | None, rule: str, *, evil: bool = False) -> Recurring:
    name = hashlib.sha256(f"{operation} {rule}".encode()).hexdigest()[:20]
    actual = EVIL if evil else f"CA{name}{name[:12]}"
    message = f'"{actual}" does not match ^CA[0-9a-fA-F]{{32}}$'
    body = "".join(f'"field_{index}": "{name}", ' for index in range(30))
    evidence = {
        "request": {
            "method": "POST",
            "url": f"https://api.example.com/v1/Things/{name}?q={actual if evil else 1}",
            "headers": [["Authorization", "•••"], ["Content-Type", "application/x-www-form-urlencoded"]],
            "body": f"To=%2B15•••10&Body={actual}",
        },
        "response": {"status": 200, "headers": [["Content-Type", "application/json"]], "body": "{" + body + "}"},
    }
    lines = tuple(f'  "field_{index}": "{actual if index == 5 else name}",' for index in range(11))
    sample = Sample(
        exchange=name,
        path="cassettes/voice/calls.yaml",
        index=7,
        line=120,
        message=message,
        instance_pointer="/calls/0/sid",
        actual=actual,
        evidence=evidence,
        excerpt=Excerpt(first=3, marked=8, lines=lines),
    )
    return Recurring(
        finding=Finding(
            rule_id=rule,
            operation=operation,
            severity=Severity.ERROR,
            side=Side.RESPONSE,
            suspect=Suspect.IMPLEMENTATION,
            problem=Problem(
                message=message,
                instance_pointer="/calls/0/sid",
                spec_pointer="/components/schemas/Call/properties/sid/pattern",
                expected="^CA[0-9a-fA-F]{32}$",
                actual=actual,
                keyword="pattern",
            ),
            exchange_id=name,
            source=Source(kind="vcr", path="cassettes/voice/calls.yaml", index=7, line=120),
            spec="specs/twilio_voice.yaml",
            line=639,
            column=11,
            fingerprint=name,
        ),
        count=12,
        samples=(sample,),
        last=Place(exchange=name, path="cassettes/voice/calls.yaml", index=90, line=4000),
        excerpt=Excerpt(first=634, marked=639, lines=tuple(f"          line {n}: {name[:8]}" for n in range(11))),
    )


def _report(subject: Subject, findings: list[Recurring]) -> Report:
    called = subject.operations[:-20]
    share = EXCHANGES // len(called)
    failed: dict[str | None, dict[str, int]] = {}
    for each in findings:
        failed.setdefault(each.finding.operation, {})[each.finding.rule_id] = 12
    tallies = {
        operation.key: Tally(
            exchanges=share,
            passed=dict.fromkeys(subject.rules, share - 12),
            failed=failed.get(operation.key, {}),
            seen=dict.fromkeys(operation.declared[::2], share),
        )
        for operation in called
    }
    found = {each.finding.fingerprint: each for each in findings}
    return Report(subject=subject, cells={"all": Cell(id="all", tallies=tallies, findings=found)})


@pytest.fixture(scope="module")
def full() -> Overview:
    return large()


def large() -> Overview:
    """Every operation that was called breaks every rule."""
    subject = _subject()
    findings = [_recurring(operation.key, rule) for operation in subject.operations[:-20] for rule in subject.rules]
    return overview(_report(subject, findings), fail_on=Severity.ERROR)


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a report with a few findings, hostile ones among them."""
    subject = _subject()
    keys = [operation.key for operation in subject.operations]
    findings = [_recurring(key, f"rule-{number:02}") for key in keys[:6] for number in range(3)]
    findings += [_recurring(keys[0], "rule-09", evil=True), _recurring(None, "rule-10")]
    known = findings[1].finding
    entry = Entry(
        fingerprint=known.fingerprint, rule=known.rule_id, operation=known.operation, place="", message="", reason=EVIL
    )
    shown = overview(
        _report(subject, findings), fail_on=Severity.ERROR, standing=Standing(accepted={known.fingerprint: entry})
    )
    path = tmp_path_factory.mktemp("html") / "report.html"
    path.write_text(html.render(shown), encoding="utf-8")
    return path.as_uri()


def test_the_file_is_small_enough_and_says_what_has_no_room(full: Overview) -> None:
    text = html.render(full)
    assert len(text.encode()) <= html.LARGEST
    left_out = re.search(r"<b>([\d,]+) more findings</b> have no room", text)
    assert left_out is not None
    assert int(left_out[1].replace(",", "")) < len(full.findings)


def test_a_large_report_opens_and_unpacks_what_is_packed(full: Overview, tmp_path: Path, page: Any) -> None:
    """How soon it opens is measured in `benchmarks/html_report.py`."""
    path = tmp_path / "report.html"
    path.write_text(html.render(full), encoding="utf-8")
    page.look(width=1280)
    page.open(path.as_uri())
    page.wait("document.documentElement.dataset.complete !== undefined")
    plain = path.read_text(encoding="utf-8").count('<details class="finding"')
    in_page = page.run("document.querySelectorAll('.finding').length")
    left_out = int(page.run("document.querySelector('.note b').textContent").partition(" ")[0].replace(",", ""))
    assert plain < in_page == len(full.findings) - left_out
    assert not page.complaints()


def test_nothing_is_asked_for_and_nothing_complains(usual: str, page: Any) -> None:
    page.open(usual)
    assert page.requests() == [usual]
    assert page.complaints() == []


def test_markup_in_a_recording_stays_text(usual: str, page: Any) -> None:
    page.open(usual)
    page.run("document.querySelectorAll('.finding').forEach((each) => { each.open = true; })")
    assert "owned" not in page.run("document.title")
    assert page.run("document.images.length") == 0
    assert page.run("document.scripts.length") == 1
    assert EVIL in page.run("document.body.innerText")


def test_arrow_keys_move_in_the_matrix_and_enter_opens_the_finding(usual: str, page: Any) -> None:
    page.look(width=1280)
    page.open(usual)
    page.run("document.querySelector('#matrix [tabindex=\"0\"]').focus()")
    for key in ("ArrowDown", "ArrowRight", "ArrowRight"):
        page.press(key)
    row, column = page.run(
        "(() => { const cell = document.activeElement.closest('td');"
        " return [cell.parentNode.rowIndex, cell.cellIndex]; })()"
    )
    assert (row, column) == (2, 2)
    page.press("Enter")
    opened = page.run("[...document.querySelectorAll('.finding[open]')].map((each) => each.dataset.group)")
    group = page.run("document.querySelectorAll('#matrix thead th')[2].dataset.sort.slice(2)")
    assert opened == [group]
    assert page.run("document.activeElement.matches('.finding[open] > summary')")


def test_a_heading_sorts_and_turns_the_order(usual: str, page: Any) -> None:
    page.open(usual)
    heading = "document.querySelector('#matrix [data-sort=\"findings\"] button')"
    counts = "[...document.querySelectorAll('#matrix [data-n=\"Findings\"]')].map((each) => +each.textContent)"
    page.run(f"{heading}.click()")
    most = page.run(counts)
    assert most == sorted(most, reverse=True)
    assert page.run(f"{heading}.closest('th').getAttribute('aria-sort')") == "descending"
    page.run(f"{heading}.click()")
    assert page.run(counts) == sorted(most)


def test_filters_narrow_both_tables_and_stand_in_the_address(usual: str, page: Any) -> None:
    page.open(usual)
    page.run(
        "(() => { const form = document.querySelector('#filters form'); form.elements.rule.value = 'rule-02';"
        " form.dispatchEvent(new Event('input')); })()"
    )
    assert page.run("document.querySelector('#told').value") == "6 of 90 operations, 6 of 20 findings"
    assert page.run("location.hash") == "#?rule=rule-02"
    address = page.run("location.href")
    page.open(address)
    assert page.run("document.querySelector('#told').value") == "6 of 90 operations, 6 of 20 findings"
    page.run("document.querySelector('#filters [type=\"reset\"]').click()")
    page.run("new Promise((done) => setTimeout(done, 20))")
    assert page.run("document.querySelector('#told').value") == "90 of 90 operations, 20 of 20 findings"


def test_a_link_to_a_finding_opens_it(usual: str, page: Any) -> None:
    page.open(usual)
    name = page.run("document.querySelectorAll('.finding')[4].id")
    page.open(f"{usual}#{name}")
    assert page.run("[...document.querySelectorAll('.finding[open]')].map((each) => each.id)") == [name]


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_no_width_makes_the_page_scroll_sideways(usual: str, page: Any, width: int) -> None:
    page.look(width=width, phone=width < 500)
    page.open(usual)
    page.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert page.run("document.documentElement.scrollWidth") <= width


_CONTRAST = """(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (text) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = text; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = (colour) => {
    const linear = (c) => c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4;
    const [r, g, b] = colour.map((each) => linear(each / 255));
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const ground = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = rgb(getComputedStyle(each).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255, 255];
  };
  const low = new Set();
  const walker = document.createTreeWalker(document.querySelector("body"), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !element.checkVisibility()) continue;
    const one = light(rgb(getComputedStyle(element).color)), two = light(ground(element));
    const ratio = (Math.max(one, two) + .05) / (Math.min(one, two) + .05);
    if (ratio < 4.5) low.add(`${element.tagName}.${element.className} ${ratio.toFixed(2)}`);
  }
  return [...low];
})()"""


@pytest.mark.parametrize("dark", [False, True])
def test_every_text_has_the_contrast_of_wcag_aa(usual: str, page: Any, dark: bool) -> None:
    page.look(width=1280, dark=dark)
    page.open(usual)
    page.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert page.run(_CONTRAST) == []


_UNNAMED = """[...document.querySelectorAll("button, input, select, a[href], summary, [role='img']")].filter((each) =>
  !(each.textContent.trim() || each.getAttribute("aria-label") || each.labels?.length)).map((each) => each.outerHTML)"""


def test_every_control_and_picture_has_a_name(usual: str, page: Any) -> None:
    page.open(usual)
    assert page.run(_UNNAMED) == []
    assert page.run("document.documentElement.lang") == "en"
    assert page.run("document.querySelectorAll('h1').length") == 1


_CUT_OFF = """[...document.querySelectorAll(".scroll")].filter((each) =>
  each.scrollWidth > document.documentElement.clientWidth).map((each) => each.firstElementChild.id)"""


def test_paper_shows_what_fails_in_full_and_no_controls(usual: str, page: Any) -> None:
    page.look(width=800, media="print")
    page.open(usual)
    page.run("dispatchEvent(new Event('beforeprint'))")
    failing = page.run("[...document.querySelectorAll('.finding[data-fails]')].every((each) => each.open)")
    assert failing
    assert not page.run("document.querySelector('#filters').checkVisibility()")
    page.look(width=A4, media="print")
    assert page.run("document.querySelector('#matrix thead').checkVisibility()")
    assert page.run("document.documentElement.scrollWidth") <= A4
    assert page.run(_CUT_OFF) == []
    assert page.pdf().startswith(b"%PDF")
    page.run("dispatchEvent(new Event('afterprint'))")
    assert page.run("document.querySelectorAll('.finding[open]').length") == 0


def test_the_theme_can_be_chosen(usual: str, page: Any) -> None:
    page.look(width=1280)
    page.open(usual)
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.run(ground)
    page.run("document.querySelector('#theme').click(); document.querySelector('#theme').click()")
    assert page.run("document.querySelector('#theme').textContent") == "Theme: dark"
    assert page.run(ground) != light
    page.run("localStorage.clear()")


def test_without_scripts_everything_is_there() -> None:
    subject = _subject()
    text = html.render(
        overview(_report(subject, [_recurring(subject.operations[0].key, "rule-01")]), fail_on=Severity.ERROR)
    )
    before, _, script = text.rpartition("<script>")
    assert "does not match" in before
    assert "curl" in before
    assert subject.operations[-1].key in before
    assert "does not match" not in script


def test_the_same_report_gives_the_same_bytes(full: Overview) -> None:
    assert html.render(full) == html.render(full)
