# The IPs that are known: version, parameters with their values, pins, interfaces, address spaces and segments.
#
# Names and values are facts of public Zynq-7000 hand-offs and of the product guides (PG021 AXI DMA, PG085 AXI4-Stream
# infrastructure, PG164 Processor System Reset, PG247 SmartConnect, PG082 Processing System 7); tests compare the names
# with a genuine hand-off file.

set bit {^[01]$}
set number {^-?[0-9]+(\.[0-9]+)?$}

# Parameters: pattern of the name, pattern of the value.
set parameters [dict create]

dict set parameters xilinx.com:ip:processing_system7:5.5 [list \
    {^PCW_(CRYSTAL|APU|FPGA[0-3]|QSPI|UART|SDIO)_PERIPHERAL_FREQMHZ$} $number \
    {^PCW_FCLK[0-3]_PERIPHERAL_CLKSRC$} {^(IO|ARM|DDR) PLL$} \
    {^PCW_FPGA_FCLK[0-3]_ENABLE$} $bit \
    {^PCW_EN_(CLK|RST)[0-3]_PORT$} $bit \
    {^PCW_USE_(M_AXI_GP[01]|S_AXI_GP[01]|S_AXI_HP[0-3]|S_AXI_ACP|FABRIC_INTERRUPT)$} $bit \
    {^PCW_IRQ_F2P_INTR$} $bit \
    {^PCW_S_AXI_HP[0-3]_DATA_WIDTH$} {^(32|64)$} \
    {^PCW_DDR_RAM_HIGHADDR$} {^0x[0-9A-Fa-f]{8}$} \
    {^PCW_UIPARAM_DDR_(ENABLE|TRAIN_(WRITE_LEVEL|READ_GATE|DATA_EYE))$} $bit \
    {^PCW_UIPARAM_DDR_MEMORY_TYPE$} {^(DDR 2|DDR 3|DDR 3 \(Low Voltage\)|LPDDR 2)$} \
    {^PCW_UIPARAM_DDR_PARTNO$} {^(Custom|MT4[0-9A-Z]+ [A-Z0-9]+-[0-9]+[A-Z]?)$} \
    {^PCW_UIPARAM_DDR_BUS_WIDTH$} {^(16|32) Bit$} \
    {^PCW_UIPARAM_DDR_(FREQ_MHZ|BOARD_DELAY[0-3]|DQS_TO_CLK_DELAY_[0-3])$} $number \
    {^PCW_PRESET_BANK[01]_VOLTAGE$} {^LVCMOS (1\.8|2\.5|3\.3)V$} \
    {^PCW_(QSPI|UART[01]|ENET[01]|SD[01]|USB[01])_PERIPHERAL_ENABLE$} $bit \
    {^PCW_(QSPI_GRP_(SINGLE_SS|FBCLK)|ENET[01]_GRP_MDIO|SD[01]_GRP_CD|GPIO_MIO_GPIO)_ENABLE$} $bit \
    {^PCW_((ENET|USB)[01]?_RESET)_ENABLE$} $bit \
    {^PCW_(ENET|USB)_RESET_SELECT$} {^(Share reset pin|Separate reset pins)$} \
    {^PCW_GPIO_MIO_GPIO_IO$} {^MIO$} \
    {^PCW_SINGLE_QSPI_DATA_MODE$} {^x[124]$} \
    {^PCW_(QSPI_QSPI|QSPI_GRP_(SINGLE_SS|FBCLK)|UART0_UART0|ENET0_ENET0|ENET0_GRP_MDIO|SD0_SD0|SD0_GRP_CD|USB0_USB0)_IO$} \
        {^MIO [0-9]+( \.\. [0-9]+)?$} \
    {^PCW_(ENET0|USB0)_RESET_IO$} {^MIO [0-9]+$} \
    {^PCW_ENET[01]_PERIPHERAL_FREQMHZ$} {^(1000|100|10) Mbps$} \
    {^PCW_MIO_([0-9]|[1-4][0-9]|5[0-3])_PULLUP$} {^(enabled|disabled)$} \
    {^PCW_MIO_([0-9]|[1-4][0-9]|5[0-3])_SLEW$} {^(slow|fast)$} \
]
dict set parameters xilinx.com:ip:proc_sys_reset:5.0 [list \
    {^C_(EXT|AUX)_RESET_HIGH$} $bit \
    {^C_(EXT|AUX)_RST_WIDTH$} {^([1-9]|1[0-6])$} \
    {^C_NUM_(BUS_RST|PERP_RST|INTERCONNECT_ARESETN|PERP_ARESETN)$} {^[1-9]$} \
]
dict set parameters xilinx.com:ip:axi_dma:7.1 [list \
    {^c_include_sg$} $bit {^c_sg_include_stscntrl_strm$} $bit {^c_micro_dma$} $bit {^c_single_interface$} $bit \
    {^c_include_(mm2s|s2mm)(_dre)?$} $bit \
    {^c_sg_length_width$} {^([89]|1[0-9]|2[0-6])$} \
    {^c_addr_width$} {^(3[2-9]|[45][0-9]|6[0-4])$} \
    {^c_m_axi_(mm2s|s2mm)_data_width$} {^(32|64|128|256|512|1024)$} \
    {^c_(m_axis_mm2s|s_axis_s2mm)_tdata_width$} {^(8|16|32|64|128|256|512|1024)$} \
    {^c_(mm2s|s2mm)_burst_size$} {^(2|4|8|16|32|64|128|256)$} \
]
dict set parameters xilinx.com:ip:axis_clock_converter:1.1 [list \
    {^TDATA_NUM_BYTES$} {^([1-9]|[1-9][0-9]|[1-4][0-9][0-9]|50[0-9]|51[0-2])$} \
    {^(HAS_TKEEP|HAS_TLAST|HAS_TSTRB|IS_ACLK_ASYNC)$} $bit \
    {^SYNCHRONIZATION_STAGES$} {^[2-8]$}]
dict set parameters xilinx.com:ip:smartconnect:1.0 [list \
    {^NUM_(SI|MI)$} {^([1-9]|1[0-6])$} {^NUM_CLKS$} {^[1-9]$} {^HAS_ARESETN$} $bit]
dict set parameters xilinx.com:ip:xlconcat:2.1 [list \
    {^NUM_PORTS$} {^([1-9]|[12][0-9]|3[0-2])$} {^IN([0-9]|[12][0-9]|3[01])_WIDTH$} {^[1-9][0-9]*$}]

# Values without which pins are unknown here; what Vivado has for defaults is not relied upon.
set defaults {
    xilinx.com:ip:smartconnect:1.0 {NUM_CLKS 1 HAS_ARESETN 1}
    xilinx.com:ip:axis_clock_converter:1.1 {TDATA_NUM_BYTES 1}
}

proc ip_known {vlnv} {
    return [expr {[dict exists $::parameters $vlnv] || $vlnv in $::known_packaged}]
}

# Error unless the IP has this parameter and the parameter this value.
proc check_config {vlnv name value} {
    foreach {names values} [expr {[dict exists $::parameters $vlnv] ? [dict get $::parameters $vlnv] : {}}] {
        if {[regexp $names $name]} {
            if {![regexp $values $value]} {
                error "parameter $name of [lindex [split $vlnv :] 2] cannot be '$value'"
            }
            return
        }
    }
    error "[lindex [split $vlnv :] 2] has no parameter $name"
}

proc is {config name {value 1}} {
    return [expr {[dict exists $config $name] && [dict get $config $name] eq $value}]
}

# Dictionary pin -> {direction kind required clocks width}; kinds: clk, rstn (active low), rst (active high), irq, data. A
# reset goes with one of the clock pins of its cell; an input without any is brought into a clock's domain inside.
proc ip_pins {vlnv config} {
    switch $vlnv {
        xilinx.com:ip:processing_system7:5.5 {
            set pins {}
            for {set k 0} {$k < 4} {incr k} {
                if {[is $config PCW_EN_CLK${k}_PORT] && [is $config PCW_FPGA_FCLK${k}_ENABLE]} {
                    lappend pins FCLK_CLK$k {output clk 0}
                }
                if {[is $config PCW_EN_RST${k}_PORT]} {
                    lappend pins FCLK_RESET${k}_N {output rstn 0}
                }
            }
            foreach port {M_AXI_GP0 M_AXI_GP1 S_AXI_HP0 S_AXI_HP1 S_AXI_HP2 S_AXI_HP3} {
                if {[is $config PCW_USE_$port]} {
                    lappend pins ${port}_ACLK {input clk 1}
                }
            }
            if {[is $config PCW_USE_FABRIC_INTERRUPT] && [is $config PCW_IRQ_F2P_INTR]} {
                lappend pins IRQ_F2P {input irq 1}
            }
            return $pins
        }
        xilinx.com:ip:proc_sys_reset:5.0 {
            set external [expr {[is $config C_EXT_RESET_HIGH] ? "rst" : "rstn"}]
            return [list slowest_sync_clk {input clk 1} ext_reset_in [list input $external 1] aux_reset_in {input rstn 0} \
                mb_debug_sys_rst {input rst 0} dcm_locked {input data 0} mb_reset {output rst 0} \
                bus_struct_reset {output rst 0} peripheral_reset {output rst 0} \
                interconnect_aresetn {output rstn 0 slowest_sync_clk} peripheral_aresetn {output rstn 0 slowest_sync_clk}]
        }
        xilinx.com:ip:axi_dma:7.1 {
            set pins {s_axi_lite_aclk {input clk 1} axi_resetn {input rstn 1 s_axi_lite_aclk}}
            foreach side {mm2s s2mm} {
                if {[is $config c_include_$side]} {
                    lappend pins m_axi_${side}_aclk {input clk 1} ${side}_introut {output irq 0} \
                        ${side}_prmry_reset_out_n [list output rstn 0 m_axi_${side}_aclk]
                }
            }
            if {[is $config c_include_sg]} {
                lappend pins m_axi_sg_aclk {input clk 1}
            }
            return $pins
        }
        xilinx.com:ip:smartconnect:1.0 {
            set pins {}
            foreach clock [smartconnect_clocks $config] {
                lappend pins $clock {input clk 1}
            }
            if {[is $config HAS_ARESETN]} {
                lappend pins aresetn [list input rstn 1 [smartconnect_clocks $config]]
            }
            return $pins
        }
        xilinx.com:ip:axis_clock_converter:1.1 {
            return {s_axis_aclk {input clk 1} s_axis_aresetn {input rstn 1 s_axis_aclk} \
                m_axis_aclk {input clk 1} m_axis_aresetn {input rstn 1 m_axis_aclk}}
        }
        xilinx.com:ip:xlconcat:2.1 {
            set pins {dout {output irq 0}}
            for {set k 0} {[dict exists $config NUM_PORTS] && $k < [dict get $config NUM_PORTS]} {incr k} {
                lappend pins In$k {input irq 1}
            }
            return $pins
        }
        xilinx.com:ip:axi_vdma:6.3 - xilinx.com:ip:clk_wiz:6.0 - xilinx.com:ip:axi_intc:4.1 {
            return [video_pins $vlnv $config]
        }
    }
    set pins {}
    dict for {name spec} [dict get $::packaged $vlnv interfaces] {
        switch [dict get $spec protocol] {
            clk {lappend pins $name {input clk 1}}
            rst {lappend pins $name [list input rstn 1 [dict get $spec clock]]}
            pin {lappend pins $name [list output data 1 "" [dict get $spec width]]}
        }
    }
    return $pins
}

# Clock pins of a SmartConnect.
proc smartconnect_clocks {config} {
    set clocks aclk
    for {set k 1} {$k < [dict get $config NUM_CLKS]} {incr k} {
        lappend clocks aclk$k
    }
    return $clocks
}

# Dictionary interface -> {protocol mode clocks required width signals}; clocks are the pins of which one is the
# interface's; width in bits, 0 where it adapts; signals of a stream beside TDATA, TVALID and TREADY.
proc ip_interfaces {vlnv config} {
    switch $vlnv {
        xilinx.com:ip:processing_system7:5.5 {
            set found {DDR {ddrx_rtl master "" 1 0} FIXED_IO {fixedio_rtl master "" 1 0}}
            foreach port {M_AXI_GP0 M_AXI_GP1} {
                if {[is $config PCW_USE_$port]} {
                    lappend found $port [list aximm master ${port}_ACLK 1 32]
                }
            }
            foreach port {S_AXI_HP0 S_AXI_HP1 S_AXI_HP2 S_AXI_HP3} {
                if {[is $config PCW_USE_$port]} {
                    lappend found $port [list aximm slave ${port}_ACLK 1 64]
                }
            }
            if {[is $config PCW_USB0_PERIPHERAL_ENABLE]} {
                lappend found USBIND_0 {usbctrl_rtl master "" 0 0}
            }
            return $found
        }
        xilinx.com:ip:axi_dma:7.1 {
            set found {S_AXI_LITE {aximm slave s_axi_lite_aclk 1 32}}
            foreach {side master stream mode} {mm2s M_AXI_MM2S M_AXIS_MM2S master s2mm M_AXI_S2MM S_AXIS_S2MM slave} {
                if {[is $config c_include_$side]} {
                    set width [dict get $config c_[string tolower $stream]_tdata_width]
                    lappend found $master [list aximm master m_axi_${side}_aclk 1 [dict get $config c_m_axi_${side}_data_width]]
                    lappend found $stream [list axis $mode m_axi_${side}_aclk 1 $width {TKEEP TLAST}]
                }
            }
            if {[is $config c_include_sg]} {
                lappend found M_AXI_SG {aximm master m_axi_sg_aclk 1 32}
            }
            return $found
        }
        xilinx.com:ip:smartconnect:1.0 {
            set found {}
            foreach {letter count mode} {S NUM_SI slave M NUM_MI master} {
                for {set k 0} {[dict exists $config $count] && $k < [dict get $config $count]} {incr k} {
                    lappend found [format "%s%02d_AXI" $letter $k] [list aximm $mode [smartconnect_clocks $config] 1 0]
                }
            }
            return $found
        }
        xilinx.com:ip:axis_clock_converter:1.1 {
            set width [expr {8 * [dict get $config TDATA_NUM_BYTES]}]
            set signals {}
            foreach name {TKEEP TLAST TSTRB} {
                if {[is $config HAS_$name]} {
                    lappend signals $name
                }
            }
            return [list S_AXIS [list axis slave s_axis_aclk 1 $width $signals] \
                M_AXIS [list axis master m_axis_aclk 1 $width $signals]]
        }
        xilinx.com:ip:proc_sys_reset:5.0 - xilinx.com:ip:xlconcat:2.1 {
            return {}
        }
        xilinx.com:ip:axi_vdma:6.3 - xilinx.com:ip:clk_wiz:6.0 - xilinx.com:ip:axi_intc:4.1 {
            return [video_interfaces $vlnv $config]
        }
    }
    set found {}
    dict for {name spec} [dict get $::packaged $vlnv interfaces] {
        if {[dict get $spec protocol] in {aximm axis}} {
            lappend found $name [list [dict get $spec protocol] [dict get $spec mode] [dict get $spec clock] 1 \
                [dict get $spec width] [dict get $spec signals]]
        }
    }
    return $found
}

# Address spaces: name -> {interface lowest highest}.
proc ip_spaces {vlnv config} {
    switch $vlnv {
        xilinx.com:ip:processing_system7:5.5 {
            return {Data {M_AXI_GP0 0x40000000 0x7FFFFFFF}}
        }
        xilinx.com:ip:axi_dma:7.1 {
            set top [expr {(1 << [dict get $config c_addr_width]) - 1}]
            return [list Data_MM2S [list M_AXI_MM2S 0 $top] Data_S2MM [list M_AXI_S2MM 0 $top]]
        }
        xilinx.com:ip:axi_vdma:6.3 {
            return {Data_MM2S {M_AXI_MM2S 0 0xFFFFFFFF}}
        }
    }
    set found {}
    if {[dict exists $::packaged $vlnv]} {
        dict for {name spec} [dict get $::packaged $vlnv interfaces] {
            if {[dict get $spec protocol] eq "aximm" && [dict get $spec mode] eq "master"} {
                lappend found $name [list $name 0 [expr {(1 << [dict get $spec address]) - 1}]]
            }
        }
    }
    return $found
}

# Address segments: name -> {interface smallest largest}; sizes in bytes.
proc ip_segments {vlnv config} {
    switch $vlnv {
        xilinx.com:ip:processing_system7:5.5 {
            set size [expr {[dict exists $config PCW_DDR_RAM_HIGHADDR] ? [dict get $config PCW_DDR_RAM_HIGHADDR] + 1 : 0}]
            set found {}
            foreach port {HP0 HP1 HP2 HP3} {
                if {[is $config PCW_USE_S_AXI_$port]} {
                    lappend found S_AXI_$port/${port}_DDR_LOWOCM [list S_AXI_$port 4096 $size]
                }
            }
            return $found
        }
        xilinx.com:ip:axi_vdma:6.3 - xilinx.com:ip:axi_intc:4.1 {
            return [video_segments $vlnv $config]
        }
        xilinx.com:ip:axi_dma:7.1 {
            return {S_AXI_LITE/Reg {S_AXI_LITE 4096 0x40000000}}
        }
    }
    set found {}
    if {[dict exists $::packaged $vlnv]} {
        dict for {name spec} [dict get $::packaged $vlnv interfaces] {
            if {[dict get $spec protocol] eq "aximm" && [dict get $spec mode] eq "slave"} {
                lappend found $name/reg0 [list $name [expr {1 << [dict get $spec address]}] 0x40000000]
            }
        }
    }
    return $found
}
