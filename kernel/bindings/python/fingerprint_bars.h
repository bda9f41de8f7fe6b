/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of fingerprint_bars.c that fingerprint_module.c lists. */
#ifndef STILLMINE_PYTHON_FINGERPRINT_BARS_H
#define STILLMINE_PYTHON_FINGERPRINT_BARS_H

#include <Python.h>

PyObject *stillmine_python_find_parts(PyObject *module, PyObject *luma);
PyObject *stillmine_python_learn_bars(PyObject *module, PyObject *args);
PyObject *stillmine_python_find_bars(PyObject *module, PyObject *args);
PyObject *stillmine_python_are_close_bounds(PyObject *module, PyObject *args);

#endif
