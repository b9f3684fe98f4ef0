"""An audit that is signed and stamped: with the real ssh-keygen, minisign's format, and OpenSSL as the authority."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from auditor.cli import app
from auditor.errors import AuditorError
from auditor.report import FILES, SEAL, signatures, timestamps
from auditor.report.signatures import Standing
from tests.report import sample
from tests.report.test_report import written

KEYGEN, OPENSSL = shutil.which("ssh-keygen"), shutil.which("openssl")
needs_ssh = pytest.mark.skipif(KEYGEN is None, reason="ssh-keygen is not installed (openssh-client)")
needs_openssl = pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed")


@pytest.fixture
def audit(tmp_path: Path) -> Path:
    (tmp_path / "audit").mkdir()
    return written(tmp_path / "audit", sample.database(), {}).parent


def run(*words: object) -> tuple[int, str]:
    """The exit code and everything that was said, a failure's sentence too."""
    done = CliRunner().invoke(app, [str(word) for word in words])
    if isinstance(done.exception, AuditorError):
        return done.exception.exit_code, str(done.exception)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def ssh_key(folder: Path, name: str) -> Path:
    assert KEYGEN is not None
    words = [KEYGEN, "-q", "-t", "ed25519", "-N", "", "-C", f"{name}@example.org", "-f", str(folder / name)]
    subprocess.run(words, check=True)
    return folder / name


def minisign_key(folder: Path, name: str, password: str = "") -> Path:
    minisign = pytest.importorskip("minisign", reason="py-minisign is not installed (pip install auditor[seal])")
    pair = minisign.KeyPair.generate()
    (folder / f"{name}.pub").write_bytes(bytes(pair.public_key))
    if password:
        pair.secret_key.encrypt(password)
    (folder / f"{name}.key").write_bytes(bytes(pair.secret_key))
    return folder / f"{name}.key"


@needs_ssh
def test_an_openssh_signature_says_whose_it_is_to_who_knows_the_key(audit: Path, tmp_path: Path) -> None:
    key, other = ssh_key(tmp_path, "anna"), ssh_key(tmp_path, "eve")
    code, said = run("seal", audit, "--key", key)
    assert code == 0 and "SHA256SUMS.sig" in said
    assert run("seal", audit, "--key", key)[0] == 2  # signed once

    code, said = run("report", audit, "--check")
    assert code == 0 and "? Signed with the OpenSSH key SHA256:" in said
    code, said = run("report", audit, "--check", "--signers", f"{key}.pub")
    assert code == 0 and "✓ Signed by anna@example.org with the OpenSSH key SHA256:" in said
    code, said = run("report", audit, "--check", "--signers", f"{other}.pub")
    assert code == 1 and "which is not in" in said
    allowed = tmp_path / "allowed"
    allowed.write_text(f"anna@example.org,eve@example.org {Path(f'{key}.pub').read_text('utf-8')}", "utf-8")
    assert run("report", audit, "--check", "--signers", allowed)[0] == 0
    # Anybody can check it with the program itself.
    words = [str(KEYGEN), "-Y", "check-novalidate", "-n", "auditor", "-s", str(audit / signatures.SSH)]
    subprocess.run(words, input=(audit / SEAL).read_bytes(), check=True, capture_output=True)


@needs_ssh
def test_a_table_and_sums_made_anew_are_told_by_the_signature(audit: Path, tmp_path: Path) -> None:
    from auditor.report import provenance

    key = ssh_key(tmp_path, "anna")
    assert run("seal", audit, "--key", key)[0] == 0
    (audit / FILES).write_bytes((audit / FILES).read_bytes().replace(b"missing", b"present"))
    code, said = run("report", audit, "--check", "--signers", f"{key}.pub")
    assert code == 1 and "changed: files.csv" in said
    (audit / SEAL).unlink()
    provenance.seal(audit)  # whoever changes a table can make new sums
    code, said = run("report", audit, "--check", "--signers", f"{key}.pub")
    assert code == 1 and "SHA256SUMS.sig is no signature of this audit" in said
    (audit / signatures.SSH).unlink()  # and take the signature away
    code, said = run("report", audit, "--check", "--signers", f"{key}.pub")
    assert code == 1 and "has no signature that can be checked" in said


@needs_ssh
def test_a_signature_for_something_else_is_none_of_an_audit(audit: Path, tmp_path: Path) -> None:
    key = ssh_key(tmp_path, "anna")
    words = [str(KEYGEN), "-Y", "sign", "-n", "git", "-f", str(key)]
    mail = subprocess.run(words, input=(audit / SEAL).read_bytes(), check=True, capture_output=True)
    (audit / signatures.SSH).write_bytes(mail.stdout)
    (found,) = signatures.signatures(audit, Path(f"{key}.pub"))
    assert found.standing is Standing.BAD


@pytest.mark.parametrize("password", ["", "a secret"])
def test_a_minisign_signature(audit: Path, tmp_path: Path, password: str) -> None:
    key = minisign_key(tmp_path, "anna", password)
    path = signatures.sign(audit, key, lambda: password)
    assert path.name == "SHA256SUMS.minisig"
    (good,) = signatures.signatures(audit, tmp_path / "anna.pub")
    (unknown,) = signatures.signatures(audit, None)
    minisign_key(tmp_path, "eve")
    (bad,) = signatures.signatures(audit, tmp_path / "eve.pub")
    assert [one.standing for one in (good, unknown, bad)] == [Standing.GOOD, Standing.UNKNOWN, Standing.BAD]
    for at in range(0, path.stat().st_size, 7):
        content = bytearray(path.read_bytes())
        content[at] ^= 0x01
        (audit / signatures.MINISIGN).write_bytes(content)
        (found,) = signatures.signatures(audit, tmp_path / "anna.pub")
        assert found.standing is Standing.BAD or at < content.index(b"\n"), at  # the first line is nobody's word
        content[at] ^= 0x01
        path.write_bytes(content)


def test_a_wrong_password_and_what_is_no_key_are_sentences(audit: Path, tmp_path: Path) -> None:
    key = minisign_key(tmp_path, "anna", "a secret")
    with pytest.raises(AuditorError, match="cannot sign: wrong password"):
        signatures.sign(audit, key, lambda: "another")
    (tmp_path / "text").write_text("no key\n", "utf-8")
    with pytest.raises(AuditorError, match="is neither a key of OpenSSH nor a secret key of minisign"):
        signatures.sign(audit, tmp_path / "text", str)
    with pytest.raises(AuditorError, match=r"the key .* cannot be read"):
        signatures.sign(audit, tmp_path / "none", str)
    assert not any(audit.glob("SHA256SUMS.*"))
    assert run("seal", audit)[0] == 2


@needs_ssh
def test_an_audit_that_was_changed_is_not_sealed(audit: Path, tmp_path: Path) -> None:
    (audit / FILES).write_bytes(b"path\n")
    code, said = run("seal", audit, "--key", ssh_key(tmp_path, "anna"))
    assert code == 1 and "changed: files.csv" in said and not (audit / signatures.SSH).exists()


CONFIG = """
[tsa]
default_tsa = own
[own]
serial = {work}/serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256, sha512
accuracy = secs:1
[ext]
basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
"""


def authority(work: Path) -> None:
    """A time-stamp authority of one's own: a root and a certificate for stamping."""
    (work / "tsa.cnf").write_text(CONFIG.format(work=work), "utf-8")
    (work / "serial").write_text("01\n", "utf-8")
    for words in (
        "req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem -days 30 -subj /CN=Root"
        " -addext keyUsage=critical,keyCertSign",
        "req -newkey rsa:2048 -nodes -keyout tsa.key -out tsa.csr -subj /CN=Stamper",
        "x509 -req -in tsa.csr -CA root.pem -CAkey root.key -CAcreateserial -out tsa.pem -days 30"
        " -extfile tsa.cnf -extensions ext",
    ):
        subprocess.run([str(OPENSSL), *words.split()], cwd=work, check=True, capture_output=True)


def answered(work: Path, request: Path, answer: str) -> Path:
    given = {"config": "tsa.cnf", "section": "own", "signer": "tsa.pem", "inkey": "tsa.key"}
    words = ["ts", "-reply", *(word for name, value in given.items() for word in (f"-{name}", value)), "-queryfile"]
    words = [str(OPENSSL), *words, str(request), "-out", answer]
    subprocess.run(words, cwd=work, check=True, capture_output=True)
    return work / answer


@needs_openssl
def test_a_time_stamp_is_asked_for_taken_and_checked_apart(audit: Path, tmp_path: Path) -> None:
    pytest.importorskip("rfc3161_client", reason="rfc3161-client is not installed (pip install auditor[seal])")
    authority(tmp_path)
    code, said = run("seal", audit, "--stamp-request")
    assert code == 0 and "curl --data-binary" in said
    answer = answered(tmp_path, audit / timestamps.REQUEST, "answer.tsr")
    code, said = run("seal", audit, "--stamp", answer)
    assert code == 0 and "Stamped " in said, said
    code, said = run("report", audit, "--check")
    assert code == 0 and "? Stamped " in said
    code, said = run("report", audit, "--check", "--stamp-root", tmp_path / "root.pem")
    assert code == 0 and "✓ Stamped " in said and "by an authority of" in said, said
    (tmp_path / "other").mkdir()
    authority(tmp_path / "other")
    code, said = run("report", audit, "--check", "--stamp-root", tmp_path / "other/root.pem")
    assert code == 1 and "SHA256SUMS.tsr does not hold by" in said
    assert "ErrorStack" not in said and "Error {" not in said

    # The stamp of something else, and one byte changed anywhere in it, are told.
    whole = (audit / timestamps.ANSWER).read_bytes()
    (tmp_path / "else").mkdir()
    (tmp_path / "else" / SEAL).write_bytes(b"something else\n")
    elsewhere = answered(tmp_path, timestamps.request(tmp_path / "else"), "else.tsr")
    (audit / timestamps.ANSWER).unlink()
    code, said = run("seal", audit, "--stamp", elsewhere)
    assert code == 2 and "is the time-stamp of something else than this audit" in said
    for at in range(len(whole) // 9, len(whole), len(whole) // 9):
        changed = bytearray(whole)
        changed[at] ^= 0x04
        (audit / timestamps.ANSWER).write_bytes(changed)
        (found,) = timestamps.time_stamps(audit, tmp_path / "root.pem")
        assert found.standing is Standing.BAD, at


@pytest.mark.parametrize("content", [b"", b"no stamp", b"\x30\x03\x02\x01\x00", bytes(100)])
def test_what_is_no_time_stamp_is_said_to_be_none(audit: Path, tmp_path: Path, content: bytes) -> None:
    pytest.importorskip("rfc3161_client", reason="rfc3161-client is not installed (pip install auditor[seal])")
    (tmp_path / "answer").write_bytes(content)
    code, said = run("seal", audit, "--stamp", tmp_path / "answer")
    assert code == 2 and "no time-stamp" in said and not (audit / timestamps.ANSWER).exists()
