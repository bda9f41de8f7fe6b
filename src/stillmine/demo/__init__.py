# SPDX-License-Identifier: Apache-2.0
"""The main job, shown on a real photograph: an actor that only uses the others as a stranger would.

It starts a real exchange and a real partner as separate processes and talks to them over HTTP. It must never
reach into their modules, and it plays with throwaway secrets and lawful pictures only.
"""
