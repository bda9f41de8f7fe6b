# SPDX-License-Identifier: Apache-2.0
"""What every floor stands on: names, places of files, limits of a disk, answers' headers. Knows no table and no rule of cases."""
