/* SPDX-License-Identifier: Apache-2.0 */
/* stillmine.fingerprint.ground._kernel: the PDQ kernel for CPython. Checks shapes, owns the state, lets go of the GIL.
 *
 * Holds no algorithm. The typed stub is src/stillmine/fingerprint/ground/_kernel.pyi. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdint.h>

#include "fingerprint_bars.h"
#include "fingerprint_regions.h"
#include "stillmine/hamming.h"
#include "stillmine/pdq.h"
#include "stillmine/trims.h"

#define ALIGNMENT 16

static const char *describe(int status) {
    switch (status) {
    case STILLMINE_BAD_FORMAT:
        return "the pixel format must be LUMA8, RGB8 or RGBA8";
    case STILLMINE_TOO_SMALL:
        return "width and height must be at least 5 pixels";
    case STILLMINE_TOO_LARGE:
        return "width and height must be at most 32768 pixels, and both multiplied at most 2**28";
    case STILLMINE_TOO_MANY_ROWS:
    case STILLMINE_TOO_FEW_ROWS:
        return "the bands do not have as many rows as the picture";
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
    const int is_plane =
        view->ndim == 2 && view->shape[0] == height && view->shape[1] == width * channels && view->strides[1] == 1;
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

/* One picture on its way through the kernel. */
struct picture {
    uint32_t width; /* of the original */
    uint32_t height;
    uint32_t pixel_format;
    uint32_t variants;
    uint32_t shrink;
    uint8_t *memory; /* holds the state; NULL before begin */
    stillmine_pdq *state;
};

static Py_ssize_t shrunk(uint32_t length, uint32_t shrink) {
    return (Py_ssize_t)((length + shrink - 1) / shrink);
}

static int fits(Py_ssize_t value) {
    return value >= 0 && value <= (Py_ssize_t)INT32_MAX;
}

/* Reads (pixels, width, height, pixel_format, variants=8, shrink=1) and begins; returns 0, or -1 with an exception. */
static int begin(PyObject *args, const char *format, PyObject **pixels, struct picture *picture) {
    Py_ssize_t width;
    Py_ssize_t height;
    Py_ssize_t pixel_format;
    int variants = STILLMINE_VARIANTS;
    int shrink = 1;
    if (!PyArg_ParseTuple(args, format, pixels, &width, &height, &pixel_format, &variants, &shrink)) {
        return -1;
    }
    if (variants != 1 && variants != STILLMINE_VARIANTS) {
        PyErr_SetString(PyExc_ValueError, "the number of variants is 1 or 8");
        return -1;
    }
    if (shrink != 1 && shrink != 2 && shrink != 4 && shrink != STILLMINE_MAX_SHRINK) {
        PyErr_SetString(PyExc_ValueError, "shrink is 1, 2, 4 or 8");
        return -1;
    }
    *picture = (struct picture){
        (uint32_t)width, (uint32_t)height, (uint32_t)pixel_format, (uint32_t)variants, (uint32_t)shrink, NULL, NULL};
    size_t state_bytes = 0;
    const int refusal = !fits(width) || !fits(height) ? STILLMINE_TOO_LARGE
                        : !fits(pixel_format)
                            ? STILLMINE_BAD_FORMAT
                            : stillmine_measure_shrunk_pdq(picture->width, picture->height, picture->pixel_format,
                                                           picture->variants, picture->shrink, &state_bytes);
    if (refusal != STILLMINE_OK) {
        PyErr_SetString(PyExc_ValueError, describe(width < 0 || height < 0 ? STILLMINE_TOO_SMALL : refusal));
        return -1;
    }
    picture->memory = PyMem_RawMalloc(state_bytes + ALIGNMENT);
    if (picture->memory == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    const size_t past = (uintptr_t)picture->memory % ALIGNMENT;
    picture->state = (stillmine_pdq *)(void *)(picture->memory + ALIGNMENT - past);
    /* Cannot fail after measure: the state is large enough and aligned. */
    return stillmine_begin_shrunk_pdq(picture->state, state_bytes, picture->width, picture->height,
                                      picture->pixel_format, picture->variants, picture->shrink);
}

/* Adds a buffer of `rows` rows, or of as many as it holds if rows is -1; returns 0, or -1 with an exception set. */
static int add_rows(const struct picture *picture, PyObject *pixels, Py_ssize_t rows) {
    Py_buffer view;
    if (PyObject_GetBuffer(pixels, &view, PyBUF_STRIDES) != 0) {
        return -1;
    }
    const Py_ssize_t columns = shrunk(picture->width, picture->shrink);
    const Py_ssize_t row_bytes = columns * (Py_ssize_t)picture->pixel_format;
    const Py_ssize_t given = rows >= 0        ? rows
                             : view.ndim == 1 ? view.len / row_bytes
                             : view.ndim > 1  ? view.shape[0]
                                              : 0;
    const Py_ssize_t stride = find_stride(&view, columns, given, (Py_ssize_t)picture->pixel_format);
    int status = STILLMINE_OK;
    if (stride >= 0 && given > shrunk(picture->height, picture->shrink)) {
        status = STILLMINE_TOO_MANY_ROWS;
    } else if (stride >= 0) {
        Py_BEGIN_ALLOW_THREADS
        status = stillmine_add_pdq_rows(picture->state, view.buf, (size_t)stride, (uint32_t)given);
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&view);
    if (status != STILLMINE_OK) {
        PyErr_SetString(PyExc_ValueError, describe(status));
    }
    return stride < 0 || status != STILLMINE_OK ? -1 : 0;
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

/* Returns (hashes, quality), or NULL with an exception set. */
static PyObject *finish(const struct picture *picture) {
    uint8_t hashes[STILLMINE_VARIANTS][STILLMINE_HASH_BYTES];
    uint32_t quality = 0;
    int status;
    Py_BEGIN_ALLOW_THREADS
    status = stillmine_finish_pdq(picture->state, hashes, &quality);
    Py_END_ALLOW_THREADS
    if (status != STILLMINE_OK) {
        PyErr_SetString(PyExc_ValueError, describe(status));
        return NULL;
    }
    PyObject *tuple = hashes_to_tuple(hashes, (Py_ssize_t)picture->variants);
    return tuple == NULL ? NULL : Py_BuildValue("(NI)", tuple, quality);
}

static PyObject *pdq(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *pixels;
    struct picture picture = {0};
    PyObject *result = NULL;
    if (begin(args, "Onnn|ii:pdq", &pixels, &picture) == 0 &&
        add_rows(&picture, pixels, shrunk(picture.height, picture.shrink)) == 0) {
        result = finish(&picture);
    }
    PyMem_RawFree(picture.memory);
    return result;
}

static int add_bands(const struct picture *picture, PyObject *bands) {
    PyObject *iterator = PyObject_GetIter(bands);
    if (iterator == NULL) {
        return -1;
    }
    int status = 0;
    for (PyObject *band; status == 0 && (band = PyIter_Next(iterator)) != NULL;) {
        status = add_rows(picture, band, -1);
        Py_DECREF(band);
    }
    Py_DECREF(iterator);
    return status == 0 && PyErr_Occurred() == NULL ? 0 : -1;
}

static PyObject *pdq_of_bands(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *bands;
    struct picture picture = {0};
    PyObject *result = NULL;
    if (begin(args, "Onnn|ii:pdq_of_bands", &bands, &picture) == 0 && add_bands(&picture, bands) == 0) {
        result = finish(&picture);
    }
    PyMem_RawFree(picture.memory);
    return result;
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
    {"pdq", pdq, METH_VARARGS, "pdq(pixels, width, height, pixel_format, variants=8, shrink=1) -> (hashes, quality)"},
    {"pdq_of_bands", pdq_of_bands, METH_VARARGS,
     "pdq_of_bands(bands, width, height, pixel_format, variants=8, shrink=1) -> (hashes, quality)"},
    {"distance_bits", distance_bits, METH_VARARGS, "distance_bits(left, right) -> number of differing bits"},
    {"find_parts", stillmine_python_find_parts, METH_O,
     "find_parts(luma) -> [(left, top, right, bottom, (above, below, left, right)), ...]"},
    {"learn_bars", stillmine_python_learn_bars, METH_VARARGS, "learn_bars(pixels, rows, columns) -> None"},
    {"find_bars", stillmine_python_find_bars, METH_VARARGS, "find_bars(rows, columns) -> (left, top, right, bottom)"},
    {"are_close_bounds", stillmine_python_are_close_bounds, METH_VARARGS,
     "are_close_bounds(one, other, width, height) -> bool"},
    {"base_of_bands", stillmine_python_base, METH_VARARGS,
     "base_of_bands(bands, width, height, pixel_format) -> (width, height, levels)"},
    {"find_regions", stillmine_python_find_regions, METH_VARARGS,
     "find_regions(levels, width, height, area, stretch, count) -> (geometry, hashes, mirrored, strengths)"},
    {"enrol_regions", stillmine_python_enrol_regions, METH_VARARGS,
     "enrol_regions(levels, width, height) -> (geometry, hashes, mirrored, strengths)"},
    {"regions_value", stillmine_python_regions_value, METH_VARARGS,
     "regions_value(levels, width, height, pdq) -> value"},
    {"frame_regions", stillmine_python_frame_regions, METH_VARARGS,
     "frame_regions(geometry, width, height, stretch) -> frames"},
    {"hash_frames", stillmine_python_hash_frames, METH_VARARGS, "hash_frames(levels, width, height, frames) -> hashes"},
    {NULL, NULL, 0, NULL},
};

static int fill_module(PyObject *module) {
    return PyModule_AddIntConstant(module, "LUMA8", STILLMINE_LUMA8) < 0 ||
                   PyModule_AddIntConstant(module, "RGB8", STILLMINE_RGB8) < 0 ||
                   PyModule_AddIntConstant(module, "RGBA8", STILLMINE_RGBA8) < 0 ||
                   PyModule_AddIntConstant(module, "MIN_DIMENSION", STILLMINE_MIN_DIMENSION) < 0 ||
                   PyModule_AddIntConstant(module, "MAX_DIMENSION", STILLMINE_MAX_DIMENSION) < 0 ||
                   PyModule_AddIntConstant(module, "MAX_PIXELS", (long)STILLMINE_MAX_PIXELS) < 0 ||
                   PyModule_AddIntConstant(module, "MIN_PART_PIXELS", STILLMINE_MIN_PART_PIXELS) < 0
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
