/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of stillmine.matching._kernel share. */
#ifndef STILLMINE_MATCHING_INDEX_H
#define STILLMINE_MATCHING_INDEX_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdbool.h>

#include "stillmine/index.h"

/* Both types are one: an index, with one value for each id or with several. */
typedef struct {
    PyObject_HEAD
    stillmine_index *index;
} IndexObject;

extern PyType_Spec stillmine_index_spec;
extern PyType_Spec stillmine_groups_spec;

static inline stillmine_index *index_of(PyObject *object) {
    return ((IndexObject *)object)->index;
}

/* Sets the error of a status other than OK, and returns NULL. */
PyObject *stillmine_raise_status(int status, PyObject *path);
void stillmine_free_index_object(PyObject *object);
PyObject *stillmine_remove_id(PyObject *self, PyObject *id);
PyObject *stillmine_has_id(PyObject *self, PyObject *id);
PyObject *stillmine_get_value_count(PyObject *self, PyObject *unused);
PyObject *stillmine_get_memory_bytes(PyObject *self, PyObject *unused);
PyObject *stillmine_settle(PyObject *self, PyObject *unused);
PyObject *stillmine_choose_loops_level(PyObject *self, PyObject *level);

#endif
