/*
 * base.h - the few macros and short types that every file uses.
 *
 * Every header of src/base may be included by anyone; none of them includes anything
 * but libc and this file. banned.h comes with it, so that unsafe libc calls do not compile.
 */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int64_t i64;
typedef uint64_t u64;
typedef uint32_t u32;
typedef uint8_t u8;

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* The result may not be ignored; used on everything that returns struct err *. */
#define MUST_CHECK __attribute__((warn_unused_result))
/* CLEANUP(arena_freep) struct arena *a = arena_new(); runs arena_freep(&a) at scope end. */
#define CLEANUP(fn) __attribute__((cleanup(fn)))
#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))
#define UNUSED __attribute__((unused))

#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

#include "base/banned.h"

#endif
