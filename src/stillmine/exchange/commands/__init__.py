# SPDX-License-Identifier: Apache-2.0
"""`stillmine exchange …`: what an operator types. Django is prepared inside each command."""
