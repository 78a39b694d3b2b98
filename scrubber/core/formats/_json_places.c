/* json_places.py, compiled. There it says what is meant; tests/core/formats/test_json_places.py holds both to the same
 * answers.
 *
 * Nothing here trusts its arguments: where a text is no JSON after all, nothing outside of it is read. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <string.h>

/* json_places.py says why so few. */
#define MOST_SPANS 4
#define MOST_LEVELS 4

static PyObject *token_class, *string_kind, *key_kind;

typedef struct {
    const char *start;
    Py_ssize_t size;
} Slice;

static Py_ssize_t
find(const char *text, char byte, Py_ssize_t start, Py_ssize_t end)
{
    const char *found = start < end ? memchr(text + start, byte, end - start) : NULL;
    return found ? found - text : -1;
}

static Py_ssize_t
rfind(const char *text, char byte, Py_ssize_t start, Py_ssize_t end)
{
    while (--end >= start)
        if (text[end] == byte)
            return end;
    return -1;
}

static int
is_odd(const char *text, char byte, Py_ssize_t start, Py_ssize_t end)
{
    Py_ssize_t count = 0;
    for (; start < end; start++)
        count += text[start] == byte;
    return count % 2;
}

static int
is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* Return where what stands before `end` ends, spaces apart. */
static Py_ssize_t
stripped(const char *text, Py_ssize_t end)
{
    while (end > 0 && is_space(text[end - 1]))
        end--;
    return end;
}

static int
colon_follows(const char *text, Py_ssize_t size, Py_ssize_t closing)
{
    Py_ssize_t end = closing + 9 < size ? closing + 9 : size, at = closing + 1;
    while (at < end && is_space(text[at]))
        at++;
    return at < end && text[at] == ':';
}

/* Read the key whose colon ends `text[:*head]`, and move `*head` before it. */
static int
read_key(const char *text, Py_ssize_t *head, Slice *key)
{
    Py_ssize_t closing = rfind(text, '"', 0, *head), opening = rfind(text, '"', 0, closing);
    if (opening < 0)
        return 0;
    *key = (Slice){text + opening + 1, closing - opening - 1};
    *head = stripped(text, opening);
    return 1;
}

static PyObject *
joined(const Slice *innermost, int count)
{
    Py_ssize_t size = count - 1;
    for (int level = 0; level < count; level++)
        size += innermost[level].size;
    if (count == 1)
        return PyUnicode_DecodeUTF8(innermost->start, size, NULL);
    char *buffer = PyMem_Malloc(size), *to = buffer;
    if (!buffer)
        return PyErr_NoMemory();
    for (int level = count - 1; level >= 0; level--) {
        memcpy(to, innermost[level].start, innermost[level].size);
        to += innermost[level].size;
        if (level)
            *to++ = '.';
    }
    PyObject *path = PyUnicode_DecodeUTF8(buffer, size, NULL);
    PyMem_Free(buffer);
    return path;
}

/* The path of the member to which the string between two quotes belongs, and whether it is its key. Without an
 * exception, NULL is "look closer". */
static PyObject *
member(const char *text, Py_ssize_t size, Py_ssize_t opening, Py_ssize_t closing, PyObject **kind)
{
    Slice keys[MOST_LEVELS];
    Py_ssize_t head = stripped(text, opening);
    if (head && text[head - 1] == ':') {
        if (!read_key(text, &head, &keys[0]))
            return NULL;
        *kind = string_kind;
    } else if (colon_follows(text, size, closing)) {
        keys[0] = (Slice){text + opening + 1, closing - opening - 1};
        *kind = key_kind;
    } else {
        return NULL;
    }
    if (find(text, '[', 0, head) >= 0 || find(text, '}', 0, head) >= 0)
        return NULL;
    for (int level = 1;; level++) {
        Py_ssize_t brace = rfind(text, '{', 0, head);
        if (brace < 0)
            return NULL;
        head = stripped(text, brace);
        if (!head)
            return joined(keys, level);
        if (level == MOST_LEVELS || text[head - 1] != ':' || is_odd(text, '"', 0, head) ||
            !read_key(text, &head, &keys[level]))
            return NULL;
    }
}

static PyObject *
as_token(Py_ssize_t start, Py_ssize_t end, PyObject *path, PyObject *kind)
{
    PyObject *token = ((PyTypeObject *)token_class)->tp_alloc((PyTypeObject *)token_class, 4);
    PyObject *first = PyLong_FromSsize_t(start), *last = PyLong_FromSsize_t(end);
    if (!token || !first || !last) {
        Py_XDECREF(token);
        Py_XDECREF(first);
        Py_XDECREF(last);
        return NULL;
    }
    PyTuple_SET_ITEM(token, 0, first);
    PyTuple_SET_ITEM(token, 1, last);
    PyTuple_SET_ITEM(token, 2, Py_NewRef(path));
    PyTuple_SET_ITEM(token, 3, Py_NewRef(kind));
    return token;
}

/* Appends the token that holds `[start, end)` to `tokens`. 0 without an exception is "look closer". */
static int
place(PyObject *tokens, PyObject *text_bytes, Py_ssize_t *done, Py_ssize_t start, Py_ssize_t end)
{
    const char *text = PyBytes_AS_STRING(text_bytes);
    Py_ssize_t size = PyBytes_GET_SIZE(text_bytes);
    if (end < *done)
        return 1;
    if (end > size)
        return 0;
    Py_ssize_t opening = rfind(text, '"', *done, start), closing = find(text, '"', start, size);
    if (opening < 0 || closing < end || is_odd(text, '"', *done, opening))
        return 0;
    PyObject *kind, *path = member(text, size, opening, closing, &kind);
    PyObject *token = path ? as_token(opening + 1, closing, path, kind) : NULL;
    int kept = token && !PyList_Append(tokens, token);
    Py_XDECREF(path);
    Py_XDECREF(token);
    *done = closing + 1;
    return kept;
}

static int
read_span(PyObject *item, Py_ssize_t *start, Py_ssize_t *end)
{
    if (!PyTuple_Check(item) || PyTuple_GET_SIZE(item) != 2) {
        PyErr_SetString(PyExc_TypeError, "not a span");
        return 0;
    }
    *start = PyLong_AsSsize_t(PyTuple_GET_ITEM(item, 0));
    *end = PyLong_AsSsize_t(PyTuple_GET_ITEM(item, 1));
    if (PyErr_Occurred())
        return 0;
    if (*start < 0 || *end < *start) {
        PyErr_SetString(PyExc_ValueError, "not a span");
        return 0;
    }
    return 1;
}

static PyObject *
places(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t count)
{
    if (count != 2 || !PyBytes_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "places(text, wanted)");
        return NULL;
    }
    Py_ssize_t size = PyBytes_GET_SIZE(args[0]), done = 0, start, end;
    PyObject *wanted = PySequence_Fast(args[1], "spans are a sequence");
    if (!wanted)
        return NULL;
    PyObject *tokens = NULL;
    if (PySequence_Fast_GET_SIZE(wanted) <= MOST_SPANS && !memchr(PyBytes_AS_STRING(args[0]), '\\', size))
        tokens = PyList_New(0);
    for (Py_ssize_t index = 0; tokens && index < PySequence_Fast_GET_SIZE(wanted); index++)
        if (!read_span(PySequence_Fast_GET_ITEM(wanted, index), &start, &end) ||
            !place(tokens, args[0], &done, start, end))
            Py_CLEAR(tokens);
    Py_DECREF(wanted);
    if (!tokens && !PyErr_Occurred())
        Py_RETURN_NONE;
    return tokens;
}

static PyMethodDef methods[] = {
    {"places", (PyCFunction)(void (*)(void))places, METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_json_places", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC
PyInit__json_places(void)
{
    PyObject *module = PyImport_ImportModule("scrubber.core.formats.base");
    PyObject *kinds = module ? PyObject_GetAttrString(module, "Kind") : NULL;
    string_kind = kinds ? PyObject_GetAttrString(kinds, "STRING") : NULL;
    key_kind = string_kind ? PyObject_GetAttrString(kinds, "KEY") : NULL;
    token_class = key_kind ? PyObject_GetAttrString(module, "Token") : NULL;
    Py_XDECREF(kinds);
    Py_XDECREF(module);
    if (token_class && !(PyType_Check(token_class) && PyType_IsSubtype((PyTypeObject *)token_class, &PyTuple_Type) &&
                         ((PyTypeObject *)token_class)->tp_basicsize == PyTuple_Type.tp_basicsize)) {
        PyErr_SetString(PyExc_ImportError, "Token is no named tuple");
        Py_CLEAR(token_class);
    }
    return token_class ? PyModule_Create(&definition) : NULL;
}
