// SPDX-License-Identifier: Apache-2.0
/* What every page does about the place: read it, show what is for it, and pass it on. */

import "./keeping";
import "./place";
