"""A stand-in for the worker of a chat: answers by saying the question backwards, word by word.

For `who` it says its number. A question `die` ends it by a signal; `talk` goes on until it is interrupted;
`refuse` is an error in words.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
import time


def send(ev: str, **fields: object) -> None:
    sys.stdout.write(json.dumps({"v": 1, "seq": 0, "t": time.time(), "ev": ev, **fields}) + "\n")
    sys.stdout.flush()


def read(commands: queue.Queue[dict[str, object] | None]) -> None:
    for line in sys.stdin:
        commands.put(json.loads(line))
    commands.put(None)


def answer(question: str, commands: queue.Queue[dict[str, object] | None]) -> None:
    words = ["on"] * 2000 if question == "talk" else question.split()[::-1]
    said = []
    for each in words:
        word = f"I{os.getpid()}" if each == "who" else each
        said.append(word)
        send("token", text=f"{word} ")
        if question == "talk":
            time.sleep(0.01)
            if not commands.empty():
                commands.get()
                break
    send("answer", text=" ".join(said), tokens=len(said), ttft_ms=12.5, tokens_per_s=80.0)


def main() -> None:
    send("hello", pid=os.getpid(), kind="chat")
    commands: queue.Queue[dict[str, object] | None] = queue.Queue()
    threading.Thread(target=read, args=(commands,), daemon=True).start()
    while (command := commands.get()) is not None:
        if command["cmd"] != "ask":
            continue
        question = command["messages"][-1]["content"]  # type: ignore[index]
        if question == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if question == "refuse":
            send(
                "error",
                kind="job",
                what="The model cannot chat.",
                why="No template.",
                fix="Take another.",
            )
            return
        if question == "too long":
            error = {
                "code": "input",
                "what": "The question is too long for this model.",
                "why": "",
                "fix": "Shorten it.",
            }
            send("answer", text="", tokens=0, ttft_ms=0.0, tokens_per_s=0.0, error=error)
            continue
        answer(question, commands)


main()
