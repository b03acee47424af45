# The IP packager: one core at a time, made from the top module of the current project.
set packaged [dict create]
set core ""

proc do_ipx_package_project {options arguments} {
    needed $options -root_dir -vendor -library
    set fileset [do_current_fileset {} {}]
    set top [get_own $fileset TOP]
    set files [dict get $::properties [do_current_project {} {}] FILES]
    if {$top eq "" || ![llength $files]} {
        error "the project has no top module or no files"
    }
    set ports [ports_of_top $top $files]
    foreach handle [dict keys $::properties] {
        if {[kind_of $handle] in {bus_interface bus_parameter memory_map address_block address_space core_file file_group core}} {
            dict unset ::properties $handle
        }
    }
    if {![option $options -import_files 0]} {
        error "the files stay where they are without -import_files"
    }
    file mkdir [option $options -root_dir]
    set ::core [make_object core $top VENDOR [option $options -vendor] LIBRARY [option $options -library] VERSION 1.0 \
        DISPLAY_NAME $top DESCRIPTION "" ROOT [file normalize [option $options -root_dir]] CHECKSUM 0 XGUI 0]
    make_object file_group xilinx_anylanguagesynthesis CORE $::core
    foreach file [get_own fileset:constrs_1 FILES] {
        make_object core_file [file tail $file] TYPE xdc PATH $file USED_IN {synthesis implementation}
    }
    set infer [setting INFER 1]
    dict for {name interface} [infer_interfaces $ports] {
        set handle [make_object bus_interface $name INTERFACE_MODE [dict get $interface mode] SPEC $interface \
            SLAVE_MEMORY_MAP_REF "" MASTER_ADDRESS_SPACE_REF "" CORE $::core]
        if {[dict get $interface protocol] eq "aximm" && [dict get $interface mode] eq "master"} {
            if {$infer} {
                set_own $handle MASTER_ADDRESS_SPACE_REF $name
                make_object address_space $name RANGE 4294967296 WIDTH 32 CORE $::core
            }
        } elseif {[dict get $interface protocol] eq "aximm" && $infer} {
            set_own $handle SLAVE_MEMORY_MAP_REF $name
            make_object memory_map $name CORE $::core
            make_object address_block $name/reg0 BASE_ADDRESS 0 RANGE 4096 WIDTH 32 USAGE register ACCESS read-write
        }
        if {[dict get $interface protocol] eq "clk" && $infer} {
            make_object bus_parameter $name/ASSOCIATED_RESET VALUE ""
        }
    }
    return $::core
}

proc do_ipx_current_core {options arguments} {
    return [want $::core core]
}

# Of getters with -of_objects: the object of that kind and name, or nothing.
proc found {kind name} {
    return [expr {[object_exists $kind:$name] ? "$kind:$name" : ""}]
}

proc do_ipx_get_bus_interfaces {options arguments} {
    needed $options -of_objects
    want [option $options -of_objects] core
    return [found bus_interface [lindex $arguments 0]]
}

proc do_ipx_get_bus_parameters {options arguments} {
    needed $options -of_objects
    set interface [want [option $options -of_objects] bus_interface]
    return [found bus_parameter [name_of $interface]/[lindex $arguments 0]]
}

proc do_ipx_add_bus_parameter {options arguments} {
    lassign $arguments name interface
    want $interface bus_interface
    if {$name ni {ASSOCIATED_BUSIF ASSOCIATED_RESET POLARITY FREQ_HZ TDATA_NUM_BYTES HAS_TLAST HAS_TKEEP}} {
        error "unknown bus parameter $name"
    }
    if {[found bus_parameter [name_of $interface]/$name] ne ""} {
        error "[name_of $interface] has a parameter $name already"
    }
    return [make_object bus_parameter [name_of $interface]/$name VALUE ""]
}

proc do_ipx_get_memory_maps {options arguments} {
    needed $options -of_objects
    want [option $options -of_objects] core
    return [found memory_map [lindex $arguments 0]]
}

proc do_ipx_add_memory_map {options arguments} {
    lassign $arguments name core
    want $core core
    return [make_object memory_map $name CORE $core]
}

proc do_ipx_get_address_spaces {options arguments} {
    needed $options -of_objects
    want [option $options -of_objects] core
    return [found address_space [lindex $arguments 0]]
}

proc do_ipx_add_address_space {options arguments} {
    lassign $arguments name core
    want $core core
    return [make_object address_space $name RANGE "" WIDTH "" CORE $core]
}

proc do_ipx_get_address_blocks {options arguments} {
    needed $options -of_objects
    set map [want [option $options -of_objects] memory_map]
    return [found address_block [name_of $map]/[lindex $arguments 0]]
}

proc do_ipx_add_address_block {options arguments} {
    lassign $arguments name map
    want $map memory_map
    return [make_object address_block [name_of $map]/$name BASE_ADDRESS "" RANGE "" WIDTH "" USAGE "" ACCESS read-write]
}

proc do_ipx_get_file_groups {options arguments} {
    needed $options -of_objects
    want [option $options -of_objects] core
    return [found file_group [lindex $arguments 0]]
}

proc do_ipx_get_files {options arguments} {
    needed $options -type -of_objects
    want [option $options -of_objects] file_group
    return [core_files [option $options -type] [lindex $arguments 0]]
}

# Files of the core, of a type and a pattern.
proc core_files {type pattern} {
    set handles {}
    foreach handle [dict keys $::properties core_file:*] {
        if {[get_own $handle TYPE] eq $type && [string match $pattern [get_own $handle PATH]]} {
            lappend handles $handle
        }
    }
    return $handles
}

proc do_ipx_create_xgui_files {options arguments} {
    set_own [want [lindex $arguments 0] core] XGUI 1
}

proc do_ipx_update_checksums {options arguments} {
    set core [want [lindex $arguments 0] core]
    if {![get_own $core XGUI]} {
        error "create_xgui_files comes first"
    }
    set_own $core CHECKSUM 1
}

# The whole core: every bus interface has a clock, the clock a reset, the reset a polarity, the slave its registers.
proc do_ipx_check_integrity {options arguments} {
    want [lindex $arguments 0] core
    set busses {}
    dict for {handle own} $::properties {
        if {[kind_of $handle] ne "bus_interface"} {
            continue
        }
        set name [name_of $handle]
        set spec [get_own $handle SPEC]
        switch [dict get $spec protocol] {
            clk {
                set busses [concat $busses [split [parameter $name ASSOCIATED_BUSIF] :]]
                set reset [parameter $name ASSOCIATED_RESET]
                if {[found bus_interface $reset] eq "" && ($reset ne "" || [parameter $name ASSOCIATED_BUSIF] ne "")} {
                    error "the reset of clock $name, '$reset', does not exist"
                }
            }
            rst {
                if {[parameter $name POLARITY] ne "ACTIVE_LOW"} {
                    error "reset $name ends in n and its POLARITY is not ACTIVE_LOW"
                }
            }
            aximm {
                if {[dict get $spec mode] eq "master"} {
                    check_space $name [get_own $handle MASTER_ADDRESS_SPACE_REF] [dict get $spec address]
                    continue
                }
                set map [get_own $handle SLAVE_MEMORY_MAP_REF]
                if {[found memory_map $map] eq "" || [found address_block $map/reg0] eq ""} {
                    error "slave $name has no memory map with an address block reg0"
                }
                check_block address_block:$map/reg0 [dict get $spec address]
            }
        }
    }
    dict for {handle own} $::properties {
        if {[kind_of $handle] eq "bus_interface" && [dict get [get_own $handle SPEC] protocol] in {aximm axis}} {
            if {[llength [lsearch -all -exact $busses [name_of $handle]]] != 1} {
                error "interface [name_of $handle] has no clock, or two"
            }
        }
    }
    foreach name $busses {
        if {[found bus_interface $name] eq ""} {
            error "ASSOCIATED_BUSIF names $name, which is no interface"
        }
    }
    check_core_constraints
}

# The core has constraints for its synthesis alone, they are right, and they are used there alone.
proc check_core_constraints {} {
    set clocks {}
    dict for {handle own} $::properties {
        if {[kind_of $handle] eq "bus_interface" && [dict get [get_own $handle SPEC] protocol] eq "clk"} {
            lappend clocks [name_of $handle]
        }
    }
    set constrained {}
    foreach handle [core_files xdc *] {
        if {"out_of_context" ni [get_own $handle USED_IN]} {
            error "the constraints [name_of $handle] are not for out_of_context alone: the design would have two clocks"
        }
        set constrained [concat $constrained [dict keys [clocks_in [get_own $handle PATH]]]]
    }
    if {[lsort $constrained] ne [lsort $clocks]} {
        error "constraints out of context are for '$constrained', the core's clocks are '$clocks'"
    }
}

# The clock that an interface, or a reset, goes with.
proc clock_of {name} {
    dict for {handle own} $::properties {
        if {[kind_of $handle] eq "bus_interface" && [dict get [get_own $handle SPEC] protocol] eq "clk"} {
            set clock [name_of $handle]
            if {$name in [split [parameter $clock ASSOCIATED_BUSIF] :] || $name eq [parameter $clock ASSOCIATED_RESET]} {
                return $clock
            }
        }
    }
    return ""
}

# A master has an address space, as large as its addresses reach.
proc check_space {master space bits} {
    if {[found address_space $space] eq ""} {
        error "master $master has no address space"
    }
    if {[get_own address_space:$space RANGE] != 1 << $bits || [get_own address_space:$space WIDTH] != $bits} {
        error "address space $space is not what $bits bits reach"
    }
}

proc check_block {block address} {
    if {[get_own $block RANGE] ne 1 << $address && [get_own $block RANGE] != 1 << $address} {
        error "address block [name_of $block] has [get_own $block RANGE] bytes; $address address bits make [expr {1 << $address}]"
    }
    if {[get_own $block BASE_ADDRESS] != 0 || [get_own $block WIDTH] != 32 || [get_own $block USAGE] ne "register"} {
        error "address block [name_of $block] is not 32-bit registers from 0 on"
    }
}

proc parameter {interface name} {
    set handle bus_parameter:$interface/$name
    return [expr {[object_exists $handle] ? [get_own $handle VALUE] : ""}]
}

# Save the core: it is then in the catalogue of every project that has its folder among the repositories.
proc do_ipx_save_core {options arguments} {
    set core [want [lindex $arguments 0] core]
    if {![get_own $core CHECKSUM]} {
        error "update_checksums comes first"
    }
    do_ipx_check_integrity {} [list $core]
    set vlnv [join [list [get_own $core VENDOR] [get_own $core LIBRARY] [get_own $core NAME] [get_own $core VERSION]] :]
    set interfaces [dict create]
    dict for {handle own} $::properties {
        if {[kind_of $handle] eq "bus_interface"} {
            dict set interfaces [name_of $handle] [dict merge [get_own $handle SPEC] [list clock [clock_of [name_of $handle]]]]
        }
    }
    set periods [dict create]
    foreach handle [core_files xdc *] {
        set periods [dict merge $periods [clocks_in [get_own $handle PATH]]]
    }
    dict set ::packaged $vlnv [dict create root [get_own $core ROOT] interfaces $interfaces periods $periods]
    close [open [file join [get_own $core ROOT] component.xml] w]
}
