"""The baseline: what people have without a gate. nginx and fcgiwrap in front of `git http-backend`."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

_PASSWORD = "plain"
_CHILDREN = 32

_NGINX = """\
daemon off;
worker_processes 2;
{user}
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_max_body_size 0;
    client_body_temp_path {folder}/body;
    fastcgi_temp_path {folder}/fastcgi;
    proxy_temp_path {folder}/proxy;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} backlog=128;
        location /git/ {{
            auth_basic "git";
            auth_basic_user_file {folder}/passwords;
            {git}
        }}
        location /open/ {{
            rewrite ^/open/(.*)$ /git/$1 break;
            {git}
        }}
    }}
}}
"""
# nginx keeps a body in a file until it has all of it, unless it is told otherwise. A stream is quicker.
_GIT = """\
fastcgi_pass unix:{folder}/fcgi.sock;
            fastcgi_request_buffering off;
            fastcgi_read_timeout 600;
            include /etc/nginx/fastcgi_params;
            fastcgi_param SCRIPT_FILENAME {exec_path}/git-http-backend;
            fastcgi_param PATH_INFO $fastcgi_script_name;
            fastcgi_param GIT_PROJECT_ROOT {folder};
            fastcgi_param GIT_HTTP_EXPORT_ALL "";
            fastcgi_param GIT_CONFIG_NOSYSTEM 1;
            fastcgi_param HOME /nonexistent;
            fastcgi_param REMOTE_USER codex-1;"""


@dataclass(frozen=True)
class PlainServer:
    """A running server; bare repositories go into `folder / "git"`."""

    folder: Path
    port: int
    processes: tuple[subprocess.Popen[bytes], ...]

    def add(self, name: str, upstream: Path) -> None:
        """Serve a bare copy of a repository, as `git clone --bare` makes it, open for pushes."""
        copy = self.folder / "git" / f"{name}.git"
        subprocess.run(("git", "clone", "-q", "--bare", "--no-hardlinks", upstream, copy), check=True)
        subprocess.run(("git", "-C", copy, "config", "http.receivepack", "true"), check=True)

    def url(self, name: str) -> str:
        return f"http://codex-1:{_PASSWORD}@127.0.0.1:{self.port}/git/{name}.git"

    def open_url(self, name: str) -> str:
        """The repository without a password."""
        return f"http://127.0.0.1:{self.port}/open/{name}.git"

    def family(self) -> list[psutil.Process]:
        """nginx, fcgiwrap, and every git that runs for them now."""
        roots = [psutil.Process(process.pid) for process in self.processes]
        return [*roots, *(child for root in roots for child in root.children(recursive=True))]


@contextmanager
def plain_server(folder: Path) -> Iterator[PlainServer]:
    """Run nginx and fcgiwrap, as this user, until the block ends."""
    (folder / "git").mkdir(parents=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "passwords").write_text(f"codex-1:{_hashed(_PASSWORD)}\n")
    exec_path = _output("git", "--exec-path")
    (folder / "nginx.conf").write_text(
        _NGINX.format(
            folder=folder,
            port=port,
            user="user root;" if os.geteuid() == 0 else "",
            git=_GIT.format(folder=folder, exec_path=exec_path),
        )
    )
    wrap = (
        "spawn-fcgi",
        "-n",
        "-s",
        str(folder / "fcgi.sock"),
        "--",
        "/usr/sbin/fcgiwrap",
        "-c",
        str(_CHILDREN),
    )
    nginx = ("/usr/sbin/nginx", "-c", str(folder / "nginx.conf"), "-e", str(folder / "nginx.log"))
    with (folder / "fcgiwrap.log").open("wb") as log:
        # In sessions of their own: fcgiwrap leaves its children behind when it alone is told to end.
        processes = [
            subprocess.Popen(command, stderr=log, start_new_session=True) for command in (wrap, nginx)
        ]
    try:
        _wait_for(port)
        yield PlainServer(folder, port, tuple(processes))
    finally:
        for process in processes:
            os.killpg(process.pid, signal.SIGTERM)
        for process in processes:
            process.wait(timeout=30)


def _hashed(password: str) -> str:
    """As `htpasswd` writes it by default."""
    return _output("openssl", "passwd", "-apr1", password)


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _wait_for(port: int) -> None:
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nginx does not listen on port {port}")
