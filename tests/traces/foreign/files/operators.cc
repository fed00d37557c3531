// SPDX-License-Identifier: MIT
//
// operators.cc - each operator of C++17 that gives memory or takes it back, for make.sh.
#include <new>
#include <cstdlib>
struct alignas(64) A{char c[256];};
int main(){ A*a=new A; A*b=new A[2]; int*i=new int; int*j=new int[100]; auto*n=new(std::nothrow) int; delete a; delete[] b; delete i; delete[] j; delete n; void*p=malloc(3); free(p);}
