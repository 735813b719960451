"""llama.cpp's own HTTP server on a GGUF: prints its address, then serves until it is killed.

Usage: `llama_server.py GGUF PORT [KEY]`; port 0 takes a free one.
"""

from __future__ import annotations

import sys
import threading

import xllamacpp


def main() -> None:
    wanted = xllamacpp.CommonParams()
    wanted.model.path = sys.argv[1]
    wanted.model_alias = {"starter"}
    wanted.hostnames = ["127.0.0.1"]
    wanted.port = int(sys.argv[2])
    wanted.n_ctx, wanted.n_parallel = 4096, 2
    wanted.warmup, wanted.ui = False, False
    wanted.cpuparams.n_threads = wanted.cpuparams_batch.n_threads = 1
    if len(sys.argv) > 3:
        wanted.api_keys = [sys.argv[3]]
    server = xllamacpp.Server(wanted)
    print(server.listening_address, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
