# A strict stand-in for Vivado in batch mode, for tclsh:
#
#   tclsh mock.tcl -mode batch -nojournal -log LOG -source SCRIPT -tclargs ARG...
#
# It runs SCRIPT in an interpreter of its own that has Tcl's commands, without those that reach out of it (files may be
# written beside what ARG names), and the Vivado commands of mock/*.tcl. A command, option, number of arguments, IP, parameter, value, pin or object that it does not
# know is an error, and so is a design that does not hold together. What that proves and what not: docs/vivado.md.
#
# Environment, all optional:
#   BITTRUE_MOCK_RECORD   file for the recorded design, as JSON
#   BITTRUE_MOCK_WNS, BITTRUE_MOCK_WHS, BITTRUE_MOCK_FAILED_NETS   what implementation is to report; they are made up
#   BITTRUE_MOCK_FAIL     a step (synth_design, route_design, write_bitstream) that is to fail
#   BITTRUE_MOCK_INFER    0: the packager finds no memory map and no bus parameters by itself

set here [file dirname [file normalize [info script]]]
foreach part {objects commands catalogue video ports constraints package design hierarchy checks flow alone record} {
    source [file join $here mock $part.tcl]
}

# Errors of Vivado commands, also those that the script has caught.
set faults {}

proc setting {name default} {
    return [expr {[info exists ::env(BITTRUE_MOCK_$name)] ? $::env(BITTRUE_MOCK_$name) : $default}]
}

proc parse_arguments {arguments} {
    set options {-mode "" -log "" -source "" -tclargs {}}
    while {[llength $arguments]} {
        set arguments [lassign $arguments word]
        switch -- $word {
            -mode - -log - -source {
                set arguments [lassign $arguments value]
                dict set options $word $value
            }
            -nojournal - -nolog - -notrace {}
            -tclargs {
                dict set options -tclargs $arguments
                set arguments {}
            }
            default {
                puts stderr "ERROR: vivado has no option $word"
                exit 1
            }
        }
    }
    if {[dict get $options -mode] ne "batch" || ![file isfile [dict get $options -source]]} {
        puts stderr "ERROR: give -mode batch and -source with a file that exists"
        exit 1
    }
    return $options
}

# Leave as the script or its end says, but never with 0 where a command has failed or the design is not complete.
proc finish {code} {
    if {$code == 0} {
        set missing [unfinished]
        if {$missing ne ""} {
            say "ERROR: $missing"
            set code 1
        } elseif {[llength $::faults]} {
            say "ERROR: an error was caught and ignored: [lindex $::faults 0]"
            set code 1
        }
    }
    if {$code == 0 && [setting RECORD ""] ne ""} {
        set out [open [setting RECORD ""] w]
        puts $out [record]
        close $out
    }
    exit $code
}

# What a script says, or writes to a file.
proc say {args} {
    if {[llength $args] == 2} {
        puts {*}$args
        return
    }
    lassign $args line
    puts $line
    if {$::log ne ""} {
        puts $::log $line
        flush $::log
    }
}

set options [parse_arguments $argv]
set log ""
if {[dict get $options -log] ne ""} {
    file mkdir [file dirname [dict get $options -log]]
    set log [open [dict get $options -log] w]
}

interp create vivado
foreach command {exec open socket cd load after vwait fconfigure fileevent interp} {
    vivado hide $command
}
vivado eval {rename unknown {}}
vivado alias exit finish
vivado alias puts say
vivado alias open open_for_script
vivado alias close close
install_commands vivado
vivado eval [list set argv [dict get $options -tclargs]]
vivado eval [list set argc [llength [dict get $options -tclargs]]]
if {[catch {vivado eval [list source [dict get $options -source]]} message]} {
    say "ERROR: $message"
    finish 1
}
finish 0
