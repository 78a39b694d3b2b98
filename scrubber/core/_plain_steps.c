/* plain_steps.py, compiled. There it says what is meant; tests/core/test_plain_steps.py holds both to the same answers.
 *
 * Nothing here trusts its arguments: a span outside of its text is a ValueError, never a read outside of it. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <string.h>

#define APART 2 /* bytes: what lies nearer may be one name in two words */

/* What the answers are made of: imported once, and kept. */
static PyObject *redaction_class, *finding_class, *replace_action, *told_name;

typedef struct {
    Py_ssize_t start, end; /* of the text, to be replaced */
    PyObject *with;
} Edit;

static int
is_ascii(const unsigned char *text, Py_ssize_t size)
{
    const unsigned char *end = text + size;
    for (; end - text >= 8; text += 8) {
        unsigned long long word;
        memcpy(&word, text, 8);
        if (word & 0x8080808080808080ULL)
            return 0;
    }
    for (; text < end; text++)
        if (*text & 0x80)
            return 0;
    return 1;
}

static int
has_placeholder(const char *text, Py_ssize_t size)
{
    const char *end = text + size;
    for (const char *at = text; (at = memchr(at, '<', end - at)); at++)
        if (end - at > 1 && at[1] >= 'A' && at[1] <= 'Z')
            return 1;
    return 0;
}

/* Whether `item` is a tuple of at least `fields` that begins with a span inside `size` bytes. */
static int
read_span(PyObject *item, Py_ssize_t fields, Py_ssize_t size, Py_ssize_t *start, Py_ssize_t *end)
{
    if (!PyTuple_Check(item) || PyTuple_GET_SIZE(item) < fields) {
        PyErr_SetString(PyExc_TypeError, "not a span");
        return 0;
    }
    *start = PyLong_AsSsize_t(PyTuple_GET_ITEM(item, 0));
    *end = PyLong_AsSsize_t(PyTuple_GET_ITEM(item, 1));
    if (PyErr_Occurred())
        return 0;
    if (*start < 0 || *end < *start || *end > size) {
        PyErr_SetString(PyExc_ValueError, "a span outside of its text");
        return 0;
    }
    return 1;
}

static PyObject *
is_plain(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t count)
{
    if (count != 3 || !PyBytes_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "is_plain(text, findings, structured)");
        return NULL;
    }
    const char *text = PyBytes_AS_STRING(args[0]);
    Py_ssize_t size = PyBytes_GET_SIZE(args[0]);
    int structured = PyObject_IsTrue(args[2]);
    if (structured < 0)
        return NULL;
    if (!is_ascii((const unsigned char *)text, size) || (structured && memchr(text, '\\', size)) ||
        has_placeholder(text, size))
        Py_RETURN_FALSE;
    PyObject *findings = PySequence_Fast(args[1], "findings are a sequence");
    if (!findings)
        return NULL;
    Py_ssize_t before = -APART, start, end;
    PyObject *answer = Py_True;
    for (Py_ssize_t index = 0; index < PySequence_Fast_GET_SIZE(findings); index++) {
        if (!read_span(PySequence_Fast_GET_ITEM(findings, index), 2, size, &start, &end)) {
            answer = NULL;
            break;
        }
        if (start < before + APART) {
            answer = Py_False;
            break;
        }
        before = end;
    }
    Py_DECREF(findings);
    return Py_XNewRef(answer);
}

/* A tuple of the class `type`, which adds nothing to tuple; steals the items. */
static PyObject *
named_tuple(PyTypeObject *type, Py_ssize_t count, PyObject **items)
{
    PyObject *made = type->tp_alloc(type, count);
    int whole = made != NULL;
    for (Py_ssize_t index = 0; index < count; index++) {
        whole = whole && items[index];
        if (made)
            PyTuple_SET_ITEM(made, index, items[index]);
        else
            Py_XDECREF(items[index]);
    }
    if (!whole)
        Py_CLEAR(made);
    return made;
}

static PyObject *
put_together(const char *text, Py_ssize_t size, const Edit *edits, Py_ssize_t count, Py_ssize_t longer)
{
    PyObject *output = PyBytes_FromStringAndSize(NULL, size + longer);
    if (!output)
        return NULL;
    char *to = PyBytes_AS_STRING(output);
    Py_ssize_t done = 0;
    for (Py_ssize_t index = 0; index < count; index++) {
        const Edit *edit = &edits[index];
        memcpy(to, text + done, edit->start - done);
        to += edit->start - done;
        memcpy(to, PyBytes_AS_STRING(edit->with), PyBytes_GET_SIZE(edit->with));
        to += PyBytes_GET_SIZE(edit->with);
        done = edit->end;
    }
    memcpy(to, text + done, size - done);
    return output;
}

enum { TEXT, FINDINGS, TOKENS, PLACEHOLDERS, ONLY_KIND, ARGUMENTS };

/* Returns 1 if there is something to replace, 0 for "look closer" (or nothing to do), -1 with an exception. */
static int
plan(PyObject *const *args, PyObject *findings, Edit *edits, Py_ssize_t *edit_count, Py_ssize_t *longer,
     PyObject *redactions, PyObject *placed)
{
    Py_ssize_t size = PyBytes_GET_SIZE(args[TEXT]), token_start = -1, token_end = -1, done = 0;
    PyObject *token = NULL, *placeholder = NULL;
    int answer = -1;
    for (Py_ssize_t index = 0; index < PyTuple_GET_SIZE(findings); index++) {
        PyObject *finding = PyTuple_GET_ITEM(findings, index);
        Py_ssize_t start, end;
        if (!read_span(finding, 6, size, &start, &end))
            goto out;
        PyObject *label = PyTuple_GET_ITEM(finding, 2), *score = PyTuple_GET_ITEM(finding, 3);
        Py_XSETREF(placeholder, PyObject_GetItem(args[PLACEHOLDERS], label));
        if (!placeholder)
            goto out;
        if (!PyTuple_Check(placeholder) || PyTuple_GET_SIZE(placeholder) != 2) {
            PyErr_SetString(PyExc_TypeError, "a placeholder is a threshold and bytes");
            goto out;
        }
        int below = PyObject_RichCompareBool(score, PyTuple_GET_ITEM(placeholder, 0), Py_LT);
        if (below < 0)
            goto out;
        if (below)
            continue;
        while (token_end <= start) {
            Py_XSETREF(token, PyIter_Next(args[TOKENS]));
            if (!token) {
                answer = PyErr_Occurred() ? -1 : 0;
                goto out;
            }
            if (!read_span(token, 4, size, &token_start, &token_end))
                goto out;
        }
        PyObject *with = PyTuple_GET_ITEM(placeholder, 1), *only = args[ONLY_KIND];
        if (with == Py_None || (only != Py_None && (PyTuple_GET_ITEM(token, 3) != only || start < token_start ||
                                                    end > token_end))) {
            answer = 0;
            goto out;
        }
        if (!PyBytes_Check(with) || start < done) {
            PyErr_SetString(PyExc_ValueError, "findings overlap, or a placeholder is not bytes");
            goto out;
        }
        Py_ssize_t out_start = start + *longer, out_end = out_start + PyBytes_GET_SIZE(with);
        edits[(*edit_count)++] = (Edit){start, end, Py_NewRef(with)};
        done = end;
        *longer = out_end - end;
        PyObject *place[] = {PyLong_FromSsize_t(out_start), PyLong_FromSsize_t(out_end)};
        PyObject *items[] = {
            Py_NewRef(PyTuple_GET_ITEM(token, 2)),   Py_NewRef(label),
            Py_NewRef(PyTuple_GET_ITEM(finding, 0)), Py_NewRef(PyTuple_GET_ITEM(finding, 1)),
            Py_XNewRef(place[0]),                    Py_XNewRef(place[1]),
            Py_NewRef(score),                        Py_NewRef(PyTuple_GET_ITEM(finding, 4)),
            Py_NewRef(PyTuple_GET_ITEM(finding, 5)), Py_NewRef(replace_action),
        };
        PyObject *redaction = named_tuple((PyTypeObject *)redaction_class, Py_ARRAY_LENGTH(items), items);
        PyObject *pair = named_tuple(&PyTuple_Type, 2, place);
        int kept = redaction && pair && !PyList_Append(redactions, redaction) && !PyList_Append(placed, pair);
        Py_XDECREF(redaction);
        Py_XDECREF(pair);
        if (!kept)
            goto out;
    }
    answer = *edit_count > 0;
out:
    Py_XDECREF(placeholder);
    Py_XDECREF(token);
    return answer;
}

static PyObject *
splice(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t count)
{
    if (count != ARGUMENTS || !PyBytes_Check(args[TEXT]) || !PyIter_Check(args[TOKENS])) {
        PyErr_SetString(PyExc_TypeError, "splice(text, findings, tokens, placeholders, only_kind)");
        return NULL;
    }
    PyObject *findings = PySequence_Tuple(args[FINDINGS]); /* tokens are made meanwhile: nobody else holds it */
    if (!findings)
        return NULL;
    PyObject *answer = NULL, *redactions = PyList_New(0), *placed = PyList_New(0);
    Py_ssize_t edit_count = 0, longer = 0;
    Edit *edits = PyMem_New(Edit, PyTuple_GET_SIZE(findings) + 1);
    if (!edits)
        PyErr_NoMemory();
    if (edits && redactions && placed) {
        int planned = plan(args, findings, edits, &edit_count, &longer, redactions, placed);
        if (planned > 0) {
            PyObject *output =
                put_together(PyBytes_AS_STRING(args[TEXT]), PyBytes_GET_SIZE(args[TEXT]), edits, edit_count, longer);
            if (output) {
                answer = PyTuple_Pack(3, output, redactions, placed);
                Py_DECREF(output);
            }
        } else if (planned == 0) {
            answer = Py_NewRef(Py_None);
        }
    }
    for (Py_ssize_t index = 0; index < edit_count; index++)
        Py_DECREF(edits[index].with);
    PyMem_Free(edits);
    Py_XDECREF(redactions);
    Py_XDECREF(placed);
    Py_DECREF(findings);
    return answer;
}

/* What is no letter, digit or underscore of ASCII stays; a byte above is part of a letter. */
static int
is_word(unsigned char byte)
{
    return byte >= 0x80 || byte == '_' || (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= 'a' && byte <= 'z');
}

static PyObject *
starred(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t count)
{
    if (count != 2 || !PyBytes_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "starred(text, placed)");
        return NULL;
    }
    Py_ssize_t size = PyBytes_GET_SIZE(args[0]), start, end;
    PyObject *placed = PySequence_Fast(args[1], "places are a sequence");
    if (!placed)
        return NULL;
    PyObject *output = PyBytes_FromStringAndSize(NULL, size); /* filled below: a copy of one byte would be shared */
    if (output)
        memcpy(PyBytes_AS_STRING(output), PyBytes_AS_STRING(args[0]), size);
    for (Py_ssize_t index = 0; output && index < PySequence_Fast_GET_SIZE(placed); index++) {
        if (!read_span(PySequence_Fast_GET_ITEM(placed, index), 2, size, &start, &end)) {
            Py_CLEAR(output);
            break;
        }
        char *bytes = PyBytes_AS_STRING(output);
        for (Py_ssize_t at = start; at < end; at++)
            if (is_word((unsigned char)bytes[at]))
                bytes[at] = '*';
    }
    Py_DECREF(placed);
    return output;
}

static PyObject *
as_finding(PyObject *hit, PyObject *told)
{
    Py_ssize_t size = PyTuple_GET_SIZE(told) + 2;
    PyObject *finding = ((PyTypeObject *)finding_class)->tp_alloc((PyTypeObject *)finding_class, size);
    for (Py_ssize_t place = 0; finding && place < size; place++)
        PyTuple_SET_ITEM(finding, place,
                         Py_NewRef(place < 2 ? PyTuple_GET_ITEM(hit, place) : PyTuple_GET_ITEM(told, place - 2)));
    return finding;
}

static PyObject *
findings_of(PyObject *Py_UNUSED(module), PyObject *hits)
{
    if (!PyList_Check(hits)) {
        PyErr_SetString(PyExc_TypeError, "findings_of(hits)");
        return NULL;
    }
    PyObject *found = PyList_New(0);
    for (Py_ssize_t index = 0; found && index < PyList_GET_SIZE(hits); index++) {
        PyObject *hit = Py_NewRef(PyList_GET_ITEM(hits, index)), *finding = NULL, *told = NULL;
        if (!PyTuple_Check(hit) || PyTuple_GET_SIZE(hit) != 3) {
            PyErr_SetString(PyExc_TypeError, "a hit is a start, an end and a rule");
        } else if ((told = PyObject_GetAttr(PyTuple_GET_ITEM(hit, 2), told_name)) == Py_None) {
            Py_DECREF(hit);
            Py_DECREF(found);
            return told;
        } else if (told && PyTuple_Check(told)) {
            finding = as_finding(hit, told);
        } else if (told) {
            PyErr_SetString(PyExc_TypeError, "what is told of a hit is a tuple");
        }
        if (!finding || PyList_Append(found, finding))
            Py_CLEAR(found);
        Py_XDECREF(finding);
        Py_XDECREF(told);
        Py_DECREF(hit);
    }
    return found;
}

static PyMethodDef methods[] = {
    {"is_plain", (PyCFunction)(void (*)(void))is_plain, METH_FASTCALL, NULL},
    {"splice", (PyCFunction)(void (*)(void))splice, METH_FASTCALL, NULL},
    {"findings_of", findings_of, METH_O, NULL},
    {"starred", (PyCFunction)(void (*)(void))starred, METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_plain_steps", NULL, -1, methods, NULL, NULL, NULL, NULL};

/* Return an attribute of a module of ours that is a class made of a tuple, and nothing else. */
static PyObject *
tuple_class(const char *module_name, const char *name)
{
    PyObject *module = PyImport_ImportModule(module_name);
    PyObject *found = module ? PyObject_GetAttrString(module, name) : NULL;
    Py_XDECREF(module);
    if (found && !(PyType_Check(found) && PyType_IsSubtype((PyTypeObject *)found, &PyTuple_Type) &&
                   ((PyTypeObject *)found)->tp_basicsize == PyTuple_Type.tp_basicsize)) {
        PyErr_Format(PyExc_ImportError, "%s is no named tuple", name);
        Py_CLEAR(found);
    }
    return found;
}

PyMODINIT_FUNC
PyInit__plain_steps(void)
{
    redaction_class = tuple_class("scrubber.core.spans", "Redaction");
    finding_class = redaction_class ? tuple_class("scrubber.core.spans", "Finding") : NULL;
    replace_action = finding_class ? PyUnicode_InternFromString("replace") : NULL;
    told_name = replace_action ? PyUnicode_InternFromString("told") : NULL;
    return told_name ? PyModule_Create(&definition) : NULL;
}
