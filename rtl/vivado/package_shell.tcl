# The generated shell as an IP: one Verilog file, the memory files that it reads, and the constraint of its clock for
# synthesis out of context, which is how Vivado synthesises every IP of a block design. All become part of the IP.
proc package_shell {overlay} {
    set work [dict get $overlay work]
    set module [dict get $overlay module]

    create_project package [file join $work package] -part [dict get $overlay part] -force
    foreach name [concat $module.v [dict get $overlay memories]] {
        add_files -norecurse [file join [dict get $overlay folder] rtl $name]
    }
    set constraints [file join $work ${module}_ooc.xdc]
    write_clock_constraint $constraints aclk [dict get $overlay clock_mhz]
    add_files -norecurse -fileset constrs_1 $constraints
    set_property top $module [current_fileset]
    update_compile_order -fileset sources_1

    file delete -force [file join $work ip]
    lassign [split [dict get $overlay vlnv] :] vendor library name version
    ipx::package_project -root_dir [file join $work ip] -vendor $vendor -library $library -taxonomy /UserIP \
        -import_files -force
    set core [ipx::current_core]
    set_property -dict [list name $name version $version display_name "bittrue net $module"] $core

    check_interfaces $core [dict get $overlay source]
    constrain_out_of_context $core [file tail $constraints]
    set streams [expr {[dict get $overlay source] ? ":m_axis" : ":s_axis:m_axis"}]
    if {[dict get $overlay weights]} {
        describe_weights $core
        append streams :m_axi_weights
    }
    describe_clock $core $streams
    describe_registers $core

    ipx::create_xgui_files $core
    ipx::update_checksums $core
    ipx::check_integrity $core
    ipx::save_core $core
    close_project
}

# Vivado finds interfaces by the names of their ports; the design needs every one of these. A source has no input.
proc check_interfaces {core source} {
    foreach {name mode} {s_axi_ctrl slave s_axis slave m_axis master aclk slave aresetn slave} {
        if {$source && $name eq "s_axis"} {
            continue
        }
        set interface [ipx::get_bus_interfaces $name -of_objects $core]
        if {$interface eq ""} {
            error "Vivado has not found interface $name in the shell's ports"
        }
        if {[get_property interface_mode $interface] ne $mode} {
            error "Vivado takes interface $name for a [get_property interface_mode $interface], it is a $mode"
        }
    }
}

# The file of constraints is for synthesis of the IP alone: in the design it would be a second clock on the same wire.
proc constrain_out_of_context {core name} {
    set group [ipx::get_file_groups xilinx_anylanguagesynthesis -of_objects $core]
    set file [ipx::get_files -type xdc -of_objects $group *$name]
    if {$file eq ""} {
        error "Vivado has not taken the constraints $name into the IP"
    }
    set_property used_in {out_of_context synthesis implementation} $file
}

# One clock for all interfaces, one reset, active low; `streams` are the interfaces beside the registers, each behind a
# colon.
proc describe_clock {core streams} {
    set clock [ipx::get_bus_interfaces aclk -of_objects $core]
    set_bus_parameter $clock ASSOCIATED_BUSIF s_axi_ctrl$streams
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
