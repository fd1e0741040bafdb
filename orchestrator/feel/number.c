// SPDX-License-Identifier: Apache-2.0
//
// Two forms of one number: integer / 10^scale, and decimal128 through Intel's library. Every
// operation tries the small form and falls back when it would overflow; results of the library are
// brought back to the small form where they fit, so that equal work stays cheap.
#include "feel/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define DECIMAL_CALL_BY_REFERENCE 0
#define DECIMAL_GLOBAL_ROUNDING 0
#define DECIMAL_GLOBAL_EXCEPTION_FLAGS 0
#include <bid_conf.h>
#include <bid_functions.h>

enum { SMALL_SCALE_MAX = 15, DIGITS = 34, TEXT_MAX = 64, NUMBER_TEXT = 128 };

static const int64_t powers[] = {1,
                                 10,
                                 100,
                                 1000,
                                 10000,
                                 100000,
                                 1000000,
                                 10000000,
                                 100000000,
                                 1000000000,
                                 10000000000,
                                 100000000000,
                                 1000000000000,
                                 10000000000000,
                                 100000000000000,
                                 1000000000000000,
                                 10000000000000000,
                                 100000000000000000,
                                 1000000000000000000};

static bool is_small(feel_value a)
{
    return !(a.flags & FEEL_DECIMAL);
}

// Without trailing zeros after the point, so that the same number mostly has the same scale.
static feel_value small(int64_t integer, int scale)
{
    while (scale > 0 && integer % 10 == 0) {
        integer /= 10;
        scale--;
    }
    return (feel_value){.kind = FEEL_NUMBER, .scale = (int16_t)scale, .integer = integer};
}

static BID_UINT128 wide(feel_value a)
{
    BID_UINT128 d;
    _IDEC_flags flags = 0;
    if (!is_small(a)) {
        memcpy(&d, a.decimal, sizeof d);
        return d;
    }
    d = bid128_from_int64(a.integer);
    return a.scale ? bid128_scalbn(d, -a.scale, BID_ROUNDING_TO_NEAREST, &flags) : d;
}

// The coefficient and exponent of a finite decimal128 whose coefficient fits 63 bits; false
// otherwise. The layout is IEEE 754-2008 3.5.2: sign, 14 bits of biased exponent, 113 bits of
// coefficient.
static bool wide_parts(BID_UINT128 d, int64_t *ret_coefficient, int *ret_exponent)
{
    uint64_t high = d.w[BID_HIGH_128W], low = d.w[BID_LOW_128W];
    if ((high & 0x6000000000000000) == 0x6000000000000000) // large coefficients and specials
        return false;
    if ((high & 0x0001ffffffffffff) != 0 || low > INT64_MAX)
        return false;
    *ret_coefficient = high >> 63 ? -(int64_t)low : (int64_t)low;
    *ret_exponent = (int)((high >> 49) & 0x3fff) - 6176;
    return true;
}

static feel_value from_wide(BID_UINT128 d)
{
    int64_t coefficient;
    int exponent;
    if (!bid128_isFinite(d))
        return feel_null();
    if (wide_parts(d, &coefficient, &exponent)) {
        while (exponent < -SMALL_SCALE_MAX && coefficient % 10 == 0 && coefficient != 0) {
            coefficient /= 10;
            exponent++;
        }
        if (coefficient == 0)
            return feel_i64(0);
        if (exponent <= 0 && exponent >= -SMALL_SCALE_MAX)
            return small(coefficient, -exponent);
        if (exponent > 0 && exponent <= 18 &&
            !__builtin_mul_overflow(coefficient, powers[exponent], &coefficient))
            return feel_i64(coefficient);
    }
    feel_value v = {.kind = FEEL_NUMBER, .flags = FEEL_DECIMAL};
    memcpy(v.decimal, &d, sizeof d);
    return v;
}

// Brings both to one scale; false when that overflows.
static bool align(feel_value a, feel_value b, int64_t *ret_a, int64_t *ret_b, int *ret_scale)
{
    *ret_a = a.integer;
    *ret_b = b.integer;
    if (a.scale == b.scale) {
        *ret_scale = a.scale;
        return true;
    }
    if (a.scale < b.scale) {
        *ret_scale = b.scale;
        return !__builtin_mul_overflow(a.integer, powers[b.scale - a.scale], ret_a);
    }
    *ret_scale = a.scale;
    return !__builtin_mul_overflow(b.integer, powers[a.scale - b.scale], ret_b);
}

// Two integers: by far the most common case.
static bool are_integers(feel_value a, feel_value b)
{
    return !((a.flags | b.flags) & FEEL_DECIMAL) && !(a.scale | b.scale);
}

feel_value number_add(feel_value a, feel_value b)
{
    int64_t x, y, sum;
    int scale;
    if (are_integers(a, b) && !__builtin_add_overflow(a.integer, b.integer, &sum))
        return feel_i64(sum);
    if (is_small(a) && is_small(b) && align(a, b, &x, &y, &scale) &&
        !__builtin_add_overflow(x, y, &sum))
        return small(sum, scale);
    _IDEC_flags flags = 0;
    return from_wide(bid128_add(wide(a), wide(b), BID_ROUNDING_TO_NEAREST, &flags));
}

feel_value number_subtract(feel_value a, feel_value b)
{
    int64_t x, y, difference;
    int scale;
    if (is_small(a) && is_small(b) && align(a, b, &x, &y, &scale) &&
        !__builtin_sub_overflow(x, y, &difference))
        return small(difference, scale);
    _IDEC_flags flags = 0;
    return from_wide(bid128_sub(wide(a), wide(b), BID_ROUNDING_TO_NEAREST, &flags));
}

feel_value number_multiply(feel_value a, feel_value b)
{
    int64_t product;
    if (is_small(a) && is_small(b) && a.scale + b.scale <= SMALL_SCALE_MAX &&
        !__builtin_mul_overflow(a.integer, b.integer, &product))
        return small(product, a.scale + b.scale);
    _IDEC_flags flags = 0;
    return from_wide(bid128_mul(wide(a), wide(b), BID_ROUNDING_TO_NEAREST, &flags));
}

feel_value number_divide(feel_value a, feel_value b)
{
    if (is_small(b) && b.integer == 0)
        return feel_null();
    if (is_small(a) && is_small(b) && !a.scale && !b.scale && a.integer != INT64_MIN &&
        a.integer % b.integer == 0)
        return feel_i64(a.integer / b.integer);
    _IDEC_flags flags = 0;
    return from_wide(bid128_div(wide(a), wide(b), BID_ROUNDING_TO_NEAREST, &flags));
}

// An integer power by squaring rounds as often as it multiplies, which 34 digits show for exact
// results only: those are what people compare, and the library's pow is not exact for them.
static BID_UINT128 power_integer(BID_UINT128 base, uint64_t exponent)
{
    _IDEC_flags flags = 0;
    BID_UINT128 result = bid128_from_int64(1);
    for (; exponent; exponent >>= 1) {
        if (exponent & 1)
            result = bid128_mul(result, base, BID_ROUNDING_TO_NEAREST, &flags);
        base = bid128_mul(base, base, BID_ROUNDING_TO_NEAREST, &flags);
    }
    return result;
}

feel_value number_power(feel_value a, feel_value b)
{
    _IDEC_flags flags = 0;
    int64_t exponent;
    if (!feel_to_i64(b, &exponent) || exponent > 9999 || exponent < -9999)
        return from_wide(bid128_pow(wide(a), wide(b), BID_ROUNDING_TO_NEAREST, &flags));
    if (exponent >= 0)
        return from_wide(power_integer(wide(a), (uint64_t)exponent));
    return from_wide(bid128_div(bid128_from_int64(1), power_integer(wide(a), (uint64_t)-exponent),
                                BID_ROUNDING_TO_NEAREST, &flags));
}

static feel_value floor_of(feel_value a)
{
    return number_round(a, 0, ROUND_FLOOR);
}

feel_value number_modulo(feel_value a, feel_value b)
{
    if (is_small(b) && b.integer == 0)
        return feel_null();
    if (is_small(a) && is_small(b) && !a.scale && !b.scale && b.integer != -1) {
        int64_t rest = a.integer % b.integer;
        return feel_i64(rest != 0 && (rest < 0) != (b.integer < 0) ? rest + b.integer : rest);
    }
    feel_value quotient = number_divide(a, b);
    if (feel_is_null(quotient))
        return quotient;
    return number_subtract(a, number_multiply(b, floor_of(quotient)));
}

feel_value number_negate(feel_value a)
{
    if (is_small(a) && a.integer != INT64_MIN) {
        a.integer = -a.integer;
        return a;
    }
    return from_wide(bid128_negate(wide(a)));
}

feel_value number_sqrt(feel_value a)
{
    _IDEC_flags flags = 0;
    return from_wide(bid128_sqrt(wide(a), BID_ROUNDING_TO_NEAREST, &flags));
}

feel_value number_exp(feel_value a)
{
    _IDEC_flags flags = 0;
    return from_wide(bid128_exp(wide(a), BID_ROUNDING_TO_NEAREST, &flags));
}

feel_value number_log(feel_value a)
{
    _IDEC_flags flags = 0;
    return from_wide(bid128_log(wide(a), BID_ROUNDING_TO_NEAREST, &flags));
}

// The library knows every rounding but half down: there the number just below the tie decides.
static BID_UINT128 round_integral(BID_UINT128 d, enum number_rounding rounding)
{
    _IDEC_flags flags = 0;
    bool negative = bid128_isSigned(d);
    switch (rounding) {
    case ROUND_HALF_EVEN:
        return bid128_round_integral_nearest_even(d, &flags);
    case ROUND_DOWN:
        return bid128_round_integral_zero(d, &flags);
    case ROUND_UP:
        return negative ? bid128_round_integral_negative(d, &flags)
                        : bid128_round_integral_positive(d, &flags);
    case ROUND_HALF_UP:
        return bid128_round_integral_nearest_away(d, &flags);
    case ROUND_FLOOR:
        return bid128_round_integral_negative(d, &flags);
    case ROUND_CEILING:
        return bid128_round_integral_positive(d, &flags);
    case ROUND_HALF_DOWN:
        break;
    }
    BID_UINT128 toward_zero = bid128_round_integral_zero(d, &flags);
    BID_UINT128 rest = bid128_abs(bid128_sub(d, toward_zero, BID_ROUNDING_TO_NEAREST, &flags));
    char half_text[] = "0.5";
    BID_UINT128 half = bid128_from_string(half_text, BID_ROUNDING_TO_NEAREST, &flags);
    if (bid128_quiet_less_equal(rest, half, &flags))
        return toward_zero;
    return round_integral(d, ROUND_UP);
}

feel_value number_round(feel_value a, int64_t scale, enum number_rounding rounding)
{
    if (scale > 6176 || scale < -6111)
        return feel_null();
    if (is_small(a) && scale >= a.scale)
        return a;
    _IDEC_flags flags = 0;
    BID_UINT128 d = wide(a), moved = bid128_scalbn(d, (int)scale, BID_ROUNDING_TO_NEAREST, &flags);
    if (!bid128_isFinite(moved))
        return from_wide(d); // more digits than it has: nothing to round
    moved = round_integral(moved, rounding);
    return from_wide(bid128_scalbn(moved, (int)-scale, BID_ROUNDING_TO_NEAREST, &flags));
}

int number_compare(feel_value a, feel_value b)
{
    int64_t x, y;
    int scale;
    if (is_small(a) && is_small(b) && align(a, b, &x, &y, &scale))
        return (x > y) - (x < y);
    _IDEC_flags flags = 0;
    BID_UINT128 p = wide(a), q = wide(b);
    return bid128_quiet_greater(p, q, &flags) - bid128_quiet_less(p, q, &flags);
}

bool number_is_integer(feel_value a)
{
    if (is_small(a))
        return a.scale == 0;
    _IDEC_flags flags = 0;
    BID_UINT128 d = wide(a);
    return bid128_quiet_equal(bid128_round_integral_zero(d, &flags), d, &flags);
}

bool number_truncate(feel_value a, int64_t *ret_value)
{
    if (a.kind != FEEL_NUMBER)
        return false;
    if (is_small(a)) {
        *ret_value = a.integer / powers[a.scale];
        return true;
    }
    feel_value whole = number_round(a, 0, ROUND_DOWN);
    if (feel_is_null(whole) || !is_small(whole))
        return false;
    *ret_value = whole.integer;
    return true;
}

bool feel_to_i64(feel_value number, int64_t *ret_value)
{
    if (number.kind != FEEL_NUMBER || !number_is_integer(number))
        return false;
    return number_truncate(number, ret_value);
}

double feel_to_double(feel_value number)
{
    if (number.kind != FEEL_NUMBER)
        return NAN;
    if (is_small(number))
        return (double)number.integer / (double)powers[number.scale];
    _IDEC_flags flags = 0;
    return bid128_to_binary64(wide(number), BID_ROUNDING_TO_NEAREST, &flags);
}

feel_value number_scaled(int64_t coefficient, int scale)
{
    if (scale >= 0 && scale <= SMALL_SCALE_MAX)
        return small(coefficient, scale);
    _IDEC_flags flags = 0;
    BID_UINT128 d = bid128_from_int64(coefficient);
    return from_wide(bid128_scalbn(d, -scale, BID_ROUNDING_TO_NEAREST, &flags));
}

// Checks the form [sign] digits [. digits] [e [sign] digits]; the library would take "inf" and
// worse.
static bool is_number_text(str text)
{
    size_t i = 0, digits = 0;
    i += i < text.len && (text.data[i] == '-' || text.data[i] == '+');
    for (; i < text.len && text.data[i] >= '0' && text.data[i] <= '9'; i++)
        digits++;
    if (i < text.len && text.data[i] == '.') {
        size_t before = ++i;
        for (; i < text.len && text.data[i] >= '0' && text.data[i] <= '9'; i++)
            digits++;
        if (i == before)
            return false;
    }
    if (digits == 0)
        return false;
    if (i < text.len && (text.data[i] | 32) == 'e') {
        i++;
        i += i < text.len && (text.data[i] == '-' || text.data[i] == '+');
        size_t before = i;
        while (i < text.len && text.data[i] >= '0' && text.data[i] <= '9')
            i++;
        if (i == before || i - before > 6)
            return false;
    }
    return i == text.len;
}

static bool parse_small(str text, feel_value *ret_number)
{
    int64_t integer = 0;
    int scale = 0;
    size_t i = text.data[0] == '-' || text.data[0] == '+';
    if (text.len - i > 15)
        return false;
    for (bool after_point = false; i < text.len; i++) {
        char c = text.data[i];
        if (c == '.') {
            after_point = true;
            continue;
        }
        if (c < '0' || c > '9')
            return false;
        integer = integer * 10 + (c - '0');
        scale += after_point;
    }
    *ret_number = small(text.data[0] == '-' ? -integer : integer, scale);
    return true;
}

static long exponent_of(str text)
{
    long exponent = 0;
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] >= '0')
            exponent = exponent * 10 + (text.data[i] - '0');
    return text.data[0] == '-' ? -exponent : exponent;
}

// More digits than the format holds are cut, with a last digit that remembers whether something was
// cut: rounding comes out as if all had been there.
static void copy_digits(str text, char buffer[NUMBER_TEXT])
{
    size_t len = 0, kept = 0, i = 0;
    long exponent = 0;
    bool after_point = false, rest = false;
    if (text.data[0] == '-')
        buffer[len++] = '-';
    for (i += text.data[0] == '-' || text.data[0] == '+'; i < text.len; i++) {
        char c = text.data[i];
        if ((c | 32) == 'e')
            break;
        if (c == '.') {
            after_point = true;
            continue;
        }
        bool keeps = kept < 2 * DIGITS;
        if (keeps && (kept > 0 || c != '0'))
            buffer[len + kept++] = c;
        rest |= !keeps && c != '0';
        exponent += !keeps - after_point;
    }
    len += kept;
    if (kept == 0)
        buffer[len++] = '0';
    if (rest) {
        buffer[len++] = '1';
        exponent--;
    }
    if (i < text.len)
        exponent += exponent_of(str_from_index(text, i + 1));
    snprintf(buffer + len, NUMBER_TEXT - len, "E%ld", exponent);
}

bool feel_number_parse(str text, feel_value *ret_number)
{
    if (!is_number_text(text))
        return false;
    if (parse_small(text, ret_number))
        return true;
    char buffer[NUMBER_TEXT];
    copy_digits(text, buffer);
    _IDEC_flags flags = 0;
    feel_value number = from_wide(bid128_from_string(buffer, BID_ROUNDING_TO_NEAREST, &flags));
    if (feel_is_null(number))
        return false;
    *ret_number = number;
    return true;
}

static void format_small(struct strbuf *out, feel_value a)
{
    char digits[32];
    uint64_t left = a.integer < 0 ? 0 - (uint64_t)a.integer : (uint64_t)a.integer;
    size_t at = sizeof digits;
    int written = 0;
    do {
        digits[--at] = (char)('0' + left % 10);
        left /= 10;
        if (++written == a.scale)
            digits[--at] = '.';
    } while (left != 0 || written <= a.scale);
    if (a.integer < 0)
        digits[--at] = '-';
    strbuf_add(out, str_from(digits + at, sizeof digits - at));
}

// The library writes "+1234E-2".
static void format_wide(struct strbuf *out, feel_value a)
{
    char text[TEXT_MAX];
    _IDEC_flags flags = 0;
    bid128_to_string(text, wide(a), &flags);
    str digits = str_of(text + 1);
    size_t e = str_find_char(digits, 'E');
    long exponent = strtol(digits.data + e + 1, NULL, 10);
    digits.len = e;
    while (digits.len > 1 && digits.data[digits.len - 1] == '0') {
        digits.len--;
        exponent++;
    }
    if (text[0] == '-')
        strbuf_add_char(out, '-');
    long point = (long)digits.len + exponent;
    if (exponent >= 0 && point <= DIGITS) {
        strbuf_add(out, digits);
        strbuf_add_repeated(out, '0', (size_t)exponent);
    } else if (exponent < 0 && point > 0) {
        strbuf_add(out, str_sub(digits, 0, (size_t)point));
        strbuf_add_char(out, '.');
        strbuf_add(out, str_from_index(digits, (size_t)point));
    } else if (exponent < 0 && point > -DIGITS) {
        strbuf_add(out, STR("0."));
        strbuf_add_repeated(out, '0', (size_t)-point);
        strbuf_add(out, digits);
    } else {
        strbuf_add(out, digits);
        strbuf_format(out, "E%+ld", exponent);
    }
}

void number_format(struct strbuf *out, feel_value a)
{
    if (is_small(a))
        format_small(out, a);
    else
        format_wide(out, a);
}
