// Clocks a verilated hdmi_out, gives it the pixels of a frame, and collects what its pins send: ten bits of each channel
// from one rising edge of the clock's pair to the next.
#include <cstdint>
#include <cstring>

#include "Vtop.h"

namespace {

struct Bench {
    VerilatedContext context;
    Vtop top;
    int64_t width, height;
    int64_t taken = 0;       // pixels of the frame that are gone
    uint64_t random;
    uint32_t late = 0;       // probability times 2^32 that a pixel is not there yet
    bool offered = false;
    bool runs = false;       // the clock's pair has risen since the reset
    int pair = 0, bits = 0;  // that pair at the last look, and bits since it rose
    uint32_t words[3] = {};
    int64_t wrong = 0;       // a pair whose two pins were equal, or a word of other than ten bits
    Bench(int64_t w, int64_t h, int64_t seed)
        : top(&context), width(w), height(h), random(0x9E3779B97F4A7C15ull ^ uint64_t(seed)) {}
    uint32_t draw() {
        random ^= random >> 12;
        random ^= random << 25;
        random ^= random >> 27;
        return uint32_t((random * 0x2545F4914F6CDD1Dull) >> 32);
    }
};

// Look at the pins; a whole word goes to `out`.
inline void look(Bench& b, uint16_t*& out) {
    if ((b.top.hdmi_tx_d_p ^ b.top.hdmi_tx_d_n) != 7 || b.top.hdmi_tx_clk_p == b.top.hdmi_tx_clk_n) b.wrong |= 1;
    const int pair = b.top.hdmi_tx_clk_p;
    if (pair && !b.pair) {
        if (b.bits == 10) {
            for (int k = 0; k < 3; ++k) *out++ = uint16_t(b.words[k]);
        } else if (b.runs) {
            b.wrong |= 2;
        }
        b.runs = true;
        b.bits = 0;
        memset(b.words, 0, sizeof b.words);
    }
    b.pair = pair;
    if (b.runs && b.bits < 10)
        for (int k = 0; k < 3; ++k) b.words[k] |= uint32_t(b.top.hdmi_tx_d_p >> k & 1) << b.bits;
    ++b.bits;
}

void pixel_clock(Bench& b, uint16_t*& out) {
    for (int k = 0; k < 5; ++k) {
        b.top.serial_clk = 1;
        b.top.aclk = k < 3;
        b.top.eval();
        look(b, out);
        b.top.serial_clk = 0;
        b.top.eval();
        look(b, out);
    }
}

}  // namespace

extern "C" {

void* hdmi_open(int64_t width, int64_t height, int64_t seed) {
    Bench* b = new Bench(width, height, seed);
    uint16_t scratch[300];
    uint16_t* out = scratch;
    b->top.aresetn = 0;
    for (int k = 0; k < 8; ++k) pixel_clock(*b, out);
    b->top.aresetn = 1;
    b->runs = false;
    b->wrong = 0;
    return b;
}

void hdmi_close(void* handle) { delete static_cast<Bench*>(handle); }

void hdmi_late(void* handle, uint32_t probability) { static_cast<Bench*>(handle)->late = probability; }

// Give a frame (null: nothing) and clock until all of it has gone and `after` clocks more, or `limit` clocks have passed.
// It has `lines` of `size` pixels, which may be others than the raster's, and a first pixel `every` so many lines.
// Returns the words of each channel in `words`; `taken` says how much of the frame has gone, `wrong` what the pins did.
int64_t hdmi_run(void* handle, const uint8_t* frame, int64_t every, int64_t size, int64_t lines, int64_t limit,
                 int64_t after, uint16_t* words, int64_t* taken, int64_t* wrong) {
    Bench& b = *static_cast<Bench*>(handle);
    uint16_t* out = words;
    b.taken = 0;
    b.offered = false;
    int64_t left = -1;
    for (int64_t clock = 0; clock < limit && left != 0; ++clock) {
        const bool some = frame && b.taken < size * lines;
        b.offered = some && (b.offered || !b.late || b.draw() >= b.late);
        if (b.offered) {
            const int64_t x = b.taken % size;
            const uint8_t* pixel = frame + 3 * b.taken;
            b.top.s_axis_tdata = uint32_t(pixel[0]) | uint32_t(pixel[1]) << 8 | uint32_t(pixel[2]) << 16;
            b.top.s_axis_tuser = b.taken % (size * every) == 0;
            b.top.s_axis_tlast = x == size - 1;
        } else {
            b.top.s_axis_tdata = b.draw();
            b.top.s_axis_tuser = b.draw() & 1;
            b.top.s_axis_tlast = b.draw() & 1;
        }
        b.top.s_axis_tkeep = 7;
        b.top.s_axis_tvalid = b.offered;
        b.top.eval();
        const bool moved = b.offered && b.top.s_axis_tready;
        pixel_clock(b, out);
        if (moved) {
            ++b.taken;
            b.offered = false;
        }
        if (left > 0) --left;
        if (left < 0 && frame && b.taken == size * lines) left = after;
    }
    *taken = b.taken;
    *wrong = b.wrong;
    b.wrong = 0;
    return (out - words) / 3;
}

}  // extern "C"
