/* SPDX-License-Identifier: Apache-2.0 */
/* stillmine.fingerprint._kernel: the PDQ kernel for CPython. Checks shapes, owns the state, lets go of the GIL.
 *
 * Holds no algorithm. The typed stub is src/stillmine/fingerprint/_kernel.pyi. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdint.h>

#include "stillmine/hamming.h"
#include "stillmine/pdq.h"

#define ALIGNMENT 16

static const char *describe(int status) {
    switch (status) {
    case STILLMINE_BAD_FORMAT:
        return "the pixel format must be LUMA8, RGB8 or RGBA8";
    case STILLMINE_TOO_SMALL:
        return "width and height must be at least 5 pixels";
    case STILLMINE_TOO_LARGE:
        return "width and height must be at most 32768 pixels, and both multiplied at most 2**28";
    default:
        return "the PDQ kernel refused the pixels";
    }
}

/* Finds the row stride of pixels given flat, as (height, width * channels), or as (height, width[, channels]).
 * Rows may lie apart (a crop of a larger array); within a row the bytes must be contiguous. Returns -1 if refused. */
static Py_ssize_t find_stride(const Py_buffer *view, Py_ssize_t width, Py_ssize_t height, Py_ssize_t channels) {
    if (view->itemsize != 1) {
        PyErr_SetString(PyExc_ValueError, "pixels must be unsigned bytes");
        return -1;
    }
    if (view->ndim == 1 && view->shape[0] == width * height * channels && view->strides[0] == 1) {
        return width * channels;
    }
    const int is_plane = view->ndim == 2 && view->shape[0] == height && view->shape[1] == width * channels &&
                         view->strides[1] == 1;
    const int is_stack = view->ndim == 3 && view->shape[0] == height && view->shape[1] == width &&
                         view->shape[2] == channels && view->strides[1] == channels && view->strides[2] == 1;
    if ((is_plane || is_stack) && view->strides[0] >= width * channels) {
        return view->strides[0];
    }
    PyErr_Format(PyExc_ValueError,
                 "pixels do not have the shape of a picture: expected %zd rows of %zd pixels of %zd bytes, each row "
                 "contiguous",
                 height, width, channels);
    return -1;
}

static int compute(const Py_buffer *view, size_t stride, uint32_t width, uint32_t height, uint32_t pixel_format,
                   uint32_t variants, uint8_t hashes[STILLMINE_VARIANTS][STILLMINE_HASH_BYTES], uint32_t *quality) {
    size_t state_bytes;
    int status = stillmine_measure_pdq(width, height, pixel_format, variants, &state_bytes);
    if (status != STILLMINE_OK) {
        return status;
    }
    uint8_t *memory = PyMem_RawMalloc(state_bytes + ALIGNMENT);
    if (memory == NULL) {
        return -1;
    }
    stillmine_pdq *state = (stillmine_pdq *)(void *)(memory + ALIGNMENT - (uintptr_t)memory % ALIGNMENT);
    Py_BEGIN_ALLOW_THREADS
    status = stillmine_begin_pdq(state, state_bytes, width, height, pixel_format, variants);
    if (status == STILLMINE_OK) {
        status = stillmine_add_pdq_rows(state, view->buf, stride, height);
    }
    if (status == STILLMINE_OK) {
        status = stillmine_finish_pdq(state, hashes, quality);
    }
    Py_END_ALLOW_THREADS
    PyMem_RawFree(memory);
    return status;
}

static PyObject *hashes_to_tuple(uint8_t hashes[][STILLMINE_HASH_BYTES], Py_ssize_t variants) {
    PyObject *tuple = PyTuple_New(variants);
    for (Py_ssize_t i = 0; tuple != NULL && i < variants; i++) {
        PyObject *hash = PyBytes_FromStringAndSize((const char *)hashes[i], STILLMINE_HASH_BYTES);
        if (hash == NULL) {
            Py_CLEAR(tuple);
        } else {
            PyTuple_SET_ITEM(tuple, i, hash);
        }
    }
    return tuple;
}

static int fits(Py_ssize_t value) {
    return value >= 0 && value <= (Py_ssize_t)INT32_MAX;
}

static PyObject *pdq(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *pixels;
    Py_ssize_t width;
    Py_ssize_t height;
    Py_ssize_t pixel_format;
    int variants = STILLMINE_VARIANTS;
    if (!PyArg_ParseTuple(args, "Onnn|i:pdq", &pixels, &width, &height, &pixel_format, &variants)) {
        return NULL;
    }
    if (variants != 1 && variants != STILLMINE_VARIANTS) {
        PyErr_SetString(PyExc_ValueError, "the number of variants is 1 or 8");
        return NULL;
    }
    size_t state_bytes;
    const int refusal = !fits(width) || !fits(height) ? STILLMINE_TOO_LARGE
                        : !fits(pixel_format)         ? STILLMINE_BAD_FORMAT
                                                      : stillmine_measure_pdq((uint32_t)width, (uint32_t)height,
                                                                              (uint32_t)pixel_format, (uint32_t)variants,
                                                                              &state_bytes);
    if (refusal != STILLMINE_OK) {
        PyErr_SetString(PyExc_ValueError, describe(width < 0 || height < 0 ? STILLMINE_TOO_SMALL : refusal));
        return NULL;
    }
    Py_buffer view;
    if (PyObject_GetBuffer(pixels, &view, PyBUF_STRIDES) != 0) {
        return NULL;
    }
    uint8_t hashes[STILLMINE_VARIANTS][STILLMINE_HASH_BYTES];
    uint32_t quality = 0;
    int status = STILLMINE_OK;
    const Py_ssize_t stride = find_stride(&view, width, height, pixel_format);
    if (stride >= 0) {
        status = compute(&view, (size_t)stride, (uint32_t)width, (uint32_t)height, (uint32_t)pixel_format,
                         (uint32_t)variants, hashes, &quality);
    }
    PyBuffer_Release(&view);
    if (stride < 0) {
        return NULL;
    }
    if (status < 0) {
        return PyErr_NoMemory();
    }
    if (status != STILLMINE_OK) {
        PyErr_SetString(PyExc_ValueError, describe(status));
        return NULL;
    }
    PyObject *tuple = hashes_to_tuple(hashes, variants);
    return tuple == NULL ? NULL : Py_BuildValue("(NI)", tuple, quality);
}

static PyObject *distance_bits(PyObject *module, PyObject *args) {
    (void)module;
    const char *left;
    const char *right;
    Py_ssize_t left_bytes;
    Py_ssize_t right_bytes;
    if (!PyArg_ParseTuple(args, "y#y#:distance_bits", &left, &left_bytes, &right, &right_bytes)) {
        return NULL;
    }
    if (left_bytes != STILLMINE_HASH_BYTES || right_bytes != STILLMINE_HASH_BYTES) {
        PyErr_SetString(PyExc_ValueError, "a PDQ fingerprint has exactly 32 bytes");
        return NULL;
    }
    return PyLong_FromUnsignedLong(stillmine_measure_distance((const uint8_t *)left, (const uint8_t *)right));
}

static PyMethodDef methods[] = {
    {"pdq", pdq, METH_VARARGS, "pdq(pixels, width, height, pixel_format, variants=8) -> (hashes, quality)"},
    {"distance_bits", distance_bits, METH_VARARGS, "distance_bits(left, right) -> number of differing bits"},
    {NULL, NULL, 0, NULL},
};

static int fill_module(PyObject *module) {
    return PyModule_AddIntConstant(module, "LUMA8", STILLMINE_LUMA8) < 0 ||
                   PyModule_AddIntConstant(module, "RGB8", STILLMINE_RGB8) < 0 ||
                   PyModule_AddIntConstant(module, "RGBA8", STILLMINE_RGBA8) < 0 ||
                   PyModule_AddIntConstant(module, "MIN_DIMENSION", STILLMINE_MIN_DIMENSION) < 0 ||
                   PyModule_AddIntConstant(module, "MAX_DIMENSION", STILLMINE_MAX_DIMENSION) < 0 ||
                   PyModule_AddIntConstant(module, "MAX_PIXELS", (long)STILLMINE_MAX_PIXELS) < 0
               ? -1
               : 0;
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, fill_module}, {0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "_kernel", .m_doc = "The PDQ kernel.", .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit__kernel(void) {
    return PyModuleDef_Init(&definition);
}
