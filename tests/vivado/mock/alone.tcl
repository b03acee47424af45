# A module alone: a project in memory, and the steps from Verilog to a routed module.
set alone 0
set top ""
set periods [dict create]
set steps_done {}
set reported {}

proc need_alone {} {
    if {!$::alone} {
        error "the project is not one in memory"
    }
}

proc do_read_verilog {options arguments} {
    need_alone
    do_add_files {} $arguments
}

proc do_read_mem {options arguments} {
    need_alone
    do_add_files {} $arguments
}

proc do_read_xdc {options arguments} {
    need_alone
    if {[option $options -mode default] ne "out_of_context"} {
        error "without -mode out_of_context the clock would be a pin of the part"
    }
    set ::periods [dict merge $::periods [clocks_in [lindex $arguments 0]]]
}

# Steps in the order that they can be done in.
proc step_alone {name before} {
    need_alone
    if {$before ne [lindex $::steps_done end]} {
        error "$before comes first"
    }
    if {[setting FAIL ""] eq $name} {
        error "$name failed"
    }
    lappend ::steps_done $name
}

proc do_synth_design {options arguments} {
    needed $options -top -part -mode
    step_alone synth_design ""
    set project [do_current_project {} {}]
    if {[option $options -part] ne [get_own $project PART] || [option $options -mode] ne "out_of_context"} {
        error "the part is [get_own $project PART], and a module alone is synthesised out_of_context"
    }
    set ::top [option $options -top]
    set ports [ports_of_top $::top [get_own $project FILES]]
    if {[dict keys $::periods] eq ""} {
        error "no clock is constrained"
    }
    foreach port [dict keys $::periods] {
        if {![dict exists $ports $port] || [dict get $ports $port] ne {input 1}} {
            error "the clock $port is no input of $::top"
        }
    }
    set ::design_open 1
}

proc do_opt_design {options arguments} {step_alone opt_design synth_design}
proc do_place_design {options arguments} {step_alone place_design opt_design}
proc do_route_design {options arguments} {step_alone route_design place_design}

proc do_get_timing_paths {options arguments} {
    needed $options -setup -max_paths
    if {[lindex $::steps_done end] ne "route_design"} {
        error "nothing is routed"
    }
    if {[setting WNS 0.100] eq ""} {
        return ""
    }
    return [make_object timing_path worst SLACK [setting WNS 0.100]]
}

# What a whole run has done that this one has not, or nothing.
proc unfinished_alone {} {
    if {[lindex $::steps_done end] ne "route_design"} {
        return "the module is not routed"
    }
    return [expr {"report_timing_summary" ni $::reported ? "there is no report of the timing" : ""}]
}
