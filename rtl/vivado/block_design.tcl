# The block design: the processing system, the DMA, the net's shell and what lies between them.
#
# The net runs on FCLK_CLK0, buses and DMA on FCLK_CLK1. Registers cross from one to the other in the SmartConnect
# `control`, streams in the clock converters `to_net` and `from_net`; these IPs bring the constraints of what crosses.
proc create_block_design {overlay} {
    create_cells $overlay

    foreach name {to_net from_net} {
        set converter [create_bd_cell -type ip -vlnv xilinx.com:ip:axis_clock_converter:1.1 $name]
        set_property -dict [cell_config [dict get $overlay ${name}_config]] $converter
    }

    # both directions of the DMA to memory
    set memory [create_bd_cell -type ip -vlnv xilinx.com:ip:smartconnect:1.0 memory]
    set_property -dict {CONFIG.NUM_SI 2 CONFIG.NUM_MI 1 CONFIG.NUM_CLKS 1} $memory

    set interrupts [create_bd_cell -type ip -vlnv xilinx.com:ip:xlconcat:2.1 interrupts]
    set_property -dict {CONFIG.NUM_PORTS 2} $interrupts

    connect_interfaces
    connect_clocks
    connect_resets
    if {![dict get $overlay video]} {
        connect_interrupts
    }
}

# What every overlay has: processor, resets, DMA, shell, and registers from the processor to both of these.
proc create_cells {overlay} {
    create_bd_design [dict get $overlay design]

    set ps7 [create_bd_cell -type ip -vlnv xilinx.com:ip:processing_system7:5.5 ps7]
    set_property -dict [ps7_config [dict get $overlay clock_mhz] [dict get $overlay bus_mhz]] $ps7

    foreach name {net_reset bus_reset} {
        set reset [create_bd_cell -type ip -vlnv xilinx.com:ip:proc_sys_reset:5.0 $name]
        set_property -dict {CONFIG.C_EXT_RESET_HIGH 0} $reset
    }

    set dma [create_bd_cell -type ip -vlnv xilinx.com:ip:axi_dma:7.1 dma]
    set_property -dict [cell_config [dict get $overlay dma_config]] $dma
    set control [create_bd_cell -type ip -vlnv xilinx.com:ip:smartconnect:1.0 control]
    set_property -dict {CONFIG.NUM_SI 1 CONFIG.NUM_MI 2 CONFIG.NUM_CLKS 2} $control
    create_bd_cell -type ip -vlnv [dict get $overlay vlnv] net
}

proc connect_pads {} {
    create_bd_intf_port -mode Master -vlnv xilinx.com:interface:ddrx_rtl:1.0 DDR
    create_bd_intf_port -mode Master -vlnv xilinx.com:display_processing_system7:fixedio_rtl:1.0 FIXED_IO
    foreach name {DDR FIXED_IO} {
        connect_bd_intf_net [get_bd_intf_pins ps7/$name] [get_bd_intf_ports $name]
    }
}

# Interfaces, master first.
proc connect_pairs {pairs} {
    foreach {from to} $pairs {
        connect_bd_intf_net [get_bd_intf_pins $from] [get_bd_intf_pins $to]
    }
}

# Names and values as properties of a cell.
proc cell_config {config} {
    set properties {}
    foreach {name value} $config {
        lappend properties CONFIG.$name $value
    }
    return $properties
}

proc connect_interfaces {} {
    connect_pads
    connect_pairs {
        ps7/M_AXI_GP0    control/S00_AXI
        control/M00_AXI  dma/S_AXI_LITE
        control/M01_AXI  net/s_axi_ctrl
        dma/M_AXI_MM2S   memory/S00_AXI
        dma/M_AXI_S2MM   memory/S01_AXI
        memory/M00_AXI   ps7/S_AXI_HP0
        dma/M_AXIS_MM2S  to_net/S_AXIS
        to_net/M_AXIS    net/s_axis
        net/m_axis       from_net/S_AXIS
        from_net/M_AXIS  dma/S_AXIS_S2MM
    }
}

# One clock for the net, one for all else.
proc connect_clocks {} {
    connect_driver ps7/FCLK_CLK0 {
        net/aclk net_reset/slowest_sync_clk control/aclk1 to_net/m_axis_aclk from_net/s_axis_aclk
    }
    connect_driver ps7/FCLK_CLK1 {
        ps7/M_AXI_GP0_ACLK ps7/S_AXI_HP0_ACLK bus_reset/slowest_sync_clk control/aclk memory/aclk
        dma/s_axi_lite_aclk dma/m_axi_mm2s_aclk dma/m_axi_s2mm_aclk to_net/s_axis_aclk from_net/m_axis_aclk
    }
}

# The reset of the processing system, brought into each clock's domain. A SmartConnect brings its own into all of its
# clocks' (PG247). The converters' sides at the DMA are reset by the DMA, so that its reset empties them.
proc connect_resets {} {
    connect_driver ps7/FCLK_RESET0_N {net_reset/ext_reset_in bus_reset/ext_reset_in}
    connect_driver bus_reset/interconnect_aresetn {control/aresetn memory/aresetn}
    connect_driver bus_reset/peripheral_aresetn {dma/axi_resetn}
    connect_driver net_reset/peripheral_aresetn {net/aresetn to_net/m_axis_aresetn from_net/s_axis_aresetn}
    connect_driver dma/mm2s_prmry_reset_out_n {to_net/s_axis_aresetn}
    connect_driver dma/s2mm_prmry_reset_out_n {from_net/m_axis_aresetn}
}

proc connect_interrupts {} {
    connect_driver dma/mm2s_introut {interrupts/In0}
    connect_driver dma/s2mm_introut {interrupts/In1}
    connect_driver interrupts/dout {ps7/IRQ_F2P}
}

proc connect_driver {driver loads} {
    foreach load $loads {
        connect_bd_net [get_bd_pins $driver] [get_bd_pins $load]
    }
}
