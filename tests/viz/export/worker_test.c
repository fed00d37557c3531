/* SPDX-License-Identifier: MIT
 *
 * worker_test.c - the limits that a child works under, as the child itself sees them.
 */
#include "viz/export/worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "core/status.h"

enum { SECONDS_MOST = 60, TEXT_BYTES = 200 };

static bool tell_limits(void *ctx, FILE *out)
{
    struct rlimit cpu, core;
    (void)ctx;
    return getrlimit(RLIMIT_CPU, &cpu) == 0 && getrlimit(RLIMIT_CORE, &core) == 0 &&
           cpu.rlim_cur <= SECONDS_MOST && core.rlim_cur == 0 && fputs("limited", out) >= 0;
}

static bool write_nothing(void *ctx, FILE *out)
{
    (void)ctx;
    (void)out;
    return true;
}

static int run(bool (*work)(void *, FILE *), char *ret_out, char *ret_text)
{
    struct pv_worker worker = {.name = "The worker", .task = "do it", .work = work};
    FILE *out = tmpfile();
    assert_non_null(out);
    ret_text[0] = '\0';
    int status = pv_worker_run(&worker, out, ret_text, TEXT_BYTES);
    rewind(out);
    ret_out[fread(ret_out, 1, TEXT_BYTES - 1, out)] = '\0';
    fclose(out);
    return status;
}

static void a_child_has_limits(void **state)
{
    char out[TEXT_BYTES], text[TEXT_BYTES];
    (void)state;
    assert_int_equal(run(tell_limits, out, text), PV_OK);
    assert_string_equal(out, "limited");
}

static void nothing_is_no_result(void **state)
{
    char out[TEXT_BYTES], text[TEXT_BYTES];
    (void)state;
    assert_int_equal(run(write_nothing, out, text), PV_ELIMIT);
    assert_string_equal(text, "The worker could not do it");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_child_has_limits),
        cmocka_unit_test(nothing_is_no_result),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
