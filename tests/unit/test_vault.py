"""What people wrote opens only for them, only where it was put, only with the right key file."""

import base64
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import VaultError
from bot.storage.key_file import load_keys, make_key_file, open_to_others, replace_key_file
from bot.storage.vault import Vault

VAULT = Vault(bytes(range(32)))
KEY, WRAPPED = VAULT.make_key(7)


@given(text=st.binary(max_size=300), place=st.text(max_size=40))
def test_a_sealed_text_opens_where_it_was_sealed(text: bytes, place: str) -> None:
    assert KEY.open(place, KEY.seal(place, text)) == text


@given(text=st.binary(max_size=60), at=st.integers(min_value=0), change=st.integers(1, 255))
def test_a_sealed_text_with_any_byte_changed_does_not_open(text: bytes, at: int, change: int) -> None:
    sealed = bytearray(KEY.seal("entries.text.1", text))
    sealed[at % len(sealed)] ^= change
    with pytest.raises(VaultError):
        KEY.open("entries.text.1", bytes(sealed))


@given(text=st.binary(max_size=60), length=st.integers(0, 80))
def test_a_sealed_text_cut_short_does_not_open(text: bytes, length: int) -> None:
    sealed = KEY.seal("entries.text.1", text)
    if length < len(sealed):
        with pytest.raises(VaultError):
            KEY.open("entries.text.1", sealed[:length])


@given(change=st.integers(1, 255), at=st.integers(min_value=0))
def test_a_wrapped_key_with_any_byte_changed_does_not_open(at: int, change: int) -> None:
    wrapped = bytearray(WRAPPED)
    wrapped[at % len(wrapped)] ^= change
    with pytest.raises(VaultError):
        VAULT.unwrap(7, bytes(wrapped))


def test_the_same_text_never_looks_the_same_twice() -> None:
    sealed = {KEY.seal("entries.text.1", b"I was afraid.") for _ in range(50)}
    assert len({one[:13] for one in sealed}) == 50


@pytest.mark.parametrize("place", ["entries.text.2", "spaces.warm.1", "entries.text.", ""])
def test_a_text_moved_to_another_row_or_column_does_not_open(place: str) -> None:
    sealed = KEY.seal("entries.text.1", b"I was afraid.")
    with pytest.raises(VaultError):
        KEY.open(place, sealed)


def test_a_text_does_not_open_with_another_persons_key() -> None:
    other, _ = VAULT.make_key(8)
    with pytest.raises(VaultError):
        other.open("entries.text.1", KEY.seal("entries.text.1", b"I was afraid."))


def test_a_wrapped_key_opens_for_its_owner_and_its_master_alone() -> None:
    assert VAULT.unwrap(7, WRAPPED).open("a", KEY.seal("a", b"here")) == b"here"
    with pytest.raises(VaultError):
        VAULT.unwrap(8, WRAPPED)
    with pytest.raises(VaultError):
        Vault(bytes(32)).unwrap(7, WRAPPED)


def test_an_error_and_a_key_show_nothing_of_the_text_or_the_key() -> None:
    with pytest.raises(VaultError) as caught:
        KEY.open("entries.text.2", KEY.seal("entries.text.1", b"I was afraid."))
    assert "afraid" not in str(caught.value)
    assert caught.value.__suppress_context__
    assert bytes(range(32)).hex() not in repr(VAULT) + VAULT.fingerprint


def test_a_rewrapped_key_opens_what_was_sealed_before() -> None:
    new = os.urandom(32)
    both = Vault(new, bytes(range(32)))
    rewrapped = both.rewrap(7, WRAPPED)
    assert rewrapped
    assert both.rewrap(7, rewrapped) is None
    assert Vault(new).unwrap(7, rewrapped).open("a", KEY.seal("a", b"here")) == b"here"
    with pytest.raises(VaultError):
        VAULT.unwrap(7, rewrapped)


def test_a_vault_reads_its_keys_again_when_it_meets_one_it_cannot_open() -> None:
    old, new, asked = bytes(range(32)), bytes(32), []

    def reread() -> list[bytes]:
        asked.append(True)
        return [new, old]

    running = Vault(old, reread=reread)
    _, wrapped = Vault(new).make_key(7)
    assert running.unwrap(7, WRAPPED)
    assert not asked
    assert running.unwrap(7, wrapped)
    assert asked == [True]
    _, own = running.make_key(8)
    assert VAULT.unwrap(8, own)  # it wraps as before, until the database names the new key
    running.wrap_with(Vault(new).fingerprint)
    _, own = running.make_key(8)
    assert Vault(new).unwrap(8, own)
    with pytest.raises(VaultError):
        running.wrap_with("another")
    with pytest.raises(VaultError):
        running.unwrap(9, wrapped)


def test_a_key_file_may_hold_two_keys_and_is_replaced_in_one_step(tmp_path: Path) -> None:
    path = tmp_path / "stillhere.key"
    make_key_file(path)
    [old] = load_keys(path, database_is_empty=False)
    replace_key_file(path, bytes(32), old)
    assert load_keys(path, database_is_empty=False) == [bytes(32), old]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["stillhere.key"]


def test_a_key_file_is_made_for_an_empty_database_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "stillhere.key"
    [key] = load_keys(path, database_is_empty=True)
    assert len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_keys(path, database_is_empty=True) == load_keys(path, database_is_empty=False) == [key]


def test_a_missing_key_is_never_made_anew_for_a_database_with_texts(tmp_path: Path) -> None:
    path = tmp_path / "stillhere.key"
    with pytest.raises(VaultError, match="Put the key file back from your backup"):
        load_keys(path, database_is_empty=False)
    assert not path.exists()


def test_where_replicas_share_a_key_it_is_not_made_by_itself(tmp_path: Path) -> None:
    with pytest.raises(VaultError, match="stillhere init"):
        load_keys(tmp_path / "stillhere.key", database_is_empty=True, may_make=False)


def test_an_existing_key_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "stillhere.key"
    make_key_file(path)
    before = path.read_bytes()
    with pytest.raises(VaultError, match="left as it is"):
        make_key_file(path)
    assert path.read_bytes() == before


def test_a_key_that_cannot_be_written_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("a file where the folder should be")
    with pytest.raises(VaultError, match="STILLHERE_KEY_FILE"):
        make_key_file(tmp_path / "keys" / "stillhere.key")


@pytest.mark.parametrize("text", [bytes(range(32)).hex(), base64.b64encode(bytes(range(32))).decode()])
@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_key_is_read_as_base64_or_hex(tmp_path: Path, text: str, end: str) -> None:
    path = tmp_path / "stillhere.key"
    path.write_text(text + end)
    assert load_keys(path, database_is_empty=False) == [bytes(range(32))]


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 32, b"z" * 64, b"QUJD", bytes(31).hex().encode()])
def test_a_file_that_is_no_key_is_said_plainly_and_not_repeated(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "stillhere.key"
    path.write_bytes(content)
    with pytest.raises(VaultError, match="is not a master key") as caught:
        load_keys(path, database_is_empty=False)
    assert caught.value.__suppress_context__


def test_a_key_file_that_others_may_read_is_warned_of(tmp_path: Path) -> None:
    path = tmp_path / "stillhere.key"
    make_key_file(path)
    assert open_to_others(path) == ""
    path.chmod(0o640)
    assert "chmod 600" in open_to_others(path)


def test_a_fingerprint_tells_keys_apart() -> None:
    assert Vault(bytes(range(32))).fingerprint == VAULT.fingerprint
    assert Vault(bytes(32)).fingerprint != VAULT.fingerprint
    with pytest.raises(VaultError, match="32 bytes"):
        Vault(b"short")
