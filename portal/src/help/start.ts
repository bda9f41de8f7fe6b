// SPDX-License-Identifier: Apache-2.0
/* On pages with a strip of numbers: what is open now. */

import { keepOpeningStates } from "./opening_states";

keepOpeningStates();
