/* Brute-force nearest-neighbour search over float32 vectors and over bit codes.
 *
 * Plain C without intrinsics: what the compiler makes of the two loops below depends on -march alone. Every build
 * gives the same answers to the last bit, since the order of the float additions is written down (LANES partial
 * sums, so that a compiler may use registers of any width up to that) and products are not fused into sums
 * (-ffp-contract=off in setup.py). Without the first, nothing short of -ffast-math would let a sum be vectorised;
 * without the second, builds with FMA would round otherwise.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

#define LANES 16

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512CD__) && defined(__AVX512DQ__) \
    && defined(__AVX512VL__)
#define LEVEL "v4"
#elif defined(__AVX2__) && defined(__FMA__) && defined(__BMI2__)
#define LEVEL "v3"
#elif defined(__SSE4_2__) && defined(__POPCNT__)
#define LEVEL "v2"
#elif defined(__x86_64__)
#define LEVEL "v1"
#else
#define LEVEL ""
#endif

static float dot_product(const float *restrict left, const float *restrict right, Py_ssize_t count)
{
    float sums[LANES] = {0};
    Py_ssize_t i = 0;
    for (; i + LANES <= count; i += LANES)
        for (int lane = 0; lane < LANES; lane++)
            sums[lane] += left[i + lane] * right[i + lane];
    for (; i < count; i++)
        sums[0] += left[i] * right[i];
    for (int width = LANES / 2; width > 0; width /= 2)
        for (int lane = 0; lane < width; lane++)
            sums[lane] += sums[lane + width];
    return sums[0];
}

static int count_bits(uint64_t word)
{
#if defined(__GNUC__)
    return __builtin_popcountll(word); /* one instruction from x86-64-v2 on, a dozen before */
#else
    int bits = 0;
    for (; word; word &= word - 1)
        bits++;
    return bits;
#endif
}

static Py_ssize_t hamming_distance(const char *restrict left, const char *restrict right, Py_ssize_t size)
{
    Py_ssize_t distance = 0, i = 0;
    for (; i + 8 <= size; i += 8) {
        uint64_t one, other; /* the bytes may lie unaligned */
        memcpy(&one, left + i, 8);
        memcpy(&other, right + i, 8);
        distance += count_bits(one ^ other);
    }
    for (; i < size; i++)
        distance += count_bits((unsigned char)(left[i] ^ right[i]));
    return distance;
}

static Py_ssize_t nearest_vector(const float *query, const float *vectors, Py_ssize_t rows, Py_ssize_t dimension)
{
    Py_ssize_t best = 0;
    float best_score = dot_product(query, vectors, dimension);
    for (Py_ssize_t row = 1; row < rows; row++) {
        float score = dot_product(query, vectors + row * dimension, dimension);
        if (score > best_score) {
            best = row;
            best_score = score;
        }
    }
    return best;
}

static Py_ssize_t nearest_code(const char *query, const char *codes, Py_ssize_t rows, Py_ssize_t size)
{
    Py_ssize_t best = 0, least = hamming_distance(query, codes, size);
    for (Py_ssize_t row = 1; row < rows; row++) {
        Py_ssize_t distance = hamming_distance(query, codes + row * size, size);
        if (distance < least) {
            best = row;
            least = distance;
        }
    }
    return best;
}

/* Two arguments that hold rows of the same length, as C-contiguous buffers. */
typedef struct {
    Py_buffer left, right;
    Py_ssize_t length; /* items a row */
} Pair;

static int open_floats(PyObject *object, Py_buffer *view)
{
    if (PyObject_GetBuffer(object, view, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT) < 0)
        return -1;
    int is_float = view->format && strcmp(view->format, "f") == 0;
    if (is_float && (view->len == 0 || (uintptr_t)view->buf % sizeof(float) == 0))
        return 0;
    PyErr_Format(PyExc_ValueError, "expected a buffer of aligned float32 (format 'f'), found format '%s'%s",
                 view->format ? view->format : "B", is_float ? " that is not aligned" : "");
    PyBuffer_Release(view);
    return -1;
}

static int open_bytes(PyObject *object, Py_buffer *view)
{
    return PyObject_GetBuffer(object, view, PyBUF_C_CONTIGUOUS);
}

static int open_pair(Pair *pair, PyObject *left, PyObject *right, int (*open)(PyObject *, Py_buffer *))
{
    if (open(left, &pair->left) < 0)
        return -1;
    if (open(right, &pair->right) < 0) {
        PyBuffer_Release(&pair->left);
        return -1;
    }
    return 0;
}

static void close_pair(Pair *pair)
{
    PyBuffer_Release(&pair->left);
    PyBuffer_Release(&pair->right);
}

static int check_same_size(const Pair *pair)
{
    if (pair->left.len == pair->right.len)
        return 0;
    PyErr_Format(PyExc_ValueError, "expected two buffers of one size, found %zd and %zd bytes", pair->left.len,
                 pair->right.len);
    return -1;
}

static int check_rows(const Pair *pair, Py_ssize_t row_size)
{
    if (pair->length > 0 && row_size > 0 && pair->left.len % row_size == 0 && pair->right.len % row_size == 0
        && pair->right.len > 0)
        return 0;
    PyErr_Format(PyExc_ValueError, "expected whole rows of %zd items and at least one to search, found %zd and %zd bytes",
                 pair->length, pair->left.len, pair->right.len);
    return -1;
}

static PyObject *as_list(const Py_ssize_t *found, Py_ssize_t count)
{
    PyObject *list = PyList_New(count);
    for (Py_ssize_t i = 0; list && i < count; i++) {
        PyObject *number = PyLong_FromSsize_t(found[i]);
        if (!number) {
            Py_CLEAR(list);
            break;
        }
        PyList_SET_ITEM(list, i, number);
    }
    return list;
}

/* Search every row of the left buffer among those of the right one, without the interpreter's lock. */
static PyObject *search(const Pair *pair, Py_ssize_t row_size, int of_floats)
{
    if (check_rows(pair, row_size) < 0)
        return NULL;
    Py_ssize_t queries = pair->left.len / row_size, rows = pair->right.len / row_size;
    Py_ssize_t *found = PyMem_New(Py_ssize_t, queries ? queries : 1);
    if (!found)
        return PyErr_NoMemory();
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t i = 0; i < queries; i++) {
        const char *query = (const char *)pair->left.buf + i * row_size;
        found[i] = of_floats ? nearest_vector((const float *)query, pair->right.buf, rows, pair->length)
                             : nearest_code(query, pair->right.buf, rows, pair->length);
    }
    Py_END_ALLOW_THREADS
    PyObject *list = as_list(found, queries);
    PyMem_Free(found);
    return list;
}

static PyObject *kernels_dot(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *left, *right, *made = NULL;
    Pair pair;
    if (!PyArg_ParseTuple(args, "OO:dot", &left, &right) || open_pair(&pair, left, right, open_floats) < 0)
        return NULL;
    if (check_same_size(&pair) == 0)
        made = PyFloat_FromDouble(dot_product(pair.left.buf, pair.right.buf, pair.left.len / (Py_ssize_t)sizeof(float)));
    close_pair(&pair);
    return made;
}

static PyObject *kernels_hamming(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *left, *right, *made = NULL;
    Pair pair;
    if (!PyArg_ParseTuple(args, "OO:hamming", &left, &right) || open_pair(&pair, left, right, open_bytes) < 0)
        return NULL;
    if (check_same_size(&pair) == 0)
        made = PyLong_FromSsize_t(hamming_distance(pair.left.buf, pair.right.buf, pair.left.len));
    close_pair(&pair);
    return made;
}

static PyObject *kernels_nearest(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *queries, *vectors, *made;
    Pair pair;
    if (!PyArg_ParseTuple(args, "OOn:nearest", &queries, &vectors, &pair.length)
        || open_pair(&pair, queries, vectors, open_floats) < 0)
        return NULL;
    made = search(&pair, pair.length < PY_SSIZE_T_MAX / 8 ? pair.length * (Py_ssize_t)sizeof(float) : 0, 1);
    close_pair(&pair);
    return made;
}

static PyObject *kernels_nearest_codes(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *queries, *codes, *made;
    Pair pair;
    if (!PyArg_ParseTuple(args, "OOn:nearest_codes", &queries, &codes, &pair.length)
        || open_pair(&pair, queries, codes, open_bytes) < 0)
        return NULL;
    made = search(&pair, pair.length, 0);
    close_pair(&pair);
    return made;
}

static PyMethodDef methods[] = {
    {"dot", kernels_dot, METH_VARARGS, "dot(left, right) -> float: the dot product of two float32 vectors"},
    {"hamming", kernels_hamming, METH_VARARGS, "hamming(left, right) -> int: the bits in which two codes differ"},
    {"nearest", kernels_nearest, METH_VARARGS,
     "nearest(queries, vectors, dimension) -> list[int]: per query the row with the greatest dot product"},
    {"nearest_codes", kernels_nearest_codes, METH_VARARGS,
     "nearest_codes(queries, codes, size) -> list[int]: per query the row that differs in the fewest bits"},
    {NULL, NULL, 0, NULL},
};

static int add_level(PyObject *module)
{
    return PyModule_AddStringConstant(module, "LEVEL", LEVEL);
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, add_level}, {0, NULL}};

static struct PyModuleDef kernels = {PyModuleDef_HEAD_INIT, "_kernels", NULL, 0, methods, slots, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__kernels(void)
{
    return PyModuleDef_Init(&kernels);
}
