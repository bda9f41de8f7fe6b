/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of fingerprint_regions.c that fingerprint_module.c lists. */
#ifndef STILLMINE_PYTHON_FINGERPRINT_REGIONS_H
#define STILLMINE_PYTHON_FINGERPRINT_REGIONS_H

#include <Python.h>

PyObject *stillmine_python_base(PyObject *module, PyObject *args);
PyObject *stillmine_python_find_regions(PyObject *module, PyObject *args);
PyObject *stillmine_python_enrol_regions(PyObject *module, PyObject *args);
PyObject *stillmine_python_regions_value(PyObject *module, PyObject *args);
PyObject *stillmine_python_frame_regions(PyObject *module, PyObject *args);
PyObject *stillmine_python_hash_frames(PyObject *module, PyObject *args);

#endif
