# The video hierarchy: frames in memory to the HDMI connector.
#
# The video DMA reads them through a memory port of its own and gives them out on the pixel clock; what crosses between
# its two clocks does so inside it. Cells are made and connected beside the others, and go into the hierarchy `video` at
# the end.
proc create_video {overlay} {
    set_property -dict {CONFIG.PCW_USE_S_AXI_HP2 1 CONFIG.PCW_S_AXI_HP2_DATA_WIDTH 64} [get_bd_cells ps7]
    set_property -dict {CONFIG.NUM_MI 4} [get_bd_cells control]
    if {[dict get $overlay source]} {
        set_property -dict {CONFIG.NUM_PORTS 2} [get_bd_cells interrupts]
    } else {
        set_property -dict {CONFIG.NUM_PORTS 3} [get_bd_cells interrupts]
    }
    create_video_cells $overlay
    connect_video_buses
    connect_video_wires
    connect_video_interrupts [dict get $overlay source]
    connect_video_pins
    set cells {}
    foreach name {axi_vdma hdmi_out pixel_clock pixel_reset frames} {
        lappend cells [get_bd_cells $name]
    }
    group_bd_cells video {*}$cells
}

proc create_video_cells {overlay} {
    foreach {name vlnv config} {
        axi_vdma             xilinx.com:ip:axi_vdma:6.3 vdma_config
        pixel_clock          xilinx.com:ip:clk_wiz:6.0  pixel_clock_config
        interrupt_controller xilinx.com:ip:axi_intc:4.1 intc_config
    } {
        set cell [create_bd_cell -type ip -vlnv $vlnv $name]
        set_property -dict [cell_config [dict get $overlay $config]] $cell
    }
    set reset [create_bd_cell -type ip -vlnv xilinx.com:ip:proc_sys_reset:5.0 pixel_reset]
    set_property -dict {CONFIG.C_EXT_RESET_HIGH 0} $reset
    set frames [create_bd_cell -type ip -vlnv xilinx.com:ip:smartconnect:1.0 frames]
    set_property -dict {CONFIG.NUM_SI 1 CONFIG.NUM_MI 1 CONFIG.NUM_CLKS 1} $frames
    create_bd_cell -type ip -vlnv [dict get $overlay hdmi_vlnv] hdmi_out
}

# Master first.
proc connect_video_buses {} {
    foreach {from to} {
        control/M02_AXI      axi_vdma/S_AXI_LITE
        control/M03_AXI      interrupt_controller/s_axi
        axi_vdma/M_AXI_MM2S  frames/S00_AXI
        frames/M00_AXI       ps7/S_AXI_HP2
        axi_vdma/M_AXIS_MM2S hdmi_out/s_axis
    } {
        connect_bd_intf_net [get_bd_intf_pins $from] [get_bd_intf_pins $to]
    }
}

# Clocks and resets. The pixel clock and five times that come from one clock manager, so they are in phase.
proc connect_video_wires {} {
    connect_driver ps7/FCLK_CLK1 {
        ps7/S_AXI_HP2_ACLK interrupt_controller/s_axi_aclk frames/aclk axi_vdma/s_axi_lite_aclk
        axi_vdma/m_axi_mm2s_aclk pixel_clock/clk_in1
    }
    connect_driver pixel_clock/clk_out1 {pixel_reset/slowest_sync_clk axi_vdma/m_axis_mm2s_aclk hdmi_out/aclk}
    connect_driver pixel_clock/clk_out2 {hdmi_out/serial_clk}
    connect_driver pixel_clock/locked {pixel_reset/dcm_locked}
    connect_driver ps7/FCLK_RESET0_N {pixel_reset/ext_reset_in}
    connect_driver pixel_reset/peripheral_aresetn {hdmi_out/aresetn}
    connect_driver bus_reset/interconnect_aresetn {frames/aresetn}
    connect_driver bus_reset/peripheral_aresetn {
        interrupt_controller/s_axi_aresetn axi_vdma/axi_resetn pixel_clock/resetn
    }
}

# pynq finds interrupts behind an interrupt controller, which it takes to be on the first line of the processing system.
proc connect_video_interrupts {source} {
    connect_driver axi_vdma/mm2s_introut {interrupt_controller/intr}
    connect_driver interrupt_controller/irq {interrupts/In0}
    if {$source} {
        connect_driver dma/s2mm_introut {interrupts/In1}
    } else {
        connect_driver dma/mm2s_introut {interrupts/In1}
        connect_driver dma/s2mm_introut {interrupts/In2}
    }
    connect_driver interrupts/dout {ps7/IRQ_F2P}
}

# The pins of the connector; hdmi.xdc says where they are.
proc connect_video_pins {} {
    foreach name {hdmi_tx_clk_p hdmi_tx_clk_n} {
        connect_bd_net [get_bd_pins hdmi_out/$name] [create_bd_port -dir O $name]
    }
    foreach name {hdmi_tx_d_p hdmi_tx_d_n} {
        connect_bd_net [get_bd_pins hdmi_out/$name] [create_bd_port -dir O -from 2 -to 0 $name]
    }
}
