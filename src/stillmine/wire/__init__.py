# SPDX-License-Identifier: Apache-2.0
"""All that crosses the network: frozen messages, codecs and error codes, and nothing else.

Portal, exchange and partner meet here only. A message rejects unknown fields, so a picture, a file
name or an address cannot ride along unnoticed. This package must never do I/O, read a clock or know
who is calling. The contract in words: spec/case.md, spec/feed.md, spec/screen.md.
"""
