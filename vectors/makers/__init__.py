# SPDX-License-Identifier: Apache-2.0
"""One module for each subject: `texts()` gives its files, by name, as they have to be. Must never read what it writes."""
