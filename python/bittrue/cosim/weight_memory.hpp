// Memory behind an AXI4 read port m_axi_weights of a verilated module: bursts in order, each after a latency, beats and
// addresses with stalls, and faults on demand. It keeps nothing of a reset of the module: what was asked for comes.
#pragma once
#include <cstdint>
#include <cstring>
#include <deque>
#include <vector>

struct WeightMemory {
    enum Broken : int64_t { FINE, AR_WITHDRAWN, AR_CHANGED, AR_BURST, AR_BOUNDARY, AR_MANY, R_REFUSED };
    enum Fault : int64_t { NONE, SLAVE, DECODE, SHORT, LONG, SILENT };
    static constexpr int BEAT = 8, MOST_BEATS = 16, PAGE = 4096;

    struct Draw {  // xorshift64*
        uint64_t state = 0x9E3779B97F4A7C15ull;
        uint32_t next() {
            state ^= state >> 12;
            state ^= state << 25;
            state ^= state >> 27;
            return uint32_t((state * 0x2545F4914F6CDD1Dull) >> 32);
        }
    };
    struct Region {
        uint64_t address, bytes;
        const uint8_t* data;
    };
    struct Burst {
        uint32_t address;
        int beats;
        int64_t due;
    };

    std::vector<Region> regions;
    std::deque<Burst> bursts;
    Draw draw;
    uint64_t stall = 0;  // probability times 2^32 that a beat, or an address, waits
    int64_t latency = 0, burst = 1, most = 8, clock = 0, beats = 0, asked = 0;
    int64_t fault = NONE, fault_beat = -1;  // what happens at the beat of that number
    int64_t broken = FINE;
    int place = 0;
    int64_t hold_r = 0, hold_ar = 0;
    bool offers = false, silent = false, ar_held = false;
    uint32_t ar_address = 0;
    int ar_length = 0;

    void forget() {  // a reset of the whole design, interconnect and memory included
        bursts.clear();
        place = 0;
        offers = silent = ar_held = false;
    }

    void hold(int64_t count, const uint64_t* rows) {  // address, bytes and pointer of each region
        regions.clear();
        for (int64_t k = 0; k < count; ++k, rows += 3)
            regions.push_back({rows[0], rows[1], reinterpret_cast<const uint8_t*>(rows[2])});
    }

    void pace(int64_t latency_, int64_t stall_, int64_t burst_, int64_t seed) {
        latency = latency_, stall = uint64_t(stall_), burst = burst_;
        draw.state = (0x9E3779B97F4A7C15ull * uint64_t(seed + 1)) | 1;
    }

    void fail(int64_t fault_, int64_t beat) { fault = fault_, fault_beat = fault ? beats + beat : -1; }

    void report(int64_t* to, int64_t starved, int64_t error) const {
        const int64_t found[] = {beats, asked, broken, starved, error};
        std::memcpy(to, found, sizeof found);
    }

    bool waits(int64_t& left) {  // whether something stalls in this clock, in runs of up to `burst` clocks
        if (left > 0) return --left, true;
        if (!stall || draw.next() >= stall) return false;
        left = draw.next() % burst;
        return true;
    }

    bool read(uint32_t address, uint64_t& word) const {
        for (const Region& region : regions)
            if (address >= region.address && address + BEAT <= region.address + region.bytes) {
                std::memcpy(&word, region.data + (address - region.address), BEAT);
                return true;
            }
        return false;
    }

    template <class Top>
    void drive(Top& top) {
        top.m_axi_weights_arready = !waits(hold_ar) && int64_t(bursts.size()) < most;
        if (!offers && !bursts.empty() && bursts.front().due <= clock && !silent && !waits(hold_r)) {
            const Burst& now = bursts.front();
            uint64_t word = uint64_t(draw.next()) << 32 | draw.next();
            bool there = read(now.address + BEAT * place, word), last = place >= now.beats - 1;
            uint8_t answer = there ? 0 : 3;
            if (beats == fault_beat && fault != NONE) {
                if (fault == SILENT) {
                    silent = true;
                    return idle(top);
                }
                answer = fault == SLAVE ? 2 : fault == DECODE ? 3 : answer;
                if (fault == SHORT || fault == LONG) last = !last;  // one beat more follows a last one that is none
            }
            if (answer) word = uint64_t(draw.next()) << 32 | draw.next();
            top.m_axi_weights_rdata = word;
            top.m_axi_weights_rresp = answer;
            top.m_axi_weights_rlast = last;
            offers = true;
        }
        if (!offers) return idle(top);
        top.m_axi_weights_rvalid = 1;
    }

    template <class Top>
    void idle(Top& top) {
        top.m_axi_weights_rvalid = 0;
        top.m_axi_weights_rdata = uint64_t(draw.next()) << 32 | draw.next();
        top.m_axi_weights_rresp = draw.next() & 3;
        top.m_axi_weights_rlast = draw.next() & 1;
    }

    template <class Top>
    bool observe(Top& top) {  // false: the master broke a rule
        bool valid = top.m_axi_weights_arvalid, ready = top.m_axi_weights_arready;
        uint32_t address = top.m_axi_weights_araddr;
        int length = top.m_axi_weights_arlen + 1;
        if (ar_held && !valid) return failed(AR_WITHDRAWN);
        if (ar_held && (address != ar_address || length != ar_length)) return failed(AR_CHANGED);
        ar_held = valid && !ready;
        ar_address = address;
        ar_length = length;
        if (valid && ready) {
            if (top.m_axi_weights_arburst != 1 || top.m_axi_weights_arsize != 3 || address % BEAT || length > MOST_BEATS)
                return failed(AR_BURST);
            if (address / PAGE != (address + BEAT * length - 1) / PAGE) return failed(AR_BOUNDARY);
            if (int64_t(bursts.size()) >= most) return failed(AR_MANY);
            int64_t after = latency ? latency + draw.next() % (latency + 1) : 0;
            bursts.push_back({address, length, clock + 1 + after});
            ++asked;
        }
        if (offers && !top.m_axi_weights_rready) return failed(R_REFUSED);
        if (offers) {
            offers = false;
            ++place;
            if (beats++ == fault_beat) fault = NONE;
            if (top.m_axi_weights_rlast) place = 0, bursts.pop_front();
        }
        ++clock;
        return true;
    }

    bool failed(int64_t kind) {
        broken = kind;
        return false;
    }
};
