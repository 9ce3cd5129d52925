#!/usr/bin/env python3
"""A scripted stand-in for the model behind the Codex CLI.

The server speaks the part of the OpenAI Responses API that Codex uses
(``POST /v1/responses`` answered as a server-sent event stream) and plays a
fixed list of turns instead of asking a model.  Codex itself stays real: it
runs the commands, edits the files and writes its session records, so tests
can check what a real agent session leaves behind without any network.

A script is a JSON file::

    {
      "model": "gpt-5.5",
      "turns": [
        {"say": "Running the tests first.", "run": "python3 -m unittest"},
        {"patch": "*** Begin Patch\\n*** Add File: a.txt\\n+hello\\n*** End Patch"},
        {"run": {"command": "git push", "yield_time_ms": 20000}},
        {"say": "Done."}
      ]
    }

Every request from Codex is answered with the next turn.  A turn that calls a
tool makes Codex come back with the output; a turn that only says something
ends Codex's turn.  The keys of a turn:

``say``      text of an assistant message
``think``    text of a reasoning summary, sent before everything else
``run``      a shell command: a string, an object (``command`` plus any other
             argument of the shell tool, such as ``workdir``, ``yield_time_ms``,
             ``sandbox_permissions`` or ``justification``), or a list of those,
             which Codex starts in parallel
``patch``    a patch in the format of Codex's apply_patch tool
``call``     any other tool: {"name": ..., "arguments": {...}}
``expect``   text that the previous tool output must contain; if it does not,
             the request is answered with an error and the mismatch is recorded
``delay``    seconds to wait before answering (a slow or stuck model)
``fail``     an HTTP status to answer with instead, e.g. 500 or 429
``usage``    token counts: {"input_tokens": ..., "output_tokens": ...}

A command that is still running when Codex reports back is polled until it
ends before the next turn is played, unless the command has
``"background": true``.  Each session (thread id) plays the script from its
own beginning; a session started by another one (a subagent) plays the turns
under its name in ``agents``, e.g. {"/root/helper": [...]}.  Requests that are
no turn of the session (the interactive Codex asks for a ``title``, long
sessions for a summary) do not advance it.

Codex offers its tools in two shapes, depending on the model name: as plain
functions (``exec_command``, ``apply_patch``) or, for newer models, as one
``exec`` tool that takes JavaScript.  The server looks at what a request
offers and answers in the same shape, so one script serves both.

Only loopback addresses are served.  Standard library only.
"""

import argparse
import collections
import contextlib
import json
import re
import secrets
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DEFAULT_MODEL = "gpt-5.5"
STILL_RUNNING = re.compile(r"(?:Process running with session ID |\"session_id\":\s*)(\d+)")
POLL_MS = 5000
TURN_KEYS = {"say", "think", "run", "patch", "call", "expect", "delay", "fail", "usage"}


class ScriptError(ValueError):
    """The script cannot be played."""


def load_script(path):
    """Read a script file and check the parts that would fail late otherwise."""
    with open(path, encoding="utf-8") as handle:
        script = json.load(handle)
    turns = script.get("turns") if isinstance(script, dict) else None
    if not isinstance(turns, list) or not turns:
        raise ScriptError(f"{path}: a script needs a non-empty list of turns")
    for who, played in {"turn": turns, **script.get("agents", {})}.items():
        for number, turn in enumerate(played, 1):
            unknown = set(turn) - TURN_KEYS
            if unknown:
                raise ScriptError(f"{path}: {who} {number} has unknown keys {sorted(unknown)}")
    return script


class ToolShape:
    """How one request offers its tools, and how to call them that way."""

    def __init__(self, body):
        tools = list(body.get("tools") or [])
        for item in body.get("input") or []:
            if item.get("type") == "additional_tools":
                tools.extend(item.get("tools") or [])
        self.namespaces = {}
        # The JavaScript shape nests the tools inside one custom "exec" tool.
        self.is_script = False
        for tool in tools:
            namespace = tool.get("name") if tool.get("type") == "namespace" else None
            for member in tool.get("tools", []) if namespace else [tool]:
                self.namespaces[member.get("name")] = namespace
                if member.get("type") == "custom" and member.get("name") == "exec":
                    self.is_script = True

    def call(self, call_id, name, arguments):
        """One tool call as an output item of a response."""
        if self.is_script and name not in self.namespaces:
            source = f"const result = await tools.{name}({json.dumps(arguments)});\ntext(result);\n"
            item = {"type": "custom_tool_call", "name": "exec", "input": source}
        elif name == "apply_patch":
            item = {"type": "custom_tool_call", "name": name, "input": arguments}
        else:
            item = {"type": "function_call", "name": name, "arguments": json.dumps(arguments)}
        item.update(call_id=call_id, id=f"item_{call_id}", status="completed")
        if self.namespaces.get(item["name"]):
            item["namespace"] = self.namespaces[item["name"]]
        return item

    def run(self, call_id, command):
        """Run a shell command with whichever shell tool is on offer."""
        spec = {"command": command} if isinstance(command, str) else dict(command)
        spec.pop("background", None)
        text = spec.pop("command")
        if self.is_script or "exec_command" in self.namespaces:
            spec.setdefault("yield_time_ms", 30000)
            return self.call(call_id, "exec_command", {"cmd": text, **spec})
        if "shell_command" in self.namespaces:
            return self.call(call_id, "shell_command", {"command": text, **spec})
        return self.call(call_id, "shell", {"command": ["bash", "-lc", text], **spec})

    def poll(self, call_id, session_id):
        """Wait for a command that Codex left running."""
        arguments = {"session_id": session_id, "yield_time_ms": POLL_MS}
        return self.call(call_id, "write_stdin", arguments)


def request_facts(body):
    """What Codex says about a request: its thread, and what the request is for."""
    metadata = dict(body.get("client_metadata") or {})
    metadata.update(json.loads(metadata.get("x-codex-turn-metadata") or "{}"))
    return metadata


def tool_outputs(body):
    """The tool outputs that end a request, oldest first; none when a new prompt came after them."""
    outputs = []
    for item in reversed(body.get("input") or []):
        if str(item.get("type", "")).endswith("_output"):
            outputs.append(output_text(item.get("output")))
        elif outputs or item.get("role") == "user":
            break
    return outputs[::-1]


def output_text(output):
    """A tool output as plain text, whatever shape it was sent in."""
    if isinstance(output, list):
        return "\n".join(part.get("text", "") for part in output if isinstance(part, dict))
    if isinstance(output, dict):
        return output_text(output.get("content", ""))
    return str(output or "")


Answer = collections.namedtuple("Answer", "items status delay usage", defaults=(200, 0, None))


class Playback:
    """The script, and how far each session has got in it."""

    def __init__(self, script, log_path=None):
        self.turns = script["turns"]
        self.agents = script.get("agents", {})
        self.model = script.get("model", DEFAULT_MODEL)
        self.title = script.get("title", "Scripted task")
        self.log_path = log_path
        self.problems = []
        self._position = {}
        self._background = {}
        self._lock = threading.Lock()

    def next_answer(self, body):
        """Decide the answer to one request."""
        about = request_facts(body)
        if about.get("thread_source") == "thread_title":
            return Answer([message(self._call_id(), json.dumps({"title": self.title}))])
        if about.get("request_kind", "turn") != "turn":
            return Answer([message(self._call_id(), "Summary of the work so far.")])
        thread, shape, outputs = about.get("thread_id", ""), ToolShape(body), tool_outputs(body)
        with self._lock:
            self._log({"thread_id": thread, "model": body.get("model"), "tool_outputs": outputs})
            running = STILL_RUNNING.search("\n".join(outputs))
            if running and not self._background.get(thread):
                return Answer([shape.poll(self._call_id(), int(running.group(1)))])
            turns = self.agents.get(about.get("agent_name"), self.turns)
            position = self._position.get(thread, 0)
            self._position[thread] = position + 1
            if position >= len(turns):
                return Answer([message(self._call_id(), "The script is over.")])
            turn = turns[position]
            expected = turn.get("expect", "")
            if expected not in "\n".join(outputs):
                problem = f"turn {position + 1}: {expected!r} is not in the tool output"
                self.problems.append(problem)
                self._log({"thread_id": thread, "problem": problem})
                return Answer([], 400)
            commands = turn.get("run", [])
            commands = commands if isinstance(commands, list) else [commands]
            self._background[thread] = any(
                isinstance(command, dict) and command.get("background") for command in commands
            )
            return Answer(
                self._items(turn, commands, shape),
                turn.get("fail", 200),
                turn.get("delay", 0),
                turn.get("usage"),
            )

    def _items(self, turn, commands, shape):
        """The output items of one turn."""
        items = []
        if "think" in turn:
            items.append(reasoning(self._call_id(), turn["think"]))
        if "say" in turn:
            items.append(message(self._call_id(), turn["say"]))
        for command in commands:
            items.append(shape.run(self._call_id(), command))
        if "patch" in turn:
            items.append(shape.call(self._call_id(), "apply_patch", turn["patch"]))
        if "call" in turn:
            arguments = turn["call"].get("arguments", {})
            items.append(shape.call(self._call_id(), turn["call"]["name"], arguments))
        return items

    @staticmethod
    def _call_id():
        return "call_" + secrets.token_hex(8)

    def _log(self, entry):
        if self.log_path:
            with open(self.log_path, "a", encoding="utf-8") as handle:
                handle.write(json.dumps(entry) + "\n")


def message(item_id, text):
    """An assistant message as an output item."""
    return {
        "type": "message",
        "id": f"msg_{item_id}",
        "role": "assistant",
        "content": [{"type": "output_text", "text": text}],
    }


def reasoning(item_id, text):
    """A reasoning summary as an output item."""
    return {
        "type": "reasoning",
        "id": f"rs_{item_id}",
        "summary": [{"type": "summary_text", "text": text}],
        "encrypted_content": "",
    }


def event_stream(response_id, items, usage):
    """The events of one response, in the order in which Codex expects them."""
    counts = {"input_tokens": 1200, "output_tokens": 60, **(usage or {})}
    counts.setdefault("total_tokens", counts["input_tokens"] + counts["output_tokens"])
    counts.setdefault("input_tokens_details", {"cached_tokens": 0})
    counts.setdefault("output_tokens_details", {"reasoning_tokens": 0})
    yield {"type": "response.created", "response": {"id": response_id}}
    for index, item in enumerate(items):
        if item["type"] == "message":
            text = item["content"][0]["text"]
            yield {
                "type": "response.output_item.added",
                "output_index": index,
                "item": {**item, "content": []},
            }
            yield {
                "type": "response.output_text.delta",
                "output_index": index,
                "item_id": item["id"],
                "content_index": 0,
                "delta": text,
            }
        yield {"type": "response.output_item.done", "output_index": index, "item": item}
    yield {"type": "response.completed", "response": {"id": response_id, "usage": counts}}


class Handler(BaseHTTPRequestHandler):
    """Answers the requests of Codex from the server's playback."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.path.rstrip("/") != "/v1/responses":
            return self._send_json(404, {"error": {"message": "not scripted: " + self.path}})
        if self.headers.get("content-encoding"):
            return self._send_json(415, {"error": {"message": "send the request uncompressed"}})
        answer = self.server.playback.next_answer(json.loads(body))
        time.sleep(answer.delay)
        if answer.status != 200:
            error = {"message": f"scripted failure {answer.status}", "type": "server_error"}
            return self._send_json(answer.status, {"error": error})
        response_id = "resp_" + str(time.time_ns())
        data = "".join(
            f"event: {event['type']}\ndata: {json.dumps(event)}\n\n"
            for event in event_stream(response_id, answer.items, answer.usage)
        )
        return self._send(200, "text/event-stream", data.encode())

    def do_GET(self):
        if self.path.split("?")[0] == "/v1/models":
            return self._send_json(200, {"object": "list", "data": [], "models": []})
        return self._send_json(404, {"error": {"message": "not scripted: " + self.path}})

    def log_message(self, *_args):
        """Keep the terminal for Codex."""

    def _send_json(self, status, payload):
        self._send(status, "application/json", json.dumps(payload).encode())

    def _send(self, status, content_type, data):
        try:
            self.send_response(status)
            self.send_header("content-type", content_type)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # Codex was stopped while it waited.


class ScriptedModel:
    """The server, for use in a ``with`` block; ``base_url`` is what Codex needs."""

    def __init__(self, script, port=0, log_path=None):
        self.playback = Playback(script, log_path)
        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self._server.playback = self.playback
        self.base_url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_error):
        self._server.shutdown()
        self._server.server_close()


def main(argv=None):
    """Serve one script until interrupted."""
    parser = argparse.ArgumentParser(description="Play a fixed script as the model behind Codex.")
    parser.add_argument("--script", required=True, help="JSON file with the turns to play")
    parser.add_argument("--port", type=int, default=0, help="loopback port (default: a free one)")
    parser.add_argument("--log", help="JSON lines file for what Codex sent back")
    options = parser.parse_args(argv)
    try:
        script = load_script(options.script)
    except (OSError, ValueError) as error:
        parser.exit(2, f"{parser.prog}: {error}\n")
    with ScriptedModel(script, options.port, options.log) as model:
        print(model.base_url, flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
