# Ports of a Verilog module, and the interfaces that Vivado infers from their names.

# Dictionary name -> {direction width} of a module in a file.
proc verilog_ports {path module} {
    set pattern {\m(input|output|inout)\s+(?:wire\s+|reg\s+)?(?:signed\s+)?(?:\[\s*(\d+)\s*:\s*(\d+)\s*\]\s*)?\\?(\w+)}
    set ports [dict create]
    set inside 0
    set channel [open $path]
    while {[gets $channel line] >= 0} {
        regsub {//.*} $line {} line
        regsub -all {\(\*[^*]*\*\)} $line {} line
        if {[regexp "^\\s*module\\s+\\\\?$module\\s*\[;(#\]" $line]} {
            set inside 1
        }
        if {!$inside} {
            continue
        }
        foreach {all direction high low name} [regexp -all -inline $pattern $line] {
            dict set ports $name [list $direction [expr {$high eq "" ? 1 : $high - $low + 1}]]
        }
        if {[regexp {^\s*endmodule\M} $line]} {
            break
        }
    }
    close $channel
    if {!$inside} {
        error "[file tail $path] has no module $module"
    }
    return $ports
}

# Ports of the top module among files, whose memory files are looked after.
proc ports_of_top {top files} {
    set ports ""
    foreach file $files {
        if {[file extension $file] eq ".v"} {
            set ports [verilog_ports $file $top]
            check_memory_files $file $files
        }
    }
    return $ports
}

# Vivado finds a memory file that is named without a folder among the files of the project, of type Memory File: those
# that end in .mem. A line is a word, and there is nothing else in it; there are as many as the memory has.
proc check_memory_files {path files} {
    set channel [open $path]
    set last ""
    while {[gets $channel line] >= 0} {
        regexp {^\s*reg (?:\[(\d+):0\] )?\S+ \[0:(\d+)\];} $line -> width last
        if {![regexp {\$readmemh\("([^"]*)"} $line -> name]} {
            continue
        }
        set found [lsearch -inline -glob $files */$name]
        if {$found eq "" || [file extension $name] ne ".mem"} {
            error "the design reads $name, which is no memory file of the project"
        }
        set memory [open $found]
        set words [split [string trimright [read $memory] \n] \n]
        close $memory
        if {$last eq "" || [llength $words] != $last + 1} {
            error "$name has [llength $words] words, the memory has other ones"
        }
        foreach word $words {
            if {![string is xdigit -strict $word]} {
                error "$name: '$word' is no word in hexadecimal"
            }
        }
    }
    close $channel
}

# Signals of a slave: direction and width; a width of 0 is free.
set lite_signals {
    awaddr {input 0} awprot {input 3} awvalid {input 1} awready {output 1}
    wdata {input 32} wstrb {input 4} wvalid {input 1} wready {output 1}
    bresp {output 2} bvalid {output 1} bready {input 1}
    araddr {input 0} arprot {input 3} arvalid {input 1} arready {output 1}
    rdata {output 32} rresp {output 2} rvalid {output 1} rready {input 1}
}
set stream_signals {tdata {input 0} tkeep {input 0} tlast {input 1} tvalid {input 1} tready {output 1}}

# Signals of a master that reads, of AXI4; those that it may lack are not in here.
set read_signals {
    araddr {output 32} arlen {output 8} arsize {output 3} arburst {output 2} arcache {output 4} arprot {output 3}
    arvalid {output 1} arready {input 1}
    rdata {input 0} rresp {input 2} rlast {input 1} rvalid {input 1} rready {output 1}
}

# Dictionary name -> {protocol mode width ...} of the interfaces in a module's ports.
proc infer_interfaces {ports} {
    set found [dict create]
    set used {}
    dict for {name port} $ports {
        if {[regexp {^(\w+)_awvalid$} $name -> prefix]} {
            set used [concat $used [check_group $ports $prefix $::lite_signals 0]]
            set width [lindex [dict get $ports ${prefix}_awaddr] 1]
            dict set found $prefix [list protocol aximm mode slave width 32 address $width signals ""]
        } elseif {[regexp {^(\w+)_arvalid$} $name -> prefix] && [lindex $port 0] eq "output"} {
            set used [concat $used [check_group $ports $prefix $::read_signals 0]]
            set width [lindex [dict get $ports ${prefix}_rdata] 1]
            dict set found $prefix [list protocol aximm mode master width $width address 32 signals ""]
        } elseif {[regexp {^(\w+)_tvalid$} $name -> prefix]} {
            set master [expr {[lindex $port 0] eq "output"}]
            set used [concat $used [check_group $ports $prefix $::stream_signals $master]]
            set width [lindex [dict get $ports ${prefix}_tdata] 1]
            if {$width % 8 || [lindex [dict get $ports ${prefix}_tkeep] 1] != $width / 8} {
                error "stream $prefix: tdata has $width bits, tkeep [lindex [dict get $ports ${prefix}_tkeep] 1]"
            }
            set signals {TKEEP TLAST}
            if {[dict exists $ports ${prefix}_tuser]} {
                set used [concat $used [check_group $ports $prefix {tuser {input 1}} $master]]
                lappend signals TUSER
            }
            dict set found $prefix [list protocol axis mode [expr {$master ? "master" : "slave"}] width $width \
                signals $signals]
        } elseif {[regexp {^hdmi_tx_(clk|d)_[pn]$} $name] && [lindex $port 0] eq "output"} {
            lappend used $name
            dict set found $name [list protocol pin mode master width [lindex $port 1]]
        } elseif {[regexp {^(\w+_)?a?clk$} $name]} {
            lappend used $name
            dict set found $name [list protocol clk mode [expr {[lindex $port 0] eq "input" ? "slave" : "master"}] width 1]
        } elseif {[regexp {^(\w+_)?a?reset_?n?$} $name]} {
            lappend used $name
            dict set found $name [list protocol rst mode [expr {[lindex $port 0] eq "input" ? "slave" : "master"}] width 1]
        }
    }
    foreach name [dict keys $ports] {
        if {$name ni $used} {
            error "port $name belongs to no interface"
        }
    }
    return $found
}

# Make sure that a group of ports is whole; returns their names.
proc check_group {ports prefix signals master} {
    set names {}
    dict for {signal wanted} $signals {
        lassign $wanted direction width
        if {$master} {
            set direction [expr {$direction eq "input" ? "output" : "input"}]
        }
        set name ${prefix}_$signal
        if {![dict exists $ports $name]} {
            error "interface $prefix has no port $name"
        }
        lassign [dict get $ports $name] is bits
        if {$is ne $direction || ($width && $bits != $width)} {
            error "port $name is $is of $bits bits, $direction of [expr {$width ? $width : "any"}] expected"
        }
        lappend names $name
    }
    return $names
}
