#include "base/clock.h"

static i64 read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (i64)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static i64 real_wall(void *arg UNUSED)
{
	return read_clock(CLOCK_REALTIME);
}

static i64 real_mono(void *arg UNUSED)
{
	return read_clock(CLOCK_MONOTONIC);
}

const struct clock clock_real = { real_wall, real_mono, NULL };

static i64 fixed_us(void *arg)
{
	return ((struct clock_fixed *)arg)->us;
}

struct clock clock_fixed(struct clock_fixed *f)
{
	return (struct clock){ fixed_us, fixed_us, f };
}

static char *digits(char *to, size_t n, int value)
{
	for (size_t i = n; i-- > 0; value /= 10)
		to[i] = (char)('0' + value % 10);
	return to + n;
}

/* Without printf: it stands in every push. */
str time_iso(struct arena *a, i64 ms)
{
	time_t seconds = (time_t)(ms / 1000);
	char *text, *to;
	struct tm tm;

	if (ms % 1000 < 0)
		seconds--;
	gmtime_r(&seconds, &tm);
	if (tm.tm_year < -1900 || tm.tm_year > 9999 - 1900)
		return arena_printf(a, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
				    tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
				    (int)((ms % 1000 + 1000) % 1000));
	text = arena_cstr(a, S("0000-00-00T00:00:00.000Z"));
	to = digits(text, 4, tm.tm_year + 1900);
	to = digits(to + 1, 2, tm.tm_mon + 1);
	to = digits(to + 1, 2, tm.tm_mday);
	to = digits(to + 1, 2, tm.tm_hour);
	to = digits(to + 1, 2, tm.tm_min);
	to = digits(to + 1, 2, tm.tm_sec);
	digits(to + 1, 3, (int)((ms % 1000 + 1000) % 1000));
	return str_of(text, sizeof("0000-00-00T00:00:00.000Z") - 1);
}

/* Reads n decimal digits at *s and the byte `after` behind them (0: none). */
static bool take_number(str *s, size_t n, char after, i64 *ret_value)
{
	if (s->len < n + (after != 0) || s->ptr[0] == '-' ||
	    !str_to_i64(str_of(s->ptr, n), ret_value))
		return false;
	if (after && s->ptr[n] != after)
		return false;
	*s = str_skip(*s, n + (after != 0));
	return true;
}

/* Days since 1970-01-01 of a proleptic Gregorian date, by Howard Hinnant's days_from_civil. */
static i64 days_from_civil(i64 y, i64 m, i64 d)
{
	i64 era, year_of_era, day_of_year;

	y -= m <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	year_of_era = y - era * 400;
	day_of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
	       day_of_year - 719468;
}

static i64 days_in_month(i64 y, i64 m)
{
	return m == 12 ? 31 : days_from_civil(y, m + 1, 1) - days_from_civil(y, m, 1);
}

bool time_from_iso(str s, i64 *ret_ms)
{
	i64 y, mo, d, h, mi, sec, frac = 0;

	if (!take_number(&s, 4, '-', &y) || !take_number(&s, 2, '-', &mo) ||
	    !take_number(&s, 2, 'T', &d) || !take_number(&s, 2, ':', &h) ||
	    !take_number(&s, 2, ':', &mi) || !take_number(&s, 2, 0, &sec))
		return false;
	if (mo < 1 || mo > 12 || d < 1 || d > days_in_month(y, mo) || h > 23 || mi > 59 || sec > 59)
		return false;
	if (s.len && s.ptr[0] == '.') {
		s = str_skip(s, 1);
		if (!take_number(&s, 3, 0, &frac))
			return false;
	}
	if (!str_eq(s, S("Z")))
		return false;
	*ret_ms = ((days_from_civil(y, mo, d) * 24 + h) * 60 + mi) * 60000 + sec * 1000 + frac;
	return true;
}

bool time_from_duration(str s, i64 *ret_ms)
{
	static const struct { char unit; i64 ms; } units[] = {
		{ 's', 1000 }, { 'm', 60000 }, { 'h', 3600000 }, { 'd', 86400000 },
	};
	i64 n;

	if (s.len < 2 || !str_to_i64(str_of(s.ptr, s.len - 1), &n) || n <= 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (s.ptr[s.len - 1] == units[i].unit)
			return !__builtin_mul_overflow(n, units[i].ms, ret_ms);
	return false;
}
