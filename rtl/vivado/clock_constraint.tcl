# The clock of a module that is synthesised by itself, out of the context of a design.
#
# A file of this one constraint is in use there only: in a design, the clock is the one that drives the module.
proc write_clock_constraint {path port mhz} {
    set period [format %.3f [expr {1000.0 / $mhz}]]
    set file [open $path w]
    puts $file "create_clock -name $port -period $period \[get_ports $port\]"
    close $file
}
