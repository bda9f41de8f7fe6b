// SPDX-License-Identifier: Apache-2.0
import { mount } from "../island/mount";
import { FolderPage } from "./page";

mount(() => <FolderPage first="notices" />);
