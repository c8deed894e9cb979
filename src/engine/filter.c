#include "engine/filter.h"

/* Odd numbers without a pattern: each takes other bits of the hash for its word. */
static const u32 salts[FILTER_BLOCK / 8] = { 0x47b6137bu, 0x44974d91u, 0x8824ad5bu, 0xa2b7289du,
					     0x705495c7u, 0x2df1424bu, 0x9efc4947u, 0x5c6bfb31u };

static size_t block_of(size_t size, u64 hash)
{
	return (size_t)((hash >> 32) * (size / FILTER_BLOCK) >> 32) * FILTER_BLOCK;
}

/* Which of the 64 bits of word i. */
static unsigned bit_of(u64 hash, size_t i)
{
	return ((u32)hash * salts[i]) >> 26;
}

void filter_add(u8 *filter, size_t size, u64 hash)
{
	u8 *block = filter + block_of(size, hash);

	for (size_t i = 0; i < ARRAY_LEN(salts); i++)
		block[8 * i + bit_of(hash, i) / 8] |= (u8)(1u << bit_of(hash, i) % 8);
}

bool filter_has(const u8 *filter, size_t size, u64 hash)
{
	const u8 *block = filter + block_of(size, hash);

	for (size_t i = 0; i < ARRAY_LEN(salts); i++)
		if (!(block[8 * i + bit_of(hash, i) / 8] >> bit_of(hash, i) % 8 & 1))
			return false;
	return true;
}
