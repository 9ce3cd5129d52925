#!/usr/bin/env python3
"""Run one non-interactive Codex session against a scripted model.

Starts the scripted model on a free loopback port, runs ``codex exec`` in a
working directory with a given CODEX_HOME, and exits with Codex's exit status.
The session is real in everything but the model: commands run, files change,
``git push`` reaches the remote, and the rollout is written below CODEX_HOME.

    run_codex.py --codex codex --script fix.json --workdir repo \\
        --codex-home codex-home --json "Fix the failing test"

The settings that point Codex at the scripted model are given on its command
line, so a ``config.toml`` in CODEX_HOME (hooks, notify, ...) stays in force.
Standard library only.
"""

import argparse
import os
import signal
import subprocess
import sys

from tests.codex_cli import scripted_model

KEY_VARIABLE = "SCRIPTED_MODEL_KEY"


def codex_settings(base_url, model, sandbox):
    """The Codex settings that keep a session on the scripted model and off the network."""
    return {
        "model": f'"{model}"',
        "model_provider": '"scripted"',
        "model_providers.scripted": (
            f'{{name = "scripted", base_url = "{base_url}", wire_api = "responses", '
            f'env_key = "{KEY_VARIABLE}", request_max_retries = 2, stream_max_retries = 2}}'
        ),
        "approval_policy": '"never"',
        "sandbox_mode": f'"{sandbox}"',
        "allow_login_shell": "false",  # keep the caller's PATH, skip shell profiles
        "web_search": '"disabled"',
        "analytics.enabled": "false",
        "feedback.enabled": "false",
        "check_for_update_on_startup": "false",
        "features.apps": "false",
        "features.plugins": "false",
        "features.remote_plugin": "false",
    }


def codex_command(codex, settings, prompt, *, resume=None, as_json=False, extra=()):
    """The command line of one ``codex exec`` run."""
    command = [codex, "exec"]
    if resume:
        command.append("resume")
    for key, value in settings.items():
        command += ["-c", f"{key}={value}"]
    command += ["--skip-git-repo-check"]
    if as_json:
        command.append("--json")
    command += list(extra)
    if resume:
        command.append("--last" if resume == "last" else resume)
    return [*command, prompt]


def end_session(process, grace=10):
    """Interrupt Codex, so that it ends its commands too; kill it if that takes too long."""
    os.killpg(process.pid, signal.SIGINT)
    try:
        process.wait(grace)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def run_codex(
    codex,
    script_path,
    workdir,
    codex_home,
    prompt,
    *,
    model=None,
    resume=None,
    as_json=False,
    sandbox="danger-full-access",
    log_path=None,
    timeout=None,
    extra=(),
    **popen_options,
):
    """Run one session and return its exit status (124 when it ran past the timeout).

    A session ended by a signal counts as 128 plus the signal, as in a shell.
    Further keyword arguments, such as ``stdout`` or ``env``, go to subprocess.
    """
    script = scripted_model.load_script(script_path)
    os.makedirs(codex_home, exist_ok=True)
    if os.sep in codex:
        codex = os.path.abspath(codex)
    env = dict(popen_options.pop("env", os.environ))
    env.update(
        {
            "CODEX_HOME": os.path.abspath(codex_home),
            KEY_VARIABLE: "not-a-real-key",
            "NO_PROXY": "127.0.0.1,localhost",
        }
    )
    with scripted_model.ScriptedModel(script, log_path=log_path) as server:
        settings = codex_settings(server.base_url, model or server.playback.model, sandbox)
        command = codex_command(codex, settings, prompt, resume=resume, as_json=as_json, extra=extra)
        process = subprocess.Popen(
            command, cwd=workdir, env=env, stdin=subprocess.DEVNULL, start_new_session=True, **popen_options
        )
        try:
            status = process.wait(timeout)
        except subprocess.TimeoutExpired:
            status = 124
        finally:
            if process.poll() is None:
                end_session(process)
        for problem in server.playback.problems:
            print(f"script: {problem}", file=sys.stderr)
    return status if status >= 0 else 128 - status


def main(argv=None):
    """Command line entry point."""
    parser = argparse.ArgumentParser(
        description="Run codex exec against a scripted model and return its exit status.",
        epilog="Arguments after -- are passed on to codex exec.",
    )
    parser.add_argument("--codex", default="codex", help="path of the codex binary")
    parser.add_argument("--script", required=True, help="JSON script for the model")
    parser.add_argument("--workdir", required=True, help="directory in which the agent works")
    parser.add_argument("--codex-home", required=True, help="CODEX_HOME of the session")
    parser.add_argument("--model", help="model name (default: the script's)")
    parser.add_argument(
        "--sandbox",
        default="danger-full-access",
        choices=["read-only", "workspace-write", "danger-full-access"],
    )
    parser.add_argument("--resume", metavar="ID", help="resume a session: its id, or 'last'")
    parser.add_argument("--json", action="store_true", help="let Codex print JSON events")
    parser.add_argument("--log", help="JSON lines file for what Codex sent to the model")
    parser.add_argument("--timeout", type=float, help="seconds after which Codex is ended")
    parser.add_argument("prompt", help="the task")
    parser.add_argument("extra", nargs="*", help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        return run_codex(
            options.codex,
            options.script,
            options.workdir,
            options.codex_home,
            options.prompt,
            model=options.model,
            resume=options.resume,
            as_json=options.json,
            sandbox=options.sandbox,
            log_path=options.log,
            timeout=options.timeout,
            extra=options.extra,
        )
    except (OSError, ValueError) as error:
        parser.exit(2, f"{parser.prog}: {error}\n")


if __name__ == "__main__":
    sys.exit(main())
