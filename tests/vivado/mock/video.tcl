# The IPs of the video hierarchy: their pins, interfaces, spaces and segments, as `catalogue.tcl` has them of the others;
# and the pins of the HDMI connector.
#
# Names are those of public Vivado scripts for Zynq-7000 boards, of the product guides PG020 (AXI VDMA), PG065 (clocking
# wizard) and PG099 (AXI interrupt controller), and of a public hand-off file with a clocking wizard.

dict set parameters xilinx.com:ip:axi_vdma:6.3 [list \
    {^c_include_(mm2s|s2mm)$} $bit {^c_include_(mm2s|s2mm)_dre$} $bit \
    {^c_num_fstores$} {^([1-9]|[12][0-9]|3[0-2])$} \
    {^c_m_axi_(mm2s|s2mm)_data_width$} {^(32|64|128|256|512|1024)$} \
    {^c_(m_axis_mm2s|s_axis_s2mm)_tdata_width$} {^(8|16|24|32|40|48|56|64|96|128)$} \
    {^c_(mm2s|s2mm)_max_burst_length$} {^(2|4|8|16|32|64|128|256)$} \
    {^c_(mm2s|s2mm)_linebuffer_depth$} {^(128|256|512|1024|2048|4096|8192|16384|32768)$} \
    {^c_(mm2s|s2mm)_genlock_mode$} {^[0-3]$} \
    {^c_use_(mm2s|s2mm)_fsync$} {^[0-2]$}]
dict set parameters xilinx.com:ip:clk_wiz:6.0 [list \
    {^PRIM_IN_FREQ$} $number \
    {^PRIM_SOURCE$} {^(Single_ended_clock_capable_pin|Differential_clock_capable_pin|Global_buffer|No_buffer)$} \
    {^NUM_OUT_CLKS$} {^[1-7]$} \
    {^CLKOUT[1-7]_REQUESTED_OUT_FREQ$} $number \
    {^CLKOUT[2-7]_USED$} {^(true|false)$} \
    {^USE_(LOCKED|RESET)$} {^(true|false)$} \
    {^RESET_TYPE$} {^ACTIVE_(LOW|HIGH)$} \
    {^RESET_PORT$} {^resetn?$}]
dict set parameters xilinx.com:ip:axi_intc:4.1 [list {^C_IRQ_CONNECTION$} $bit]

proc video_pins {vlnv config} {
    switch $vlnv {
        xilinx.com:ip:axi_vdma:6.3 {
            set pins {s_axi_lite_aclk {input clk 1} axi_resetn {input rstn 1 s_axi_lite_aclk}}
            foreach {side stream} {mm2s m_axis_mm2s s2mm s_axis_s2mm} {
                if {[is $config c_include_$side]} {
                    lappend pins m_axi_${side}_aclk {input clk 1} ${stream}_aclk {input clk 1} \
                        ${side}_introut {output irq 0}
                }
            }
            return $pins
        }
        xilinx.com:ip:clk_wiz:6.0 {
            set pins {clk_in1 {input clk 1} clk_out1 {output clk 0}}
            for {set k 2} {$k <= [dict get $config NUM_OUT_CLKS]} {incr k} {
                if {[is $config CLKOUT${k}_USED true]} {
                    lappend pins clk_out$k {output clk 0}
                }
            }
            if {[is $config RESET_TYPE ACTIVE_LOW]} {
                lappend pins resetn {input rstn 1}
            } else {
                lappend pins reset {input rst 1}
            }
            if {[is $config USE_LOCKED true]} {
                lappend pins locked {output data 0}
            }
            return $pins
        }
    }
    # with C_IRQ_CONNECTION 0, the interrupt is an interface for a MicroBlaze
    set pins {s_axi_aclk {input clk 1} s_axi_aresetn {input rstn 1 s_axi_aclk} intr {input irq 1}}
    return [expr {[is $config C_IRQ_CONNECTION] ? [concat $pins {irq {output irq 0}}] : $pins}]
}

proc video_interfaces {vlnv config} {
    switch $vlnv {
        xilinx.com:ip:axi_vdma:6.3 {
            set found {S_AXI_LITE {aximm slave s_axi_lite_aclk 1 32}}
            foreach {side master stream mode} {mm2s M_AXI_MM2S M_AXIS_MM2S master s2mm M_AXI_S2MM S_AXIS_S2MM slave} {
                if {[is $config c_include_$side]} {
                    set width [dict get $config c_[string tolower $stream]_tdata_width]
                    lappend found $master [list aximm master m_axi_${side}_aclk 1 [dict get $config c_m_axi_${side}_data_width]]
                    lappend found $stream [list axis $mode [string tolower $stream]_aclk 1 $width {TKEEP TLAST TUSER}]
                }
            }
            return $found
        }
        xilinx.com:ip:axi_intc:4.1 {
            return {s_axi {aximm slave s_axi_aclk 1 32}}
        }
    }
    return {}
}

# A space or segment of the interrupt controller has the name of its memory map, in capitals.
proc video_segments {vlnv config} {
    switch $vlnv {
        xilinx.com:ip:axi_vdma:6.3 {
            return {S_AXI_LITE/Reg {S_AXI_LITE 4096 0x40000000}}
        }
        xilinx.com:ip:axi_intc:4.1 {
            return {S_AXI/Reg {s_axi 4096 0x40000000}}
        }
    }
    return {}
}

# What the parameters of the video DMA and the clocking wizard must fit: each other, and the limits of the chip.
proc check_video {cell own} {
    set config [dict get $own config]
    switch [dict get $own vlnv] {
        xilinx.com:ip:axi_vdma:6.3 {
            if {[dict get $config c_mm2s_max_burst_length] * [dict get $config c_m_axi_mm2s_data_width] / 8 > 4096} {
                error "$cell: bursts go beyond 4 KiB"
            }
            if {[frequency_of $cell/m_axi_mm2s_aclk] > $::highest_dma} {
                error "$cell: it runs at [frequency_of $cell/m_axi_mm2s_aclk] MHz, $::highest_dma at most"
            }
        }
        xilinx.com:ip:clk_wiz:6.0 {
            if {[frequency_of $cell/clk_in1] != [dict get $config PRIM_IN_FREQ]} {
                error "$cell: clk_in1 has [frequency_of $cell/clk_in1] MHz, PRIM_IN_FREQ is [dict get $config PRIM_IN_FREQ]"
            }
            foreach {name value} $config {
                if {[string match CLKOUT*_FREQ $name] && ($value < 4.69 || $value > 464)} {
                    error "$cell: $name $value is beyond a clock manager and a global buffer of speed grade -1"
                }
            }
        }
    }
}

# Balls of the HDMI output connector of the PYNQ-Z1.
set hdmi_balls {
    hdmi_tx_clk_p L16 hdmi_tx_clk_n L17 hdmi_tx_d_p[0] K17 hdmi_tx_d_n[0] K18 hdmi_tx_d_p[1] K19 hdmi_tx_d_n[1] J19
    hdmi_tx_d_p[2] J18 hdmi_tx_d_n[2] H18
}

# Every bit of every port of the design has its ball and its level, once; nothing else is in the design's constraints.
proc check_placements {} {
    set wanted {}
    dict for {name width} $::outside {
        for {set k 0} {$k < $width} {incr k} {
            lappend wanted [expr {$width == 1 ? $name : "$name\[$k\]"}]
        }
    }
    set placed {}
    foreach file [get_own fileset:constrs_1 FILES] {
        set channel [open $file]
        while {[gets $channel line] >= 0} {
            if {[regexp {^\s*(#.*)?$} $line]} {
                continue
            }
            set pattern {^set_property -dict \{PACKAGE_PIN (\w+) IOSTANDARD (\w+)\} \[get_ports \{([\w\[\]]+)\}\]$}
            if {![regexp $pattern $line -> ball level port]} {
                error "[file tail $file]: '$line' is no place of a port"
            }
            if {$port ni $wanted || $port in $placed} {
                error "[file tail $file]: there is no port $port, or it has a place already"
            }
            if {![dict exists $::hdmi_balls $port] || [dict get $::hdmi_balls $port] ne $ball || $level ne "TMDS_33"} {
                error "[file tail $file]: $port is not at $ball with $level on the PYNQ-Z1"
            }
            lappend placed $port
        }
        close $channel
    }
    if {[llength $placed] != [llength $wanted]} {
        error "[llength $wanted] pins leave the design, [llength $placed] of them have a place"
    }
}
