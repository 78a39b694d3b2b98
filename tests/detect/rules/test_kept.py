"""A database of an earlier start is used only if it is ours, whole, and passes the trial like a fresh one."""

import hyperscan
import pytest

from scrubber.core.named import MARKS
from scrubber.detect.rules import kept, vectorscan
from scrubber.detect.rules.load import load_rules
from scrubber.detect.rules.tier import RuleTier

EXPRESSIONS, IDS = [rb"token \d{4}", rb"login [a-z]+"], [4, 9]
RULES = load_rules(r"""
rules:
  - id: badge
    label: employee_id
    pattern: '\bB-(\d{6})\b'
    examples: ['badge B-«123456»']
""")


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(kept, "WORTH_SECS", 0.0)


def files():
    return sorted(kept.folder().glob("*"))


def ends(database, text=b"token 1234 login ann"):
    found = []
    database.scan(text, match_event_handler=lambda number, _from, end, *_: found.append((number, end)))
    return found


def test_what_is_compiled_once_is_read_the_next_time_and_finds_the_same():
    fresh, from_file = kept.compiled(EXPRESSIONS, IDS)
    assert not from_file
    again, from_file = kept.compiled(EXPRESSIONS, IDS)
    assert from_file
    assert ends(again) == ends(fresh) != []


def test_what_compiles_fast_is_not_kept(monkeypatch):
    monkeypatch.setattr(kept, "WORTH_SECS", 60.0)
    kept.compiled(EXPRESSIONS, IDS)
    assert not kept.folder().exists()


@pytest.mark.parametrize(
    ("expressions", "ids"),
    [([rb"token \d{5}", EXPRESSIONS[1]], IDS), (EXPRESSIONS, [4, 8]), (EXPRESSIONS[:1], IDS[:1])],
)
def test_other_expressions_have_a_file_of_their_own(expressions, ids):
    kept.compiled(EXPRESSIONS, IDS)
    assert not kept.compiled(expressions, ids)[1]


def test_another_processor_has_a_file_of_its_own(monkeypatch):
    kept.compiled(EXPRESSIONS, IDS)
    monkeypatch.setattr(kept, "_processor", lambda: "flags: none")
    assert not kept.compiled(EXPRESSIONS, IDS)[1]


def test_only_the_owner_may_read_what_is_kept():
    kept.compiled(EXPRESSIONS, IDS)
    (file,) = files()
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


def spoil_a_byte(file):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def cut_it_short(file):
    file.write_bytes(file.read_bytes()[:-1])


def empty_it(file):
    file.write_bytes(b"")


def open_it_to_others(file):
    file.chmod(0o620)


def open_the_folder(file):
    file.parent.chmod(0o770)


def put_a_link_there(file):
    target = file.with_suffix(".elsewhere")
    file.rename(target)
    file.symlink_to(target)


def write_what_is_no_database(file):
    content = b"no database"
    file.write_bytes(kept.hashlib.sha256(content).digest() + content)


@pytest.mark.parametrize(
    "tamper",
    [
        spoil_a_byte,
        cut_it_short,
        empty_it,
        open_it_to_others,
        open_the_folder,
        put_a_link_there,
        write_what_is_no_database,
    ],
)
def test_what_is_not_surely_ours_and_whole_is_compiled_anew(tamper):
    fresh, _ = kept.compiled(EXPRESSIONS, IDS)
    (file,) = files()
    tamper(file)
    again, from_file = kept.compiled(EXPRESSIONS, IDS)
    assert not from_file
    assert ends(again) == ends(fresh)


def test_where_nothing_can_be_written_nothing_is_kept(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert ends(kept.compiled(EXPRESSIONS, IDS)[0])


def test_old_files_go():
    for number in range(12):
        kept.compiled(EXPRESSIONS, [number, 100])
    assert len(files()) == 8


def test_a_file_that_finds_nothing_fails_the_trial_and_is_replaced(monkeypatch):
    RuleTier(RULES)
    blind = hyperscan.Database()
    blind.compile(
        expressions=[vectorscan.engine.canary_pattern()],
        ids=[len(RULES) + len(MARKS)],
        flags=hyperscan.HS_FLAG_MULTILINE,
    )
    content = hyperscan.dumpb(blind)
    written = {file: kept.hashlib.sha256(content).digest() + content for file in files()}
    for file, spoilt in written.items():
        file.write_bytes(spoilt)
    tier = RuleTier(RULES)
    assert tier.engine == "vectorscan"
    assert [hit.rule.id for hit in tier.find([b"badge B-123456"])[0]] == ["badge"]
    assert all(file.read_bytes() != spoilt for file, spoilt in written.items())
