/* RFB's numbers, big endian. The caller has checked that they are there. */
#ifndef SALLYPORT_RFB_BE_H
#define SALLYPORT_RFB_BE_H

#include <stdint.h>

static inline uint16_t
be_get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t
be_get32(const uint8_t *at)
{
	return (uint32_t)be_get16(at) << 16 | be_get16(at + 2);
}

static inline void
be_put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

#endif
