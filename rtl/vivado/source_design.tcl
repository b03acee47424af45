# The block design of a source: the processing system, the DMA's receiving side, the shell and what lies between them.
# Clocks, crossings and most cells are those of block_design.tcl.
proc create_source_design {overlay} {
    create_cells $overlay

    set converter [create_bd_cell -type ip -vlnv xilinx.com:ip:axis_clock_converter:1.1 from_net]
    set_property -dict [cell_config [dict get $overlay from_net_config]] $converter

    set memory [create_bd_cell -type ip -vlnv xilinx.com:ip:smartconnect:1.0 memory]
    set_property -dict {CONFIG.NUM_SI 1 CONFIG.NUM_MI 1 CONFIG.NUM_CLKS 1} $memory

    set interrupts [create_bd_cell -type ip -vlnv xilinx.com:ip:xlconcat:2.1 interrupts]
    set_property -dict {CONFIG.NUM_PORTS 1} $interrupts

    connect_source_interfaces
    connect_source_wires
    if {![dict get $overlay video]} {
        connect_driver dma/s2mm_introut {interrupts/In0}
        connect_driver interrupts/dout {ps7/IRQ_F2P}
    }
}

proc connect_source_interfaces {} {
    connect_pads
    connect_pairs {
        ps7/M_AXI_GP0    control/S00_AXI
        control/M00_AXI  dma/S_AXI_LITE
        control/M01_AXI  net/s_axi_ctrl
        dma/M_AXI_S2MM   memory/S00_AXI
        memory/M00_AXI   ps7/S_AXI_HP0
        net/m_axis       from_net/S_AXIS
        from_net/M_AXIS  dma/S_AXIS_S2MM
    }
}

# Clocks and resets.
proc connect_source_wires {} {
    connect_driver ps7/FCLK_CLK0 {net/aclk net_reset/slowest_sync_clk control/aclk1 from_net/s_axis_aclk}
    connect_driver ps7/FCLK_CLK1 {
        ps7/M_AXI_GP0_ACLK ps7/S_AXI_HP0_ACLK bus_reset/slowest_sync_clk control/aclk memory/aclk
        dma/s_axi_lite_aclk dma/m_axi_s2mm_aclk from_net/m_axis_aclk
    }
    connect_driver ps7/FCLK_RESET0_N {net_reset/ext_reset_in bus_reset/ext_reset_in}
    connect_driver bus_reset/interconnect_aresetn {control/aresetn memory/aresetn}
    connect_driver bus_reset/peripheral_aresetn {dma/axi_resetn}
    connect_driver net_reset/peripheral_aresetn {net/aresetn from_net/s_axis_aresetn}
    connect_driver dma/s2mm_prmry_reset_out_n {from_net/m_axis_aresetn}
}
