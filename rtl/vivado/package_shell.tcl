# The generated shell as an IP: one Verilog file and the memory files that it reads, which become part of the IP.
proc package_shell {overlay} {
    set work [dict get $overlay work]
    set module [dict get $overlay module]

    create_project package [file join $work package] -part [dict get $overlay part] -force
    foreach name [concat $module.v [dict get $overlay memories]] {
        add_files -norecurse [file join [dict get $overlay folder] rtl $name]
    }
    set_property top $module [current_fileset]
    update_compile_order -fileset sources_1

    file delete -force [file join $work ip]
    lassign [split [dict get $overlay vlnv] :] vendor library name version
    ipx::package_project -root_dir [file join $work ip] -vendor $vendor -library $library -taxonomy /UserIP \
        -import_files -force
    set core [ipx::current_core]
    set_property -dict [list name $name version $version display_name "bittrue net $module"] $core

    check_interfaces $core
    describe_clock $core
    describe_registers $core

    ipx::create_xgui_files $core
    ipx::update_checksums $core
    ipx::check_integrity $core
    ipx::save_core $core
    close_project
}

# Vivado finds interfaces by the names of their ports; the design needs every one of these.
proc check_interfaces {core} {
    foreach {name mode} {s_axi_ctrl slave s_axis slave m_axis master aclk slave aresetn slave} {
        set interface [ipx::get_bus_interfaces $name -of_objects $core]
        if {$interface eq ""} {
            error "Vivado has not found interface $name in the shell's ports"
        }
        if {[get_property interface_mode $interface] ne $mode} {
            error "Vivado takes interface $name for a [get_property interface_mode $interface], it is a $mode"
        }
    }
}

# One clock for all interfaces, one reset, active low.
proc describe_clock {core} {
    set clock [ipx::get_bus_interfaces aclk -of_objects $core]
    set_bus_parameter $clock ASSOCIATED_BUSIF s_axi_ctrl:s_axis:m_axis
    set_bus_parameter $clock ASSOCIATED_RESET aresetn
    set_bus_parameter [ipx::get_bus_interfaces aresetn -of_objects $core] POLARITY ACTIVE_LOW
}

proc set_bus_parameter {interface name value} {
    set parameter [ipx::get_bus_parameters $name -of_objects $interface]
    if {$parameter eq ""} {
        set parameter [ipx::add_bus_parameter $name $interface]
    }
    set_property value $value $parameter
}

# The registers: 4 KiB behind s_axi_ctrl, one block named reg0, which addresses.tcl maps.
proc describe_registers {core} {
    set map [ipx::get_memory_maps s_axi_ctrl -of_objects $core]
    if {$map eq ""} {
        set map [ipx::add_memory_map s_axi_ctrl $core]
        set_property slave_memory_map_ref s_axi_ctrl [ipx::get_bus_interfaces s_axi_ctrl -of_objects $core]
    }
    set block [ipx::get_address_blocks reg0 -of_objects $map]
    if {$block eq ""} {
        set block [ipx::add_address_block reg0 $map]
    }
    set_property -dict {base_address 0 range 4096 width 32 usage register} $block
}
