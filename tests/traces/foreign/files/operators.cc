// SPDX-License-Identifier: MIT
//
// operators.cc - the operators of C++17 that give memory and take it back, for make.sh: of
// aligned and of plain objects, one and several, and one that does not throw; and malloc. Six
// blocks, and all are freed.
#include <cstdlib>
#include <new>

struct alignas(64) Wide {
    char bytes[256];
};

static void *volatile kept;

template <typename T> static T *use(T *block)
{
    kept = block;
    return block;
}

int main()
{
    Wide *wide = use(new Wide);
    Wide *wides = use(new Wide[2]);
    int *one = use(new int);
    int *many = use(new int[100]);
    int *perhaps = use(new (std::nothrow) int);
    delete wide;
    delete[] wides;
    delete one;
    delete[] many;
    delete perhaps;
    std::free(use(static_cast<char *>(std::malloc(3))));
}
