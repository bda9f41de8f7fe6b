/* SPDX-License-Identifier: Apache-2.0 */
/* The index for CPython: checks lengths, lets go of the GIL for whatever may wait or work, and holds no algorithm. */
#include "matching_index.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

static const char *const SNAPSHOT_CODES[] = {"truncated", "damaged", "version", "kind"};

/* Snapshot problems are ValueErrors with the code as their only argument; Python makes its own errors of them. */
PyObject *stillmine_raise_status(int status, PyObject *path) {
    switch (status) {
    case STILLMINE_INDEX_NO_MEMORY:
        return PyErr_NoMemory();
    case STILLMINE_INDEX_FILE_ERROR:
        return PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError, path);
    case STILLMINE_INDEX_FULL:
        PyErr_SetString(PyExc_OverflowError, "an index holds up to 268,435,454 fingerprints");
        return NULL;
    case STILLMINE_SNAPSHOT_TRUNCATED:
    case STILLMINE_SNAPSHOT_DAMAGED:
    case STILLMINE_SNAPSHOT_VERSION:
    case STILLMINE_SNAPSHOT_KIND:
        PyErr_SetString(PyExc_ValueError, SNAPSHOT_CODES[status - STILLMINE_SNAPSHOT_TRUNCATED]);
        return NULL;
    default:
        PyErr_SetString(PyExc_ValueError, "a distance is between 0 and 256 bits, threads between 1 and 256");
        return NULL;
    }
}

static bool has_length(const Py_buffer *buffer, Py_ssize_t length, const char *complaint) {
    if (buffer->len != length) {
        PyErr_SetString(PyExc_ValueError, complaint);
        return false;
    }
    return true;
}

static bool check_id(const Py_buffer *id) {
    return has_length(id, STILLMINE_ID_BYTES, "an id has exactly 16 bytes");
}

static PyObject *make_index(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    if (PyTuple_GET_SIZE(args) != 0 || (keywords != NULL && PyDict_GET_SIZE(keywords) != 0)) {
        PyErr_SetString(PyExc_TypeError, "an index takes no arguments");
        return NULL;
    }
    IndexObject *self = (IndexObject *)type->tp_alloc(type, 0);
    if (self != NULL && stillmine_create_index(&self->index) != STILLMINE_INDEX_OK) {
        Py_DECREF(self);
        return PyErr_NoMemory();
    }
    return (PyObject *)self;
}

void stillmine_free_index_object(PyObject *object) {
    PyTypeObject *type = Py_TYPE(object);
    stillmine_index *index = ((IndexObject *)object)->index;
    Py_BEGIN_ALLOW_THREADS
    stillmine_destroy_index(index);
    Py_END_ALLOW_THREADS
    type->tp_free(object);
    Py_DECREF(type);
}

static PyObject *add(PyObject *self, PyObject *args) {
    Py_buffer id;
    Py_buffer value;
    PyObject *result = NULL;
    if (!PyArg_ParseTuple(args, "y*y*:add", &id, &value)) {
        return NULL;
    }
    if (check_id(&id) && has_length(&value, STILLMINE_FINGERPRINT_BYTES, "a fingerprint has exactly 32 bytes")) {
        int status;
        Py_BEGIN_ALLOW_THREADS
        status = stillmine_add_value(index_of(self), id.buf, value.buf);
        Py_END_ALLOW_THREADS
        result = status == STILLMINE_INDEX_OK ? Py_NewRef(Py_None) : stillmine_raise_status(status, NULL);
    }
    PyBuffer_Release(&value);
    PyBuffer_Release(&id);
    return result;
}

static PyObject *add_many(PyObject *self, PyObject *args) {
    Py_buffer ids;
    Py_buffer values;
    unsigned int threads;
    PyObject *result = NULL;
    if (!PyArg_ParseTuple(args, "y*y*I:add_many", &ids, &values, &threads)) {
        return NULL;
    }
    const Py_ssize_t count = ids.len / STILLMINE_ID_BYTES;
    if (ids.len % STILLMINE_ID_BYTES != 0 || values.len != count * STILLMINE_FINGERPRINT_BYTES) {
        PyErr_SetString(PyExc_ValueError, "there are 16 bytes of id for each 32 bytes of fingerprint");
    } else {
        int status;
        Py_BEGIN_ALLOW_THREADS
        status = stillmine_add_values(index_of(self), ids.buf, values.buf, (size_t)count, threads);
        Py_END_ALLOW_THREADS
        result = status == STILLMINE_INDEX_OK ? Py_NewRef(Py_None) : stillmine_raise_status(status, NULL);
    }
    PyBuffer_Release(&values);
    PyBuffer_Release(&ids);
    return result;
}

PyObject *stillmine_remove_id(PyObject *self, PyObject *argument) {
    Py_buffer id;
    PyObject *result = NULL;
    if (PyObject_GetBuffer(argument, &id, PyBUF_SIMPLE) != 0) {
        return NULL;
    }
    if (check_id(&id)) {
        bool was_there;
        Py_BEGIN_ALLOW_THREADS
        stillmine_remove_value(index_of(self), id.buf, &was_there);
        Py_END_ALLOW_THREADS
        result = PyBool_FromLong(was_there);
    }
    PyBuffer_Release(&id);
    return result;
}

PyObject *stillmine_has_id(PyObject *self, PyObject *argument) {
    Py_buffer id;
    PyObject *result = NULL;
    if (PyObject_GetBuffer(argument, &id, PyBUF_SIMPLE) != 0) {
        return NULL;
    }
    if (check_id(&id)) {
        bool is_there;
        Py_BEGIN_ALLOW_THREADS
        is_there = stillmine_contains_id(index_of(self), id.buf);
        Py_END_ALLOW_THREADS
        result = PyBool_FromLong(is_there);
    }
    PyBuffer_Release(&id);
    return result;
}

static PyObject *list_hits(const struct stillmine_hits *hits) {
    PyObject *list = PyList_New((Py_ssize_t)hits->count);
    for (size_t i = 0; list != NULL && i < hits->count; i++) {
        const struct stillmine_hit *hit = &hits->items[i];
        PyObject *item =
            Py_BuildValue("(y#II)", hit->id, (Py_ssize_t)STILLMINE_ID_BYTES, hit->distance_bits, hit->query);
        if (item == NULL) {
            Py_CLEAR(list);
        } else {
            PyList_SET_ITEM(list, (Py_ssize_t)i, item);
        }
    }
    return list;
}

/* Three buffers: queries (32 bits each), ids, distances (16 bits each). */
static PyObject *pack_hits(const struct stillmine_hits *hits) {
    const Py_ssize_t count = (Py_ssize_t)hits->count;
    PyObject *queries = PyBytes_FromStringAndSize(NULL, count * (Py_ssize_t)sizeof(uint32_t));
    PyObject *ids = PyBytes_FromStringAndSize(NULL, count * STILLMINE_ID_BYTES);
    PyObject *distances = PyBytes_FromStringAndSize(NULL, count * (Py_ssize_t)sizeof(uint16_t));
    PyObject *result = NULL;
    if (queries != NULL && ids != NULL && distances != NULL) {
        for (Py_ssize_t i = 0; i < count; i++) {
            const uint16_t distance_bits = (uint16_t)hits->items[i].distance_bits;
            memcpy(PyBytes_AS_STRING(queries) + i * (Py_ssize_t)sizeof(uint32_t), &hits->items[i].query,
                   sizeof(uint32_t));
            memcpy(PyBytes_AS_STRING(ids) + i * STILLMINE_ID_BYTES, hits->items[i].id, STILLMINE_ID_BYTES);
            memcpy(PyBytes_AS_STRING(distances) + i * (Py_ssize_t)sizeof distance_bits, &distance_bits,
                   sizeof distance_bits);
        }
        result = PyTuple_Pack(3, queries, ids, distances);
    }
    Py_XDECREF(queries);
    Py_XDECREF(ids);
    Py_XDECREF(distances);
    return result;
}

static PyObject *search(PyObject *self, PyObject *args, bool is_many) {
    Py_buffer values;
    int max_distance_bits;
    unsigned int threads = 1;
    struct stillmine_hits hits = {0};
    PyObject *result = NULL;
    if (!PyArg_ParseTuple(args, is_many ? "y*iI:search_many" : "y*i:search_variants", &values, &max_distance_bits,
                          &threads)) {
        return NULL;
    }
    if (values.len % STILLMINE_FINGERPRINT_BYTES != 0) {
        PyErr_SetString(PyExc_ValueError, "a fingerprint has exactly 32 bytes");
    } else {
        const size_t count = (size_t)values.len / STILLMINE_FINGERPRINT_BYTES;
        const uint32_t limit = max_distance_bits < 0 ? UINT32_MAX : (uint32_t)max_distance_bits;
        int status;
        Py_BEGIN_ALLOW_THREADS
        status = is_many ? stillmine_search_index(index_of(self), values.buf, count, limit, threads, &hits)
                         : stillmine_search_variants(index_of(self), values.buf, count, limit, &hits);
        Py_END_ALLOW_THREADS
        if (status != STILLMINE_INDEX_OK) {
            stillmine_raise_status(status, NULL);
        } else {
            result = is_many ? pack_hits(&hits) : list_hits(&hits);
        }
        stillmine_free_hits(&hits);
    }
    PyBuffer_Release(&values);
    return result;
}

static PyObject *search_variants(PyObject *self, PyObject *args) {
    return search(self, args, false);
}

static PyObject *search_many(PyObject *self, PyObject *args) {
    return search(self, args, true);
}

PyObject *stillmine_get_value_count(PyObject *self, PyObject *unused) {
    size_t values;
    (void)unused;
    Py_BEGIN_ALLOW_THREADS
    values = stillmine_count_values(index_of(self));
    Py_END_ALLOW_THREADS
    return PyLong_FromSize_t(values);
}

PyObject *stillmine_get_memory_bytes(PyObject *self, PyObject *unused) {
    size_t bytes;
    (void)unused;
    Py_BEGIN_ALLOW_THREADS
    bytes = stillmine_measure_memory(index_of(self));
    Py_END_ALLOW_THREADS
    return PyLong_FromSize_t(bytes);
}

PyObject *stillmine_settle(PyObject *self, PyObject *unused) {
    (void)unused;
    Py_BEGIN_ALLOW_THREADS
    stillmine_settle_index(index_of(self));
    Py_END_ALLOW_THREADS
    Py_RETURN_NONE;
}

PyObject *stillmine_choose_loops_level(PyObject *self, PyObject *argument) {
    const long level = PyLong_AsLong(argument);
    if (level == -1 && PyErr_Occurred()) {
        return NULL;
    }
    int status;
    Py_BEGIN_ALLOW_THREADS
    status = level < 0 || level > STILLMINE_AVX512 ? STILLMINE_INDEX_BAD_ARGUMENT
                                                   : stillmine_choose_level(index_of(self), (int)level);
    Py_END_ALLOW_THREADS
    return PyBool_FromLong(status == STILLMINE_INDEX_OK);
}

static PyObject *write_snapshot(PyObject *self, PyObject *argument) {
    PyObject *path = NULL;
    if (!PyUnicode_FSConverter(argument, &path)) {
        return NULL;
    }
    int status;
    int error;
    Py_BEGIN_ALLOW_THREADS
    status = stillmine_write_snapshot(index_of(self), PyBytes_AS_STRING(path));
    error = errno;
    Py_END_ALLOW_THREADS
    errno = error;
    PyObject *result = status == STILLMINE_INDEX_OK ? Py_NewRef(Py_None) : stillmine_raise_status(status, argument);
    Py_DECREF(path);
    return result;
}

static PyObject *open_snapshot(PyObject *type, PyObject *argument) {
    PyObject *path = NULL;
    if (!PyUnicode_FSConverter(argument, &path)) {
        return NULL;
    }
    stillmine_index *opened = NULL;
    int status;
    int error;
    Py_BEGIN_ALLOW_THREADS
    status = stillmine_open_snapshot(PyBytes_AS_STRING(path), &opened);
    error = errno;
    Py_END_ALLOW_THREADS
    Py_DECREF(path);
    errno = error;
    if (status != STILLMINE_INDEX_OK) {
        return stillmine_raise_status(status, argument);
    }
    IndexObject *self = (IndexObject *)((PyTypeObject *)type)->tp_alloc((PyTypeObject *)type, 0);
    if (self == NULL) {
        stillmine_destroy_index(opened);
        return NULL;
    }
    self->index = opened;
    return (PyObject *)self;
}

static PyMethodDef methods[] = {
    {"add", add, METH_VARARGS, "add(id, value)"},
    {"add_many", add_many, METH_VARARGS, "add_many(ids, values, threads)"},
    {"remove", stillmine_remove_id, METH_O, "remove(id) -> bool"},
    {"contains", stillmine_has_id, METH_O, "contains(id) -> bool"},
    {"search_variants", search_variants, METH_VARARGS,
     "search_variants(values, max_distance_bits) -> [(id, distance_bits, query), ...]"},
    {"search_many", search_many, METH_VARARGS,
     "search_many(values, max_distance_bits, threads) -> (queries, ids, distances)"},
    {"count", stillmine_get_value_count, METH_NOARGS, "count() -> int"},
    {"memory_bytes", stillmine_get_memory_bytes, METH_NOARGS, "memory_bytes() -> int"},
    {"settle", stillmine_settle, METH_NOARGS, "settle(): wait until no rebuild is under way"},
    {"choose_level", stillmine_choose_loops_level, METH_O, "choose_level(level) -> bool: whether this processor can"},
    {"write_snapshot", write_snapshot, METH_O, "write_snapshot(path)"},
    {"open_snapshot", open_snapshot, METH_O | METH_CLASS, "open_snapshot(path) -> Index"},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_new, make_index},
    {Py_tp_dealloc, stillmine_free_index_object},
    {Py_tp_methods, methods},
    {Py_tp_doc, "Fingerprints by id, searched exactly."},
    {0, NULL},
};

PyType_Spec stillmine_index_spec = {
    .name = "stillmine.matching._kernel.Index",
    .basicsize = sizeof(IndexObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};
