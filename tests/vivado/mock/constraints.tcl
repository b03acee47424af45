# Files that a script writes, and the clocks in a file of constraints.

# Open a file for writing, beside what the script was given.
proc open_for_script {path mode} {
    set place [file normalize [lindex [dict get $::options -tclargs] 0]]
    set place [expr {[file isdirectory $place] ? $place : [file dirname $place]}]
    if {$mode ne "w" || ![string match $place/* [file normalize $path]]} {
        error "a script writes files under $place, and reads none"
    }
    return [open $path w]
}

# Dictionary port -> period in ns of the clocks that a file makes; nothing else may be in it.
proc clocks_in {path} {
    set pattern {^create_clock -name (\w+) -period ([0-9]+\.[0-9]{3}) \[get_ports (\w+)\]$}
    set found [dict create]
    set channel [open $path]
    while {[gets $channel line] >= 0} {
        if {![regexp $pattern $line -> name period port]} {
            error "[file tail $path]: '$line' is no clock on a port"
        }
        if {$period < 2} {
            error "[file tail $path]: a period of $period ns is none that a net can have"
        }
        dict set found $port $period
    }
    close $channel
    return $found
}
