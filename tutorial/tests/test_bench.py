"""What the benchmark promises: it counts right, says what went wrong, and leaves nothing behind."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

import psutil
import pytest
from rich.console import Console

from tutorial.bench import chart, crowd, frames, measure, results, rows
from tutorial.bench.processes import Interrupts, need_files
from tutorial.bench.results import Measured, Results, Sample, summed_up
from tutorial.bench.rows import ROWS, Row
from tutorial.bench.show import sentences, table, warn_if_busy
from tutorial.environment import WINDOWS, Trouble
from tutorial.tests.conftest import ROOT

LABELS = {row.key: row.label for row in ROWS}
TINY = measure.Plan((2, 5), rounds=2, one_by_one=0.02, fixed_rate=0.02)

# An ASGI application that does to the messages of its room what {fault} says.
FAULTY = """
members, count = [], 0

async def application(scope, receive, send):
    global count
    await receive()
    await send({{"type": "websocket.accept"}})
    members.append(send)
    while (event := await receive())["type"] == "websocket.receive":
        count += 1
        for place, tell in enumerate(members):
            for _ in range({fault} if count == {at} and place == 1 else 1):
                await tell({{"type": "websocket.send", "text": event["text"]}})
"""


def faulty(folder, fault: int, at: int = 112) -> Row:
    """A row whose server sends one message `fault` times to one client; at=112: while measured."""
    (folder / "app.py").write_text(FAULTY.format(fault=fault, at=at))
    overlay = {"bare.py": folder / "app.py"}
    return Row("faulty", "a faulty one", application="bare:application", overlay=overlay)


def run(chosen, plan=TINY) -> Results:
    with Interrupts() as interrupts:
        return measure.run(chosen, plan, interrupts, lambda step: None)


def bare(key="bare") -> Row:
    return next(row for row in ROWS if row.key == key)


def sample(rate=100.0, **more) -> Sample:
    return Sample(**{"seconds": 1.0, "deliveries": rate, "times": [0.001, 0.002, 0.003]} | more)


def made_up(**rates: list[float]) -> Results:
    """Results of rows with these rates in each round, at 10 clients."""
    cells = [
        summed_up(key, 10, [Measured(sample(rate), sample(), None) for rate in each])
        for key, each in rates.items()
    ]
    keys = [{"key": key, "label": key, "stage": 5, "server": "daphne"} for key in rates]
    settings = {"clients": [10], "reference": next(iter(rates)), "rounds": 2, "rate": 1000}
    settings["cores_of_their_own"] = True
    return Results("2026-01-01", {}, {}, settings, keys, cells)


@pytest.fixture
def impatient(monkeypatch):
    """What is lost is not waited for."""
    monkeypatch.setattr(crowd, "LOST", 1.0)
    monkeypatch.setattr(crowd, "QUIET", 0.2)


# ---- Frames ------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 5, 125, 126, 400, 65535])
def test_a_server_frame_is_found_only_when_it_is_whole(size):
    body = b"x" * size
    length = bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2, "big")
    data = b"before" + b"\x81" + length + body + b"\x89\x00"
    frame = frames.find_frame(data, 6)
    assert data[frame.start : frame.end] == body and frame.opcode == frames.TEXT
    assert frames.find_frame(data, frame.end) == (frames.PING, len(data), len(data))
    assert all(frames.find_frame(data[:end], 6) is None for end in range(6, frame.end))


@pytest.mark.parametrize("data", [b"\x01\x01x", b"\xc1\x01x", b"\x81\x81xxxxx"])
def test_a_frame_in_parts_compressed_or_masked_is_refused(data):
    with pytest.raises(Trouble, match="can't read"):
        frames.find_frame(data, 0)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 400])
def test_a_client_frame_is_masked_and_holds_what_was_said(size):
    from websockets.frames import Frame
    from websockets.streams import StreamReader

    said = os.urandom(size)
    reader = StreamReader()
    reader.feed_data(frames.client_frame(said))
    parser = Frame.parse(reader.read_exact, mask=True)
    with pytest.raises(StopIteration) as ended:
        next(parser)
    assert ended.value.value.data == said


def test_every_payload_has_the_same_size_and_tells_its_number():
    for text in ("short", frames.numbered(17, 200)):
        said = frames.payload(text)
        assert len(said) == frames.PAYLOAD
        assert json.loads(said)["message"] == text
    assert frames.number_in(said, 0, len(said)) == 17
    assert frames.number_in(b"{}", 0, 2) is None
    with pytest.raises(Trouble, match="does not fit"):
        frames.payload("x" * frames.PAYLOAD)


def test_texts_are_as_long_as_the_server_leaves_room_for():
    assert frames.text_size(50, 65) == frames.PAYLOAD - 15
    assert frames.text_size(50, frames.PAYLOAD) == 50  # what comes back is what was sent
    with pytest.raises(Trouble, match="adds too much"):
        frames.text_size(50, 450)


# ---- Figures -----------------------------------------------------------------------------------


def test_the_99th_percentile_is_the_nearest_rank():
    assert results.nearest_rank([float(n) for n in range(1, 101)], 0.99) == 99
    assert results.nearest_rank([1.0, 2.0], 0.99) == 2
    assert results.nearest_rank([1.0], 0.99) == 1
    found = results.times([0.003, 0.001, 0.002])
    assert (found.median_ms, found.p99_ms, found.messages) == (2, 3, 3)
    assert results.times([]).median_ms is None


def test_a_ratio_is_the_median_of_the_rounds_ratios():
    found = made_up(a=[100, 200, 400], b=[200, 200, 600])
    assert found.ratio("b", 10) == 1.5
    assert found.ratio("a", 10, to="b") == pytest.approx(2 / 3)
    assert found.ratio("b", 20) is None and found.ratio("c", 10) is None


@pytest.mark.parametrize(("fault", "words"), [("lost", "lost 1"), ("repeated", "repeated 1")])
def test_who_loses_or_repeats_is_not_ranked(fault, words):
    found = made_up(a=[100.0], b=[100.0])
    ill = [Measured(sample(), sample(**{fault: 1}), None)]
    found.cells[1] = summed_up("b", 10, ill)
    assert found.faults("b") == words and found.ratio("b", 10) is None
    assert found.ratio("a", 10) == 1
    assert any(words in sentence for sentence in sentences(found))
    assert f"{words}: not ranked" in chart.draw(found)


@pytest.mark.parametrize("used", [5.0, 90.0])
def test_a_busy_machine_is_told(monkeypatch, used):
    monkeypatch.setattr(psutil, "cpu_percent", lambda interval: used)
    console = Console(file=io.StringIO(), width=200)
    warn_if_busy(console)
    assert ("Other programs use 90 %" in console.file.getvalue()) is (used > 50)


def test_results_survive_being_stored():
    found = made_up(a=[100.0, 120.0], b=[300.0, 310.0])
    assert results.from_json(found.as_json()) == found


# ---- Rows and options --------------------------------------------------------------------------


def test_rows_are_chosen_by_key():
    assert [row.key for row in rows.chosen(None)] == list(LABELS)
    assert [row.key for row in rows.chosen("bare, 5")] == ["5", "bare"]
    assert rows.reference(rows.chosen("bare,10")) == "10"
    assert all(len(row.label) <= 24 for row in ROWS)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--stages", "5,99"], "There is no row 99. The rows are 5, 5-async, 10"),
        (["--stages", ","], "No row is named"),
        (["--clients", "ten"], "'ten' names no numbers of clients"),
        (["--clients", "10,0"], "names no numbers of clients"),
        (["--keep", "--quick"], "What is kept is a whole run."),
        (["--chart", "/nowhere/at/all.svg"], "There is no folder /nowhere/at"),
    ],
)
def test_an_option_that_means_nothing_gets_a_sentence(options, sentence):
    done = bench(*options)
    assert done.returncode == 1
    assert sentence in done.stderr and "Traceback" not in done.stderr


@pytest.mark.skipif(WINDOWS, reason="the limit is another one there")
def test_too_few_open_files_are_told_before_anything_runs():
    import resource

    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard == resource.RLIM_INFINITY:
        pytest.skip("no limit here")
    with pytest.raises(Trouble, match="open files"):
        need_files(hard + 1)


# ---- Measuring ---------------------------------------------------------------------------------


def bench(*options, **variables):
    """Run the command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "tutorial", "bench", *options],
        cwd=ROOT,
        env=os.environ | variables,
        capture_output=True,
        encoding="utf-8",
    )


def test_a_run_makes_every_delivery_with_the_same_bytes_in_each_row():
    found = run(rows.chosen("5,10,bare"))
    assert len(found.cells) == 6
    for cell in found.cells:
        assert (cell.lost, cell.repeated, cell.payload) == (0, 0, frames.PAYLOAD)
        assert cell.deliveries == cell.clients * (
            cell.one_by_one.messages + cell.fixed_rate.messages
        )
        assert cell.per_second > 0 and cell.one_by_one.median_ms > 0 and len(cell.rates) == 2
        assert (cell.memory_kib is None) == (cell.clients == 2)
        assert found.ratio(cell.row, cell.clients) > 0
    assert {"django", "channels", "daphne", "uvicorn", "python"} <= found.versions.keys()
    assert {"system", "architecture", "processor", "cores"} == found.machine.keys()
    assert results.from_json(found.as_json()) == found


def test_clients_spread_over_several_processes(impatient):
    row = Row("two", "two", application="bare:application", overlay=bare().overlay, processes=2)
    found = run([row], measure.Plan((4,), rounds=1, one_by_one=0.02, fixed_rate=0.02))
    # Two bare processes know nothing of each other: half of the deliveries are missing.
    assert found.cell("two", 4).lost > 0


@pytest.mark.parametrize(("fault", "words"), [(0, "lost 1"), (2, "repeated 1")])
def test_a_server_that_loses_or_repeats_a_message_is_reported(impatient, tmp_path, fault, words):
    found = run([bare(), faulty(tmp_path, fault)], measure.Plan((5,), 1, 0.1, 0.05))
    assert found.faults("faulty") == words
    assert found.ratio("faulty", 5) is None and found.ratio("bare", 5) == 1
    assert any(
        f"“a faulty one” is not ranked. Of its deliveries it {words}." == sentence
        for sentence in sentences(found)
    )


def test_a_server_that_does_not_start_says_why(tmp_path):
    (tmp_path / "app.py").write_text("raise RuntimeError('no application today')")
    row = Row(
        "none", "none", application="app:application", overlay={"app.py": tmp_path / "app.py"}
    )
    with pytest.raises(Trouble, match="(?s)row none ends at once.*no application today"):
        run([row])


def test_a_server_that_dies_says_why(tmp_path):
    row = faulty(tmp_path, "__import__('os')._exit(3)")
    with pytest.raises(Trouble, match="row faulty has ended"):
        run([row])


def test_a_run_gives_back_what_it_took(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    this, handler = psutil.Process(), signal.getsignal(signal.SIGINT)
    before = this.cpu_affinity() if hasattr(this, "cpu_affinity") else None
    run([bare()], measure.Plan((2,), 1, 0.01, 0.01))
    assert servers(tmp_path) == [] and list(tmp_path.iterdir()) == []
    assert signal.getsignal(signal.SIGINT) is handler
    assert before is None or this.cpu_affinity() == before


def test_the_document_goes_to_stdout_and_the_chart_to_its_file(tmp_path):
    drawing = tmp_path / "chart.svg"
    done = bench("--stages", "bare", "--clients", "3", "--quick", "--json", "--chart", drawing)
    assert done.returncode == 0, done.stderr
    found = results.from_json(done.stdout)
    assert drawing.read_text(encoding="utf-8") == chart.draw(found)
    assert not re.search(re.escape(str(ROOT)) + "|" + os.uname().nodename, done.stdout)


def test_the_table_fits_into_80_columns():
    from rich.console import Console

    found = made_up(**{label: [123456.0, 123456.0] for label in ("x" * 24, "b", "c")})
    with Console(width=80, record=True, file=open(os.devnull, "w")) as console:
        console.print(table(found))
    lines = console.export_text().splitlines()
    assert max(map(len, lines)) <= 80
    assert any("x" * 24 in line and "123,500" in line and "1.00" in line for line in lines)


@pytest.mark.slow
def test_the_quick_run_ranks_all_its_rows():
    done = bench("--quick", "--json")
    assert done.returncode == 0, done.stderr
    found = results.from_json(done.stdout)
    assert [row["key"] for row in found.rows] == list(LABELS)
    assert all(found.ratio(key, count) for key in LABELS for count in (10, 200))


# ---- The end -----------------------------------------------------------------------------------

# Runs the command, says HERE when it first comes to a moment, and stays there for a second.
AT_A_MOMENT = """
import subprocess, sys, time
moment, root = sys.argv[1:]
sys.path.insert(0, root)
from tutorial.bench import crowd, measure, processes, results, run
place, name = {
    "a process is made": (subprocess, "Popen"),
    "a project is ready": (measure, "prepare"),
    "a server listens": (processes.Server, "start_one"),
    "a client has connected": (crowd.Crowd, "finish_handshake"),
    "a message has come": (crowd.Crowd, "say_to_all"),
    "all is measured": (results, "summed_up"),
}[moment]
before, said = getattr(place, name), []
def dawdle(*arguments, **more):
    result = before(*arguments, **more)
    if not said:
        said.append(print("HERE", flush=True))
        for _ in range(50):
            time.sleep(0.02)
    return result
setattr(place, name, dawdle)
measure.QUICK = measure.Plan((3,), 1, 0.1, 0.1)
sys.exit(run.run_bench("10,bare", None, True, True, None, False))
"""
MOMENTS = re.findall('"(a .*|all .*)": ', AT_A_MOMENT)


def servers(folder) -> list[str]:
    """The command lines of the processes that serve from below a folder."""
    lines = (" ".join(one.info["cmdline"] or ()) for one in psutil.process_iter(["cmdline"]))
    return [line for line in lines if str(folder) in line]


def wait_until_gone(folder) -> None:
    """Wait until nobody serves from below a folder."""
    deadline = time.monotonic() + 10
    while found := servers(folder):
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def test_what_must_not_be_cut_off_comes_to_its_end_first():
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    done = []
    try:
        with pytest.raises(KeyboardInterrupt), Interrupts() as interrupts:
            with interrupts.held():
                signal.raise_signal(signal.SIGTERM)
                done.append("held")
            done.append("and no more")
        signal.raise_signal(signal.SIGINT)  # the clearing up is not cut off either
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert done == ["held"]


@pytest.mark.skipif(WINDOWS, reason="signals are sent differently there")
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_no_process_and_no_file(run, tmp_path, moment, number):
    command = [sys.executable, "-c", AT_A_MOMENT, moment, str(ROOT)]
    running = run(command, ROOT, TMPDIR=str(tmp_path))
    running.read_until("HERE")
    running.process.send_signal(number)
    time.sleep(0.01)
    running.process.send_signal(number)  # some press it twice
    assert running.finish() == 130
    assert "Interrupted" in running.output and "Traceback" not in running.output
    assert servers(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(WINDOWS, reason="signals are sent differently there")
@pytest.mark.parametrize("moment", ["a process is made", "a message has come"])
def test_a_killed_benchmark_leaves_no_server(run, tmp_path, moment):
    running = run(
        [sys.executable, "-c", AT_A_MOMENT, moment, str(ROOT)], ROOT, TMPDIR=str(tmp_path)
    )
    running.read_until("HERE")
    assert servers(tmp_path)
    assert running.end(signal.SIGKILL) == -signal.SIGKILL
    wait_until_gone(tmp_path)


# ---- What is kept ------------------------------------------------------------------------------


def test_the_kept_chart_is_what_the_kept_results_draw():
    assert chart.CHART.read_text(encoding="utf-8") == chart.draw(results.load())


def test_the_chart_reads_on_light_and_dark_pages():
    svg = chart.CHART.read_text(encoding="utf-8")
    assert "@media (prefers-color-scheme: dark)" in svg and 'role="img"' in svg
    assert "<title>" in svg and "<desc>" in svg
    drawn = svg[svg.index("</style>") :]
    assert not re.search(r"(fill|stroke): #", drawn) and "var(--paper)" in drawn
    assert f">{LABELS['5']}</text>" in drawn  # text, not outlines


def test_the_kept_results_are_complete_and_name_no_place():
    found = results.load()
    assert [row["key"] for row in found.rows] == list(LABELS)
    for row in found.rows:
        assert found.faults(row["key"]) == "", row
        assert all(found.ratio(row["key"], count) for count in found.settings["clients"])
    assert results.ratio("5", 10) == 1
    with pytest.raises(Trouble, match="can't compare"):
        results.ratio("5", 11)
    text = results.KEPT.read_text(encoding="utf-8")
    assert text == found.as_json() and "/home" not in text and str(ROOT) not in text


def test_what_chapter_11_says_of_the_kept_results_is_true():
    counts = results.load().settings["clients"]
    alone = [results.ratio("5-async", count) for count in counts]
    assert min(alone) > 1.2 and 1.5 < max(alone) < 2.5  # “up to about twice as much”
    for count in counts:
        assert 0.75 < results.ratio("11", count, to="10") < 1.33  # “about as fast”
        assert results.ratio("bare", count, to="11") > 3  # “several times as fast”
    assert 0.4 < results.ratio("11", 10, to="5-async") < 0.7  # “about as much again”
    assert results.ratio("11", 200, to="5-async") > 0.9  # “hardly seen”
    kept = results.load()
    for row in kept.rows:
        left = kept.cell(row["key"], 1000).per_second / kept.cell(row["key"], 200).per_second
        if row["key"].startswith("bare"):
            assert 0.7 < left < 0.8, row  # “a bare server loses a quarter”
        else:
            assert 0.45 < left < 0.7, row  # “every stage loses a third to a half”
