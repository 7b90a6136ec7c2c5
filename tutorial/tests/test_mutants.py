"""What the proof that green means right promises: which faults there are, and that none is lost."""

import ast
import functools
import json

import pytest

from tutorial.author import proofs
from tutorial.author.mutants import KINDS, Mutant, mutants, new_lines, of_text, sample, typed_places
from tutorial.author.proofs import (
    Options,
    blamed,
    given_at,
    judge,
    read_results,
    ready_folder,
    rests_on,
    run_mutant,
    run_proof,
    take_up,
    write_table,
)
from tutorial.checking.run import checks_file
from tutorial.course import unseen as lists
from tutorial.course.chapters import COURSE, chapter
from tutorial.course.stages import stage_files, typed_lines
from tutorial.course.unseen import Unseen, unseen
from tutorial.environment import Trouble

CHECKED = [of for of in COURSE if checks_file(of).is_file()]
chapters = pytest.mark.parametrize("of", CHECKED, ids=lambda of: of.name)

every_mutant = functools.cache(mutants)
"""The mutants of a chapter, found once."""

CONSUMER = '''\
"""A window."""

import json  # for frames

ROOM = "lobby"
LIMIT = 4401


class Window(Base):
    """Docstring."""

    # A comment.
    def receive(self, text):
        self.count = 1
        self.last = 2
        if not text:
            return
        frame = json.loads(text)
        self.send(text=json.dumps({"message": frame["message"]}))
        return frame
'''
SCRIPT = """\
// A comment.
const log = byId("chat-log");
/** What it
    does. */
function show(text) {
  log.value += `${text}\\n`;
  log.scrollTop = log.scrollHeight;
}
socket.onmessage = async ({ data }) => {
  if (!data) return;
  show(JSON.parse(await data).message);
};
const a = 1;
const b = 4404;
byId("error").textContent = "Try again.";
"""
TEMPLATE = """\
{% extends "base.html" %}
{# a comment #}
{% block main %}
  <div id="row">
    {% if not form.errors %}<p class="wide">Fine</p>{% endif %}
    <a href="{% url 'chat:room' name=room.name %}">{{ user.username|upper }}</a>
  </div>
{% endblock %}
"""


def found(kind, file, text):
    """What there is of a kind in a text that is typed as a whole: pairs of line and change."""
    typed = set(range(1, text.count("\n") + 1))
    return [(mutant.text, mutant.change) for mutant in of_text(kind, file, text, typed)]


def gone(file, text):
    """The lines that go, one in each mutant."""
    return [line for line, _ in found("line", file, text)]


# Which faults there are


def test_a_line_goes_unless_python_could_not_be_parsed_or_it_says_nothing():
    assert gone("chat/consumers.py", CONSUMER) == [
        "import json  # for frames",
        'ROOM = "lobby"',
        "LIMIT = 4401",
        "self.count = 1",
        "self.last = 2",
        "frame = json.loads(text)",
        'self.send(text=json.dumps({"message": frame["message"]}))',
        "return frame",
    ]


def test_a_line_goes_unless_a_bracket_would_lose_its_other_half():
    assert gone("chat/static/chat/room.js", SCRIPT) == [
        'const log = byId("chat-log");',
        "log.value += `${text}\\n`;",
        "log.scrollTop = log.scrollHeight;",
        "if (!data) return;",
        "show(JSON.parse(await data).message);",
        "const a = 1;",
        "const b = 4404;",
        'byId("error").textContent = "Try again.";',
    ]


def test_a_line_of_a_template_goes_unless_a_tag_would_lose_its_end():
    lines = TEMPLATE.splitlines()
    expected = [lines[0], *lines[3:7]]
    assert gone("templates/room.html", TEMPLATE) == [line.strip() for line in expected]
    assert gone(".env.example", "# a comment\n\nDEBUG=True\n") == ["DEBUG=True"]


def test_return_not_and_await_go():
    assert found("word", "chat/consumers.py", CONSUMER) == [
        ("if not text:", "if text:"),
        ("return", "pass"),
        ("return frame", "frame"),
    ]
    python = "async def f(a):\n    return a is not await g() and a not in h  # not\n"
    assert [change for _, change in found("word", "a.py", python)] == [
        "a is not await g() and a not in h  # not",
        "return a is await g() and a not in h  # not",
        "return a is not g() and a not in h  # not",
        "return a is not await g() and a in h  # not",
    ]
    assert found("word", "room.js", SCRIPT) == [
        ("if (!data) return;", "if (data) return;"),
        ("if (!data) return;", "if (!data) ;"),
        ("show(JSON.parse(await data).message);", "show(JSON.parse(data).message);"),
    ]
    assert found("word", "room.js", "if (a !== b) c();\n") == [
        ("if (a !== b) c();", "if (a === b) c();"),
    ]
    assert [line for line, _ in found("word", "room.html", TEMPLATE)] == [
        '{% if not form.errors %}<p class="wide">Fine</p>{% endif %}'
    ]


def test_statements_change_places_where_it_can_matter():
    assert [line for line, _ in found("swap", "chat/consumers.py", CONSUMER)] == [
        "if not text:",
        "frame = json.loads(text)",
        'self.send(text=json.dumps({"message": frame["message"]}))',
    ]
    assert found("swap", "a.py", "a = 1\nb = 2\n") == []
    assert found("swap", "a.py", "a = f()\nb = g()\n") == []
    assert found("swap", "a.py", "import a\nimport b\n") == []
    assert found("swap", "a.py", "def a():\n    pass\ndef b():\n    a()\n") == []
    assert found("swap", "a.py", "a = f()\nb = a\n") == [("a = f()", "b = a ⏎ a = f()")]
    assert found("swap", "a.py", "app = load()\nfrom chat import b\n") != []
    assert [line for line, _ in found("swap", "room.js", SCRIPT)] == [
        "if (!data) return;",
        "const b = 4404;",
    ]


def test_a_word_that_a_program_reads_is_changed():
    assert [change for _, change in found("name", "chat/consumers.py", CONSUMER)] == [
        'ROOMx = "lobby"',
        'ROOM = "lobbyx"',
        "LIMITx = 4401",
        "LIMIT = 4402",
        "def receivex(self, text):",
        "self.count = 10",
        "self.last = 20",
        'self.send(textx=json.dumps({"message": frame["message"]}))',
        'self.send(text=json.dumps({"messagex": frame["message"]}))',
        'self.send(text=json.dumps({"message": frame["messagex"]}))',
    ]
    changes = [change for _, change in found("name", "room.js", SCRIPT)]
    assert 'const log = byId("chat-logx");' in changes
    assert "const b = 4405;" in changes
    assert "socket.onmessagex = async ({ data }) => {" in changes
    assert "show(JSON.parse(await data).messagex);" in changes
    assert "log.value += `${text}\\nx`;" not in changes, "an escape is no name"
    assert 'byId("error").textContent = "Try again.x";' not in changes, "that is for people"
    assert [change for _, change in found("name", "room.html", TEMPLATE)] == [
        '{% extends "base.htmlx" %}',
        "{% block mainx %}",
        '<div id="rowx">',
        '{% if not form.errorsx %}<p class="wide">Fine</p>{% endif %}',
        "<a href=\"{% url 'chat:roomx' name=room.name %}\">{{ user.username|upper }}</a>",
        "<a href=\"{% url 'chat:room' namex=room.name %}\">{{ user.username|upper }}</a>",
        "<a href=\"{% url 'chat:room' name=room.namex %}\">{{ user.username|upper }}</a>",
        "<a href=\"{% url 'chat:room' name=room.name %}\">{{ user.usernamex|upper }}</a>",
    ]


def test_only_typed_lines_have_faults():
    text = "a = 1\nb = 2\n\nc = 3\n"
    assert new_lines("a = 1\n", text) == {2, 4}
    assert [m.line for m in of_text("line", "a.py", text, {2, 4})] == [2, 4]


@chapters
def test_every_typed_line_is_looked_at(of):
    places = typed_places(of.number)
    assert {name: len(lines) for name, lines in places.items()} == typed_lines(of.number)
    for mutant in every_mutant(of.number):
        assert mutant.kind == "swap" or mutant.line in places[mutant.file], mutant.id


@chapters
def test_a_mutant_can_be_read_and_is_not_the_stage(of):
    files = stage_files(of.number)
    texts = {name: path.read_text("utf-8") for name, path in files.items()}
    every = every_mutant(of.number)
    assert len({(m.file, m.kind, m.content) for m in every}) == len(every), "one fault, twice"
    for mutant in every:
        assert mutant.content != texts[mutant.file]
        assert texts[mutant.file].splitlines()[mutant.line - 1].strip() == mutant.text
        if mutant.file.endswith(".py"):
            ast.parse(mutant.content)


@chapters
def test_the_ids_are_the_same_every_time(of):
    every = every_mutant(of.number)
    ids = [mutant.id for mutant in every]
    assert len(set(ids)) == len(ids)
    assert [mutant.id for mutant in mutants(of.number)] == ids


def test_a_sample_is_the_same_every_time():
    every = mutants(4)
    third = len(every) // 3
    assert sample(4, 3) == sample(4, 3)
    assert [every.index(mutant) // third for mutant in sample(4, 3)] == [0, 1, 2]
    assert sample(4, 10_000) == every


def test_an_id_does_not_hang_on_what_stands_elsewhere():
    (one,) = of_text("line", "a.py", "a = 1\nb = 2\n", {1})
    (same,) = of_text("line", "a.py", "a = 1\nb = 3\n", {1})
    assert one.id == same.id == "line:a.py:1:" + one.id[-8:]


def test_a_mutant_is_made_in_a_folder(tmp_path):
    (tmp_path / "a.py").write_text("a = 'ö'\nb = 2\n", "utf-8")
    (mutant,) = of_text("line", "a.py", "a = 'ö'\nb = 2\n", {2})
    mutant.make(tmp_path)
    assert (tmp_path / "a.py").read_bytes() == "a = 'ö'\n".encode()


# Running a proof


def three():
    """Three mutants."""
    return [Mutant("line", "a.py", line, f"a = {line}", "", "") for line in (1, 2, 3)]


def result(mutant):
    """What running one comes to."""
    return {"outcome": "red", "blamed": None}


def test_a_proof_that_was_stopped_is_taken_up(tmp_path):
    file, ran = tmp_path / "deep" / "results.jsonl", []

    def run(mutant):
        if len(ran) == 1 and not stopped:
            stopped.append(mutant)
            raise KeyboardInterrupt
        ran.append(mutant)
        return result(mutant)

    stopped = []
    with pytest.raises(KeyboardInterrupt):
        list(take_up(three(), file, "key", run))
    assert len(read_results(file, "key")) == 1
    with file.open("a") as half:
        half.write('{"id": "line:a.py:2')  # the power went
        half.write("\n")
    assert len(list(take_up(three(), file, "key", run))) == 2
    assert ran.count(three()[0]) == 1, "what is known is not run again"
    assert read_results(file, "key").keys() == {mutant.id for mutant in three()}
    assert list(take_up(three(), file, "key", run)) == []


def test_a_result_counts_as_long_as_what_it_rests_on_is_the_same(tmp_path):
    file = tmp_path / "results.jsonl"
    list(take_up(three(), file, "before", result))
    assert read_results(file, "after") == {}
    assert len(list(take_up(three(), file, "after", result, jobs=2))) == 3
    assert rests_on(4) == rests_on(4) != rests_on(5)


def test_what_could_not_be_looked_at_is_run_again(tmp_path):
    file = tmp_path / "results.jsonl"
    list(take_up(three(), file, "key", lambda mutant: result(mutant) | {"outcome": "unseen"}))
    assert len(list(take_up(three(), file, "key", result))) == 3
    assert {found["outcome"] for found in read_results(file, "key").values()} == {"red"}


def test_a_given_file_that_is_named_as_the_place_is_noted():
    given = given_at(4)
    assert "config/origin.py" in given
    assert "templates/base.html" not in given, "the reader has changed it since"
    problem = "config/origin.py, line 21 raises TypeError: …"
    assert blamed(problem, given) == "config/origin.py"
    assert blamed(problem.replace("origin", "asgi"), given) is None
    assert blamed("Is config/origin.py there?", given) is None


# What came out


ASGI, ECHO = 3, 4


def results_of(number, *greens):
    """A chapter's mutants, and results of all: red, but those whose places are given."""
    every = every_mutant(number)
    results = {
        mutant.id: {
            "outcome": "green" if place in greens else "red",
            "blamed": None,
            "date": "2026-11-25",
        }
        for place, mutant in enumerate(every)
    }
    return every, results


def tells(number, mutant):
    """A comparison with the text that tells of everything."""
    return True


def silent(number, mutant):
    """A comparison with the text that tells of nothing."""
    return False


def lists_them(monkeypatch, *some):
    """Let the chapters' lists be these mutants' lines."""
    entries = [Unseen(mutant.file, mutant.text, "because") for mutant in some]
    monkeypatch.setattr(proofs, "unseen", lambda of: entries)
    return entries


def test_a_chapter_holds_when_nearly_all_is_red_and_the_rest_listed_and_told(monkeypatch):
    every, results = results_of(ASGI, 1)
    lists_them(monkeypatch, every[1])
    found = judge(ASGI, results, tells)
    assert found.holds and not found.not_listed and not found.silent
    size = len(mutants(ASGI, ("line",)))
    expected = {"mutants": size, "run": size, "red": size - 1, "listed": 1, "told": 1}
    assert found.counts["line"] == expected
    quiet = judge(ASGI, results, silent)
    assert quiet.silent == [every[1]] and not quiet.holds
    lists_them(monkeypatch)
    not_listed = judge(ASGI, results, tells)
    assert not_listed.not_listed == [every[1]] and not not_listed.holds
    assert not judge(ASGI, {}, tells).holds, "nothing has run"


def test_a_list_is_no_way_out_for_more_than_a_tenth(monkeypatch):
    many = range(len(every_mutant(ASGI)) // 9 + 1)
    every, results = results_of(ASGI, *many)
    lists_them(monkeypatch, *(every[place] for place in many))
    assert not judge(ASGI, results, tells).holds


def test_an_entry_that_nothing_needs_is_told(monkeypatch):
    every, results = results_of(ASGI)
    unknown = Mutant("line", "chat/nowhere.py", 1, "x = 1", "", "")
    entries = lists_them(monkeypatch, unknown, every[0])
    found = judge(ASGI, results, tells)
    assert found.idle == entries and not found.holds
    assert "unseen.toml: chat/nowhere.py" in "\n".join(found.in_words())
    assert judge(ASGI, {}, tells).idle == entries[:1], "the other one has not run yet"


def test_the_table_keeps_what_other_chapters_have_shown(tmp_path, monkeypatch):
    file = tmp_path / "proofs.md"
    lists_them(monkeypatch)
    for number, greens in ((ECHO, [0, 1]), (ASGI, []), (ECHO, [0])):
        write_table(file, judge(number, results_of(number, *greens)[1], silent))
    text, size = file.read_text("utf-8"), len(mutants(ECHO, ("line",)))
    row = f"| 4 echo | line | {size} | {size} | {size - 1} | 0 | 0 | 1 | 2026-11-25 |"
    assert text.count("| 4 echo | line |") == 1 and row in text
    assert text.index("| 3 asgi | line |") < text.index("| 4 echo | line |")
    green = every_mutant(ECHO)[0]
    listed = [line for line in text.splitlines() if line.startswith("- ")]
    assert listed == [f"- 4: `{green.id}` `{green.text}`"]


def test_a_proof_or_a_kind_that_is_not_known_gets_a_sentence():
    with pytest.raises(Trouble, match="no proof “nonsense”"):
        run_proof("nonsense", None, Options())
    with pytest.raises(Trouble, match="No kind of mutant: typo"):
        run_proof("mutants", 3, Options(kinds=("typo",)))


def test_a_proof_goes_from_the_mutants_to_the_table(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(proofs, "PLACE", tmp_path / "results")
    monkeypatch.setattr(proofs, "TABLE", tmp_path / "proofs.md")
    monkeypatch.setattr(proofs, "ready_folder", proofs.suppress)  # no folder is needed
    monkeypatch.setattr(proofs, "need_green", lambda number, stage: None)
    monkeypatch.setattr(proofs, "run_mutant", lambda mutant, number, stage: result(mutant))
    monkeypatch.setattr(proofs, "unseen", lambda of: [])
    size = len(every_mutant(ASGI))
    assert run_proof("mutants", ASGI, Options(every=size)) == 0
    assert f"Chapter 3 holds: 1 of 1 red ({size} mutants in all)." in capsys.readouterr().out
    assert run_proof("mutants", ASGI, Options()) == 0
    assert f"{size} of {size} red" in capsys.readouterr().out
    lines = len(mutants(ASGI, ("line",)))
    assert run_proof("mutants", ASGI, Options(again=True, kinds=("line",))) == 0
    assert f"{lines} of {lines} red" in capsys.readouterr().out
    assert f"| 3 asgi | line | {lines} |" in (tmp_path / "proofs.md").read_text("utf-8")


# The lists


def test_a_list_is_read_and_its_errors_get_sentences(tmp_path, monkeypatch):
    of = chapter(4)
    monkeypatch.setattr(type(of), "folder", tmp_path)
    monkeypatch.setattr(lists, "ROOT", tmp_path)
    assert unseen(of) == []
    file = tmp_path / "unseen.toml"
    entry = '[[unseen]]\nfile = "a.html"\ntext = "</div>"\nreason = "HTML"\n'
    file.write_text(entry + 'kinds = ["line"]\n')
    (one,) = unseen(of)
    assert one.fits("line", "a.html", "  </div>")
    assert not one.fits("name", "a.html", "</div>")
    assert not one.fits("line", "b.html", "</div>")
    assert not one.fits("line", "a.html", "<div><p>Hello</p></div>"), "a tag is no part"
    assert Unseen("a.html", "p>Hello</p", "").fits("line", "a.html", "<div><p>Hello</p></div>")
    for wrong in ("[[unseen", '[[unseen]]\nfile = "a"\n', entry + 'why = "x"\n'):
        file.write_text(wrong)
        with pytest.raises(Trouble, match="unseen.toml"):
            unseen(of)
    file.write_text(entry.replace("HTML", " "))
    with pytest.raises(Trouble, match="has to have"):
        unseen(of)


@chapters
def test_each_entry_of_a_list_fits_a_mutant(of):
    every = every_mutant(of.number)
    for entry in unseen(of):
        assert set(entry.kinds) <= set(KINDS), entry
        assert any(entry.fits(m.kind, m.file, m.text) for m in every), entry


@pytest.mark.slow
@chapters
def test_a_fault_is_seen_or_listed(of, tmp_path):
    with ready_folder(of.number) as stage:
        run = functools.partial(run_mutant, number=of.number, stage=stage)
        ran = take_up(sample(of.number, 2), tmp_path / "results.jsonl", "key", run, jobs=2)
        for mutant, came_out in ran:
            listed = [e for e in unseen(of) if e.fits(mutant.kind, mutant.file, mutant.text)]
            told = json.dumps([mutant.id, mutant.text, mutant.change, came_out])
            assert came_out["outcome"] != "green" or listed, told
            assert came_out["blamed"] is None, told
