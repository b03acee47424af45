# Cells in a hierarchy, and ports of the design that are single signals. Inside, a cell keeps its name; a script finds it
# by its path once it is in a hierarchy, and no longer by its name alone.
set groups [dict create]
set outside [dict create]

proc do_group_bd_cells {options arguments} {
    changed
    set handles [lassign $arguments name]
    if {![regexp {^[a-z]\w*$} $name] || [dict exists $::cells $name] || $name in [dict values $::groups]} {
        error "the hierarchy's name '$name' is taken or cannot be one"
    }
    foreach handle $handles {
        set cell [string trimleft [name_of [want $handle bd_cell]] /]
        if {[dict exists $::groups $cell]} {
            error "$cell is in a hierarchy already"
        }
        dict set ::groups $cell $name
    }
}

# What is inside for a path that a script gives: the cell without its hierarchy, and the rest.
proc inside {path} {
    set path [string trimleft $path /]
    set parts [split $path /]
    if {[lindex $parts 0] in [dict values $::groups]} {
        set cell [lindex $parts 1]
        if {![dict exists $::groups $cell] || [dict get $::groups $cell] ne [lindex $parts 0]} {
            error "[lindex $parts 0] has no cell $cell"
        }
        return [join [lrange $parts 1 end] /]
    }
    if {[dict exists $::groups [lindex $parts 0]]} {
        error "[lindex $parts 0] is in the hierarchy [dict get $::groups [lindex $parts 0]]"
    }
    return $path
}

# The path of what is inside, as a script says it.
proc shown {path} {
    set cell [lindex [split $path /] 0]
    if {[string match .port/* $path]} {
        return [string range $path 6 end]
    }
    return [expr {[dict exists $::groups $cell] ? "[dict get $::groups $cell]/$path" : $path}]
}

proc do_create_bd_port {options arguments} {
    changed
    needed $options -dir
    set name [lindex $arguments 0]
    if {[option $options -dir] ne "O" || [dict exists $::outside $name] || [dict exists $::external $name]} {
        error "only outputs are known, of other names than there are"
    }
    set width [expr {[option $options -from 0] - [option $options -to 0] + 1}]
    if {![string is integer -strict $width] || $width < 1} {
        error "a port from [option $options -from 0] to [option $options -to 0] is none"
    }
    dict set ::outside $name $width
    return [make_object bd_port .port/$name]
}

proc do_get_bd_ports {options arguments} {
    open_design
    set name [lindex $arguments 0]
    if {![dict exists $::outside $name]} {
        error "no port matches $name"
    }
    return bd_port:.port/$name
}

# Every port of the design is driven, by as many bits as it has.
proc check_outside {} {
    dict for {name width} $::outside {
        set driver [driver_of .port/$name]
        if {$driver eq ""} {
            error "nothing drives port $name"
        }
        if {[lindex [pin_spec $driver] 4] != $width} {
            error "port $name has $width bits, [shown $driver] has [lindex [pin_spec $driver] 4]"
        }
    }
}
