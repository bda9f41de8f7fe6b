/* SPDX-License-Identifier: Apache-2.0 */
/* What stands around pictures, for CPython: parts of stillmine.fingerprint.ground._kernel. Checks shapes; holds no
 * algorithm; lets go of the GIL. */
#define PY_SSIZE_T_CLEAN
#include "fingerprint_bars.h"

#include <stdint.h>

#include "stillmine/bars.h"
#include "stillmine/pdq.h"
#include "stillmine/trims.h"

#define RGB STILLMINE_RGB8

static int is_side(Py_ssize_t length) {
    return length > 0 && length <= STILLMINE_MAX_DIMENSION;
}

/* Whether a buffer is a picture of unsigned bytes: (height, width) with one channel, else (height, width, channels).
 * Rows may lie apart; sets an exception where it is not. */
static int check_picture(const Py_buffer *view, Py_ssize_t channels) {
    int is_picture = view->itemsize == 1 && view->ndim == (channels == 1 ? 2 : 3);
    is_picture = is_picture && is_side(view->shape[0]) && is_side(view->shape[1]) && view->strides[1] == channels;
    is_picture = is_picture && view->strides[0] >= view->shape[1] * channels;
    is_picture = is_picture && (channels == 1 || (view->shape[2] == channels && view->strides[2] == 1));
    if (!is_picture) {
        PyErr_SetString(PyExc_ValueError, "pixels do not have the shape of a picture, with each row contiguous");
    }
    return is_picture;
}

static PyObject *list_parts(const struct stillmine_part *parts, uint32_t count) {
    PyObject *list = PyList_New(count);
    for (uint32_t i = 0; list != NULL && i < count; i++) {
        const struct stillmine_part *part = parts + i;
        PyObject *item = Py_BuildValue("(IIII(IIII))", part->left, part->top, part->right, part->bottom, part->found[0],
                                       part->found[1], part->found[2], part->found[3]);
        if (item == NULL) {
            Py_CLEAR(list);
        } else {
            PyList_SET_ITEM(list, i, item);
        }
    }
    return list;
}

PyObject *stillmine_python_find_parts(PyObject *module, PyObject *luma) {
    (void)module;
    Py_buffer view;
    if (PyObject_GetBuffer(luma, &view, PyBUF_STRIDES) != 0) {
        return NULL;
    }
    PyObject *result = NULL;
    if (check_picture(&view, 1)) {
        struct stillmine_part parts[STILLMINE_MAX_PARTS];
        uint32_t count;
        Py_BEGIN_ALLOW_THREADS
        count = stillmine_find_parts(view.buf, (size_t)view.strides[0], (uint32_t)view.shape[1],
                                     (uint32_t)view.shape[0], parts);
        Py_END_ALLOW_THREADS
        result = list_parts(parts, count);
    }
    PyBuffer_Release(&view);
    return result;
}

PyObject *stillmine_python_learn_bars(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *pixels;
    Py_buffer view;
    Py_buffer rows;
    Py_buffer columns;
    if (!PyArg_ParseTuple(args, "Ow*w*:learn_bars", &pixels, &rows, &columns)) {
        return NULL;
    }
    PyObject *result = NULL;
    if (PyObject_GetBuffer(pixels, &view, PyBUF_STRIDES) == 0) {
        if (check_picture(&view, RGB)) {
            if (rows.len == view.shape[0] && columns.len == view.shape[1]) {
                Py_BEGIN_ALLOW_THREADS
                stillmine_learn_bars(view.buf, (size_t)view.strides[0], (uint32_t)view.shape[1],
                                     (uint32_t)view.shape[0], RGB, rows.buf, columns.buf);
                Py_END_ALLOW_THREADS
                result = Py_NewRef(Py_None);
            } else {
                PyErr_SetString(PyExc_ValueError, "there is one byte for each row and one for each column");
            }
        }
        PyBuffer_Release(&view);
    }
    PyBuffer_Release(&rows);
    PyBuffer_Release(&columns);
    return result;
}

PyObject *stillmine_python_find_bars(PyObject *module, PyObject *args) {
    (void)module;
    Py_buffer rows;
    Py_buffer columns;
    if (!PyArg_ParseTuple(args, "y*y*:find_bars", &rows, &columns)) {
        return NULL;
    }
    PyObject *result = NULL;
    if (is_side(rows.len) && is_side(columns.len)) {
        struct stillmine_bounds bounds;
        stillmine_find_bars(rows.buf, (uint32_t)rows.len, columns.buf, (uint32_t)columns.len, &bounds);
        result = Py_BuildValue("(IIII)", bounds.left, bounds.top, bounds.right, bounds.bottom);
    } else {
        PyErr_SetString(PyExc_ValueError, "there is one byte for each row and one for each column");
    }
    PyBuffer_Release(&rows);
    PyBuffer_Release(&columns);
    return result;
}

PyObject *stillmine_python_are_close_bounds(PyObject *module, PyObject *args) {
    (void)module;
    struct stillmine_bounds one;
    struct stillmine_bounds other;
    unsigned int width;
    unsigned int height;
    if (!PyArg_ParseTuple(args, "(IIII)(IIII)II:are_close_bounds", &one.left, &one.top, &one.right, &one.bottom,
                          &other.left, &other.top, &other.right, &other.bottom, &width, &height)) {
        return NULL;
    }
    return PyBool_FromLong(stillmine_are_close_bounds(&one, &other, width, height));
}
