# SPDX-License-Identifier: Apache-2.0
"""Pages on which a platform's reviewers decide about matches, and Coop's callbacks for those who decide there: spec/review-page.md.

No byte of an upload passes through here. Must never let in the service key, nor show what is withdrawn.
"""
