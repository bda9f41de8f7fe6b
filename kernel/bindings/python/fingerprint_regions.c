/* SPDX-License-Identifier: Apache-2.0 */
/* Regions, for CPython: parts of stillmine.fingerprint.ground._kernel. Checks lengths, owns the workspace; holds no
 * algorithm; lets go of the GIL. */
#define PY_SSIZE_T_CLEAN
#include "fingerprint_regions.h"

#include <stdint.h>
#include <string.h>

#include "stillmine/regions.h"

static const char *describe(int status) {
    switch (status) {
    case STILLMINE_BAD_FORMAT:
        return "the pixel format must be LUMA8, RGB8 or RGBA8, the area 65536 or 262144, the stretch 50 to 200 per cent";
    case STILLMINE_TOO_SMALL:
        return "width and height must be at least 5 pixels";
    case STILLMINE_TOO_LARGE:
        return "width and height must be at most 32768 pixels, and both multiplied at most 2**28; of a base 2**18";
    case STILLMINE_TOO_MANY_ROWS:
    case STILLMINE_TOO_FEW_ROWS:
        return "the bands do not have as many rows as the picture";
    default:
        return "the kernel refused what it was given";
    }
}

static PyObject *refuse(int status) {
    PyErr_SetString(PyExc_ValueError, describe(status));
    return NULL;
}

/* Takes bands of whole rows into the base; returns 0, or -1 with an exception set. */
static int add_bands(stillmine_base_maker *state, PyObject *bands, size_t row_bytes, uint8_t *levels) {
    PyObject *iterator = PyObject_GetIter(bands);
    if (iterator == NULL) {
        return -1;
    }
    int status = STILLMINE_OK;
    for (PyObject *band; status == STILLMINE_OK && (band = PyIter_Next(iterator)) != NULL;) {
        Py_buffer view;
        if (PyObject_GetBuffer(band, &view, PyBUF_C_CONTIGUOUS) == 0) {
            if ((size_t)view.len % row_bytes != 0 || (size_t)view.len / row_bytes > STILLMINE_MAX_DIMENSION) {
                status = STILLMINE_TOO_MANY_ROWS;
            } else {
                Py_BEGIN_ALLOW_THREADS
                status = stillmine_add_base_rows(state, view.buf, row_bytes, (uint32_t)((size_t)view.len / row_bytes),
                                                 levels);
                Py_END_ALLOW_THREADS
            }
            PyBuffer_Release(&view);
        }
        Py_DECREF(band);
        if (PyErr_Occurred() != NULL) {
            break;
        }
    }
    Py_DECREF(iterator);
    if (status != STILLMINE_OK) {
        refuse(status);
    }
    return PyErr_Occurred() == NULL ? 0 : -1;
}

PyObject *stillmine_python_base(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *bands;
    unsigned int width;
    unsigned int height;
    unsigned int pixel_format;
    if (!PyArg_ParseTuple(args, "OIII:base_of_bands", &bands, &width, &height, &pixel_format)) {
        return NULL;
    }
    uint32_t base_width;
    uint32_t base_height;
    size_t levels_bytes;
    size_t state_bytes;
    int status =
        stillmine_measure_base(width, height, pixel_format, &base_width, &base_height, &levels_bytes, &state_bytes);
    if (status != STILLMINE_OK) {
        return refuse(status);
    }
    PyObject *levels = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)levels_bytes);
    stillmine_base_maker *state = PyMem_RawCalloc(1, state_bytes);
    if (levels == NULL || state == NULL) {
        Py_XDECREF(levels);
        PyMem_RawFree(state);
        return levels == NULL ? NULL : PyErr_NoMemory();
    }
    uint8_t *bytes = (uint8_t *)PyBytes_AS_STRING(levels);
    stillmine_begin_base(state, state_bytes, width, height, pixel_format);
    int is_taken = add_bands(state, bands, (size_t)width * pixel_format, bytes) == 0;
    if (is_taken) {
        status = stillmine_finish_base(state, bytes);
        if (status != STILLMINE_OK) {
            refuse(status);
            is_taken = 0;
        }
    }
    if (!is_taken) {
        memset(state, 0, state_bytes);
        Py_DECREF(levels);
    }
    PyMem_RawFree(state);
    return is_taken ? Py_BuildValue("(IIN)", base_width, base_height, levels) : NULL;
}

/* Whether `levels` are those of a base of this size; sets an exception where not. */
static int check_levels(const Py_buffer *levels, uint32_t width, uint32_t height) {
    uint32_t base_width;
    uint32_t base_height;
    size_t levels_bytes;
    size_t state_bytes;
    const int status =
        stillmine_measure_base(width, height, STILLMINE_LUMA8, &base_width, &base_height, &levels_bytes, &state_bytes);
    if (status != STILLMINE_OK) {
        refuse(status);
        return 0;
    }
    if (base_width != width || base_height != height || (size_t)levels->len != levels_bytes) {
        PyErr_SetString(PyExc_ValueError, "these are not the levels of a base of this size");
        return 0;
    }
    return 1;
}

static PyObject *pack_regions(const struct stillmine_region *regions, uint32_t count) {
    PyObject *geometry = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)count * STILLMINE_GEOMETRY_BYTES);
    PyObject *hashes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)count * STILLMINE_HASH_BYTES);
    PyObject *mirrored = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)count * STILLMINE_HASH_BYTES);
    PyObject *strengths = PyList_New(count);
    int is_whole = geometry != NULL && hashes != NULL && mirrored != NULL && strengths != NULL;
    for (uint32_t i = 0; is_whole && i < count; i++) {
        memcpy(PyBytes_AS_STRING(geometry) + (size_t)i * STILLMINE_GEOMETRY_BYTES, regions[i].geometry,
               STILLMINE_GEOMETRY_BYTES);
        memcpy(PyBytes_AS_STRING(hashes) + (size_t)i * STILLMINE_HASH_BYTES, regions[i].hash, STILLMINE_HASH_BYTES);
        memcpy(PyBytes_AS_STRING(mirrored) + (size_t)i * STILLMINE_HASH_BYTES, regions[i].mirrored,
               STILLMINE_HASH_BYTES);
        PyObject *strength = PyLong_FromUnsignedLong(regions[i].strength);
        is_whole = strength != NULL;
        if (is_whole) {
            PyList_SET_ITEM(strengths, i, strength);
        }
    }
    if (is_whole) {
        return Py_BuildValue("(NNNN)", geometry, hashes, mirrored, strengths);
    }
    Py_XDECREF(geometry);
    Py_XDECREF(hashes);
    Py_XDECREF(mirrored);
    Py_XDECREF(strengths);
    return NULL;
}

/* Those that a case is given, if is_enrolled; or any. */
static PyObject *find_regions(const struct stillmine_base *base, uint32_t area, uint32_t stretch, uint32_t count,
                              int is_enrolled) {
    size_t workspace_bytes;
    int status = stillmine_measure_find(base->width, base->height, area, stretch, &workspace_bytes);
    if (status != STILLMINE_OK) {
        return refuse(status);
    }
    struct stillmine_region regions[STILLMINE_MAX_REGIONS];
    uint32_t found = 0;
    void *workspace = PyMem_RawMalloc(workspace_bytes);
    if (workspace == NULL) {
        return PyErr_NoMemory();
    }
    Py_BEGIN_ALLOW_THREADS
    status = is_enrolled
                 ? stillmine_enrol_regions(base, workspace, workspace_bytes, regions, &found)
                 : stillmine_find_regions(base, area, stretch, workspace, workspace_bytes, regions, count, &found);
    Py_END_ALLOW_THREADS
    PyMem_RawFree(workspace);
    return status == STILLMINE_OK ? pack_regions(regions, found) : refuse(status);
}

PyObject *stillmine_python_find_regions(PyObject *module, PyObject *args) {
    (void)module;
    Py_buffer levels;
    unsigned int width;
    unsigned int height;
    unsigned int area;
    unsigned int stretch;
    unsigned int count;
    if (!PyArg_ParseTuple(args, "y*IIIII:find_regions", &levels, &width, &height, &area, &stretch, &count)) {
        return NULL;
    }
    PyObject *result = NULL;
    if (check_levels(&levels, width, height)) {
        const struct stillmine_base base = {levels.buf, width, height};
        result = find_regions(&base, area, stretch, count, 0);
    }
    PyBuffer_Release(&levels);
    return result;
}

PyObject *stillmine_python_enrol_regions(PyObject *module, PyObject *args) {
    (void)module;
    Py_buffer levels;
    unsigned int width;
    unsigned int height;
    if (!PyArg_ParseTuple(args, "y*II:enrol_regions", &levels, &width, &height)) {
        return NULL;
    }
    PyObject *result = NULL;
    if (check_levels(&levels, width, height)) {
        const struct stillmine_base base = {levels.buf, width, height};
        result = find_regions(&base, STILLMINE_REGION_AREA, 100, 0, 1);
    }
    PyBuffer_Release(&levels);
    return result;
}

static PyObject *make_value(const struct stillmine_base *base, const uint8_t *pdq) {
    size_t workspace_bytes;
    const int refusal = stillmine_measure_find(base->width, base->height, STILLMINE_REGION_AREA, 100, &workspace_bytes);
    if (refusal != STILLMINE_OK) {
        return refuse(refusal);
    }
    struct stillmine_region regions[STILLMINE_MAX_REGIONS];
    uint8_t value[STILLMINE_MAX_VALUE_BYTES];
    uint32_t value_bytes = 0;
    int status;
    void *workspace = PyMem_RawMalloc(workspace_bytes);
    if (workspace == NULL) {
        return PyErr_NoMemory();
    }
    Py_BEGIN_ALLOW_THREADS
    status = stillmine_make_regions_value(base, pdq, workspace, workspace_bytes, regions, value, &value_bytes);
    Py_END_ALLOW_THREADS
    PyMem_RawFree(workspace);
    return status == STILLMINE_OK ? PyBytes_FromStringAndSize((const char *)value, value_bytes) : refuse(status);
}

PyObject *stillmine_python_regions_value(PyObject *module, PyObject *args) {
    (void)module;
    Py_buffer levels;
    Py_buffer pdq;
    unsigned int width;
    unsigned int height;
    if (!PyArg_ParseTuple(args, "y*IIy*:regions_value", &levels, &width, &height, &pdq)) {
        return NULL;
    }
    PyObject *result = NULL;
    if (pdq.len != STILLMINE_HASH_BYTES) {
        PyErr_SetString(PyExc_ValueError, "a PDQ fingerprint has exactly 32 bytes");
    } else if (check_levels(&levels, width, height)) {
        const struct stillmine_base base = {levels.buf, width, height};
        result = make_value(&base, pdq.buf);
    }
    PyBuffer_Release(&levels);
    PyBuffer_Release(&pdq);
    return result;
}

PyObject *stillmine_python_frame_regions(PyObject *module, PyObject *args) {
    (void)module;
    Py_buffer geometry;
    unsigned int width;
    unsigned int height;
    unsigned int stretch;
    if (!PyArg_ParseTuple(args, "y*III:frame_regions", &geometry, &width, &height, &stretch)) {
        return NULL;
    }
    const Py_ssize_t count = geometry.len / STILLMINE_GEOMETRY_BYTES;
    const Py_ssize_t frame_bytes = STILLMINE_FRAME_NUMBERS * (Py_ssize_t)sizeof(int16_t);
    PyObject *frames = PyBytes_FromStringAndSize(NULL, count * frame_bytes);
    int status = geometry.len % STILLMINE_GEOMETRY_BYTES == 0 ? STILLMINE_OK : STILLMINE_MISSING_BUFFER;
    for (Py_ssize_t i = 0; frames != NULL && status == STILLMINE_OK && i < count; i++) {
        int16_t frame[STILLMINE_FRAME_NUMBERS];
        status = stillmine_frame_region(width, height, stretch,
                                        (const uint8_t *)geometry.buf + i * STILLMINE_GEOMETRY_BYTES, frame);
        memcpy(PyBytes_AS_STRING(frames) + i * frame_bytes, frame, sizeof frame);
    }
    PyBuffer_Release(&geometry);
    if (status != STILLMINE_OK) {
        Py_XDECREF(frames);
        return refuse(status);
    }
    return frames;
}

PyObject *stillmine_python_hash_frames(PyObject *module, PyObject *args) {
    (void)module;
    Py_buffer levels;
    Py_buffer frames;
    unsigned int width;
    unsigned int height;
    if (!PyArg_ParseTuple(args, "y*IIy*:hash_frames", &levels, &width, &height, &frames)) {
        return NULL;
    }
    const size_t frame_bytes = STILLMINE_FRAME_NUMBERS * sizeof(int16_t);
    const size_t count = (size_t)frames.len / frame_bytes;
    PyObject *hashes = NULL;
    if ((size_t)frames.len % frame_bytes != 0 || (uintptr_t)frames.buf % sizeof(int16_t) != 0) {
        PyErr_SetString(PyExc_ValueError, "a frame is six numbers of 16 bits");
    } else if (check_levels(&levels, width, height)) {
        hashes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(count * STILLMINE_HASH_BYTES));
        if (hashes != NULL) {
            const struct stillmine_base base = {levels.buf, width, height};
            uint8_t (*target)[STILLMINE_HASH_BYTES] = (void *)PyBytes_AS_STRING(hashes);
            Py_BEGIN_ALLOW_THREADS
            stillmine_hash_frames(&base, (const int16_t (*)[STILLMINE_FRAME_NUMBERS])frames.buf, count, target);
            Py_END_ALLOW_THREADS
        }
    }
    PyBuffer_Release(&levels);
    PyBuffer_Release(&frames);
    return hashes;
}
