# The HDMI output as an IP: one Verilog file, and a constraint for each of its clocks for synthesis out of context.
proc package_hdmi {overlay} {
    set work [dict get $overlay work]
    set module [dict get $overlay hdmi_module]
    create_project package_hdmi [file join $work package_hdmi] -part [dict get $overlay part] -force
    add_files -norecurse [file join [dict get $overlay folder] rtl $module.v]
    set constraints {}
    foreach {clock mhz} [list aclk [dict get $overlay pixel_mhz] serial_clk [dict get $overlay serial_mhz]] {
        set path [file join $work ${module}_${clock}_ooc.xdc]
        write_clock_constraint $path $clock $mhz
        add_files -norecurse -fileset constrs_1 $path
        lappend constraints [file tail $path]
    }
    set_property top $module [current_fileset]
    update_compile_order -fileset sources_1

    file delete -force [file join $work hdmi_ip]
    lassign [split [dict get $overlay hdmi_vlnv] :] vendor library name version
    ipx::package_project -root_dir [file join $work hdmi_ip] -vendor $vendor -library $library -taxonomy /UserIP \
        -import_files -force
    set core [ipx::current_core]
    set_property -dict [list name $name version $version display_name "bittrue HDMI output"] $core
    foreach constraint $constraints {
        constrain_out_of_context $core $constraint
    }
    set clock [ipx::get_bus_interfaces aclk -of_objects $core]
    set stream [ipx::get_bus_interfaces s_axis -of_objects $core]
    if {$clock eq "" || $stream eq "" || [get_property interface_mode $stream] ne "slave"} {
        error "Vivado has not found the clock aclk and the slave s_axis in the ports of $module"
    }
    set_bus_parameter $clock ASSOCIATED_BUSIF s_axis
    set_bus_parameter $clock ASSOCIATED_RESET aresetn
    set_bus_parameter [ipx::get_bus_interfaces aresetn -of_objects $core] POLARITY ACTIVE_LOW

    ipx::create_xgui_files $core
    ipx::update_checksums $core
    ipx::check_integrity $core
    ipx::save_core $core
    close_project
}
