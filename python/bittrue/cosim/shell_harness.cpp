// Drives a verilated shell: an AXI4-Lite master that works off a queue of accesses, a stream source and a stream sink,
// all at the same time, clock by clock, each with stalls of its own. shell_ports.h is generated for a module.
//
// A clock: the bench changes the inputs after the rising edge, the logic settles, what moves is observed just before the
// next rising edge. Whoever offers something keeps offering it until it is taken; what is not offered is garbage.
#include <cstdint>
#include <cstring>
#include <vector>

#include "Vtop.h"
#include "shell_ports.h"  // IN_WORDS, IN_KEEP, OUT_WORDS, OUT_KEEP (32-bit words of the wrapper's ports), OUT_BYTES,
                          // SOFT_RESET, SOFT_RESET_BIT (offset and bit of the register that does it)
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

struct Gate {  // decides for runs of 1 to burst clocks whether something goes on or stalls
    Random random{1};
    uint64_t stall = 0;  // probability times 2^32
    uint32_t burst = 1, left = 0;
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

constexpr int64_t BUS_PATIENCE = 10000, POLL_PATIENCE = 1000000;  // clocks
enum Op : uint32_t { READ, WRITE, POLL };
enum Gates { SOURCE, SINK, AW, W, B, AR, R, GATES };
enum Fault : int64_t {
    NONE, WITHDRAWN, CHANGED, PARTIAL, VALID_IN_RESET, B_WITHDRAWN, B_EARLY, R_WITHDRAWN, R_CHANGED, R_EARLY, NO_ANSWER,
    MEMORY
};

struct Command {  // mirrored in bittrue.cosim.shell_bench
    int64_t wait;   // clocks of rest before it
    int64_t after;  // words that the source must have handed over before it
    uint32_t op, offset, value, mask;  // mask: strobes of a write; bits that a poll compares with value
};

struct Result {  // mirrored in bittrue.cosim.shell_bench
    int64_t start, done;      // clocks of the first offer and of the answer
    int64_t sent, received;   // words handed over and taken before the clock of the answer
    uint32_t value, response;
};

struct Word {
    uint32_t data[IN_WORDS], keep[IN_KEEP];
    uint32_t last;
};

template <class T>
struct Queue {  // what has been popped is given back now and then
    std::vector<T> items;
    size_t head = 0;
    size_t size() const { return items.size() - head; }
    T& front() { return items[head]; }
    void pop(size_t n = 1) {
        head += n;
        if (head < (1 << 16) && head < items.size()) return;
        items.erase(items.begin(), items.begin() + head);
        head = 0;
    }
};

struct Taken {
    uint32_t data[OUT_WORDS];
    int64_t clock;
    uint32_t last;
};

struct Bench {
    VerilatedContext context;
    Vtop top;
    Gate gate[GATES];
    Random garbage{0x9E3779B97F4A7C15ull};
    Queue<Word> words;
    Queue<int64_t> stamps;  // clock of every word handed over
    Queue<Taken> taken;
    Queue<Command> commands;
    Queue<Result> results;
    int64_t clock = 0, sent = 0, received = 0, quiet = 0, fault = NONE;
    int64_t asked = 0, credit = -1;  // credit: words that the sink still takes, -1 for all
    int64_t forgiven = -1;  // until that clock m_axis may take back its word: a soft reset empties the pipeline
    bool offers = false, holds = false, held_last = false;
    uint32_t held[OUT_WORDS] = {};
    bool busy = false, aw = false, w = false, ar = false;              // an access runs; what it still has to hand over
    bool aw_out = false, w_out = false, ar_out = false;                // offered and not taken
    bool b_held = false, r_held = false;
    uint32_t r_data = 0, r_resp = 0, b_resp = 0;
    int64_t rest = -1;
    Result now{};
#ifdef WEIGHT_MEMORY
    WeightMemory memory;
#endif

    explicit Bench(uint32_t seed)
        : context{}, top{(context.randReset(2), context.randSeed(1 + seed % 0x7ffffffe), &context)} {
        idle_bus();
        top.s_axis_tvalid = 0;
        top.m_axis_tready = 0;
        top.aresetn = 0;
    }

    void idle_bus() {
        top.s_axi_ctrl_awvalid = top.s_axi_ctrl_wvalid = top.s_axi_ctrl_arvalid = 0;
        top.s_axi_ctrl_bready = top.s_axi_ctrl_rready = 0;
    }

    void settle() {
#ifdef WEIGHT_MEMORY
        memory.drive(top);
#endif
        top.aclk = 0;
        top.eval();
    }

    bool observe_memory() {
#ifdef WEIGHT_MEMORY
        if (!memory.observe(top)) return failed(MEMORY);
#endif
        return true;
    }

    void reset(int clocks) {
        top.aresetn = 0;
        for (int k = 0; k < clocks; ++k) {  // a master keeps its valids low in reset, a slave its own from the 2nd clock
            idle_bus();
            top.s_axis_tvalid = 0;
            top.m_axis_tready = garbage.next() & 1;
            fill();
#ifdef WEIGHT_MEMORY
            memory.forget();
#endif
            settle();
            if (k && (top.m_axis_tvalid || top.s_axi_ctrl_bvalid || top.s_axi_ctrl_rvalid)) fault = VALID_IN_RESET;
            top.aclk = 1;
            top.eval();
        }
        top.aresetn = 1;
        clock = sent = received = quiet = 0;
        offers = holds = busy = aw = w = ar = aw_out = w_out = ar_out = b_held = r_held = false;
        rest = credit = forgiven = -1;
        words = {};
        stamps = {};
        taken = {};
        commands = {};
        results = {};
    }

    void fill() {
        for (int k = 0; k < IN_WORDS; ++k) top.s_axis_tdata[k] = garbage.next();
        for (int k = 0; k < IN_KEEP; ++k) top.s_axis_tkeep[k] = garbage.next();
        top.s_axis_tlast = garbage.next() & 1;
    }

    void drive_streams() {
        if (!offers) {
            offers = words.size() && gate[SOURCE].next();
            if (offers) {
                const Word& word = words.front();
                std::memcpy(top.s_axis_tdata.data(), word.data, sizeof word.data);
                std::memcpy(top.s_axis_tkeep.data(), word.keep, sizeof word.keep);
                top.s_axis_tlast = word.last;
            } else if (words.size() || top.s_axis_tvalid) {
                fill();
            }
        }
        top.s_axis_tvalid = offers;
        top.m_axis_tready = credit && gate[SINK].next();
    }

    void begin() {  // the next access, where its time has come
        const Command& next = commands.front();
        if (rest < 0) rest = next.wait;
        if (rest > 0) {
            --rest;
            quiet = 0;
            return;
        }
        if (sent < next.after) return;
        busy = true;
        rest = -1;
        asked = clock;
        aw = w = next.op == WRITE;
        ar = next.op != WRITE;
        now = Result{};
        now.start = clock;
    }

    void drive_bus() {
        if (!busy && commands.size()) begin();
        const Command* c = busy ? &commands.front() : nullptr;
        if (aw && !aw_out && gate[AW].next()) aw_out = true;
        if (w && !w_out && gate[W].next()) w_out = true;
        if (ar && !ar_out && gate[AR].next()) ar_out = true;
        top.s_axi_ctrl_awvalid = aw_out;
        top.s_axi_ctrl_wvalid = w_out;
        top.s_axi_ctrl_arvalid = ar_out;
        top.s_axi_ctrl_awaddr = (aw_out ? c->offset : garbage.next()) & 0xfff;
        top.s_axi_ctrl_wdata = w_out ? c->value : garbage.next();
        top.s_axi_ctrl_wstrb = (w_out ? c->mask : garbage.next()) & 15;
        top.s_axi_ctrl_araddr = (ar_out ? c->offset : garbage.next()) & 0xfff;
        top.s_axi_ctrl_awprot = top.s_axi_ctrl_arprot = 0;
        top.s_axi_ctrl_bready = gate[B].next();
        top.s_axi_ctrl_rready = gate[R].next();
    }

    bool failed(int64_t kind) {
        fault = kind;
        return false;
    }

    bool observe_streams() {
        if (offers && top.s_axis_tready) {
            offers = false;
            words.pop();
            stamps.items.push_back(clock);
            ++sent;
            quiet = 0;
        }
        bool tells = clock > forgiven;
        if (tells && holds && !top.m_axis_tvalid) return failed(WITHDRAWN);
        if (tells && holds && (std::memcmp(held, top.m_axis_tdata.data(), sizeof held) || held_last != bool(top.m_axis_tlast)))
            return failed(CHANGED);
        holds = top.m_axis_tvalid && !top.m_axis_tready;
        if (top.m_axis_tvalid) {
            for (int k = 0; k < OUT_BYTES; ++k)
                if (!((top.m_axis_tkeep[k / 32] >> (k % 32)) & 1)) return failed(PARTIAL);
            std::memcpy(held, top.m_axis_tdata.data(), sizeof held);
            held_last = top.m_axis_tlast;
        }
        if (top.m_axis_tvalid && top.m_axis_tready) {
            Taken one;
            std::memcpy(one.data, held, sizeof held);
            one.clock = clock;
            one.last = held_last;
            taken.items.push_back(one);
            if (credit > 0) credit = one.last ? 0 : credit - 1;
            ++received;
            quiet = 0;
        }
        return true;
    }

    bool soft_reset() {
        const Command& c = commands.front();
        return c.op == WRITE && c.offset == SOFT_RESET && (c.value & SOFT_RESET_BIT);
    }

    void answer(uint32_t value, uint32_t response) {
        now.value = value;
        now.response = response;
        now.done = clock;
        now.sent = sent;
        now.received = received;
        quiet = 0;
        busy = false;
        const Command& c = commands.front();
        if (c.op == POLL && !response && (value & c.mask) != (c.value & c.mask)) {
            if (clock - now.start > POLL_PATIENCE) fault = NO_ANSWER;
            busy = ar = true;  // ask again
            return;
        }
        results.items.push_back(now);
        commands.pop();
    }

    bool observe_bus() {  // sent and received are those before this clock: called first
        bool bvalid = top.s_axi_ctrl_bvalid, rvalid = top.s_axi_ctrl_rvalid;
        if (b_held && !bvalid) return failed(B_WITHDRAWN);
        if (r_held && !rvalid) return failed(R_WITHDRAWN);
        if (r_held && (r_data != top.s_axi_ctrl_rdata || r_resp != top.s_axi_ctrl_rresp)) return failed(R_CHANGED);
        if (b_held && b_resp != top.s_axi_ctrl_bresp) return failed(R_CHANGED);
        bool writes = busy && commands.front().op == WRITE, reads = busy && !writes;
        if (bvalid && (!writes || aw || w)) return failed(B_EARLY);
        if (rvalid && (!reads || ar)) return failed(R_EARLY);
        if (aw_out && top.s_axi_ctrl_awready) aw = aw_out = false, quiet = 0;
        if (w_out && top.s_axi_ctrl_wready) w = w_out = false, quiet = 0;
        if (writes && !w && soft_reset()) forgiven = clock + 8;
        if (ar_out && top.s_axi_ctrl_arready) ar = ar_out = false, quiet = 0;
        b_held = bvalid && !top.s_axi_ctrl_bready;
        r_held = rvalid && !top.s_axi_ctrl_rready;
        b_resp = top.s_axi_ctrl_bresp;
        r_data = top.s_axi_ctrl_rdata;
        r_resp = top.s_axi_ctrl_rresp;
        if (bvalid && top.s_axi_ctrl_bready) answer(0, b_resp), asked = clock;
        else if (rvalid && top.s_axi_ctrl_rready) answer(r_data, r_resp), asked = clock;
        else if (busy && clock - asked > BUS_PATIENCE) return failed(NO_ANSWER);
        return fault == NONE;
    }

    // Up to `clocks` clocks. 0: they are over; 1: all that was asked for is reached; 2: a rule is broken; 3: nothing moves.
    int run(int64_t clocks, int64_t out, int64_t in, bool bus, int64_t patience) {
        bool asks = out >= 0 || in >= 0 || bus;
        quiet = 0;
        for (int64_t k = 0; !fault; ++k) {
            if (asks && (int64_t(taken.size()) >= out || !credit) && (in < 0 || int64_t(words.size()) <= in) &&
                !(bus && commands.size()))
                return 1;
            if (k >= clocks) return 0;
            drive_streams();
            drive_bus();
            settle();
            if (!observe_bus() || !observe_streams() || !observe_memory()) break;
            top.aclk = 1;
            top.eval();
            ++clock;
            if (++quiet > patience && asks) return 3;
        }
        return 2;
    }
};

}  // namespace

extern "C" {

void* shell_open(int64_t seed) { return new Bench(uint32_t(seed)); }

void shell_close(void* handle) {
    static_cast<Bench*>(handle)->top.final();
    delete static_cast<Bench*>(handle);
}

void shell_reset(void* handle, int clocks) {
    static_cast<Bench*>(handle)->fault = NONE;
    static_cast<Bench*>(handle)->reset(clocks);
}

// stalls: probability times 2^32 of source, sink and bus
void shell_stalls(void* handle, int64_t seed, const int64_t* stalls, int64_t burst) {
    Bench& bench = *static_cast<Bench*>(handle);
    uint64_t mixed = 0x9E3779B97F4A7C15ull * uint64_t(seed + 1);
    for (int k = 0; k < GATES; ++k) {
        Gate gate;
        gate.random = Random{(mixed ^ (0xBF58476D1CE4E5B9ull * uint64_t(k + 1))) | 1};
        gate.stall = uint64_t(stalls[k < 2 ? k : 2]);
        gate.burst = uint32_t(burst);
        bench.gate[k] = gate;
    }
}

void shell_send(void* handle, int64_t count, const uint32_t* data, const uint32_t* keep, const uint8_t* last) {
    Bench& bench = *static_cast<Bench*>(handle);
    for (int64_t k = 0; k < count; ++k) {
        Word word;
        std::memcpy(word.data, data + k * IN_WORDS, sizeof word.data);
        std::memcpy(word.keep, keep + k * IN_KEEP, sizeof word.keep);
        word.last = last[k];
        bench.words.items.push_back(word);
    }
}

void shell_accept(void* handle, int64_t count) { static_cast<Bench*>(handle)->credit = count; }

void shell_drop(void* handle) {
    static_cast<Bench*>(handle)->words = {};
    static_cast<Bench*>(handle)->offers = false;
}

void shell_queue(void* handle, int64_t count, const Command* commands) {
    auto& items = static_cast<Bench*>(handle)->commands.items;
    items.insert(items.end(), commands, commands + count);
}

int shell_run(void* handle, int64_t clocks, int64_t out, int64_t in, int bus, int64_t patience) {
    return static_cast<Bench*>(handle)->run(clocks, out, in, bus, patience);
}

// One access, now. 0: a script waits and goes first; 1: done; 2: a rule is broken.
int shell_access(void* handle, const Command* command, Result* result) {
    Bench& bench = *static_cast<Bench*>(handle);
    if (bench.commands.size()) return 0;
    bench.commands.items.push_back(*command);
    int code = bench.run(INT64_MAX, -1, -1, true, INT64_MAX);
    if (code != 1) return 2;
    *result = bench.results.items.back();
    bench.results.items.pop_back();
    if (!bench.results.size()) bench.results = {};
    return 1;
}

void shell_receive(void* handle, int64_t count, uint32_t* data, uint8_t* last, int64_t* clocks) {
    auto& taken = static_cast<Bench*>(handle)->taken;
    for (int64_t k = 0; k < count; ++k) {
        const Taken& one = taken.items[taken.head + k];
        std::memcpy(data + k * OUT_WORDS, one.data, sizeof one.data);
        last[k] = one.last;
        clocks[k] = one.clock;
    }
    taken.pop(count);
}

void shell_sent(void* handle, int64_t count, int64_t* clocks) {
    auto& stamps = static_cast<Bench*>(handle)->stamps;
    std::memcpy(clocks, stamps.items.data() + stamps.head, count * sizeof *clocks);
    stamps.pop(count);
}

void shell_results(void* handle, int64_t count, Result* to) {
    auto& results = static_cast<Bench*>(handle)->results;
    std::memcpy(to, results.items.data() + results.head, count * sizeof *to);
    results.pop(count);
}

#ifdef WEIGHT_MEMORY
void weights_regions(void* handle, int64_t count, const uint64_t* rows) {
    static_cast<Bench*>(handle)->memory.hold(count, rows);
}

void weights_timing(void* handle, int64_t latency, int64_t stall, int64_t burst, int64_t seed) {
    static_cast<Bench*>(handle)->memory.pace(latency, stall, burst, seed);
}

void weights_fault(void* handle, int64_t fault, int64_t beat) { static_cast<Bench*>(handle)->memory.fail(fault, beat); }

void weights_report(void* handle, int64_t* report) {
    static_cast<Bench*>(handle)->memory.report(report, 0, 0);
}
#endif

// clock, words sent, words received, then how many wait: input words, output words, commands, results, stamps; fault, credit
void shell_report(void* handle, int64_t* report) {
    Bench& b = *static_cast<Bench*>(handle);
    const int64_t found[] = {b.clock, b.sent, b.received, int64_t(b.words.size()), int64_t(b.taken.size()),
                             int64_t(b.commands.size()), int64_t(b.results.size()), int64_t(b.stamps.size()), b.fault, b.credit};
    std::memcpy(report, found, sizeof found);
}

}  // extern "C"
