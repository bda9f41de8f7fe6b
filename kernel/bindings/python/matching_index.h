/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of stillmine.matching._kernel share. */
#ifndef STILLMINE_MATCHING_INDEX_H
#define STILLMINE_MATCHING_INDEX_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

extern PyType_Spec stillmine_index_spec;

#endif
