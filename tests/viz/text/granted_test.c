/* SPDX-License-Identifier: MIT
 *
 * granted_test.c - a call is left where memory is refused, and only there. A request for half of
 * the address space is one that every C library refuses.
 */
#include "viz/text/granted.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/status.h"

enum { CODE = 7, ENOUGH = 64 };

/* The compiler may not know it, or it would take the call away. */
static volatile size_t too_much = SIZE_MAX / 4;

struct call {
    void *(*ask)(void);
    void *got;
    int passed;
};

static void ask(void *ctx)
{
    struct call *call = ctx;
    call->got = call->ask();
    call->passed++;
}

static void *by_malloc(void)
{
    return malloc(too_much);
}

static void *by_calloc(void)
{
    return calloc(too_much / 2, 2);
}

static void *by_realloc(void)
{
    return realloc(NULL, too_much);
}

static void *by_memalign(void)
{
    void *block = NULL;
    return posix_memalign(&block, ENOUGH, too_much) ? NULL : block;
}

static void *in_bounds(void)
{
    return malloc(ENOUGH);
}

static void *(*const refused[])(void) = {by_malloc, by_calloc, by_realloc, by_memalign};
enum { N_REFUSED = sizeof refused / sizeof refused[0] };

static void a_refusal_leaves_the_call(void **state)
{
    (void)state;
    for (int i = 0; i < N_REFUSED; i++) {
        struct call call = {.ask = refused[i]};
        assert_int_equal(pv_granted(ask, &call), PV_ENOMEM);
        assert_int_equal(call.passed, 0);
    }
}

static void what_is_granted_goes_on(void **state)
{
    struct call call = {.ask = in_bounds};
    (void)state;
    assert_int_equal(pv_granted(ask, &call), PV_OK);
    assert_int_equal(call.passed, 1);
    assert_non_null(call.got);
    free(call.got);
}

static void outside_a_refusal_is_null(void **state)
{
    struct call call = {.ask = by_malloc};
    (void)state;
    assert_int_equal(pv_granted(ask, &call), PV_ENOMEM);
    for (int i = 0; i < N_REFUSED; i++) {
        assert_null(refused[i]());
    }
}

static void ask_inside(void *ctx)
{
    struct call inner = {.ask = by_malloc};
    assert_int_equal(pv_granted(ask, &inner), PV_ENOMEM);
    ask(ctx);
}

static void the_innermost_is_left(void **state)
{
    struct call outer = {.ask = in_bounds};
    (void)state;
    assert_int_equal(pv_granted(ask_inside, &outer), PV_OK);
    assert_int_equal(outer.passed, 1);
    free(outer.got);
    outer = (struct call){.ask = by_malloc};
    assert_int_equal(pv_granted(ask_inside, &outer), PV_ENOMEM);
}

/* The compiler may take away what nobody looks at. */
static void *volatile asked;

static void *ask_in_thread(void *ctx)
{
    (void)ctx;
    asked = by_malloc();
    return NULL;
}

static int end_of_child(bool in_thread)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        pthread_t thread;
        pv_granted_or_exit(CODE);
        if (in_thread && pthread_create(&thread, NULL, ask_in_thread, NULL) == 0) {
            pthread_join(thread, NULL);
        } else if (!in_thread) {
            asked = by_calloc();
        }
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void a_child_ends_whichever_thread_asks(void **state)
{
    (void)state;
    assert_int_equal(end_of_child(false), CODE);
    assert_int_equal(end_of_child(true), CODE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refusal_leaves_the_call),
        cmocka_unit_test(what_is_granted_goes_on),
        cmocka_unit_test(outside_a_refusal_is_null),
        cmocka_unit_test(the_innermost_is_left),
        cmocka_unit_test(a_child_ends_whichever_thread_asks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
