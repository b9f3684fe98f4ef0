"""Real rclone servers on loopback: WebDAV, SFTP and S3 over a folder, and remotes for them in the environment."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

USER, PASSWORD = "anna", "sunflower"
_ADDRESS = re.compile(r"(?:http://|listening on )(?:\[?[\w.:]*\]?):(\d+)")


def newest_rclone() -> str | None:
    """The rclone beside this Python, else the system's; None without one."""
    return shutil.which("rclone", path=str(Path(sys.executable).parent)) or shutil.which("rclone")


def version(rclone: str | None) -> tuple[int, ...]:
    """The program's version; (0,) without one."""
    if rclone is None:
        return (0,)
    said = subprocess.run([rclone, "version"], capture_output=True, text=True, check=True).stdout
    match = re.match(r"rclone v(\d+)\.(\d+)\.(\d+)", said)
    return tuple(int(part) for part in match.groups()) if match else (0,)


def obscured(rclone: str, text: str) -> str:
    """A password as rclone's configuration wants it."""
    return subprocess.run([rclone, "obscure", text], capture_output=True, text=True, check=True).stdout.strip()


@contextlib.contextmanager
def served(rclone: str, protocol: str, folder: Path) -> Iterator[int]:
    """The port of a server over `folder`. Raises RuntimeError where this rclone cannot serve the protocol."""
    login = ["--auth-key", f"{USER},{PASSWORD}"] if protocol == "s3" else ["--user", USER, "--pass", PASSWORD]
    command = [rclone, "serve", protocol, str(folder), "--addr", "127.0.0.1:0", *login]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    timer = threading.Timer(20, process.kill)
    timer.start()
    said = ""
    drain = None
    try:
        for line in process.stderr:
            said += line
            if match := _ADDRESS.search(line):
                timer.cancel()
                drain = threading.Thread(target=process.stderr.read, daemon=True)
                drain.start()
                yield int(match[1])
                return
        raise RuntimeError(f"rclone serve {protocol}: {said[-300:]}")
    finally:
        timer.cancel()
        process.kill()
        process.wait()
        if drain:
            drain.join()
        process.stderr.close()


def remote(rclone: str, protocol: str, port: int, name: str) -> dict[str, str]:
    """What to put into the environment so that `name:` is that server."""
    settings = {
        "webdav": {
            "url": f"http://127.0.0.1:{port}",
            "vendor": "other",
            "user": USER,
            "pass": obscured(rclone, PASSWORD),
        },
        "sftp": {"host": "127.0.0.1", "port": str(port), "user": USER, "pass": obscured(rclone, PASSWORD)},
        "s3": {
            "provider": "Rclone",
            "endpoint": f"http://127.0.0.1:{port}",
            "access_key_id": USER,
            "secret_access_key": PASSWORD,
        },
    }[protocol]
    return {f"RCLONE_CONFIG_{name.upper()}_{k.upper()}": v for k, v in {"type": protocol, **settings}.items()}
