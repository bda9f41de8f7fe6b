// SPDX-License-Identifier: Apache-2.0
import { mount } from "../island/mount";
import { ProtectFlow } from "./flow";

mount(ProtectFlow);
