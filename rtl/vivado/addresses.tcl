# The address map: registers as the processor sees them, and the memory as the DMA sees it.
proc assign_addresses {overlay} {
    set range [dict get $overlay register_range]
    assign_segment ps7/Data dma/S_AXI_LITE/Reg [dict get $overlay dma_base] $range
    assign_segment ps7/Data net/s_axi_ctrl/reg0 [dict get $overlay net_base] $range
    foreach space {dma/Data_MM2S dma/Data_S2MM} {
        if {[dict get $overlay source] && $space eq "dma/Data_MM2S"} {
            continue
        }
        assign_segment $space ps7/S_AXI_HP0/HP0_DDR_LOWOCM [dict get $overlay ddr_base] [dict get $overlay ddr_range]
    }
    if {[dict get $overlay weights]} {
        assign_segment net/m_axi_weights ps7/S_AXI_HP1/HP1_DDR_LOWOCM [dict get $overlay ddr_base] \
            [dict get $overlay ddr_range]
    }
    if {[dict get $overlay video]} {
        assign_segment ps7/Data video/axi_vdma/S_AXI_LITE/Reg [dict get $overlay vdma_base] $range
        assign_segment ps7/Data interrupt_controller/S_AXI/Reg [dict get $overlay intc_base] $range
        assign_segment video/axi_vdma/Data_MM2S ps7/S_AXI_HP2/HP2_DDR_LOWOCM [dict get $overlay ddr_base] \
            [dict get $overlay ddr_range]
    }
}

proc assign_segment {space segment offset range} {
    assign_bd_address -offset $offset -range $range -target_address_space [get_bd_addr_spaces $space] \
        [get_bd_addr_segs $segment] -force
}

# Check the design, write it, and make its wrapper the top.
proc finish_block_design {overlay} {
    set design [dict get $overlay design]
    validate_bd_design
    save_bd_design
    generate_target all [get_files $design.bd]
    add_files -norecurse [make_wrapper -files [get_files $design.bd] -top]
    set_property top ${design}_wrapper [current_fileset]
    update_compile_order -fileset sources_1
}
