// SPDX-License-Identifier: MIT
//
// cases_cxx.cc - every form of operator new and delete, 700 blocks of 7777 bytes or for 64-byte
// alignment 7808, and a static object's 2.
#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

constexpr std::size_t bytes = 7777;

struct alignas(64) aligned {
    char bytes[7808];
};

struct at_start_and_end {
    void *block = std::malloc(bytes);
    ~at_start_and_end()
    {
        std::free(block);
        void *volatile last = std::malloc(bytes);
        std::free(last);
    }
} object;

void churn()
{
    for (int i = 0; i < 100; i++) {
        aligned *volatile one = new aligned;
        delete one;
        aligned *volatile row = new aligned[1];
        delete[] row;
        char *volatile text = new char[bytes];
        delete[] text;
        void *volatile plain = ::operator new(bytes);
        ::operator delete(plain);
        void *volatile sized = ::operator new(bytes);
        ::operator delete(sized, bytes);
        void *volatile quiet = ::operator new(bytes, std::nothrow);
        ::operator delete(quiet, std::nothrow);
        void *volatile both = ::operator new[](bytes, std::align_val_t{64}, std::nothrow);
        ::operator delete[](both, bytes, std::align_val_t{64});
    }
}

} // namespace

int main()
{
    churn();
    try {
        void *volatile much = ::operator new(~std::size_t{0} >> 2);
        ::operator delete(much);
    } catch (const std::bad_alloc &) {
        return 0;
    }
    return 3;
}
