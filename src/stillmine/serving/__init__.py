# SPDX-License-Identifier: Apache-2.0
"""One HTTP/1 server for exchange and partner that no client can hold up. spec/doors.md says its numbers.

A client costs a connection and nothing else: heads, bodies and answers travel on one event loop, under deadlines and a least
rate, and a thread is used only between a whole request and a whole answer. It imports neither actor and nothing of Django.

How it is used: an ASGI application in this process: `with bound(address, port) as listener: await answer(listener, application, Doors(),
told_to_stop)` (see `listening.py`); a WSGI application in worker processes: `run_workers` (`workers.py`) with a function that
calls `answer` with `Front(...)` (`wsgi.py`) around it.
"""
