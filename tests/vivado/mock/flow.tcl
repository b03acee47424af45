# Projects, files and runs. Nothing is synthesised: a run ends as it is told to, and its files say that a mock wrote them.
set parts {xc7z020clg400-1 xc7z020clg400-2 xc7z020clg484-1 xc7z010clg400-1}
set board_part xc7z020clg400-1
set project ""
set design_open 0
set generated 0
set platform ""

proc do_version {options arguments} {
    return 2024.1
}

proc do_create_project {options arguments} {
    needed $options -part
    if {$::project ne ""} {
        error "project [name_of $::project] is open"
    }
    set part [option $options -part]
    if {$part ni $::parts} {
        error "there is no part $part"
    }
    if {$part ne $::board_part} {
        error "the PYNQ-Z1 has the part $::board_part, not $part"
    }
    lassign $arguments name folder
    set ::alone [option $options -in_memory 0]
    if {$::alone} {
        set ::project [make_object project "in memory" DIRECTORY "" PART $part FILES {}]
        return
    }
    if {[llength $arguments] != 2} {
        error "give a name and a folder"
    }
    if {[file exists $folder] && ![option $options -force 0]} {
        error "folder $folder exists; -force is missing"
    }
    file delete -force $folder
    file mkdir $folder
    set ::project [make_object project $name DIRECTORY [file normalize $folder] PART $part FILES {} IP_REPO_PATHS {} \
        TARGET_LANGUAGE Verilog]
    make_object fileset sources_1 TOP ""
    make_object fileset constrs_1 FILES {}
    set ::known_packaged {}
    foreach run {synth_1 impl_1} {
        make_object run $run STATUS "Not started" DIRECTORY [file join [file normalize $folder] $name.runs $run] \
            STATS.WNS "" STATS.WHS "" STATS.FAILED_NETS ""
    }
}

proc do_close_project {options arguments} {
    dict unset ::properties [do_current_project {} {}]
    set ::project ""
}

proc do_current_project {options arguments} {
    if {$::project eq ""} {
        error "no project is open"
    }
    return $::project
}

proc do_current_fileset {options arguments} {
    do_current_project {} {}
    return fileset:sources_1
}

proc do_add_files {options arguments} {
    set project [do_current_project {} {}]
    foreach path [lindex $arguments 0] {
        if {![file isfile $path]} {
            error "there is no file $path"
        }
        set target [expr {[option $options -fileset sources_1] eq "constrs_1" ? "fileset:constrs_1" : $project}]
        if {([file extension $path] eq ".xdc") != ($target ne $project)} {
            error "$path does not belong into fileset [option $options -fileset sources_1]"
        }
        set_own $target FILES [concat [get_own $target FILES] [list [file normalize $path]]]
    }
}

proc do_get_files {options arguments} {
    set name [lindex $arguments 0]
    if {$::bd eq "" || $name ne "$::bd.bd"} {
        error "no file matches $name"
    }
    return [expr {[object_exists file:$name] ? "file:$name" : [make_object file $name]}]
}

proc do_update_compile_order {options arguments} {
    do_current_project {} {}
    if {[option $options -fileset sources_1] ne "sources_1"} {
        error "there is no fileset [option $options -fileset]"
    }
}

proc do_update_ip_catalog {options arguments} {
    set repositories {}
    foreach path [get_own [do_current_project {} {}] IP_REPO_PATHS] {
        if {![file isdirectory $path]} {
            error "IP repository $path does not exist"
        }
        lappend repositories [file normalize $path]
    }
    set ::known_packaged {}
    dict for {vlnv own} $::packaged {
        if {[dict get $own root] in $repositories} {
            lappend ::known_packaged $vlnv
        }
    }
}

proc do_get_ipdefs {options arguments} {
    set vlnv [lindex $arguments 0]
    return [expr {[ip_known $vlnv] ? $vlnv : ""}]
}

# What can be set, by kind of object.
set settable {
    project {IP_REPO_PATHS TARGET_LANGUAGE}
    fileset {TOP}
    core {VENDOR LIBRARY NAME VERSION DISPLAY_NAME DESCRIPTION}
    bus_parameter {VALUE}
    bus_interface {SLAVE_MEMORY_MAP_REF MASTER_ADDRESS_SPACE_REF}
    address_space {RANGE WIDTH}
    address_block {BASE_ADDRESS RANGE WIDTH USAGE ACCESS}
    core_file {USED_IN}
}

proc do_set_property {options arguments} {
    if {[option $options -dict 0]} {
        lassign $arguments pairs handle
    } else {
        lassign $arguments name value handle
        set pairs [list $name $value]
    }
    if {[llength $pairs] % 2} {
        error "-dict has a name without a value"
    }
    want $handle {project fileset core core_file bus_parameter bus_interface address_block address_space bd_cell}
    foreach {name value} $pairs {
        if {[kind_of $handle] eq "bd_cell"} {
            configure_cell $handle $name $value
        } elseif {[string toupper $name] in [dict get $::settable [kind_of $handle]]} {
            set_own $handle $name $value
        } else {
            error "[kind_of $handle] has no property $name that can be set"
        }
    }
}

proc do_get_property {options arguments} {
    lassign $arguments name handle
    want $handle {project fileset core bus_parameter bus_interface address_block bd_cell run file timing_path}
    return [get_own $handle $name]
}

proc folder_of_design {} {
    set project [do_current_project {} {}]
    return [file join [get_own $project DIRECTORY] [name_of $project].gen sources_1 bd $::bd]
}

proc do_generate_target {options arguments} {
    lassign $arguments what file
    want $file file
    if {$what ne "all" || $::state ne "saved"} {
        error "only 'all' is known, of a design that is saved"
    }
    set folder [file join [folder_of_design] hw_handoff]
    file mkdir $folder
    put_file [file join $folder $::bd.hwh] "<!-- written by a mock: no hand-off -->"
    set ::generated 1
}

proc put_file {path text} {
    set out [open $path w]
    puts $out $text
    close $out
}

proc do_make_wrapper {options arguments} {
    needed $options -files -top
    want [option $options -files] file
    if {!$::generated} {
        error "generate_target comes first"
    }
    set folder [file join [folder_of_design] hdl]
    file mkdir $folder
    put_file [file join $folder ${::bd}_wrapper.v] "module ${::bd}_wrapper; endmodule  // written by a mock"
    return [file join $folder ${::bd}_wrapper.v]
}

proc do_get_runs {options arguments} {
    set name [lindex $arguments 0]
    if {![object_exists run:$name]} {
        error "no run matches $name"
    }
    return run:$name
}

# Finish the steps of a run up to one, or the step that is to fail.
proc do_launch_runs {options arguments} {
    set run [do_get_runs {} $arguments]
    set name [name_of $run]
    set steps [expr {$name eq "synth_1" ? {synth_design} : {place_design route_design write_bitstream}}]
    set last [option $options -to_step [lindex $steps [expr {$name eq "impl_1" ? 1 : 0}]]]
    if {$last ni $steps} {
        error "$name has no step $last"
    }
    set top [get_own fileset:sources_1 TOP]
    if {$top ne "${::bd}_wrapper" || [lsearch [get_own [do_current_project {} {}] FILES] */$top.v] < 0} {
        error "the top '$top' is not the design's wrapper, or not among the files"
    }
    check_placements
    if {$name eq "impl_1" && ![string match "synth_design Complete*" [get_own run:synth_1 STATUS]]} {
        error "synth_1 is not finished"
    }
    file mkdir [get_own $run DIRECTORY]
    foreach step [lrange $steps 0 [lsearch $steps $last]] {
        if {[setting FAIL ""] eq $step} {
            set_own $run STATUS "$step ERROR"
            return
        }
        set_own $run STATUS "$step Complete!"
        if {$step eq "route_design"} {
            set_own $run STATS.WNS [setting WNS 0.100]
            set_own $run STATS.WHS [setting WHS 0.010]
            set_own $run STATS.FAILED_NETS [setting FAILED_NETS 0]
        }
        if {$step eq "write_bitstream"} {
            put_file [file join [get_own $run DIRECTORY] $top.bit] "written by a mock: no bitstream"
        }
    }
}

proc do_wait_on_run {options arguments} {
    if {[get_own [do_get_runs {} $arguments] STATUS] eq "Not started"} {
        error "[lindex $arguments 0] was not launched"
    }
}

proc do_open_run {options arguments} {
    if {![string match "route_design Complete*" [get_own [do_get_runs {} $arguments] STATUS]]} {
        error "[lindex $arguments 0] is not routed"
    }
    set ::design_open 1
}

proc do_close_design {options arguments} {
    if {!$::design_open} {
        error "no design is open"
    }
    set ::design_open 0
}

proc report {options} {
    needed $options -file
    if {!$::design_open} {
        error "no design is open"
    }
    put_file [option $options -file] "written by a mock: no report"
}

proc do_report_utilization {options arguments} {report $options}
proc do_report_timing_summary {options arguments} {
    report $options
    lappend ::reported report_timing_summary
}
proc do_report_route_status {options arguments} {report $options}

proc do_write_hw_platform {options arguments} {
    needed $options -fixed -include_bit -file
    if {![string match "write_bitstream Complete*" [get_own run:impl_1 STATUS]]} {
        error "there is no bitstream to include"
    }
    put_file [option $options -file] "written by a mock: no platform"
    set ::platform [option $options -file]
}

# What a whole build has done that this one has not, or nothing.
proc unfinished {} {
    if {$::alone} {
        return [unfinished_alone]
    }
    if {$::state ne "saved"} {
        return "the block design was not validated and saved"
    }
    if {![object_exists run:impl_1] || ![string match "write_bitstream Complete*" [get_own run:impl_1 STATUS]]} {
        return "no bitstream was written"
    }
    return [expr {$::platform eq "" ? "no hardware platform was written" : ""}]
}
