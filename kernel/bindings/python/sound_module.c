/* SPDX-License-Identifier: Apache-2.0 */
/* stillmine.matching._sound: where a sound may lie in many others, for CPython. Holds no algorithm; lets go of the GIL.
 *
 * The typed stub is src/stillmine/matching/_sound.pyi. Only the sizes of tables are checked here, never their
 * content: stillmine.matching.sound_table makes them, and the kernel passes over places outside their sound. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdint.h>

#include "stillmine/sound.h"

#define FIRST_CAPACITY 64

enum { VALUES, OFFSETS, STARTS, PLACES, QUERY, BUFFERS };

static int sizes_fit(const Py_buffer buffers[BUFFERS]) {
    for (int i = 0; i < BUFFERS; i++) {
        if (buffers[i].len % (Py_ssize_t)sizeof(uint32_t) != 0 || (uintptr_t)buffers[i].buf % sizeof(uint32_t) != 0) {
            return 0;
        }
    }
    const Py_ssize_t values = buffers[VALUES].len / (Py_ssize_t)sizeof(uint32_t);
    const Py_ssize_t offsets = buffers[OFFSETS].len / (Py_ssize_t)sizeof(uint32_t);
    const uint32_t *offset = buffers[OFFSETS].buf;
    const uint32_t *start = buffers[STARTS].buf;
    return offsets >= 1 && offset[0] == 0 && offset[offsets - 1] == (uint64_t)values &&
           buffers[STARTS].len == (Py_ssize_t)((STILLMINE_SOUND_CODES + 1) * sizeof(uint32_t)) &&
           buffers[PLACES].len == values * (Py_ssize_t)sizeof(struct stillmine_sound_place) && start[0] == 0 &&
           start[STILLMINE_SOUND_CODES] == (uint64_t)values &&
           buffers[QUERY].len / (Py_ssize_t)sizeof(uint32_t) <= INT32_MAX;
}

static PyObject *list_shifts(const struct stillmine_sound_shift *found, size_t total) {
    PyObject *list = PyList_New((Py_ssize_t)total);
    for (size_t i = 0; list != NULL && i < total; i++) {
        PyObject *pair = Py_BuildValue("(Ii)", found[i].sound, found[i].shift);
        if (pair == NULL) {
            Py_CLEAR(list);
        } else {
            PyList_SET_ITEM(list, (Py_ssize_t)i, pair);
        }
    }
    return list;
}

static PyObject *align_within(const Py_buffer buffers[BUFFERS], const struct stillmine_sound_rules *rules) {
    const struct stillmine_sounds sounds = {
        .values = buffers[VALUES].buf,
        .offsets = buffers[OFFSETS].buf,
        .count = (size_t)buffers[OFFSETS].len / sizeof(uint32_t) - 1,
        .starts = buffers[STARTS].buf,
        .places = buffers[PLACES].buf,
    };
    const size_t query_count = (size_t)buffers[QUERY].len / sizeof(uint32_t);
    struct stillmine_sound_shift *found = NULL;
    size_t capacity = FIRST_CAPACITY;
    size_t total;
    for (;;) {
        struct stillmine_sound_shift *larger = PyMem_RawRealloc(found, capacity * sizeof *found);
        if (larger == NULL) {
            PyMem_RawFree(found);
            return PyErr_NoMemory();
        }
        found = larger;
        Py_BEGIN_ALLOW_THREADS
        total = stillmine_align_sounds(&sounds, buffers[QUERY].buf, query_count, rules, found, capacity);
        Py_END_ALLOW_THREADS
        if (total == SIZE_MAX || total <= capacity) {
            break;
        }
        capacity = total;
    }
    PyObject *list = total == SIZE_MAX ? PyErr_NoMemory() : list_shifts(found, total);
    PyMem_RawFree(found);
    return list;
}

static PyObject *align(PyObject *module, PyObject *args, PyObject *keywords) {
    (void)module;
    static char *names[] = {"values",
                            "offsets",
                            "starts",
                            "places",
                            "query",
                            "maximum_error_bits",
                            "smoothed_values",
                            "minimum_run",
                            "minimum_matched",
                            "matched_share",
                            "shifts",
                            "votes",
                            NULL};
    Py_buffer buffers[BUFFERS];
    struct stillmine_sound_rules rules = {0};
    double matched_share;
    Py_ssize_t votes;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "y*y*y*y*y*$IIIIdIn:align", names, &buffers[VALUES],
                                     &buffers[OFFSETS], &buffers[STARTS], &buffers[PLACES], &buffers[QUERY],
                                     &rules.maximum_error_bits, &rules.smoothed_values, &rules.minimum_run,
                                     &rules.minimum_matched, &matched_share, &rules.shifts, &votes)) {
        return NULL;
    }
    PyObject *result = NULL;
    if (!sizes_fit(buffers)) {
        PyErr_SetString(PyExc_ValueError, "the tables do not belong together");
    } else if (!(matched_share >= 0 && matched_share <= 1) || rules.maximum_error_bits > 32 || votes < 0) {
        PyErr_SetString(PyExc_ValueError, "a share is between 0 and 1, an error between 0 and 32 bits");
    } else {
        rules.matched_permille = (uint32_t)(1000 * matched_share + 0.5);
        rules.votes = (size_t)votes;
        result = align_within(buffers, &rules);
    }
    for (int i = 0; i < BUFFERS; i++) {
        PyBuffer_Release(&buffers[i]);
    }
    return result;
}

static PyMethodDef methods[] = {
    {"align", (PyCFunction)(void (*)(void))align, METH_VARARGS | METH_KEYWORDS,
     "align(values, offsets, starts, places, query, *, maximum_error_bits, smoothed_values, minimum_run, "
     "minimum_matched, matched_share, shifts, votes) -> [(sound, shift), ...]"},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {{0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "_sound", .m_doc = "Where a sound may lie in others.",
    .m_methods = methods,  .m_slots = slots,
};

PyMODINIT_FUNC PyInit__sound(void) {
    return PyModuleDef_Init(&definition);
}
