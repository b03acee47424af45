# The Vivado commands that are known: flags, options with a value, and how many arguments besides.
set commands [dict create]

proc known {name flags valued least most} {
    dict set ::commands $name [list $flags $valued $least $most]
}

known version                {-short} {} 0 0
known create_project         {-force -in_memory} {-part} 0 2
known close_project          {} {} 0 0
known current_project        {} {} 0 0
known current_fileset        {} {} 0 0
known add_files              {-norecurse} {-fileset} 1 1
known get_files              {} {} 1 1
known read_verilog           {-sv} {-library} 1 1
known read_mem               {} {} 1 1
known read_xdc               {-unmanaged} {-mode} 1 1
known update_compile_order   {} {-fileset} 0 0
known update_ip_catalog      {-rebuild} {} 0 0
known get_ipdefs             {-all} {} 1 1
known set_property           {-dict} {} 2 3
known get_property           {} {} 2 2
known ipx::package_project   {-import_files -force} {-root_dir -vendor -library -taxonomy} 0 0
known ipx::current_core      {} {} 0 0
known ipx::get_bus_interfaces {} {-of_objects} 1 1
known ipx::get_bus_parameters {} {-of_objects} 1 1
known ipx::add_bus_parameter {} {} 2 2
known ipx::get_memory_maps   {} {-of_objects} 1 1
known ipx::add_memory_map    {} {} 2 2
known ipx::get_address_spaces {} {-of_objects} 1 1
known ipx::add_address_space {} {} 2 2
known ipx::get_address_blocks {} {-of_objects} 1 1
known ipx::add_address_block {} {} 2 2
known ipx::get_file_groups   {} {-of_objects} 1 1
known ipx::get_files         {} {-type -of_objects} 1 1
known ipx::create_xgui_files {} {} 1 1
known ipx::update_checksums  {} {} 1 1
known ipx::check_integrity   {} {} 1 1
known ipx::save_core         {} {} 1 1
known create_bd_design       {} {} 1 1
known create_bd_cell         {} {-type -vlnv} 1 1
known create_bd_intf_port    {} {-mode -vlnv} 1 1
known create_bd_port         {} {-dir -from -to} 1 1
known get_bd_ports           {} {} 1 1
known group_bd_cells         {} {} 2 1000
known get_bd_cells           {} {} 1 1
known get_bd_pins            {} {} 1 1
known get_bd_intf_pins       {} {} 1 1
known get_bd_intf_ports      {} {} 1 1
known get_bd_addr_spaces     {} {} 1 1
known get_bd_addr_segs       {} {} 1 1
known connect_bd_net         {} {-net} 2 1000
known connect_bd_intf_net    {} {-intf_net} 2 2
known assign_bd_address      {-force} {-offset -range -target_address_space} 1 1
known validate_bd_design     {-force} {} 0 0
known save_bd_design         {} {} 0 0
known generate_target        {} {} 2 2
known make_wrapper           {-top} {-files} 0 0
known launch_runs            {} {-to_step -jobs} 1 1
known wait_on_run            {} {} 1 1
known get_runs               {} {} 1 1
known open_run               {} {} 1 1
known close_design           {} {} 0 0
known synth_design           {} {-top -part -mode} 0 0
known opt_design             {} {} 0 0
known place_design           {} {} 0 0
known route_design           {} {} 0 0
known get_timing_paths       {-setup -hold} {-max_paths -nworst} 0 0
known report_utilization     {-hierarchical} {-file} 0 0
known report_timing_summary  {} {-file} 0 0
known report_route_status    {} {-file} 0 0
known write_hw_platform      {-fixed -include_bit -force} {-file} 0 0

# Give an interpreter all of them.
proc install_commands {interpreter} {
    foreach name [dict keys $::commands] {
        if {[string match ipx::* $name]} {
            $interpreter eval {namespace eval ipx {}}
        }
        $interpreter alias $name run_command $name
    }
}

# Take a command apart and run its procedure `do_<name> options arguments`.
proc run_command {name args} {
    if {[catch {
        lassign [dict get $::commands $name] flags valued least most
        set options [dict create]
        set rest {}
        while {[llength $args]} {
            set args [lassign $args word]
            if {$word in $flags} {
                dict set options $word 1
            } elseif {$word in $valued} {
                if {![llength $args]} {
                    error "option $word has no value"
                }
                set args [lassign $args value]
                dict set options $word $value
            } elseif {[regexp {^-[a-zA-Z]} $word]} {
                error "unknown option $word"
            } else {
                lappend rest $word
            }
        }
        if {[llength $rest] < $least || [llength $rest] > $most} {
            error "[llength $rest] arguments are given, from $least to $most are taken"
        }
        do_[string map {:: _} $name] $options $rest
    } result]} {
        lappend ::faults "$name: $result"
        error "$name: $result"
    }
    return $result
}

proc option {options name {default ""}} {
    return [expr {[dict exists $options $name] ? [dict get $options $name] : $default}]
}

proc needed {options args} {
    foreach name $args {
        if {![dict exists $options $name]} {
            error "option $name is missing"
        }
    }
}
