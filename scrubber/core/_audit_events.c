/* `AuditTrail.event` (audit.py), compiled, for the events that most records have: no fingerprints, and no string in them
 * that JSON would escape. For every other it answers None. tests/core/test_audit.py holds both to the same answers. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <string.h>

#define MOST_DIGITS 20 /* of a 64-bit integer, and its sign */
#define SCORE_DIGITS 4 /* as in audit.py */
#define SCORE_BYTES (SCORE_DIGITS + 2)

enum { PATH, LABEL, START, END, OUT_START, OUT_END, SCORE, DETECTOR, RULE, ACTION, FIELDS };

static const char *const NAMES[FIELDS] = {
    "{\"path\":",       ",\"label\":", ",\"start\":",    ",\"end\":",  ",\"out_start\":",
    ",\"out_end\":",    ",\"score\":", ",\"detector\":", ",\"rule\":", ",\"action\":",
};
static const char *const SOURCE[] = {
    "\"source\":{\"topic\":", ",\"partition\":", ",\"offset\":", ",\"timestamp_ms\":",
};
static const char EXCLUDED[] = "},\"excluded_characters\":", REDACTIONS[] = ",\"redactions\":[", LAST[] = "]}";

/* What is not as expected is left to Python: no write fails for any reason but memory. */
typedef struct {
    char *start, *to, *end;
    int refused;
} Writer;

static void
reserve(Writer *writer, Py_ssize_t size)
{
    if (writer->refused || writer->end - writer->to >= size)
        return;
    Py_ssize_t used = writer->to - writer->start, room = 2 * (used + size);
    char *moved = PyMem_Realloc(writer->start, room);
    if (!moved) {
        PyErr_NoMemory();
        writer->refused = 1;
        return;
    }
    *writer = (Writer){moved, moved + used, moved + room, 0};
}

static void
write_bytes(Writer *writer, const char *bytes, Py_ssize_t size)
{
    reserve(writer, size);
    if (writer->refused)
        return;
    memcpy(writer->to, bytes, size);
    writer->to += size;
}

static void
write_string(Writer *writer, PyObject *string)
{
    if (!PyUnicode_Check(string) || !PyUnicode_IS_COMPACT_ASCII(string)) {
        writer->refused = 1;
        return;
    }
    const char *text = (const char *)PyUnicode_1BYTE_DATA(string);
    Py_ssize_t size = PyUnicode_GET_LENGTH(string);
    for (Py_ssize_t at = 0; at < size; at++)
        if (text[at] < ' ' || text[at] > '~' || text[at] == '"' || text[at] == '\\') {
            writer->refused = 1;
            return;
        }
    write_bytes(writer, "\"", 1);
    write_bytes(writer, text, size);
    write_bytes(writer, "\"", 1);
}

static void
write_integer(Writer *writer, PyObject *integer)
{
    long long number = PyLong_CheckExact(integer) ? PyLong_AsLongLong(integer) : -1;
    if (!PyLong_CheckExact(integer) || (number == -1 && PyErr_Occurred())) {
        PyErr_Clear();
        writer->refused = 1;
        return;
    }
    char digits[MOST_DIGITS], *first = digits + MOST_DIGITS;
    unsigned long long rest = number < 0 ? 0 - (unsigned long long)number : (unsigned long long)number;
    do {
        *--first = '0' + rest % 10;
    } while (rest /= 10);
    if (number < 0)
        *--first = '-';
    write_bytes(writer, first, digits + MOST_DIGITS - first);
}

static void
write_score(Writer *writer, PyObject *score)
{
    double number = PyFloat_CheckExact(score) ? PyFloat_AS_DOUBLE(score) : -1;
    if (!(number > 0 && number <= 1)) { /* NaN, too, and a zero that may be negative */
        writer->refused = 1;
        return;
    }
    char *digits = PyOS_double_to_string(number, 'f', SCORE_DIGITS, 0, NULL);
    if (!digits) {
        writer->refused = 1;
        return;
    }
    Py_ssize_t size = SCORE_BYTES;
    while (digits[size - 1] == '0' && digits[size - 2] != '.')
        size--;
    write_bytes(writer, digits, size);
    PyMem_Free(digits);
}

static void
write_redaction(Writer *writer, PyObject *redaction)
{
    if (!PyTuple_Check(redaction) || PyTuple_GET_SIZE(redaction) != FIELDS) {
        writer->refused = 1;
        return;
    }
    for (int field = 0; field < FIELDS && !writer->refused; field++) {
        PyObject *value = PyTuple_GET_ITEM(redaction, field);
        write_bytes(writer, NAMES[field], strlen(NAMES[field]));
        if (field == SCORE)
            write_score(writer, value);
        else if (field == RULE && value == Py_None)
            write_bytes(writer, "null", 4);
        else if (START <= field && field <= OUT_END)
            write_integer(writer, value);
        else
            write_string(writer, value);
    }
    write_bytes(writer, "}", 1);
}

static void
write_event(Writer *writer, PyObject *head, PyObject *record, PyObject *redactions, PyObject *excluded)
{
    write_bytes(writer, PyBytes_AS_STRING(head), PyBytes_GET_SIZE(head));
    for (int field = 0; field < (int)Py_ARRAY_LENGTH(SOURCE) && !writer->refused; field++) {
        write_bytes(writer, SOURCE[field], strlen(SOURCE[field]));
        (field ? write_integer : write_string)(writer, PyTuple_GET_ITEM(record, field));
    }
    write_bytes(writer, EXCLUDED, sizeof EXCLUDED - 1);
    write_integer(writer, excluded);
    write_bytes(writer, REDACTIONS, sizeof REDACTIONS - 1);
    for (Py_ssize_t index = 0; index < PySequence_Fast_GET_SIZE(redactions) && !writer->refused; index++) {
        if (index)
            write_bytes(writer, ",", 1);
        write_redaction(writer, PySequence_Fast_GET_ITEM(redactions, index));
    }
    write_bytes(writer, LAST, sizeof LAST - 1);
}

static PyObject *
event(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t count)
{
    if (count != 4 || !PyBytes_Check(args[0]) || !PyTuple_Check(args[1]) ||
        PyTuple_GET_SIZE(args[1]) < (Py_ssize_t)Py_ARRAY_LENGTH(SOURCE)) {
        PyErr_SetString(PyExc_TypeError, "event(head, record, redactions, excluded_characters)");
        return NULL;
    }
    PyObject *redactions = PySequence_Fast(args[2], "redactions are a sequence");
    if (!redactions)
        return NULL;
    Writer writer = {NULL, NULL, NULL, 0};
    reserve(&writer, PyBytes_GET_SIZE(args[0]) + 512);
    write_event(&writer, args[0], args[1], redactions, args[3]);
    Py_DECREF(redactions);
    PyObject *answer = NULL;
    if (!writer.refused)
        answer = PyBytes_FromStringAndSize(writer.start, writer.to - writer.start);
    else if (!PyErr_Occurred())
        answer = Py_NewRef(Py_None);
    PyMem_Free(writer.start);
    return answer;
}

static PyMethodDef methods[] = {
    {"event", (PyCFunction)(void (*)(void))event, METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_audit_events", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC
PyInit__audit_events(void)
{
    return PyModule_Create(&definition);
}
