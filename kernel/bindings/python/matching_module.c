/* SPDX-License-Identifier: Apache-2.0 */
/* stillmine.matching._kernel: the exact scan and the index for CPython. Holds no algorithm; lets go of the GIL while it
 * works.
 *
 * The typed stub is src/stillmine/matching/_kernel.pyi. */
#include "matching_index.h"

#include <stdint.h>

#include "stillmine/hamming.h"

#define FIRST_CAPACITY 256

static size_t scan_without_gil(const Py_buffer *fingerprints, const uint8_t *query, uint32_t max_distance_bits,
                               struct stillmine_near *found, size_t capacity) {
    size_t total;
    Py_BEGIN_ALLOW_THREADS
    total = stillmine_scan_fingerprints(fingerprints->buf, (size_t)fingerprints->len / STILLMINE_FINGERPRINT_BYTES,
                                        query, max_distance_bits, found, capacity);
    Py_END_ALLOW_THREADS
    return total;
}

static PyObject *list_found(const struct stillmine_near *found, size_t total) {
    PyObject *list = PyList_New((Py_ssize_t)total);
    for (size_t i = 0; list != NULL && i < total; i++) {
        PyObject *pair = Py_BuildValue("(nI)", (Py_ssize_t)found[i].index, found[i].distance_bits);
        if (pair == NULL) {
            Py_CLEAR(list);
        } else {
            PyList_SET_ITEM(list, (Py_ssize_t)i, pair);
        }
    }
    return list;
}

static PyObject *collect(const Py_buffer *fingerprints, const uint8_t *query, uint32_t max_distance_bits) {
    size_t capacity = FIRST_CAPACITY;
    struct stillmine_near *found = PyMem_RawMalloc(capacity * sizeof *found);
    if (found == NULL) {
        return PyErr_NoMemory();
    }
    size_t total = scan_without_gil(fingerprints, query, max_distance_bits, found, capacity);
    if (total > capacity) {
        capacity = total;
        PyMem_RawFree(found);
        found = PyMem_RawMalloc(capacity * sizeof *found);
        if (found == NULL) {
            return PyErr_NoMemory();
        }
        total = scan_without_gil(fingerprints, query, max_distance_bits, found, capacity);
    }
    /* A second scan sees the same bytes unless the caller changed them meanwhile; never read past what was written. */
    PyObject *list = list_found(found, total < capacity ? total : capacity);
    PyMem_RawFree(found);
    return list;
}

static PyObject *scan(PyObject *module, PyObject *args) {
    (void)module;
    Py_buffer fingerprints;
    Py_buffer query;
    int max_distance_bits;
    if (!PyArg_ParseTuple(args, "y*y*i:scan", &fingerprints, &query, &max_distance_bits)) {
        return NULL;
    }
    PyObject *result = NULL;
    if (query.len != STILLMINE_FINGERPRINT_BYTES || fingerprints.len % STILLMINE_FINGERPRINT_BYTES != 0) {
        PyErr_SetString(PyExc_ValueError, "fingerprints have exactly 32 bytes each");
    } else if (max_distance_bits < 0 || max_distance_bits > 8 * STILLMINE_FINGERPRINT_BYTES) {
        PyErr_SetString(PyExc_ValueError, "a distance is between 0 and 256 bits");
    } else {
        result = collect(&fingerprints, query.buf, (uint32_t)max_distance_bits);
    }
    PyBuffer_Release(&query);
    PyBuffer_Release(&fingerprints);
    return result;
}

static PyMethodDef methods[] = {
    {"scan", scan, METH_VARARGS, "scan(fingerprints, query, max_distance_bits) -> [(index, distance_bits), ...]"},
    {NULL, NULL, 0, NULL},
};

static int add_type(PyObject *module, PyType_Spec *spec) {
    PyObject *type = PyType_FromModuleAndSpec(module, spec, NULL);
    const int status = type == NULL ? -1 : PyModule_AddType(module, (PyTypeObject *)type);
    Py_XDECREF(type);
    return status;
}

static int add_types(PyObject *module) {
    return add_type(module, &stillmine_index_spec) == 0 ? add_type(module, &stillmine_groups_spec) : -1;
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, add_types}, {0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "_kernel", .m_doc = "The exact scan and the index.",
    .m_methods = methods,  .m_slots = slots,
};

PyMODINIT_FUNC PyInit__kernel(void) {
    return PyModuleDef_Init(&definition);
}
