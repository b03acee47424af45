$about
#include <stdint.h>

#include "cnn.h"

/* 2^-f with 30 fractional bits, for f = fraction / 2^14 below 1: a parabola through f = 0, 1/2, 1.
 * It is off by less than 0.4 %. */
static int64_t power(int64_t fraction)
{
    const int64_t one = (int64_t)1 << 30;
    const int64_t linear = 721095884; /* 7/2 - 4 * 2^(-1/2) */
    const int64_t square = 184224972; /* 3 - 4 * 2^(-1/2) */
    return one - ((linear * fraction) >> 14) + ((square * fraction) >> 14) * fraction / ((int64_t)1 << 14);
}

/* 2^((x - largest) / 2^14) with 30 fractional bits; 0 where that is too small to be seen. */
static int64_t weight_of(q31_t x, q31_t largest)
{
    const int64_t below = (int64_t)largest - x;
    const int64_t halvings = below >> 14;
    return halvings > 30 ? 0 : power(below & 0x3fff) >> halvings;
}

/* p[i] = 2^(x[i] / 2^14) / sum over j of 2^(x[j] / 2^14), with 15 fractional bits. The base is 2, as in
 * the vendor's function of this name. */
void softmax_q17p14_q15(const q31_t *vec_in, const uint16_t dim_vec, q15_t *p_out)
{
    q31_t largest = INT32_MIN;
    int64_t sum = 0;
    for (uint32_t i = 0; i < dim_vec; i++) {
        largest = vec_in[i] > largest ? vec_in[i] : largest;
    }
    for (uint32_t i = 0; i < dim_vec; i++) {
        sum += weight_of(vec_in[i], largest);
    }
    for (uint32_t i = 0; i < dim_vec; i++) {
        const int64_t share = ((weight_of(vec_in[i], largest) << 15) + sum / 2) / sum;
        p_out[i] = (q15_t)(share > INT16_MAX ? INT16_MAX : share);
    }
}

void softmax_shift_q17p14_q15(q31_t *vec_in, const uint16_t dim_vec, uint8_t in_shift, q15_t *p_out)
{
    for (uint32_t i = 0; i < dim_vec; i++) {
        vec_in[i] = (q31_t)((uint32_t)vec_in[i] << in_shift);
    }
    softmax_q17p14_q15(vec_in, dim_vec, p_out);
}
