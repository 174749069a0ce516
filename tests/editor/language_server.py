"""A small client of a YAML language server: what an editor would ask, over standard input."""

import json
import subprocess
from pathlib import Path


class LanguageServer:
    """A running server; every document is opened under a name of its own and closed again."""

    def __init__(self, program: Path, root: Path):
        self.root = root
        self.process = subprocess.Popen(
            ["node", str(program), "--stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.count = 0
        self.replies = {}
        self.found = {}
        capabilities = {"textDocument": {"hover": {"contentFormat": ["markdown"]}}}
        self.ask(
            "initialize",
            {"processId": None, "rootUri": root.as_uri(), "capabilities": capabilities},
        )
        self.tell("initialized", {})
        # No schema from elsewhere: only the first line of a spec says which one it follows.
        settings = {"validate": True, "hover": True, "schemaStore": {"enable": False}}
        settings["completion"] = True
        self.tell("workspace/didChangeConfiguration", {"settings": {"yaml": settings}})

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def mistakes(self, text: str) -> list[tuple[str, str]]:
        """Return each mistake as the marked text of its first line, and what is said of it."""
        uri = self._open(text)
        lines, shown = text.split("\n"), []
        for found in self.found[uri]:
            start, end = found["range"]["start"], found["range"]["end"]
            last = end["character"] if start["line"] == end["line"] else None
            marked = lines[start["line"]][start["character"] : last]
            shown.append((marked, found["message"]))
        self._close(uri)
        return shown

    def hover(self, text: str) -> str:
        """Return what is shown where `|` stands."""
        found = self._at("textDocument/hover", text)
        return "" if found is None else found["contents"]["value"].replace("\\", "")

    def completions(self, text: str) -> dict[str, str]:
        """Return what is offered where `|` stands: label and the text that it inserts."""
        found = self._at("textDocument/completion", text)
        items = found["items"] if isinstance(found, dict) else found
        return {item["label"]: item.get("insertText", "") for item in items}

    def _at(self, method, text):
        at = text.index("|")
        before = text[:at]
        uri = self._open(before + text[at + 1 :])
        place = {"line": before.count("\n"), "character": at - before.rfind("\n") - 1}
        answer = self.ask(method, {"textDocument": {"uri": uri}, "position": place})
        self._close(uri)
        return answer

    def _open(self, text):
        self.count += 1
        uri = (self.root / "specs" / f"spec_{self.count}.yaml").as_uri()
        item = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": item})
        while uri not in self.found:
            self._take()
        return uri

    def _close(self, uri):
        self.tell("textDocument/didClose", {"textDocument": {"uri": uri}})

    def ask(self, method, params):
        self.count += 1
        number = self.count
        self._send({"id": number, "method": method, "params": params})
        while number not in self.replies:
            self._take()
        return self.replies.pop(number)["result"]

    def tell(self, method, params):
        self._send({"method": method, "params": params})

    def _send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def _take(self):
        length = 0
        while line := self.process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        assert length, "the language server ended"
        message = json.loads(self.process.stdout.read(length))
        if message.get("method") == "textDocument/publishDiagnostics":
            self.found.setdefault(message["params"]["uri"], message["params"]["diagnostics"])
        elif "method" in message and "id" in message:
            self._send({"id": message["id"], "result": None})
        elif "id" in message:
            self.replies[message["id"]] = message
