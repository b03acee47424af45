# The block design: cells, their parameters, what is connected to what, and the address map.
set known_packaged {}
set bd ""
set cells [dict create]
set nets {}
set links {}
set external [dict create]
set addresses {}
set state ""

proc open_design {} {
    if {$::bd eq ""} {
        error "there is no block design"
    }
}

proc changed {} {
    open_design
    set ::state open
}

proc do_create_bd_design {options arguments} {
    want [do_current_project {} {}] project
    if {$::bd ne ""} {
        error "there is a block design already"
    }
    set ::bd [lindex $arguments 0]
    set ::state open
    return $::bd
}

proc do_create_bd_cell {options arguments} {
    changed
    needed $options -type -vlnv
    set name [lindex $arguments 0]
    set vlnv [option $options -vlnv]
    if {[option $options -type] ne "ip"} {
        error "cells of type [option $options -type] are not known"
    }
    if {![ip_known $vlnv]} {
        error "there is no IP $vlnv"
    }
    if {[dict exists $::cells $name] || ![regexp {^[a-z]\w*$} $name]} {
        error "the cell's name '$name' is taken or cannot be one"
    }
    set config [expr {[dict exists $::defaults $vlnv] ? [dict get $::defaults $vlnv] : {}}]
    dict set ::cells $name [dict create vlnv $vlnv config $config given {}]
    return [make_object bd_cell /$name VLNV $vlnv]
}

proc configure_cell {handle name value} {
    changed
    if {![regexp {^CONFIG\.(\w+)$} $name -> parameter]} {
        error "a cell has no property $name that can be set; parameters are CONFIG.<name>"
    }
    set cell [string trimleft [name_of $handle] /]
    check_config [dict get $::cells $cell vlnv] $parameter $value
    dict set ::cells $cell config $parameter $value
    dict set ::cells $cell given $parameter $value
}

proc pins_of {cell} {
    set own [dict get $::cells $cell]
    return [ip_pins [dict get $own vlnv] [dict get $own config]]
}

proc interfaces_of {cell} {
    set own [dict get $::cells $cell]
    return [ip_interfaces [dict get $own vlnv] [dict get $own config]]
}

proc do_get_bd_cells {options arguments} {
    open_design
    set name [inside [lindex $arguments 0]]
    if {![dict exists $::cells $name]} {
        error "no cell matches $name"
    }
    return bd_cell:/$name
}

proc do_create_bd_intf_port {options arguments} {
    changed
    needed $options -mode -vlnv
    set name [lindex $arguments 0]
    if {[option $options -vlnv] ni {
        xilinx.com:interface:ddrx_rtl:1.0 xilinx.com:display_processing_system7:fixedio_rtl:1.0
    }} {
        error "there is no interface [option $options -vlnv]"
    }
    if {[option $options -mode] ni {Master Slave} || [dict exists $::external $name]} {
        error "mode [option $options -mode] is not one, or port $name is there already"
    }
    set protocol [lindex [split [option $options -vlnv] :] 2]
    dict set ::external $name [list $protocol [string tolower [option $options -mode]]]
    return [make_object bd_intf_port $name]
}

# A pin or interface of a cell by its path, from one of the two tables.
proc member {path table kind} {
    open_design
    set path [inside $path]
    if {![regexp {^(\w+)/(\w+)$} $path -> cell name] || ![dict exists $::cells $cell]} {
        error "no cell for $path"
    }
    if {![dict exists [$table $cell] $name]} {
        error "[dict get $::cells $cell vlnv] as it is configured has no $name ($path)"
    }
    return [expr {[object_exists $kind:$path] ? "$kind:$path" : [make_object $kind $path]}]
}

proc do_get_bd_pins {options arguments} {
    return [member [lindex $arguments 0] pins_of bd_pin]
}

proc do_get_bd_intf_pins {options arguments} {
    return [member [lindex $arguments 0] interfaces_of bd_intf_pin]
}

proc do_get_bd_intf_ports {options arguments} {
    open_design
    set name [lindex $arguments 0]
    if {![dict exists $::external $name]} {
        error "no interface port matches $name"
    }
    return bd_intf_port:$name
}

proc pin_spec {path} {
    lassign [split $path /] cell name
    if {$cell eq ".port"} {
        return [list input data 1 "" [dict get $::outside $name]]
    }
    return [dict get [pins_of $cell] $name]
}

# Join pins to one net: one driver, one kind.
proc do_connect_bd_net {options arguments} {
    changed
    set joined {}
    set rest {}
    foreach handle $arguments {
        lappend joined [name_of [want $handle {bd_pin bd_port}]]
    }
    foreach net $::nets {
        set common 0
        foreach pin $net {
            set common [expr {$common || $pin in $joined}]
        }
        if {$common} {
            set joined [concat $joined $net]
        } else {
            lappend rest $net
        }
    }
    set joined [lsort -unique $joined]
    set drivers {}
    set kinds {}
    foreach pin $joined {
        lassign [pin_spec $pin] direction kind
        if {$direction eq "output"} {
            lappend drivers $pin
        }
        lappend kinds $kind
    }
    if {[llength $drivers] > 1} {
        error "two drivers on one net: [join $drivers {, }]"
    }
    if {[llength [lsort -unique $kinds]] > 1} {
        error "pins of different kinds ([join [lsort -unique $kinds] {, }]) on one net: [join $joined {, }]"
    }
    set ::nets [concat $rest [list $joined]]
}

proc interface_spec {handle} {
    if {[kind_of $handle] eq "bd_intf_port"} {
        return [dict get $::external [name_of $handle]]
    }
    lassign [split [name_of $handle] /] cell name
    return [dict get [interfaces_of $cell] $name]
}

# Join a master and a slave, or a pin and an outer port of the same mode.
proc do_connect_bd_intf_net {options arguments} {
    changed
    foreach handle $arguments {
        want $handle {bd_intf_pin bd_intf_port}
        foreach link $::links {
            if {$handle in $link} {
                error "[name_of $handle] is connected already"
            }
        }
    }
    lassign $arguments one two
    lassign [interface_spec $one] protocol mode
    lassign [interface_spec $two] other_protocol other_mode
    if {$protocol ne $other_protocol} {
        error "[name_of $one] is $protocol and [name_of $two] is $other_protocol"
    }
    set outer [expr {"bd_intf_port" in [list [kind_of $one] [kind_of $two]]}]
    if {($mode eq $other_mode) != $outer} {
        error "[name_of $one] is a $mode and [name_of $two] is a $other_mode"
    }
    lappend ::links [expr {$mode eq "master" ? [list $one $two] : [list $two $one]}]
}

proc do_get_bd_addr_spaces {options arguments} {
    open_design
    set path [inside [lindex $arguments 0]]
    lassign [split $path /] cell name
    if {![dict exists $::cells $cell] ||
            ![dict exists [ip_spaces [dict get $::cells $cell vlnv] [dict get $::cells $cell config]] $name]} {
        error "no address space matches $path"
    }
    return [expr {[object_exists bd_addr_space:$path] ? "bd_addr_space:$path" : [make_object bd_addr_space $path]}]
}

proc do_get_bd_addr_segs {options arguments} {
    open_design
    set path [inside [lindex $arguments 0]]
    regexp {^(\w+)/(.*)$} $path -> cell name
    if {![dict exists $::cells $cell] ||
            ![dict exists [ip_segments [dict get $::cells $cell vlnv] [dict get $::cells $cell config]] $name]} {
        error "no address segment matches $path"
    }
    return [expr {[object_exists bd_addr_seg:$path] ? "bd_addr_seg:$path" : [make_object bd_addr_seg $path]}]
}

# Bytes of a size such as 64K or 0x10000.
proc bytes {text} {
    if {[regexp {^([0-9]+)([KMG])$} $text -> count unit]} {
        return [expr {$count << [dict get {K 10 M 20 G 30} $unit]}]
    }
    if {![string is wideinteger -strict $text]} {
        error "'$text' is no size or address"
    }
    return [expr {$text}]
}

proc do_assign_bd_address {options arguments} {
    changed
    needed $options -offset -range -target_address_space
    set space [name_of [want [option $options -target_address_space] bd_addr_space]]
    set segment [name_of [want [lindex $arguments 0] bd_addr_seg]]
    check_segment $space $segment [bytes [option $options -offset]] [bytes [option $options -range]]
    lappend ::addresses [list $space $segment [bytes [option $options -offset]] [bytes [option $options -range]]]
}

proc do_save_bd_design {options arguments} {
    open_design
    if {$::state ne "validated"} {
        error "validate_bd_design comes first"
    }
    set ::state saved
}
