// Drives a verilated module with AXI streams, clock by clock, and watches the rules. ports.h is generated for a module.
//
// A clock: the bench changes the inputs after the rising edge, the logic settles, what moves is observed just before the
// next rising edge. A source never takes back a word that it has offered; while it offers none, tdata is garbage.
#include <cstdint>
#include <cstring>

#include "Vtop.h"
#include "ports.h"
#ifdef WEIGHT_MEMORY
#include "weight_memory.hpp"
#endif

namespace {

struct Random {  // xorshift64*
    uint64_t state;
    uint32_t next() {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        return uint32_t((state * 0x2545F4914F6CDD1Dull) >> 32);
    }
};

struct Gate {  // decides for runs of 1 to burst clocks whether a stream goes on or stalls
    Random random;
    uint64_t stall;  // probability times 2^32
    uint32_t burst;
    uint32_t left = 0;
    bool go = true;
    bool next() {
        if (!stall) return true;
        if (!left) {
            go = random.next() >= stall;
            left = 1 + random.next() % burst;
        }
        --left;
        return go;
    }
};

enum Fault : int64_t { NONE, WITHDRAWN, CHANGED, SURPLUS, STUCK, MISSING, MEMORY };

struct Stream {
    uint32_t* port;        // tdata
    CData *valid, *ready;  // a tap has no ready
    int words;             // 32-bit words of tdata
    int64_t total;         // transfers: one a sample, or one a column of it
    bool endless;          // no input leads to it: it comes for ever
    uint32_t* buffer;      // total x words, the caller's
    int64_t* stamp;        // clock of each transfer, the caller's; may be null
    Gate gate;
    int64_t moved = 0;
    bool holds = false;    // offered and not taken: by the source, or by the module
    uint32_t held[MOST_WORDS] = {};
};

struct Bench {
    VerilatedContext context;
    Vtop top;
    Ports ports;
    Stream input[INPUTS], output[OUTPUTS], tap[TAPS + 1];
    Random garbage;
    int64_t patience, clock = 0, quiet = 0, drained = 0, first_in = -1, first_out = -1;
    int64_t fault = NONE, where = 0;
#ifdef WEIGHT_MEMORY
    WeightMemory memory;
    int64_t starved = 0;
#endif

    explicit Bench(uint32_t seed) : context{}, top{(context.randReset(2), context.randSeed(1 + seed % 0x7ffffffe), &context)}, ports{top} {}

    bool before() {  // the memory's side of a clock, when all inputs are set and the logic has settled
#ifdef WEIGHT_MEMORY
        starved += top.weights_starved;
        return memory.observe(top);
#else
        return true;
#endif
    }

    void settle() {
#ifdef WEIGHT_MEMORY
        memory.drive(top);
#endif
        top.clk = 0;
        top.eval();
    }

    void edge() {
        settle();
        before();
        top.clk = 1;
        top.eval();
    }

    void fill(Stream& s) {
        for (int w = 0; w < s.words; ++w) s.port[w] = garbage.next();
    }

    void reset(int clocks) {
        top.rst = 1;
        for (int k = 0; k < clocks; ++k) {
            for (Stream& s : input) *s.valid = garbage.next() & 1, fill(s);
            for (Stream& s : output) *s.ready = garbage.next() & 1;
            edge();
        }
        top.rst = 0;
        for (Stream& s : input) *s.valid = 0;
        clock = quiet = drained = 0;
        first_in = first_out = -1;
        for (Stream* s : all()) s->moved = 0, s->holds = false;
    }

    struct All {
        Stream* list[INPUTS + OUTPUTS + TAPS];
        Stream** begin() { return list; }
        Stream** end() { return list + INPUTS + OUTPUTS + TAPS; }
    };
    All all() {
        All found;
        int n = 0;
        for (Stream& s : input) found.list[n++] = &s;
        for (Stream& s : output) found.list[n++] = &s;
        for (int k = 0; k < TAPS; ++k) found.list[n++] = &tap[k];
        return found;
    }

    bool failed(int64_t kind, int stream) {
        fault = kind;
        where = stream;
        return false;
    }

    void drive() {
        for (Stream& s : input) {
            if (!s.holds) {
                s.holds = s.moved < s.total && s.gate.next();
                if (s.holds)
                    std::memcpy(s.port, s.buffer + s.moved * s.words, 4 * s.words);
                else
                    fill(s);
            }
            *s.valid = s.holds;
        }
        for (Stream& s : output) *s.ready = s.gate.next();
        settle();
    }

    bool take(Stream& s, int stream) {
        if (s.moved >= s.total && s.endless) return ++s.moved;  // nobody needs it, and nothing else moves by it
        if (s.moved >= s.total) return failed(SURPLUS, stream);
        std::memcpy(s.buffer + s.moved * s.words, s.port, 4 * s.words);
        if (s.stamp) s.stamp[s.moved] = clock;
        ++s.moved;
        quiet = 0;
        return true;
    }

    bool observe() {  // false: a rule is broken
        int stream = 0;
        for (Stream& s : input) {
            if (s.holds && *s.ready) {
                if (first_in < 0) first_in = clock;
                if (s.stamp) s.stamp[s.moved] = clock;
                s.holds = false;
                ++s.moved;
                quiet = 0;
            }
            ++stream;
        }
        for (Stream& s : output) {
            if (s.holds && !*s.valid) return failed(WITHDRAWN, stream);
            if (s.holds && std::memcmp(s.held, s.port, 4 * s.words)) return failed(CHANGED, stream);
            if (*s.valid && first_out < 0) first_out = clock;
            if (*s.valid && *s.ready && !take(s, stream)) return false;
            s.holds = *s.valid && !*s.ready;
            if (s.holds) std::memcpy(s.held, s.port, 4 * s.words);
            ++stream;
        }
        for (int k = 0; k < TAPS; ++k, ++stream)
            if (*tap[k].valid && !take(tap[k], stream)) return false;
        return true;
    }

    bool complete() {
        for (Stream& s : input)
            if (s.moved < s.total) return false;
        for (Stream& s : output)
            if (s.moved < s.total) return false;
        return true;
    }

    // Up to `clocks` clocks. 1: goes on, 0: over, with `fault` set where a rule is broken.
    int run(int64_t clocks) {
        for (int64_t k = 0; k < clocks; ++k) {
            drive();
            if (!observe()) return 0;
            if (!before()) return failed(MEMORY, 0);
            top.clk = 1;
            top.eval();
            ++clock;
            if (complete()) {  // listen on for a while: nothing may follow
                if (++drained > 64 + 2 * (first_out - first_in)) {
                    for (int t = 0; t < TAPS; ++t)
                        if (tap[t].moved < tap[t].total) return failed(MISSING, INPUTS + OUTPUTS + t);
                    return 0;
                }
            } else if (++quiet > patience) {
                return failed(STUCK, 0);
            }
        }
        return 1;
    }
};

}  // namespace

struct Setup {  // mirrored in bittrue.cosim.simulation
    int64_t seed, samples, patience, stall_in, stall_out, burst;
    uint32_t** buffers;  // of inputs, outputs, taps
    int64_t** stamps;    // of inputs, outputs
};

extern "C" void* bittrue_open(const Setup* setup) {
    Bench* bench = new Bench(uint32_t(setup->seed));
    uint64_t seed = 0x9E3779B97F4A7C15ull * uint64_t(setup->seed + 1);
    bench->garbage = Random{seed | 1};
    bench->patience = setup->patience;
    int n = 0;
    for (int k = 0; k < INPUTS + OUTPUTS + TAPS; ++k) {
        Stream& s = k < INPUTS ? bench->input[k] : k < INPUTS + OUTPUTS ? bench->output[k - INPUTS] : bench->tap[n++];
        s.port = bench->ports.data[k];
        s.valid = bench->ports.valid[k];
        s.ready = bench->ports.ready[k];
        s.words = WORDS[k];
        s.total = setup->samples * TRANSFERS[k];
        s.endless = ENDLESS[k];
        s.buffer = setup->buffers[k];
        s.stamp = k < INPUTS + OUTPUTS ? setup->stamps[k] : nullptr;
        uint64_t stall = uint64_t(k < INPUTS ? setup->stall_in : setup->stall_out);
        s.gate = Gate{Random{(seed ^ (0xBF58476D1CE4E5B9ull * uint64_t(k + 1))) | 1}, stall, uint32_t(setup->burst)};
    }
    bench->reset(4);
    return bench;
}

extern "C" int bittrue_run(void* bench, int64_t clocks) { return static_cast<Bench*>(bench)->run(clocks); }

extern "C" void bittrue_reset(void* bench, int clocks) { static_cast<Bench*>(bench)->reset(clocks); }

// clock, fault, stream of the fault, clock of the first input, of the first output, then how many each stream moved
extern "C" void bittrue_report(void* handle, int64_t* report) {
    Bench* bench = static_cast<Bench*>(handle);
    const int64_t head[] = {bench->clock, bench->fault, bench->where, bench->first_in, bench->first_out};
    std::memcpy(report, head, sizeof head);
    report += 5;
    for (Stream* s : bench->all()) *report++ = s->moved;
}

#ifdef WEIGHT_MEMORY
extern "C" void weights_regions(void* handle, int64_t count, const uint64_t* rows) {
    Bench* bench = static_cast<Bench*>(handle);
    bench->memory.hold(count, rows);
    if (count) bench->top.weights_base = uint32_t(bench->memory.regions[0].address);
}

extern "C" void weights_timing(void* handle, int64_t latency, int64_t stall, int64_t burst, int64_t seed) {
    static_cast<Bench*>(handle)->memory.pace(latency, stall, burst, seed);
}

extern "C" void weights_fault(void* handle, int64_t fault, int64_t beat) { static_cast<Bench*>(handle)->memory.fail(fault, beat); }

extern "C" void weights_report(void* handle, int64_t* report) {
    Bench* bench = static_cast<Bench*>(handle);
    bench->memory.report(report, bench->starved, bench->top.weights_error);
}
#endif

extern "C" void bittrue_close(void* bench) {
    static_cast<Bench*>(bench)->top.final();
    delete static_cast<Bench*>(bench);
}
