/* SPDX-License-Identifier: Apache-2.0 */
/* The index of ids with several values, for CPython: checks lengths, lets go of the GIL, and holds no algorithm. */
#include "matching_index.h"

#include <stdint.h>
#include <string.h>

#include "stillmine/index_groups.h"

typedef struct {
    IndexObject base;
    struct stillmine_shape shape;
} GroupsObject;

static const struct stillmine_shape *shape_of(PyObject *object) {
    return &((GroupsObject *)object)->shape;
}

static PyObject *make_groups(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    struct stillmine_shape shape;
    stillmine_index *index = NULL;
    if (keywords != NULL && PyDict_GET_SIZE(keywords) != 0) {
        PyErr_SetString(PyExc_TypeError, "an index of groups takes three numbers and no keywords");
        return NULL;
    }
    if (!PyArg_ParseTuple(args, "III:Groups", &shape.most_values, &shape.value_note_bytes, &shape.id_note_bytes)) {
        return NULL;
    }
    const int status = stillmine_create_groups(&index, shape);
    if (status == STILLMINE_INDEX_BAD_ARGUMENT) {
        PyErr_SetString(PyExc_ValueError, "an id has 2 to 64 values, notes have up to 64 bytes");
        return NULL;
    }
    if (status != STILLMINE_INDEX_OK) {
        return stillmine_raise_status(status, NULL);
    }
    GroupsObject *self = (GroupsObject *)type->tp_alloc(type, 0);
    if (self == NULL) {
        stillmine_destroy_index(index);
        return NULL;
    }
    self->base.index = index;
    self->shape = shape;
    return (PyObject *)self;
}

/* ids, id_notes, counts, values, value_notes */
enum { IDS, ID_NOTES, COUNTS, VALUES, VALUE_NOTES, BUFFERS };

static bool check_lengths(const struct stillmine_shape *shape, const Py_buffer *buffers) {
    const size_t ids = (size_t)buffers[COUNTS].len;
    const uint8_t *counts = buffers[COUNTS].buf;
    size_t values = 0;
    bool is_right = true;
    for (size_t i = 0; i < ids; i++) {
        values += counts[i];
        is_right = is_right && counts[i] > 0 && counts[i] <= shape->most_values;
    }
    is_right = is_right && (size_t)buffers[IDS].len == ids * STILLMINE_ID_BYTES &&
               (size_t)buffers[ID_NOTES].len == ids * shape->id_note_bytes &&
               (size_t)buffers[VALUES].len == values * STILLMINE_FINGERPRINT_BYTES &&
               (size_t)buffers[VALUE_NOTES].len == values * shape->value_note_bytes;
    if (!is_right) {
        PyErr_SetString(PyExc_ValueError, "ids, counts, values and notes don't fit together");
    }
    return is_right;
}

static PyObject *add_many(PyObject *self, PyObject *args) {
    Py_buffer buffers[BUFFERS];
    unsigned int threads;
    PyObject *result = NULL;
    if (!PyArg_ParseTuple(args, "y*y*y*y*y*I:add_many", &buffers[IDS], &buffers[ID_NOTES], &buffers[COUNTS],
                          &buffers[VALUES], &buffers[VALUE_NOTES], &threads)) {
        return NULL;
    }
    if (check_lengths(shape_of(self), buffers)) {
        const struct stillmine_groups groups = {.ids = buffers[IDS].buf,
                                                .id_notes = buffers[ID_NOTES].buf,
                                                .counts = buffers[COUNTS].buf,
                                                .values = buffers[VALUES].buf,
                                                .value_notes = buffers[VALUE_NOTES].buf,
                                                .count = (size_t)buffers[COUNTS].len};
        int status;
        Py_BEGIN_ALLOW_THREADS
        status = stillmine_add_groups(index_of(self), &groups, threads);
        Py_END_ALLOW_THREADS
        result = status == STILLMINE_INDEX_OK ? Py_NewRef(Py_None) : stillmine_raise_status(status, NULL);
    }
    for (int i = 0; i < BUFFERS; i++) {
        PyBuffer_Release(&buffers[i]);
    }
    return result;
}

static PyObject *copy_bytes(const void *bytes, size_t length) {
    return PyBytes_FromStringAndSize(bytes, (Py_ssize_t)length);
}

/* For each item its id, note, number of values and number of pairs; then what all items have, one after the other. */
static PyObject *pack_shared(const struct stillmine_shared_list *list, const struct stillmine_shape *shape,
                             size_t queries) {
    PyObject *items = PyList_New((Py_ssize_t)list->count);
    for (size_t i = 0; items != NULL && i < list->count; i++) {
        const struct stillmine_shared *shared = &list->items[i];
        PyObject *item = Py_BuildValue("(y#y#II)", shared->id, (Py_ssize_t)STILLMINE_ID_BYTES,
                                       list->id_notes + i * shape->id_note_bytes, (Py_ssize_t)shape->id_note_bytes,
                                       shared->value_count, shared->pair_count);
        if (item == NULL) {
            Py_CLEAR(items);
        } else {
            PyList_SET_ITEM(items, (Py_ssize_t)i, item);
        }
    }
    if (items == NULL) {
        return NULL;
    }
    return Py_BuildValue("(NnNNNNN)", items, (Py_ssize_t)list->shared_count,
                         copy_bytes(list->values, list->value_count * STILLMINE_FINGERPRINT_BYTES),
                         copy_bytes(list->value_notes, list->value_count * shape->value_note_bytes),
                         copy_bytes(list->pairs, list->pair_count * sizeof *list->pairs),
                         copy_bytes(list->alone, queries * sizeof *list->alone), PyBool_FromLong(list->is_cut));
}

static PyObject *search(PyObject *self, PyObject *args) {
    Py_buffer queries;
    int max_distance_bits;
    unsigned int most;
    unsigned int most_single;
    unsigned int threads;
    struct stillmine_shared_list list = {0};
    PyObject *result = NULL;
    if (!PyArg_ParseTuple(args, "y*iIII:search", &queries, &max_distance_bits, &most, &most_single, &threads)) {
        return NULL;
    }
    if (queries.len % STILLMINE_FINGERPRINT_BYTES != 0) {
        PyErr_SetString(PyExc_ValueError, "a fingerprint has exactly 32 bytes");
    } else {
        const size_t count = (size_t)queries.len / STILLMINE_FINGERPRINT_BYTES;
        const uint32_t limit = max_distance_bits < 0 ? UINT32_MAX : (uint32_t)max_distance_bits;
        int status;
        Py_BEGIN_ALLOW_THREADS
        status = stillmine_search_groups(index_of(self), queries.buf, count, limit, most, most_single, threads, &list);
        Py_END_ALLOW_THREADS
        result = status == STILLMINE_INDEX_OK ? pack_shared(&list, shape_of(self), count)
                                              : stillmine_raise_status(status, NULL);
        stillmine_free_shared(&list);
    }
    PyBuffer_Release(&queries);
    return result;
}

static PyObject *read_group(PyObject *self, PyObject *argument) {
    uint8_t id_note[STILLMINE_MOST_NOTE_BYTES];
    uint8_t values[STILLMINE_MOST_VALUES * STILLMINE_FINGERPRINT_BYTES];
    uint8_t value_notes[STILLMINE_MOST_VALUES * STILLMINE_MOST_NOTE_BYTES];
    const struct stillmine_shape *shape = shape_of(self);
    uint32_t count = 0;
    Py_buffer id;
    if (PyObject_GetBuffer(argument, &id, PyBUF_SIMPLE) != 0) {
        return NULL;
    }
    if (id.len != STILLMINE_ID_BYTES) {
        PyErr_SetString(PyExc_ValueError, "an id has exactly 16 bytes");
        PyBuffer_Release(&id);
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS(void)
    stillmine_read_group(index_of(self), id.buf, id_note, values, value_notes, &count);
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&id);
    if (count == 0) {
        Py_RETURN_NONE;
    }
    return Py_BuildValue("(NNN)", copy_bytes(id_note, shape->id_note_bytes),
                         copy_bytes(values, (size_t)count * STILLMINE_FINGERPRINT_BYTES),
                         copy_bytes(value_notes, (size_t)count * shape->value_note_bytes));
}

static PyObject *begin_loading(PyObject *self, PyObject *unused) {
    (void)unused;
    Py_BEGIN_ALLOW_THREADS
    stillmine_begin_loading(index_of(self));
    Py_END_ALLOW_THREADS
    Py_RETURN_NONE;
}

static PyObject *end_loading(PyObject *self, PyObject *args) {
    unsigned int threads;
    int status;
    if (!PyArg_ParseTuple(args, "I:end_loading", &threads)) {
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    status = stillmine_end_loading(index_of(self), threads);
    Py_END_ALLOW_THREADS
    return status == STILLMINE_INDEX_OK ? Py_NewRef(Py_None) : stillmine_raise_status(status, NULL);
}

static PyObject *count_ids(PyObject *self, PyObject *unused) {
    size_t ids;
    (void)unused;
    Py_BEGIN_ALLOW_THREADS
    ids = stillmine_count_ids(index_of(self));
    Py_END_ALLOW_THREADS
    return PyLong_FromSize_t(ids);
}

static PyMethodDef methods[] = {
    {"add_many", add_many, METH_VARARGS, "add_many(ids, id_notes, counts, values, value_notes, threads)"},
    {"begin_loading", begin_loading, METH_NOARGS, "begin_loading()"},
    {"end_loading", end_loading, METH_VARARGS, "end_loading(threads)"},
    {"search", search, METH_VARARGS,
     "search(queries, max_distance_bits, most, most_single, threads) -> (items, shared, values, value_notes, pairs, alone, is_cut)"},
    {"count", count_ids, METH_NOARGS, "count() -> int"},
    {"read", read_group, METH_O, "read(id) -> (id_note, values, value_notes) or None"},
    {"remove", stillmine_remove_id, METH_O, "remove(id) -> bool"},
    {"contains", stillmine_has_id, METH_O, "contains(id) -> bool"},
    {"value_count", stillmine_get_value_count, METH_NOARGS, "value_count() -> int"},
    {"memory_bytes", stillmine_get_memory_bytes, METH_NOARGS, "memory_bytes() -> int"},
    {"settle", stillmine_settle, METH_NOARGS, "settle(): wait until no rebuild is under way"},
    {"choose_level", stillmine_choose_loops_level, METH_O, "choose_level(level) -> bool: whether this processor can"},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_new, make_groups},
    {Py_tp_dealloc, stillmine_free_index_object},
    {Py_tp_methods, methods},
    {Py_tp_doc, "Ids with several fingerprints each, searched exactly."},
    {0, NULL},
};

PyType_Spec stillmine_groups_spec = {
    .name = "stillmine.matching._kernel.Groups",
    .basicsize = sizeof(GroupsObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};
