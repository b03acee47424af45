# The way of weights from memory to a net that streams them: its master, a SmartConnect that brings it from the net's
# clock to that of the buses, and a memory port of its own.
proc create_weights {overlay} {
    set_property -dict {CONFIG.PCW_USE_S_AXI_HP1 1 CONFIG.PCW_S_AXI_HP1_DATA_WIDTH 64} [get_bd_cells ps7]
    set weights [create_bd_cell -type ip -vlnv xilinx.com:ip:smartconnect:1.0 weights]
    set_property -dict {CONFIG.NUM_SI 1 CONFIG.NUM_MI 1 CONFIG.NUM_CLKS 2} $weights
    foreach {from to} {
        net/m_axi_weights weights/S00_AXI
        weights/M00_AXI   ps7/S_AXI_HP1
    } {
        connect_bd_intf_net [get_bd_intf_pins $from] [get_bd_intf_pins $to]
    }
    connect_driver ps7/FCLK_CLK0 {weights/aclk}
    connect_driver ps7/FCLK_CLK1 {weights/aclk1 ps7/S_AXI_HP1_ACLK}
    connect_driver bus_reset/interconnect_aresetn {weights/aresetn}
}

# The master of the packaged shell: it reads, 64 bits at a time, anywhere in 4 GiB.
proc describe_weights {core} {
    set interface [ipx::get_bus_interfaces m_axi_weights -of_objects $core]
    if {$interface eq "" || [get_property interface_mode $interface] ne "master"} {
        error "Vivado has not found the master m_axi_weights in the shell's ports"
    }
    set space [ipx::get_address_spaces m_axi_weights -of_objects $core]
    if {$space eq ""} {
        set space [ipx::add_address_space m_axi_weights $core]
        set_property master_address_space_ref m_axi_weights $interface
    }
    set_property -dict {range 4294967296 width 32} $space
}
